//! `with` and `async with`, and looking up the methods that statements call.

use super::calls::{self, Back, compiled_function, done};
use super::held::Held;
use super::special::{Name, look_up};
use crate::native::frames::Resume;
use crate::native::raw::{get, release, retain};
use pyo3_ffi::{PyObject, PyThreadState};
use std::ffi::{CStr, c_int};
use std::ptr;
use whipsnake_cpython::layout::{type_object, vectorcall};
use whipsnake_cpython::live::{_PyInterpreterFrame, Function, Raised, symbols};

/// The start of `with`: the manager in `slot` is replaced by its bound `__exit__`, and `__enter__` is called. If that is a compiled function its frame
/// is pushed, and what it returns is received at `back`; else the address is null and the frame is the result, null with an exception
/// set (then the slot holds the manager or null).
///
/// # Safety
/// Called by machine code: the current frame, at a `BEFORE_WITH`.
pub unsafe extern "C" fn before_with(
    thread: *mut PyThreadState,
    frame: *mut _PyInterpreterFrame,
    slot: *mut *mut PyObject,
    back: *const u8,
) -> Resume {
    // SAFETY: the caller's.
    unsafe { WITH.begin(thread, frame, slot, back) }
}

/// The same for `async with`, with `__aenter__` and `__aexit__`.
///
/// # Safety
/// As [`before_with`].
pub unsafe extern "C" fn before_async_with(
    thread: *mut PyThreadState,
    frame: *mut _PyInterpreterFrame,
    slot: *mut *mut PyObject,
    back: *const u8,
) -> Resume {
    const PROTOCOL: Protocol = Protocol {
        enter: Name::AsyncEnter,
        exit: Name::AsyncExit,
        no_enter: c"'%.200s' object does not support the asynchronous context manager protocol",
        no_exit:
            c"'%.200s' object does not support the asynchronous context manager protocol (missed __aexit__ method)",
    };
    // SAFETY: the caller's.
    unsafe { PROTOCOL.begin(thread, frame, slot, back) }
}

/// The start of `with` where it has to be done before anything else happens.
///
/// # Safety
/// A live object, which the caller holds; the GIL is held.
pub unsafe extern "C" fn enter_whole(manager: *mut PyObject) -> Entered {
    let failed = Entered { exit: ptr::null_mut(), result: ptr::null_mut() };
    // SAFETY: the caller's.
    unsafe {
        let (_held, thread) = (Held::new([manager]), pyo3_ffi::PyThreadState_Get());
        let Some(enter) = special(thread, manager, WITH.enter, WITH.no_enter) else { return failed };
        let Some(exit) = special(thread, manager, WITH.exit, WITH.no_exit) else {
            release(enter);
            return failed;
        };
        let result = pyo3_ffi::PyObject_CallNoArgs(enter);
        release(enter);
        if result.is_null() {
            release(exit);
            return failed;
        }
        Entered { exit, result }
    }
}

/// What is on the stack when a context manager has been entered.
#[repr(C)]
pub struct Entered {
    exit: *mut PyObject,
    result: *mut PyObject,
}

/// A new bound method of the object and the function at `items`, whose references are taken; null with `MemoryError` set.
///
/// # Safety
/// Live objects, the GIL held.
pub unsafe extern "C" fn build_method(items: *mut *mut PyObject, _count: c_int) -> *mut PyObject {
    // SAFETY: the caller's.
    unsafe {
        let (this, function) = (items.read(), items.add(1).read());
        let method = symbols::PyMethod_New(function, this);
        if !method.is_null() {
            release(this);
            release(function);
        }
        method
    }
}

/// Of `with`.
const WITH: Protocol = Protocol {
    enter: Name::Enter,
    exit: Name::Exit,
    no_enter: c"'%.200s' object does not support the context manager protocol",
    no_exit: c"'%.200s' object does not support the context manager protocol (missed __exit__ method)",
};

/// The methods of a kind of context manager, and what is said where one is missing.
struct Protocol {
    enter: Name,
    exit: Name,
    no_enter: &'static CStr,
    no_exit: &'static CStr,
}

impl Protocol {
    unsafe fn begin(
        &self,
        thread: *mut PyThreadState,
        frame: *mut _PyInterpreterFrame,
        slot: *mut *mut PyObject,
        back: *const u8,
    ) -> Resume {
        // SAFETY: the caller's. References that the slot owns go where they are needed before anything else runs.
        unsafe {
            let manager = slot.read();
            let compiled = compiled_method(manager, self.enter);
            let enter = match compiled {
                Some((function, _)) => retain(function.as_ptr().cast()),
                None => match special(thread, manager, self.enter, self.no_enter) {
                    Some(enter) => enter,
                    None => return done(ptr::null_mut()),
                },
            };
            let Some(exit) = special(thread, manager, self.exit, self.no_exit) else {
                release(enter);
                return done(ptr::null_mut());
            };
            slot.write(exit);
            if let Some(found) = compiled {
                let back = Back { length: 1, address: back };
                // Function and manager are taken.
                return calls::enter(thread, frame, found, &manager, 1, ptr::null_mut(), back)
                    .unwrap_or_else(|Raised| fail(slot));
            }
            release(manager);
            let result = pyo3_ffi::PyObject_CallNoArgs(enter);
            release(enter);
            if result.is_null() { fail(slot) } else { done(result) }
        }
    }
}

/// Drops what is in a slot.
unsafe fn fail(slot: *mut *mut PyObject) -> Resume {
    // SAFETY: the caller's: the slot owns its value.
    unsafe {
        let exception = pyo3_ffi::PyErr_GetRaisedException();
        release(slot.replace(ptr::null_mut()));
        pyo3_ffi::PyErr_SetRaisedException(exception);
    }
    done(ptr::null_mut())
}

/// A method of an instance of a Python class, if that is a compiled function.
///
/// # Safety
/// A live object, the GIL held.
#[inline]
pub(super) unsafe fn compiled_method(object: *mut PyObject, method: Name) -> Option<(Function, *const u8)> {
    // SAFETY: what a type's lookup finds is kept by the type.
    unsafe {
        let class = pyo3_ffi::Py_TYPE(object);
        let flags: u64 = get(class, type_object::TP_FLAGS);
        if flags & type_object::HEAPTYPE == 0 {
            return None;
        }
        let found = look_up(class, method);
        if found.is_null() { None } else { compiled_function(found) }
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
