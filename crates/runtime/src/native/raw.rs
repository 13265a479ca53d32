//! Reference counts and fields, as the interpreter's own inlined code treats them.

use pyo3_ffi::{PyObject, PyTypeObject};
use whipsnake_cpython::layout;

/// Reads the field of type `T` at `offset`.
///
/// # Safety
/// `base` points to a live struct that has such a field.
#[inline(always)]
pub(crate) unsafe fn get<T: Copy>(base: *const impl Sized, offset: i32) -> T {
    // SAFETY: the caller's.
    unsafe { base.cast::<u8>().offset(offset as isize).cast::<T>().read() }
}

/// Writes the field of type `T` at `offset`.
///
/// # Safety
/// As [`get`], and the new value keeps the struct's invariants.
#[inline(always)]
pub(crate) unsafe fn set<T: Copy>(base: *mut impl Sized, offset: i32, value: T) {
    // SAFETY: the caller's.
    unsafe { base.cast::<u8>().offset(offset as isize).cast::<T>().write(value) }
}

/// Whether the object's type is exactly `class`.
///
/// # Safety
/// A live object.
#[inline(always)]
pub(crate) unsafe fn is_exact(object: *mut PyObject, class: *mut PyTypeObject) -> bool {
    // SAFETY: the caller's.
    unsafe { get::<*mut PyTypeObject>(object, layout::object::OB_TYPE) == class }
}

/// Adds a reference; immortal objects stay as they are.
///
/// # Safety
/// A live object, the GIL held.
#[inline(always)]
pub(crate) unsafe fn retain(object: *mut PyObject) -> *mut PyObject {
    // SAFETY: the caller's.
    unsafe {
        let count = get::<u32>(object, layout::object::OB_REFCNT).wrapping_add(1);
        if count != 0 {
            set(object, layout::object::OB_REFCNT, count);
        }
    }
    object
}

/// Adds a reference unless the pointer is null.
///
/// # Safety
/// As [`retain`].
#[inline(always)]
pub(crate) unsafe fn retain_or_null(object: *mut PyObject) -> *mut PyObject {
    if !object.is_null() {
        // SAFETY: the caller's.
        unsafe { retain(object) };
    }
    object
}

/// Drops a reference; the object's end may run any code.
///
/// # Safety
/// A live object whose reference the caller owns, the GIL held.
#[inline(always)]
pub(crate) unsafe fn release(object: *mut PyObject) {
    // SAFETY: the caller's.
    unsafe {
        let count = get::<i32>(object, layout::object::OB_REFCNT);
        if count >= 0 {
            set(object, layout::object::OB_REFCNT, count - 1);
            if count == 1 {
                whipsnake_cpython::live::symbols::_Py_Dealloc(object);
            }
        }
    }
}

/// Drops a reference unless the pointer is null.
///
/// # Safety
/// As [`release`].
#[inline(always)]
pub(crate) unsafe fn release_or_null(object: *mut PyObject) {
    if !object.is_null() {
        // SAFETY: the caller's.
        unsafe { release(object) };
    }
}
