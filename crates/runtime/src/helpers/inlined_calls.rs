//! Python functions that run without a call instruction, or around one: `__init__`, properties, `__getitem__`, `__getattribute__`.

use super::calls::{Back, call, compiled_function, done, enter, forget};
use crate::native::arguments::takes_exactly;
use crate::native::frames::{self, Resume};
use crate::native::raw::{get, release, retain};
use crate::native::shim;
use pyo3_ffi::{PyObject, PyThreadState};
use std::ffi::c_int;
use std::ptr;
use whipsnake_cpython::layout::{thread_state, type_object};
use whipsnake_cpython::live::{_PyInterpreterFrame, Frame, Raised, ThreadState};

/// `CALL_ALLOC_AND_ENTER_INIT`: slots are an exact class whose version is the cached one, null, `count` arguments.
///
/// # Safety
/// Called by machine code only.
pub unsafe extern "C" fn enter_init(
    thread: *mut PyThreadState,
    frame: *mut _PyInterpreterFrame,
    base: *mut *mut PyObject,
    count: c_int,
    length: c_int,
    address: *const u8,
) -> Resume {
    // SAFETY: machine code passes the slots of a call instruction of the current frame. With that version the class has a cached `__init__`.
    unsafe {
        let class = base.read();
        let init: *mut PyObject = get(class, type_object::SPEC_CACHE_INIT);
        let state = ThreadState::new_unchecked(thread);
        let found = if init.is_null() { None } else { compiled_function(init) };
        let fits = found.filter(|(function, _)| {
            let code = function.code();
            let words = shim::FRAME_WORDS + code.framesize() as usize + 1;
            takes_exactly(code, count as usize + 1) && state.has_stack_space(words)
        });
        let Some((found, shim_code)) = fits.zip(shim::code_object()) else {
            return call(thread, frame, base, count, length, address);
        };
        let instance = pyo3_ffi::PyType_GenericAlloc(class.cast(), 0);
        if instance.is_null() {
            return done(instance);
        }
        retain(init);
        retain(instance);
        // The slot below the arguments becomes the first of them.
        base.add(1).write(instance);
        release(class);
        let shim = shim::push(state, shim_code, frame, instance, address);
        let back = Back { length: 0, address: shim::stub_init_return as *const u8 };
        let result = enter(thread, shim.as_ptr(), found, base.add(1), count as usize + 1, ptr::null_mut(), back);
        match result {
            Ok(resume) => {
                Frame::new_unchecked(frame).set_return_offset(length as u16);
                resume
            }
            Err(Raised) => {
                forget(base, count as usize + 2);
                release(instance);
                frames::unlink_and_pop(state, shim);
                done(ptr::null_mut())
            }
        }
    }
}

/// Calls `function` with the `count` values from `base` on, which it takes.
///
/// # Safety
/// Called by machine code only.
pub unsafe extern "C" fn call_function(
    thread: *mut PyThreadState,
    function: *mut PyObject,
    base: *mut *mut PyObject,
    count: c_int,
    length: c_int,
    address: *const u8,
) -> Resume {
    // SAFETY: machine code passes slots of the current frame's instruction, and a live function.
    unsafe {
        let count = count as usize;
        if let Some(found) = compiled_function(function) {
            retain(function);
            let frame = get(thread, thread_state::CURRENT_FRAME);
            let back = Back { length, address };
            return enter(thread, frame, found, base, count, ptr::null_mut(), back).unwrap_or_else(|Raised| {
                forget(base, count);
                done(ptr::null_mut())
            });
        }
        let result = pyo3_ffi::PyObject_Vectorcall(function, base, count, ptr::null_mut());
        for index in 0..count {
            release(base.add(index).read());
        }
        if result.is_null() {
            forget(base, count);
        }
        done(result)
    }
}

/// Calls `function` with the value at `base`, which it takes, and with `name`.
///
/// # Safety
/// Called by machine code only.
pub unsafe extern "C" fn call_with_name(
    thread: *mut PyThreadState,
    function: *mut PyObject,
    base: *mut *mut PyObject,
    name: *mut PyObject,
    length: c_int,
    address: *const u8,
) -> Resume {
    // SAFETY: machine code passes the slot of the current frame's instruction, a live function and a name.
    unsafe {
        let mut args = [base.read(), retain(name)];
        let result = call_function(thread, function, args.as_mut_ptr(), 2, length, address);
        if result.address.is_null() && result.frame.is_null() {
            forget(base, 1);
        }
        result
    }
}
