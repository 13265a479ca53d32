//! Taking values apart onto the stack.
//!
//! # Safety
//! All functions here are called by machine code, with the GIL held, live objects, and enough stack slots.

#![allow(clippy::missing_safety_doc, reason = "the contract is the same for all, above")]

use pyo3_ffi::{Py_DECREF, Py_NewRef, PyObject, PyThreadState};
use std::ffi::c_int;
use whipsnake_cpython::live::{List, Tuple, symbols};

/// Replaces the iterable in slot `base` by its values. On failure it stays there, and −1 is returned.
pub unsafe extern "C" fn unpack_iterable(
    thread: *mut PyThreadState,
    base: *mut *mut PyObject,
    before: c_int,
    after: c_int,
) -> c_int {
    let count = before + if after >= 0 { 1 + after } else { 0 };
    // SAFETY: live objects; the frame's stack has room for the values from `base` up.
    unsafe {
        let iterable = *base;
        if after < 0
            && let Some(items) = exact_items(iterable, before as usize)
        {
            unpack_items(items, base, before);
            Py_DECREF(iterable);
            return 0;
        }
        if symbols::_PyEval_UnpackIterable(thread, iterable, before, after, base.add(count as usize)) == 0 {
            *base = iterable;
            return -1;
        }
        Py_DECREF(iterable);
        0
    }
}

/// The items of an exact tuple or list of that length.
unsafe fn exact_items(sequence: *mut PyObject, count: usize) -> Option<*const *mut PyObject> {
    // SAFETY: a live object.
    unsafe {
        if pyo3_ffi::PyTuple_CheckExact(sequence) != 0 {
            let tuple = Tuple::new_unchecked(sequence.cast());
            (tuple.len() == count).then(|| tuple.items().cast_const())
        } else if pyo3_ffi::PyList_CheckExact(sequence) != 0 {
            let list = List::new_unchecked(sequence.cast());
            (list.len() == count).then(|| list.items().cast_const())
        } else {
            None
        }
    }
}

/// Copies `count` items with new references to the slots from `base` up, the first item highest.
pub unsafe extern "C" fn unpack_items(items: *const *mut PyObject, base: *mut *mut PyObject, count: c_int) {
    for index in 0..count as usize {
        // SAFETY: as many items and slots as that.
        unsafe { *base.add(count as usize - 1 - index) = Py_NewRef(*items.add(index)) };
    }
}
