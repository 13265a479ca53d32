//! Inlining of what `with` calls, where a context manager is an instance of a class with Python methods.
//!
//! The interpreter calls `__enter__` with the bound `__exit__` on the stack already, and later that from C, with three times `None`. What an exception does is not
//! built: it leaves the region.

use super::blocks::Walk;
use super::body::{Entered, Wanted};
use crate::{Purpose, Special};
use whipsnake_ir::{Slot, Type, Value};

impl Walk<'_, '_> {
    /// Inlines the `__enter__` of a context manager; false if that can't be done, and then nothing was.
    pub(super) fn inline_with(&mut self, number: u32) -> bool {
        let Some(manager) = self.knowledge().state.frame().stack.last().and_then(|slot| slot.value) else {
            return false;
        };
        if self.is_general(number) || self.knowledge().known(manager).class.is_some() {
            return false;
        }
        let (world, manager) = (self.body.world, self.knowledge().resolve(manager));
        let Some(class) = self.likely_class_address(manager) else { return false };
        let Some(exit) = world.special(class, Special::Exit) else { return false };
        let Some(enter) = world.special(class, Special::Enter) else { return false };
        if !self.may_inline(number, &enter.callee, 1) {
            return false;
        }
        self.mark_exit();
        let function = self.guard_method_of(manager, enter.function, enter.version);
        self.guard_callee(function, &enter.callee);
        let defaults = self.default_arguments(function, &enter.callee, 1..enter.callee.parameters as usize);
        let leaves = self.b.iconst(Type::Obj, exit.function as i64);
        let bound = self.b.new_method(leaves, manager);
        self.bound.insert(bound, (exit.function, manager));
        // Its class may lose it while it runs.
        self.b.retain(function);
        let mut arguments = vec![self.pop()];
        arguments.extend(self.owned_arguments(defaults));
        self.push(Slot::owned(bound));
        self.inline_call(number, Slot::owned(function), arguments, &enter.callee, Entered::Call);
        true
    }

    /// Inlines a call of a bound method that the region made, with a first argument where a receiver would be, which the interpreter makes from C; false if that
    /// can't be done, and then nothing was.
    pub(super) fn inline_bound(&mut self, number: u32, given: usize, called: Value, bottom: usize) -> bool {
        let called = self.origin(called);
        let Some(&(address, this)) = self.bound.get(&called) else { return false };
        let (world, count) = (self.body.world, given + 2);
        let Some(callee) = world.callee(address) else { return false };
        let Some(places) = self.places(address, None, count, &callee) else { return false };
        let Some(shim) = world.shim(Purpose::Call) else { return false };
        let values: Option<Vec<Value>> =
            self.knowledge().state.frame().stack[bottom + 1..].iter().map(|slot| slot.value).collect();
        let Some(values) = values.filter(|_| self.may_inline(number, &callee, count)) else { return false };
        self.mark_exit();
        let arguments = [this].into_iter().chain(values).collect();
        let entered = Entered::Method { operands: count, wanted: Wanted::Result };
        self.inline_above_shim(number, address, &callee, &places, arguments, shim, entered);
        true
    }
}
