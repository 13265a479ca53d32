//! Inlining of Python functions behind instructions that are no calls: `__getitem__`, and the getters of properties.
//!
//! The interpreter enters these as it enters calls, so that a frame that has to be pushed waits for the instruction as for a call.

use super::blocks::{Entered, Walk};
use crate::{Method, Special};
use whipsnake_bytecode::Instr;
use whipsnake_cpython::layout::type_object;
use whipsnake_cpython::opcode as op;
use whipsnake_ir::{Condition, Global, Known, MissReason, Slot, Type, Value};

impl<'a> Walk<'a, '_> {
    /// Inlines what a subscript or the load of an attribute calls; false if that can't be done, and then nothing was.
    pub(super) fn inline_special(&mut self, number: u32, instr: &Instr) -> bool {
        if self.is_general(number) {
            return false;
        }
        let count = match instr.base {
            op::BINARY_SUBSCR => 2,
            op::LOAD_ATTR if instr.oparg & 1 == 0 => 1,
            _ => return false,
        };
        let stack = &self.knowledge().state.frame().stack;
        let Some(owner) = stack[stack.len() - count].value else { return false };
        if self.knowledge().known(owner).class.is_some() {
            return false;
        }
        let Some(sample) = self.sample(owner) else { return false };
        let world = self.body.world;
        let method = match instr.base {
            op::BINARY_SUBSCR => world.special(sample, Special::GetItem),
            _ => world.property(sample, instr),
        };
        let Some(method) = method.filter(|method| self.may_inline(number, &method.callee, count)) else { return false };
        self.mark_exit();
        let (function, defaults) = self.guard_method(owner, &method, count);
        let defaults = self.owned_arguments(defaults);
        let stack = &mut self.knowledge().state.frame().stack;
        let mut arguments = stack.split_off(stack.len() - count);
        arguments.extend(defaults);
        self.inline_call(number, function, arguments, &method.callee, Entered::Call);
        true
    }

    /// Guards that the class of `owner` has the method that it had; the slot of the function, which the class holds, and the default arguments beyond `count`.
    pub(super) fn guard_method(&mut self, owner: Value, method: &Method<'a>, count: usize) -> (Slot, Vec<Value>) {
        let class = self.b.type_of(owner);
        let version = self.b.load(Type::I32, class, type_object::TP_VERSION_TAG);
        let same = self.b.compare_const(Condition::Eq, version, method.version.into());
        self.b.guard(same, MissReason::TypeVersion);
        let function = self.b.iconst(Type::Obj, method.function as i64);
        self.knowledge().learn(function, |known| *known = Known::exactly(Global::FunctionType));
        self.guard_callee(function, &method.callee);
        let defaults = self.default_arguments(function, &method.callee, count);
        // Its class may lose it while it runs.
        self.b.retain(function);
        (Slot::owned(function), defaults)
    }
}
