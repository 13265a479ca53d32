//! Making functions.

use super::function_pool;
use crate::native::raw::get;
use pyo3_ffi::PyObject;
use whipsnake_cpython::layout::code;
use whipsnake_cpython::live::{_PyInterpreterFrame, Frame, symbols};

/// A function from a code object, with the frame's globals.
///
/// # Safety
/// The current frame, a code object; the GIL held.
pub unsafe extern "C" fn make_function(frame: *mut _PyInterpreterFrame, code: *mut PyObject) -> *mut PyObject {
    // SAFETY: the caller's contract.
    unsafe {
        let frame = Frame::new_unchecked(frame);
        let mut function = function_pool::make(frame, code);
        if function.is_null() {
            function = pyo3_ffi::PyFunction_New(code, frame.globals());
        }
        if !function.is_null() {
            // Functions made from one code object share its version, so that call sites stay specialised.
            let version: u32 = get(code, code::VERSION);
            if version != 0 {
                symbols::_PyFunction_SetVersion(function.cast(), version);
            }
        }
        function
    }
}
