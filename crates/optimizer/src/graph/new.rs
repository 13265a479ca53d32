//! Calls of classes with a `__new__` in Python: named tuples, numbers that don't change, classes with one instance.
//!
//! C code calls it, looks at what it gives, and calls the `__init__` of that. Where the class has no `__init__`, and what comes is an instance of that very class,
//! there is nothing to call. For anything else the region is left before the method returns, and the frame below it does what C code does.

use super::blocks::Walk;
use super::body::{Entered, Wanted};
use crate::{New, Purpose};
use whipsnake_cpython::layout::method_wrapper;
use whipsnake_ir::{Condition, MissReason, Type, Value};

/// What has more arguments needs a prefix to say so.
const MAX_ARGUMENTS: usize = 16;

impl<'a> Walk<'a, '_> {
    /// Inlines the `__new__` of the class at an address, which is called with so many arguments; false if that can't be done, and then nothing was.
    pub(super) fn inline_new(&mut self, number: u32, given: usize, class: u64) -> bool {
        let world = self.body.world;
        if given > MAX_ARGUMENTS {
            return false;
        }
        let Some(new) = world.new_of(class) else { return false };
        let (callee, function) = (new.method.callee.clone(), new.method.function);
        let Some(places) = self.places(function, None, given + 1, &callee) else { return false };
        let Some(shim) = world.shim(Purpose::New) else { return false };
        let stack = &self.knowledge().state.frame().stack;
        let depth = stack.len();
        let called = stack[depth - given - 2].value;
        let values: Option<Vec<Value>> = stack[depth - given..].iter().map(|slot| slot.value).collect();
        let (Some(called), Some(values)) = (called, values) else { return false };
        if !self.may_inline(number, &callee, places.count()) {
            return false;
        }
        self.mark_exit();
        let class = self.guard_new(called, class, &new);
        let arguments = [class].into_iter().chain(values).collect();
        let wanted = Wanted::Instance { version: new.method.version };
        let entered = Entered::Method { operands: given + 2, wanted };
        self.inline_above_shim(number, function, &callee, &places, arguments, shim, entered);
        true
    }

    /// Guards that it is that class which is called, as it was; the class.
    fn guard_new(&mut self, called: Value, address: u64, new: &New<'a>) -> Value {
        let class = self.b.iconst(Type::Obj, address as i64);
        let same = self.b.compare(Condition::Eq, called, class);
        self.b.guard(same, MissReason::Callable);
        self.guard_version(class, new.metaclass);
        self.guard_version_of(class, new.method.version);
        self.knowledge().learn(class, |known| known.present = true);
        let wrapper = self.b.iconst(Type::Obj, new.wrapper as i64);
        self.guard_word(wrapper, method_wrapper::CALLABLE, new.method.function);
        class
    }
}
