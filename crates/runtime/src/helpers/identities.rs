//! `id(x)`.

use super::pools;
use pyo3_ffi::{Py_DECREF, PyObject};
use std::ptr::null_mut;
use whipsnake_cpython::live::symbols;

/// What the built-in function does, in the same way called; but that the number's memory comes from where dead ones are kept.
///
/// # Safety
/// The GIL is held, by the main interpreter; the object is live.
pub(super) unsafe extern "C" fn identity(_: *mut PyObject, object: *mut PyObject) -> *mut PyObject {
    // SAFETY: the caller's. Audit hooks get the number, and may refuse.
    unsafe {
        let id = pools::int(object as i64);
        if !id.is_null() && symbols::PySys_Audit(c"builtins.id".as_ptr(), c"O".as_ptr(), id) < 0 {
            Py_DECREF(id);
            return null_mut();
        }
        id
    }
}
