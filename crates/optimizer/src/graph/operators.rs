//! Inlining of the methods of binary operators.
//!
//! The interpreter calls them from C, which looks at what they return. So below the frame of the method there is one that does this where the region is left
//! in the method's midst, and that nobody sees. The operands stay on the stack until the method has returned, as in the interpreter.

use super::blocks::Walk;
use super::body::Entered;
use crate::{Operand, Operator};
use whipsnake_bytecode::Instr;
use whipsnake_cpython::layout::type_object;
use whipsnake_cpython::opcode as op;
use whipsnake_ir::{Condition, Global, MissReason, Slot, Type, Value};

impl<'a> Walk<'a, '_> {
    /// Inlines what a binary operator calls; false if that can't be done, and then nothing was.
    pub(super) fn inline_operator(&mut self, number: u32, instr: &Instr) -> bool {
        if instr.opcode != op::BINARY_OP || self.is_general(number) {
            return false;
        }
        let stack = &self.knowledge().state.frame().stack;
        let &[.., Slot { value: Some(left), .. }, Slot { value: Some(right), .. }] = stack.as_slice() else {
            return false;
        };
        let (Some(of_left), Some(of_right)) = (self.operand(left), self.operand(right)) else { return false };
        if let (Operand::Exactly(_), Operand::Exactly(_)) = (of_left, of_right) {
            return false;
        }
        let world = self.body.world;
        let Some(operator) = world.operator(of_left, of_right, instr.oparg) else { return false };
        if !self.may_inline(number, &operator.method.callee, 2) {
            return false;
        }
        self.mark_exit();
        let (owner, other, of_other) =
            if operator.reflected { (right, left, of_left) } else { (left, right, of_right) };
        self.enter_operator(number, owner, other, of_other, &operator);
        true
    }

    /// What is known, or guessed, of the class of an operand.
    fn operand(&mut self, value: Value) -> Option<Operand> {
        if let Some(class) = self.knowledge().known(value).class {
            return Some(Operand::Exactly(class));
        }
        let value = self.origin(value);
        if let Some(&class) = self.classes.get(&value) {
            return Some(Operand::OfClass(class));
        }
        let sample = self.sample(value)?;
        let world = self.body.world;
        match world.class(sample) {
            Some(class) => Some(Operand::Exactly(class)),
            None => world.class_of(sample).map(Operand::OfClass),
        }
    }

    fn enter_operator(&mut self, number: u32, owner: Value, other: Value, of_other: Operand, operator: &Operator<'a>) {
        self.guard_room();
        match of_other {
            Operand::Exactly(class) => self.b.guard_exact(other, class),
            Operand::OfClass(_) => {
                let class = self.b.type_of(other);
                let version = self.b.load(Type::I32, class, type_object::TP_VERSION_TAG);
                let same = self.b.compare_const(Condition::Eq, version, operator.other.into());
                self.b.guard(same, MissReason::TypeVersion);
            }
        }
        let (function, defaults) = self.guard_method(owner, &operator.method, 2);
        let known = [(owner, operator.method.version), (other, operator.other)];
        for (value, version) in known {
            let value = self.origin(value);
            self.knowledge().learn(value, |known| known.present = true);
            if self.knowledge().known(value).class.is_none() {
                self.versions.entry(value).or_insert(version);
            }
        }
        let mut arguments = vec![Slot::borrowed(owner), Slot::borrowed(other)];
        arguments.extend(self.owned_arguments(defaults));
        self.push_shim(operator.shim_unit);
        self.inline_call(number, function, arguments, &operator.method.callee, Entered::Operator);
    }

    /// The method is about to return the value on top of its stack: `NotImplemented` is the business of the frame below.
    pub(super) fn guard_implemented(&mut self) {
        let Some(value) = self.knowledge().state.frame().stack.last().and_then(|slot| slot.value) else { return };
        let value = self.knowledge().resolve(value);
        if self.knowledge().known(value).class.is_some()
            || self.is_constructed(value)
            || self.constant_address(value).is_some()
        {
            return;
        }
        let unknown = self.b.global(Global::NotImplemented);
        let known = self.b.compare(Condition::Ne, value, unknown);
        self.b.guard(known, MissReason::Value);
    }

    /// Whether a value is an instance that the region has made.
    fn is_constructed(&mut self, value: Value) -> bool {
        let value = self.origin(value);
        self.classes.contains_key(&value)
    }

    /// The operands of an instruction that is done, from the stack.
    pub(super) fn operands_done(&mut self, count: usize) -> Vec<Slot> {
        let stack = &mut self.knowledge().state.frame().stack;
        stack.split_off(stack.len() - count)
    }
}
