//! Cells.

use super::names::optional_item;
use crate::native::raw::{get, retain};
use pyo3_ffi::PyObject;
use std::ffi::c_int;
use std::ptr;
use whipsnake_cpython::layout::{cell, code, frame};
use whipsnake_cpython::live::{_PyInterpreterFrame, Tuple, symbols};

/// Raises the error of the empty cell in a frame's slot.
///
/// # Safety
/// The current frame, one of its slots; the GIL held.
pub unsafe extern "C" fn raise_unbound_cell(frame: *mut _PyInterpreterFrame, number: c_int) {
    // SAFETY: the caller's contract.
    unsafe {
        let thread = pyo3_ffi::PyThreadState_Get();
        symbols::_PyEval_FormatExcUnbound(thread, get(frame, frame::EXECUTABLE), number);
    }
}

/// A name in a class's namespace, or the value of the cell in a frame's slot, which has that name.
///
/// # Safety
/// The current frame, a slot with a cell, a live mapping; the GIL held.
pub unsafe extern "C" fn load_from_dict_or_cell(
    frame: *mut _PyInterpreterFrame,
    namespace: *mut PyObject,
    number: c_int,
) -> *mut PyObject {
    // SAFETY: the caller's contract; a code object has a name for each slot.
    unsafe {
        let code: *mut PyObject = get(frame, frame::EXECUTABLE);
        let names = Tuple::new_unchecked(get(code, code::LOCALSPLUSNAMES));
        let Some(name) = names.item(number as usize) else { unreachable!("a code object has a name for each slot") };
        match optional_item(namespace, name) {
            Err(()) => return ptr::null_mut(),
            Ok(value) if !value.is_null() => return value,
            Ok(_) => {}
        }
        let holder: *mut PyObject = get(frame, frame::LOCALSPLUS + 8 * number);
        let value: *mut PyObject = get(holder, cell::OB_REF);
        if value.is_null() {
            raise_unbound_cell(frame, number);
            return value;
        }
        retain(value)
    }
}
