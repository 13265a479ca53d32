//! What regions need where they have inlined a generator into the built-in function that goes through it: lists and sets that only the region has.
//!
//! # Safety
//! All functions here are called by machine code, with the GIL held and live objects of the exact types that are said.

#![allow(clippy::missing_safety_doc, reason = "the contract is the same for all, above")]

use super::{instance_ends, list_pool};
use crate::native::raw::{get, is_exact, retain, set};
use pyo3_ffi::{PyObject, PyTypeObject};
use std::ffi::c_int;
use std::ptr::{addr_of_mut, null_mut};
use whipsnake_cpython::layout::list;
use whipsnake_cpython::live::{List, Tuple, symbols};

/// The places that the interpreter gives to a list of an iterable that does not tell its length.
const FIRST_PLACES: usize = 8;

/// Those of such lists when they have grown.
const GROWN_PLACES: [usize; 3] = [32, 24, 16];

/// A list without items, with places for some: as many as the interpreter gives, or, of one that is `hidden`, as dead ones have.
pub(crate) unsafe extern "C" fn new_list(hidden: c_int) -> *mut PyObject {
    // SAFETY: the module's contract. A new list's places hold nothing yet, or what is not ours.
    unsafe {
        let dead = GROWN_PLACES.iter().filter(|_| hidden != 0).find_map(|&places| list_pool::dead_list(places));
        let made = dead.unwrap_or_else(|| list_pool::new_list(FIRST_PLACES));
        if !made.is_null() {
            set(made, list::OB_SIZE, 0usize);
        }
        made
    }
}

/// A set.
pub(crate) unsafe extern "C" fn new_set() -> *mut PyObject {
    // SAFETY: the module's contract.
    unsafe { pyo3_ffi::PySet_New(null_mut()) }
}

/// Makes room for one item more.
pub(crate) unsafe extern "C" fn make_room(full: *mut PyObject) -> c_int {
    // SAFETY: the module's contract. The item that makes the list grow is taken out again.
    unsafe {
        let size: usize = get(full, list::OB_SIZE);
        if symbols::_PyList_AppendTakeRefListResize(full, retain(pyo3_ffi::Py_None())) < 0 {
            pyo3_ffi::PyErr_Clear();
            return -1;
        }
        set(full, list::OB_SIZE, size);
        0
    }
}

/// What the interpreter does with a list that turned out shorter than it was meant to be.
pub(crate) unsafe extern "C" fn cut_list(made: *mut PyObject) {
    // SAFETY: the module's contract. There is a free place, for an item whose end makes the interpreter resize the list.
    unsafe {
        let size: usize = get(made, list::OB_SIZE);
        if size >= get::<usize>(made, list::ALLOCATED) >> 1 {
            return;
        }
        List::new_unchecked(made).items().add(size).write(retain(pyo3_ffi::Py_None()));
        set(made, list::OB_SIZE, size + 1);
        if pyo3_ffi::PyList_SetSlice(made, size as isize, size as isize + 1, null_mut()) < 0 {
            pyo3_ffi::PyErr_Clear();
            set(made, list::OB_SIZE, size);
        }
    }
}

/// A tuple of a list's items.
pub(crate) unsafe extern "C" fn tuple_of_list(items: *mut PyObject) -> *mut PyObject {
    // SAFETY: the module's contract. What the list holds lives on in the tuple.
    unsafe {
        let tuple = pyo3_ffi::PyList_AsTuple(items);
        instance_ends::drop_reference(items, instance_ends::MAX_DEPTH);
        tuple
    }
}

/// Whether objects of this type are hashed and compared by the interpreter alone.
fn is_plain(class: *mut PyTypeObject) -> bool {
    let plain = [
        addr_of_mut!(pyo3_ffi::PyLong_Type),
        addr_of_mut!(pyo3_ffi::PyUnicode_Type),
        addr_of_mut!(pyo3_ffi::PyFloat_Type),
        addr_of_mut!(pyo3_ffi::PyBool_Type),
        addr_of_mut!(pyo3_ffi::PyBytes_Type),
    ];
    plain.contains(&class)
}

/// The same of an object, or a tuple of such.
unsafe fn is_plain_key(key: *mut PyObject) -> bool {
    // SAFETY: the caller's: a live object.
    unsafe {
        if is_plain(pyo3_ffi::Py_TYPE(key)) || key == pyo3_ffi::Py_None() {
            return true;
        }
        if !is_exact(key, addr_of_mut!(pyo3_ffi::PyTuple_Type)) {
            return false;
        }
        let tuple = Tuple::new_unchecked(key);
        (0..tuple.len()).all(|index| {
            tuple.item(index).is_some_and(|item| is_plain(pyo3_ffi::Py_TYPE(item)) || item == pyo3_ffi::Py_None())
        })
    }
}

/// Adds to a set that has plain keys only.
pub(crate) unsafe extern "C" fn collect_in_set(into: *mut PyObject, item: *mut PyObject) -> c_int {
    // SAFETY: the module's contract.
    unsafe {
        if !is_plain_key(item) {
            return -1;
        }
        if pyo3_ffi::PySet_Add(into, item) < 0 {
            // The interpreter tries again.
            pyo3_ffi::PyErr_Clear();
            return -1;
        }
        0
    }
}

/// `list.sort()`.
pub(crate) unsafe extern "C" fn sort_list(made: *mut PyObject) -> c_int {
    // SAFETY: the module's contract.
    unsafe { pyo3_ffi::PyList_Sort(made) }
}
