//! Items by numbers that may be negative and count from the end.
//!
//! The interpreter has no instructions for these: it specialises only for numbers that are not. They are for the optimizing tier, where the interpreter has found
//! nothing to specialise, or what it found has failed.

use crate::containers::{character_at, guard_inside};
use crate::operations;
use whipsnake_cpython::layout::{list, tuple, unicode};
use whipsnake_ir::{BinaryOp, Builder, Condition, Global, Type, UnaryOp, Value};

operations! {
    "BINARY_SUBSCR.list" (list, index) -> 1, borrows [0, 1] => list_item;
    "BINARY_SUBSCR.tuple" (tuple, index) -> 1, borrows [0, 1] => tuple_item;
    "BINARY_SUBSCR.str" (string, index) -> 1, borrows [0, 1] => character;
    "STORE_SUBSCR.list" (value, list, index) -> 0, borrows [0, 1, 2] => set_list_item;
}

/// The position of an item that is there.
fn position(b: &mut Builder<'_>, sequence: Value, size: i32, index: Value) -> Value {
    b.guard_exact(index, Global::IntType);
    let index = b.unbox_int(index);
    let size = b.load(Type::I64, sequence, size);
    let negative = b.compare_const(Condition::Lt, index, 0);
    let from_end = b.binary(BinaryOp::Add, index, size);
    let position = b.select(negative, from_end, index);
    guard_inside(b, position, size);
    position
}

fn list_slot(b: &mut Builder<'_>, list: Value, index: Value) -> Value {
    b.guard_exact(list, Global::ListType);
    let position = position(b, list, list::OB_SIZE, index);
    let items = b.load(Type::Ptr, list, list::OB_ITEM);
    b.element(items, position, 3)
}

/// `list[index]`.
fn list_item(b: &mut Builder<'_>, list: Value, index: Value) -> Value {
    let slot = list_slot(b, list, index);
    let item = b.load(Type::Obj, slot, 0);
    b.retain(item);
    b.release_all(&[index, list]);
    item
}

/// `tuple[index]`.
fn tuple_item(b: &mut Builder<'_>, tuple: Value, index: Value) -> Value {
    b.guard_exact(tuple, Global::TupleType);
    let position = position(b, tuple, tuple::OB_SIZE, index);
    let base = b.unary(UnaryOp::AsInt, tuple);
    let slot = b.element(base, position, 3);
    let item = b.load(Type::Obj, slot, tuple::OB_ITEM);
    b.retain(item);
    b.release_all(&[index, tuple]);
    item
}

/// `string[index]` where the string is ASCII.
fn character(b: &mut Builder<'_>, string: Value, index: Value) -> Value {
    b.guard_exact(string, Global::StrType);
    let position = position(b, string, unicode::LENGTH, index);
    let character = character_at(b, string, position);
    b.release_all(&[index, string]);
    character
}

/// `list[index] = value`. The old item goes after the list has the new one.
fn set_list_item(b: &mut Builder<'_>, value: Value, list: Value, index: Value) {
    let slot = list_slot(b, list, index);
    let old = b.load(Type::Obj, slot, 0);
    let value = b.take(value);
    b.store(value, slot, 0);
    b.release_all(&[old, index, list]);
}
