//! Items of `array.array`, `bytes` and `bytearray`, read and written where they are.
//!
//! The interpreter has no instructions for these: they are for the optimizing tier, which has seen the object. What tells arrays of different items
//! apart is the description that each points to ([`Ptr::Seen`]).

use crate::number::guard_index;
use crate::{Ptr, operations};
use whipsnake_cpython::layout::{array, bytearray, bytes};
use whipsnake_ir::{BinaryOp, Builder, Condition, Global, MissReason, Type, UnaryOp, Value};

operations! {
    "BINARY_SUBSCR.array_f64" (array, index) -> 1, borrows [0, 1], ptrs [Ptr::Seen] => |b, a, i| item(b, Type::F64, a, i);
    "BINARY_SUBSCR.array_i64" (array, index) -> 1, borrows [0, 1], ptrs [Ptr::Seen] => |b, a, i| item(b, Type::I64, a, i);
    "BINARY_SUBSCR.array_i32" (array, index) -> 1, borrows [0, 1], ptrs [Ptr::Seen] => |b, a, i| item(b, Type::I32, a, i);
    "BINARY_SUBSCR.array_u8" (array, index) -> 1, borrows [0, 1], ptrs [Ptr::Seen] => |b, a, i| item(b, Type::I8, a, i);
    "STORE_SUBSCR.array_f64" (value, array, index) -> 0, borrows [0, 1, 2], ptrs [Ptr::Seen] => |b, v, a, i| set_item(b, Type::F64, v, a, i);
    "STORE_SUBSCR.array_i64" (value, array, index) -> 0, borrows [0, 1, 2], ptrs [Ptr::Seen] => |b, v, a, i| set_item(b, Type::I64, v, a, i);
    "STORE_SUBSCR.array_i32" (value, array, index) -> 0, borrows [0, 1, 2], ptrs [Ptr::Seen] => |b, v, a, i| set_item(b, Type::I32, v, a, i);
    "BINARY_SUBSCR.bytes" (bytes, index) -> 1, borrows [0, 1] => byte;
    "BINARY_SUBSCR.bytearray" (bytes, index) -> 1, borrows [0, 1] => bytearray_item;
}

/// The index of an item, which is there.
fn position(b: &mut Builder<'_>, sequence: Value, index: Value) -> Value {
    let index = guard_index(b, index);
    // Where all objects of variable size have it.
    let size = b.load(Type::I64, sequence, bytes::OB_SIZE);
    let inside = b.compare(Condition::Lt, index, size);
    b.guard(inside, MissReason::Bounds);
    index
}

/// The address of an array's item. Guards that the items are as those that were seen.
fn slot(b: &mut Builder<'_>, ty: Type, array: Value, index: Value) -> Value {
    b.guard_exact(array, Global::ArrayType);
    let (found, seen) = (b.load(Type::Ptr, array, array::OB_DESCR), b.pointer(0));
    let same = b.compare(Condition::Eq, found, seen);
    b.guard(same, MissReason::Type);
    let index = position(b, array, index);
    let items = b.load(Type::Ptr, array, array::OB_ITEM);
    b.element(items, index, i64::from(ty.bytes().ilog2()))
}

/// `array[index]`.
fn item(b: &mut Builder<'_>, ty: Type, array: Value, index: Value) -> Value {
    let slot = slot(b, ty, array, index);
    let raw = b.load(ty, slot, 0);
    match ty {
        Type::F64 => b.new_float(raw, &[index, array]),
        Type::I64 => b.new_int(raw, &[index, array]),
        Type::I32 => {
            let wide = b.unary(UnaryOp::ExtendS, raw);
            b.new_int(wide, &[index, array])
        }
        _ => {
            let wide = b.unary(UnaryOp::ExtendU, raw);
            b.new_int(wide, &[index, array])
        }
    }
}

/// `array[index] = value`, where the value is of the type that reading it gives.
fn set_item(b: &mut Builder<'_>, ty: Type, value: Value, array: Value, index: Value) {
    let raw = if ty == Type::F64 {
        b.guard_exact(value, Global::FloatType);
        b.float_value(value)
    } else {
        b.guard_exact(value, Global::IntType);
        b.unbox_int(value)
    };
    let slot = slot(b, ty, array, index);
    let raw = if ty == Type::I32 {
        let narrow = b.unary(UnaryOp::Truncate, raw);
        let wide = b.unary(UnaryOp::ExtendS, narrow);
        let fits = b.compare(Condition::Eq, wide, raw);
        b.guard(fits, MissReason::Int);
        narrow
    } else {
        raw
    };
    b.store(raw, slot, 0);
    b.release_all(&[value, array, index]);
}

/// `bytes[index]`.
fn byte(b: &mut Builder<'_>, bytes: Value, index: Value) -> Value {
    b.guard_exact(bytes, Global::BytesType);
    let position = position(b, bytes, index);
    let base = b.unary(UnaryOp::AsInt, bytes);
    let address = b.binary(BinaryOp::Add, base, position);
    let address = b.unary(UnaryOp::AsPtr, address);
    let byte = b.load(Type::I8, address, bytes::OB_SVAL);
    let wide = b.unary(UnaryOp::ExtendU, byte);
    b.new_int(wide, &[index, bytes])
}

/// `bytearray[index]`.
fn bytearray_item(b: &mut Builder<'_>, bytes: Value, index: Value) -> Value {
    b.guard_exact(bytes, Global::ByteArrayType);
    let position = position(b, bytes, index);
    let start = b.load(Type::Ptr, bytes, bytearray::OB_START);
    let address = b.element(start, position, 0);
    let byte = b.load(Type::I8, address, 0);
    let wide = b.unary(UnaryOp::ExtendU, byte);
    b.new_int(wide, &[index, bytes])
}
