//! Arithmetic: binary operators, unary operators.

use crate::{Ptr, operations};
use whipsnake_cpython::layout;
use whipsnake_ir::{BinaryOp, Builder, Condition, Global, MissReason, Type, Value};

operations! {
    "BINARY_OP" (left, right) -> 1, ptrs [Ptr::BinaryFunction] => binary_op;
    "BINARY_OP_ADD_FLOAT" (left, right) -> 1, borrows [0, 1] => |b, l, r| float_op(b, BinaryOp::FAdd, l, r);
    "BINARY_OP_SUBTRACT_FLOAT" (left, right) -> 1, borrows [0, 1] => |b, l, r| float_op(b, BinaryOp::FSub, l, r);
    "BINARY_OP_MULTIPLY_FLOAT" (left, right) -> 1, borrows [0, 1] => |b, l, r| float_op(b, BinaryOp::FMul, l, r);
    "BINARY_OP_ADD_INT" (left, right) -> 1, borrows [0, 1] => |b, l, r| int_op(b, BinaryOp::Add, l, r);
    "BINARY_OP_SUBTRACT_INT" (left, right) -> 1, borrows [0, 1] => |b, l, r| int_op(b, BinaryOp::Sub, l, r);
    "BINARY_OP_MULTIPLY_INT" (left, right) -> 1, borrows [0, 1] => |b, l, r| int_op(b, BinaryOp::Mul, l, r);
}

/// `left OP right` for any objects.
pub fn binary_op(b: &mut Builder<'_>, left: Value, right: Value) -> Value {
    let function = b.pointer(0);
    let result = b.call_pointer(function, &[left, right], Type::Obj);
    b.error_if_null(result);
    b.release_all(&[left, right]);
    result
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
    guard_compact_int(b, left);
    guard_compact_int(b, right);
    let (x, y) = (b.int_value(left), b.int_value(right));
    let result = b.binary(op, x, y);
    b.new_int(result, &[left, right])
}

/// Guards that the value is exactly `int` and fits one digit.
pub(crate) fn guard_compact_int(b: &mut Builder<'_>, value: Value) {
    b.guard_exact(value, Global::IntType);
    let tag = b.load(Type::I64, value, layout::long::LV_TAG);
    let compact = b.compare_const(Condition::LtU, tag, 2 << layout::long::NON_SIZE_BITS);
    b.guard(compact, MissReason::Int);
}
