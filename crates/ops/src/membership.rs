//! Questions for which the interpreter has no specialised instruction: membership in strings, lists and tuples, the truth of what is now `None` and now an
//! object, and how what is now a float and now an int compares with a number.

use crate::compare::{compare_numbers, contains_items};
use crate::tests_table::Answer;
use crate::{Imm, Outputs, operations};
use whipsnake_cpython::layout::unicode;
use whipsnake_ir::{BinaryOp, Builder, Condition, Global, Helper, MissReason, Type, UnaryOp, Value};

operations! {
    "CONTAINS_OP.items" (value, container) -> 1, borrows [0, 1], imms [Imm::Oparg(0)] => contains_items;
    "COMPARE_OP.numbers" (left, right) -> 1, borrows [0, 1], imms [Imm::Oparg(5)] => compare_numbers;
    "TO_BOOL.quiet" (value) -> 1, borrows [0] => truth;
}

/// Whether an ASCII character is among some, which the bits of two words stand for.
pub fn is_among(b: &mut Builder<'_>, character: Value, [low, high]: [u64; 2]) -> Value {
    let code = b.load(Type::I8, character, unicode::ASCII_DATA);
    let code = b.unary(UnaryOp::ExtendU, code);
    let word = b.iconst(Type::I64, low as i64);
    let word = if high == low {
        word
    } else {
        let upper = b.binary_const(BinaryOp::ShrU, code, 6);
        let zero = b.iconst(Type::I64, 0);
        let mask = b.binary(BinaryOp::Sub, zero, upper);
        let difference = b.iconst(Type::I64, (low ^ high) as i64);
        let difference = b.binary(BinaryOp::And, difference, mask);
        b.binary(BinaryOp::Xor, word, difference)
    };
    let place = b.binary_const(BinaryOp::And, code, 63);
    let bits = b.binary(BinaryOp::ShrU, word, place);
    let bit = b.binary_const(BinaryOp::And, bits, 1);
    b.compare_const(Condition::Ne, bit, 0)
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
