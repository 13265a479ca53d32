//! Items and slices.

use crate::number::guard_index;
use crate::operations;
use whipsnake_cpython::layout::{list, runtime, tuple, unicode};
use whipsnake_ir::{BinaryOp, Builder, Condition, Failure, Global, Helper, Known, MissReason, Type, UnaryOp, Value};

operations! {
    "BINARY_SUBSCR" (container, key) -> 1, borrows [0, 1] => |b, c, k| get_item(b, Helper::GetItem, c, k);
    "BINARY_SUBSCR_LIST_INT" (list, index) -> 1, borrows [0, 1] => list_item;
    "BINARY_SUBSCR_TUPLE_INT" (tuple, index) -> 1, borrows [0, 1] => tuple_item;
    "BINARY_SUBSCR_STR_INT" (string, index) -> 1, borrows [0, 1] => character;
    "BINARY_SUBSCR_DICT" (dict, key) -> 1, borrows [0, 1] => dict_item;
    "STORE_SUBSCR" (value, container, key) -> 0, borrows [0, 1, 2] => |b, v, c, k| set_item(b, Helper::SetItem, v, c, k);
    "STORE_SUBSCR_LIST_INT" (value, list, index) -> 0, borrows [0, 1, 2] => set_list_item;
    "STORE_SUBSCR_DICT" (value, dict, key) -> 0, borrows [0, 1, 2] => set_dict_item;
    "DELETE_SUBSCR" (container, key) -> 0, borrows [0, 1] => delete_item;
    "BINARY_SLICE" (container, start, stop) -> 1, borrows [0, 1, 2] => get_slice;
    "STORE_SLICE" (value, container, start, stop) -> 0 => set_slice;
}

/// No object is at this address.
const NOTHING: i64 = 8;

/// `container[key]`, by a helper.
pub fn get_item(b: &mut Builder<'_>, helper: Helper, container: Value, key: Value) -> Value {
    let result = b.call_checked(helper, &[container, key]);
    b.release_all(&[container, key]);
    result
}

/// `container[key] = value`, by a helper.
pub fn set_item(b: &mut Builder<'_>, helper: Helper, value: Value, container: Value, key: Value) {
    b.call_status(helper, &[container, key, value]);
    b.release_all(&[value, container, key]);
}

/// The position of an item: guards that the index is inside a sequence. A region counts constants that are negative from the end.
fn guard_position(b: &mut Builder<'_>, sequence: Value, size: i32, index: Value) -> Value {
    if let Some(known) = negative_constant(b, index) {
        let size = b.load(Type::I64, sequence, size);
        let position = b.binary_const(BinaryOp::Add, size, known);
        if let Some(outside) = b.caught(Failure::Index) {
            let before = b.compare_const(Condition::Lt, position, 0);
            b.branch_out(before, outside);
            return position;
        }
        let inside = b.compare_const(Condition::Ge, position, 0);
        b.guard(inside, MissReason::Bounds);
        return position;
    }
    let position = guard_index(b, index);
    let size = b.load(Type::I64, sequence, size);
    // Neither is negative.
    if let Some(outside) = b.caught(Failure::Index) {
        let beyond = b.compare(Condition::Ge, position, size);
        b.branch_out(beyond, outside);
        return position;
    }
    let inside = b.compare(Condition::Lt, position, size);
    b.guard(inside, MissReason::Bounds);
    position
}

/// The value of an int that a region knows to be constant and negative.
fn negative_constant(b: &Builder<'_>, index: Value) -> Option<i64> {
    if b.known_class(index) != Some(Global::IntType) {
        return None;
    }
    let raw = b.raw(index)?;
    b.constant(raw).filter(|&known| known < 0)
}

/// How an item is found: the position in a sequence, whose size is at an offset, that an index stands for. Guards that there is an item.
pub(crate) type Position = fn(&mut Builder<'_>, sequence: Value, size: i32, index: Value) -> Value;

/// The address of a list's item: guards the types and that it is there.
fn list_slot(b: &mut Builder<'_>, list: Value, index: Value, position: Position) -> Value {
    b.guard_exact(list, Global::ListType);
    let position = position(b, list, list::OB_SIZE, index);
    let items = b.load(Type::Ptr, list, list::OB_ITEM);
    b.element(items, position, 3)
}

/// `list[index]`.
pub fn list_item(b: &mut Builder<'_>, list: Value, index: Value) -> Value {
    list_item_at(b, list, index, guard_position)
}

pub(crate) fn list_item_at(b: &mut Builder<'_>, list: Value, index: Value, position: Position) -> Value {
    let slot = list_slot(b, list, index, position);
    let item = b.load(Type::Obj, slot, 0);
    b.retain(item);
    b.release_all(&[index, list]);
    item
}

/// `tuple[index]`.
pub fn tuple_item(b: &mut Builder<'_>, tuple: Value, index: Value) -> Value {
    tuple_item_at(b, tuple, index, guard_position)
}

pub(crate) fn tuple_item_at(b: &mut Builder<'_>, tuple: Value, index: Value, position: Position) -> Value {
    b.guard_exact(tuple, Global::TupleType);
    let position = position(b, tuple, tuple::OB_SIZE, index);
    let base = b.unary(UnaryOp::AsInt, tuple);
    let slot = b.element(base, position, 3);
    let item = b.load(Type::Obj, slot, tuple::OB_ITEM);
    b.retain(item);
    b.release_all(&[index, tuple]);
    item
}

/// `string[index]` where the string is ASCII: the characters are all preallocated.
pub fn character(b: &mut Builder<'_>, string: Value, index: Value) -> Value {
    character_by(b, string, index, guard_position)
}

pub(crate) fn character_by(b: &mut Builder<'_>, string: Value, index: Value, position: Position) -> Value {
    b.guard_exact(string, Global::StrType);
    let position = position(b, string, unicode::LENGTH, index);
    let character = character_at(b, string, position);
    b.release_all(&[index, string]);
    character
}

/// The character at a position of a string that is guarded to be ASCII.
pub(crate) fn character_at(b: &mut Builder<'_>, string: Value, position: Value) -> Value {
    let code = ascii_code(b, string, position);
    let character = ascii_string(b, code);
    one_character(b, character)
}

/// The string of an ASCII character, at its address.
fn one_character(b: &mut Builder<'_>, address: Value) -> Value {
    let character = immortal_string(b, address);
    b.learn(character, |known| known.character = true);
    character
}

/// Guards that a position is inside a sequence of that size.
pub(crate) fn guard_inside(b: &mut Builder<'_>, position: Value, size: Value) {
    let inside = b.compare(Condition::LtU, position, size);
    b.guard(inside, MissReason::Bounds);
}

/// The immortal string at an address.
pub(crate) fn immortal_string(b: &mut Builder<'_>, address: Value) -> Value {
    let string = b.unary(UnaryOp::AsObj, address);
    b.learn(string, |known| *known = Known { immortal: true, ..Known::exactly(Global::StrType) });
    string
}

/// The address of the string of an ASCII character.
pub(crate) fn ascii_string(b: &mut Builder<'_>, code: Value) -> Value {
    let offset = b.binary_const(BinaryOp::Mul, code, i64::from(runtime::STRINGS_ASCII_STRIDE));
    let table = b.global(Global::AsciiStrings);
    let table = b.unary(UnaryOp::AsInt, table);
    b.binary(BinaryOp::Add, table, offset)
}

/// The character at a position of a string that is known to be ASCII.
pub(crate) fn known_character_at(b: &mut Builder<'_>, string: Value, position: Value) -> Value {
    let code = known_ascii_code(b, string, position);
    let character = ascii_string(b, code);
    one_character(b, character)
}

/// The code of the character at a position of a string that is guarded to be ASCII.
pub(crate) fn ascii_code(b: &mut Builder<'_>, string: Value, position: Value) -> Value {
    guard_ascii(b, string);
    known_ascii_code(b, string, position)
}

/// Guards that a string is ASCII.
pub fn guard_ascii(b: &mut Builder<'_>, string: Value) {
    let state = b.load(Type::I32, string, unicode::STATE);
    let flags = i64::from(unicode::ASCII_MASK | unicode::COMPACT_MASK);
    let state = b.binary_const(BinaryOp::And, state, flags);
    let ascii = b.compare_const(Condition::Eq, state, flags);
    b.guard(ascii, MissReason::Value);
}

/// The code of the character at a position of a string that is known to be ASCII.
fn known_ascii_code(b: &mut Builder<'_>, string: Value, position: Value) -> Value {
    let base = b.unary(UnaryOp::AsInt, string);
    let address = b.binary(BinaryOp::Add, base, position);
    let address = b.unary(UnaryOp::AsPtr, address);
    let byte = b.load(Type::I8, address, unicode::ASCII_DATA);
    b.unary(UnaryOp::ExtendU, byte)
}

/// `dict[key]`.
pub fn dict_item(b: &mut Builder<'_>, dict: Value, key: Value) -> Value {
    b.guard_exact(dict, Global::DictType);
    if let Some(missing) = b.caught(Failure::Key) {
        let nothing = b.iconst(Type::Obj, NOTHING);
        let value = b.call(Helper::DictFindOr, &[dict, key, nothing]);
        let absent = b.compare_const(Condition::Eq, value, NOTHING);
        b.branch_out(absent, missing);
        return found(b, value, &[dict, key]);
    }
    if b.in_region() {
        let value = b.call(Helper::DictFind, &[dict, key]);
        return found(b, value, &[dict, key]);
    }
    get_item(b, Helper::DictGetItem, dict, key)
}

/// A reference to what a search has found, if it has; drops those to the operands.
pub(crate) fn found(b: &mut Builder<'_>, value: Value, operands: &[Value]) -> Value {
    let there = b.compare_const(Condition::Ne, value, 0);
    b.guard(there, MissReason::Value);
    b.retain(value);
    b.release_all(operands);
    value
}

/// `list[index] = value`. The old item goes after the list has the new one.
pub fn set_list_item(b: &mut Builder<'_>, value: Value, list: Value, index: Value) {
    set_list_item_at(b, value, list, index, guard_position);
}

/// The old item goes after the list has the new one.
pub(crate) fn set_list_item_at(b: &mut Builder<'_>, value: Value, list: Value, index: Value, position: Position) {
    let slot = list_slot(b, list, index, position);
    let old = b.load(Type::Obj, slot, 0);
    let value = b.take(value);
    b.store(value, slot, 0);
    b.release_all(&[old, index, list]);
}

/// `dict[key] = value`.
pub fn set_dict_item(b: &mut Builder<'_>, value: Value, dict: Value, key: Value) {
    b.guard_exact(dict, Global::DictType);
    if b.in_region() {
        let old = put_in_dict(b, dict, key, value);
        b.release_or_null(old);
        return b.release_all(&[value, dict, key]);
    }
    set_item(b, Helper::DictSetItem, value, dict, key);
}

/// `dict[key] = value` in a region, if no Python code has a say: the reference to the old value, or NULL.
pub(crate) fn put_in_dict(b: &mut Builder<'_>, dict: Value, key: Value, value: Value) -> Value {
    let (old, status) = b.call_pair(Helper::DictPut, &[dict, key, value]);
    let failed = b.compare_const(Condition::Lt, status, 0);
    b.error_if(failed);
    let done = b.compare_const(Condition::Ne, status, 0);
    b.guard(done, MissReason::Value);
    old
}

/// `del container[key]`.
pub fn delete_item(b: &mut Builder<'_>, container: Value, key: Value) {
    b.call_status(Helper::DeleteItem, &[container, key]);
    b.release_all(&[container, key]);
}

/// The bounds of a slice of what a region knows to be exactly a list, as numbers, if it knows what they are.
fn bounds_in_list(b: &mut Builder<'_>, container: Value, start: Value, stop: Value) -> Option<[Value; 2]> {
    let is_bound = |b: &mut Builder<'_>, value| b.is_none(value) || b.known_class(value) == Some(Global::IntType);
    if b.known_class(container) != Some(Global::ListType) || !is_bound(b, start) || !is_bound(b, stop) {
        return None;
    }
    Some(
        [(start, 0), (stop, i64::MAX)]
            .map(|(bound, missing)| if b.is_none(bound) { b.iconst(Type::I64, missing) } else { b.unbox_int(bound) }),
    )
}

/// `container[start:stop]`.
pub fn get_slice(b: &mut Builder<'_>, container: Value, start: Value, stop: Value) -> Value {
    if let Some([low, high]) = bounds_in_list(b, container, start, stop) {
        let result = b.call_checked(Helper::ListSlice, &[container, low, high]);
        b.release_all(&[start, stop, container]);
        b.learn_class(result, Global::ListType);
        return result;
    }
    let result = b.call_checked(Helper::GetSlice, &[container, start, stop]);
    b.release_all(&[start, stop, container]);
    result
}

/// `container[start:stop] = value`.
pub fn set_slice(b: &mut Builder<'_>, value: Value, container: Value, start: Value, stop: Value) {
    if let Some([low, high]) = bounds_in_list(b, container, start, stop) {
        let done = b.call(Helper::ExchangeSlice, &[value, container, low, high]);
        let other = b.compare_const(Condition::Eq, done, 0);
        // Where the values are exchanged, the reference to `value` must count: it is dropped only behind this branch.
        b.when_cold(other, |b| {
            b.call_status(Helper::SetListSlice, &[value, container, low, high]);
        });
    } else {
        b.call_status(Helper::SetSlice, &[value, container, start, stop]);
    }
    b.release_all(&[start, stop, value, container]);
}
