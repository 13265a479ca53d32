//! Items of containers, membership.
//!
//! # Safety
//! All functions here are called by machine code, with the GIL held and live objects; those for one type get exact instances of it.

#![allow(clippy::missing_safety_doc, reason = "the contract is the same for all, above")]

use super::attention::Before;
use super::exception_pool;
use super::held::Held;
use super::lookups;
use super::slices;
use super::special::{Name, look_up};
use pyo3_ffi::{Py_DECREF, PyDict_CheckExact, PyList_CheckExact, PyLong_CheckExact, PyObject, PyTuple_CheckExact};
use std::ffi::c_int;
use std::ptr::null_mut;
use whipsnake_cpython::live::{List, Long, Tuple, symbols, tuple_hash};
use whipsnake_cpython::opcode;

/// The value of an exact compact int.
pub(super) unsafe fn compact(object: *mut PyObject) -> Option<isize> {
    // SAFETY: a live object, an exact int where it is read as one.
    unsafe {
        if PyLong_CheckExact(object) != 0 {
            Long::new_unchecked(object).compact_value().map(|v| v as isize)
        } else {
            None
        }
    }
}

/// The item at `index`, which may count from the end, if it is there; a new reference.
unsafe fn item_at(items: *mut *mut PyObject, len: usize, index: isize) -> Option<*mut PyObject> {
    let index = if index < 0 { index + len as isize } else { index };
    // SAFETY: in bounds.
    ((index as usize) < len).then(|| unsafe { pyo3_ffi::Py_NewRef(*items.offset(index)) })
}

/// `container[key]`. Lists and tuples by negative index have no specialised instruction; sites that see several types have none either.
pub unsafe extern "C" fn get_item(container: *mut PyObject, key: *mut PyObject) -> *mut PyObject {
    // SAFETY: live objects, of exact types where they are read as such.
    unsafe {
        if PyList_CheckExact(container) != 0 {
            let list = List::new_unchecked(container);
            if let Some(item) = compact(key).and_then(|index| item_at(list.items(), list.len(), index)) {
                return item;
            }
            if let Some(part) = slices::of_list(container, key) {
                return part;
            }
        } else if PyTuple_CheckExact(container) != 0 {
            let tuple = Tuple::new_unchecked(container);
            if let Some(item) = compact(key).and_then(|index| item_at(tuple.items(), tuple.len(), index)) {
                return item;
            }
        } else if PyDict_CheckExact(container) != 0 {
            return dict_get_item(container, key);
        } else if is_dict_with(container, Name::GetItem) {
            let found = lookups::dict_find(container, key);
            if !found.is_null() {
                return pyo3_ffi::Py_NewRef(found);
            }
        } else if let Some(item) = super::ranges::item(container, key) {
            return item;
        }
        let (_held, before) = (Held::new([container, key]), Before::now());
        before.object(opcode::BINARY_SUBSCR, pyo3_ffi::PyObject_GetItem(container, key))
    }
}

/// Whether an object's class is one that somebody derived from `dict`, with the method of this name as `dict` has it. The interpreter calls that
/// by looking for it.
unsafe fn is_dict_with(object: *mut PyObject, name: Name) -> bool {
    // SAFETY: a live object, the GIL held.
    unsafe {
        pyo3_ffi::PyDict_Check(object) != 0 && {
            let method = look_up(pyo3_ffi::Py_TYPE(object), name);
            !method.is_null() && method == look_up(&raw mut pyo3_ffi::PyDict_Type, name)
        }
    }
}

/// `len(container)`, called by its name; −1 with an exception set.
pub unsafe extern "C" fn object_size(container: *mut PyObject) -> isize {
    // SAFETY: a live object.
    unsafe {
        let before = Before::now();
        let size = pyo3_ffi::PyObject_Size(container);
        if size < 0 || !before.changed() {
            return size;
        }
        let length = pyo3_ffi::PyLong_FromSsize_t(size);
        if length.is_null() || before.object(opcode::CALL, length).is_null() {
            return -1;
        }
        Py_DECREF(length);
        size
    }
}

/// `container[key] = value`.
pub unsafe extern "C" fn set_item(container: *mut PyObject, key: *mut PyObject, value: *mut PyObject) -> c_int {
    // SAFETY: live objects.
    unsafe {
        let (_held, before) = (Held::new([container, key, value]), Before::now());
        // A class in Python with only one of `__setitem__` and `__delitem__` has a slot that looks for both, and calls what `dict` has by a wrapper.
        let status = if !is_dict_with(container, Name::SetItem) {
            pyo3_ffi::PyObject_SetItem(container, key, value)
        } else if let Some(hash) = tuple_hash(key) {
            symbols::_PyDict_SetItem_KnownHash(container, key, value, hash)
        } else {
            pyo3_ffi::PyDict_SetItem(container, key, value)
        };
        before.status(opcode::STORE_SUBSCR, status)
    }
}

/// `del container[key]`.
pub unsafe extern "C" fn delete_item(container: *mut PyObject, key: *mut PyObject) -> c_int {
    // SAFETY: live objects.
    unsafe {
        let (_held, before) = (Held::new([container, key]), Before::now());
        before.status(opcode::DELETE_SUBSCR, pyo3_ffi::PyObject_DelItem(container, key))
    }
}

/// `dict[key]`.
pub unsafe extern "C" fn dict_get_item(dict: *mut PyObject, key: *mut PyObject) -> *mut PyObject {
    // SAFETY: live objects, an exact dict.
    unsafe {
        let found = lookups::dict_find(dict, key);
        if !found.is_null() {
            return pyo3_ffi::Py_NewRef(found);
        }
        let (_held, before) = (Held::new([dict, key]), Before::now());
        let mut result = null_mut();
        if pyo3_ffi::PyDict_GetItemRef(dict, key, &mut result) == 0 {
            exception_pool::raise_key_error(key);
        }
        before.object(opcode::BINARY_SUBSCR, result)
    }
}

/// `dict[key] = value`. The dict takes its own references to key and value before anything else.
pub unsafe extern "C" fn dict_set_item(dict: *mut PyObject, key: *mut PyObject, value: *mut PyObject) -> c_int {
    // SAFETY: live objects, an exact dict.
    unsafe {
        let (_held, before) = (Held::new([dict]), Before::now());
        let status = match tuple_hash(key) {
            Some(hash) => symbols::_PyDict_SetItem_KnownHash(dict, key, value, hash),
            None => pyo3_ffi::PyDict_SetItem(dict, key, value),
        };
        before.status(opcode::STORE_SUBSCR, status)
    }
}

/// `value in container`.
pub unsafe extern "C" fn contains(container: *mut PyObject, value: *mut PyObject) -> c_int {
    // SAFETY: live objects.
    unsafe {
        let found = lookups::items_have(container, value);
        if found >= 0 {
            return found;
        }
        if is_dict_with(container, Name::Contains) {
            return dict_contains(container, value);
        }
        let (_held, before) = (Held::new([container, value]), Before::now());
        before.truth(opcode::CONTAINS_OP, pyo3_ffi::PySequence_Contains(container, value))
    }
}

unsafe extern "C" {
    /// `value in set` for sets and frozensets, also where `value` is a set.
    fn _PySet_Contains(set: *mut PyObject, value: *mut PyObject) -> c_int;
}

/// `value in container` for a set or frozenset.
pub unsafe extern "C" fn set_contains(container: *mut PyObject, value: *mut PyObject) -> c_int {
    // SAFETY: live objects, an exact set or frozenset.
    unsafe {
        let found = lookups::set_has(container, value);
        if found >= 0 {
            return found;
        }
        let (_held, before) = (Held::new([container, value]), Before::now());
        before.truth(opcode::CONTAINS_OP, _PySet_Contains(container, value))
    }
}

/// `value in container` for a dict.
pub unsafe extern "C" fn dict_contains(container: *mut PyObject, value: *mut PyObject) -> c_int {
    // SAFETY: live objects, an exact dict.
    unsafe {
        let found = lookups::dict_has(container, value);
        if found >= 0 {
            return found;
        }
        let (_held, before) = (Held::new([container, value]), Before::now());
        before.truth(opcode::CONTAINS_OP, pyo3_ffi::PyDict_Contains(container, value))
    }
}
