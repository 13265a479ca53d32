//! Iteration: how iterators begin and end.

use super::calls::{Back, done, enter};
use super::special::Name;
use super::with::compiled_method;
use super::{generator_pool, iterator_pool};
use crate::native::frames::Resume;
use crate::native::raw::{get, release, release_or_null, retain, set};
use pyo3_ffi::{PyObject, PyThreadState};
use std::ffi::c_int;
use std::ptr;
use whipsnake_cpython::CodeKind;
use whipsnake_cpython::layout::{list_iterator, tuple_iterator};
use whipsnake_cpython::live::{_PyInterpreterFrame, Frame, Function, Raised, ThreadState, symbols};

/// `iter(iterable)`: the address is null and the frame is the iterator, null with an exception set. If `__iter__` is a compiled generator function whose generator
/// can't be made without a call, its frame is pushed, as for one: what comes back is an iterator for sure. The reference to the iterable is taken then.
///
/// # Safety
/// Called by machine code: the current frame, at a `GET_ITER` that goes on at `back`.
pub unsafe extern "C" fn get_iter(
    thread: *mut PyThreadState,
    frame: *mut _PyInterpreterFrame,
    iterable: *mut PyObject,
    back: *const u8,
) -> Resume {
    // SAFETY: the caller's. The new frame gets references of its own, and keeps the iterable alive.
    unsafe {
        if iterates_itself(iterable) {
            return done(pyo3_ffi::PyObject_GetIter(iterable));
        }
        let Some(found) = generator_method(iterable) else { return done(iter(iterable)) };
        if let Some(made) = generator_pool::make_at_once(ThreadState::new_unchecked(thread), found.0, iterable) {
            return done(made);
        }
        retain(found.0.as_ptr().cast());
        let back = Back { length: 1, address: back };
        match enter(thread, frame, found, &retain(iterable), 1, ptr::null_mut(), back) {
            Ok(resume) => {
                release(iterable);
                resume
            }
            Err(Raised) => done(ptr::null_mut()),
        }
    }
}

/// `iter(iterable)`, by a call.
///
/// # Safety
/// A live object; the GIL is held.
pub unsafe extern "C" fn iter(iterable: *mut PyObject) -> *mut PyObject {
    // SAFETY: the caller's.
    unsafe {
        let made = iterator_pool::make(iterable);
        if made.is_null() { pyo3_ffi::PyObject_GetIter(iterable) } else { made }
    }
}

/// Whether an object is its own iterator, as nearly all are that are written in C: what a generator expression goes over is asked for one again.
#[inline]
unsafe fn iterates_itself(object: *mut PyObject) -> bool {
    // SAFETY: a live object, and its type.
    unsafe {
        let iter = (*pyo3_ffi::Py_TYPE(object)).tp_iter;
        iter.map(|iter| iter as usize) == Some(pyo3_ffi::PyObject_SelfIter as *const () as usize)
    }
}

/// The `__iter__` of an instance of a Python class, if that is a compiled generator function.
#[inline]
unsafe fn generator_method(object: *mut PyObject) -> Option<(Function, *const u8)> {
    // SAFETY: the caller's.
    unsafe { compiled_method(object, Name::Iter) }.filter(|(function, _)| function.code().kind() == CodeKind::Generator)
}

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

/// A new iterator over a range, with nothing in its fields; NULL with `MemoryError` set.
///
/// # Safety
/// The GIL is held.
pub(crate) unsafe extern "C" fn new_range_iterator() -> *mut PyObject {
    // SAFETY: the caller's; the fields are plain numbers, which whoever asked writes.
    unsafe { pyo3_ffi::PyObject_New(&raw mut pyo3_ffi::PyRangeIter_Type) }
}
