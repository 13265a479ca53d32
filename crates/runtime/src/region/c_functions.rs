//! Functions of the interpreter's own modules that regions compute by themselves.

use crate::helpers::globals;
use pyo3_ffi::{METH_O, Py_TYPE, PyCFunction_Type, PyCFunctionObject, PyModule_Check, PyModule_GetDef, PyObject};
use std::ffi::{CStr, c_char, c_int};
use whipsnake_ir::Global;
use whipsnake_ops::consumers::Consumer;
use whipsnake_ops::{KnownFunction, MathFunction};

/// How the documentation of the modules begins: others may be called so, too.
const MATH: (&CStr, &[u8]) = (c"math", b"This module provides access to the mathematical functions");
const BUILTINS: (&CStr, &[u8]) = (c"builtins", b"Built-in functions, types, exceptions, and other objects.");

/// Which function of `math` that C's library computes an object is.
///
/// # Safety
/// A live object; the GIL is held.
pub(super) unsafe fn math(object: *mut PyObject) -> Option<MathFunction> {
    // SAFETY: the caller's.
    let (name, flags) = unsafe { function_of(object, MATH)? };
    MathFunction::named(name.to_bytes()).filter(|_| flags == METH_O)
}

/// Which known function an object is.
///
/// # Safety
/// As [`math`].
pub(super) unsafe fn known(object: *mut PyObject) -> Option<KnownFunction> {
    // SAFETY: the caller's.
    unsafe {
        match function_of(object, BUILTINS) {
            Some((name, _)) => KnownFunction::builtin(name.to_bytes()),
            None => KnownFunction::of_math(function_of(object, MATH)?.0.to_bytes()),
        }
    }
}

/// Which function that goes through a generator an object is, if regions know it.
///
/// # Safety
/// As [`math`].
pub unsafe fn consumer_at(object: *mut PyObject) -> Option<Consumer> {
    // SAFETY: the caller's; static types.
    unsafe {
        if object == (&raw mut pyo3_ffi::PyList_Type).cast() {
            Some(Consumer::List)
        } else if object == (&raw mut pyo3_ffi::PyTuple_Type).cast() {
            Some(Consumer::Tuple)
        } else if object == (&raw mut pyo3_ffi::PySet_Type).cast() {
            Some(Consumer::Set)
        } else if object as usize == globals::address(Global::StrJoinMethod) {
            Some(Consumer::Join)
        } else {
            Consumer::builtin(function_of(object, BUILTINS)?.0.to_bytes())
        }
    }
}

/// Name and flags of a function in C of a module of the interpreter.
pub(crate) unsafe fn function_of(object: *mut PyObject, of: (&CStr, &[u8])) -> Option<(&'static CStr, c_int)> {
    // SAFETY: the caller's; what a module is made of is fixed, and lives as long as the interpreter.
    unsafe {
        if Py_TYPE(object) != &raw mut PyCFunction_Type {
            return None;
        }
        let function = object.cast::<PyCFunctionObject>();
        let (method, module) = ((*function).m_ml, (*function).m_self);
        if module.is_null() || PyModule_Check(module) == 0 {
            return None;
        }
        let definition = PyModule_GetDef(module);
        if definition.is_null() || !is_called((*definition).m_name, (*definition).m_doc, of) {
            return None;
        }
        Some((CStr::from_ptr((*method).ml_name), (*method).ml_flags))
    }
}

/// Whether a module has that name, and documentation that begins so.
unsafe fn is_called(name: *const c_char, doc: *const c_char, (expected, beginning): (&CStr, &[u8])) -> bool {
    // SAFETY: strings that end, if they are not NULL.
    unsafe {
        !name.is_null()
            && !doc.is_null()
            && CStr::from_ptr(name) == expected
            && CStr::from_ptr(doc).to_bytes().starts_with(beginning)
    }
}
