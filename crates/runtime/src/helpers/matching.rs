//! Patterns of `match` statements.
//!
//! # Safety
//! All functions here are called by machine code, with the GIL held and live objects.

#![allow(clippy::missing_safety_doc, reason = "the contract is the same for all, above")]

use super::attention::Before;
use pyo3_ffi::{Py_NewRef, Py_None, PyErr_Occurred, PyObject, PyThreadState_Get};
use std::ffi::c_int;
use std::ptr::null_mut;
use whipsnake_cpython::live::symbols;
use whipsnake_cpython::opcode;

/// `len(value)`.
pub unsafe extern "C" fn length(value: *mut PyObject) -> *mut PyObject {
    // SAFETY: a live object.
    unsafe {
        match pyo3_ffi::PyObject_Size(value) {
            len if len < 0 => null_mut(),
            len => pyo3_ffi::PyLong_FromSsize_t(len),
        }
    }
}

/// The attributes that a class pattern asks for, or `None` if the subject does not match.
pub unsafe extern "C" fn match_class(
    subject: *mut PyObject,
    class: *mut PyObject,
    names: *mut PyObject,
    count: c_int,
) -> *mut PyObject {
    // SAFETY: live objects; `names` is an exact tuple.
    unsafe {
        let before = Before::now();
        let found = symbols::_PyEval_MatchClass(PyThreadState_Get(), subject, class, count as isize, names);
        let attributes = if found.is_null() && PyErr_Occurred().is_null() { Py_NewRef(Py_None()) } else { found };
        before.object(opcode::MATCH_CLASS, attributes)
    }
}

/// The values of a mapping pattern's keys, or `None` if one is missing.
pub unsafe extern "C" fn match_keys(subject: *mut PyObject, keys: *mut PyObject) -> *mut PyObject {
    // SAFETY: live objects; `keys` is an exact tuple.
    unsafe { symbols::_PyEval_MatchKeys(PyThreadState_Get(), subject, keys) }
}
