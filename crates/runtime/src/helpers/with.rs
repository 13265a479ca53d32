//! `with` and `async with`, and looking up the methods that statements call.

use crate::native::raw::{get, release};
use pyo3_ffi::{PyObject, PyThreadState};
use std::ffi::CStr;
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};
use whipsnake_cpython::layout::{type_object, vectorcall};
use whipsnake_cpython::live::symbols;

/// The exit method of a context manager, and what its enter method returned.
#[repr(C)]
#[derive(Debug)]
pub struct Entered {
    /// Owned; null with an exception set.
    pub exit: *mut PyObject,
    /// Owned.
    pub result: *mut PyObject,
}

/// `manager.__enter__()`, with `__exit__` looked up before.
///
/// # Safety
/// The GIL is held.
pub unsafe extern "C" fn before_with(thread: *mut PyThreadState, manager: *mut PyObject) -> Entered {
    const PROTOCOL: Protocol = Protocol {
        enter: Name::Enter,
        exit: Name::Exit,
        no_enter: c"'%.200s' object does not support the context manager protocol",
        no_exit: c"'%.200s' object does not support the context manager protocol (missed __exit__ method)",
    };
    // SAFETY: the caller's.
    unsafe { PROTOCOL.begin(thread, manager) }
}

/// `manager.__aenter__()`, with `__aexit__` looked up before.
///
/// # Safety
/// The GIL is held.
pub unsafe extern "C" fn before_async_with(thread: *mut PyThreadState, manager: *mut PyObject) -> Entered {
    const PROTOCOL: Protocol = Protocol {
        enter: Name::AsyncEnter,
        exit: Name::AsyncExit,
        no_enter: c"'%.200s' object does not support the asynchronous context manager protocol",
        no_exit:
            c"'%.200s' object does not support the asynchronous context manager protocol (missed __aexit__ method)",
    };
    // SAFETY: the caller's.
    unsafe { PROTOCOL.begin(thread, manager) }
}

/// The methods of a kind of context manager, and what is said where one is missing.
struct Protocol {
    enter: Name,
    exit: Name,
    no_enter: &'static CStr,
    no_exit: &'static CStr,
}

impl Protocol {
    unsafe fn begin(&self, thread: *mut PyThreadState, manager: *mut PyObject) -> Entered {
        const FAILED: Entered = Entered { exit: ptr::null_mut(), result: ptr::null_mut() };
        // SAFETY: the caller's.
        unsafe {
            let Some(enter) = special(thread, manager, self.enter, self.no_enter) else {
                return FAILED;
            };
            let Some(exit) = special(thread, manager, self.exit, self.no_exit) else {
                release(enter);
                return FAILED;
            };
            let result = pyo3_ffi::PyObject_CallNoArgs(enter);
            release(enter);
            if result.is_null() {
                release(exit);
                return FAILED;
            }
            Entered { exit, result }
        }
    }
}

/// A bound special method; `None` with an exception set, which `message` tells if the method is missing.
unsafe fn special(
    thread: *mut PyThreadState,
    object: *mut PyObject,
    method: Name,
    message: &CStr,
) -> Option<*mut PyObject> {
    // SAFETY: the caller's.
    unsafe {
        let name = method.object();
        if name.is_null() {
            return None;
        }
        let found = symbols::_PyObject_LookupSpecial(object, name);
        if !found.is_null() {
            return Some(found);
        }
        if pyo3_ffi::PyErr_Occurred().is_null() {
            let class = (*pyo3_ffi::Py_TYPE(object)).tp_name;
            symbols::_PyErr_Format(thread, pyo3_ffi::PyExc_TypeError, message.as_ptr(), class);
        }
        None
    }
}

/// `exit(type(exception), exception, exception.__traceback__)`.
///
/// # Safety
/// An exception instance, the GIL held.
pub unsafe extern "C" fn with_except_start(exit: *mut PyObject, exception: *mut PyObject) -> *mut PyObject {
    // SAFETY: the caller's; the exception keeps its traceback.
    unsafe {
        let mut traceback = pyo3_ffi::PyException_GetTraceback(exception);
        if traceback.is_null() {
            traceback = pyo3_ffi::Py_None();
        } else {
            release(traceback);
        }
        let args = [ptr::null_mut(), pyo3_ffi::Py_TYPE(exception).cast(), exception, traceback];
        pyo3_ffi::PyObject_Vectorcall(
            exit,
            args.as_ptr().add(1),
            3 | vectorcall::ARGUMENTS_OFFSET as usize,
            ptr::null_mut(),
        )
    }
}

/// Methods that statements look up.
#[derive(Clone, Copy)]
pub(super) enum Name {
    Enter,
    Exit,
    AsyncEnter,
    AsyncExit,
    Send,
    Iter,
}

impl Name {
    const TEXTS: [&CStr; 6] = [c"__enter__", c"__exit__", c"__aenter__", c"__aexit__", c"send", c"__iter__"];

    /// The interned string, which is kept forever; null with an exception set.
    ///
    /// # Safety
    /// The GIL is held.
    pub(super) unsafe fn object(self) -> *mut PyObject {
        static NAMES: [AtomicPtr<PyObject>; Name::TEXTS.len()] =
            [const { AtomicPtr::new(ptr::null_mut()) }; Name::TEXTS.len()];
        let known = NAMES[self as usize].load(Ordering::Relaxed);
        if !known.is_null() {
            return known;
        }
        // SAFETY: the caller's.
        let made = unsafe { pyo3_ffi::PyUnicode_InternFromString(Name::TEXTS[self as usize].as_ptr()) };
        NAMES[self as usize].store(made, Ordering::Relaxed);
        made
    }
}

/// A function of the type's asynchronous methods, by its offset among them.
///
/// # Safety
/// A live object, the GIL held.
pub(super) unsafe fn async_method(object: *mut PyObject, offset: i32) -> Option<pyo3_ffi::unaryfunc> {
    // SAFETY: the table belongs to the type.
    unsafe {
        let table: *const u8 = get(pyo3_ffi::Py_TYPE(object), type_object::TP_AS_ASYNC);
        if table.is_null() { None } else { get(table, offset) }
    }
}
