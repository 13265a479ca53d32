//! Addresses of preallocated, immortal objects.
//!
//! They lie in `_PyRuntime`, at places that differ between patch versions. So they are asked for once, by ordinary calls.

use std::sync::OnceLock;

use pyo3_ffi::PyObject;

use super::Raised;
use crate::layout::{long, runtime};

/// Where the preallocated objects are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Singletons {
    /// `-NSMALLNEGINTS`, the first of the small integers; they lie [`long::SMALL_INT_STRIDE`] apart.
    pub first_small_int: usize,
    /// `0`.
    pub zero: usize,
    /// The string of U+0000; those up to U+007F lie [`runtime::STRINGS_ASCII_STRIDE`] apart.
    pub ascii: usize,
    /// The string of U+0080; those up to U+00FF lie [`runtime::STRINGS_LATIN1_STRIDE`] apart.
    pub latin1: usize,
    /// `()`.
    pub empty_tuple: usize,
    /// `None`.
    pub none: usize,
    /// `True`.
    pub true_: usize,
    /// `False`.
    pub false_: usize,
}

/// The addresses.
///
/// # Safety
/// The GIL is held.
pub unsafe fn get() -> Result<&'static Singletons, Raised> {
    static FOUND: OnceLock<Singletons> = OnceLock::new();
    if let Some(found) = FOUND.get() {
        return Ok(found);
    }
    // SAFETY: ordinary calls under the GIL. The objects are immortal, so the references may be dropped.
    let found = unsafe {
        let address = |object: *mut PyObject| {
            if object.is_null() {
                return Err(Raised);
            }
            let address = object as usize;
            pyo3_ffi::Py_DECREF(object);
            Ok(address)
        };
        let zero = address(pyo3_ffi::PyLong_FromLong(0))?;
        Singletons {
            first_small_int: zero - (long::NSMALLNEGINTS * long::SMALL_INT_STRIDE) as usize,
            zero,
            ascii: address(pyo3_ffi::PyUnicode_FromOrdinal(0))?,
            latin1: address(pyo3_ffi::PyUnicode_FromOrdinal(0x80))?,
            empty_tuple: address(pyo3_ffi::PyTuple_New(0))?,
            none: pyo3_ffi::Py_None() as usize,
            true_: pyo3_ffi::Py_True() as usize,
            false_: pyo3_ffi::Py_False() as usize,
        }
    };
    Ok(FOUND.get_or_init(|| found))
}

impl Singletons {
    /// The address of the small integer `value`, if it is preallocated.
    pub fn small_int(&self, value: i64) -> Option<usize> {
        if !(-(long::NSMALLNEGINTS as i64)..long::NSMALLPOSINTS as i64).contains(&value) {
            return None;
        }
        Some((self.zero as i64 + value * long::SMALL_INT_STRIDE as i64) as usize)
    }

    /// The address of the string of one character below U+0100.
    pub fn character(&self, character: u8) -> usize {
        match character {
            0..0x80 => self.ascii + character as usize * runtime::STRINGS_ASCII_STRIDE as usize,
            _ => self.latin1 + (character as usize - 0x80) * runtime::STRINGS_LATIN1_STRIDE as usize,
        }
    }
}
