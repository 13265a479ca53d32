//! Planning: from bytecode to the list of stencils to place.
//!
//! One pass over the instructions with a *virtual stack*: `LOAD_FAST` and `LOAD_CONST` emit nothing, they are remembered, and the operation that
//! consumes them gets a stencil variant that borrows from the local or the constant. What an operation does not consume is
//! stored first, and at block boundaries everything is in memory. So the only things that a plan decides are: which variant, which fusion,
//! and what the miss path must store before the generic operation can run.

use crate::counters;
use crate::library::{NONE, OPERATIONS, OperationInfo, VARIANTS};
use crate::select::Selector;
use crate::stores::stores_after;
use whipsnake_bytecode::{Code, Flow, Instr, stack_effect};
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

/// Where the inputs of an operation are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Inputs {
    /// Displacements from the frame, or numbers of constants.
    pub places: [i32; 4],
    /// A bit for each that is a constant.
    pub constants: u32,
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
    pub inputs: Inputs,
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
    /// Where it could, if it were for values that were pushed and are not in their slots, and how many those are. Only for the optimizing tier.
    pub pending_entries: Vec<(u32, u32)>,
    /// Where a value is received before an instruction: `(instruction, piece)`.
    pub receives: Vec<(u32, Label)>,
    /// Whether the code counts what it does.
    pub counting: bool,
    /// Whether loops are counted for the optimizing tier.
    pub optimizing: bool,
    stack: Vec<Element>,
    /// The elements below this one are in their slots.
    stored: usize,
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
        self.pending_entries.clear();
        self.receives.clear();
        self.stack.clear();
        self.stored = 0;
        let selector = Selector::get();
        let locals = code.input().nlocalsplus;
        Planner { plan: self, code, selector, locals, instr: 0 }.run()
    }
}

/// What a borrowed input counts in the number of a variant, twice as much if it is a constant.
const POWERS_OF_3: [usize; 4] = [1, 3, 9, 27];

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
                self.replace(0, depth.unwrap_or(0) as usize);
                self.plan.stored = self.plan.stack.len();
            }
            let here = self.plan.hot.len() as u32;
            self.plan.first.push(here);
            if depth.is_none() {
                falls_in = false;
                continue;
            }
            debug_assert_eq!(depth, Some(self.plan.stack.len() as u32), "virtual stack depth at instruction {number}");
            if self.is_stored() {
                self.plan.entries.push(number);
            } else if self.plan.optimizing {
                let pending = self.plan.stack.len() - self.plan.stored;
                if !self.plan.stack[self.plan.stored..].contains(&Element::Slot) {
                    self.plan.pending_entries.push((number, pending as u32));
                }
            }
            let instr = &instrs[number as usize];
            skip_to = number + 1 + self.instruction(instr)?;
            falls_in = instr.flow.falls_through();
        }
        let end = self.plan.hot.len() as u32;
        self.plan.first.push(end);
        if self.plan.hot.len() + self.plan.cold.len() > 1 << 20 {
            return Err(PlanError::TooLarge);
        }
        Ok(())
    }

    /// Whether the whole stack is in memory.
    #[inline]
    fn is_stored(&mut self) -> bool {
        let plan = &mut *self.plan;
        while plan.stack.get(plan.stored).is_some_and(|element| *element == Element::Slot) {
            plan.stored += 1;
        }
        plan.stored == plan.stack.len()
    }

    /// Takes the elements from `depth` on off the stack, and puts `pushed` values there, in their slots.
    fn replace(&mut self, depth: usize, pushed: usize) {
        self.plan.stack.truncate(depth);
        self.plan.stored = self.plan.stored.min(depth);
        for _ in 0..pushed {
            self.plan.stack.push(Element::Slot);
        }
    }

    fn slot(&self, depth: usize) -> i32 {
        local_slot(self.locals + depth as u32)
    }

    /// Plans one instruction; says how many of those that follow were done along with it.
    fn instruction(&mut self, instr: &Instr) -> Result<u32, PlanError> {
        let oparg = instr.oparg;
        match instr.base {
            op::NOP | op::EXTENDED_ARG => {}
            op::RESUME if oparg & op::operand::RESUME_LOCATION_MASK >= op::operand::RESUME_AFTER_YIELD_FROM => {
                if self.plan.counting {
                    self.count(instr)?;
                }
                let operation = self.selector.resume_delegating;
                self.operation(operation, operation, oparg, Label::None, false)?;
            }
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
                self.replace(self.plan.stack.len() - 1, 0);
            }
            op::COPY if oparg == 1 && !matches!(self.plan.stack.last(), Some(Element::Slot)) => {
                let top = *self.plan.stack.last().expect("COPY has a value to copy");
                self.plan.stack.push(top);
            }
            op::UNPACK_SEQUENCE => return self.unpack(instr),
            _ => return self.general(instr).map(u32::from),
        }
        Ok(0)
    }

    fn store_fast(&mut self, local: u32) -> Result<(), PlanError> {
        let operation = self.selector.store_fast;
        self.operation(operation, operation, local, Label::None, false)
    }

    /// Unpacking, together with the stores to local variables that follow.
    fn unpack(&mut self, instr: &Instr) -> Result<u32, PlanError> {
        let Some(found) = stores_after(self.code, self.instr, instr.oparg) else {
            return self.general(instr).map(u32::from);
        };
        let operation = self.selector.unpack_to_locals;
        let depth = self.plan.stack.len() - 1;
        self.operation(operation, operation, instr.oparg, Label::None, false)?;
        debug_assert_eq!(depth, self.plan.stack.len(), "everything was stored");
        self.plan.stack.extend(found.load.map(Element::Local));
        Ok(found.instrs)
    }

    /// The counter in front of an instruction's inline cache.
    fn counter(&self, instr: &Instr) -> Option<u16> {
        (instr.next > instr.index + 1).then(|| self.code.input().units[instr.index as usize + 1])
    }

    fn general(&mut self, instr: &Instr) -> Result<bool, PlanError> {
        let (special, generic) = self.selector.select(instr, self.counter(instr));
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
        if instr.base == op::JUMP_BACKWARD && self.plan.optimizing {
            let operation = self.selector.jump_backward_counted;
            self.operation(operation, operation, instr.oparg, Label::Instr(instr.target), true)?;
            return Ok(false);
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
        let depth = self.plan.stack.len();
        match instr.base {
            op::RESUME => {
                let location = instr.oparg & op::operand::RESUME_LOCATION_MASK;
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
    #[inline(always)]
    fn flush(&mut self, keep: usize) -> Result<(), PlanError> {
        let end = self.plan.stack.len().saturating_sub(keep);
        if end > self.plan.stored { self.store_below(end) } else { Ok(()) }
    }

    fn store_below(&mut self, end: usize) -> Result<(), PlanError> {
        for depth in self.plan.stored..end {
            if let Some(piece) = self.store_element(depth)? {
                self.plan.hot.push(piece);
                self.plan.stack[depth] = Element::Slot;
            }
        }
        self.plan.stored = end;
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
    #[inline(always)]
    fn piece(&self, operation: u16, oparg: u32, depth: usize) -> Result<Piece, PlanError> {
        if operation == NONE {
            return Err(PlanError::Opcode(self.code.instrs()[self.instr as usize].base));
        }
        let info = &OPERATIONS[operation as usize];
        Ok(Piece {
            stencil: VARIANTS[info.variants as usize],
            operation,
            instr: self.instr,
            oparg,
            inputs: self.inputs(depth),
            output: self.slot(depth + usize::from(info.keeps)),
            place: 0,
            base: self.slot(depth),
            next: Label::None,
            target: Label::None,
            miss: Label::None,
            error: Label::Error,
        })
    }

    /// Inputs from `depth` on, all in their slots.
    #[inline(always)]
    fn inputs(&self, depth: usize) -> Inputs {
        let slot = self.slot(depth);
        Inputs { places: [slot, slot + 8, slot + 16, slot + 24], constants: 0 }
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
    #[inline(always)]
    fn choose(&mut self, info: &OperationInfo, first: usize) -> Result<(u16, Inputs), PlanError> {
        if self.is_stored() {
            return Ok((VARIANTS[info.variants as usize], self.inputs(first)));
        }
        self.choose_variant(info, first)
    }

    fn choose_variant(&mut self, info: &OperationInfo, first: usize) -> Result<(u16, Inputs), PlanError> {
        let mut variant = 0;
        let mut inputs = self.inputs(first);
        for index in 0..usize::from(info.inputs) {
            let depth = first + index;
            let (mode, place) = match self.plan.stack[depth] {
                Element::Slot => continue,
                Element::Local(local) => (1, local_slot(local)),
                Element::Const(number) => (2, number as i32),
            };
            let borrow = info.borrows.iter().position(|&b| usize::from(b) == index);
            let with = borrow.map_or(0, |borrow| variant + mode * POWERS_OF_3[borrow]);
            if with != 0 && VARIANTS[info.variants as usize + with] != NONE {
                variant = with;
                inputs.places[index] = place;
                inputs.constants |= u32::from(mode == 2) << index;
            } else if let Some(store) = self.store_element(depth)? {
                self.plan.hot.push(store);
                self.plan.stack[depth] = Element::Slot;
            }
        }
        Ok((VARIANTS[info.variants as usize + variant], inputs))
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
        let (popped, pushed) = if counted {
            let base = self.code.instrs()[self.instr as usize].base;
            let (popped, pushed) = stack_effect(base, oparg);
            (popped as usize, pushed as usize)
        } else {
            (info.inputs.into(), info.outputs.into())
        };
        self.flush(info.inputs.into())?;
        let (stencil, inputs) = self.choose(info, first)?;
        let place = self.place(info, oparg, depth);
        let base = self.slot(depth - popped);
        let piece = self.piece(special, oparg, first)?;
        self.plan.hot.push(Piece { stencil, inputs, place, base, target, ..piece });
        self.finish(info, generic, first, Follow::Nothing)?;
        self.replace(depth - popped, pushed);
        Ok(())
    }

    /// Adds to the piece just placed the one that receives its result, and the ways it can go wrong.
    fn finish(&mut self, info: &OperationInfo, generic: u16, first: usize, follow: Follow) -> Result<(), PlanError> {
        let at = self.plan.hot.len() - 1;
        let mut receives = false;
        if info.hands_on {
            let instr = self.code.instrs()[self.instr as usize];
            receives = instr.flow.falls_through() && instr.flow != Flow::Yield;
            if receives {
                let receive = self.receive_piece(&instr)?;
                self.plan.hot.push(receive);
                self.note_receives(&instr, Label::Hot(at as u32 + 1))?;
            }
        }
        let after = Label::Hot(self.plan.hot.len() as u32);
        if info.misses {
            self.plan.hot[at].miss = Label::Cold(self.plan.cold.len() as u32);
            if self.plan.counting {
                let number = counters::MISSES + u32::from(self.plan.hot[at].operation);
                let count = self.piece(self.selector.count, number, first)?;
                self.plan.cold.push(count);
            }
            self.store_inputs(first, info)?;
            let received = if receives { Label::Hot(at as u32 + 1) } else { Label::None };
            self.fall_back(at, generic, first, after, received, follow)?;
        }
        if info.errors
            && !self.is_stored()
            && self.plan.stack[first..first + usize::from(info.inputs)].iter().any(|e| *e != Element::Slot)
        {
            // The unwinder expects the inputs in their slots.
            self.plan.hot[at].error = Label::Cold(self.plan.cold.len() as u32);
            self.store_inputs(first, info)?;
            self.plan.cold.last_mut().expect("an input was stored").next = Label::Error;
        }
        Ok(())
    }

    /// Cold pieces that store the inputs which the hot piece borrows.
    fn store_inputs(&mut self, first: usize, info: &OperationInfo) -> Result<(), PlanError> {
        if self.is_stored() {
            return Ok(());
        }
        for depth in first..first + usize::from(info.inputs) {
            if let Some(store) = self.store_element(depth)? {
                self.plan.cold.push(store);
            }
        }
        Ok(())
    }

    /// The generic operation, on inputs in their slots, and whatever the hot piece does beyond the one instruction.
    fn fall_back(
        &mut self,
        hot: usize,
        generic: u16,
        first: usize,
        after: Label,
        received: Label,
        follow: Follow,
    ) -> Result<(), PlanError> {
        let instr = &self.code.instrs()[self.instr as usize];
        let target = self.plan.hot[hot].target;
        let general = &OPERATIONS[generic as usize];
        let depth = self.plan.stack.len();
        let mut piece = self.piece(generic, instr.oparg, depth - usize::from(general.inputs))?;
        piece.place = self.place(general, instr.oparg, depth);
        piece.base = self.slot(depth - stack_effect(instr.base, instr.oparg).0 as usize);
        if !matches!(follow, Follow::Jump(..)) {
            piece.target = target;
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
                jump.target = target;
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
        let (popped, pushed) = stack_effect(instr.base, instr.oparg);
        let depth = self.plan.stack.len() as i32 - popped + pushed - 1;
        let operation = match instr.flow {
            Flow::ForIter | Flow::Send => self.selector.receive_item,
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
        let (stencil, inputs) = self.choose(info, first)?;
        let piece = self.piece(fused, instr.oparg, first)?;
        self.plan.hot.push(Piece { stencil, inputs, target: Label::Instr(jump.target), ..piece });
        let jump_operation = self.selector.operation(jump.base, jump.oparg);
        self.finish(info, generic, first, Follow::Jump(jump.oparg, jump_operation))?;
        self.replace(first, 0);
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
        // The left input is owned, in the local's slot: the variant of an input in a stack slot.
        self.plan.stack[first] = Element::Slot;
        let (stencil, mut inputs) = self.choose(info, first)?;
        self.plan.stack[first] = Element::Local(local);
        self.plan.stored = self.plan.stored.min(first);
        inputs.places[0] = local_slot(local);
        let piece = self.piece(special, instr.oparg, first)?;
        self.plan.hot.push(Piece { stencil, inputs, output: local_slot(local), ..piece });
        self.finish(info, generic, first, Follow::Store(local))?;
        self.replace(first, 0);
        Ok(true)
    }

    /// `s = s + …` on strings: the operation assigns the local itself.
    fn append_in_place(&mut self, special: u16, generic: u16, instr: &Instr, local: u32) -> Result<(), PlanError> {
        let info = &OPERATIONS[special as usize];
        let depth = self.plan.stack.len();
        let first = depth - 2;
        self.flush(2)?;
        let (stencil, inputs) = self.choose(info, first)?;
        let piece = self.piece(special, instr.oparg, first)?;
        self.plan.hot.push(Piece { stencil, inputs, place: local_slot(local), ..piece });
        self.finish(info, generic, first, Follow::Store(local))?;
        self.replace(first, 0);
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
