//! Methods that are loaded from classes, and from behind a class with `super`: which function that is, is known while the region is built.

use super::blocks::Walk;
use super::budget::is_simple;
use whipsnake_bytecode::Instr;
use whipsnake_ir::{Condition, Global, Known, MissReason, Slot, Value};

/// The built-in `super`, the class, and the object.
const SUPER_OPERANDS: usize = 3;

impl Walk<'_, '_> {
    /// Loads a class method or static method of a class, to be called; false if it is no such load, or the call would not be inlined, and then nothing was built.
    pub(super) fn load_from_class(&mut self, number: u32, instr: &Instr, owner: Value) -> bool {
        if self.is_general(number) || instr.opcode != instr.base {
            return false;
        }
        let class = self.constant_address(owner).or_else(|| self.sample(owner));
        let world = self.body.world;
        let Some(found) = world.class_attribute(class, instr) else { return false };
        let callee = world.callee(found.function);
        if !callee.is_some_and(|callee| is_simple(&callee, self.largest_callee(self.body.ways))) {
            return false;
        }
        self.mark_exit();
        self.guard_version(owner, found.metaclass);
        self.guard_version_of(owner, found.version);
        self.class_attribute(instr, owner, found.function, found.binding);
        true
    }

    /// Loads a method with `super`, to be called; false if that can't be done, and then nothing was built.
    pub(super) fn load_behind(&mut self, number: u32, instr: &Instr) -> bool {
        if self.is_general(number) || instr.oparg & 1 == 0 {
            return false;
        }
        let stack = &self.knowledge().state.frame().stack;
        let &[.., Slot { value: Some(called), .. }, Slot { value: Some(class), .. }, Slot { value: Some(object), .. }] =
            stack.as_slice()
        else {
            return false;
        };
        if self.knowledge().known(object).class.is_some() {
            return false;
        }
        let Some(behind) = self.constant_address(class) else { return false };
        let Some(of_object) = self.likely_class_address(object) else { return false };
        let Some(method) = self.body.world.super_method(behind, of_object, instr) else { return false };
        if !is_simple(&method.callee, self.largest_callee(self.body.ways)) {
            return false;
        }
        self.mark_exit();
        let expected = self.b.global(Global::SuperType);
        let same = self.b.compare(Condition::Eq, called, expected);
        self.b.guard(same, MissReason::Callable);
        self.guard_version(object, method.version);
        self.knowledge().learn(object, |known| known.present = true);
        let function = self.constant(method.function);
        let known = Known { itself: true, ..Known::exactly(Global::FunctionType) };
        self.knowledge().learn(function, |k| *k = known);
        let mut operands = self.operands_done(SUPER_OPERANDS);
        let this = operands.pop().expect("three operands");
        self.push(Slot::owned(function));
        self.push(Slot { dirty: true, ..this });
        self.drop_slots(operands);
        true
    }
}
