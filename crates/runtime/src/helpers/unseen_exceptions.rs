//! Exceptions that a region catches before anybody has seen them: their classes are compared, and they are dropped.
//!
//! # Safety
//! All functions here are called by machine code, with the GIL held, the live thread state and live objects.

#![allow(clippy::missing_safety_doc, reason = "the contract is the same for all, above")]

use super::class_variables::fixed_version;
use super::special;
use crate::native::raw::{get, release, set};
use crate::region::ends_quietly;
use pyo3_ffi::{PyObject, PyThreadState, PyTypeObject};
use std::ffi::c_int;
use std::ptr;
use whipsnake_cpython::layout::{thread_state, type_object};
use whipsnake_cpython::live::{Dict, Lookup};
use whipsnake_optimizer::PlainException;

/// Whether the exception that is set is of a class or derived from it, and nothing would be noticed of its end. Where none is set, something wants attention.
pub unsafe extern "C" fn raised_matches(thread: *mut PyThreadState, class: *mut PyObject) -> c_int {
    // SAFETY: the module's contract.
    unsafe {
        let exception: *mut PyObject = get(thread, thread_state::CURRENT_EXCEPTION);
        if exception.is_null() || pyo3_ffi::Py_REFCNT(exception) != 1 {
            return 0;
        }
        let own = pyo3_ffi::Py_TYPE(exception);
        let matches = own == class.cast() || pyo3_ffi::PyType_IsSubtype(own, class.cast()) != 0;
        c_int::from(matches && ends_quietly(exception))
    }
}

/// Drops the exception that is set.
pub unsafe extern "C" fn clear_raised(thread: *mut PyThreadState) {
    // SAFETY: the module's contract; the thread's own reference is dropped.
    unsafe {
        let exception: *mut PyObject = get(thread, thread_state::CURRENT_EXCEPTION);
        set(thread, thread_state::CURRENT_EXCEPTION, ptr::null_mut::<PyObject>());
        release(exception);
    }
}

/// Whether no Python code runs when so many references to an object, or NULL, are dropped.
pub unsafe extern "C" fn drops_quietly(object: *mut PyObject, references: c_int) -> c_int {
    if object.is_null() {
        return 1;
    }
    // SAFETY: the module's contract. Immortal counts are negative.
    unsafe {
        let count = pyo3_ffi::Py_REFCNT(object) as i32;
        c_int::from(count < 0 || count > references || ends_quietly(object))
    }
}

/// Whether a name is an object in the globals or, if it is not there, the builtins.
pub unsafe extern "C" fn global_is(
    globals: *mut PyObject,
    builtins: *mut PyObject,
    name: *mut PyObject,
    object: *mut PyObject,
) -> c_int {
    for namespace in [globals, builtins] {
        // SAFETY: the module's contract.
        unsafe {
            if pyo3_ffi::PyDict_CheckExact(namespace) == 0 {
                return 0;
            }
            match Dict::new_unchecked(namespace).find(name) {
                Lookup::Found(place) => return c_int::from(place.read() == object),
                Lookup::Unknown => return 0,
                Lookup::Absent => {}
            }
        }
    }
    0
}

/// How a class makes its exceptions, if it does that as `Exception` does, and these end without running Python code but for what they hold.
pub(crate) unsafe fn plain(class: *mut PyTypeObject) -> Option<PlainException> {
    // SAFETY: a live class of exceptions.
    unsafe {
        let usual: *mut PyTypeObject = pyo3_ffi::PyExc_Exception.cast();
        let address = |f: Option<pyo3_ffi::initproc>| f.map(|f| f as usize);
        let made = |class: *mut PyTypeObject| ((*class).tp_new.map(|f| f as usize), address((*class).tp_init));
        let is_usual = made(class) == made(usual) || class == pyo3_ffi::PyExc_StopIteration.cast();
        if pyo3_ffi::Py_TYPE(class.cast()) != &raw mut pyo3_ffi::PyType_Type
            || !is_usual
            || (*class).tp_finalize.is_some()
            || (*class).tp_del.is_some()
        {
            return None;
        }
        if get::<u64>(class, type_object::TP_FLAGS) & type_object::HEAPTYPE == 0 {
            return Some(PlainException { version: None });
        }
        // A class gets its version when something is looked for in it.
        special::look_up(class, special::Name::Init);
        let version = fixed_version(class);
        (version != 0).then_some(PlainException { version: Some(version) })
    }
}
