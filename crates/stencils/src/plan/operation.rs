//! One operation: its piece, the piece that receives its result, and the ways it can go wrong.

use super::piece::JUMP_LEN;
use super::stack::{Element, local_slot};
use super::{Next, Piece, Planner, Received};
use crate::counters;
use crate::library::{NONE, OPERATIONS, OperationInfo, RECEIVED, value};
use whipsnake_bytecode::{Flow, Instr, stack_effect};
use whipsnake_cpython::opcode as op;

/// What the miss path does after the generic operation, because the hot path did it along.
pub(super) enum Follow {
    Nothing,
    /// A conditional jump: its oparg and operation.
    Jump(u32, u16),
    /// A store to a local.
    Store(u32),
}

impl Planner<'_, '_> {
    /// Plans an operation with its miss path. `counted`: pops and pushes are those of the bytecode instruction; else of the operation.
    pub(super) fn operation(&mut self, special: u16, generic: u16, oparg: u32, target: u32, counted: bool) {
        let info = &OPERATIONS[special as usize];
        let depth = self.plan.stack.len();
        let first = depth - usize::from(info.inputs);
        let (popped, pushed) = if counted {
            let base = self.code.instrs()[self.instr as usize].base;
            let (popped, pushed) = stack_effect(base, oparg);
            (popped as usize, pushed as usize)
        } else {
            (info.inputs.into(), info.outputs.into())
        };
        self.flush(info.inputs.into());
        let mut piece = self.piece(special, oparg, first);
        self.choose(info, first, &mut piece);
        piece.set(value::PLACE, self.place(info, oparg, depth));
        piece.set(value::BASE, self.slot(depth - popped));
        piece.target = target;
        if info.hands_on && counted && self.code.instrs()[self.instr as usize].flow == Flow::Next {
            let received = RECEIVED[usize::from(piece.stencil)];
            if received != NONE {
                piece.stencil = received;
                piece.set(value::OUTPUT, self.slot(depth - popped + pushed - 1));
            }
        }
        self.push_hot(piece);
        self.finish(info, generic, first, Follow::Nothing);
        self.replace(depth - popped, pushed);
    }

    /// Adds to the piece just placed the one that receives its result, and the ways it can go wrong.
    pub(super) fn finish(&mut self, info: &OperationInfo, generic: u16, first: usize, follow: Follow) {
        let at = self.plan.hot.len() - 1;
        let mut received = None;
        if info.hands_on {
            let instr = &self.code.instrs()[self.instr as usize];
            if instr.flow.falls_through() && instr.flow != Flow::Yield {
                let along = u32::from(self.plan.hot[at].stencil().receive);
                let here = self.plan.hot_end - along;
                received = Some(Next::Hot(here));
                if along == 0 {
                    let receive = self.receive_piece(instr);
                    self.push_hot(receive);
                }
                self.note_receives(instr, Received::Hot(here));
            }
        }
        if info.misses {
            self.plan.hot[at].miss = self.plan.cold_len;
            if self.plan.counting {
                let number = counters::MISSES + u32::from(self.plan.hot[at].operation);
                let count = self.piece(self.selector.count, number, first);
                self.push_cold(count);
            }
            self.store_inputs(first, info);
            self.fall_back(at, generic, first, received, follow);
        }
        if info.errors
            && !self.is_stored()
            && self.plan.stack[first..first + usize::from(info.inputs)].iter().any(|e| *e != Element::Slot)
        {
            // The unwinder expects the inputs in their slots.
            self.plan.hot[at].error = self.plan.cold_len;
            self.store_inputs(first, info);
            self.plan.cold.last_mut().expect("an input was stored").next = Next::Error;
            self.plan.cold_len += JUMP_LEN;
        }
    }

    /// Cold pieces that store the inputs which the hot piece borrows.
    pub(super) fn store_inputs(&mut self, first: usize, info: &OperationInfo) {
        if self.is_stored() {
            return;
        }
        for depth in first..first + usize::from(info.inputs) {
            if let Some(store) = self.store_element(depth) {
                self.push_cold(store);
            }
        }
    }

    /// The generic operation, on inputs in their slots, and whatever the hot piece does beyond the one instruction.
    pub(super) fn fall_back(&mut self, hot: usize, generic: u16, first: usize, received: Option<Next>, follow: Follow) {
        let instr = &self.code.instrs()[self.instr as usize];
        let target = self.plan.hot[hot].target;
        let after = Next::Hot(self.plan.hot_end);
        let general = &OPERATIONS[generic as usize];
        let depth = self.plan.stack.len();
        let mut piece = self.piece(generic, instr.oparg, depth - usize::from(general.inputs));
        piece.set(value::PLACE, self.place(general, instr.oparg, depth));
        piece.set(value::BASE, self.slot(depth - stack_effect(instr.base, instr.oparg).0 as usize));
        if !matches!(follow, Follow::Jump(..)) {
            piece.target = target;
        }
        let last = match follow {
            Follow::Nothing if general.hands_on => {
                if let Some(received) = received {
                    piece.next = received;
                    return self.push_cold(piece);
                }
                self.push_cold(piece);
                let here = Received::Cold(self.plan.cold_len);
                let mut receive = self.receive_piece(instr);
                receive.next = after;
                self.push_cold(receive);
                return self.note_receives(instr, here);
            }
            Follow::Nothing => {
                piece.next = after;
                return self.push_cold(piece);
            }
            Follow::Jump(oparg, operation) => {
                let mut jump = self.piece(operation, oparg, first);
                jump.target = target;
                jump
            }
            Follow::Store(local) => {
                let mut store = self.piece(self.selector.store_fast, local, first);
                store.set(value::PLACE, local_slot(local));
                store
            }
        };
        self.push_cold(piece);
        let mut last = Piece { instr: self.instr + 1, next: after, ..last };
        last.set(value::INSTR_LOW, 2 * self.code.instrs()[last.instr as usize].index as i32);
        self.push_cold(last);
    }

    /// The piece that stores the result of an instruction that enters other frames.
    pub(super) fn receive_piece(&self, instr: &Instr) -> Piece {
        let (popped, pushed) = stack_effect(instr.base, instr.oparg);
        let depth = self.plan.stack.len() as i32 - popped + pushed - 1;
        let operation = match instr.flow {
            Flow::ForIter | Flow::Send => self.selector.receive_item,
            _ => self.selector.receive,
        };
        self.piece(operation, 0, depth as usize)
    }

    /// Notes where values come in after an instruction that enters other frames.
    pub(super) fn note_receives(&mut self, instr: &Instr, place: Received) {
        self.plan.receives.push((self.instr + 1, place));
        if matches!(instr.flow, Flow::ForIter | Flow::Send) {
            // A generator that returns comes back at the target, with its value on top.
            let depth = self.code.depth(instr.target).expect("the target is reachable") as usize;
            let mut receive = self.piece(self.selector.receive_item, 0, depth - 1);
            receive.next = Next::Instr(instr.target);
            self.plan.receives.push((instr.target, Received::Cold(self.plan.cold_len)));
            self.push_cold(receive);
        }
    }

    /// Counts calls and jumps back.
    pub(super) fn count(&mut self, instr: &Instr) {
        let depth = self.plan.stack.len();
        match instr.base {
            op::RESUME => {
                let location = instr.oparg & op::operand::RESUME_LOCATION_MASK;
                let piece = self.piece(self.selector.count, counters::CALLS + location, depth);
                self.push_hot(piece);
                if location == 0 {
                    let piece = self.piece(self.selector.count_outside, counters::OUTSIDE, depth);
                    self.push_hot(piece);
                }
            }
            op::JUMP_BACKWARD => {
                let piece = self.piece(self.selector.count, counters::BACK_EDGES, depth);
                self.push_hot(piece);
            }
            _ => {}
        }
    }
}
