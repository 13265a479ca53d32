//! Operators and comparisons of sets, and loops over them, for which the interpreter has no specialised instructions.

use crate::tests_table::Answer;
use crate::zips::{end_of_any, leave_if};
use crate::{Imm, Outputs, Ptr, operations};
use whipsnake_ir::{BinaryOp, Builder, Condition, Global, Helper, MissReason, Value};

operations! {
    "BINARY_OP.sets" (left, right) -> 1, borrows [0, 1], imms [Imm::Oparg(0)], ptrs [Ptr::BinaryFunction] => combined;
    "COMPARE_OP.sets" (left, right) -> 1, borrows [0, 1], imms [Imm::Oparg(5)] => compared;
    "FOR_ITER.set" (iterator) -> 1, keeps 1 => next;
}

/// Guards that an object is exactly a set or a frozenset.
pub(crate) fn guard_set(b: &mut Builder<'_>, value: Value) {
    if is_set(b, value) {
        return;
    }
    let class = b.type_of(value);
    let (set, frozen) = (b.global(Global::SetType), b.global(Global::FrozenSetType));
    let is_set = b.compare(Condition::Eq, class, set);
    let is_frozen = b.compare(Condition::Eq, class, frozen);
    let either = b.binary(BinaryOp::Or, is_set, is_frozen);
    b.guard(either, MissReason::Type);
}

/// Whether a region knows that.
fn is_set(b: &Builder<'_>, value: Value) -> bool {
    matches!(b.known_class(value), Some(Global::SetType | Global::FrozenSetType))
}

/// `left OP right`. Items may have to be compared, by any code.
fn combined(b: &mut Builder<'_>, left: Value, right: Value) -> Value {
    guard_set(b, left);
    guard_set(b, right);
    // Also that of operators in place.
    let class = b.known_class(left);
    let (function, operator) = (b.pointer(0), b.param(0));
    let result = b.call_checked(Helper::CallBinary, &[function, left, right, operator]);
    if let Some(class) = class {
        b.learn_class(result, class);
    }
    b.release_all(&[left, right]);
    result
}

/// A comparison, if no Python code tells it.
fn compared(b: &mut Builder<'_>, left: Value, right: Value) -> Outputs {
    guard_set(b, left);
    guard_set(b, right);
    let comparison = b.param(0);
    let truth = b.call(Helper::CompareSets, &[left, right, comparison]);
    let known = b.compare_const(Condition::Ge, truth, 0);
    b.guard(known, MissReason::Value);
    let condition = b.compare_const(Condition::Ne, truth, 0);
    Answer::Object.give_and_release(b, condition, &[left, right])
}

/// The next item.
fn next(b: &mut Builder<'_>, iterator: Value) -> Value {
    b.guard_exact(iterator, Global::SetIteratorType);
    let (ended, done) = (b.block(), b.block());
    b.set_cold(ended);
    let item = b.call(Helper::NextOfSet, &[iterator]);
    let none = b.is_null(item);
    leave_if(b, none, ended);
    b.jump(done, &[]);
    b.switch_to(ended);
    end_of_any(b, iterator);
    b.switch_to(done);
    item
}
