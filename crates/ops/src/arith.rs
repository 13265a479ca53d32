//! Arithmetic on known types, and unary operators.

use crate::number::{Ways, guard_ints, int_arithmetic, is_exactly};
use crate::{Place, operations};
use whipsnake_ir::{BinaryOp, Builder, Condition, Global, Helper, MissReason, Offset, Type, UnaryOp, Value, abi};

operations! {
    "BINARY_OP_ADD_FLOAT" (left, right) -> 1, borrows [0, 1] => |b, l, r| float_op(b, BinaryOp::FAdd, l, r);
    "BINARY_OP_SUBTRACT_FLOAT" (left, right) -> 1, borrows [0, 1] => |b, l, r| float_op(b, BinaryOp::FSub, l, r);
    "BINARY_OP_MULTIPLY_FLOAT" (left, right) -> 1, borrows [0, 1] => |b, l, r| float_op(b, BinaryOp::FMul, l, r);
    "BINARY_OP_ADD_INT" (left, right) -> 1, borrows [0, 1] => |b, l, r| int_op(b, BinaryOp::Add, l, r);
    "BINARY_OP_SUBTRACT_INT" (left, right) -> 1, borrows [0, 1] => |b, l, r| int_op(b, BinaryOp::Sub, l, r);
    "BINARY_OP_MULTIPLY_INT" (left, right) -> 1, borrows [0, 1] => |b, l, r| int_op(b, BinaryOp::Mul, l, r);
    "BINARY_OP_ADD_UNICODE" (left, right) -> 1, borrows [0, 1] => add_unicode;
    "BINARY_OP_INPLACE_ADD_UNICODE" (left, right) -> 0, borrows [0, 1], place Place::NextLocal => inplace_add_unicode;
    "UNARY_NEGATIVE" (value) -> 1, borrows [0] => negative;
    "UNARY_INVERT" (value) -> 1 => |b, v| unary_call(b, Helper::Invert, v);
}

/// `left OP right` where both are exactly `float`. Never fails but for memory, never runs user code.
pub fn float_op(b: &mut Builder<'_>, op: BinaryOp, left: Value, right: Value) -> Value {
    b.guard_exact(left, Global::FloatType);
    b.guard_exact(right, Global::FloatType);
    let (x, y) = (b.float_value(left), b.float_value(right));
    let result = b.binary(op, x, y);
    b.new_float(result, &[left, right])
}

/// `left OP right` where both are exactly `int` and compact (one digit at most, so that no result overflows 64 bits).
pub fn int_op(b: &mut Builder<'_>, op: BinaryOp, left: Value, right: Value) -> Value {
    let [x, y] = guard_ints(b, [left, right]);
    let result = int_arithmetic(b, op, x, y);
    b.new_int(result, &[left, right])
}

/// `left + right` where both are exactly `str`.
pub fn add_unicode(b: &mut Builder<'_>, left: Value, right: Value) -> Value {
    b.guard_exact(left, Global::StrType);
    b.guard_exact(right, Global::StrType);
    let result = b.call_checked(Helper::ConcatStrings, &[left, right]);
    b.release_all(&[left, right]);
    result
}

/// `local = local + right` where both are exactly `str`, together with the `STORE_FAST` that follows. If the local holds the only
/// reference, the string grows in place.
pub fn inplace_add_unicode(b: &mut Builder<'_>, left: Value, right: Value) {
    b.guard_exact(left, Global::StrType);
    b.guard_exact(right, Global::StrType);
    let target = b.local();
    let same = b.compare(Condition::Eq, target, left);
    b.guard(same, MissReason::Value);
    // A string can't be appended to itself in place, and a borrowed `right` does not count as a second reference.
    let other = b.compare(Condition::Ne, left, right);
    b.guard(other, MissReason::Value);
    if !b.is_borrowed(left) {
        b.release(left);
        let null = b.null();
        b.set_output(0, null);
    }
    let frame = b.frame();
    let local = b.address(frame, Offset::Operand(abi::operand::LOCAL, 0));
    b.call_status(Helper::AppendString, &[local, right]);
    b.release(right);
}

/// `-value`: floats and compact ints at once.
pub fn negative(b: &mut Builder<'_>, value: Value) -> Value {
    if b.in_region() && b.known_class(value) == Some(Global::IntType) {
        let (zero, x) = (b.iconst(Type::I64, 0), b.unbox_int(value));
        let (x, overflow) = b.overflowing(BinaryOp::Sub, zero, x);
        let fits = b.compare_const(Condition::Eq, overflow, 0);
        b.guard(fits, MissReason::Int);
        return b.new_int(x, &[value]);
    }
    let ways = Ways::new(b);
    let (float, other) = (b.block(), b.block());
    let is_float = is_exactly(b, value, Global::FloatType);
    b.branch(is_float, float, other);
    b.switch_to(float);
    let x = b.float_value(value);
    let x = b.unary(UnaryOp::FNeg, x);
    let result = b.new_float(x, &[value]);
    ways.found(b, result);
    b.switch_to(other);
    let [x] = ways.compact_ints(b, [value]);
    ways.need_bits(b, 62, &[x]);
    let x = b.unary(UnaryOp::Neg, x);
    let result = b.new_int(x, &[value]);
    ways.found(b, result);
    ways.or_else(b, |b| unary_call(b, Helper::Negative, value))
}

/// A unary operator on any object.
pub fn unary_call(b: &mut Builder<'_>, helper: Helper, value: Value) -> Value {
    let result = b.call_checked(helper, &[value]);
    b.release(value);
    result
}
