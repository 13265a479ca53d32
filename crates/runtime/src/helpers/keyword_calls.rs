//! Calls with keyword arguments. Behind the values of another call is the tuple of the names, which belong to the last of the arguments.

use super::calls::{Back, call_compiled_whole, compiled_function, done, enter, entered, finish, unwrap_method};
use super::class_calls::{call_class, call_new_method};
use super::constructors::construct;
use super::objects::release;
use crate::native::frames::Resume;
use crate::native::raw::is_exact;
use crate::native::tools;
use pyo3_ffi::{PyObject, PyThreadState};
use std::ffi::c_int;
use whipsnake_cpython::layout::vectorcall;
use whipsnake_cpython::live::{_PyInterpreterFrame, ThreadState, Tuple};

/// `CALL_KW`: slots are callable, self or null, `count` arguments, the tuple of keyword names.
///
/// # Safety
/// Called by machine code only.
pub unsafe extern "C" fn call_kw(
    thread: *mut PyThreadState,
    frame: *mut _PyInterpreterFrame,
    base: *mut *mut PyObject,
    count: c_int,
    length: c_int,
    address: *const u8,
) -> Resume {
    // SAFETY: machine code passes the slots of a call instruction of the current frame.
    unsafe {
        let slots = count as usize + 3;
        let kwnames = base.add(slots - 1).read();
        let (args, total) = unwrap_method(base, count as usize);
        let positional = total - Tuple::new_unchecked(kwnames.cast()).len();
        let callable = base.read();
        if let Some(found) = compiled_function(callable) {
            let result = enter(thread, frame, found, args, positional, kwnames, Back { length, address });
            release(kwnames);
            return entered(result, base, slots);
        }
        let made = if !is_exact(callable, &raw mut pyo3_ffi::PyType_Type) {
            call_class(thread, base, count, kwnames).map(done)
        } else if base.add(1).read().is_null() {
            construct(thread, frame, base, count, Tuple::new(kwnames.cast()), Back { length, address })
                .or_else(|| call_new_method(thread, base, count, kwnames).map(done))
        } else {
            None
        };
        if let Some(resume) = made {
            return resume;
        }
        finish(base, slots, call_kw_unwrapped(thread, callable, args, positional, total, kwnames))
    }
}

/// Calls anything with keyword arguments behind the positional ones. Takes the references to all of it.
#[inline]
unsafe fn call_kw_unwrapped(
    thread: *mut PyThreadState,
    callable: *mut PyObject,
    args: *const *mut PyObject,
    positional: usize,
    total: usize,
    kwnames: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: the caller's; there is a slot before the arguments.
    unsafe {
        let flagged = positional | vectorcall::ARGUMENTS_OFFSET as usize;
        let result = pyo3_ffi::PyObject_Vectorcall(callable, args, flagged, kwnames);
        tools::notice_in(ThreadState::new_unchecked(thread));
        release(kwnames);
        release(callable);
        for index in 0..total {
            release(args.add(index).read());
        }
        result
    }
}

/// [`call_kw`], until it has returned: null with an exception set.
///
/// # Safety
/// Called by machine code only.
pub unsafe extern "C" fn call_kw_whole(
    thread: *mut PyThreadState,
    base: *mut *mut PyObject,
    count: c_int,
) -> *mut PyObject {
    // SAFETY: machine code passes the slots of a call instruction of the current frame.
    unsafe {
        let slots = count as usize + 3;
        let kwnames = base.add(slots - 1).read();
        if let Some(made) = call_class(thread, base, count, kwnames) {
            return made;
        }
        let (args, total) = unwrap_method(base, count as usize);
        let positional = total - Tuple::new_unchecked(kwnames.cast()).len();
        let callable = base.read();
        let result = match call_compiled_whole(thread, callable, args, positional, kwnames) {
            Some(result) => {
                release(kwnames);
                result
            }
            None => call_kw_unwrapped(thread, callable, args, positional, total, kwnames),
        };
        finish(base, slots, result).frame.cast()
    }
}
