//! Dicts and sets searched without running Python code, where their keys allow that.
//!
//! # Safety
//! All functions here are called by machine code, with the GIL held and live objects; those for one type get exact instances of it.

#![allow(clippy::missing_safety_doc, reason = "the contract is the same for all, above")]

use super::attribute_stores::exchange_dict_value;
use super::text;
use super::unpack::items_of;
use crate::native::raw::{release_or_null, retain};
use pyo3_ffi::PyObject;
use std::ffi::c_int;
use std::ptr::null_mut;
use whipsnake_cpython::live::{Dict, Lookup, are_equal_items, set_has as search_set, symbols, tuple_hash};

/// The value of a key, borrowed; NULL if there is none, or that takes Python code.
pub unsafe extern "C" fn dict_find(dict: *mut PyObject, key: *mut PyObject) -> *mut PyObject {
    // SAFETY: the module's contract.
    unsafe {
        match Dict::new_unchecked(dict).find(key) {
            Lookup::Found(place) => place.read(),
            Lookup::Absent | Lookup::Unknown => null_mut(),
        }
    }
}

/// The string of the ASCII character at a position, which may count from the end; NULL if there is none, or another one.
pub unsafe extern "C" fn character_at(text: *mut PyObject, position: isize) -> *mut PyObject {
    const FIRST_OTHER: u32 = 128;
    // SAFETY: the module's contract: an exact string. The strings of these characters are immortal.
    unsafe {
        let length = pyo3_ffi::PyUnicode_GetLength(text);
        let position = if position < 0 { position + length } else { position };
        if !(0..length).contains(&position) {
            return null_mut();
        }
        let code = pyo3_ffi::PyUnicode_ReadChar(text, position);
        if code < FIRST_OTHER { pyo3_ffi::PyUnicode_FromOrdinal(code as c_int) } else { null_mut() }
    }
}

/// The value of a key, or `other` if there is none, borrowed; NULL if that takes Python code.
pub unsafe extern "C" fn dict_find_or(dict: *mut PyObject, key: *mut PyObject, other: *mut PyObject) -> *mut PyObject {
    // SAFETY: the module's contract.
    unsafe {
        match Dict::new_unchecked(dict).find(key) {
            Lookup::Found(place) => place.read(),
            Lookup::Absent => other,
            Lookup::Unknown => null_mut(),
        }
    }
}

/// 1 or 0; −1 where Python code has to tell.
fn verdict<T>(found: Lookup<T>) -> c_int {
    match found {
        Lookup::Found(_) => 1,
        Lookup::Absent => 0,
        Lookup::Unknown => -1,
    }
}

/// Whether a dict has a key; −1 if that takes Python code.
pub unsafe extern "C" fn dict_has(dict: *mut PyObject, key: *mut PyObject) -> c_int {
    // SAFETY: the module's contract.
    verdict(unsafe { Dict::new_unchecked(dict).find(key) })
}

/// Whether a set or frozenset has a key; −1 if that takes Python code.
pub unsafe extern "C" fn set_has(container: *mut PyObject, key: *mut PyObject) -> c_int {
    // SAFETY: the module's contract.
    verdict(unsafe { search_set(container, key) })
}

/// `value in container` for a string, list or tuple: 1 or 0; −1 if that takes Python code, or it is something else.
pub unsafe extern "C" fn items_have(container: *mut PyObject, value: *mut PyObject) -> c_int {
    // SAFETY: the module's contract.
    unsafe {
        if pyo3_ffi::PyUnicode_CheckExact(container) == 0 {
            return sequence_contains(container, value).map_or(-1, c_int::from);
        }
        if pyo3_ffi::PyUnicode_CheckExact(value) == 0 {
            return -1;
        }
        if let (Some(&[character]), Some(all)) = (text::ascii(value), text::ascii(container)) {
            return all.contains(&character).into();
        }
        let found = pyo3_ffi::PyUnicode_Contains(container, value);
        if found < 0 {
            pyo3_ffi::PyErr_Clear();
        }
        found
    }
}

/// `value in container` for a list or tuple of strings and short ints, if that is found out without running code.
unsafe fn sequence_contains(container: *mut PyObject, value: *mut PyObject) -> Option<bool> {
    // SAFETY: live objects, of exact types where they are read as such; nothing changes a list while its items are compared.
    unsafe {
        let (items, len) = items_of(container)?;
        for index in 0..len {
            if are_equal_items(items.add(index).read(), value)? {
                return Some(true);
            }
        }
        Some(false)
    }
}

/// What a store has done.
#[repr(C)]
pub struct Put {
    /// The value that was there before: a reference that is now the caller's; or NULL.
    pub(super) old: *mut PyObject,
    /// 1 if it is done; 0 if that takes Python code, and nothing was done; −1 with `MemoryError` set.
    pub(super) status: i64,
}

impl Put {
    pub(super) const NOTHING: Put = Put { old: null_mut(), status: 0 };
}

/// `dict[key] = value`, but that the old value does not end yet.
pub unsafe extern "C" fn dict_put(dict: *mut PyObject, key: *mut PyObject, value: *mut PyObject) -> Put {
    // SAFETY: the module's contract. Somebody who watches the dict may run anything.
    unsafe {
        let handle = Dict::new_unchecked(dict);
        if handle.watchers() != 0 {
            return Put::NOTHING;
        }
        let old = match handle.find(key) {
            Lookup::Unknown => return Put::NOTHING,
            Lookup::Absent => null_mut(),
            Lookup::Found(place) => match exchange_dict_value(dict, place, value) {
                Some(old) => return Put { old, status: 1 },
                None => retain(place.read()),
            },
        };
        let status = match tuple_hash(key) {
            Some(hash) => symbols::_PyDict_SetItem_KnownHash(dict, key, value, hash),
            None => pyo3_ffi::PyDict_SetItem(dict, key, value),
        };
        if status < 0 {
            release_or_null(old);
            return Put { status: -1, ..Put::NOTHING };
        }
        Put { old, status: 1 }
    }
}
