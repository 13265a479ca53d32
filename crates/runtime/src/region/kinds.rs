//! Objects as the optimizer knows them: their exact types, numbers, and what layouts no header has.

use super::samples;
use crate::helpers::globals;
use crate::native::raw::get;
use pyo3_ffi::{PyObject, PyTypeObject};
use rustc_hash::FxHashMap;
use std::sync::OnceLock;
use whipsnake_cpython::layout::{dict_iterator, enumeration, object, runtime, zip};
use whipsnake_cpython::live::{Dict, Float, KeysKind, Long};
use whipsnake_ir::Global;
use whipsnake_optimizer::{Number, Object};

/// The exact types that the optimizer knows by name.
const CLASSES: &[Global] = &[
    Global::IntType,
    Global::FloatType,
    Global::BoolType,
    Global::StrType,
    Global::BytesType,
    Global::ByteArrayType,
    Global::ListType,
    Global::TupleType,
    Global::DictType,
    Global::SetType,
    Global::FrozenSetType,
    Global::SliceType,
    Global::FunctionType,
    Global::MethodType,
    Global::BuiltinType,
    Global::MethodDescriptorType,
    Global::RangeIteratorType,
    Global::ListIteratorType,
    Global::TupleIteratorType,
    Global::AsciiIteratorType,
    Global::EnumerateType,
    Global::ZipType,
    Global::DictItemIteratorType,
    Global::DictKeyIteratorType,
    Global::DictValueIteratorType,
    Global::SetIteratorType,
    Global::TypeType,
];

/// These types by their addresses, which are static.
static NAMES: OnceLock<FxHashMap<usize, Global>> = OnceLock::new();

/// Built-in types and methods whose calls are known.
const NAMED: &[Global] = &[
    Global::FloatType,
    Global::IntType,
    Global::BoolType,
    Global::RangeType,
    Global::EnumerateType,
    Global::ZipType,
    Global::DictGetMethod,
    Global::DictItemsMethod,
    Global::DictKeysMethod,
    Global::DictValuesMethod,
];

/// What is known of a live object.
pub(super) fn object_of(value: *mut PyObject) -> Object {
    let class = class_of(value);
    // SAFETY: a live object, of the type that was found.
    unsafe {
        let number = match class {
            Some(Global::IntType) => Long::new_unchecked(value).value_of_two_digits().map_or(Number::No, Number::Int),
            Some(Global::FloatType) => Number::Float(Float::new_unchecked(value).value()),
            _ => Number::No,
        };
        let immortal = (get::<u32>(value, object::OB_REFCNT) as i32) < 0;
        let is_none = value == pyo3_ffi::Py_None();
        let is_character = class == Some(Global::StrType) && is_character(value);
        Object { address: value as u64, class, immortal, is_none, is_character, number }
    }
}

/// Whether an object is one of the strings that the interpreter has for ASCII characters.
fn is_character(value: *mut PyObject) -> bool {
    // SAFETY: the GIL is held.
    let place = (value as usize).wrapping_sub(unsafe { globals::address(Global::AsciiStrings) });
    place < 0x80 * runtime::STRINGS_ASCII_STRIDE as usize
}

/// The name of an object's exact type.
pub(super) fn class_of(value: *mut PyObject) -> Option<Global> {
    // SAFETY: a live object; the GIL is held.
    unsafe {
        let class = get::<*mut PyTypeObject>(value, object::OB_TYPE) as usize;
        let names = NAMES.get_or_init(|| CLASSES.iter().map(|&name| (globals::address(name), name)).collect());
        let found = names.get(&class).copied();
        found.or_else(|| samples::is_array(value).then_some(Global::ArrayType))
    }
}

/// The name of a built-in type or method whose calls are known.
pub(super) fn named(address: u64) -> Option<Global> {
    // SAFETY: the GIL is held.
    let is_it = |named: &Global| unsafe { globals::address(*named) } as u64 == address;
    NAMED.iter().copied().find(is_it).filter(|&found| match found {
        Global::EnumerateType => has_known_enumerations(),
        Global::ZipType => has_known_zips(),
        Global::DictItemsMethod | Global::DictKeysMethod | Global::DictValuesMethod => has_known_dict_iterators(),
        _ => true,
    })
}

/// Whether an `enumerate` has its fields where they are expected, as far as its size tells: no header has them.
pub(super) fn has_known_enumerations() -> bool {
    let class = &raw const pyo3_ffi::PyEnum_Type;
    // SAFETY: a static type.
    unsafe { (*class).tp_basicsize == enumeration::SIZEOF as isize }
}

/// The same of iterators over dicts.
pub(super) fn has_known_dict_iterators() -> bool {
    let class = &raw const pyo3_ffi::PyDictIterItem_Type;
    // SAFETY: a static type.
    unsafe { (*class).tp_basicsize == dict_iterator::SIZEOF as isize }
}

/// Whether all keys of a dict are strings; `None` for other objects, NULL, and dicts that share their keys.
pub(super) fn has_string_keys(object: *mut PyObject) -> Option<bool> {
    if object.is_null() || class_of(object) != Some(Global::DictType) {
        return None;
    }
    // SAFETY: a live object of that type.
    match unsafe { Dict::new_unchecked(object).keys().kind() } {
        KeysKind::General => Some(false),
        KeysKind::Unicode => Some(true),
        KeysKind::Split => None,
    }
}

/// The same of `zip`.
pub(super) fn has_known_zips() -> bool {
    let class = &raw const pyo3_ffi::PyZip_Type;
    // SAFETY: a static type.
    unsafe { (*class).tp_basicsize == zip::SIZEOF as isize }
}
