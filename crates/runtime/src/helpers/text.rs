//! Strings.
//!
//! # Safety
//! All functions here are called by machine code, with the GIL held and live objects.

#![allow(clippy::missing_safety_doc, reason = "the contract is the same for all, above")]

use super::attention::Before;
use super::build::drop_slots;
use super::held::Held;
use pyo3_ffi::PyObject;
use std::ffi::c_int;
use std::ptr::null;
use whipsnake_cpython::live::symbols;
use whipsnake_cpython::opcode;

/// Appends to the string in `local`: in place if the local variable holds the only reference. `right` is another string.
pub unsafe extern "C" fn append_string(local: *mut *mut PyObject, right: *mut PyObject) -> c_int {
    // SAFETY: both are live exact strings.
    unsafe {
        pyo3_ffi::PyUnicode_Append(local, right);
        if (*local).is_null() {
            // Out of memory: the old value is gone. The variable stays set, since the way out may read it.
            *local = empty();
            return -1;
        }
        0
    }
}

/// The empty string, which is immortal.
fn empty() -> *mut PyObject {
    // SAFETY: no memory is needed for it, so this works at any time with the GIL held.
    unsafe { pyo3_ffi::PyUnicode_FromStringAndSize(null(), 0) }
}

/// Joins the strings in `count` slots, whose references are consumed unless it fails.
pub unsafe extern "C" fn build_string(base: *mut *mut PyObject, count: c_int) -> *mut PyObject {
    // SAFETY: as many live strings as that.
    unsafe {
        let joined = symbols::_PyUnicode_JoinArray(empty(), base, count as isize);
        if !joined.is_null() {
            drop_slots(base, count as usize);
        }
        joined
    }
}

/// `format(value, spec)`; NULL stands for an empty `spec`.
pub unsafe extern "C" fn format(value: *mut PyObject, spec: *mut PyObject) -> *mut PyObject {
    // SAFETY: live objects, or NULL for `spec`, which is never borrowed.
    unsafe {
        let (_held, before) = (Held::new([value]), Before::now());
        let op = if spec.is_null() { opcode::FORMAT_SIMPLE } else { opcode::FORMAT_WITH_SPEC };
        before.object(op, pyo3_ffi::PyObject_Format(value, spec))
    }
}
