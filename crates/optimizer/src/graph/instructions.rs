//! One instruction: what the walk does itself; the others become [operations](super::choosing).

use super::blocks::Walk;
use crate::{Number, Object};
use whipsnake_cpython::layout::list_iterator;
use whipsnake_cpython::{layout, opcode as op};
use whipsnake_ir::{Condition, Continuation, Field, Global, Helper, Known, MissReason, Slot, Type, Value};
use whipsnake_ops::guard_ascii;

/// With so many instructions that did what the interpreter had not seen, that is no guide any more.
const MAX_SURPRISES: usize = 8;

/// Longer tuples are made from the stack in memory.
pub(super) const MAX_TUPLE: u32 = 8;

/// Longer lists likewise.
const MAX_LIST: u32 = 12;

impl Walk<'_, '_> {
    /// Builds one instruction where the builder is, or some in a row; gives the number of the next.
    pub(super) fn instruction(&mut self, number: u32) -> u32 {
        let next = number + 1;
        let instr = self.body.code.instrs()[number as usize];
        self.knowledge().state.frame().unit = instr.index;
        if self.choices.exits.contains(&self.site(number)) || self.is_pruned(number) {
            self.leave_at(number);
            return next;
        }
        if self.never_ran(number) {
            self.leave_unreached(number);
            return next;
        }
        if let Some(next) = self.dispatch(number, &instr) {
            return next;
        }
        let oparg = instr.oparg;
        match instr.base {
            op::NOP | op::EXTENDED_ARG => {}
            op::RESUME if self.body.is_whole => {}
            op::COPY_FREE_VARS if self.body.is_whole => self.copy_free_vars(),
            op::FOR_ITER if self.inline_generator(number, &instr) => {}
            op::FOR_ITER if self.inline_next(number, &instr) => {}
            op::RAISE_VARARGS if self.ends_iteration(number, &instr) => self.end_iteration(),
            op::LOAD_GLOBAL if self.load_exception(number, &instr) => {}
            op::CALL | op::RAISE_VARARGS if self.raise_unseen(number, &instr) => {}
            op::CALL if self.make_generator(number, &instr) || self.inline_consumer(number, &instr) => {}
            op::YIELD_VALUE if self.may_yield(&instr) && self.consumer().is_some() => self.consume(number),
            op::YIELD_VALUE if self.may_yield(&instr) => self.yield_inlined(number),
            op::YIELD_VALUE if self.yields_itself(&instr) => self.leave_to_yield(number),
            op::RETURN_VALUE | op::RETURN_CONST if self.consumer().is_some() => self.end_consumed(instr.base),
            op::RETURN_VALUE if self.is_generator() => self.end_generator(None),
            op::RETURN_CONST if self.is_generator() => self.end_generator(Some(oparg)),
            op::RETURN_VALUE if self.returns_from_body() => self.return_from_body(number, None),
            op::RETURN_CONST if self.returns_from_body() => self.return_from_body(number, Some(oparg)),
            op::RETURN_VALUE if self.returns_from_function() => self.return_from_function(None),
            op::RETURN_CONST if self.returns_from_function() => self.return_from_function(Some(oparg)),
            op::RETURN_VALUE if self.body.after.is_some() => self.return_inlined(),
            op::RETURN_CONST if self.body.after.is_some() => {
                self.load_constant(oparg);
                self.return_inlined();
            }
            op::CALL if self.iterate_range(number, &instr) => return number + 2,
            op::CALL | op::BINARY_SUBSCR | op::CONTAINS_OP | op::TO_BOOL if self.read_named(number, &instr) => {}
            op::CALL
                if self.convert_number(number, &instr)
                    || self.call_known(number, &instr)
                    || self.call_math(number, &instr)
                    || self.inline_length(number, &instr)
                    || self.inline(number, &instr) => {}
            op::CALL_FUNCTION_EX if self.inline_unpacking(number, &instr) => {}
            op::CALL_KW if self.inline(number, &instr) => {}
            op::BINARY_SUBSCR | op::LOAD_ATTR if self.inline_special(number, &instr) => {}
            op::LOAD_ATTR | op::STORE_ATTR
                if self.access_class_variable(number, &instr) || self.inline_accessor(number, &instr) => {}
            op::BINARY_OP | op::COMPARE_OP if self.inline_operator(number, &instr) => {}
            op::TO_BOOL if self.inline_truth(number, &instr) => {}
            op::STORE_SUBSCR | op::CONTAINS_OP if self.inline_container(number, &instr) => {}
            op::BEFORE_WITH if self.inline_with(number) => {}
            op::LOAD_SUPER_ATTR if self.load_behind(number, &instr) => {}
            op::LOAD_FAST => self.load_local(oparg),
            op::LOAD_FAST_LOAD_FAST => {
                self.load_local(oparg >> 4);
                self.load_local(oparg & 15);
            }
            op::LOAD_FAST_AND_CLEAR => {
                let slot = self.local(oparg);
                self.push(Slot { dirty: true, ..slot });
                self.knowledge().state.frame().locals[oparg as usize] = Slot::NULL;
                self.settle();
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
            op::BUILD_TUPLE if oparg <= MAX_TUPLE && !self.is_general(number) => self.build_tuple(oparg),
            op::BUILD_LIST if let Some(next) = self.gather(number, &instr) => return next,
            op::BUILD_LIST if oparg <= MAX_LIST && !self.is_general(number) => self.build_list(oparg),
            op::BUILD_MAP if oparg == 0 && !self.is_general(number) => {
                self.mark_exit();
                let dict = self.b.new_dict();
                self.push(Slot::owned(dict));
            }
            op::BUILD_MAP | op::BUILD_CONST_KEY_MAP if self.build_named(number, &instr) => {}
            op::DICT_MERGE if oparg == 1 && self.merge_named() => {}
            op::DICT_MERGE if oparg == 1 && self.merges_nothing(number) => self.pop_top(),
            op::BUILD_SLICE if self.subscript_with_slice(number, oparg) => return number + 2,
            op::GET_ITER => self.get_iter(number),
            op::CONTAINS_OP if self.is_among_characters(number, oparg) => {}
            _ => self.general(number, &instr),
        }
        next
    }

    /// Whether the interpreter would have specialised the instruction, had it run it once: then the region is left there, and what follows is not
    /// built. Regions that were left so too often know better.
    fn never_ran(&mut self, number: u32) -> bool {
        self.knowledge().unwinding.is_none()
            && self.body.observed
            && self.body.code.is_untouched(number)
            && self.request.general.len() < MAX_SURPRISES
            && !self.is_general(number)
    }

    /// After a call that may have run Python code: if somebody got hold of the frame, what it wrote to the locals is in memory only; if a tool was
    /// switched on, it must see what follows.
    pub(super) fn after_call(&mut self, number: u32) {
        self.look_before(number + 1);
    }

    /// What [`Walk::after_call`] does, where instruction number `next` follows.
    fn look_before(&mut self, next: u32) {
        if !std::mem::take(&mut self.knowledge().state.escaped) {
            return;
        }
        let Some(next) = self.body.code.instrs().get(next as usize) else { return };
        let depth = self.knowledge().depth;
        self.cost.add_escaping(depth);
        self.knowledge().state.frame().unit = next.index;
        self.mark_exit();
        self.guard_unseen();
        self.guard_quiet();
    }

    /// The same after an iterator that is exhausted, and dropped: it says so by calling Python code, maybe. The interpreter would go on at the `END_FOR`
    /// and `POP_TOP`, since what follows begins a line, and it reports none that it begins in.
    pub(super) fn after_iteration(&mut self, end_for: u32) {
        if !self.knowledge().state.escaped {
            return;
        }
        let nothing = self.b.global(Global::None);
        self.push(Slot::borrowed(nothing));
        self.push(Slot::borrowed(nothing));
        self.look_before(end_for);
        self.pop();
        self.pop();
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

    pub(super) fn load_constant(&mut self, number: u32) {
        let constant = self.body.world.constant(number);
        let value = self.constant_object(&constant);
        self.push(Slot::borrowed(value));
    }

    /// An object that lives as long as the region.
    pub(super) fn constant_object(&mut self, constant: &Object) -> Value {
        if constant.is_none {
            return self.b.global(Global::None);
        }
        let value = self.b.iconst(Type::Obj, constant.address as i64);
        let raw = match constant.number {
            Number::Int(n) => Some(self.b.iconst(Type::I64, n)),
            Number::Float(x) => Some(self.b.fconst(x)),
            Number::No => None,
        };
        let known = Known { raw, ..constant.known() };
        self.knowledge().learn(value, |k| *k = known);
        value
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

    /// The uppermost elements of the stack, each with a reference of its own, for an object that is made of them.
    pub(super) fn own_items(&mut self, count: u32) -> Vec<Value> {
        let depth = self.knowledge().state.frame().stack.len();
        let first = depth - count as usize;
        self.own_elements(first..depth);
        self.mark_exit();
        self.knowledge().state.frame().stack[first..].iter().map(|slot| slot.value.expect("an object")).collect()
    }

    /// Puts the object that was made of these elements in their place.
    pub(super) fn replace_items(&mut self, count: usize, made: Value) {
        let stack = &mut self.knowledge().state.frame().stack;
        stack.truncate(stack.len() - count);
        self.push(Slot::owned(made));
        let depth = self.knowledge().depth;
        self.cost.add(depth, false);
    }

    /// A tuple of values. The passes leave it out if only exits need it.
    fn build_tuple(&mut self, count: u32) {
        let items = self.own_items(count);
        let tuple = self.b.new_tuple(&items);
        self.replace_items(items.len(), tuple);
    }

    /// A list of values. Making it runs no code, so that no frame is shown for it.
    fn build_list(&mut self, count: u32) {
        let items = self.own_items(count);
        let size = self.b.iconst(Type::I32, count.into());
        let list = self.b.call_checked(Helper::NewListOf, &[size]);
        self.b.learn_class(list, Global::ListType);
        if !items.is_empty() {
            let places = self.b.load(Type::Ptr, list, layout::list::OB_ITEM);
            for (index, item) in items.into_iter().enumerate() {
                self.b.expose_value(item);
                self.b.store(item, places, 8 * index as i32);
            }
        }
        self.replace_items(count as usize, list);
    }

    fn get_iter(&mut self, number: u32) {
        if self.is_iterator_itself(number) || self.inline_iter(number) {
            return;
        }
        self.own_stack();
        self.mark_exit();
        let iterable = self.pop().value.expect("an object");
        let sample = self.sample(iterable);
        let class = match self.likely_class(iterable) {
            Some(Global::ListType) => Some((Global::ListType, Global::ListIteratorType)),
            Some(Global::TupleType) => Some((Global::TupleType, Global::TupleIteratorType)),
            Some(Global::StrType) if self.has_type(Global::AsciiIteratorType) => {
                Some((Global::StrType, Global::AsciiIteratorType))
            }
            _ => None,
        };
        if let Some((sequence, iterator)) = class.filter(|_| !self.is_general(number)) {
            self.push(Slot::owned(iterable));
            self.iterate_sequence(iterable, sequence, iterator);
            self.note_samples(&[sample]);
            return;
        }
        let combined = self.iterator_of(iterable);
        let iterator = self.b.call_checked(Helper::Iter, &[iterable]);
        self.b.release(iterable);
        self.push(Slot::owned(iterator));
        if let Some(combined) = combined {
            self.note_iterator(combined);
        }
        self.note_samples(&[sample]);
        self.after_call(number);
    }

    /// Whether it is known what objects of a type that is somewhere are like.
    pub(super) fn has_type(&self, class: Global) -> bool {
        self.body.world.address(class).is_some_and(|address| address != 0)
    }

    /// Makes an iterator of the list, tuple or ASCII string on top of the stack, which needs no call that somebody may see.
    fn iterate_sequence(&mut self, sequence: Value, class: Global, iterator_class: Global) {
        self.b.guard_exact(sequence, class);
        if class == Global::StrType {
            guard_ascii(&mut self.b, sequence);
        }
        let iterator = self.b.call_checked(Helper::NewSequenceIterator, &[sequence]);
        self.b.learn_class(iterator, iterator_class);
        self.pop();
        self.push(Slot::owned(iterator));
        self.knowledge().learn(sequence, |known| known.present = true);
        let start = self.b.iconst(Type::I64, 0);
        let region = self.knowledge();
        let (object, sequence) = (region.resolve(iterator), region.resolve(sequence));
        for (offset, value) in [(list_iterator::IT_SEQ, sequence), (list_iterator::IT_INDEX, start)] {
            region.state.fields.push(Field { object, offset, value, dirty: false, attribute: false });
        }
        // The iterator holds it.
        self.b.release(sequence);
    }
}
