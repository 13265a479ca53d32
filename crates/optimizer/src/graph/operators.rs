//! Inlining of the methods of binary operators and comparisons.
//!
//! The interpreter calls them from C, which looks at what they return. So below the frame of the method there is one that does this where the region is left
//! in the method's midst, and that nobody sees. The operands stay on the stack until the method has returned, as in the interpreter.

use super::blocks::Walk;
use super::body::{Entered, Wanted};
use crate::select::named;
use crate::{Operand, Purpose};
use smallvec::SmallVec;
use whipsnake_bytecode::{Instr, LocalEffect, local_effect};
use whipsnake_cpython::layout::type_object;
use whipsnake_cpython::opcode::binary::{ADD, INPLACE_ADD, SUBTRACT};
use whipsnake_cpython::opcode::{self as op, compare};
use whipsnake_ir::{BinaryOp, Condition, Global, Known, MissReason, Slot, Type, Value};

impl<'a> Walk<'a, '_> {
    /// Inlines what a binary operator or a comparison calls; false if that can't be done, and then nothing was.
    pub(super) fn inline_operator(&mut self, number: u32, instr: &Instr) -> bool {
        if self.is_general(number) {
            return false;
        }
        let stack = &self.knowledge().state.frame().stack;
        let &[.., Slot { value: Some(left), .. }, Slot { value: Some(right), .. }] = stack.as_slice() else {
            return false;
        };
        let (Some(of_left), Some(of_right)) = self.operands(instr, left, right) else { return false };
        if let (Operand::Exactly(a), Operand::Exactly(b)) = (of_left, of_right)
            && (instr.base == op::BINARY_OP || a == b)
        {
            return false;
        }
        let world = self.body.world;
        let Some(operator) = world.operator(of_left, of_right, instr) else {
            return instr.base == op::COMPARE_OP
                && self.compare_identity(number, instr, [left, right], [of_left, of_right]);
        };
        let Some(shim) = world.shim(operator.purpose) else { return false };
        if !self.may_inline(number, &operator.method.callee, 2) {
            return false;
        }
        self.mark_exit();
        let (owner, other, of_other) =
            if operator.reflected { (right, left, of_left) } else { (left, right, of_right) };
        self.guard_operand(other, of_other, operator.other);
        let (function, defaults) = self.guard_method(owner, &operator.method, 2);
        self.learn_class(owner, operator.method.version);
        let mut arguments = vec![Slot::borrowed(owner), Slot::borrowed(other)];
        arguments.extend(self.owned_arguments(defaults));
        self.push_shim(shim);
        let wanted = match operator.purpose {
            Purpose::Unequal => Wanted::Truth { inverted: true },
            Purpose::Comparison if instr.oparg & compare::TO_BOOL != 0 => Wanted::Truth { inverted: false },
            _ => Wanted::Answer,
        };
        let entered = Entered::Method { operands: 2, wanted };
        self.inline_call(number, function, arguments, &operator.method.callee, entered);
        true
    }

    /// Whether an operand of the instruction, of two, is an instance of a class of the program, as far as anybody knows.
    pub(super) fn is_of_instances(&mut self) -> bool {
        let stack = &self.knowledge().state.frame().stack;
        let &[.., Slot { value: Some(left), .. }, Slot { value: Some(right), .. }] = stack.as_slice() else {
            return false;
        };
        [left, right].into_iter().any(|value| matches!(self.operand(value), Some(Operand::OfClass(_))))
    }

    /// `==` and `!=` of objects that are equal to nothing but themselves.
    fn compare_identity(&mut self, number: u32, instr: &Instr, values: [Value; 2], classes: [Operand; 2]) -> bool {
        let equal = match instr.oparg >> compare::OP_SHIFT {
            compare::EQ => true,
            compare::NE => false,
            _ => return false,
        };
        let [left, right] = classes;
        let Some(identity) = self.body.world.identity(left, right) else { return false };
        self.mark_exit();
        for (value, class) in values.into_iter().zip(classes) {
            match class {
                Operand::Exactly(class) => self.b.guard_exact(value, class),
                Operand::OfClass(_) => self.guard_plain(value, identity.compares),
            }
        }
        let name = match (identity.never, equal) {
            (true, _) => {
                let answer = self.b.global(if equal { Global::False } else { Global::True });
                self.knowledge()
                    .learn(answer, |known| *known = Known { immortal: true, ..Known::exactly(Global::BoolType) });
                let operands = self.operands_done(2);
                self.push(Slot::owned(answer));
                self.drop_slots(operands);
                return true;
            }
            (false, true) => "IS_OP.is",
            (false, false) => "IS_OP.is_not",
        };
        let depth = self.knowledge().depth;
        self.cost.add(depth, false);
        self.apply(number, instr, named(name).expect("the operation is there"), 0);
        true
    }

    /// Guards that an object compares as `object` does, whatever its class.
    fn guard_plain(&mut self, value: Value, compares: u64) {
        let class = self.b.type_of(value);
        let found = self.b.load(Type::Ptr, class, type_object::TP_RICHCOMPARE);
        let compares = self.b.iconst(Type::Ptr, compares as i64);
        let same = self.b.compare(Condition::Eq, found, compares);
        let none = self.b.is_null(found);
        let either = self.b.binary(BinaryOp::Or, same, none);
        self.b.guard(either, MissReason::Type);
        self.knowledge().learn(value, |known| known.present = true);
    }

    /// Guards that an operand has the class that was expected.
    fn guard_operand(&mut self, value: Value, class: Operand, version: u32) {
        match class {
            Operand::Exactly(class) => self.b.guard_exact(value, class),
            Operand::OfClass(_) => self.guard_version(value, version),
        }
        self.learn_class(value, version);
    }

    /// Notes that the class of a value has been found to have a version.
    pub(super) fn learn_class(&mut self, value: Value, version: u32) {
        let value = self.origin(value);
        self.knowledge().learn(value, |known| known.present = true);
        if self.knowledge().known(value).class.is_none() {
            self.versions.entry(value).or_insert(version);
        }
    }

    /// What is known, or guessed, of the class of an operand.
    fn operand(&mut self, value: Value) -> Option<Operand> {
        if let Some(class) = self.knowledge().known(value).class {
            return Some(Operand::Exactly(class));
        }
        let value = self.origin(value);
        let world = self.body.world;
        if !self.versions.contains_key(&value)
            && let Some(class) = self.sample(value).and_then(|sample| world.class(sample))
        {
            return Some(Operand::Exactly(class));
        }
        let class = self.likely_class_address(value).or_else(|| self.class_by_accesses(value));
        class.map(Operand::OfClass)
    }

    /// The same of both. What is added to an instance of a class of the program, or subtracted, is mostly another one.
    fn operands(&mut self, instr: &Instr, left: Value, right: Value) -> (Option<Operand>, Option<Operand>) {
        let classes = (self.operand(left), self.operand(right));
        let is_sum = instr.base == op::BINARY_OP && matches!(instr.oparg % INPLACE_ADD, ADD | SUBTRACT);
        match classes {
            (Some(class @ Operand::OfClass(_)), None) | (None, Some(class @ Operand::OfClass(_))) if is_sum => {
                (Some(class), Some(class))
            }
            other => other,
        }
    }

    /// The class of a local variable's value, by its address, that was the only one where the code has an attribute of the variable: a guess.
    fn class_by_accesses(&mut self, value: Value) -> Option<u64> {
        let locals: SmallVec<[Option<Value>; 16]> =
            self.knowledge().state.frame().locals.iter().map(|slot| slot.value).collect();
        let local = locals.into_iter().position(|held| held.is_some_and(|held| self.origin(held) == value))? as u32;
        let world = self.body.world;
        let instrs = self.body.code.instrs();
        instrs.iter().enumerate().find_map(|(number, load)| {
            // `x.a += …` has the object twice.
            let is_copy = |instr: &&Instr| instr.base == op::COPY && instr.oparg == 1;
            let skipped = usize::from(instrs.get(number + 1).as_ref().is_some_and(is_copy));
            let access = instrs.get(number + 1 + skipped)?;
            let is_of_local = match local_effect(load) {
                LocalEffect::Load(last) | LocalEffect::LoadLoad(_, last) | LocalEffect::StoreLoad(_, last) => {
                    last == local
                }
                _ => false,
            };
            if !is_of_local || !matches!(access.base, op::LOAD_ATTR | op::STORE_ATTR) {
                return None;
            }
            let [shape] = world.shapes(access)[..] else { return None };
            world.class_with(shape.version)
        })
    }

    /// Whether a value is an instance that the region has made.
    pub(super) fn is_constructed(&mut self, value: Value) -> bool {
        let value = self.origin(value);
        self.classes.contains_key(&value)
    }

    /// The operands of an instruction that is done, from the stack.
    pub(super) fn operands_done(&mut self, count: usize) -> Vec<Slot> {
        let stack = &mut self.knowledge().state.frame().stack;
        stack.split_off(stack.len() - count)
    }
}
