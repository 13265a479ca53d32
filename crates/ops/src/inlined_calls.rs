//! Python functions that run without a call instruction, or around one: `__init__`, properties, `__getitem__`, `__getattribute__`.

use crate::calls::enter_or_hand_on;
use crate::{Imm, Ptr, operations};
use whipsnake_cpython::layout::{function, object, type_object};
use whipsnake_cpython::opcode::cache;
use whipsnake_ir::abi;
use whipsnake_ir::{BinaryOp, Builder, Condition, Global, Helper, MissReason, Type, Value};

/// Code units from the instruction to the function version in the cache of `LOAD_ATTR_PROPERTY` and its kin; the type version is where it
/// is for all `LOAD_ATTR`.
const FUNCTION_VERSION: u8 = cache::METHOD_KEYS_VERSION as u8 + 1;
const TYPE_VERSION: u8 = cache::METHOD_TYPE_VERSION as u8 + 1;
const FUNCTION: u8 = cache::METHOD_DESCR as u8 + 1;
const CALL_VERSION: u8 = cache::CALL_FUNC_VERSION as u8 + 1;

operations! {
    "CALL_ALLOC_AND_ENTER_INIT" () -> 0, imms [Imm::Oparg(0), Imm::Length, Imm::Cache32(CALL_VERSION)], ptrs [Ptr::NextCode]
        => enter_init;
    "LOAD_ATTR_PROPERTY" (owner) -> 0, imms [Imm::Cache32(TYPE_VERSION), Imm::Cache32(FUNCTION_VERSION), Imm::Length], ptrs [Ptr::Cache64(FUNCTION), Ptr::NextCode]
        => property;
    "LOAD_ATTR_GETATTRIBUTE_OVERRIDDEN" (owner) -> 0, imms [Imm::Cache32(TYPE_VERSION), Imm::Cache32(FUNCTION_VERSION), Imm::Length],
        ptrs [Ptr::Cache64(FUNCTION), Ptr::NextCode, Ptr::Name(1)] => getattribute;
    "LOAD_ATTR.calling" (owner) -> 0, imms [Imm::Length], ptrs [Ptr::Name(1), Ptr::NextCode] => load_attr;
    "BINARY_SUBSCR.calling" (container, key) -> 0, imms [Imm::Length], ptrs [Ptr::NextCode] => subscript;
    "BINARY_SUBSCR_GETITEM" (container, key) -> 0, imms [Imm::Length], ptrs [Ptr::NextCode] => getitem;
}

/// A call of a class with a Python `__init__` and nothing else special: the instance is made, and `__init__` entered above a frame that gives the
/// instance to the caller.
pub fn enter_init(b: &mut Builder<'_>) {
    let base = b.stack_base();
    let (class, null) = (b.load(Type::Obj, base, 0), b.load(Type::Obj, base, 8));
    let null = b.is_null(null);
    b.guard(null, MissReason::Callable);
    b.guard_exact(class, Global::TypeType);
    let version = b.load(Type::I32, class, type_object::TP_VERSION_TAG);
    let wanted = b.param(2);
    let same = b.compare(Condition::Eq, version, wanted);
    b.guard(same, MissReason::TypeVersion);
    let (thread, frame, base) = (b.thread_state(), b.frame(), b.stack_base());
    let (count, length, back) = (b.param(0), b.param(1), b.pointer(0));
    let (address, result) = b.call_pair(Helper::EnterInit, &[thread, frame, base, count, length, back]);
    enter_or_hand_on(b, address, result);
}

/// Guards that neither the class of `owner` nor the function in the cache has changed since the interpreter looked it up.
fn guard_function(b: &mut Builder<'_>, owner: Value) -> Value {
    let class = b.type_of(owner);
    let version = b.load(Type::I32, class, type_object::TP_VERSION_TAG);
    let wanted = b.param(0);
    let same = b.compare(Condition::Eq, version, wanted);
    b.guard(same, MissReason::TypeVersion);
    let found = b.object(0);
    guard_version(b, found);
    found
}

fn guard_version(b: &mut Builder<'_>, found: Value) {
    let version = b.load(Type::I32, found, function::VERSION);
    let wanted = b.param(1);
    let same = b.compare(Condition::Eq, version, wanted);
    b.guard(same, MissReason::Callable);
}

/// An attribute that is a property with a Python getter.
pub fn property(b: &mut Builder<'_>, owner: Value) {
    let getter = guard_function(b, owner);
    let (thread, base, length, back) = (b.thread_state(), b.stack_base(), b.param(2), b.pointer(1));
    let one = b.iconst(Type::I32, 1);
    let (address, result) = b.call_pair(Helper::CallFunction, &[thread, getter, base, one, length, back]);
    enter_or_hand_on(b, address, result);
}

/// An attribute of an instance whose class has a Python `__getattribute__`.
pub fn getattribute(b: &mut Builder<'_>, owner: Value) {
    let getter = guard_function(b, owner);
    let (thread, base, length, back) = (b.thread_state(), b.stack_base(), b.param(2), b.pointer(1));
    let name = b.object(2);
    let (address, result) = b.call_pair(Helper::CallWithName, &[thread, getter, base, name, length, back]);
    enter_or_hand_on(b, address, result);
}

/// `owner.name` for any object, at a site that may be of properties.
pub fn load_attr(b: &mut Builder<'_>, _owner: Value) {
    let (thread, base, length, back) = (b.thread_state(), b.stack_base(), b.param(0), b.pointer(1));
    let (name, cell) = (b.object(0), b.raw_pointer(abi::pointer::FEEDBACK));
    let (address, result) = b.call_pair(Helper::LoadAttrCalling, &[thread, base, name, cell, length, back]);
    enter_or_hand_on(b, address, result);
}

/// `container[key]` for any object, at a site that may be of classes with a Python `__getitem__`.
pub fn subscript(b: &mut Builder<'_>, _container: Value, _key: Value) {
    let (thread, base, length, back) = (b.thread_state(), b.stack_base(), b.param(0), b.pointer(0));
    let (address, result) = b.call_pair(Helper::GetItemCalling, &[thread, base, length, back]);
    enter_or_hand_on(b, address, result);
}

/// `container[key]` by a Python `__getitem__`, which the class has cached.
pub fn getitem(b: &mut Builder<'_>, container: Value, _key: Value) {
    let class = b.load(Type::Obj, container, object::OB_TYPE);
    let flags = b.load(Type::I64, class, type_object::TP_FLAGS);
    let heap = b.binary_const(BinaryOp::And, flags, type_object::HEAPTYPE as i64);
    let heap = b.compare_const(Condition::Ne, heap, 0);
    b.guard(heap, MissReason::Type);
    let method = b.load(Type::Obj, class, type_object::SPEC_CACHE_GETITEM);
    let some = b.compare_const(Condition::Ne, method, 0);
    b.guard(some, MissReason::Missing);
    let version = b.load(Type::I32, method, function::VERSION);
    let wanted = b.load(Type::I32, class, type_object::SPEC_CACHE_GETITEM_VERSION);
    let same = b.compare(Condition::Eq, version, wanted);
    b.guard(same, MissReason::Callable);
    let (thread, base, length, back) = (b.thread_state(), b.stack_base(), b.param(0), b.pointer(0));
    let two = b.iconst(Type::I32, 2);
    let (address, result) = b.call_pair(Helper::CallFunction, &[thread, method, base, two, length, back]);
    enter_or_hand_on(b, address, result);
}
