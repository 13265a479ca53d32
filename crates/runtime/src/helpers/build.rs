//! Making containers from values on the stack.
//!
//! The `build_…` functions read `count` values from a stack slot up. On success their references are consumed; on failure they stay.
//!
//! # Safety
//! All functions here are called by machine code, with the GIL held, live objects, and as many values in the slots as they say.

#![allow(clippy::missing_safety_doc, reason = "the contract is the same for all, above")]

use super::attention::Before;
use super::held::Held;
use super::new_dicts::{self, dict_of};
use crate::native::raw::{is_exact, retain};
use pyo3_ffi::{Py_DECREF, Py_TYPE, PyObject, PyThreadState_Get};
use std::ffi::c_int;
use std::ptr::null_mut;
use whipsnake_cpython::layout;
use whipsnake_cpython::live::{Dict, KeysKind, symbols};
use whipsnake_cpython::opcode;

/// Drops the references in the slots.
pub(super) unsafe fn drop_slots(base: *mut *mut PyObject, count: usize) {
    for index in 0..count {
        // SAFETY: the caller owns the references in these slots.
        unsafe { super::objects::release(*base.add(index)) };
    }
}

/// A tuple.
pub unsafe extern "C" fn build_tuple(base: *mut *mut PyObject, count: c_int) -> *mut PyObject {
    // SAFETY: a new tuple has room for `count` items; the references move into it.
    unsafe { super::tuple_pool::tuple_of(base, count as usize) }
}

/// A dict of values and strings in turn, the last string first.
pub unsafe extern "C" fn build_named(base: *mut *mut PyObject, count: c_int) -> *mut PyObject {
    // SAFETY: the dict takes references of its own; those in the slots go when it has all.
    unsafe {
        let pairs = count as usize / 2;
        let last = base.add(2 * pairs);
        if let Some(dict) = dict_of(pairs, |pair| (last.sub(2 * pair + 1).read(), last.sub(2 * pair + 2).read())) {
            return dict;
        }
        let dict = new_dicts::new_dict();
        if dict.is_null() {
            return dict;
        }
        let pairs = (0..count as usize / 2).rev().map(|pair| (*base.add(2 * pair + 1), *base.add(2 * pair)));
        for (key, value) in pairs {
            if pyo3_ffi::PyDict_SetItem(dict, key, value) < 0 {
                Py_DECREF(dict);
                return null_mut();
            }
        }
        drop_slots(base, count as usize);
        dict
    }
}

/// A list of so many items, which the caller stores without running any code before. Until then its places are empty.
pub unsafe extern "C" fn new_list_of(count: c_int) -> *mut PyObject {
    // SAFETY: a new list has `count` places.
    unsafe {
        let list = super::list_pool::new_list(count as usize);
        if !list.is_null() && count > 0 {
            let items: *mut *mut PyObject = *list.byte_add(layout::list::OB_ITEM as usize).cast();
            items.write_bytes(0, count as usize);
        }
        list
    }
}

/// A list.
pub unsafe extern "C" fn build_list(base: *mut *mut PyObject, count: c_int) -> *mut PyObject {
    // SAFETY: a new list has room for `count` items; the references move into it.
    unsafe {
        let list = super::list_pool::new_list(count as usize);
        if !list.is_null() && count > 0 {
            let items: *mut *mut PyObject = *list.byte_add(layout::list::OB_ITEM as usize).cast();
            base.copy_to_nonoverlapping(items, count as usize);
        }
        list
    }
}

/// A set.
pub unsafe extern "C" fn build_set(base: *mut *mut PyObject, count: c_int) -> *mut PyObject {
    // SAFETY: live objects.
    unsafe {
        let before = Before::now();
        let set = pyo3_ffi::PySet_New(null_mut());
        if set.is_null() {
            return set;
        }
        for index in 0..count as usize {
            if pyo3_ffi::PySet_Add(set, *base.add(index)) < 0 {
                Py_DECREF(set);
                return null_mut();
            }
        }
        drop_slots(base, count as usize);
        before.object(opcode::BUILD_SET, set)
    }
}

/// A dict of `count` keys and values in turn.
pub unsafe extern "C" fn build_map(base: *mut *mut PyObject, count: c_int) -> *mut PyObject {
    // SAFETY: live objects.
    unsafe {
        if count == 0 {
            return new_dicts::new_dict();
        }
        if let Some(dict) = dict_of(count as usize, |pair| (base.add(2 * pair).read(), base.add(2 * pair + 1).read())) {
            return dict;
        }
        let before = Before::now();
        let dict = symbols::_PyDict_FromItems(base, 2, base.add(1), 2, count as isize);
        if !dict.is_null() {
            drop_slots(base, 2 * count as usize);
        }
        before.object(opcode::BUILD_MAP, dict)
    }
}

/// A dict of the values and a tuple of keys.
pub unsafe extern "C" fn build_const_key_map(
    base: *mut *mut PyObject,
    count: c_int,
    keys: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: live objects; `keys` is an exact tuple of `count` items.
    unsafe {
        let items: *mut *mut PyObject = keys.byte_add(layout::tuple::OB_ITEM as usize).cast();
        if let Some(dict) = dict_of(count as usize, |pair| (items.add(pair).read(), base.add(pair).read())) {
            for index in 0..count as usize {
                retain(items.add(index).read());
            }
            return dict;
        }
        let dict = symbols::_PyDict_FromItems(items, 1, base, 1, count as isize);
        if !dict.is_null() {
            drop_slots(base, count as usize);
        }
        dict
    }
}

/// A slice of two or three values.
pub unsafe extern "C" fn build_slice(base: *mut *mut PyObject, count: c_int) -> *mut PyObject {
    // SAFETY: live objects; `PySlice_New` takes references of its own, and NULL for no step.
    unsafe {
        let step = if count == 3 { *base.add(2) } else { null_mut() };
        let slice = pyo3_ffi::PySlice_New(*base, *base.add(1), step);
        if !slice.is_null() {
            drop_slots(base, count as usize);
        }
        slice
    }
}

/// Extends a list display by `*iterable`.
pub unsafe extern "C" fn list_extend(list: *mut PyObject, iterable: *mut PyObject) -> c_int {
    // SAFETY: live objects, an exact list.
    unsafe {
        let before = Before::now();
        let none = symbols::_PyList_Extend(list, iterable);
        if !none.is_null() {
            return before.status(opcode::LIST_EXTEND, 0);
        }
        let thread = PyThreadState_Get();
        if symbols::_PyErr_ExceptionMatches(thread, pyo3_ffi::PyExc_TypeError) != 0
            && (*Py_TYPE(iterable)).tp_iter.is_none()
            && pyo3_ffi::PySequence_Check(iterable) == 0
        {
            symbols::_PyErr_Clear(thread);
            symbols::_PyErr_Format(
                thread,
                pyo3_ffi::PyExc_TypeError,
                c"Value after * must be an iterable, not %.200s".as_ptr(),
                (*Py_TYPE(iterable)).tp_name,
            );
        }
        -1
    }
}

/// Adds to a set.
pub unsafe extern "C" fn set_add(set: *mut PyObject, value: *mut PyObject) -> c_int {
    // SAFETY: live objects, a set that nobody else has yet.
    unsafe {
        let _held = Held::new([value]);
        pyo3_ffi::PySet_Add(set, value)
    }
}

/// Updates a dict display by `**mapping`.
pub unsafe extern "C" fn dict_update(dict: *mut PyObject, mapping: *mut PyObject) -> c_int {
    // SAFETY: live objects, an exact dict.
    unsafe {
        if new_dicts::copy_into(dict, mapping) {
            return 0;
        }
        let before = Before::now();
        if pyo3_ffi::PyDict_Update(dict, mapping) >= 0 {
            return before.status(opcode::DICT_UPDATE, 0);
        }
        let thread = PyThreadState_Get();
        if symbols::_PyErr_ExceptionMatches(thread, pyo3_ffi::PyExc_AttributeError) != 0 {
            symbols::_PyErr_Format(
                thread,
                pyo3_ffi::PyExc_TypeError,
                c"'%.200s' object is not a mapping".as_ptr(),
                (*Py_TYPE(mapping)).tp_name,
            );
        }
        -1
    }
}

/// Updates the keyword arguments in a stack slot by `**mapping`; the callable, three slots below, is for the message.
pub unsafe extern "C" fn dict_merge(slot: *mut *mut PyObject, mapping: *mut PyObject) -> c_int {
    // SAFETY: live objects; the instruction's stack layout.
    unsafe {
        if is_exact(mapping, &raw mut pyo3_ffi::PyDict_Type) && Dict::new_unchecked(mapping).is_empty() {
            return 0;
        }
        if new_dicts::copy_into(*slot, mapping) {
            return 0;
        }
        let before = Before::now();
        if symbols::_PyDict_MergeEx(*slot, mapping, 2) >= 0 {
            return before.status(opcode::DICT_MERGE, 0);
        }
        symbols::_PyEval_FormatKwargsError(PyThreadState_Get(), *slot.sub(3), mapping);
        -1
    }
}

/// Puts the items of one exact dict into another one that nobody else has: 1; 0, and then nothing has changed, if a key is in both, or Python code may have a say.
pub unsafe extern "C" fn try_dict_merge(into: *mut PyObject, from: *mut PyObject) -> c_int {
    // SAFETY: live dicts; strings that are keys are compared without Python code.
    unsafe {
        let (into_dict, from_dict) = (Dict::new_unchecked(into), Dict::new_unchecked(from));
        if from_dict.is_empty() || new_dicts::copy_into(into, from) {
            return 1;
        }
        if into_dict.keys().kind() != KeysKind::Unicode || from_dict.keys().kind() != KeysKind::Unicode {
            return 0;
        }
        let (mut position, mut key) = (0, null_mut());
        while pyo3_ffi::PyDict_Next(from, &raw mut position, &raw mut key, null_mut()) != 0 {
            if pyo3_ffi::PyDict_Contains(into, key) != 0 {
                return 0;
            }
        }
        if symbols::_PyDict_MergeEx(into, from, 2) < 0 { -1 } else { 1 }
    }
}
