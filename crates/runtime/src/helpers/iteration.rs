//! Iteration: the ends of iterators.

use crate::native::raw::{get, release_or_null, set};
use pyo3_ffi::{PyObject, PyThreadState};
use std::ffi::c_int;
use std::ptr;
use whipsnake_cpython::layout::{list_iterator, tuple_iterator};
use whipsnake_cpython::live::{_PyInterpreterFrame, Frame, ThreadState, symbols};

/// `tp_iternext` returned NULL: 0 if that was the end (a `StopIteration` is cleared), −1 if another exception is set.
///
/// # Safety
/// Called by machine code: the current frame, whose `instr_ptr` is the `FOR_ITER`.
pub unsafe extern "C" fn iteration_end(thread: *mut PyThreadState, frame: *mut _PyInterpreterFrame) -> c_int {
    // SAFETY: the caller's.
    unsafe {
        let state = ThreadState::new_unchecked(thread);
        if state.current_exception().is_null() {
            return 0;
        }
        if symbols::_PyErr_ExceptionMatches(thread, pyo3_ffi::PyExc_StopIteration) == 0 {
            return -1;
        }
        symbols::_PyEval_MonitorRaise(thread, frame, Frame::new_unchecked(frame).instr_ptr());
        symbols::_PyErr_Clear(thread);
    }
    0
}

/// A list iterator found no more items: it drops its list and stays exhausted.
///
/// # Safety
/// An exact list iterator, the GIL held.
pub unsafe extern "C" fn list_iterator_end(iterator: *mut PyObject) {
    // SAFETY: the caller's. The field is cleared before the list goes, whose end may run any code.
    unsafe {
        let list: *mut PyObject = get(iterator, list_iterator::IT_SEQ);
        set(iterator, list_iterator::IT_INDEX, -1isize);
        set(iterator, list_iterator::IT_SEQ, ptr::null_mut::<PyObject>());
        release_or_null(list);
    }
}

/// A tuple iterator found no more items: it drops its tuple.
///
/// # Safety
/// An exact tuple iterator, the GIL held.
pub unsafe extern "C" fn tuple_iterator_end(iterator: *mut PyObject) {
    // SAFETY: as above.
    unsafe {
        let tuple: *mut PyObject = get(iterator, tuple_iterator::IT_SEQ);
        set(iterator, tuple_iterator::IT_SEQ, ptr::null_mut::<PyObject>());
        release_or_null(tuple);
    }
}
