//! Attributes of instances whose class is known: for the optimizing tier, which has asked for the class where it found several.
//!
//! Immediate [`Imm::Seen`] is the offset of the attribute in the instance.

use crate::attribute_stores::store_inline;
use crate::attributes::{found, guard_present, inline_value, value_at};
use crate::containers::guard_inside;
use crate::{Imm, Ptr, operations};
use whipsnake_cpython::layout::{dict_values, object, tuple};
use whipsnake_ir::{BinaryOp, Builder, Helper, Offset, Type, UnaryOp, Value};

operations! {
    "LOAD_ATTR.value" (owner) -> 1, borrows [0], imms [Imm::Seen] => |b: &mut Builder<'_>, o| { let place = b.param_offset(0, 0); inline_value(b, o, place) };
    "LOAD_ATTR.anywhere" (owner) -> 1, borrows [0], imms [Imm::Seen], ptrs [Ptr::Name(1)] => anywhere;
    "LOAD_ATTR.slot" (owner) -> 1, borrows [0], imms [Imm::Seen] => |b: &mut Builder<'_>, o| { let place = b.param_offset(0, 0); value_at(b, o, place) };
    "LOAD_ATTR.item" (owner) -> 1, borrows [0], imms [Imm::Seen] => load_item;
    "STORE_ATTR.value" (value, owner) -> 0, borrows [0, 1], imms [Imm::Seen] => store_value;
    "STORE_ATTR.slot" (value, owner) -> 0, borrows [0, 1], imms [Imm::Seen]
        => |b: &mut Builder<'_>, v, o| { let place = b.param_offset(0, 0); crate::attribute_stores::store_at(b, v, o, place) };
}

/// Loads a value that is inside the instance or in its dict, of which some instances have one. That runs no code: names are strings.
fn anywhere(b: &mut Builder<'_>, owner: Value) -> Value {
    let place = b.param_offset(0, 0);
    let inside = b.load(Type::Bool, owner, object::INLINE_VALUES_OFFSET + dict_values::VALID);
    let value = b.choose(
        inside,
        Type::Obj,
        false,
        |b| if place == Offset::Known(0) { b.null() } else { b.load(Type::Obj, owner, place) },
        |b| {
            let dict = b.load(Type::Obj, owner, object::MANAGED_DICT_OFFSET);
            let none = b.is_null(dict);
            let name = b.object(0);
            b.choose(none, Type::Obj, false, |b| b.null(), |b| b.call(Helper::DictFind, &[dict, name]))
        },
    );
    guard_present(b, value);
    found(b, owner, value)
}

/// Loads an item of a tuple, which has so many.
fn load_item(b: &mut Builder<'_>, owner: Value) -> Value {
    let (place, offset) = (b.param_offset(0, 0), b.param(0));
    let beyond = b.binary_const(BinaryOp::Sub, offset, tuple::OB_ITEM.into());
    let number = b.binary_const(BinaryOp::ShrU, beyond, 3);
    let number = b.unary(UnaryOp::ExtendU, number);
    let size = b.load(Type::I64, owner, tuple::OB_SIZE);
    guard_inside(b, number, size);
    value_at(b, owner, place)
}

/// Stores a value that is inside the instance.
fn store_value(b: &mut Builder<'_>, value: Value, owner: Value) {
    const FIRST: i32 = object::INLINE_VALUES_OFFSET + dict_values::VALUES;
    let (place, offset) = (b.param_offset(0, 0), b.param(0));
    let beyond = b.binary_const(BinaryOp::Sub, offset, FIRST.into());
    let number = b.binary_const(BinaryOp::ShrU, beyond, 3);
    store_inline(b, value, owner, place, number);
}
