//! Comparisons, identity, membership.

use crate::mixed_numbers::number;
use crate::number::{float_of_int, guard_ints};
use crate::sets::guard_set;
use crate::tests_table::{Answer, tests};
use crate::{Imm, Outputs, operations};
use whipsnake_ir::{Builder, Condition, FloatCondition, Global, Helper, MissReason, Type, Value};

operations! {
    "COMPARE_OP" (left, right) -> 1, borrows [0, 1], imms [Imm::Oparg(5)] => compare;
}

tests! {
    "COMPARE_OP.bool" (left, right), borrows [0, 1], imms [Imm::Oparg(5)] => compare_bool;
    "COMPARE_OP_INT.lt" (left, right), borrows [0, 1] => |b, l, r, a| compare_int(b, Condition::Lt, l, r, a);
    "COMPARE_OP_INT.le" (left, right), borrows [0, 1] => |b, l, r, a| compare_int(b, Condition::Le, l, r, a);
    "COMPARE_OP_INT.eq" (left, right), borrows [0, 1] => |b, l, r, a| compare_int(b, Condition::Eq, l, r, a);
    "COMPARE_OP_INT.ne" (left, right), borrows [0, 1] => |b, l, r, a| compare_int(b, Condition::Ne, l, r, a);
    "COMPARE_OP_INT.gt" (left, right), borrows [0, 1] => |b, l, r, a| compare_int(b, Condition::Gt, l, r, a);
    "COMPARE_OP_INT.ge" (left, right), borrows [0, 1] => |b, l, r, a| compare_int(b, Condition::Ge, l, r, a);
    "COMPARE_OP_FLOAT.lt" (left, right), borrows [0, 1] => |b, l, r, a| compare_float(b, FloatCondition::Lt, l, r, a);
    "COMPARE_OP_FLOAT.le" (left, right), borrows [0, 1] => |b, l, r, a| compare_float(b, FloatCondition::Le, l, r, a);
    "COMPARE_OP_FLOAT.eq" (left, right), borrows [0, 1] => |b, l, r, a| compare_float(b, FloatCondition::Eq, l, r, a);
    "COMPARE_OP_FLOAT.ne" (left, right), borrows [0, 1] => |b, l, r, a| compare_float(b, FloatCondition::Ne, l, r, a);
    "COMPARE_OP_FLOAT.gt" (left, right), borrows [0, 1] => |b, l, r, a| compare_float(b, FloatCondition::Gt, l, r, a);
    "COMPARE_OP_FLOAT.ge" (left, right), borrows [0, 1] => |b, l, r, a| compare_float(b, FloatCondition::Ge, l, r, a);
    "COMPARE_OP_STR.eq" (left, right), borrows [0, 1] => |b, l, r, a| compare_str(b, Condition::Ne, l, r, a);
    "COMPARE_OP_STR.ne" (left, right), borrows [0, 1] => |b, l, r, a| compare_str(b, Condition::Eq, l, r, a);
    "IS_OP.is" (left, right), borrows [0, 1] => |b, l, r, a| is_op(b, Condition::Eq, l, r, a);
    "IS_OP.is_not" (left, right), borrows [0, 1] => |b, l, r, a| is_op(b, Condition::Ne, l, r, a);
    "CONTAINS_OP" (value, container), borrows [0, 1], imms [Imm::Oparg(0)] => |b, v, c, a| contains(b, Helper::Contains, v, c, a);
    "CONTAINS_OP_SET" (value, container), borrows [0, 1], imms [Imm::Oparg(0)] => contains_set;
    "CONTAINS_OP_DICT" (value, container), borrows [0, 1], imms [Imm::Oparg(0)] => contains_dict;
}

/// A comparison of any objects; its result may be anything.
pub fn compare(b: &mut Builder<'_>, left: Value, right: Value) -> Value {
    let comparison = b.param(0);
    let result = b.call_checked(Helper::RichCompare, &[left, right, comparison]);
    b.release_all(&[left, right]);
    result
}

/// A comparison of any objects whose truth is wanted.
pub fn compare_bool(b: &mut Builder<'_>, left: Value, right: Value, answer: Answer) -> Outputs {
    if let Some([x, y]) = mixed_numbers(b, left, right) {
        let condition = FLOAT_CONDITIONS[b.param_value(0) as usize];
        let condition = b.float_compare(condition, x, y);
        return answer.give_and_release(b, condition, &[left, right]);
    }
    let comparison = b.param(0);
    let truth = b.call_status(Helper::RichCompareBool, &[left, right, comparison]);
    b.release_all(&[left, right]);
    let condition = b.compare_const(Condition::Ne, truth, 0);
    answer.give(b, condition)
}

/// A comparison of two numbers, each of which is now a float and now an int, as one of floats: of ints that are exact as such. In regions only.
pub(crate) fn compare_numbers(b: &mut Builder<'_>, left: Value, right: Value) -> Outputs {
    let [x, y] = [left, right].map(|value| number(b, value).0);
    let condition = FLOAT_CONDITIONS[b.param_value(0) as usize];
    let condition = b.float_compare(condition, x, y);
    Answer::Object.give_and_release(b, condition, &[left, right])
}

/// Comparisons of floats, by the number of the comparison.
const FLOAT_CONDITIONS: [FloatCondition; 6] = [
    FloatCondition::Lt,
    FloatCondition::Le,
    FloatCondition::Eq,
    FloatCondition::Ne,
    FloatCondition::Gt,
    FloatCondition::Ge,
];

/// The values of a float and an int, where a region knows them to be that.
fn mixed_numbers(b: &mut Builder<'_>, left: Value, right: Value) -> Option<[Value; 2]> {
    let classes = [left, right].map(|value| b.knowledge().and_then(|region| region.known(value).class));
    match classes {
        [Some(Global::FloatType), Some(Global::IntType)] => Some([b.float_value(left), float_of_int(b, right)]),
        [Some(Global::IntType), Some(Global::FloatType)] => Some([float_of_int(b, left), b.float_value(right)]),
        _ => None,
    }
}

/// A comparison of compact ints.
pub fn compare_int(b: &mut Builder<'_>, condition: Condition, left: Value, right: Value, answer: Answer) -> Outputs {
    let [x, y] = guard_ints(b, [left, right]);
    b.release_all(&[left, right]);
    let condition = b.compare(condition, x, y);
    answer.give(b, condition)
}

/// A comparison of floats.
pub fn compare_float(
    b: &mut Builder<'_>,
    condition: FloatCondition,
    left: Value,
    right: Value,
    answer: Answer,
) -> Outputs {
    b.guard_exact(left, Global::FloatType);
    b.guard_exact(right, Global::FloatType);
    let (x, y) = (b.float_value(left), b.float_value(right));
    let condition = b.float_compare(condition, x, y);
    answer.give_and_release(b, condition, &[left, right])
}

/// Whether strings are equal, compared with 0 by `condition`.
pub fn compare_str(b: &mut Builder<'_>, condition: Condition, left: Value, right: Value, answer: Answer) -> Outputs {
    b.guard_exact(left, Global::StrType);
    b.guard_exact(right, Global::StrType);
    if let Some(region) = b.knowledge()
        && region.known(left).character
        && region.known(right).character
    {
        let answered = b.compare(condition.inverse(), left, right);
        return answer.give_and_release(b, answered, &[left, right]);
    }
    let same = b.compare(Condition::Eq, left, right);
    let equal =
        b.choose(same, Type::I32, false, |b| b.iconst(Type::I32, 1), |b| b.call(Helper::StringsEqual, &[left, right]));
    b.release_all(&[left, right]);
    let condition = b.compare_const(condition, equal, 0);
    answer.give(b, condition)
}

/// Whether both are one object, or not.
pub fn is_op(b: &mut Builder<'_>, condition: Condition, left: Value, right: Value, answer: Answer) -> Outputs {
    // Inputs are read from their slots at each use, so they are still there after the release.
    b.release_all(&[left, right]);
    let condition = b.compare(condition, left, right);
    answer.give(b, condition)
}

/// `value in container` or, by the operand, `value not in container`.
pub fn contains(b: &mut Builder<'_>, helper: Helper, value: Value, container: Value, answer: Answer) -> Outputs {
    let found = b.call_status(helper, &[container, value]);
    b.release_all(&[value, container]);
    let inverted = b.param(0);
    let condition = b.compare(Condition::Ne, found, inverted);
    answer.give(b, condition)
}

/// [`contains`] for a set or frozenset.
pub fn contains_set(b: &mut Builder<'_>, value: Value, container: Value, answer: Answer) -> Outputs {
    guard_set(b, container);
    contains_in(b, [Helper::SetHas, Helper::SetContains], value, container, answer)
}

/// [`contains`] for a dict.
pub fn contains_dict(b: &mut Builder<'_>, value: Value, container: Value, answer: Answer) -> Outputs {
    b.guard_exact(container, Global::DictType);
    contains_in(b, [Helper::DictHas, Helper::DictContains], value, container, answer)
}

/// [`contains`] for a string, list or tuple, in a region.
pub(crate) fn contains_items(b: &mut Builder<'_>, value: Value, container: Value) -> Outputs {
    contains_in(b, [Helper::ItemsHave, Helper::Contains], value, container, Answer::Object)
}

/// [`contains`] for a container of known type. In a region it is the first helper that tells, without running Python code, or the region is left.
fn contains_in(
    b: &mut Builder<'_>,
    [quiet, helper]: [Helper; 2],
    value: Value,
    container: Value,
    answer: Answer,
) -> Outputs {
    if !b.in_region() {
        return contains(b, helper, value, container, answer);
    }
    let found = b.call(quiet, &[container, value]);
    let known = b.compare_const(Condition::Ge, found, 0);
    b.guard(known, MissReason::Value);
    let inverted = b.param(0);
    let condition = b.compare(Condition::Ne, found, inverted);
    answer.give_and_release(b, condition, &[value, container])
}
