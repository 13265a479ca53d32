//! Calls of classes that are over before anything else happens: those that need no frame of Python code, and those whose `__init__` runs in native code of its own.

use super::c_callables::call_in_c;
use super::calls::finish;
use super::constructors::construct_whole;
use super::exception_pool;
use super::new_methods::construct_by_new;
use super::objects::release;
use crate::native::raw::{is_exact, release_or_null};
use crate::native::tools;
use pyo3_ffi::{PyObject, PyThreadState, PyTypeObject};
use std::ffi::c_int;
use std::ptr;
use whipsnake_cpython::live::{ThreadState, Tuple};

/// Whether an object is a class, and called as classes are: by making an instance and calling its `__init__`. That is for its own class to say.
///
/// # Safety
/// A live object; the GIL is held.
#[inline]
pub(crate) unsafe fn is_called_as_class(object: *mut PyObject) -> bool {
    // SAFETY: the caller's: its type is alive, too.
    unsafe {
        let (metaclass, general) = (pyo3_ffi::Py_TYPE(object), &raw mut pyo3_ffi::PyType_Type);
        metaclass == general
            || pyo3_ffi::PyType_Check(object) != 0
                && (*metaclass).tp_call.map(|f| f as usize) == (*general).tp_call.map(|f| f as usize)
    }
}

/// Calls a class, with the names of the last of its `count` arguments if there are any, until it has returned: null in the slot of the frame, with an exception set. Takes what is in the
/// slots, and the names; `None` for whatever is called otherwise, and then nothing has changed.
///
/// # Safety
/// The slots of a call instruction of the current frame, from `base` up; the GIL is held.
pub(super) unsafe fn call_class(
    thread: *mut PyThreadState,
    base: *mut *mut PyObject,
    count: c_int,
    kwnames: *mut PyObject,
) -> Option<*mut PyObject> {
    // SAFETY: the caller's.
    unsafe {
        if !base.add(1).read().is_null() || !is_called_as_class(base.read()) {
            return None;
        }
        let is_plain = kwnames.is_null() && is_exact(base.read(), &raw mut pyo3_ffi::PyType_Type);
        if is_plain && let Some(made) = make_plainly(base, count) {
            return Some(made);
        }
        let Some(instance) = construct_whole(thread, base, count, Tuple::new(kwnames.cast())) else {
            let made = call_new_method(thread, base, count, kwnames);
            return made.or_else(|| is_plain.then(|| call_in_c(thread, base, count).frame.cast()));
        };
        Some(end_call(thread, base, count, kwnames, instance))
    }
}

/// As [`call_class`], for classes with a `__new__` in Python and no `__init__`.
///
/// # Safety
/// As [`call_class`], for anything that is [called as classes are](is_called_as_class) and is without `self`.
pub(super) unsafe fn call_new_method(
    thread: *mut PyThreadState,
    base: *mut *mut PyObject,
    count: c_int,
    kwnames: *mut PyObject,
) -> Option<*mut PyObject> {
    // SAFETY: the caller's.
    unsafe {
        let made = construct_by_new(thread, base, count, Tuple::new(kwnames.cast()))?;
        Some(end_call(thread, base, count, kwnames, made))
    }
}

/// The end of a call that has taken what was in the slots, but for the names.
unsafe fn end_call(
    thread: *mut PyThreadState,
    base: *mut *mut PyObject,
    count: c_int,
    kwnames: *mut PyObject,
    result: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: `call_class`'s.
    unsafe {
        tools::notice_in(ThreadState::new_unchecked(thread));
        release_or_null(kwnames);
        let slots = count as usize + 2 + usize::from(!kwnames.is_null());
        finish(base, slots, result).frame.cast()
    }
}

/// A call of a class of exceptions, if that makes them as `BaseException` does, or of `weakref.ref` with an object only. Takes what is in the slots; `None` for other calls, and then nothing has
/// changed.
///
/// # Safety
/// As [`call_class`], with an exact `type` and without `self`.
#[inline]
pub(super) unsafe fn make_plainly(base: *mut *mut PyObject, count: c_int) -> Option<*mut PyObject> {
    // SAFETY: the caller's: a live class.
    unsafe {
        let class: *mut PyTypeObject = base.read().cast();
        // Most classes are neither, and their calls come by here, too.
        let raises = (*class).tp_flags & pyo3_ffi::Py_TPFLAGS_BASE_EXC_SUBCLASS != 0;
        if !raises && class != &raw mut pyo3_ffi::_PyWeakref_RefType {
            return None;
        }
        make_exception_or_reference(class, base, count)
    }
}

#[inline(never)]
unsafe fn make_exception_or_reference(
    class: *mut PyTypeObject,
    base: *mut *mut PyObject,
    count: c_int,
) -> Option<*mut PyObject> {
    // SAFETY: `make_plainly`'s.
    unsafe {
        let args = base.add(2);
        let made = if class == &raw mut pyo3_ffi::_PyWeakref_RefType {
            if count != 1 {
                return None;
            }
            let made = pyo3_ffi::PyWeakref_NewRef(args.read(), ptr::null_mut());
            release(args.read());
            made
        } else {
            exception_pool::make(class, args, count as usize)?
        };
        release(class.cast());
        Some(finish(base, count as usize + 2, made).frame.cast())
    }
}
