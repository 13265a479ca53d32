//! Objects: their end.

use pyo3_ffi::PyObject;
use std::arch::naked_asm;

/// Destroys an object whose count reached zero; every integer register is preserved (no float is live at a call).
///
/// # Safety
/// Called by machine code only, with the GIL held, `rsp` 0 mod 16 before the call, and an object whose count is zero in `rdi`.
#[unsafe(naked)]
pub unsafe extern "C" fn dealloc(object: *mut PyObject) {
    naked_asm!(
        "push rax",
        "push rcx",
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
        "pop rcx",
        "pop rax",
        "ret",
        dealloc = sym dealloc_object,
    )
}

unsafe extern "C" fn dealloc_object(object: *mut PyObject) {
    // SAFETY: the caller's contract: a live object without references, the GIL held.
    unsafe { whipsnake_cpython::live::symbols::_Py_Dealloc(object) }
}

/// A new float. The references to `left` and `right` (either may be NULL) are dropped unless it fails.
///
/// # Safety
/// Called by machine code, with the GIL held and live objects of exact types whose end runs no code.
pub unsafe extern "C" fn new_float_from(value: f64, left: *mut PyObject, right: *mut PyObject) -> *mut PyObject {
    // SAFETY: the caller's contract.
    unsafe { keep_or_drop(pyo3_ffi::PyFloat_FromDouble(value), left, right) }
}

/// A new int. The references to `left` and `right` (either may be NULL) are dropped unless it fails.
///
/// # Safety
/// Called by machine code, with the GIL held and live objects of exact types whose end runs no code.
pub unsafe extern "C" fn new_int_from(value: i64, left: *mut PyObject, right: *mut PyObject) -> *mut PyObject {
    // SAFETY: the caller's contract.
    unsafe { keep_or_drop(pyo3_ffi::PyLong_FromLongLong(value), left, right) }
}

unsafe fn keep_or_drop(result: *mut PyObject, left: *mut PyObject, right: *mut PyObject) -> *mut PyObject {
    if !result.is_null() {
        // SAFETY: the caller owns these references, if they are not NULL.
        unsafe {
            pyo3_ffi::Py_XDECREF(left);
            pyo3_ffi::Py_XDECREF(right);
        }
    }
    result
}
