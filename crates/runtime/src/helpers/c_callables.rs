//! Calls of what C code answers alone: classes that it makes the instances of, and objects of types written in C that say how they are called.
//!
//! What looks for Python code to enter first, or for functions that have a shorter way here, takes as long as some of these calls in all (`deque()`, `itemgetter(1)(row)`).

use super::calls::finish;
use super::objects::release;
use crate::native::frames::Resume;
use crate::native::raw::get;
use crate::native::tools;
use pyo3_ffi::{PyObject, PyThreadState, PyTypeObject};
use std::ffi::c_int;
use std::ptr;
use whipsnake_cpython::layout::{object, type_object, vectorcall};
use whipsnake_cpython::live::{ThreadState, symbols};

/// Whether a class is a static type whose calls are C code: no class of exceptions, which have a shorter way.
///
/// # Safety
/// A live class; the GIL is held.
#[inline]
pub(super) unsafe fn is_static_class(class: *mut PyTypeObject) -> bool {
    // SAFETY: the caller's.
    unsafe {
        let others = type_object::HEAPTYPE | pyo3_ffi::Py_TPFLAGS_BASE_EXC_SUBCLASS;
        get::<u64>(class, type_object::TP_FLAGS) & others == 0 && class != &raw mut pyo3_ffi::_PyWeakref_RefType
    }
}

/// Whether instances of a class say themselves how they are called, and are neither classes nor of the static types, whose calls have shorter ways. A class with a `__call__` in Python has
/// lost that.
///
/// # Safety
/// A live class; the GIL is held.
#[inline]
pub(super) unsafe fn has_vectorcall(class: *mut PyTypeObject) -> bool {
    // SAFETY: the caller's.
    let flags: u64 = unsafe { get(class, type_object::TP_FLAGS) };
    let wanted = pyo3_ffi::Py_TPFLAGS_HAVE_VECTORCALL | type_object::HEAPTYPE;
    flags & (wanted | pyo3_ffi::Py_TPFLAGS_TYPE_SUBCLASS) == wanted
}

/// Calls a class, or something that [has a vectorcall](has_vectorcall), without `self` and names. Takes what is in the slots, which are as in [`calls::call`](super::calls::call).
///
/// # Safety
/// The slots of a call instruction of the current frame, from `base` up; the GIL is held.
#[inline(never)]
pub(super) unsafe fn call_in_c(thread: *mut PyThreadState, base: *mut *mut PyObject, count: c_int) -> Resume {
    // SAFETY: the caller's; a class is read as one after the check.
    unsafe {
        let (callable, args, count) = (base.read(), base.add(2), count as usize);
        let is_class = get::<*mut PyTypeObject>(callable, object::OB_TYPE) == &raw mut pyo3_ffi::PyType_Type;
        let result = if is_class && (*callable.cast::<PyTypeObject>()).tp_vectorcall.is_none() {
            symbols::_PyObject_MakeTpCall(thread, callable, args, count as isize, ptr::null_mut())
        } else {
            let flagged = count | vectorcall::ARGUMENTS_OFFSET as usize;
            pyo3_ffi::PyObject_Vectorcall(callable, args, flagged, ptr::null_mut())
        };
        tools::notice_in(ThreadState::new_unchecked(thread));
        release(callable);
        for index in 0..count {
            release(args.add(index).read());
        }
        finish(base, count + 2, result)
    }
}
