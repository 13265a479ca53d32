//! Slices of sequences. For the built-in ones no slice object is made, and lists come from where dead ones are kept.
//!
//! # Safety
//! All functions here are called by machine code, with the GIL held and live objects; those for one type get exact instances of it.

#![allow(clippy::missing_safety_doc, reason = "the contract is the same for all, above")]

use super::attention::Before;
use super::containers::compact;
use super::held::Held;
use super::list_pool::list_of;
use crate::native::raw::{is_exact, release};
use pyo3_ffi::{
    Py_DECREF, Py_None, Py_REFCNT, PyList_CheckExact, PyObject, PyTuple_CheckExact, PyTypeObject, PyUnicode_CheckExact,
};
use std::ffi::c_int;
use std::ptr::null_mut;
use whipsnake_cpython::live::{List, Tuple};
use whipsnake_cpython::opcode;

unsafe extern "C" {
    /// The type of slices.
    static mut PySlice_Type: PyTypeObject;
}

/// A bound of a slice without a step, of a sequence of `len` items: `None` or a compact int.
pub(super) unsafe fn bound(object: *mut PyObject, len: isize, missing: isize) -> Option<isize> {
    // SAFETY: a live object.
    let value = unsafe { if object == Py_None() { return Some(missing) } else { compact(object)? } };
    Some(within(value, len))
}

/// A bound as an index of a sequence of `len` items.
fn within(bound: isize, len: isize) -> isize {
    if bound < 0 { bound.saturating_add(len).max(0) } else { bound.min(len) }
}

/// `list[slice]` for a slice of `None`s and compact ints; `None` for others, and if memory is short.
pub(super) unsafe fn of_list(list: *mut PyObject, key: *mut PyObject) -> Option<*mut PyObject> {
    // SAFETY: live objects, an exact list; the slice's fields are read after the type check.
    unsafe {
        if !is_exact(key, &raw mut PySlice_Type) {
            return None;
        }
        let slice = key.cast::<pyo3_ffi::PySliceObject>();
        strided(list, (*slice).start, (*slice).stop, (*slice).step)
    }
}

/// `list[start:stop:step]`, likewise.
unsafe fn strided(
    list: *mut PyObject,
    start: *mut PyObject,
    stop: *mut PyObject,
    step: *mut PyObject,
) -> Option<*mut PyObject> {
    // SAFETY: live objects, an exact list.
    unsafe {
        let number = |object: *mut PyObject| if object == Py_None() { Some(None) } else { compact(object).map(Some) };
        let step = number(step)?.unwrap_or(1);
        if step == 0 {
            return None;
        }
        let result = items_of(list, number(start)?, number(stop)?, step);
        if result.is_null() {
            pyo3_ffi::PyErr_Clear();
            return None;
        }
        Some(result)
    }
}

/// `list[start:stop:step]`; NULL with `MemoryError` set.
#[inline]
unsafe fn items_of(list: *mut PyObject, start: Option<isize>, stop: Option<isize>, step: isize) -> *mut PyObject {
    // SAFETY: an exact list; indices are within it.
    unsafe {
        let list = List::new_unchecked(list);
        let len = list.len() as isize;
        // What comes before the first item, what after the last one.
        let (least, most) = if step < 0 { (-1, len - 1) } else { (0, len) };
        let within = |bound: isize| (if bound < 0 { bound + len } else { bound }).clamp(least, most);
        let start = start.map_or(if step < 0 { most } else { least }, within);
        let stop = stop.map_or(if step < 0 { least } else { most }, within);
        let span = if step < 0 { start - stop } else { stop - start };
        let count = match step {
            _ if span <= 0 => 0,
            1 | -1 => span as usize,
            _ => (span as usize - 1) / step.unsigned_abs() + 1,
        };
        list_of(list.items().wrapping_offset(start), count, step)
    }
}

/// `list[start:stop:step]` of an exact list, with a step that is not 0; NULL with `MemoryError` set.
pub unsafe extern "C" fn list_strided(
    list: *mut PyObject,
    start: i64,
    stop: i64,
    step: i64,
    missing: c_int,
) -> *mut PyObject {
    let bound = |bound: i64, bit: c_int| (missing & bit == 0).then_some(bound as isize);
    // SAFETY: an exact list.
    unsafe { items_of(list, bound(start, 1), bound(stop, 2), step as isize) }
}

/// `container[start:stop:step]`; the references to the last three are taken, also on failure.
pub unsafe extern "C" fn get_strided(
    container: *mut PyObject,
    start: *mut PyObject,
    stop: *mut PyObject,
    step: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: live objects; the slice has references of its own.
    unsafe {
        let found = if PyList_CheckExact(container) != 0 { strided(container, start, stop, step) } else { None };
        let result = found.unwrap_or_else(|| {
            let slice = pyo3_ffi::PySlice_New(start, stop, step);
            if slice.is_null() {
                return null_mut();
            }
            let (_held, before) = (Held::new([container]), Before::now());
            let result = pyo3_ffi::PyObject_GetItem(container, slice);
            Py_DECREF(slice);
            before.object(opcode::BINARY_SUBSCR, result)
        });
        for part in [step, start, stop] {
            release(part);
        }
        result
    }
}

/// `left + right` of exact lists; NULL with `MemoryError` set.
pub unsafe extern "C" fn join_lists(left: *mut PyObject, right: *mut PyObject) -> *mut PyObject {
    // SAFETY: exact lists; the new one has a place for each of their items, which are written before anything else is done.
    unsafe {
        let lists = [left, right].map(|list| List::new_unchecked(list));
        let [first, second] = [lists[0].len(), lists[1].len()];
        let Some(count) = first.checked_add(second).filter(|&count| count <= isize::MAX as usize / 8) else {
            return pyo3_ffi::PyErr_NoMemory();
        };
        let joined = super::list_pool::new_list(count);
        if joined.is_null() || count == 0 {
            return joined;
        }
        let mut place = List::new_unchecked(joined).items();
        for list in lists {
            for index in 0..list.len() {
                place.write(crate::native::raw::retain(list.items().add(index).read()));
                place = place.add(1);
            }
        }
        joined
    }
}

/// `list[start:stop]` of an exact list; NULL with `MemoryError` set.
pub unsafe extern "C" fn list_slice(list: *mut PyObject, start: i64, stop: i64) -> *mut PyObject {
    // SAFETY: an exact list; the items are within it.
    unsafe {
        let list = List::new_unchecked(list);
        let len = list.len() as isize;
        let (low, high) = (within(start as isize, len), within(stop as isize, len));
        list_of(list.items().wrapping_offset(low), (high - low).max(0) as usize, 1)
    }
}

/// `list[start:stop] = value` where `value` is a list of as many items that nobody else has a reference to: it gets the old ones. Whether that was so.
pub unsafe extern "C" fn exchange_slice(value: *mut PyObject, list: *mut PyObject, start: i64, stop: i64) -> c_int {
    // SAFETY: live objects, an exact list; both places are within the lists, which are not the same one, since each has a reference.
    unsafe {
        if PyList_CheckExact(value) == 0 || Py_REFCNT(value) != 1 || value == list {
            return 0;
        }
        let (new, list) = (List::new_unchecked(value), List::new_unchecked(list));
        let len = list.len() as isize;
        let (low, high) = (within(start as isize, len), within(stop as isize, len));
        let count = new.len();
        if high - low != count as isize {
            return 0;
        }
        let (from, to) = (new.items(), list.items().wrapping_offset(low));
        for index in 0..count {
            std::ptr::swap(from.add(index), to.add(index));
        }
        1
    }
}

/// `list[start:stop] = value` of an exact list; the largest number as `stop` stands for none.
pub unsafe extern "C" fn set_list_slice(value: *mut PyObject, list: *mut PyObject, start: i64, stop: i64) -> c_int {
    // SAFETY: live objects, and these numbers.
    unsafe {
        let start = pyo3_ffi::PyLong_FromLongLong(start);
        let stop = if stop == i64::MAX { pyo3_ffi::Py_NewRef(Py_None()) } else { pyo3_ffi::PyLong_FromLongLong(stop) };
        let made = !start.is_null() && !stop.is_null();
        let status = if made { set_slice(value, list, start, stop) } else { -1 };
        pyo3_ffi::Py_XDECREF(start);
        pyo3_ffi::Py_XDECREF(stop);
        status
    }
}

/// `container[start:stop]`.
pub unsafe extern "C" fn get_slice(
    container: *mut PyObject,
    start: *mut PyObject,
    stop: *mut PyObject,
) -> *mut PyObject {
    type Get = unsafe extern "C" fn(*mut PyObject, isize, isize) -> *mut PyObject;
    // SAFETY: live objects; the getters get bounds inside the sequence.
    unsafe {
        let (len, get): (isize, Get) = if PyList_CheckExact(container) != 0 {
            let len = List::new_unchecked(container).len() as isize;
            return match (bound(start, len, 0), bound(stop, len, len)) {
                (Some(low), Some(high)) => list_slice(container, low as i64, high as i64),
                _ => get_any_slice(container, start, stop),
            };
        } else if PyTuple_CheckExact(container) != 0 {
            (Tuple::new_unchecked(container).len() as isize, pyo3_ffi::PyTuple_GetSlice)
        } else if PyUnicode_CheckExact(container) != 0 {
            (pyo3_ffi::PyUnicode_GetLength(container), pyo3_ffi::PyUnicode_Substring)
        } else {
            return super::ranges::slice(container, start, stop)
                .unwrap_or_else(|| get_any_slice(container, start, stop));
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
                if exchange_slice(value, container, low as i64, high as i64) != 0 {
                    return 0;
                }
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
