//! Items and slices of containers, membership.
//!
//! # Safety
//! All functions here are called by machine code, with the GIL held and live objects; those for one type get exact instances of it.

#![allow(clippy::missing_safety_doc, reason = "the contract is the same for all, above")]

use super::attention::Before;
use super::held::Held;
use crate::native::raw::{is_exact, retain};
use pyo3_ffi::{
    Py_DECREF, Py_None, PyDict_CheckExact, PyList_CheckExact, PyLong_CheckExact, PyObject, PyTuple_CheckExact,
    PyTypeObject, PyUnicode_CheckExact,
};
use std::ffi::c_int;
use std::ptr::null_mut;
use whipsnake_cpython::live::{List, Long, Tuple, symbols};
use whipsnake_cpython::opcode;

/// The value of an exact compact int.
unsafe fn compact(object: *mut PyObject) -> Option<isize> {
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
            if let Some(part) = strided_slice(container, key) {
                return part;
            }
        } else if PyTuple_CheckExact(container) != 0 {
            let tuple = Tuple::new_unchecked(container);
            if let Some(item) = compact(key).and_then(|index| item_at(tuple.items(), tuple.len(), index)) {
                return item;
            }
        } else if PyDict_CheckExact(container) != 0 {
            return dict_get_item(container, key);
        }
        let (_held, before) = (Held::new([container, key]), Before::now());
        before.object(opcode::BINARY_SUBSCR, pyo3_ffi::PyObject_GetItem(container, key))
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
        before.status(opcode::STORE_SUBSCR, pyo3_ffi::PyObject_SetItem(container, key, value))
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
        let (_held, before) = (Held::new([dict, key]), Before::now());
        let mut result = null_mut();
        if pyo3_ffi::PyDict_GetItemRef(dict, key, &mut result) == 0 {
            symbols::_PyErr_SetKeyError(key);
        }
        before.object(opcode::BINARY_SUBSCR, result)
    }
}

/// `dict[key] = value`. The dict takes its own references to key and value before anything else.
pub unsafe extern "C" fn dict_set_item(dict: *mut PyObject, key: *mut PyObject, value: *mut PyObject) -> c_int {
    // SAFETY: live objects, an exact dict.
    unsafe {
        let (_held, before) = (Held::new([dict]), Before::now());
        before.status(opcode::STORE_SUBSCR, pyo3_ffi::PyDict_SetItem(dict, key, value))
    }
}

/// `value in container`.
pub unsafe extern "C" fn contains(container: *mut PyObject, value: *mut PyObject) -> c_int {
    // SAFETY: live objects.
    unsafe {
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
        let (_held, before) = (Held::new([container, value]), Before::now());
        before.truth(opcode::CONTAINS_OP, _PySet_Contains(container, value))
    }
}

/// `value in container` for a dict.
pub unsafe extern "C" fn dict_contains(container: *mut PyObject, value: *mut PyObject) -> c_int {
    // SAFETY: live objects, an exact dict.
    unsafe {
        let (_held, before) = (Held::new([container, value]), Before::now());
        before.truth(opcode::CONTAINS_OP, pyo3_ffi::PyDict_Contains(container, value))
    }
}

/// A slice bound for a sequence of `len` items: `None` or a compact int.
unsafe fn bound(object: *mut PyObject, len: isize, missing: isize) -> Option<isize> {
    // SAFETY: a live object.
    let value = unsafe { if object == Py_None() { return Some(missing) } else { compact(object)? } };
    Some(if value < 0 { (value + len).max(0) } else { value.min(len) })
}

unsafe extern "C" {
    /// The type of slices.
    static mut PySlice_Type: PyTypeObject;
}

/// `list[slice]` for a slice of `None`s and compact ints; `None` for others, and if memory is short.
unsafe fn strided_slice(container: *mut PyObject, key: *mut PyObject) -> Option<*mut PyObject> {
    // SAFETY: live objects, an exact list; the slice's fields are read after the type check. Indices are within the list.
    unsafe {
        if !is_exact(key, &raw mut PySlice_Type) {
            return None;
        }
        let slice = key.cast::<pyo3_ffi::PySliceObject>();
        let list = List::new_unchecked(container);
        let len = list.len() as isize;
        let step = if (*slice).step == Py_None() { 1 } else { compact((*slice).step).filter(|&step| step != 0)? };
        // What comes before the first item, what after the last one, and where to start without a bound.
        let (least, most) = if step < 0 { (-1, len - 1) } else { (0, len) };
        let (first, last) = if step < 0 { (most, least) } else { (least, most) };
        let bound = |object: *mut PyObject, missing: isize| {
            if object == Py_None() {
                return Some(missing);
            }
            let value = compact(object)?;
            Some((if value < 0 { value + len } else { value }).clamp(least, most))
        };
        let (start, stop) = (bound((*slice).start, first)?, bound((*slice).stop, last)?);
        let span = if step < 0 { start - stop } else { stop - start };
        let count = if span <= 0 { 0 } else { (span - 1) / step.abs() + 1 };
        let result = pyo3_ffi::PyList_New(count);
        if result.is_null() {
            pyo3_ffi::PyErr_Clear();
            return None;
        }
        // The list may have changed: making an object can run the collector.
        if list.len() as isize != len {
            Py_DECREF(result);
            return None;
        }
        let (from, to) = (list.items(), List::new_unchecked(result).items());
        for index in 0..count {
            to.offset(index).write(retain(from.offset(start + index * step).read()));
        }
        Some(result)
    }
}

/// `container[start:stop]`. For the built-in sequences no slice object is made.
pub unsafe extern "C" fn get_slice(
    container: *mut PyObject,
    start: *mut PyObject,
    stop: *mut PyObject,
) -> *mut PyObject {
    type Get = unsafe extern "C" fn(*mut PyObject, isize, isize) -> *mut PyObject;
    // SAFETY: live objects; the getters get bounds inside the sequence.
    unsafe {
        let (len, get): (isize, Get) = if PyList_CheckExact(container) != 0 {
            (List::new_unchecked(container).len() as isize, pyo3_ffi::PyList_GetSlice)
        } else if PyTuple_CheckExact(container) != 0 {
            (Tuple::new_unchecked(container).len() as isize, pyo3_ffi::PyTuple_GetSlice)
        } else if PyUnicode_CheckExact(container) != 0 {
            (pyo3_ffi::PyUnicode_GetLength(container), pyo3_ffi::PyUnicode_Substring)
        } else {
            return get_any_slice(container, start, stop);
        };
        match (bound(start, len, 0), bound(stop, len, len)) {
            (Some(low), Some(high)) => get(container, low, high.max(low)),
            _ => get_any_slice(container, start, stop),
        }
    }
}

unsafe fn get_any_slice(container: *mut PyObject, start: *mut PyObject, stop: *mut PyObject) -> *mut PyObject {
    // SAFETY: live objects.
    unsafe {
        let before = Before::now();
        let slice = pyo3_ffi::PySlice_New(start, stop, null_mut());
        if slice.is_null() {
            return null_mut();
        }
        let _held = Held::new([container]);
        let result = pyo3_ffi::PyObject_GetItem(container, slice);
        Py_DECREF(slice);
        before.object(opcode::BINARY_SLICE, result)
    }
}

/// `container[start:stop] = value`.
pub unsafe extern "C" fn set_slice(
    value: *mut PyObject,
    container: *mut PyObject,
    start: *mut PyObject,
    stop: *mut PyObject,
) -> c_int {
    // SAFETY: live objects.
    unsafe {
        // Other values are iterated over first, and have other messages.
        let simple = PyList_CheckExact(value) != 0 || PyTuple_CheckExact(value) != 0;
        if simple && PyList_CheckExact(container) != 0 {
            let len = List::new_unchecked(container).len() as isize;
            if let (Some(low), Some(high)) = (bound(start, len, 0), bound(stop, len, len)) {
                return pyo3_ffi::PyList_SetSlice(container, low, high, value);
            }
        }
        let before = Before::now();
        let slice = pyo3_ffi::PySlice_New(start, stop, null_mut());
        if slice.is_null() {
            return -1;
        }
        let status = pyo3_ffi::PyObject_SetItem(container, slice, value);
        Py_DECREF(slice);
        before.status(opcode::STORE_SLICE, status)
    }
}
