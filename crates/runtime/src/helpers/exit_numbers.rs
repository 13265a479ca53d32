//! Numbers that regions make objects of where they are left: the program has had them for long, so that there is no way to fail.
//!
//! Where the interpreter's allocator has no memory, it comes from C's, and is given back to that in the end, as all that the interpreter's own
//! did not give out.

use super::pools;
use crate::native::raw::set;
use pyo3_ffi::{PyObject, PyTypeObject};
use whipsnake_cpython::layout::{float, long, object};
use whipsnake_cpython::live::symbols;

/// A float.
///
/// # Safety
/// Called by machine code or where a region is left, with the GIL held.
pub unsafe extern "C" fn float_for_exit(value: f64) -> *mut PyObject {
    // SAFETY: machine code runs in the main interpreter only.
    unsafe {
        let made = pools::new_float(value);
        if !made.is_null() {
            return made;
        }
        let made = from_reserve(&raw mut pyo3_ffi::PyFloat_Type, float::SIZEOF as usize);
        set(made, float::OB_FVAL, value);
        made
    }
}

/// An int.
///
/// # Safety
/// As [`float_for_exit`].
pub unsafe extern "C" fn int_for_exit(value: i64) -> *mut PyObject {
    // SAFETY: machine code runs in the main interpreter only.
    let made = unsafe { pools::int(value) };
    if made.is_null() {
        // SAFETY: as above.
        return unsafe { int_from_reserve(value) };
    }
    made
}

/// An int in memory that C gives.
#[cold]
unsafe fn int_from_reserve(value: i64) -> *mut PyObject {
    /// As many as 64 bits need.
    const DIGITS: usize = 3;
    let magnitude = value.unsigned_abs();
    let digits = (0..DIGITS).map(|index| (magnitude >> (index as u32 * long::SHIFT)) as u32 & ((1 << long::SHIFT) - 1));
    let count = (1..=DIGITS).rev().find(|&count| magnitude >> ((count as u32 - 1) * long::SHIFT) != 0).unwrap_or(1);
    let sign = if value < 0 { long::SIGN_NEGATIVE } else { 0 };
    // SAFETY: the caller's; there is room for all the digits.
    unsafe {
        let size = long::OB_DIGIT as usize + DIGITS * size_of::<u32>();
        let object = from_reserve(&raw mut pyo3_ffi::PyLong_Type, size);
        set(object, long::LV_TAG, (count as u64) << long::NON_SIZE_BITS | sign);
        for (index, digit) in digits.enumerate() {
            set(object, long::OB_DIGIT + (index * size_of::<u32>()) as i32, digit);
        }
        object
    }
}

/// Memory for a number, after an allocation that failed.
#[cold]
unsafe fn from_reserve(class: *mut PyTypeObject, size: usize) -> *mut PyObject {
    // SAFETY: the GIL is held, with an exception set; the memory is as large as an object of the class.
    unsafe {
        let made = libc::malloc(size).cast::<PyObject>();
        if made.is_null() {
            pyo3_ffi::Py_FatalError(c"no memory for a number that a region kept".as_ptr());
        }
        pyo3_ffi::PyErr_Clear();
        set(made, object::OB_TYPE, class);
        symbols::_Py_NewReference(made);
        made
    }
}
