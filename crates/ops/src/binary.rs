//! Binary operators without type feedback.
//!
//! CPython specialises `+`, `-` and `*` only, and only for equal types. The operations here test for the types that are worth it in
//! line: compact ints and floats, also mixed. All else calls the C function that the instruction's operand names.

use crate::math::guard_finite;
use crate::mixed_numbers::mixed_numbers;
use crate::number::{Ways, float_ways, int_arithmetic};
use crate::{Imm, Ptr, operations};
use whipsnake_ir::{
    BinaryOp, Builder, Condition, Failure, FloatCondition, Global, Helper, MissReason, Type, UnaryOp, Value,
};

operations! {
    "BINARY_OP" (left, right) -> 1, borrows [0, 1], imms [Imm::Oparg(0)], ptrs [Ptr::BinaryFunction] => binary_op;
    "BINARY_OP.add" (left, right) -> 1, borrows [0, 1], imms [Imm::Oparg(0)], ptrs [Ptr::BinaryFunction] => |b, l, r| mixed(b, BinaryOp::FAdd, l, r);
    "BINARY_OP.subtract" (left, right) -> 1, borrows [0, 1], imms [Imm::Oparg(0)], ptrs [Ptr::BinaryFunction] => |b, l, r| mixed(b, BinaryOp::FSub, l, r);
    "BINARY_OP.multiply" (left, right) -> 1, borrows [0, 1], imms [Imm::Oparg(0)], ptrs [Ptr::BinaryFunction] => |b, l, r| mixed(b, BinaryOp::FMul, l, r);
    "BINARY_OP.true_divide" (left, right) -> 1, borrows [0, 1], imms [Imm::Oparg(0)], ptrs [Ptr::BinaryFunction] => true_divide;
    "BINARY_OP.floor_divide" (left, right) -> 1, borrows [0, 1], imms [Imm::Oparg(0)], ptrs [Ptr::BinaryFunction] => floor_divide;
    "BINARY_OP.modulo" (left, right) -> 1, borrows [0, 1], imms [Imm::Oparg(0)], ptrs [Ptr::BinaryFunction] => modulo;
    "BINARY_OP.power" (left, right) -> 1, borrows [0, 1], imms [Imm::Oparg(0)], ptrs [Ptr::BinaryFunction] => power;
    "BINARY_OP.and" (left, right) -> 1, borrows [0, 1], imms [Imm::Oparg(0)], ptrs [Ptr::BinaryFunction] => |b, l, r| bits(b, BinaryOp::And, l, r);
    "BINARY_OP.or" (left, right) -> 1, borrows [0, 1], imms [Imm::Oparg(0)], ptrs [Ptr::BinaryFunction] => |b, l, r| bits(b, BinaryOp::Or, l, r);
    "BINARY_OP.xor" (left, right) -> 1, borrows [0, 1], imms [Imm::Oparg(0)], ptrs [Ptr::BinaryFunction] => |b, l, r| bits(b, BinaryOp::Xor, l, r);
    "BINARY_OP.lshift" (left, right) -> 1, borrows [0, 1], imms [Imm::Oparg(0)], ptrs [Ptr::BinaryFunction] => left_shift;
    "BINARY_OP.rshift" (left, right) -> 1, borrows [0, 1], imms [Imm::Oparg(0)], ptrs [Ptr::BinaryFunction] => right_shift;
}

/// `left OP right` for any objects.
pub fn binary_op(b: &mut Builder<'_>, left: Value, right: Value) -> Value {
    let (function, operator) = (b.pointer(0), b.param(0));
    let result = b.call_checked(Helper::CallBinary, &[function, left, right, operator]);
    b.release_all(&[left, right]);
    result
}

/// `left OP right` where two floats or a float and an int are likely (two ints have a specialised instruction).
pub fn mixed(b: &mut Builder<'_>, op: BinaryOp, left: Value, right: Value) -> Value {
    if b.in_region() {
        return mixed_numbers(b, op, left, right);
    }
    let ways = Ways::new(b);
    float_ways(b, &ways, left, right, false, |b, _, x, y| b.binary(op, x, y));
    ways.or_else(b, |b| binary_op(b, left, right))
}

/// `left / right`. Compact ints are exact as doubles, so that one division rounds as Python does.
pub fn true_divide(b: &mut Builder<'_>, left: Value, right: Value) -> Value {
    let ways = Ways::new(b);
    float_ways(b, &ways, left, right, true, |b, ways, x, y| {
        let zero = b.fconst(0.0);
        if let Some(by_zero) = b.caught(Failure::ZeroDivision) {
            let is_zero = b.float_compare(FloatCondition::Eq, y, zero);
            b.branch_out(is_zero, by_zero);
        } else {
            let nonzero = b.float_compare(FloatCondition::Ne, y, zero);
            ways.need(b, nonzero);
        }
        b.binary(BinaryOp::FDiv, x, y)
    });
    ways.or_else(b, |b| binary_op(b, left, right))
}

/// Whether a region knows the value to be a float.
fn is_float(b: &Builder<'_>, value: Value) -> bool {
    b.known_class(value) == Some(Global::FloatType)
}

/// Whether a region knows the value to be an int.
fn is_int(b: &Builder<'_>, value: Value) -> bool {
    b.known_class(value) == Some(Global::IntType)
}

/// The exponent, if a region knows that a value is a power of two.
fn power_of_two(b: &Builder<'_>, value: Value) -> Option<i64> {
    b.constant(value)
        .filter(|&constant| constant > 0 && constant.count_ones() == 1)
        .map(|one| one.trailing_zeros().into())
}

/// Quotient toward zero and remainder of compact ints, in 32 bits (they have 30 and a sign; in a region in 64), with the divisor; the general way for zero.
fn divide(b: &mut Builder<'_>, ways: &Ways, x: Value, y: Value) -> (Value, Value, Value) {
    let (x, y) = if b.in_region() {
        // The one quotient that 64 bits don't hold.
        let fits = b.compare_const(Condition::Ne, y, -1);
        ways.need(b, fits);
        (x, y)
    } else {
        (b.unary(UnaryOp::Truncate, x), b.unary(UnaryOp::Truncate, y))
    };
    if let Some(by_zero) = b.caught(Failure::ZeroDivision) {
        let zero = b.compare_const(Condition::Eq, y, 0);
        b.branch_out(zero, by_zero);
    } else {
        let nonzero = b.compare_const(Condition::Ne, y, 0);
        ways.need(b, nonzero);
    }
    let quotient = b.binary(BinaryOp::DivS, x, y);
    let product = b.binary(BinaryOp::Mul, quotient, y);
    let remainder = b.binary(BinaryOp::Sub, x, product);
    (quotient, remainder, y)
}

/// Whether a remainder must be moved by the divisor, to have its sign: it is not zero and has the other sign.
fn off_by_one(b: &mut Builder<'_>, remainder: Value, divisor: Value) -> Value {
    if b.constant(divisor).is_some_and(|divisor| divisor > 0) {
        return b.compare_const(Condition::Lt, remainder, 0);
    }
    // The sign of `remainder ^ divisor` is set if the signs differ, but zero has none: `remainder != 0` must hold too.
    let differ = b.binary(BinaryOp::Xor, remainder, divisor);
    let differ = b.compare_const(Condition::Lt, differ, 0);
    let nonzero = b.compare_const(Condition::Ne, remainder, 0);
    b.binary(BinaryOp::And, differ, nonzero)
}

/// A number of 32 or 64 bits as 64 bits.
fn widened(b: &mut Builder<'_>, value: Value) -> Value {
    if b.func.ty(value) == Type::I64 { value } else { b.unary(UnaryOp::ExtendS, value) }
}

/// `left // right`: rounded down.
pub fn floor_divide(b: &mut Builder<'_>, left: Value, right: Value) -> Value {
    let ways = Ways::new(b);
    let [x, y] = ways.compact_ints(b, [left, right]);
    let floor = match power_of_two(b, y) {
        Some(exponent) => b.binary_const(BinaryOp::ShrS, x, exponent),
        None => {
            let (quotient, remainder, divisor) = divide(b, &ways, x, y);
            let adjust = off_by_one(b, remainder, divisor);
            let less = b.binary_const(BinaryOp::Sub, quotient, 1);
            let floor = b.select(adjust, less, quotient);
            widened(b, floor)
        }
    };
    let result = b.new_int(floor, &[left, right]);
    ways.found(b, result);
    ways.or_else(b, |b| binary_op(b, left, right))
}

/// `left % right`: with the divisor's sign.
pub fn modulo(b: &mut Builder<'_>, left: Value, right: Value) -> Value {
    let ways = Ways::new(b);
    let [x, y] = ways.compact_ints(b, [left, right]);
    let modulo = match power_of_two(b, y) {
        Some(exponent) => b.binary_const(BinaryOp::And, x, (1 << exponent) - 1),
        None => {
            let (_, remainder, divisor) = divide(b, &ways, x, y);
            let adjust = off_by_one(b, remainder, divisor);
            let more = b.binary(BinaryOp::Add, remainder, divisor);
            let modulo = b.select(adjust, more, remainder);
            widened(b, modulo)
        }
    };
    let result = b.new_int(modulo, &[left, right]);
    ways.found(b, result);
    ways.or_else(b, |b| binary_op(b, left, right))
}

/// `left ** right` of floats in a region, where the result is a float: the base is positive and nothing overflows.
fn float_power(b: &mut Builder<'_>, left: Value, right: Value) -> Value {
    let (x, y) = (b.float_value(left), b.float_value(right));
    let (zero, infinity) = (b.fconst(0.0), b.fconst(f64::INFINITY));
    let minus_infinity = b.fconst(f64::NEG_INFINITY);
    for (condition, x, y) in [
        (FloatCondition::Gt, x, zero),
        (FloatCondition::Lt, x, infinity),
        (FloatCondition::Lt, y, infinity),
        (FloatCondition::Gt, y, minus_infinity),
    ] {
        let usual = b.float_compare(condition, x, y);
        b.guard(usual, MissReason::Value);
    }
    let value = b.call(Helper::FloatPower, &[x, y]);
    let finite = b.float_compare(FloatCondition::Lt, value, infinity);
    b.guard(finite, MissReason::Value);
    b.new_float(value, &[left, right])
}

/// `left ** right` of a float in a region, where the exponent is a positive whole number that is known: zero and negative floats are no special case.
fn float_power_of(b: &mut Builder<'_>, left: Value, exponent: f64, right: Value) -> Value {
    let (x, y) = (b.float_value(left), b.fconst(exponent));
    let value = b.call(Helper::FloatPower, &[x, y]);
    guard_finite(b, value);
    b.new_float(value, &[left, right])
}

/// The number in an object that a region knows, if it is whole, positive, and exact as a float.
fn known_whole(b: &mut Builder<'_>, value: Value) -> Option<f64> {
    const EXACT: i64 = 1 << 53;
    let class = b.knowledge()?.known(value).class?;
    if class != Global::IntType {
        return None;
    }
    let raw = b.knowledge()?.known(value).raw?;
    b.constant(raw).filter(|number| (1..EXACT).contains(number)).map(|number| number as f64)
}

/// `left ** right` of an int in a region, where the exponent is known: multiplications, and an exit where the result outgrows a word.
fn int_power_of(b: &mut Builder<'_>, left: Value, exponent: u32, right: Value) -> Value {
    let x = b.unbox_int(left);
    let value = (1..exponent).fold(x, |value, _| int_arithmetic(b, BinaryOp::Mul, value, x));
    b.new_int(value, &[left, right])
}

/// `left ** right`: the helper knows floats.
pub fn power(b: &mut Builder<'_>, left: Value, right: Value) -> Value {
    /// The largest exponent for which multiplying again and again is good enough.
    const MAX_PRODUCT: f64 = 4.0;
    if b.in_region()
        && is_int(b, left)
        && let Some(exponent) = known_whole(b, right).filter(|exponent| (2.0..=MAX_PRODUCT).contains(exponent))
    {
        return int_power_of(b, left, exponent as u32, right);
    }
    if b.in_region()
        && is_float(b, left)
        && let Some(exponent) = known_whole(b, right)
    {
        return float_power_of(b, left, exponent, right);
    }
    if b.in_region() && is_float(b, left) && is_float(b, right) {
        return float_power(b, left, right);
    }
    let function = b.pointer(0);
    let result = b.call_checked(Helper::Power, &[function, left, right]);
    b.release_all(&[left, right]);
    result
}

/// `left & right` and its like. Two's complement of 64 bits is as good as Python's unlimited one.
pub fn bits(b: &mut Builder<'_>, op: BinaryOp, left: Value, right: Value) -> Value {
    let ways = Ways::new(b);
    let [x, y] = ways.compact_ints(b, [left, right]);
    let value = b.binary(op, x, y);
    let result = b.new_int(value, &[left, right]);
    ways.found(b, result);
    ways.or_else(b, |b| binary_op(b, left, right))
}

/// `left << right` by up to 32: the result has at most 62 bits and a sign.
pub fn left_shift(b: &mut Builder<'_>, left: Value, right: Value) -> Value {
    let ways = Ways::new(b);
    let [x, y] = ways.compact_ints(b, [left, right]);
    let fits = b.compare_const(Condition::LeU, y, 32);
    ways.need(b, fits);
    let value = b.binary(BinaryOp::Shl, x, y);
    if b.in_region() {
        let back = b.binary(BinaryOp::ShrS, value, y);
        let fits = b.compare(Condition::Eq, back, x);
        ways.need(b, fits);
    }
    let result = b.new_int(value, &[left, right]);
    ways.found(b, result);
    ways.or_else(b, |b| binary_op(b, left, right))
}

/// `left >> right`: rounds down, as an arithmetic shift does.
pub fn right_shift(b: &mut Builder<'_>, left: Value, right: Value) -> Value {
    let ways = Ways::new(b);
    let [x, y] = ways.compact_ints(b, [left, right]);
    let fits = b.compare_const(Condition::LeU, y, 63);
    ways.need(b, fits);
    let value = b.binary(BinaryOp::ShrS, x, y);
    let result = b.new_int(value, &[left, right]);
    ways.found(b, result);
    ways.or_else(b, |b| binary_op(b, left, right))
}
