//! Objects: numbers made, and the end of any.

use super::instance_ends;
use super::instance_stub::{ANYHOW, end_instance};
use super::pools::{self, number_to_pool, with_pools};
use crate::native::raw::{get, set};
use pyo3_ffi::{PyObject, PyTypeObject};
use whipsnake_cpython::layout::{object, type_object};
use whipsnake_cpython::live::symbols;

/// Destroys an object whose count reached zero; every integer register is preserved (no float is live at a call).
///
/// # Safety
/// Called by machine code only, with the GIL held, `rsp` 0 mod 16 before the call, and an object whose count is zero in `rdi`.
#[unsafe(naked)]
pub unsafe extern "C" fn dealloc(object: *mut PyObject) {
    with_pools!(
        "push rax",
        "push rcx",
        // Floats and short ints go to their lists.
        number_to_pool!(),
        "mov eax, {anyhow}",
        "call {end_instance}",
        "test eax, eax",
        "jne 5f",
        "push rdx",
        "push rsi",
        "push rdi",
        "push r8",
        "push r9",
        "push r10",
        "push r11",
        // Nine words and the return address: rsp is 0 mod 16 again.
        "call {dealloc}",
        "pop r11",
        "pop r10",
        "pop r9",
        "pop r8",
        "pop rdi",
        "pop rsi",
        "pop rdx",
        "5:",
        "pop rcx",
        "pop rax",
        "ret",
        end_instance = sym end_instance,
        anyhow = const ANYHOW,
        dealloc = sym destroy,
    )
}

/// A new float; NULL with `MemoryError` set.
///
/// # Safety
/// Called by machine code, with the GIL held.
pub unsafe extern "C" fn new_float(value: f64) -> *mut PyObject {
    // SAFETY: machine code runs in the main interpreter only.
    unsafe { pools::new_float(value) }
}

/// A new int; NULL with `MemoryError` set.
///
/// # Safety
/// Called by machine code, with the GIL held.
pub unsafe extern "C" fn new_int(value: i64) -> *mut PyObject {
    // SAFETY: machine code runs in the main interpreter only.
    unsafe { pools::new_int(value) }
}

/// Destroys an object, in our own way if there is one.
///
/// # Safety
/// The GIL is held; nobody holds a reference to the object.
pub(crate) unsafe extern "C" fn destroy(object: *mut PyObject) {
    // SAFETY: the caller's.
    unsafe {
        let class: *mut PyTypeObject = get(object, object::OB_TYPE);
        // But for numbers, our own ways are for objects that the collector knows; texts and such don't pay for the look at them.
        if get::<u64>(class, type_object::TP_FLAGS) & type_object::HAVE_GC != 0 {
            destroy_tracked(object);
        } else if !pools::end_number(object) && !pools::end_text(object) {
            symbols::_Py_Dealloc(object);
        }
    }
}

#[inline(never)]
unsafe extern "C" fn destroy_tracked(object: *mut PyObject) {
    // SAFETY: `destroy`'s.
    unsafe {
        if !instance_ends::end(object) {
            symbols::_Py_Dealloc(object);
        }
    }
}

/// Drops a reference; the object's end, which may run any code, is our own if there is one.
///
/// # Safety
/// A live object whose reference the caller owns; the GIL is held, by the main interpreter.
#[inline(always)]
pub(crate) unsafe fn release(object: *mut PyObject) {
    // SAFETY: the caller's.
    unsafe {
        let count: i32 = get(object, object::OB_REFCNT);
        if count >= 0 {
            set(object, object::OB_REFCNT, count - 1);
            if count == 1 {
                dealloc(object);
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

/// A new float. The references to `left` and `right` (either may be NULL) are dropped unless it fails.
///
/// # Safety
/// Called by machine code, with the GIL held and live objects of exact types whose end runs no code.
pub unsafe extern "C" fn new_float_from(value: f64, left: *mut PyObject, right: *mut PyObject) -> *mut PyObject {
    // SAFETY: the caller's contract.
    unsafe { keep_or_drop(pools::new_float(value), left, right) }
}

/// A new int. The references to `left` and `right` (either may be NULL) are dropped unless it fails.
///
/// # Safety
/// Called by machine code, with the GIL held and live objects of exact types whose end runs no code.
pub unsafe extern "C" fn new_int_from(value: i64, left: *mut PyObject, right: *mut PyObject) -> *mut PyObject {
    // SAFETY: the caller's contract.
    unsafe { keep_or_drop(pools::new_int(value), left, right) }
}

unsafe fn keep_or_drop(result: *mut PyObject, left: *mut PyObject, right: *mut PyObject) -> *mut PyObject {
    if !result.is_null() {
        // SAFETY: the caller owns these references, if they are not NULL.
        unsafe {
            release_number(left);
            release_number(right);
        }
    }
    result
}

/// Drops a reference to a number, which may be NULL.
unsafe fn release_number(object: *mut PyObject) {
    // SAFETY: the caller owns the reference, if it is not NULL.
    unsafe {
        if object.is_null() {
            return;
        }
        let count: i32 = get(object, object::OB_REFCNT);
        if count >= 0 {
            set(object, object::OB_REFCNT, count - 1);
            if count == 1 {
                dealloc(object);
            }
        }
    }
}
