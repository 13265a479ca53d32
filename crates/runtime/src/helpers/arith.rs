//! Operators on any objects, comparisons, truth.
//!
//! # Safety
//! All functions here are called by machine code, with the GIL held and live objects.

#![allow(clippy::missing_safety_doc, reason = "the contract is the same for all, above")]

use super::held::Held;
use pyo3_ffi::{Py_DECREF, Py_False, Py_True, PyObject, PyThreadState_Get, binaryfunc};
use std::ffi::c_int;
use whipsnake_cpython::live::{_PyInterpreterFrame, Float, Frame, Long, symbols};

/// Raises `UnboundLocalError` for a local variable.
pub unsafe extern "C" fn unbound_local(frame: *mut _PyInterpreterFrame, index: c_int) {
    // SAFETY: the frame is running, so it has a code object with a name for each local.
    unsafe {
        let code = Frame::new_unchecked(frame).executable();
        let names: *mut PyObject = *code.byte_add(whipsnake_cpython::layout::code::LOCALSPLUSNAMES as usize).cast();
        symbols::_PyEval_FormatExcCheckArg(
            PyThreadState_Get(),
            pyo3_ffi::PyExc_UnboundLocalError,
            c"cannot access local variable '%s' where it is not associated with a value".as_ptr(),
            pyo3_ffi::PyTuple_GetItem(names, index as isize),
        );
    }
}

/// Calls the C function of a binary operator.
pub unsafe extern "C" fn call_binary(function: binaryfunc, left: *mut PyObject, right: *mut PyObject) -> *mut PyObject {
    // SAFETY: a function of CPython's table, on live objects.
    unsafe {
        let _held = Held::new([left, right]);
        function(left, right)
    }
}

/// The number in an exact float or a compact exact int.
unsafe fn number(object: *mut PyObject) -> Option<f64> {
    // SAFETY: a live object; the types are exact.
    unsafe {
        if pyo3_ffi::PyFloat_CheckExact(object) != 0 {
            Some(Float::new_unchecked(object).value())
        } else if pyo3_ffi::PyLong_CheckExact(object) != 0 {
            Long::new_unchecked(object).compact_value().map(|value| value as f64)
        } else {
            None
        }
    }
}

unsafe extern "C" {
    /// The C library's, which Python's `**` uses: results must not differ in the last bit.
    fn pow(base: f64, exponent: f64) -> f64;
}

/// `left ** right`. A positive float to a finite power needs no special case as long as the result neither overflows nor vanishes.
pub unsafe extern "C" fn power(function: binaryfunc, left: *mut PyObject, right: *mut PyObject) -> *mut PyObject {
    // SAFETY: live objects; the function is of CPython's table.
    unsafe {
        if pyo3_ffi::PyFloat_CheckExact(left) != 0 {
            let base = Float::new_unchecked(left).value();
            if base > 0.0
                && base.is_finite()
                && let Some(exponent) = number(right).filter(|e| e.is_finite())
            {
                let result = pow(base, exponent);
                if result.is_normal() {
                    return pyo3_ffi::PyFloat_FromDouble(result);
                }
            }
        }
        call_binary(function, left, right)
    }
}

/// `-value`.
pub unsafe extern "C" fn negative(value: *mut PyObject) -> *mut PyObject {
    // SAFETY: a live object.
    unsafe {
        let _held = Held::new([value]);
        pyo3_ffi::PyNumber_Negative(value)
    }
}

/// A comparison by its number (`Py_LT` and so on).
pub unsafe extern "C" fn rich_compare(left: *mut PyObject, right: *mut PyObject, comparison: c_int) -> *mut PyObject {
    // SAFETY: live objects.
    unsafe {
        let _held = Held::new([left, right]);
        pyo3_ffi::PyObject_RichCompare(left, right, comparison)
    }
}

/// The truth of a comparison. Not `PyObject_RichCompareBool`: that one takes identical objects for equal.
pub unsafe extern "C" fn rich_compare_bool(left: *mut PyObject, right: *mut PyObject, comparison: c_int) -> c_int {
    // SAFETY: live objects.
    unsafe {
        let _held = Held::new([left, right]);
        let result = pyo3_ffi::PyObject_RichCompare(left, right, comparison);
        if result.is_null() {
            return -1;
        }
        let truth = truth_of(result);
        Py_DECREF(result);
        truth
    }
}

unsafe fn truth_of(value: *mut PyObject) -> c_int {
    // SAFETY: a live object.
    unsafe {
        if value == Py_True() {
            1
        } else if value == Py_False() {
            0
        } else {
            pyo3_ffi::PyObject_IsTrue(value)
        }
    }
}

/// The truth of a value.
pub unsafe extern "C" fn is_true(value: *mut PyObject) -> c_int {
    // SAFETY: a live object.
    unsafe {
        let _held = Held::new([value]);
        truth_of(value)
    }
}
