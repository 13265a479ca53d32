//! `*args` and `**kwargs`: what inlined functions collect in them, and calls that hand it on.
//!
//! The tuple and the dict are the region's own until somebody else sees them. As long as that has not happened, their contents are known, and the passes leave
//! them out where only exits need them.

use super::arguments::Places;
use super::blocks::Walk;
use super::body::Entered;
use crate::Callee;
use whipsnake_bytecode::Instr;
use whipsnake_cpython::layout::dict;
use whipsnake_ir::{Condition, Global, Known, MissReason, Slot, Type, Value};

impl Callee<'_> {
    /// Whether it has parameters for any number of arguments.
    pub(super) fn collects(&self) -> bool {
        self.takes_more || self.takes_named
    }
}

impl Walk<'_, '_> {
    /// The values of the arguments that are for `*args`, the first argument being that element of the stack. Their references go along.
    pub(super) fn surplus(&mut self, first: usize, places: &Places) -> Vec<Value> {
        let stack = &self.knowledge().state.frame().stack;
        let values = stack[first..][places.surplus.clone()].iter().map(|slot| slot.value);
        values.map(|value| value.expect("an argument")).collect()
    }

    /// What `*args` and `**kwargs` get, where the function has these: a tuple of such values, which takes their references, and an empty dict. The passes leave
    /// out what only exits need.
    pub(super) fn collected(&mut self, callee: &Callee<'_>, surplus: Vec<Value>) -> Vec<Slot> {
        let dict = callee.takes_named.then(|| self.b.new_dict());
        let tuple = callee.takes_more.then(|| match surplus.as_slice() {
            [] => self.empty_tuple(),
            items => self.b.new_tuple(items),
        });
        tuple.into_iter().chain(dict).map(Slot::owned).collect()
    }

    fn empty_tuple(&mut self) -> Value {
        let tuple = self.b.global(Global::EmptyTuple);
        self.knowledge().learn(tuple, |known| *known = Known { immortal: true, ..Known::exactly(Global::TupleType) });
        tuple
    }

    /// Inlines a `CALL_FUNCTION_EX` with a tuple that the region made itself, and no keywords, or a dict that has none; false if that can't be done, and then
    /// nothing was.
    pub(super) fn inline_unpacking(&mut self, number: u32, instr: &Instr) -> bool {
        let operands = 3 + (instr.oparg & 1) as usize;
        let stack = &self.knowledge().state.frame().stack;
        let Some(first) = stack.len().checked_sub(operands) else { return false };
        let (called, receiver, tuple, named) =
            (stack[first], stack[first + 1], stack[first + 2], stack.get(first + 3).copied());
        let (Some(called_value), Some(tuple_value)) = (called.value, tuple.value) else { return false };
        let has_names = |walk: &mut Self, named: Slot| !named.value.is_some_and(|dict| walk.b.is_empty_dict(dict));
        if named.is_some_and(|named| has_names(self, named)) || self.is_there(receiver) != Some(false) {
            return false;
        }
        let Some(items) = self.b.tuple_items(tuple_value) else { return false };
        let Some(address) = self.constant_address(called_value) else { return false };
        let world = self.body.world;
        let Some(callee) = world.callee(address) else { return false };
        if !self.may_inline(number, &callee, items.len()) {
            return false;
        }
        self.mark_exit();
        self.guard_callee(called_value, &callee);
        let parameters = callee.parameters as usize;
        let defaults = self.default_arguments(called_value, &callee, items.len()..parameters);
        let surplus = items.get(parameters..).unwrap_or_default().to_vec();
        let surplus = surplus.into_iter().inspect(|&item| self.b.retain(item)).collect();
        let collected = self.collected(&callee, surplus);
        let arguments = items.into_iter().take(parameters).chain(defaults).collect();
        let mut arguments = self.owned_arguments(arguments);
        arguments.extend(collected);
        let stack = &mut self.knowledge().state.frame().stack;
        stack.truncate(first);
        for slot in [Some(tuple), named].into_iter().flatten() {
            if let Some(value) = slot.value.filter(|_| slot.owned)
                && !self.hand_over(value)
            {
                self.b.release(value);
            }
        }
        self.inline_call(number, called, arguments, &callee, Entered::Call);
        true
    }

    /// Whether the dict on top of the stack has no items, for sure or guarded, and goes into one without items that nobody has seen.
    pub(super) fn merges_nothing(&mut self, number: u32) -> bool {
        let stack = &self.knowledge().state.frame().stack;
        let &[.., Slot { value: Some(into), .. }, Slot { value: Some(from), .. }] = stack.as_slice() else {
            return false;
        };
        if !self.b.is_empty_dict(into) {
            return false;
        }
        if !self.b.is_empty_dict(from) {
            if self.is_general(number) || self.likely_class(from) != Some(Global::DictType) {
                return false;
            }
            self.mark_exit();
            self.b.guard_exact(from, Global::DictType);
            let used = self.b.load(Type::I64, from, dict::MA_USED);
            let empty = self.b.compare_const(Condition::Eq, used, 0);
            self.b.guard(empty, MissReason::Value);
        }
        true
    }
}
