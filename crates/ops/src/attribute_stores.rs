//! Attributes: stores, deletions, and loads through `super()`.

use crate::attributes::{guard_inline_values, guard_is_class, guard_type_version, hinted_entry};
use crate::{Imm, Ptr, operations};
use whipsnake_cpython::layout::{dict_keys, dict_values, object};
use whipsnake_ir::{BinaryOp, Builder, Condition, Global, Helper, MissReason, Offset, Type, UnaryOp, Value, abi};

/// Offset of a value inside an instance.
const INLINE_VALUE: Imm = Imm::Cache16Scaled(4, 8, object::INLINE_VALUES_OFFSET + dict_values::VALUES);
/// Offset of an entry from the end of the keys' indices.
const ENTRY: Imm = Imm::Cache16Scaled(4, dict_keys::UNICODE_ENTRY_SIZE, dict_keys::DK_INDICES);

operations! {
    "STORE_ATTR" (value, owner) -> 0, borrows [0, 1], ptrs [Ptr::Name(0)] => store_attr;
    "STORE_ATTR_INSTANCE_VALUE" (value, owner) -> 0, borrows [0, 1], imms [Imm::Cache32(2), INLINE_VALUE], ptrs [Ptr::Cache16(4)]
        => store_instance_value;
    "STORE_ATTR_SLOT" (value, owner) -> 0, borrows [0, 1], imms [Imm::Cache32(2), Imm::Cache16(4)] => store_slot;
    "STORE_ATTR_WITH_HINT" (value, owner) -> 0, borrows [0, 1], imms [Imm::Cache32(2), Imm::Cache16(4), ENTRY], ptrs [Ptr::Name(0)]
        => store_with_hint;
    "DELETE_ATTR" (owner) -> 0, ptrs [Ptr::Name(0)] => delete_attr;
    "LOAD_SUPER_ATTR" (global_super, class, this) -> 1, imms [Imm::OpargMasked(2)], ptrs [Ptr::Name(2)] => load_super_attr;
    "LOAD_SUPER_ATTR.method" (global_super, class, this) -> 2, imms [Imm::OpargMasked(2)], ptrs [Ptr::Name(2)]
        => |b: &mut Builder<'_>, s, c, t| { let value = load_super_attr(b, s, c, t); [value, b.null()] };
    "LOAD_SUPER_ATTR_ATTR" (global_super, class, this) -> 1, ptrs [Ptr::Name(2)] => super_attribute;
    "LOAD_SUPER_ATTR_METHOD.method" (global_super, class, this) -> 2, ptrs [Ptr::Name(2)] => super_method;
}

/// `owner.name = value` for any object.
pub fn store_attr(b: &mut Builder<'_>, value: Value, owner: Value) {
    let name = b.object(0);
    let cell = b.raw_pointer(abi::pointer::FEEDBACK);
    b.call_status(Helper::StoreAttr, &[owner, name, value, cell]);
    b.release_all(&[value, owner]);
}

/// `owner.name = value` where the instance has its values inside and no dict.
pub fn store_instance_value(b: &mut Builder<'_>, value: Value, owner: Value) {
    guard_type_version(b, owner, 0);
    let (place, number) = (b.param_offset(1, 0), b.pointer(0));
    store_inline(b, value, owner, place, number);
}

/// Stores the value of that number, at its place inside the instance, which has no dict.
pub(crate) fn store_inline(b: &mut Builder<'_>, value: Value, owner: Value, place: Offset, number: Value) {
    if b.put_attribute(owner, place, value) {
        return b.release(owner);
    }
    let attributes = b.load(Type::Obj, owner, object::MANAGED_DICT_OFFSET);
    let none = b.is_null(attributes);
    b.guard(none, MissReason::InlineValues);
    guard_inline_values(b, owner);
    let old = b.load(Type::Obj, owner, place);
    let value = b.take(value);
    b.store(value, owner, place);
    let (first, again, done) = (b.block(), b.block(), b.block());
    let is_first = b.is_null(old);
    b.branch(is_first, first, again);
    b.switch_to(first);
    note_insertion(b, owner, number);
    b.jump(done, &[]);
    b.switch_to(again);
    b.release(old);
    b.jump(done, &[]);
    b.switch_to(done);
    b.release(owner);
}

/// Notes that the value of that number was set after the others: a byte each, behind the values.
fn note_insertion(b: &mut Builder<'_>, owner: Value, number: Value) {
    const VALUES: i32 = object::INLINE_VALUES_OFFSET;
    let capacity = b.load(Type::I8, owner, VALUES + dict_values::CAPACITY);
    let capacity = b.unary(UnaryOp::ExtendU, capacity);
    let size = b.load(Type::I8, owner, VALUES + dict_values::SIZE);
    let size = b.unary(UnaryOp::ExtendU, size);
    let values = b.address(owner, VALUES + dict_values::VALUES);
    let order = b.element(values, capacity, 3);
    let place = b.element(order, size, 0);
    let number = b.unary(UnaryOp::TruncateByte, number);
    b.store(number, place, 0);
    let more = b.binary_const(BinaryOp::Add, size, 1);
    let more = b.unary(UnaryOp::TruncateByte, more);
    b.store(more, owner, VALUES + dict_values::SIZE);
}

/// `owner.name = value` where the name is a `__slots__` slot.
pub fn store_slot(b: &mut Builder<'_>, value: Value, owner: Value) {
    guard_type_version(b, owner, 0);
    let place = b.param_offset(1, 0);
    store_at(b, value, owner, place);
}

/// Stores to a place that the instance has for one object.
pub(crate) fn store_at(b: &mut Builder<'_>, value: Value, owner: Value, place: Offset) {
    if b.put_attribute(owner, place, value) {
        return b.release(owner);
    }
    let old = b.load(Type::Obj, owner, place);
    let value = b.take(value);
    b.store(value, owner, place);
    b.release_or_null(old);
    b.release(owner);
}

/// `owner.name = value` where the instance's dict has the name already, at the entry where it was when the site was specialised.
pub fn store_with_hint(b: &mut Builder<'_>, value: Value, owner: Value) {
    guard_type_version(b, owner, 0);
    let entry = hinted_entry(b, owner);
    b.guard_exact(entry.attributes, Global::DictType);
    let place = b.param_offset(2, dict_keys::UNICODE_ENTRY_VALUE);
    let place = b.address(entry.entries, place);
    let name = b.object(0);
    b.call_status(Helper::ReplaceDictValue, &[entry.attributes, place, name, value]);
    b.release_all(&[value, owner]);
}

/// `del owner.name`.
pub fn delete_attr(b: &mut Builder<'_>, owner: Value) {
    let name = b.object(0);
    b.call_status(Helper::DeleteAttr, &[owner, name]);
    b.release(owner);
}

/// `super(class, this).name`, or `super().name`, with any `super`.
pub fn load_super_attr(b: &mut Builder<'_>, global_super: Value, class: Value, this: Value) -> Value {
    let name = b.object(0);
    let arguments = b.param(0);
    let result = b.call_checked(Helper::LoadSuperAttr, &[global_super, class, this, name, arguments]);
    b.release_all(&[global_super, class, this]);
    result
}

fn guard_super(b: &mut Builder<'_>, global_super: Value, class: Value) {
    let expected = b.global(Global::SuperType);
    let same = b.compare(Condition::Eq, global_super, expected);
    b.guard(same, MissReason::Callable);
    guard_is_class(b, class);
}

/// `super().name` with the built-in `super`, which is not instantiated.
pub fn super_attribute(b: &mut Builder<'_>, global_super: Value, class: Value, this: Value) -> Value {
    guard_super(b, global_super, class);
    let name = b.object(0);
    let result = b.call_checked(Helper::SuperAttr, &[class, this, name]);
    b.release_all(&[global_super, class, this]);
    result
}

/// `super().name`, to be called: the method and `this`, or the attribute and NULL.
pub fn super_method(b: &mut Builder<'_>, global_super: Value, class: Value, this: Value) -> [Value; 2] {
    guard_super(b, global_super, class);
    let name = b.object(0);
    let (result, bound) = b.call_pair(Helper::SuperMethod, &[class, this, name]);
    b.error_if_null(result);
    b.release_all(&[global_super, class, this]);
    [result, bound]
}
