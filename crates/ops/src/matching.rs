//! `match` statements, and the interpreter's built-in functions.

use crate::{Imm, Ptr, operations};
use whipsnake_cpython::layout::type_object;
use whipsnake_ir::{BinaryOp, Builder, Condition, Helper, Type, Value};

operations! {
    "GET_LEN" (value) -> 1, keeps 1 => |b: &mut Builder<'_>, v| b.call_checked(Helper::Length, &[v]);
    "MATCH_CLASS" (subject, class, names) -> 1, imms [Imm::Oparg(0)] => match_class;
    "MATCH_MAPPING" (subject) -> 1, keeps 1 => |b, s| has_flag(b, type_object::MAPPING, s);
    "MATCH_SEQUENCE" (subject) -> 1, keeps 1 => |b, s| has_flag(b, type_object::SEQUENCE, s);
    "MATCH_KEYS" (subject, keys) -> 1, keeps 2 => |b: &mut Builder<'_>, s, k| b.call_checked(Helper::MatchKeys, &[s, k]);
    "CALL_INTRINSIC_1" (value) -> 1, ptrs [Ptr::UnaryIntrinsic] => intrinsic_1;
    "CALL_INTRINSIC_2" (left, right) -> 1, ptrs [Ptr::BinaryIntrinsic] => intrinsic_2;
}

/// The attributes that a class pattern asks for, or `None`.
pub fn match_class(b: &mut Builder<'_>, subject: Value, class: Value, names: Value) -> Value {
    let count = b.param(0);
    let result = b.call_checked(Helper::MatchClass, &[subject, class, names, count]);
    b.release_all(&[subject, class, names]);
    result
}

/// Whether the type of a pattern's subject has a flag.
pub fn has_flag(b: &mut Builder<'_>, flag: u64, subject: Value) -> Value {
    let class = b.type_of(subject);
    let flags = b.load(Type::I64, class, type_object::TP_FLAGS);
    let flag = b.binary_const(BinaryOp::And, flags, flag as i64);
    let condition = b.compare_const(Condition::Ne, flag, 0);
    b.bool_object(condition)
}

/// A built-in function of one value.
pub fn intrinsic_1(b: &mut Builder<'_>, value: Value) -> Value {
    let (function, thread) = (b.pointer(0), b.thread_state());
    let result = b.call_pointer(function, &[thread, value], Type::Obj);
    b.error_if_null(result);
    b.release(value);
    result
}

/// A built-in function of two values.
pub fn intrinsic_2(b: &mut Builder<'_>, left: Value, right: Value) -> Value {
    let (function, thread) = (b.pointer(0), b.thread_state());
    let result = b.call_pointer(function, &[thread, left, right], Type::Obj);
    b.error_if_null(result);
    b.release_all(&[left, right]);
    result
}
