//! Comparisons of sets and steps through them that run no Python code.
//!
//! # Safety
//! All functions here are called by machine code, with the GIL held and live objects of the types that they are for.

#![allow(clippy::missing_safety_doc, reason = "the contract is the same for all, above")]

use crate::native::raw::{get, retain, set};
use pyo3_ffi::PyObject;
use std::ffi::c_int;
use std::ptr::null_mut;
use whipsnake_cpython::layout::{set as layout, set_iterator};
use whipsnake_cpython::live::{is_subset, key_of_place, set_places};

/// A comparison of exact sets or frozensets: 1 or 0; −1 if that takes Python code.
pub unsafe extern "C" fn compare(left: *mut PyObject, right: *mut PyObject, comparison: c_int) -> c_int {
    // SAFETY: the module's contract.
    unsafe { answer(left, right, comparison) }.map_or(-1, c_int::from)
}

/// The same; `None` if that takes Python code.
unsafe fn answer(left: *mut PyObject, right: *mut PyObject, comparison: c_int) -> Option<bool> {
    // SAFETY: the caller's.
    unsafe {
        let [of_left, of_right] = [left, right].map(|of| get::<isize>(of, layout::USED));
        match comparison {
            pyo3_ffi::Py_LE if of_left > of_right => Some(false),
            pyo3_ffi::Py_GE if of_left < of_right => Some(false),
            pyo3_ffi::Py_LT if of_left >= of_right => Some(false),
            pyo3_ffi::Py_GT if of_left <= of_right => Some(false),
            pyo3_ffi::Py_EQ | pyo3_ffi::Py_NE if of_left != of_right => Some(comparison == pyo3_ffi::Py_NE),
            pyo3_ffi::Py_LE | pyo3_ffi::Py_LT | pyo3_ffi::Py_EQ => is_subset(left, right),
            pyo3_ffi::Py_GE | pyo3_ffi::Py_GT => is_subset(right, left),
            _ => is_subset(left, right).map(|equal| !equal),
        }
    }
}

/// The next item of an iterator over a set; NULL where there is none, or the set has changed its size.
pub unsafe extern "C" fn next(iterator: *mut PyObject) -> *mut PyObject {
    // SAFETY: the module's contract.
    unsafe {
        let owner: *mut PyObject = get(iterator, set_iterator::SI_SET);
        if owner.is_null() || get::<isize>(iterator, set_iterator::SI_USED) != get::<isize>(owner, layout::USED) {
            return null_mut();
        }
        let at: usize = get(iterator, set_iterator::SI_POS);
        let rest = set_places(owner).get(at..).unwrap_or_default();
        let found = rest.iter().enumerate().find_map(|(index, place)| Some((index, key_of_place(place)?)));
        let Some((index, key)) = found else { return null_mut() };
        set(iterator, set_iterator::SI_POS, at + index + 1);
        set(iterator, set_iterator::LEN, get::<isize>(iterator, set_iterator::LEN) - 1);
        retain(key)
    }
}
