//! How operations are applied to the abstract stack.

use super::blocks::Walk;
use crate::operands;
use smallvec::SmallVec;
use whipsnake_bytecode::{Flow, Instr};
use whipsnake_cpython::{layout, opcode as op};
use whipsnake_ir::{Continuation, Global, Known, Slot, Type, Value, abi};
use whipsnake_ops::{Operation, Outputs, Place};

impl Walk<'_, '_> {
    /// The inputs of an operation, popped. Those it may not borrow, and those that are there twice, get references of their own.
    fn inputs(&mut self, operation: &Operation) -> SmallVec<[Value; 4]> {
        let count = usize::from(operation.inputs);
        let stack = &self.knowledge().state.frame().stack;
        let slots: SmallVec<[Slot; 4]> = stack[stack.len() - count..].iter().copied().collect();
        let keeps = usize::from(operation.keeps);
        let mut values = SmallVec::new();
        let mut borrowed = SmallVec::new();
        for (index, slot) in slots.iter().enumerate() {
            let value = slot.value.unwrap_or_else(|| self.b.null());
            let twice = slots.iter().any(|other| other.owned && other.value == slot.value);
            if index < keeps {
                // The iterator of a loop is dropped when it is exhausted, and only then.
                if operation.inputs > operation.keeps {
                    borrowed.push(value);
                }
            } else if !slot.owned {
                if twice || !operation.borrows.contains(&(index as u8)) {
                    self.b.retain(value);
                    let depth = self.knowledge().state.frame().stack.len();
                    self.knowledge().state.frame().stack[depth - count + index].owned = true;
                } else {
                    borrowed.push(value);
                }
            }
            values.push(value);
        }
        self.knowledge().borrowed = borrowed;
        values
    }

    /// Applies an operation to the stack.
    pub(super) fn apply(&mut self, number: u32, instr: &Instr, operation: &'static Operation, seen: u64) {
        self.apply_operation(number, instr, operation, seen);
        if let Some(catch) = self.pending_catch.take() {
            self.caught(number, catch);
        }
    }

    fn apply_operation(&mut self, number: u32, instr: &Instr, operation: &'static Operation, seen: u64) {
        if instr.base == op::FOR_ITER {
            self.own_iterator(operation);
        }
        let popped = op::popped(instr.base, instr.oparg) as usize;
        // What an instruction names further down it does not take off the stack.
        let names_below = matches!(operation.place, Place::Below(_));
        let in_memory = popped > usize::from(operation.inputs) && !names_below
            || self.choices.in_memory.contains(&self.site(number));
        if in_memory {
            let depth = self.knowledge().state.frame().stack.len();
            self.own_elements(depth - popped..depth);
        }
        let inputs = self.inputs(operation);
        let (code, world) = (self.body.code, self.body.world);
        if !operands::set(self.knowledge(), world, &code, operation, number, seen) {
            self.refuse(number);
            return;
        }
        self.knowledge().pointers[usize::from(abi::pointer::FEEDBACK)] = world.feedback_cell();
        if in_memory {
            self.store_top(popped);
        }
        let consumed = if in_memory { popped } else { usize::from(operation.inputs - operation.keeps) };
        if matches!(instr.flow, Flow::Branch) {
            // Both ways go on with the stack below, which other ways may meet.
            let depth = self.knowledge().state.frame().stack.len();
            self.own_elements(0..depth - consumed);
        }
        self.mark_exit();
        let local = self.named(operation.place, instr);
        let expected = self.expected(number, instr, &inputs);
        let samples = self.samples_pushed(instr, &inputs);
        let (leave, after, after_with) = (self.b.block(), self.b.block(), self.b.block());
        let result = self.b.func.add_param(after_with, Type::Obj);
        let catch = self.catch(number, if in_memory { popped } else { 0 });
        let region = self.knowledge();
        (region.local, region.in_memory, region.expected) = (local, in_memory, expected);
        (region.target, region.next, region.next_with) = (Some(leave), Some(after), Some(after_with));
        let mut outputs = (operation.emit)(&mut self.b, &inputs);
        let region = self.knowledge();
        (region.target, region.next, region.next_with) = (None, None, None);
        (region.local, region.in_memory, region.expected) = (None, false, None);
        region.borrowed.clear();
        self.stop_catching();
        let region = self.knowledge();
        if std::mem::take(&mut region.wants_memory) {
            let site = self.site(number);
            self.choices.in_memory.insert(site);
            self.give_up(number, false);
            return;
        }
        if std::mem::take(&mut self.knowledge().unsupported) {
            self.give_up(number, true);
            return;
        }
        self.pending_catch = catch;
        let handed = self.knowledge().is_reached(after_with);
        if !self.b.is_ended() {
            match (handed, outputs.as_slice()) {
                (true, &[output]) => self.b.jump(after_with, &[output]),
                _ => self.b.jump(after, &[]),
            }
        }
        if instr.flow.has_target() {
            self.take_branch(leave, instr);
        }
        if handed {
            self.b.switch_to(after_with);
            outputs = Outputs::from_slice(&[result]);
        } else if self.knowledge().is_reached(after) {
            self.b.switch_to(after);
        } else {
            // Everything has left.
            if !self.b.is_ended() {
                self.b.leave_saved(Continuation::Miss);
            }
            return;
        }
        if self.b.is_ended() {
            return;
        }
        if let (op::LOAD_ATTR, &[owner]) = (instr.base, &inputs[..]) {
            self.knowledge().learn(owner, |known| known.present = true);
        }
        if let Some(version) = operands::guarded_version(operation, &code, number)
            && let Some(&owner) = inputs.last()
        {
            let owner = self.origin(owner);
            self.guarded.insert(owner, version);
        }
        let pushed = if in_memory { op::pushed(instr.base, instr.oparg) as usize } else { outputs.len() };
        self.finish(consumed, &outputs, pushed);
        if samples.len() == pushed {
            self.note_samples(&samples);
        }
        if instr.base == op::LOAD_ATTR && !in_memory {
            self.note_attribute_of_class(operation, &outputs);
        }
        self.after_call(number);
    }

    /// Notes what is known of an attribute that a version guarded to be the one that was there: a class's own number, or a method.
    fn note_attribute_of_class(&mut self, operation: &Operation, outputs: &[Value]) {
        let (world, Some(&value)) = (self.body.world, outputs.first()) else { return };
        let Some(address) = self.constant_address(value).filter(|&address| address != 0) else { return };
        if operation.name == "LOAD_ATTR_CLASS" && world.class(address) == Some(Global::IntType) {
            let Some(number) = world.index(address) else { return };
            let raw = Some(self.b.iconst(Type::I64, number));
            let known = Known { raw, ..Known::exactly(Global::IntType) };
            let immortal = self.knowledge().known(value).immortal;
            self.knowledge().learn(value, |k| *k = Known { immortal, ..known });
        }
        if operation.name.starts_with("LOAD_ATTR_METHOD_") && world.class(address) == Some(Global::FunctionType) {
            let known = Known { itself: true, ..Known::exactly(Global::FunctionType) };
            self.knowledge().learn(value, |k| *k = known);
        }
    }

    /// The value of what the instruction names.
    fn named(&mut self, place: Place, instr: &Instr) -> Option<Value> {
        let frame = self.knowledge().state.frame();
        let slot = match place {
            Place::Local => frame.locals[instr.oparg as usize],
            Place::Below(add) => {
                let depth = instr.oparg as usize + usize::from(add);
                frame.stack[frame.stack.len().checked_sub(depth)?]
            }
            Place::None | Place::NextLocal => return None,
        };
        slot.value
    }

    /// The attempt is lost: the next one leaves at the instruction, or does it another way.
    fn give_up(&mut self, number: u32, exit: bool) {
        if !self.b.is_ended() {
            self.b.leave_saved(Continuation::Miss);
        }
        if exit {
            let site = self.site(number);
            self.choices.exits.insert(site);
        }
        self.again = true;
    }

    /// Stores the topmost elements to their slots in memory, and names these to the operation.
    pub(super) fn store_top(&mut self, count: usize) {
        let locals = self.body.code.input().nlocalsplus as usize;
        let depth = self.knowledge().state.frame().stack.len();
        let displacement = |index: usize| layout::frame::LOCALSPLUS + 8 * (locals + index) as i32;
        let memory = self.b.frame();
        for index in depth - count..depth {
            let slot = self.knowledge().state.frame().stack[index];
            if let Some(value) = slot.value {
                self.b.expose_value(value);
            }
            if slot.dirty {
                let value = slot.value.unwrap_or_else(|| self.b.null());
                self.b.store(value, memory, displacement(index));
                self.knowledge().state.frame().stack[index].dirty = false;
            }
        }
        let base = displacement(depth - count);
        let region = self.knowledge();
        region.operands[usize::from(abi::operand::BASE)] = base;
        for output in 0..3 {
            region.operands[usize::from(abi::operand::OUTPUT + output)] = base + 8 * i32::from(output);
        }
    }

    /// Replaces consumed inputs by outputs: values, or what is in memory.
    fn finish(&mut self, consumed: usize, outputs: &[Value], pushed: usize) {
        let region = self.knowledge();
        let outputs: SmallVec<[Value; 4]> = outputs.iter().map(|&v| region.resolve(v)).collect();
        let stack = &mut region.state.frame().stack;
        stack.truncate(stack.len() - consumed);
        if outputs.len() == pushed {
            for value in outputs {
                self.push(Slot::owned(value));
            }
            return;
        }
        let locals = self.body.code.input().nlocalsplus as usize;
        let depth = self.knowledge().state.frame().stack.len();
        let memory = self.b.frame();
        for index in depth..depth + pushed {
            let value = self.b.load(Type::Obj, memory, layout::frame::LOCALSPLUS + 8 * (locals + index) as i32);
            self.push(Slot { value: Some(value), owned: true, dirty: false });
        }
    }

    /// The way of a branch or an exhausted iterator.
    fn take_branch(&mut self, leave: whipsnake_ir::Block, instr: &Instr) {
        if !self.knowledge().is_reached(leave) {
            return;
        }
        self.b.switch_to(leave);
        let popped = match instr.flow {
            Flow::Branch | Flow::ForIter => 1,
            _ => 0,
        };
        for _ in 0..popped {
            self.pop();
        }
        if instr.flow == Flow::ForIter {
            self.after_iteration(instr.target);
        }
        self.jump_to(instr.exhausted().unwrap_or(instr.target));
    }
}
