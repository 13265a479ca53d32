//! Exceptions: `raise`, and matching in `except` and `except*`.

use super::exception_pool;
use crate::native::raw::{get, is_exact, release, release_or_null, retain, set};
use pyo3_ffi::{PyObject, PyThreadState};
use std::ffi::c_int;
use std::ptr;
use whipsnake_cpython::layout::{exc_stack_item, object, thread_state};
use whipsnake_cpython::live::{_PyInterpreterFrame, Frame, symbols};

/// `raise`, `raise exception` or `raise exception from cause`, by the number of values from `base` up; they are consumed. An exception is set
/// afterwards; 1 says that it is the one that was being handled, raised again.
///
/// # Safety
/// Called by machine code; `base` has that many owned references.
pub unsafe extern "C" fn raise(thread: *mut PyThreadState, base: *mut *mut PyObject, count: c_int) -> c_int {
    // SAFETY: the caller's. The slots are emptied first, for the unwinder.
    unsafe {
        let mut taken = [ptr::null_mut(); 2];
        for (index, value) in taken.iter_mut().enumerate().take(count as usize) {
            *value = base.add(index).replace(ptr::null_mut());
        }
        let [exception, cause] = taken;
        if exception.is_null() {
            return raise_again(thread);
        }
        if let Some(exception) = instance(exception) {
            if cause.is_null() || set_cause(exception, cause) {
                set_raised(thread, exception);
            } else {
                release(exception);
                release(cause);
            }
        } else {
            release_or_null(cause);
        }
    }
    0
}

/// Sets an exception. Takes the reference.
unsafe fn set_raised(thread: *mut PyThreadState, exception: *mut PyObject) {
    // SAFETY: the caller's: a live thread state, an instance of an exception.
    unsafe {
        let others = get::<usize>(thread, thread_state::CURRENT_EXCEPTION);
        if others == 0 && handled(thread).is_null() {
            set(thread, thread_state::CURRENT_EXCEPTION, exception);
            return;
        }
        // The one being handled becomes its context.
        pyo3_ffi::PyErr_SetObject(pyo3_ffi::Py_TYPE(exception).cast(), exception);
        release(exception);
    }
}

/// The exception being handled, borrowed; null if none is.
unsafe fn handled(thread: *mut PyThreadState) -> *mut PyObject {
    // SAFETY: the caller's: a live thread state, whose stack of handled exceptions ends with null.
    unsafe {
        let mut info: *mut u8 = get(thread, thread_state::EXC_INFO);
        while !info.is_null() {
            let exception: *mut PyObject = get(info, exc_stack_item::EXC_VALUE);
            if !exception.is_null() && exception != pyo3_ffi::Py_None() {
                return exception;
            }
            info = get(info, exc_stack_item::PREVIOUS_ITEM);
        }
    }
    ptr::null_mut()
}

/// The exception being handled, raised again.
unsafe fn raise_again(thread: *mut PyThreadState) -> c_int {
    // SAFETY: the caller's: a live thread state.
    unsafe {
        let exception = handled(thread);
        if !exception.is_null() {
            pyo3_ffi::PyErr_SetRaisedException(retain(exception));
            return 1;
        }
        symbols::_PyErr_SetString(thread, pyo3_ffi::PyExc_RuntimeError, c"No active exception to reraise".as_ptr());
    }
    0
}

/// An instance of what is raised: classes are called. Takes the reference; `None` with an exception set.
unsafe fn instance(exception: *mut PyObject) -> Option<*mut PyObject> {
    // SAFETY: the caller's.
    unsafe {
        if pyo3_ffi::PyExceptionClass_Check(exception) != 0 {
            let made = call_class(exception);
            release(exception);
            return made;
        }
        if pyo3_ffi::PyExceptionInstance_Check(exception) != 0 {
            return Some(exception);
        }
        release(exception);
        pyo3_ffi::PyErr_SetString(pyo3_ffi::PyExc_TypeError, c"exceptions must derive from BaseException".as_ptr());
        None
    }
}

/// A new instance of an exception class; `None` with an exception set.
unsafe fn call_class(class: *mut PyObject) -> Option<*mut PyObject> {
    // SAFETY: the caller's.
    unsafe {
        if is_exact(class, &raw mut pyo3_ffi::PyType_Type)
            && let Some(made) = exception_pool::make(class.cast(), ptr::null(), 0)
        {
            return (!made.is_null()).then_some(made);
        }
        let made = pyo3_ffi::PyObject_CallNoArgs(class);
        if made.is_null() {
            return None;
        }
        if pyo3_ffi::PyExceptionInstance_Check(made) != 0 {
            return Some(made);
        }
        pyo3_ffi::PyErr_Format(
            pyo3_ffi::PyExc_TypeError,
            c"calling %R should have returned an instance of BaseException, not %R".as_ptr(),
            class,
            pyo3_ffi::Py_TYPE(made),
        );
        release(made);
        None
    }
}

/// `exception.__cause__ = cause`. Takes the reference to the cause, unless it fails: false with an exception set.
unsafe fn set_cause(exception: *mut PyObject, cause: *mut PyObject) -> bool {
    // SAFETY: the caller's.
    unsafe {
        let fixed = if pyo3_ffi::PyExceptionClass_Check(cause) != 0 {
            let Some(made) = call_class(cause) else { return false };
            release(cause);
            made
        } else if pyo3_ffi::PyExceptionInstance_Check(cause) != 0 {
            cause
        } else if cause == pyo3_ffi::Py_None() {
            ptr::null_mut()
        } else {
            pyo3_ffi::PyErr_SetString(
                pyo3_ffi::PyExc_TypeError,
                c"exception causes must derive from BaseException".as_ptr(),
            );
            return false;
        };
        pyo3_ffi::PyException_SetCause(exception, fixed);
        true
    }
}

/// Sets an exception again; if `count` is not 0, `raised_at` is the code unit that raised it, where the frame shall stand. −1 with another
/// exception set.
///
/// # Safety
/// Called by machine code: the current frame.
pub unsafe extern "C" fn reraise(
    thread: *mut PyThreadState,
    frame: *mut _PyInterpreterFrame,
    exception: *mut PyObject,
    raised_at: *mut PyObject,
    count: c_int,
) -> c_int {
    // SAFETY: the caller's.
    unsafe {
        if count != 0 {
            if pyo3_ffi::PyLong_Check(raised_at) == 0 {
                symbols::_PyErr_SetString(thread, pyo3_ffi::PyExc_SystemError, c"lasti is not an int".as_ptr());
                return -1;
            }
            let frame = Frame::new_unchecked(frame);
            let code = frame.running_code();
            frame.set_instr_ptr(code.instructions().offset(pyo3_ffi::PyLong_AsLong(raised_at) as isize));
        }
        pyo3_ffi::PyErr_SetRaisedException(retain(exception));
    }
    0
}

/// Whether `except class` catches the exception; −1 if `class` can't stand there.
///
/// # Safety
/// An exception instance, the GIL held.
pub unsafe extern "C" fn exception_matches(
    thread: *mut PyThreadState,
    exception: *mut PyObject,
    class: *mut PyObject,
) -> c_int {
    // SAFETY: the caller's.
    unsafe {
        if get::<*mut PyObject>(exception, object::OB_TYPE) == class {
            return 1;
        }
        if symbols::_PyEval_CheckExceptTypeValid(thread, class) < 0 {
            return -1;
        }
        pyo3_ffi::PyErr_GivenExceptionMatches(exception, class)
    }
}

/// What `except* class` takes of an exception, and what it leaves.
#[repr(C)]
#[derive(Debug)]
pub struct Split {
    /// Owned, `None` if nothing matches; null with an exception set.
    pub matching: *mut PyObject,
    /// Owned.
    pub rest: *mut PyObject,
}

/// Splits an exception for `except* class`.
///
/// # Safety
/// An exception instance, the GIL held.
pub unsafe extern "C" fn exception_group_match(
    thread: *mut PyThreadState,
    exception: *mut PyObject,
    class: *mut PyObject,
) -> Split {
    let mut split = Split { matching: ptr::null_mut(), rest: ptr::null_mut() };
    // SAFETY: the caller's.
    unsafe {
        if symbols::_PyEval_CheckExceptStarTypeValid(thread, class) < 0 {
            return split;
        }
        if symbols::_PyEval_ExceptionGroupMatch(exception, class, &raw mut split.matching, &raw mut split.rest) < 0 {
            release_or_null(split.rest);
            return Split { matching: ptr::null_mut(), rest: ptr::null_mut() };
        }
    }
    split
}
