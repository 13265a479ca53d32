//! Loops over dicts, and their items and values: entries are read from the table, and the pair of an item is not made where it is taken apart.
//!
//! The interpreter has no instruction for these: they are for the optimizing tier, which has seen the object.

use crate::attributes::entries;
use crate::operations;
use crate::zips::{end_of_any, leave_if, reuse_tuple, track_again};
use whipsnake_cpython::layout::{dict, dict_iterator, dict_keys, tuple};
use whipsnake_ir::{BinaryOp, Block, Builder, Condition, Global, MissReason, Type, UnaryOp, Value};

use Global::{DictItemIteratorType as Items, DictKeyIteratorType as Keys, DictValueIteratorType as Values};

operations! {
    "FOR_ITER.items" (iterator) -> 1, keeps 1 => |b: &mut Builder<'_>, iterator| next_item(b, iterator, false);
    "FOR_ITER.items_str" (iterator) -> 1, keeps 1 => |b: &mut Builder<'_>, iterator| next_item(b, iterator, true);
    "FOR_ITER.keys" (iterator) -> 1, keeps 1 => |b: &mut Builder<'_>, iterator| next_of(b, iterator, Keys, false);
    "FOR_ITER.keys_str" (iterator) -> 1, keeps 1 => |b: &mut Builder<'_>, iterator| next_of(b, iterator, Keys, true);
    "FOR_ITER.values" (iterator) -> 1, keeps 1 => |b: &mut Builder<'_>, iterator| next_of(b, iterator, Values, false);
    "FOR_ITER.values_str" (iterator) -> 1, keeps 1 => |b: &mut Builder<'_>, iterator| next_of(b, iterator, Values, true);
}

/// The operation for an iterator of this type over a dict; `strings` says that all keys are strings.
pub fn dict_operation(class: Global, strings: bool) -> Option<&'static str> {
    Some(match (class, strings) {
        (Items, false) => "FOR_ITER.items",
        (Items, true) => "FOR_ITER.items_str",
        (Keys, false) => "FOR_ITER.keys",
        (Keys, true) => "FOR_ITER.keys_str",
        (Values, false) => "FOR_ITER.values",
        (Values, true) => "FOR_ITER.values_str",
        _ => return None,
    })
}

/// The key and value that come next, borrowed; the iterator has moved on. Goes to `ended` where there is none, or the dict has changed its size, and leaves the region where a
/// key was deleted, or the table has another form.
fn advance(b: &mut Builder<'_>, iterator: Value, strings: bool, ended: Block) -> [Value; 2] {
    let avoid = |b: &mut Builder<'_>, condition: Value| {
        let usual = b.compare_const(Condition::Eq, condition, 0);
        b.guard(usual, MissReason::Value);
    };
    let owner = b.load(Type::Obj, iterator, dict_iterator::DI_DICT);
    let none = b.is_null(owner);
    leave_if(b, none, ended);
    let used = b.load(Type::I64, iterator, dict_iterator::DI_USED);
    let has = b.load(Type::I64, owner, dict::MA_USED);
    let changed = b.compare(Condition::Ne, used, has);
    leave_if(b, changed, ended);
    let split = b.load(Type::Ptr, owner, dict::MA_VALUES);
    let split = b.compare_const(Condition::Ne, split, 0);
    avoid(b, split);
    let keys = b.load(Type::Ptr, owner, dict::MA_KEYS);
    let kind = b.load(Type::I8, keys, dict_keys::DK_KIND);
    let expected = if strings { dict_keys::UNICODE } else { dict_keys::GENERAL };
    let other = b.compare_const(Condition::Ne, kind, expected.into());
    avoid(b, other);
    let at = b.load(Type::I64, iterator, dict_iterator::DI_POS);
    let count = b.load(Type::I64, keys, dict_keys::DK_NENTRIES);
    let past = b.compare(Condition::GeU, at, count);
    leave_if(b, past, ended);
    let left = b.load(Type::I64, iterator, dict_iterator::LEN);
    let surprise = b.compare_const(Condition::Eq, left, 0);
    avoid(b, surprise);
    let (size, key, value) = if strings {
        (dict_keys::UNICODE_ENTRY_SIZE, dict_keys::UNICODE_ENTRY_KEY, dict_keys::UNICODE_ENTRY_VALUE)
    } else {
        (dict_keys::ENTRY_SIZE, dict_keys::ENTRY_KEY, dict_keys::ENTRY_VALUE)
    };
    let first = entries(b, keys);
    let first = b.unary(UnaryOp::AsInt, first);
    let offset = b.binary_const(BinaryOp::Mul, at, size.into());
    let entry = b.binary(BinaryOp::Add, first, offset);
    let entry = b.unary(UnaryOp::AsPtr, entry);
    let value = b.load(Type::Obj, entry, dict_keys::DK_INDICES + value);
    let deleted = b.is_null(value);
    avoid(b, deleted);
    let key = b.load(Type::Obj, entry, dict_keys::DK_INDICES + key);
    let next = b.binary_const(BinaryOp::Add, at, 1);
    b.store(next, iterator, dict_iterator::DI_POS);
    let left = b.binary_const(BinaryOp::Sub, left, 1);
    b.store(left, iterator, dict_iterator::LEN);
    [key, value]
}

/// The next pair.
fn next_item(b: &mut Builder<'_>, iterator: Value, strings: bool) -> Value {
    b.guard_exact(iterator, Items);
    // The interpreter's tuple holds the last pair until the next one comes, if nobody else has the tuple.
    let held = b.load(Type::Obj, iterator, dict_iterator::DI_RESULT);
    reuse_tuple(b, held);
    let (ended, done) = (b.block(), b.block());
    b.set_cold(ended);
    let pair = advance(b, iterator, strings, ended);
    track_again(b, held);
    let places = [tuple::OB_ITEM, tuple::OB_ITEM + 8];
    let before = places.map(|place| b.load(Type::Obj, held, place));
    for (value, place) in pair.into_iter().zip(places) {
        b.retain(value);
        b.store(value, held, place);
        b.retain(value);
    }
    let result = b.new_tuple(&pair);
    b.release_all(&before);
    b.jump(done, &[]);
    b.switch_to(ended);
    end_of_any(b, iterator);
    b.switch_to(done);
    result
}

/// The next key or value.
fn next_of(b: &mut Builder<'_>, iterator: Value, class: Global, strings: bool) -> Value {
    b.guard_exact(iterator, class);
    let (ended, done) = (b.block(), b.block());
    b.set_cold(ended);
    let [key, value] = advance(b, iterator, strings, ended);
    let found = if class == Keys { key } else { value };
    b.retain(found);
    b.jump(done, &[]);
    b.switch_to(ended);
    end_of_any(b, iterator);
    b.switch_to(done);
    found
}
