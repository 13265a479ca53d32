//! Planning: from bytecode to the list of stencils to place.
//!
//! One pass over the instructions with a *virtual stack*: `LOAD_FAST` and `LOAD_CONST` emit nothing, they are remembered, and the operation that
//! consumes them gets a stencil variant that borrows from the local or the constant. What an operation does not consume is
//! stored first, and at block boundaries everything is in memory. So the only things that a plan decides are: which variant, which fusion,
//! and what the miss path must store before the generic operation can run.

use crate::counters;
use crate::library::{NONE, OPERATIONS, OperationInfo, VARIANTS};
use crate::select::Selector;
use whipsnake_bytecode::{Code, Flow, Instr};
use whipsnake_cpython::{layout, opcode as op};
use whipsnake_ops::Place;

/// Why a code object can't be compiled by this tier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// No operation for an opcode.
    #[error("no operation for {}", op::NAMES[*.0 as usize])]
    Opcode(u8),
    /// More machine code than the tables can describe.
    #[error("the code object is too large")]
    TooLarge,
}

/// Where an input is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Input {
    /// At a displacement from the frame.
    Slot(i32),
    /// Constant number.
    Const(u32),
}

/// Where a stencil goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Label {
    None,
    /// Where an instruction starts, with everything in memory.
    Instr(u32),
    /// A piece of the hot part (the number after the last one is the end of the hot part).
    Hot(u32),
    /// A piece of the cold part.
    Cold(u32),
    /// The shared way out with an exception set.
    Error,
}

/// One stencil to place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Piece {
    pub stencil: u16,
    pub operation: u16,
    /// The instruction it belongs to: what `instr_ptr` is set to.
    pub instr: u32,
    /// The oparg its operands are computed from.
    pub oparg: u32,
    pub inputs: [Input; 4],
    /// Displacement of output 0.
    pub output: i32,
    /// Displacement of the named local or stack slot.
    pub place: i32,
    /// Displacement of the lowest consumed stack slot.
    pub base: i32,
    /// In the cold part: where to jump after the piece; `None` for falling through to the next cold piece.
    pub next: Label,
    pub target: Label,
    pub miss: Label,
    pub error: Label,
}

/// An element of the virtual stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Element {
    /// In its stack slot.
    Slot,
    /// The value of a local.
    Local(u32),
    /// A constant.
    Const(u32),
}

/// A plan, with the buffers that are reused from one code object to the next.
#[derive(Default)]
pub(crate) struct Plan {
    pub hot: Vec<Piece>,
    pub cold: Vec<Piece>,
    /// First hot piece of each instruction.
    pub first: Vec<u32>,
    /// Where native code can start an instruction: those with everything in memory.
    pub entries: Vec<u32>,
    /// Where a value is received before an instruction: `(instruction, piece)`.
    pub receives: Vec<(u32, Label)>,
    /// Whether the code counts what it does.
    pub counting: bool,
    stack: Vec<Element>,
}

/// What planning one code object needs.
struct Planner<'p, 'c> {
    plan: &'p mut Plan,
    code: &'p Code<'c>,
    selector: &'static Selector,
    locals: u32,
    instr: u32,
}

impl Plan {
    /// Plans a code object.
    pub(crate) fn make(&mut self, code: &Code<'_>) -> Result<(), PlanError> {
        self.hot.clear();
        self.cold.clear();
        self.first.clear();
        self.entries.clear();
        self.receives.clear();
        self.stack.clear();
        let selector = Selector::get();
        let locals = code.input().nlocalsplus;
        Planner { plan: self, code, selector, locals, instr: 0 }.run()
    }
}

fn local_slot(local: u32) -> i32 {
    layout::frame::LOCALSPLUS + 8 * local as i32
}

impl Planner<'_, '_> {
    fn run(&mut self) -> Result<(), PlanError> {
        let instrs = self.code.instrs();
        let mut falls_in = false;
        let mut skip_to = 0;
        for number in 0..instrs.len() as u32 {
            self.instr = number;
            if number < skip_to {
                let here = self.plan.hot.len() as u32;
                self.plan.first.push(here);
                continue;
            }
            let depth = self.code.depth(number);
            if self.code.is_leader(number) || !falls_in {
                if falls_in {
                    // The stores belong to the block before.
                    self.instr = number - 1;
                    self.flush(0)?;
                    self.instr = number;
                }
                self.plan.stack.clear();
                self.plan.stack.resize(depth.unwrap_or(0) as usize, Element::Slot);
            }
            let here = self.plan.hot.len() as u32;
            self.plan.first.push(here);
            if depth.is_none() {
                falls_in = false;
                continue;
            }
            debug_assert_eq!(depth, Some(self.plan.stack.len() as u32), "virtual stack depth at instruction {number}");
            if self.plan.stack.iter().all(|e| *e == Element::Slot) {
                self.plan.entries.push(number);
            }
            let instr = &instrs[number as usize];
            skip_to = number + 1 + u32::from(self.instruction(instr)?);
            falls_in = instr.flow.falls_through();
        }
        let end = self.plan.hot.len() as u32;
        self.plan.first.push(end);
        if self.plan.hot.len() + self.plan.cold.len() > 1 << 20 {
            return Err(PlanError::TooLarge);
        }
        Ok(())
    }

    fn slot(&self, depth: usize) -> i32 {
        local_slot(self.locals + depth as u32)
    }

    /// Plans one instruction; says whether the next one was done along with it.
    fn instruction(&mut self, instr: &Instr) -> Result<bool, PlanError> {
        let oparg = instr.oparg;
        match instr.base {
            op::NOP | op::EXTENDED_ARG => {}
            op::LOAD_FAST => self.plan.stack.push(Element::Local(oparg)),
            op::LOAD_CONST => self.plan.stack.push(Element::Const(oparg)),
            op::LOAD_FAST_LOAD_FAST => {
                self.plan.stack.push(Element::Local(oparg >> 4));
                self.plan.stack.push(Element::Local(oparg & 15));
            }
            op::STORE_FAST => self.store_fast(oparg)?,
            op::STORE_FAST_LOAD_FAST => {
                self.store_fast(oparg >> 4)?;
                self.plan.stack.push(Element::Local(oparg & 15));
            }
            op::STORE_FAST_STORE_FAST => {
                self.store_fast(oparg >> 4)?;
                self.store_fast(oparg & 15)?;
            }
            op::POP_TOP if !matches!(self.plan.stack.last(), Some(Element::Slot)) => {
                self.plan.stack.pop();
            }
            op::COPY if oparg == 1 && !matches!(self.plan.stack.last(), Some(Element::Slot)) => {
                let top = *self.plan.stack.last().expect("COPY has a value to copy");
                self.plan.stack.push(top);
            }
            _ => return self.general(instr),
        }
        Ok(false)
    }

    fn store_fast(&mut self, local: u32) -> Result<(), PlanError> {
        let operation = self.selector.store_fast;
        self.operation(operation, operation, local, Label::None, false)
    }

    fn general(&mut self, instr: &Instr) -> Result<bool, PlanError> {
        let (special, generic) = self.selector.select(instr);
        if generic == NONE {
            return Err(PlanError::Opcode(instr.base));
        }
        if self.plan.counting {
            self.count(instr)?;
        }
        let following =
            self.code.instrs().get(self.instr as usize + 1).filter(|_| !self.code.is_leader(self.instr + 1));
        if let Some(next) = following {
            let fused = self.selector.fusion(special, next.base);
            if fused != NONE {
                self.fused(fused, generic, instr, next)?;
                return Ok(true);
            }
            if next.base == op::STORE_FAST && self.in_place(special, generic, instr, next.oparg)? {
                return Ok(true);
            }
        }
        let target = match instr.flow {
            Flow::ForIter => Label::Instr(instr.exhausted().expect("FOR_ITER has an end")),
            flow if flow.has_target() => Label::Instr(instr.target),
            _ => Label::None,
        };
        if instr.opcode == op::BINARY_OP_INPLACE_ADD_UNICODE && special != generic {
            if let Some(next) = following.filter(|n| n.base == op::STORE_FAST) {
                self.append_in_place(special, generic, instr, next.oparg)?;
                return Ok(true);
            }
            self.operation(generic, generic, instr.oparg, target, true)?;
            return Ok(false);
        }
        self.operation(special, generic, instr.oparg, target, true)?;
        Ok(false)
    }

    /// Counts calls and jumps back.
    fn count(&mut self, instr: &Instr) -> Result<(), PlanError> {
        const LOCATION: u32 = 3;
        let depth = self.plan.stack.len();
        match instr.base {
            op::RESUME => {
                let location = instr.oparg & LOCATION;
                let piece = self.piece(self.selector.count, counters::CALLS + location, depth)?;
                self.plan.hot.push(piece);
                if location == 0 {
                    let piece = self.piece(self.selector.count_outside, counters::OUTSIDE, depth)?;
                    self.plan.hot.push(piece);
                }
            }
            op::JUMP_BACKWARD => {
                let piece = self.piece(self.selector.count, counters::BACK_EDGES, depth)?;
                self.plan.hot.push(piece);
            }
            _ => {}
        }
        Ok(())
    }

    /// Stores the virtual stack's elements from the bottom up to `keep` below the top.
    fn flush(&mut self, keep: usize) -> Result<(), PlanError> {
        let end = self.plan.stack.len().saturating_sub(keep);
        for depth in 0..end {
            if let Some(piece) = self.store_element(depth)? {
                self.plan.hot.push(piece);
                self.plan.stack[depth] = Element::Slot;
            }
        }
        Ok(())
    }

    /// The piece that stores a virtual element to its slot.
    fn store_element(&self, depth: usize) -> Result<Option<Piece>, PlanError> {
        let (operation, oparg) = match self.plan.stack[depth] {
            Element::Slot => return Ok(None),
            Element::Local(local) => (self.selector.load_fast, local),
            Element::Const(number) => (self.selector.load_const, number),
        };
        let mut piece = self.piece(operation, oparg, depth)?;
        piece.place = local_slot(oparg);
        Ok(Some(piece))
    }

    /// A piece of an operation in its plain variant, whose lowest input or output is at `depth`.
    fn piece(&self, operation: u16, oparg: u32, depth: usize) -> Result<Piece, PlanError> {
        if operation == NONE {
            return Err(PlanError::Opcode(self.code.instrs()[self.instr as usize].base));
        }
        let info = &OPERATIONS[operation as usize];
        let mut inputs = [Input::Slot(0); 4];
        for (index, input) in inputs.iter_mut().enumerate().take(info.inputs.into()) {
            *input = Input::Slot(self.slot(depth + index));
        }
        Ok(Piece {
            stencil: VARIANTS[info.variants as usize],
            operation,
            instr: self.instr,
            oparg,
            inputs,
            output: self.slot(depth + usize::from(info.keeps)),
            place: 0,
            base: self.slot(depth),
            next: Label::None,
            target: Label::None,
            miss: Label::None,
            error: Label::Error,
        })
    }

    fn place(&self, info: &OperationInfo, oparg: u32, depth: usize) -> i32 {
        match info.place {
            // `append_in_place` sets the second.
            Place::None | Place::NextLocal => 0,
            Place::Local => local_slot(oparg),
            Place::Below(add) => self.slot(depth.wrapping_sub(oparg as usize + usize::from(add))),
        }
    }

    /// Chooses the stencil variant for the inputs on the virtual stack; stores those that the operation can't borrow.
    fn choose(&mut self, piece: &mut Piece, info: &OperationInfo, first: usize) -> Result<(), PlanError> {
        let mut variant = 0;
        for index in 0..usize::from(info.inputs) {
            let depth = first + index;
            let element = self.plan.stack[depth];
            if element == Element::Slot {
                continue;
            }
            let borrow = info.borrows.iter().position(|&b| usize::from(b) == index);
            let mode = match (element, borrow) {
                (Element::Local(_), Some(_)) => 1,
                (Element::Const(_), Some(_)) => 2,
                _ => 0,
            };
            let with = variant + mode * 3usize.pow(borrow.unwrap_or(0) as u32);
            if mode != 0 && VARIANTS[info.variants as usize + with] != NONE {
                variant = with;
                piece.inputs[index] = match element {
                    Element::Local(local) => Input::Slot(local_slot(local)),
                    Element::Const(number) => Input::Const(number),
                    Element::Slot => unreachable!("handled above"),
                };
            } else if let Some(store) = self.store_element(depth)? {
                self.plan.hot.push(store);
                self.plan.stack[depth] = Element::Slot;
            }
        }
        piece.stencil = VARIANTS[info.variants as usize + variant];
        Ok(())
    }

    /// Plans an operation with its miss path. `counted`: pops and pushes are those of the bytecode instruction; else of the operation.
    fn operation(
        &mut self,
        special: u16,
        generic: u16,
        oparg: u32,
        target: Label,
        counted: bool,
    ) -> Result<(), PlanError> {
        if special == NONE {
            return Err(PlanError::Opcode(self.code.instrs()[self.instr as usize].base));
        }
        let info = &OPERATIONS[special as usize];
        let depth = self.plan.stack.len();
        let first = depth - usize::from(info.inputs);
        let base = self.code.instrs()[self.instr as usize].base;
        let (popped, pushed) = if counted {
            (op::popped(base, oparg) as usize, op::pushed(base, oparg) as usize)
        } else {
            (info.inputs.into(), info.outputs.into())
        };
        self.flush(info.inputs.into())?;
        let mut piece = self.piece(special, oparg, first)?;
        piece.place = self.place(info, oparg, depth);
        piece.base = self.slot(depth - popped);
        piece.target = target;
        self.choose(&mut piece, info, first)?;
        self.finish(piece, info, generic, first, Follow::Nothing)?;
        self.plan.stack.truncate(depth - popped);
        self.plan.stack.resize(depth - popped + pushed, Element::Slot);
        Ok(())
    }

    /// Places a chosen piece, the piece that receives its result, and the ways it can go wrong.
    fn finish(
        &mut self,
        piece: Piece,
        info: &OperationInfo,
        generic: u16,
        first: usize,
        follow: Follow,
    ) -> Result<(), PlanError> {
        let instr = self.code.instrs()[self.instr as usize];
        let receives = info.hands_on && instr.flow.falls_through() && instr.flow != Flow::Yield;
        let at = self.plan.hot.len();
        self.plan.hot.push(piece);
        if receives {
            let receive = self.receive_piece(&instr)?;
            self.plan.hot.push(receive);
            self.note_receives(&instr, Label::Hot(at as u32 + 1))?;
        }
        let after = Label::Hot(self.plan.hot.len() as u32);
        if info.misses {
            self.plan.hot[at].miss = Label::Cold(self.plan.cold.len() as u32);
            if self.plan.counting {
                let number = counters::MISSES + u32::from(piece.operation);
                let count = self.piece(self.selector.count, number, first)?;
                self.plan.cold.push(count);
            }
            self.store_inputs(first, info)?;
            let received = if receives { Label::Hot(at as u32 + 1) } else { Label::None };
            self.fall_back(&piece, generic, &instr, first, after, received, follow)?;
        }
        let borrows = self.plan.stack[first..first + usize::from(info.inputs)].iter().any(|e| *e != Element::Slot);
        if info.errors && borrows {
            // The unwinder expects the inputs in their slots.
            self.plan.hot[at].error = Label::Cold(self.plan.cold.len() as u32);
            self.store_inputs(first, info)?;
            self.plan.cold.last_mut().expect("an input was stored").next = Label::Error;
        }
        Ok(())
    }

    /// Cold pieces that store the inputs which the hot piece borrows.
    fn store_inputs(&mut self, first: usize, info: &OperationInfo) -> Result<(), PlanError> {
        for depth in first..first + usize::from(info.inputs) {
            if let Some(store) = self.store_element(depth)? {
                self.plan.cold.push(store);
            }
        }
        Ok(())
    }

    /// The generic operation, on inputs in their slots, and whatever the hot piece does beyond the one instruction.
    #[expect(clippy::too_many_arguments, reason = "the parts of one decision, used in one place")]
    fn fall_back(
        &mut self,
        hot: &Piece,
        generic: u16,
        instr: &Instr,
        first: usize,
        after: Label,
        received: Label,
        follow: Follow,
    ) -> Result<(), PlanError> {
        let general = &OPERATIONS[generic as usize];
        let depth = self.plan.stack.len();
        let mut piece = self.piece(generic, instr.oparg, depth - usize::from(general.inputs))?;
        piece.place = self.place(general, instr.oparg, depth);
        piece.base = self.slot(depth - op::popped(instr.base, instr.oparg) as usize);
        if !matches!(follow, Follow::Jump(..)) {
            piece.target = hot.target;
        }
        let last = match follow {
            Follow::Nothing if general.hands_on && received != Label::None => {
                piece.next = received;
                self.plan.cold.push(piece);
                return Ok(());
            }
            Follow::Nothing if general.hands_on => {
                self.plan.cold.push(piece);
                let label = Label::Cold(self.plan.cold.len() as u32);
                let mut receive = self.receive_piece(instr)?;
                receive.next = after;
                self.plan.cold.push(receive);
                return self.note_receives(instr, label);
            }
            Follow::Nothing => {
                piece.next = after;
                self.plan.cold.push(piece);
                return Ok(());
            }
            Follow::Jump(oparg, operation) => {
                let mut jump = self.piece(operation, oparg, first)?;
                jump.target = hot.target;
                jump
            }
            Follow::Store(local) => {
                let mut store = self.piece(self.selector.store_fast, local, first)?;
                store.place = local_slot(local);
                store
            }
        };
        self.plan.cold.push(piece);
        self.plan.cold.push(Piece { instr: self.instr + 1, next: after, ..last });
        Ok(())
    }

    /// The piece that stores the result of an instruction that enters other frames.
    fn receive_piece(&self, instr: &Instr) -> Result<Piece, PlanError> {
        let depth = self.plan.stack.len() as i32 - op::popped(instr.base, instr.oparg)
            + op::pushed(instr.base, instr.oparg)
            - 1;
        let operation = match (instr.flow, instr.base) {
            (Flow::ForIter | Flow::Send, _) => self.selector.receive_item,
            (_, op::GET_ITER | op::GET_YIELD_FROM_ITER | op::BEFORE_WITH | op::BEFORE_ASYNC_WITH) => {
                self.selector.receive_quietly
            }
            _ => self.selector.receive,
        };
        self.piece(operation, 0, depth as usize)
    }

    /// Notes where values come in after an instruction that enters other frames.
    fn note_receives(&mut self, instr: &Instr, label: Label) -> Result<(), PlanError> {
        self.plan.receives.push((self.instr + 1, label));
        if matches!(instr.flow, Flow::ForIter | Flow::Send) {
            // A generator that returns comes back at the target, with its value on top.
            let depth = self.code.depth(instr.target).expect("the target is reachable") as usize;
            let mut receive = self.piece(self.selector.receive_item, 0, depth - 1)?;
            receive.next = Label::Instr(instr.target);
            self.plan.receives.push((instr.target, Label::Cold(self.plan.cold.len() as u32)));
            self.plan.cold.push(receive);
        }
        Ok(())
    }

    /// A comparison or test with the conditional jump that follows it.
    fn fused(&mut self, fused: u16, generic: u16, instr: &Instr, jump: &Instr) -> Result<(), PlanError> {
        let info = &OPERATIONS[fused as usize];
        let depth = self.plan.stack.len();
        let first = depth - usize::from(info.inputs);
        self.flush(info.inputs.into())?;
        let mut piece = self.piece(fused, instr.oparg, first)?;
        piece.target = Label::Instr(jump.target);
        self.choose(&mut piece, info, first)?;
        let jump_operation = self.selector.operation(jump.base, jump.oparg);
        self.finish(piece, info, generic, first, Follow::Jump(jump.oparg, jump_operation))?;
        self.plan.stack.truncate(first);
        Ok(())
    }

    /// `x = x + …` on floats or ints: the local's own reference is consumed, and its object may be reused.
    fn in_place(&mut self, special: u16, generic: u16, instr: &Instr, local: u32) -> Result<bool, PlanError> {
        let info = &OPERATIONS[special as usize];
        let depth = self.plan.stack.len();
        let updates = instr.base == op::BINARY_OP && (info.name.ends_with("_INT") || info.name.ends_with("_FLOAT"));
        if !updates || special == generic || depth < 2 || info.inputs != 2 {
            return Ok(false);
        }
        let first = depth - 2;
        if self.plan.stack[first] != Element::Local(local) || self.plan.stack[first + 1] == Element::Local(local) {
            return Ok(false);
        }
        self.flush(2)?;
        let mut piece = self.piece(special, instr.oparg, first)?;
        // The left input is owned, in the local's slot: the variant of an input in a stack slot.
        self.plan.stack[first] = Element::Slot;
        self.choose(&mut piece, info, first)?;
        self.plan.stack[first] = Element::Local(local);
        piece.inputs[0] = Input::Slot(local_slot(local));
        piece.output = local_slot(local);
        self.finish(piece, info, generic, first, Follow::Store(local))?;
        self.plan.stack.truncate(first);
        Ok(true)
    }

    /// `s = s + …` on strings: the operation assigns the local itself.
    fn append_in_place(&mut self, special: u16, generic: u16, instr: &Instr, local: u32) -> Result<(), PlanError> {
        let info = &OPERATIONS[special as usize];
        let depth = self.plan.stack.len();
        let first = depth - 2;
        self.flush(2)?;
        let mut piece = self.piece(special, instr.oparg, first)?;
        self.choose(&mut piece, info, first)?;
        piece.place = local_slot(local);
        self.finish(piece, info, generic, first, Follow::Store(local))?;
        self.plan.stack.truncate(first);
        Ok(())
    }
}

/// What the miss path does after the generic operation, because the hot path did it along.
enum Follow {
    Nothing,
    /// A conditional jump: its oparg and operation.
    Jump(u32, u16),
    /// A store to a local.
    Store(u32),
}
