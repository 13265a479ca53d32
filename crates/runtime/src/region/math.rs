//! Functions of the module `math` that C's library computes.

use pyo3_ffi::{METH_O, Py_TYPE, PyCFunction_Type, PyCFunctionObject, PyModule_Check, PyModule_GetDef, PyObject};
use std::ffi::CStr;
use whipsnake_ops::MathFunction;

/// Which function an object is.
///
/// # Safety
/// A live object; the GIL is held.
pub(super) unsafe fn function(object: *mut PyObject) -> Option<MathFunction> {
    // SAFETY: the caller's; what a module is made of is fixed, and lives as long as its functions.
    unsafe {
        if Py_TYPE(object) != &raw mut PyCFunction_Type {
            return None;
        }
        let function = object.cast::<PyCFunctionObject>();
        let (method, module) = ((*function).m_ml, (*function).m_self);
        if (*method).ml_flags != METH_O || module.is_null() || PyModule_Check(module) == 0 {
            return None;
        }
        let definition = PyModule_GetDef(module);
        if definition.is_null() || !is_of_python((*definition).m_name, (*definition).m_doc) {
            return None;
        }
        MathFunction::named(CStr::from_ptr((*method).ml_name).to_bytes())
    }
}

/// Whether the definition of a module is that of Python's `math`, and not of some other that is called so.
unsafe fn is_of_python(name: *const std::ffi::c_char, doc: *const std::ffi::c_char) -> bool {
    const BEGINNING: &[u8] = b"This module provides access to the mathematical functions";
    // SAFETY: strings that end, if they are not NULL.
    unsafe {
        !name.is_null()
            && !doc.is_null()
            && CStr::from_ptr(name).to_bytes() == b"math"
            && CStr::from_ptr(doc).to_bytes().starts_with(BEGINNING)
    }
}
