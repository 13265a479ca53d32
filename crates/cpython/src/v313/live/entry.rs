//! Native entries of Python functions.
//!
//! A function's `vectorcall` field is what every generic call of it calls. Setting it takes the function's version away,
//! so that no call site specialises on it.
//!
//! Setting `f.__code__` leaves the entry in place: whoever sets entries has to [`restore`] them when a function watcher reports such a change.

use std::ptr;
use std::sync::OnceLock;

use pyo3_ffi::{Py_DECREF, PyFunctionObject, vectorcallfunc};

use super::{Function, Raised};

unsafe extern "C" {
    fn PyFunction_SetVectorcall(func: *mut PyFunctionObject, vectorcall: vectorcallfunc);
}

static ORIGINAL: OnceLock<vectorcallfunc> = OnceLock::new();

/// The interpreter's own entry, `_PyFunction_Vectorcall`, which is not exported: read off a fresh function.
///
/// # Safety
/// The GIL is held.
pub unsafe fn original() -> Result<vectorcallfunc, Raised> {
    if let Some(&found) = ORIGINAL.get() {
        return Ok(found);
    }
    // SAFETY: ordinary calls under the GIL; what is made here is released here.
    unsafe {
        let code = pyo3_ffi::PyCode_NewEmpty(c"whipsnake".as_ptr(), c"probe".as_ptr(), 1);
        if code.is_null() {
            return Err(Raised);
        }
        let globals = pyo3_ffi::PyDict_New();
        if globals.is_null() {
            Py_DECREF(code.cast());
            return Err(Raised);
        }
        let function = pyo3_ffi::PyFunction_New(code.cast(), globals);
        Py_DECREF(code.cast());
        Py_DECREF(globals);
        let Some(handle) = Function::new(function.cast()) else {
            return Err(Raised);
        };
        let entry = handle.vectorcall();
        Py_DECREF(function);
        // A function without an entry cannot come from `PyFunction_New`.
        let entry = entry.ok_or_else(|| {
            pyo3_ffi::PyErr_SetString(pyo3_ffi::PyExc_SystemError, c"a new function has no vectorcall entry".as_ptr());
            Raised
        })?;
        Ok(*ORIGINAL.get_or_init(|| entry))
    }
}

/// Makes calls of `function` go to `entry`, all of them: it loses its version.
///
/// # Safety
/// `entry` does what calling `function` means, until it is replaced. The GIL is held.
pub unsafe fn set(function: Function, entry: vectorcallfunc) {
    // SAFETY: a live function, and the caller answers for the entry. A new function has no version to take away.
    unsafe {
        if function.version() == 0 {
            function.set_vectorcall(entry);
        } else {
            PyFunction_SetVectorcall(function.as_ptr(), entry);
        }
    }
}

/// The same, but the function keeps its version, if it has one: call sites that the interpreter specialises enter the function without its entry.
///
/// # Safety
/// As [`set`].
pub unsafe fn set_keeping_version(function: Function, entry: vectorcallfunc) {
    // SAFETY: the caller's.
    unsafe { function.set_vectorcall(entry) };
}

/// Gives `function` the interpreter's entry back; it keeps its version, if it has one.
///
/// # Safety
/// [`original`] has been called. The GIL is held.
pub unsafe fn restore(function: Function) {
    if let Some(&original) = ORIGINAL.get() {
        // SAFETY: a live function and the entry it was made with.
        unsafe { function.set_vectorcall(original) };
    }
}

/// Whether calls of `function` go to the interpreter.
pub fn is_original(function: Function) -> bool {
    match (ORIGINAL.get(), function.vectorcall()) {
        (Some(&original), Some(entry)) => ptr::fn_addr_eq(original, entry),
        _ => false,
    }
}
