//! Displays: making tuples, lists, sets, dicts, strings and slices from values on the stack.
//!
//! How many values there are depends on the operand, so these operations have no declared inputs: a helper reads the slots, and the
//! result is stored in the lowest.

use crate::{Imm, Place, operations};
use whipsnake_cpython::layout::list;
use whipsnake_ir::{BinaryOp, Builder, Condition, Global, Helper, MissReason, Offset, Type, Value, abi};

operations! {
    "BUILD_TUPLE" () -> 0, imms [Imm::Oparg(0)] => |b| build(b, Helper::BuildTuple);
    "BUILD_LIST" () -> 0, imms [Imm::Oparg(0)] => |b| build(b, Helper::BuildList);
    "BUILD_SET" () -> 0, imms [Imm::Oparg(0)] => |b| build(b, Helper::BuildSet);
    "BUILD_MAP" () -> 0, imms [Imm::Oparg(0)] => |b| build(b, Helper::BuildMap);
    "BUILD_STRING" () -> 0, imms [Imm::Oparg(0)] => |b| build(b, Helper::BuildString);
    "BUILD_SLICE" () -> 0, imms [Imm::Oparg(0)] => |b| build(b, Helper::BuildSlice);
    "BUILD_CONST_KEY_MAP" (keys) -> 0, imms [Imm::Oparg(0)], borrows [0] => build_const_key_map;
    "LIST_APPEND" (value) -> 0, place Place::Below(1), borrows [0] => list_append;
    "LIST_EXTEND" (iterable) -> 0, place Place::Below(1) => |b, v| extend(b, Helper::ListExtend, v);
    "SET_ADD" (value) -> 0, place Place::Below(1), borrows [0] => |b, v| extend(b, Helper::SetAdd, v);
    "SET_UPDATE" (iterable) -> 0, place Place::Below(1) => |b, v| extend(b, Helper::SetUpdate, v);
    "DICT_UPDATE" (mapping) -> 0, place Place::Below(1) => |b, v| extend(b, Helper::DictUpdate, v);
    "DICT_MERGE" (mapping) -> 0, place Place::Below(1) => dict_merge;
    "DICT_MERGE.quiet" (mapping) -> 0, place Place::Below(1) => dict_merge_quietly;
    "MAP_ADD" (key, value) -> 0, place Place::Below(2), borrows [0, 1] => map_add;
}

/// Stores the result of an instruction in the lowest slot it consumes.
fn push_at_base(b: &mut Builder<'_>, value: Value) {
    let frame = b.frame();
    b.store(value, frame, Offset::Operand(abi::operand::BASE, 0));
}

/// Makes an object from the instruction's values.
pub fn build(b: &mut Builder<'_>, helper: Helper) {
    let (base, count) = (b.stack_base(), b.param(0));
    let result = b.call_checked(helper, &[base, count]);
    push_at_base(b, result);
}

/// A dict with constant keys.
pub fn build_const_key_map(b: &mut Builder<'_>, keys: Value) {
    let (base, count) = (b.stack_base(), b.param(0));
    let result = b.call_checked(Helper::BuildConstKeyMap, &[base, count, keys]);
    b.release(keys);
    push_at_base(b, result);
}

/// Appends to the list of a comprehension or display: in place if there is room.
pub fn list_append(b: &mut Builder<'_>, value: Value) {
    let list = b.local();
    if b.in_region() {
        crate::consumers::collect(b, list, value);
        return;
    }
    let size = b.load(Type::I64, list, list::OB_SIZE);
    let allocated = b.load(Type::I64, list, list::ALLOCATED);
    let (room, full, done) = (b.block(), b.block(), b.block());
    b.set_cold(full);
    let fits = b.compare(Condition::Lt, size, allocated);
    b.branch(fits, room, full);

    b.switch_to(full);
    b.call_status(Helper::ListAppend, &[list, value]);
    b.release(value);
    b.jump(done, &[]);

    b.switch_to(room);
    let items = b.load(Type::Ptr, list, list::OB_ITEM);
    let slot = b.element(items, size, 3);
    let value = b.take(value);
    b.store(value, slot, 0);
    let size = b.binary_const(BinaryOp::Add, size, 1);
    b.store(size, list, list::OB_SIZE);
    b.jump(done, &[]);
    b.switch_to(done);
}

/// Adds one value or many to the container below.
pub fn extend(b: &mut Builder<'_>, helper: Helper, value: Value) {
    let container = b.local();
    b.call_status(helper, &[container, value]);
    b.release(value);
}

/// Adds keyword arguments to the dict below.
pub fn dict_merge(b: &mut Builder<'_>, mapping: Value) {
    let frame = b.frame();
    let slot = b.address(frame, Offset::Operand(abi::operand::LOCAL, 0));
    b.call_status(Helper::DictMerge, &[slot, mapping]);
    b.release(mapping);
}

/// The same with an exact dict, if that can be done unnoticed: for regions, where what an error's message is made of is in no slot.
pub fn dict_merge_quietly(b: &mut Builder<'_>, mapping: Value) {
    b.guard_exact(mapping, Global::DictType);
    let dict = b.local();
    let merged = b.call_status(Helper::TryDictMerge, &[dict, mapping]);
    let merged = b.compare_const(Condition::Ne, merged, 0);
    b.guard(merged, MissReason::Value);
    b.release(mapping);
}

/// Adds an item to the dict of a comprehension.
pub fn map_add(b: &mut Builder<'_>, key: Value, value: Value) {
    let dict = b.local();
    if b.in_region() {
        // Nobody else has the dict: it is what the comprehension has made.
        b.learn_class(dict, Global::DictType);
        let old = crate::containers::put_in_dict(b, dict, key, value);
        b.release_or_null(old);
        return b.release_all(&[key, value]);
    }
    b.call_status(Helper::DictSetItem, &[dict, key, value]);
    b.release_all(&[key, value]);
}
