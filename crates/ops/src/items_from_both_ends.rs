//! Items by numbers that may be negative and count from the end.
//!
//! The interpreter has no instructions for these: it specialises only for numbers that are not. They are for the optimizing tier, where the interpreter has found
//! nothing to specialise, or what it found has failed.

use crate::containers::{self, guard_inside};
use crate::operations;
use whipsnake_ir::{BinaryOp, Builder, Condition, Global, Helper, Known, MissReason, Type, Value};

operations! {
    "BINARY_SUBSCR.list" (list, index) -> 1, borrows [0, 1] => list_item;
    "BINARY_SUBSCR.tuple" (tuple, index) -> 1, borrows [0, 1] => tuple_item;
    "BINARY_SUBSCR.str" (string, index) -> 1, borrows [0, 1] => character;
    "BINARY_SUBSCR.wide_str" (string, index) -> 1, borrows [0, 1] => character_of_any;
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

/// `list[index]`.
fn list_item(b: &mut Builder<'_>, list: Value, index: Value) -> Value {
    containers::list_item_at(b, list, index, position)
}

/// `tuple[index]`.
fn tuple_item(b: &mut Builder<'_>, tuple: Value, index: Value) -> Value {
    containers::tuple_item_at(b, tuple, index, position)
}

/// `string[index]` where the string is ASCII.
fn character(b: &mut Builder<'_>, string: Value, index: Value) -> Value {
    containers::character_by(b, string, index, position)
}

/// `string[index]` where that is an ASCII character, whatever others are.
fn character_of_any(b: &mut Builder<'_>, string: Value, index: Value) -> Value {
    b.guard_exact(string, Global::StrType);
    b.guard_exact(index, Global::IntType);
    let position = b.unbox_int(index);
    let character = b.call(Helper::CharacterAt, &[string, position]);
    let there = b.compare_const(Condition::Ne, character, 0);
    b.guard(there, MissReason::Value);
    b.learn(character, |known| *known = Known { immortal: true, character: true, ..Known::exactly(Global::StrType) });
    b.release_all(&[index, string]);
    character
}

/// `list[index] = value`.
fn set_list_item(b: &mut Builder<'_>, value: Value, list: Value, index: Value) {
    containers::set_list_item_at(b, value, list, index, position);
}
