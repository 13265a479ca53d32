//! One operation: its piece, the piece that receives its result, and the ways it can go wrong.

use super::piece::JUMP_LEN;
use super::stack::local_slot;
use super::{Next, Piece, Planner, Received};
use crate::counters;
use crate::library::{OPERATIONS, OperationInfo, value};
use whipsnake_bytecode::{Flow, Instr};
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
    /// Plans an operation that takes off the stack and puts there what the instruction does, with its miss path.
    pub(super) fn operation(&mut self, special: u16, generic: u16, instr: &Instr, target: u32) {
        let info = &OPERATIONS[special as usize];
        let depth = self.plan.stack.len();
        let first = depth - usize::from(info.inputs);
        let below = depth - instr.popped as usize;
        let place = self.place(info, instr.oparg, depth);
        let base = self.slot(below);
        self.flush(info.inputs.into());
        let receives = info.hands_on && instr.flow == Flow::Next;
        let piece = self.push_with_inputs(info, special, instr.oparg, first, receives);
        piece.set(value::PLACE, place);
        piece.set(value::BASE, base);
        piece.target = target;
        if receives && piece.stencil().receive != 0 {
            piece.set(value::OUTPUT, base + 8 * (instr.pushed - 1));
        }
        self.finish(info, generic, first, instr, Follow::Nothing);
        self.replace(below, instr.pushed as usize);
    }

    /// Plans an operation without a generic form that is not the whole of its instruction: pops and pushes are its own.
    pub(super) fn part(&mut self, operation: u16, oparg: u32, instr: &Instr) {
        let info = &OPERATIONS[operation as usize];
        let depth = self.plan.stack.len();
        let first = depth - usize::from(info.inputs);
        let place = self.place(info, oparg, depth);
        self.flush(info.inputs.into());
        self.push_with_inputs(info, operation, oparg, first, false).set(value::PLACE, place);
        self.finish(info, operation, first, instr, Follow::Nothing);
        self.replace(first, info.outputs.into());
    }

    /// Adds to the piece just placed the one that receives its result, and the ways it can go wrong.
    #[inline(always)]
    pub(super) fn finish(&mut self, info: &OperationInfo, generic: u16, first: usize, instr: &Instr, follow: Follow) {
        let at = self.plan.hot.len() - 1;
        let received = if info.hands_on { self.receive(instr) } else { None };
        if info.misses {
            self.miss_path(at, info, generic, first, instr, received, follow);
        }
        if info.errors && !self.is_stored() {
            self.error_path(at, info, first);
        }
    }

    /// Adds the piece that receives the result of the one just placed, unless that does it itself; says where.
    fn receive(&mut self, instr: &Instr) -> Option<Next> {
        if !instr.flow.falls_through() || instr.flow == Flow::Yield {
            return None;
        }
        let last = self.plan.hot.last().expect("it was just placed");
        let along = u32::from(last.stencil().receive);
        let here = self.plan.hot_end - along;
        if along == 0 {
            let receive = self.receive_piece(instr);
            self.push_hot(receive);
        }
        self.note_receives(instr, Received::Hot(here));
        Some(Next::Hot(here))
    }

    /// What is done when the guard of a hot piece fails.
    #[expect(clippy::too_many_arguments, reason = "all of them are of the one operation")]
    fn miss_path(
        &mut self,
        at: usize,
        info: &OperationInfo,
        generic: u16,
        first: usize,
        instr: &Instr,
        received: Option<Next>,
        follow: Follow,
    ) {
        let piece = &mut self.plan.hot[at];
        piece.miss = self.plan.cold_len;
        let (target, operation) = (piece.target, piece.operation);
        if self.plan.counting {
            let number = counters::MISSES + u32::from(operation);
            let count = self.piece(self.selector.count, number, first);
            self.push_cold(count);
        }
        self.store_inputs(first, info);
        self.fall_back(target, generic, first, instr, received, follow);
    }

    /// Stores the inputs that a hot piece borrows before its errors go on: the unwinder expects them in their slots.
    fn error_path(&mut self, at: usize, info: &OperationInfo, first: usize) {
        let start = self.plan.cold_len;
        self.store_inputs(first, info);
        if self.plan.cold_len > start {
            self.plan.hot[at].error = start;
            self.plan.cold.last_mut().expect("an input was stored").next = Next::Error;
            self.plan.cold_len += JUMP_LEN;
        }
    }

    /// Cold pieces that store the inputs which the hot piece borrows.
    fn store_inputs(&mut self, first: usize, info: &OperationInfo) {
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
    fn fall_back(
        &mut self,
        target: u32,
        generic: u16,
        first: usize,
        instr: &Instr,
        received: Option<Next>,
        follow: Follow,
    ) {
        let after = Next::Hot(self.plan.hot_end);
        let general = &OPERATIONS[generic as usize];
        let depth = self.plan.stack.len();
        let mut piece = self.piece(generic, instr.oparg, depth - usize::from(general.inputs));
        piece.set(value::PLACE, self.place(general, instr.oparg, depth));
        piece.set(value::BASE, self.slot(depth - instr.popped as usize));
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
    fn receive_piece(&self, instr: &Instr) -> Piece {
        let depth = self.plan.stack.len() as i32 - instr.popped + instr.pushed - 1;
        let operation = match instr.flow {
            Flow::ForIter | Flow::Send => self.selector.receive_item,
            _ => self.selector.receive,
        };
        self.piece(operation, 0, depth as usize)
    }

    /// Notes where values come in after an instruction that enters other frames.
    fn note_receives(&mut self, instr: &Instr, place: Received) {
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
