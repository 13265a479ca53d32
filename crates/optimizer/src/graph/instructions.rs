//! One instruction: what the walk does itself, and how operations are applied.

use super::blocks::Walk;
use crate::select::{calling, named, operation};
use crate::{Number, operands};
use smallvec::SmallVec;
use whipsnake_bytecode::{Flow, Instr};
use whipsnake_cpython::layout::object;
use whipsnake_cpython::{layout, opcode as op};
use whipsnake_ir::{Condition, Continuation, Global, Helper, Known, MissReason, Slot, Type, Value, abi};
use whipsnake_ops::{Operation, Outputs, Place};

impl Walk<'_, '_> {
    /// Builds one instruction where the builder is.
    pub(super) fn instruction(&mut self, number: u32) {
        let instr = self.code.instrs()[number as usize];
        self.knowledge().state.frame().unit = instr.index;
        if self.choices.exits.contains(&number) {
            self.leave_at(number);
            return;
        }
        let oparg = instr.oparg;
        match instr.base {
            op::NOP | op::EXTENDED_ARG => {}
            op::LOAD_FAST => self.load_local(oparg),
            op::LOAD_FAST_LOAD_FAST => {
                self.load_local(oparg >> 4);
                self.load_local(oparg & 15);
            }
            op::LOAD_FAST_CHECK => self.load_local_checked(oparg),
            op::LOAD_CONST => self.load_constant(oparg),
            op::STORE_FAST => self.store_local(oparg),
            op::STORE_FAST_LOAD_FAST => {
                self.store_local(oparg >> 4);
                self.load_local(oparg & 15);
            }
            op::STORE_FAST_STORE_FAST => {
                self.store_local(oparg >> 4);
                self.store_local(oparg & 15);
            }
            op::POP_TOP => self.pop_top(),
            op::COPY => self.copy(oparg),
            op::SWAP => {
                let stack = &mut self.knowledge().state.frame().stack;
                let (top, other) = (stack.len() - 1, stack.len() - oparg as usize);
                stack.swap(top, other);
                (stack[top].dirty, stack[other].dirty) = (true, true);
                self.settle();
            }
            op::PUSH_NULL => self.push(Slot::NULL),
            op::JUMP_FORWARD | op::JUMP_BACKWARD | op::JUMP_BACKWARD_NO_INTERRUPT => self.jump_to(instr.target),
            op::GET_ITER => self.get_iter(number),
            _ => self.general(number, &instr),
        }
    }

    /// After a call that may have run Python code: if somebody got hold of the frame, what it wrote to the locals is in memory only; if a tool was
    /// switched on, it must see what follows.
    fn after_call(&mut self, number: u32) {
        if !std::mem::take(&mut self.knowledge().state.escaped) {
            return;
        }
        let Some(next) = self.code.instrs().get(number as usize + 1) else { return };
        self.knowledge().state.frame().unit = next.index;
        self.mark_exit();
        let memory = self.b.frame();
        let seen = self.b.load(Type::Obj, memory, layout::frame::FRAME_OBJ);
        let unseen = self.b.is_null(seen);
        self.b.guard(unseen, MissReason::Value);
        self.guard_quiet();
    }

    fn load_local(&mut self, local: u32) {
        let slot = self.local(local);
        // The compiler of Python has made sure that it is bound.
        if let Some(value) = slot.value {
            self.knowledge().learn(value, |known| known.present = true);
        }
        self.push(Slot { value: slot.value, owned: slot.value.is_none(), dirty: true });
    }

    fn load_local_checked(&mut self, local: u32) {
        self.mark_exit();
        match self.local(local).value {
            Some(value) => {
                let bound = self.b.compare_const(Condition::Ne, value, 0);
                self.b.guard(bound, MissReason::Missing);
                self.load_local(local);
            }
            None => self.b.leave_saved(Continuation::Miss),
        }
    }

    fn load_constant(&mut self, number: u32) {
        let constant = self.request.world.constant(number);
        let value = self.b.iconst(Type::Obj, constant.address as i64);
        let raw = match constant.number {
            Number::Int(n) => Some(self.b.iconst(Type::I64, n)),
            Number::Float(x) => Some(self.b.fconst(x)),
            Number::No => None,
        };
        let known = Known { class: constant.class, present: true, immortal: constant.immortal, raw };
        self.knowledge().learn(value, |k| *k = known);
        self.push(Slot::borrowed(value));
    }

    fn pop_top(&mut self) {
        let slot = self.pop();
        if let Some(value) = slot.value.filter(|_| slot.owned)
            && !self.hand_over(value)
        {
            self.mark_exit();
            self.b.release_or_null(value);
        }
    }

    fn copy(&mut self, depth: u32) {
        let stack = &self.knowledge().state.frame().stack;
        let slot = stack[stack.len() - depth as usize];
        // The element below outlives the copy, unless an operation consumes both: then that takes a reference.
        let owned = slot.value.is_none();
        self.push(Slot { owned, dirty: true, ..slot });
    }

    fn get_iter(&mut self, number: u32) {
        self.own_stack();
        self.mark_exit();
        let iterable = self.pop().value.expect("an object");
        let iterator = self.b.call_checked(Helper::Iter, &[iterable]);
        self.b.release(iterable);
        self.push(Slot::owned(iterator));
        self.after_call(number);
    }

    fn general(&mut self, number: u32, instr: &Instr) {
        match self.choose(instr) {
            Some(operation) => self.apply(number, instr, operation),
            None => self.refuse(number),
        }
    }

    /// The operation for an instruction: by what is known of its inputs, else by what the interpreter found.
    fn choose(&mut self, instr: &Instr) -> Option<&'static Operation> {
        let opcode = if instr.is_instrumented() { instr.base } else { instr.opcode };
        let plain = named(op::NAMES[instr.base as usize]);
        if self.request.general.contains(&instr.index) {
            return plain.filter(|_| instr.base == op::BINARY_OP).or_else(|| operation(instr.base, instr.oparg));
        }
        if let Some(known) = self.by_known_types(instr) {
            return operation(known, instr.oparg);
        }
        if opcode == op::BINARY_OP_INPLACE_ADD_UNICODE {
            return operation(op::BINARY_OP_ADD_UNICODE, instr.oparg);
        }
        if opcode == instr.base && calling(opcode).is_some() {
            // Most likely a method in Python: the baseline tier enters it, a region would have to call it from C.
            return None;
        }
        operation(opcode, instr.oparg).or_else(|| operation(instr.base, instr.oparg))
    }

    /// The specialised opcode that fits what is known of the operands.
    fn by_known_types(&mut self, instr: &Instr) -> Option<u8> {
        let stack = &self.knowledge().state.frame().stack;
        let [.., left, right] = stack.as_slice() else { return None };
        let (left, right) = (left.value?, right.value?);
        let region = self.knowledge();
        let (left, right) = (region.known(left).class, region.known(right).class);
        const INPLACE: u32 = 13;
        const ADD: u32 = 0;
        const MULTIPLY: u32 = 5;
        const SUBTRACT: u32 = 10;
        use Global::{FloatType, IntType, ListType, StrType, TupleType};
        Some(match (instr.base, left, right) {
            (op::BINARY_OP, Some(IntType), Some(IntType)) => match instr.oparg % INPLACE {
                ADD => op::BINARY_OP_ADD_INT,
                MULTIPLY => op::BINARY_OP_MULTIPLY_INT,
                SUBTRACT => op::BINARY_OP_SUBTRACT_INT,
                _ => op::BINARY_OP,
            },
            (op::BINARY_OP, Some(FloatType), Some(FloatType)) => match instr.oparg % INPLACE {
                ADD => op::BINARY_OP_ADD_FLOAT,
                MULTIPLY => op::BINARY_OP_MULTIPLY_FLOAT,
                SUBTRACT => op::BINARY_OP_SUBTRACT_FLOAT,
                _ => op::BINARY_OP,
            },
            (op::BINARY_OP, Some(IntType), Some(FloatType)) | (op::BINARY_OP, Some(FloatType), Some(IntType)) => {
                op::BINARY_OP
            }
            (op::BINARY_OP, Some(StrType), Some(StrType)) if instr.oparg % INPLACE == ADD => op::BINARY_OP_ADD_UNICODE,
            (op::COMPARE_OP, Some(IntType), Some(IntType)) => op::COMPARE_OP_INT,
            (op::COMPARE_OP, Some(FloatType), Some(FloatType)) => op::COMPARE_OP_FLOAT,
            (op::BINARY_SUBSCR, Some(ListType), Some(IntType)) => op::BINARY_SUBSCR_LIST_INT,
            (op::BINARY_SUBSCR, Some(TupleType), Some(IntType)) => op::BINARY_SUBSCR_TUPLE_INT,
            (op::STORE_SUBSCR, Some(ListType), Some(IntType)) => op::STORE_SUBSCR_LIST_INT,
            _ => return None,
        })
    }

    /// The instruction can't be part of a region: the next attempt leaves there.
    fn refuse(&mut self, number: u32) {
        self.choices.exits.insert(number);
        self.again = true;
        self.leave_at(number);
    }

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
    fn apply(&mut self, number: u32, instr: &Instr, operation: &'static Operation) {
        if instr.base == op::FOR_ITER {
            self.own_iterator();
        }
        let popped = op::popped(instr.base, instr.oparg) as usize;
        // What an instruction names further down it does not take off the stack.
        let names_below = matches!(operation.place, Place::Below(_));
        let in_memory =
            popped > usize::from(operation.inputs) && !names_below || self.choices.in_memory.contains(&number);
        if in_memory {
            self.own_top(popped);
        }
        let inputs = self.inputs(operation);
        let (code, world) = (self.code, self.request.world);
        if !operands::set(self.knowledge(), world, code, operation, number) {
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
            self.own_below(consumed);
        }
        self.mark_exit();
        let local = self.named(operation.place, instr);
        let (leave, after, after_with) = (self.b.block(), self.b.block(), self.b.block());
        let result = self.b.func.add_param(after_with, Type::Obj);
        let region = self.knowledge();
        (region.local, region.in_memory) = (local, in_memory);
        (region.target, region.next, region.next_with) = (Some(leave), Some(after), Some(after_with));
        let mut outputs = (operation.emit)(&mut self.b, &inputs);
        let region = self.knowledge();
        (region.target, region.next, region.next_with) = (None, None, None);
        (region.local, region.in_memory) = (None, false);
        region.borrowed.clear();
        if std::mem::take(&mut region.wants_memory) {
            self.choices.in_memory.insert(number);
            self.give_up(number, false);
            return;
        }
        if std::mem::take(&mut self.knowledge().unsupported) {
            self.give_up(number, true);
            return;
        }
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
        let pushed = if in_memory { op::pushed(instr.base, instr.oparg) as usize } else { outputs.len() };
        self.finish(consumed, &outputs, pushed);
        self.after_call(number);
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
            self.choices.exits.insert(number);
        }
        self.again = true;
    }

    fn own_top(&mut self, count: usize) {
        let depth = self.knowledge().state.frame().stack.len();
        for index in depth - count..depth {
            let slot = self.knowledge().state.frame().stack[index];
            if !slot.owned {
                if let Some(value) = slot.value {
                    self.b.retain(value);
                }
                self.knowledge().state.frame().stack[index].owned = true;
            }
        }
    }

    /// Stores the topmost elements to their slots in memory, and names these to the operation.
    fn store_top(&mut self, count: usize) {
        let locals = self.code.input().nlocalsplus as usize;
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
        let locals = self.code.input().nlocalsplus as usize;
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
        let target = instr.exhausted().unwrap_or(instr.target);
        self.jump_to(target);
    }

    fn own_below(&mut self, top: usize) {
        let depth = self.knowledge().state.frame().stack.len() - top;
        for index in 0..depth {
            let slot = self.knowledge().state.frame().stack[index];
            if !slot.owned {
                if let Some(value) = slot.value {
                    self.b.retain(value);
                }
                self.knowledge().state.frame().stack[index].owned = true;
            }
        }
    }

    /// An iterator that only the stack knows keeps its position in registers.
    fn own_iterator(&mut self) {
        let frame = self.knowledge().state.frame();
        let Some(&Slot { value: Some(iterator), owned: true, .. }) = frame.stack.last() else { return };
        if self.b.is_private(iterator) {
            return;
        }
        let instr_class = self.iterator_class();
        let Some(class) = instr_class else { return };
        self.mark_exit();
        self.b.guard_exact(iterator, class);
        let count = self.b.load(Type::I32, iterator, object::OB_REFCNT);
        let alone = self.b.compare_const(Condition::Eq, count, 1);
        self.b.guard(alone, MissReason::Iterator);
        let (ty, offset) = match class {
            Global::RangeIteratorType => (Type::I64, layout::range_iterator::LEN),
            Global::ListIteratorType => (Type::I64, layout::list_iterator::IT_INDEX),
            _ => (Type::I64, layout::tuple_iterator::IT_INDEX),
        };
        self.b.make_private(iterator, ty, offset);
    }

    fn iterator_class(&mut self) -> Option<Global> {
        let unit = self.knowledge().state.frame().unit;
        let number = self.code.at_unit(unit)?;
        Some(match self.code.instrs()[number as usize].opcode {
            op::FOR_ITER_RANGE => Global::RangeIteratorType,
            op::FOR_ITER_LIST => Global::ListIteratorType,
            op::FOR_ITER_TUPLE => Global::TupleIteratorType,
            _ => return None,
        })
    }
}
