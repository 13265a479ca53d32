//! Generators and coroutines: entering them, and what `yield from`, `await` and `async for` need.

use super::attention::Before;
use super::calls::done;
use super::iteration::get_iter;
use super::special::Name;
use super::with::async_method;
use crate::native::async_items::{self, Resumed};
use crate::native::frames::Resume;
use crate::native::raw::{get, is_exact, release, retain};
use pyo3_ffi::{PyObject, PySendResult, PyThreadState, PyTypeObject};
use std::ffi::c_int;
use std::ptr;
use whipsnake_cpython::layout::code::{CO_COROUTINE, CO_ITERABLE_COROUTINE};
use whipsnake_cpython::layout::{exception, generator, type_object};
use whipsnake_cpython::live::{_PyInterpreterFrame, Frame, Generator, symbols};

/// An object, and a number that tells what it is.
#[repr(C)]
#[derive(Debug)]
pub struct Sent {
    /// Owned; null with an exception set.
    pub value: *mut PyObject,
    /// 1 if the iterator ended with the value, 0 if it yielded it.
    pub ended: i64,
}

/// `receiver.send(value)`, or `next(receiver)` for `None`, by C functions.
///
/// # Safety
/// Called by machine code: the current frame, whose `instr_ptr` is the `SEND`.
pub unsafe extern "C" fn send(
    thread: *mut PyThreadState,
    frame: *mut _PyInterpreterFrame,
    receiver: *mut PyObject,
    value: *mut PyObject,
) -> Sent {
    // SAFETY: the caller's.
    unsafe {
        if is_exact(receiver, &raw mut pyo3_ffi::PyGen_Type) || is_exact(receiver, &raw mut pyo3_ffi::PyCoro_Type) {
            // The same as below without a `StopIteration` on the way.
            let mut result = ptr::null_mut();
            return match pyo3_ffi::PyIter_Send(receiver, value, &raw mut result) {
                PySendResult::PYGEN_NEXT => Sent { value: result, ended: 0 },
                PySendResult::PYGEN_RETURN => Sent { value: result, ended: 1 },
                PySendResult::PYGEN_ERROR => Sent { value: ptr::null_mut(), ended: 0 },
            };
        }
        let before = Before::now();
        let result = if let Some(resumed) = async_items::resume(receiver, value) {
            match resumed {
                Resumed::Awaits(value) => value,
                // A tool that was just switched on is told of the exception.
                Resumed::Item(item) if before.changed() => {
                    symbols::_PyGen_SetStopIterationValue(item);
                    release(item);
                    ptr::null_mut()
                }
                Resumed::Item(item) => return Sent { value: item, ended: 1 },
                Resumed::Raised => ptr::null_mut(),
            }
        } else if value == pyo3_ffi::Py_None() && pyo3_ffi::PyIter_Check(receiver) != 0 {
            let class: *mut PyTypeObject = pyo3_ffi::Py_TYPE(receiver);
            ((*class).tp_iternext.expect("an iterator has tp_iternext"))(receiver)
        } else {
            let args = [receiver, value];
            pyo3_ffi::PyObject_VectorcallMethod(Name::Send.object(), args.as_ptr(), 2, ptr::null_mut())
        };
        if !result.is_null() {
            return Sent { value: result, ended: 0 };
        }
        if symbols::_PyErr_ExceptionMatches(thread, pyo3_ffi::PyExc_StopIteration) != 0 {
            symbols::_PyEval_MonitorRaise(thread, frame, Frame::new_unchecked(frame).instr_ptr());
        }
        let mut returned = ptr::null_mut();
        if symbols::_PyGen_FetchStopIterationValue(&raw mut returned) != 0 {
            return Sent { value: ptr::null_mut(), ended: 0 };
        }
        Sent { value: returned, ended: 1 }
    }
}

/// What `yield from` iterates over: generators themselves, coroutines in coroutines only, the iterator of anything else, as by
/// [`get_iter`].
///
/// # Safety
/// As [`get_iter`].
pub unsafe extern "C" fn get_yield_from_iter(
    thread: *mut PyThreadState,
    frame: *mut _PyInterpreterFrame,
    iterable: *mut PyObject,
    back: *const u8,
) -> Resume {
    // SAFETY: the caller's.
    unsafe {
        if is_exact(iterable, &raw mut pyo3_ffi::PyCoro_Type) {
            let code = Frame::new_unchecked(frame).code().expect("the current frame runs code");
            if code.flags() & (CO_COROUTINE | CO_ITERABLE_COROUTINE) == 0 {
                symbols::_PyErr_SetString(
                    thread,
                    pyo3_ffi::PyExc_TypeError,
                    c"cannot 'yield from' a coroutine object in a non-coroutine generator".as_ptr(),
                );
                return done(ptr::null_mut());
            }
            return done(retain(iterable));
        }
        if is_exact(iterable, &raw mut pyo3_ffi::PyGen_Type) {
            return done(retain(iterable));
        }
        get_iter(thread, frame, iterable, back)
    }
}

/// What `await` iterates over. `place` is 1 or 2 for what `__aenter__` and `__aexit__` returned.
///
/// # Safety
/// The GIL is held.
pub unsafe extern "C" fn get_awaitable(
    thread: *mut PyThreadState,
    iterable: *mut PyObject,
    place: c_int,
) -> *mut PyObject {
    // SAFETY: the caller's.
    unsafe {
        // Mostly a coroutine that was just made.
        if is_exact(iterable, &raw mut pyo3_ffi::PyCoro_Type)
            && Generator::new_unchecked(iterable).state() == generator::FRAME_CREATED
        {
            return retain(iterable);
        }
        let iterator = symbols::_PyCoro_GetAwaitableIter(iterable);
        if iterator.is_null() {
            symbols::_PyEval_FormatAwaitableError(thread, pyo3_ffi::Py_TYPE(iterable), place);
            return iterator;
        }
        if is_exact(iterator, &raw mut pyo3_ffi::PyCoro_Type) {
            let awaited = symbols::_PyGen_yf(iterator);
            if !awaited.is_null() {
                release(awaited);
                release(iterator);
                symbols::_PyErr_SetString(
                    thread,
                    pyo3_ffi::PyExc_RuntimeError,
                    c"coroutine is being awaited already".as_ptr(),
                );
                return ptr::null_mut();
            }
        }
        iterator
    }
}

/// `iterable.__aiter__()`.
///
/// # Safety
/// The GIL is held.
pub unsafe extern "C" fn get_aiter(thread: *mut PyThreadState, iterable: *mut PyObject) -> *mut PyObject {
    // SAFETY: the caller's.
    unsafe {
        let Some(getter) = async_method(iterable, type_object::AM_AITER) else {
            symbols::_PyErr_Format(
                thread,
                pyo3_ffi::PyExc_TypeError,
                c"'async for' requires an object with __aiter__ method, got %.100s".as_ptr(),
                (*pyo3_ffi::Py_TYPE(iterable)).tp_name,
            );
            return ptr::null_mut();
        };
        let iterator = getter(iterable);
        if !iterator.is_null() && async_method(iterator, type_object::AM_ANEXT).is_none() {
            symbols::_PyErr_Format(
                thread,
                pyo3_ffi::PyExc_TypeError,
                c"'async for' received an object from __aiter__ that does not implement __anext__: %.100s".as_ptr(),
                (*pyo3_ffi::Py_TYPE(iterator)).tp_name,
            );
            release(iterator);
            return ptr::null_mut();
        }
        iterator
    }
}

/// The awaitable of `iterator.__anext__()`.
///
/// # Safety
/// The GIL is held.
pub unsafe extern "C" fn get_anext(thread: *mut PyThreadState, iterator: *mut PyObject) -> *mut PyObject {
    // SAFETY: the caller's.
    unsafe {
        let Some(getter) = async_method(iterator, type_object::AM_ANEXT) else {
            symbols::_PyErr_Format(
                thread,
                pyo3_ffi::PyExc_TypeError,
                c"'async for' requires an iterator with __anext__ method, got %.100s".as_ptr(),
                (*pyo3_ffi::Py_TYPE(iterator)).tp_name,
            );
            return ptr::null_mut();
        };
        let next = getter(iterator);
        if next.is_null() || is_exact(iterator, &raw mut symbols::PyAsyncGen_Type) {
            return next;
        }
        let awaitable = symbols::_PyCoro_GetAwaitableIter(next);
        if awaitable.is_null() {
            symbols::_PyErr_FormatFromCause(
                pyo3_ffi::PyExc_TypeError,
                c"'async for' received an invalid object from __anext__: %.100s".as_ptr(),
                (*pyo3_ffi::Py_TYPE(next)).tp_name,
            );
        }
        release(next);
        awaitable
    }
}

/// 1 if the exception ends `async for`; else 0, and it is set again.
///
/// # Safety
/// An exception instance, the GIL held.
pub unsafe extern "C" fn end_async_for(exception: *mut PyObject) -> c_int {
    // SAFETY: the caller's.
    unsafe {
        if pyo3_ffi::PyErr_GivenExceptionMatches(exception, pyo3_ffi::PyExc_StopAsyncIteration) != 0 {
            return 1;
        }
        pyo3_ffi::PyErr_SetRaisedException(retain(exception));
    }
    0
}

/// The value of a `StopIteration`; null for another exception, which is set again.
///
/// # Safety
/// An exception instance, the GIL held.
pub unsafe extern "C" fn cleanup_throw(raised: *mut PyObject) -> *mut PyObject {
    // SAFETY: the caller's; the value of a `StopIteration` is never null.
    unsafe {
        if pyo3_ffi::PyErr_GivenExceptionMatches(raised, pyo3_ffi::PyExc_StopIteration) != 0 {
            return retain(get(raised, exception::STOP_ITERATION_VALUE));
        }
        pyo3_ffi::PyErr_SetRaisedException(retain(raised));
    }
    ptr::null_mut()
}
