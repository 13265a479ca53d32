//! Truth of values, and conditional jumps.

use crate::tests_table::{Answer, tests};
use crate::{Imm, Outputs, operations};
use whipsnake_cpython::layout::{list, long, type_object, unicode};
use whipsnake_ir::{BinaryOp, Builder, Condition, Continuation, Global, Helper, MissReason, Type, Value};

operations! {
    "UNARY_NOT" (value) -> 1, borrows [0] => not;
    "POP_JUMP_IF_TRUE" (value) -> 0, borrows [0] => |b, v| jump_if(b, Global::True, v);
    "POP_JUMP_IF_FALSE" (value) -> 0, borrows [0] => |b, v| jump_if(b, Global::False, v);
    "POP_JUMP_IF_NONE" (value) -> 0, borrows [0] => jump_if_none;
    "POP_JUMP_IF_NOT_NONE" (value) -> 0, borrows [0] => jump_if_not_none;
}

tests! {
    "TO_BOOL" (value), borrows [0] => to_bool;
    "TO_BOOL_BOOL" (value), borrows [0] => bool_to_bool;
    "TO_BOOL_INT" (value), borrows [0] => int_to_bool;
    "TO_BOOL_LIST" (value), borrows [0] => |b, v, a| sized_to_bool(b, Global::ListType, list::OB_SIZE, v, a);
    "TO_BOOL_STR" (value), borrows [0] => |b, v, a| sized_to_bool(b, Global::StrType, unicode::LENGTH, v, a);
    "TO_BOOL_NONE" (value), borrows [0] => none_to_bool;
    "TO_BOOL_ALWAYS_TRUE" (value), borrows [0], imms [Imm::Cache32(2)] => always_true;
}

/// `not value`, for a bool.
pub fn not(b: &mut Builder<'_>, value: Value) -> Value {
    let no = b.global(Global::False);
    let is_false = b.compare(Condition::Eq, value, no);
    b.bool_object(is_false)
}

/// Jumps if a bool is the given one. Bools are immortal: nothing to release.
pub fn jump_if(b: &mut Builder<'_>, which: Global, value: Value) {
    let which = b.global(which);
    let same = b.compare(Condition::Eq, value, which);
    b.when(same, |b| b.leave(Continuation::Target));
}

/// Jumps if the value is `None`.
pub fn jump_if_none(b: &mut Builder<'_>, value: Value) {
    let none = b.global(Global::None);
    let same = b.compare(Condition::Eq, value, none);
    b.when(same, |b| b.leave(Continuation::Target));
    b.release(value);
}

/// Jumps if the value is not `None`.
pub fn jump_if_not_none(b: &mut Builder<'_>, value: Value) {
    let none = b.global(Global::None);
    let differ = b.compare(Condition::Ne, value, none);
    b.when(differ, |b| {
        b.release(value);
        b.leave(Continuation::Target);
    });
}

/// The truth of any value.
pub fn to_bool(b: &mut Builder<'_>, value: Value, answer: Answer) -> Outputs {
    let truth = b.call_status(Helper::IsTrue, &[value]);
    b.release(value);
    let condition = b.compare_const(Condition::Ne, truth, 0);
    answer.give(b, condition)
}

/// The truth of a bool: itself.
pub fn bool_to_bool(b: &mut Builder<'_>, value: Value, answer: Answer) -> Outputs {
    if answer == Answer::Object {
        b.guard_exact(value, Global::BoolType);
        return Outputs::from_slice(&[b.hold(value)]);
    }
    // Two comparisons with addresses, without a look into the object.
    let (likely, unlikely) =
        if answer == Answer::JumpIfTrue { (Global::False, Global::True) } else { (Global::True, Global::False) };
    let (likely, unlikely) = (b.global(likely), b.global(unlikely));
    let stays = b.compare(Condition::Eq, value, likely);
    let (next, other) = (b.block(), b.block());
    b.branch(stays, next, other);
    b.switch_to(other);
    let jumps = b.compare(Condition::Eq, value, unlikely);
    b.guard(jumps, MissReason::Type);
    b.leave(Continuation::Target);
    b.switch_to(next);
    Outputs::new()
}

/// The truth of an int: whether it has the sign of zero.
pub fn int_to_bool(b: &mut Builder<'_>, value: Value, answer: Answer) -> Outputs {
    b.guard_exact(value, Global::IntType);
    if let Some(number) = b.raw(value) {
        b.release(value);
        let condition = b.compare_const(Condition::Ne, number, 0);
        return answer.give(b, condition);
    }
    let tag = b.load(Type::I64, value, long::LV_TAG);
    b.release(value);
    let sign = b.binary_const(BinaryOp::And, tag, long::SIGN_MASK as i64);
    let condition = b.compare_const(Condition::Ne, sign, long::SIGN_ZERO as i64);
    answer.give(b, condition)
}

/// The truth of a list or string: whether its size is not zero.
pub fn sized_to_bool(b: &mut Builder<'_>, class: Global, size: i32, value: Value, answer: Answer) -> Outputs {
    b.guard_exact(value, class);
    let size = b.load(Type::I64, value, size);
    b.release(value);
    let condition = b.compare_const(Condition::Ne, size, 0);
    answer.give(b, condition)
}

/// The truth of `None`.
pub fn none_to_bool(b: &mut Builder<'_>, value: Value, answer: Answer) -> Outputs {
    let none = b.global(Global::None);
    let same = b.compare(Condition::Eq, value, none);
    b.guard(same, MissReason::Value);
    answer.give_known(b, false)
}

/// The truth of an instance of a class with neither `__bool__` nor `__len__`.
pub fn always_true(b: &mut Builder<'_>, value: Value, answer: Answer) -> Outputs {
    let class = b.type_of(value);
    let version = b.load(Type::I32, class, type_object::TP_VERSION_TAG);
    let expected = b.param(0);
    let same = b.compare(Condition::Eq, version, expected);
    b.guard(same, MissReason::TypeVersion);
    b.release(value);
    answer.give_known(b, true)
}
