//! Questions for which the interpreter has no specialised instruction: membership in strings, lists and tuples, the truth of what is now `None` and now an
//! object, and how what is now a float and now an int compares with a number.

use crate::compare::{compare_numbers, contains_items};
use crate::tests_table::Answer;
use crate::{Imm, Outputs, operations};
use whipsnake_ir::{Builder, Condition, Global, Helper, MissReason, Type, Value};

operations! {
    "CONTAINS_OP.items" (value, container) -> 1, borrows [0, 1], imms [Imm::Oparg(0)] => contains_items;
    "COMPARE_OP.numbers" (left, right) -> 1, borrows [0, 1], imms [Imm::Oparg(5)] => compare_numbers;
    "TO_BOOL.quiet" (value) -> 1, borrows [0] => truth;
}

/// The truth of a value, if no Python code tells it.
fn truth(b: &mut Builder<'_>, value: Value) -> Outputs {
    let none = b.global(Global::None);
    let is_none = b.compare(Condition::Eq, value, none);
    let truth =
        b.choose(is_none, Type::I32, false, |b| b.iconst(Type::I32, 0), |b| b.call(Helper::QuietTruth, &[value]));
    let known = b.compare_const(Condition::Ge, truth, 0);
    b.guard(known, MissReason::Value);
    let condition = b.compare_const(Condition::Ne, truth, 0);
    Answer::Object.give_and_release(b, condition, &[value])
}
