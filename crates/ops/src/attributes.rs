//! Attributes: loads.
//!
//! The generic operations go through a polymorphic inline cache in the site's feedback cell ([`whipsnake_ir::abi::AttributeCell`]): unlike
//! the interpreter, compiled code does not specialise itself again when the objects that come by change.
//!
//! What has a `.method` form pushes a second value when the lowest bit of the oparg is set: `self` if the attribute is a method to be called
//! with it, else NULL.

use crate::{Imm, Ptr, operations};
use whipsnake_cpython::layout::{dict, dict_keys, dict_values, module, object, type_object};
use whipsnake_ir::{BinaryOp, Builder, Condition, Global, Helper, MissReason, Offset, Type, UnaryOp, Value, abi};

/// The type version in the inline cache.
const VERSION: Imm = Imm::Cache32(2);
/// The version of the keys that instances share.
const KEYS_VERSION: Imm = Imm::Cache32(4);
/// The attribute in the inline cache.
const DESCRIPTOR: Ptr = Ptr::Cache64(6);
/// Offset of a value inside an instance.
const INLINE_VALUE: Imm = Imm::Cache16Scaled(4, 8, object::INLINE_VALUES_OFFSET + dict_values::VALUES);
/// Offset of an entry from the end of the keys' indices.
const ENTRY: Imm = Imm::Cache16Scaled(4, dict_keys::UNICODE_ENTRY_SIZE, dict_keys::DK_INDICES);

operations! {
    "LOAD_ATTR" (owner) -> 1, borrows [0], ptrs [Ptr::Name(1)] => load_attr;
    "LOAD_ATTR.method" (owner) -> 2, borrows [0], ptrs [Ptr::Name(1)] => load_method;
    "LOAD_ATTR_INSTANCE_VALUE" (owner) -> 1, borrows [0], imms [VERSION, INLINE_VALUE] => instance_value;
    "LOAD_ATTR_INSTANCE_VALUE.method" (owner) -> 2, borrows [0], imms [VERSION, INLINE_VALUE] => |b, o| with_null(b, o, instance_value);
    "LOAD_ATTR_WITH_HINT" (owner) -> 1, borrows [0], imms [VERSION, Imm::Cache16(4), ENTRY], ptrs [Ptr::Name(1)] => with_hint;
    "LOAD_ATTR_WITH_HINT.method" (owner) -> 2, borrows [0], imms [VERSION, Imm::Cache16(4), ENTRY], ptrs [Ptr::Name(1)]
        => |b, o| with_null(b, o, with_hint);
    "LOAD_ATTR_SLOT" (owner) -> 1, borrows [0], imms [VERSION, Imm::Cache16(4)] => slot;
    "LOAD_ATTR_SLOT.method" (owner) -> 2, borrows [0], imms [VERSION, Imm::Cache16(4)] => |b, o| with_null(b, o, slot);
    "LOAD_ATTR_MODULE" (owner) -> 1, borrows [0], imms [VERSION, ENTRY] => module_attribute;
    "LOAD_ATTR_MODULE.method" (owner) -> 2, borrows [0], imms [VERSION, ENTRY] => |b, o| with_null(b, o, module_attribute);
    "LOAD_ATTR_CLASS" (owner) -> 1, borrows [0], imms [VERSION], ptrs [DESCRIPTOR] => class_attribute;
    "LOAD_ATTR_CLASS.method" (owner) -> 2, borrows [0], imms [VERSION], ptrs [DESCRIPTOR] => |b, o| with_null(b, o, class_attribute);
    "LOAD_ATTR_NONDESCRIPTOR_WITH_VALUES" (owner) -> 1, borrows [0], imms [VERSION, KEYS_VERSION], ptrs [DESCRIPTOR]
        => |b: &mut Builder<'_>, o| { guard_not_shadowed(b, o); cached_attribute(b, o) };
    "LOAD_ATTR_NONDESCRIPTOR_NO_DICT" (owner) -> 1, borrows [0], imms [VERSION], ptrs [DESCRIPTOR]
        => |b: &mut Builder<'_>, o| { guard_type_version(b, o, 0); cached_attribute(b, o) };
    "LOAD_ATTR_METHOD_WITH_VALUES.method" (owner) -> 2, borrows [0], imms [VERSION, KEYS_VERSION], ptrs [DESCRIPTOR]
        => |b: &mut Builder<'_>, o| { guard_not_shadowed(b, o); cached_method(b, o) };
    "LOAD_ATTR_METHOD_NO_DICT.method" (owner) -> 2, borrows [0], imms [VERSION], ptrs [DESCRIPTOR]
        => |b: &mut Builder<'_>, o| { guard_type_version(b, o, 0); cached_method(b, o) };
    "LOAD_ATTR_METHOD_LAZY_DICT.method" (owner) -> 2, borrows [0], imms [VERSION, Imm::Cache16(4)], ptrs [DESCRIPTOR]
        => |b: &mut Builder<'_>, o| { guard_no_dict_yet(b, o); cached_method(b, o) };
}

/// `owner.name` for any object.
pub fn load_attr(b: &mut Builder<'_>, owner: Value) -> Value {
    let name = b.object(0);
    let cell = b.raw_pointer(abi::pointer::FEEDBACK);
    let result = b.call_checked(Helper::LoadAttr, &[owner, name, cell]);
    b.release(owner);
    result
}

/// `owner.name`, to be called: the method and `owner`, or the attribute and NULL.
pub fn load_method(b: &mut Builder<'_>, owner: Value) -> [Value; 2] {
    let name = b.object(0);
    let cell = b.raw_pointer(abi::pointer::FEEDBACK);
    let (result, this) = b.call_pair(Helper::LoadMethod, &[owner, name, cell]);
    b.error_if_null(result);
    b.release(owner);
    [result, this]
}

/// The value, and NULL.
fn with_null(b: &mut Builder<'_>, owner: Value, load: impl FnOnce(&mut Builder<'_>, Value) -> Value) -> [Value; 2] {
    let value = load(b, owner);
    [value, b.null()]
}

/// Guards that the version of the owner's type is immediate `param`.
pub(crate) fn guard_type_version(b: &mut Builder<'_>, owner: Value, param: u8) {
    let class = b.type_of(owner);
    let version = b.load(Type::I32, class, type_object::TP_VERSION_TAG);
    let expected = b.param(param);
    let same = b.compare(Condition::Eq, version, expected);
    b.guard(same, MissReason::TypeVersion);
}

/// Guards that the instance has its values inside.
pub(crate) fn guard_inline_values(b: &mut Builder<'_>, owner: Value) {
    let valid = b.load(Type::Bool, owner, object::INLINE_VALUES_OFFSET + dict_values::VALID);
    b.guard(valid, MissReason::InlineValues);
}

/// Guards that the reference is not NULL.
pub(crate) fn guard_present(b: &mut Builder<'_>, value: Value) {
    let present = b.compare_const(Condition::Ne, value, 0);
    b.guard(present, MissReason::Missing);
}

/// The end of the keys' indices, less what [`ENTRY`] has in it: where offsets of entries count from.
pub(crate) fn entries(b: &mut Builder<'_>, keys: Value) -> Value {
    let log2_bytes = b.load(Type::I8, keys, dict_keys::DK_LOG2_INDEX_BYTES);
    let log2_bytes = b.unary(UnaryOp::ExtendU, log2_bytes);
    let one = b.iconst(Type::I64, 1);
    let bytes = b.binary(BinaryOp::Shl, one, log2_bytes);
    let keys = b.unary(UnaryOp::AsInt, keys);
    let end = b.binary(BinaryOp::Add, keys, bytes);
    b.unary(UnaryOp::AsPtr, end)
}

/// A value that is there, with a reference of its own; the owner's reference ends.
pub(crate) fn found(b: &mut Builder<'_>, owner: Value, value: Value) -> Value {
    b.retain(value);
    b.release(owner);
    value
}

/// An attribute that the instance has inside.
pub fn instance_value(b: &mut Builder<'_>, owner: Value) -> Value {
    guard_type_version(b, owner, 0);
    let place = b.param_offset(1, 0);
    inline_value(b, owner, place)
}

/// What an instance has at an offset, among the values inside.
pub(crate) fn inline_value(b: &mut Builder<'_>, owner: Value, place: Offset) -> Value {
    guard_inline_values(b, owner);
    value_at(b, owner, place)
}

/// What an instance has at an offset.
pub(crate) fn value_at(b: &mut Builder<'_>, owner: Value, place: Offset) -> Value {
    let value = b.load(Type::Obj, owner, place);
    guard_present(b, value);
    found(b, owner, value)
}

/// An attribute in a `__slots__` slot, or another object at a known offset.
pub fn slot(b: &mut Builder<'_>, owner: Value) -> Value {
    guard_type_version(b, owner, 0);
    let place = b.param_offset(1, 0);
    value_at(b, owner, place)
}

/// An attribute in the instance's dict, at the same entry as when it was specialised.
pub fn with_hint(b: &mut Builder<'_>, owner: Value) -> Value {
    guard_type_version(b, owner, 0);
    let entry = hinted_entry(b, owner);
    found(b, owner, entry.value)
}

/// An entry of an instance's dict.
pub(crate) struct HintedEntry {
    /// The dict.
    pub attributes: Value,
    /// What the entry's offset counts from.
    pub entries: Value,
    /// The value, borrowed.
    pub value: Value,
}

/// The entry that the instance's dict has for the name where the inline cache says (immediates 1 and 2), guarded.
pub(crate) fn hinted_entry(b: &mut Builder<'_>, owner: Value) -> HintedEntry {
    let attributes = b.load(Type::Obj, owner, object::MANAGED_DICT_OFFSET);
    guard_present(b, attributes);
    let keys = b.load(Type::Ptr, attributes, dict::MA_KEYS);
    // The count has 64 bits, the hint 16: the low half decides.
    let count = b.load(Type::I32, keys, dict_keys::DK_NENTRIES);
    let hint = b.param(1);
    let in_bounds = b.compare(Condition::GtU, count, hint);
    b.guard(in_bounds, MissReason::Bounds);
    let kind = b.load(Type::I8, keys, dict_keys::DK_KIND);
    let unicode = b.compare_const(Condition::Ne, kind, dict_keys::GENERAL.into());
    b.guard(unicode, MissReason::KeysVersion);
    let entries = entries(b, keys);
    let key = b.load(Type::Obj, entries, entry_offset(b, 2, dict_keys::UNICODE_ENTRY_KEY));
    let name = b.object(0);
    let same = b.compare(Condition::Eq, key, name);
    b.guard(same, MissReason::KeysVersion);
    let value = b.load(Type::Obj, entries, entry_offset(b, 2, dict_keys::UNICODE_ENTRY_VALUE));
    guard_present(b, value);
    HintedEntry { attributes, entries, value }
}

/// Offset of a field of the entry that immediate `param` gives, from where [`entries`] points.
pub(crate) fn entry_offset(b: &Builder<'_>, param: u8, field: i32) -> Offset {
    b.param_offset(param, field)
}

/// The value at the entry of immediate `param` in an exact dict of strings whose keys have version `version`.
pub(crate) fn versioned_entry(b: &mut Builder<'_>, namespace: Value, version: u8, param: u8) -> Value {
    let keys = guard_keys_version(b, namespace, version);
    let entries = entries(b, keys);
    let value = b.load(Type::Obj, entries, entry_offset(b, param, dict_keys::UNICODE_ENTRY_VALUE));
    guard_present(b, value);
    value
}

/// Guards that the version of a dict's keys is immediate `param`; the keys.
pub(crate) fn guard_keys_version(b: &mut Builder<'_>, namespace: Value, param: u8) -> Value {
    let keys = b.load(Type::Ptr, namespace, dict::MA_KEYS);
    let version = b.load(Type::I32, keys, dict_keys::DK_VERSION);
    let expected = b.param(param);
    let same = b.compare(Condition::Eq, version, expected);
    b.guard(same, MissReason::KeysVersion);
    keys
}

/// A variable of a module.
pub fn module_attribute(b: &mut Builder<'_>, owner: Value) -> Value {
    b.guard_exact(owner, Global::ModuleType);
    let namespace = b.load(Type::Obj, owner, module::MD_DICT);
    let value = versioned_entry(b, namespace, 0, 1);
    let value = b.expect(value);
    found(b, owner, value)
}

/// An attribute of a class, which is the owner.
pub fn class_attribute(b: &mut Builder<'_>, owner: Value) -> Value {
    guard_is_class(b, owner);
    let version = b.load(Type::I32, owner, type_object::TP_VERSION_TAG);
    let expected = b.param(0);
    let same = b.compare(Condition::Eq, version, expected);
    b.guard(same, MissReason::TypeVersion);
    cached_attribute(b, owner)
}

/// Guards that the value is a class.
pub(crate) fn guard_is_class(b: &mut Builder<'_>, value: Value) {
    if b.in_region() && b.known_class(value) == Some(Global::TypeType) {
        return;
    }
    let metaclass = b.type_of(value);
    let flags = b.load(Type::I32, metaclass, type_object::TP_FLAGS);
    // The flag is the highest of the low 32, so it is the sign.
    const { assert!(type_object::TYPE_SUBCLASS == 1 << 31) };
    let is_class = b.compare_const(Condition::Lt, flags, 0);
    b.guard(is_class, MissReason::Type);
}

/// The attribute in the inline cache.
fn cached_attribute(b: &mut Builder<'_>, owner: Value) -> Value {
    let attribute = b.object(0);
    found(b, owner, attribute)
}

/// The method in the inline cache, and `owner`.
fn cached_method(b: &mut Builder<'_>, owner: Value) -> [Value; 2] {
    let method = b.object(0);
    b.retain(method);
    let this = b.take(owner);
    // Its slot becomes the method's.
    let this = b.hold(this);
    [method, this]
}

/// Guards that the class is the same and the instance has no attribute of that name: its values are inside, and no instance ever had it.
fn guard_not_shadowed(b: &mut Builder<'_>, owner: Value) {
    guard_type_version(b, owner, 0);
    guard_inline_values(b, owner);
    let class = b.type_of(owner);
    let keys = b.load(Type::Ptr, class, type_object::HT_CACHED_KEYS);
    let version = b.load(Type::I32, keys, dict_keys::DK_VERSION);
    let expected = b.param(1);
    let same = b.compare(Condition::Eq, version, expected);
    b.guard(same, MissReason::KeysVersion);
}

/// Guards that the class is the same and the instance's dict was not made yet.
fn guard_no_dict_yet(b: &mut Builder<'_>, owner: Value) {
    guard_type_version(b, owner, 0);
    // The offset is kept relative to where managed dicts are, to be unsigned.
    let attributes = b.load(Type::Obj, owner, b.param_offset(1, object::MANAGED_DICT_OFFSET));
    let none = b.is_null(attributes);
    b.guard(none, MissReason::InlineValues);
}
