//! Calls: into compiled functions by pushing their frames, into everything else as the interpreter calls it.
//!
//! A call instruction's values are `[callable, self or NULL, arguments…]`, from the lowest stack slot it consumes. The helpers that may enter
//! compiled code return where it starts and the new frame, or no address and the result of a call that is already done. When they fail, what
//! they took from the slots is gone and the slots are null.

use super::c_callables::{call_in_c, has_vectorcall, is_static_class};
use super::class_calls::{call_class, call_new_method, is_called_as_class, make_plainly};
use super::constructors::construct;
use super::inlined_calls::call_method;
use super::new_objects::call_new;
use super::object_methods::call_object_method;
use super::objects::release;
use crate::native::code;
use crate::native::compiled_entry::compiled_entry;
use crate::native::entry::call_compiled;
use crate::native::frames::{self, Pushed, Resume};
use crate::native::raw::{get, is_exact, retain};
use crate::native::tools;
use pyo3_ffi::{PyFunction_Type, PyObject, PyThreadState, PyTypeObject};
use std::ffi::c_int;
use std::{ptr, slice};
use whipsnake_cpython::layout::{method, object, type_object, vectorcall};
use whipsnake_cpython::live::{_PyInterpreterFrame, Frame, Function, Raised, ThreadState, entry, symbols};

/// The result of a call that is done, or null with an exception set.
pub(super) fn done(result: *mut PyObject) -> Resume {
    Resume { address: ptr::null(), frame: result.cast() }
}

/// Where a call's result is received.
#[derive(Clone, Copy, Debug)]
pub(super) struct Back {
    /// In code units from the call.
    pub length: c_int,
    /// In machine code.
    pub address: *const u8,
}

/// The function, if calling it means running compiled code.
#[inline]
pub(super) unsafe fn compiled_function(callable: *mut PyObject) -> Option<(Function, *const u8)> {
    // SAFETY: a live object; a function's fields are read only after the type check.
    unsafe {
        if !is_exact(callable, &raw mut PyFunction_Type) {
            return None;
        }
        let function = Function::new_unchecked(callable.cast());
        let found = code::find(function.code())?;
        // Somebody else's entry must be called; ours and the interpreter's own mean the code.
        let ours =
            function.vectorcall().is_some_and(|e| ptr::fn_addr_eq(e, compiled_entry as pyo3_ffi::vectorcallfunc));
        (ours || entry::is_original(function)).then_some((function, found.entry))
    }
}

/// Pushes and links the frame of a compiled function. Takes function and arguments.
#[inline]
pub(super) unsafe fn enter(
    thread: *mut PyThreadState,
    caller: *mut _PyInterpreterFrame,
    (function, address): (Function, *const u8),
    args: *const *mut PyObject,
    count: usize,
    kwnames: *mut PyObject,
    back: Back,
) -> Result<Resume, Raised> {
    // SAFETY: machine code passes the live thread state and the current frame; references are handed over.
    unsafe {
        let thread = ThreadState::new_unchecked(thread);
        let pushed = frames::push(thread, function, args, count, kwnames)?;
        enter_pushed(thread, caller, pushed, address, back)
    }
}

/// Links a frame that was pushed for compiled code at an address.
#[inline]
pub(super) unsafe fn enter_pushed(
    thread: ThreadState,
    caller: *mut _PyInterpreterFrame,
    pushed: Pushed,
    address: *const u8,
    back: Back,
) -> Result<Resume, Raised> {
    // SAFETY: the caller's: the frame is above the current one, its caller's.
    unsafe {
        let frame = frames::link(thread, pushed, caller, back.address)?;
        Frame::new_unchecked(caller).set_return_offset(back.length as u16);
        Ok(Resume { address, frame: frame.as_ptr() })
    }
}

/// What came of entering a function; if it failed, the call is done, and its `slots` from `base` on are empty.
pub(super) unsafe fn entered(result: Result<Resume, Raised>, base: *mut *mut PyObject, slots: usize) -> Resume {
    result.unwrap_or_else(|Raised| {
        // SAFETY: the caller's slots.
        unsafe { forget(base, slots) };
        done(ptr::null_mut())
    })
}

/// Nulls slots whose references are gone.
pub(super) unsafe fn forget(base: *mut *mut PyObject, count: usize) {
    // SAFETY: the caller's slots.
    unsafe { ptr::write_bytes(base, 0, count) };
}

/// Replaces a bound method in the slots by its function and its object. Returns the first argument and how many there are.
#[inline]
pub(super) unsafe fn unwrap_method(base: *mut *mut PyObject, count: usize) -> (*mut *mut PyObject, usize) {
    // SAFETY: the slots of a call instruction.
    unsafe {
        if !base.add(1).read().is_null() {
            return (base.add(1), count + 1);
        }
        let callable = base.read();
        if !is_exact(callable, &raw mut symbols::PyMethod_Type) {
            return (base.add(2), count);
        }
        base.add(1).write(retain(get(callable, method::IM_SELF)));
        base.write(retain(get(callable, method::IM_FUNC)));
        release(callable);
        (base.add(1), count + 1)
    }
}

/// `CALL`: slots are callable, self or null, `count` arguments. It only looks at the callable and jumps on, so that no way sets up what another one needs.
///
/// # Safety
/// Called by machine code only.
pub unsafe extern "C" fn call(
    thread: *mut PyThreadState,
    frame: *mut _PyInterpreterFrame,
    base: *mut *mut PyObject,
    count: c_int,
    length: c_int,
    address: *const u8,
) -> Resume {
    // SAFETY: machine code passes the slots of a call instruction of the current frame.
    unsafe {
        let class: *mut PyTypeObject = get(base.read(), object::OB_TYPE);
        if class == &raw mut PyFunction_Type || class == &raw mut symbols::PyMethod_Type {
            return call_function_or_method(thread, frame, base, count, length, address);
        }
        // Static types but `type` are not written in Python.
        let heap = get::<u64>(class, type_object::TP_FLAGS) & type_object::HEAPTYPE != 0;
        let is_class = class == &raw mut pyo3_ffi::PyType_Type;
        if (heap || is_class) && base.add(1).read().is_null() {
            let in_c = if is_class { is_static_class(base.read().cast()) } else { has_vectorcall(class) };
            if in_c {
                return call_in_c(thread, base, count);
            }
            return call_object(thread, frame, base, count, length, address);
        }
        call_other(thread, frame, base, count, length, address)
    }
}

/// A call of a Python function or a bound method.
#[inline(never)]
unsafe extern "C" fn call_function_or_method(
    thread: *mut PyThreadState,
    frame: *mut _PyInterpreterFrame,
    base: *mut *mut PyObject,
    count: c_int,
    length: c_int,
    address: *const u8,
) -> Resume {
    // SAFETY: `call`'s.
    unsafe {
        let slots = count as usize + 2;
        let (args, total) = unwrap_method(base, count as usize);
        if let Some(found) = compiled_function(base.read()) {
            let back = Back { length, address };
            return entered(enter(thread, frame, found, args, total, ptr::null_mut(), back), base, slots);
        }
        call_other(thread, frame, base, count, length, address)
    }
}

/// A call of a class, or of an object whose class may be written in Python.
#[inline(never)]
unsafe extern "C" fn call_object(
    thread: *mut PyThreadState,
    frame: *mut _PyInterpreterFrame,
    base: *mut *mut PyObject,
    count: c_int,
    length: c_int,
    address: *const u8,
) -> Resume {
    // SAFETY: `call`'s.
    unsafe {
        let back = Back { length, address };
        let entered = if is_exact(base.read(), &raw mut pyo3_ffi::PyType_Type) {
            match make_plainly(base, count) {
                Some(made) => Some(done(made)),
                None => construct(thread, frame, base, count, None, back)
                    .or_else(|| call_new_method(thread, base, count, ptr::null_mut()).map(done))
                    .or_else(|| Some(call_in_c(thread, base, count))),
            }
        } else if is_called_as_class(base.read()) {
            call_class(thread, base, count, ptr::null_mut()).map(done)
        } else {
            call_method(thread, frame, base, count, back)
        };
        entered.unwrap_or_else(|| call_other(thread, frame, base, count, length, address))
    }
}

/// A call of what has no compiled code.
#[inline(never)]
unsafe extern "C" fn call_other(
    thread: *mut PyThreadState,
    _: *mut _PyInterpreterFrame,
    base: *mut *mut PyObject,
    count: c_int,
    _: c_int,
    _: *const u8,
) -> Resume {
    // SAFETY: `call`'s.
    unsafe {
        let skipped = usize::from(base.add(1).read().is_null());
        let (args, total) = (base.add(1 + skipped), count as usize + 1 - skipped);
        if let Some(made) = call_new(base.read(), slice::from_raw_parts(args, total)) {
            return finish(base, count as usize + 2, made);
        }
        finish(base, count as usize + 2, call_whole_unwrapped(thread, base.read(), args, total))
    }
}

/// Calls anything. Takes the references to it and its arguments.
#[inline(always)]
unsafe fn call_whole_unwrapped(
    thread: *mut PyThreadState,
    callable: *mut PyObject,
    args: *const *mut PyObject,
    count: usize,
) -> *mut PyObject {
    // SAFETY: the caller's; there is a slot before the arguments.
    unsafe {
        let flagged = count | vectorcall::ARGUMENTS_OFFSET as usize;
        let result = call_object_method(callable, slice::from_raw_parts(args, count))
            .unwrap_or_else(|| pyo3_ffi::PyObject_Vectorcall(callable, args, flagged, ptr::null_mut()));
        tools::notice_in(ThreadState::new_unchecked(thread));
        if result.is_null() && count == 2 && is_isinstance(callable) {
            // The interpreter has an instruction of its own for this, which leaves what it fails with to the unwinder.
            release(args.add(1).read());
            release(args.read());
            release(callable);
            return result;
        }
        release(callable);
        for index in 0..count {
            release(args.add(index).read());
        }
        result
    }
}

/// Calls a compiled function, until it has returned. Takes the references to it and its arguments; `None` for everything else.
#[inline]
pub(super) unsafe fn call_compiled_whole(
    thread: *mut PyThreadState,
    callable: *mut PyObject,
    args: *const *mut PyObject,
    count: usize,
    kwnames: *mut PyObject,
) -> Option<*mut PyObject> {
    // SAFETY: the caller's.
    unsafe {
        let (function, _) = compiled_function(callable)?;
        let compiled = code::find(function.code())?;
        let thread = ThreadState::new_unchecked(thread);
        let result = call_compiled(thread, function, compiled, args, count, kwnames)?;
        tools::notice_in(thread);
        Some(result)
    }
}

/// [`call`], until it has returned: null with an exception set. Compiled code runs in native code of its own.
///
/// # Safety
/// Called by machine code only.
pub unsafe extern "C" fn call_whole(
    thread: *mut PyThreadState,
    base: *mut *mut PyObject,
    count: c_int,
) -> *mut PyObject {
    // SAFETY: machine code passes the slots of a call instruction of the current frame.
    unsafe {
        let slots = count as usize + 2;
        if base.add(1).read().is_null() {
            if let Some(made) = call_class(thread, base, count, ptr::null_mut()) {
                return made;
            }
            let class: *mut PyTypeObject = get(base.read(), object::OB_TYPE);
            if has_vectorcall(class) {
                return call_in_c(thread, base, count).frame.cast();
            }
        }
        let (args, total) = unwrap_method(base, count as usize);
        let callable = base.read();
        if let Some(made) = call_new(callable, slice::from_raw_parts(args, total)) {
            return finish(base, slots, made).frame.cast();
        }
        let result = call_compiled_whole(thread, callable, args, total, ptr::null_mut())
            .unwrap_or_else(|| call_whole_unwrapped(thread, callable, args, total));
        finish(base, slots, result).frame.cast()
    }
}

/// Whether this is the built-in function `isinstance`.
///
/// # Safety
/// Null or a live object.
#[cold]
pub unsafe fn is_isinstance(callable: *mut PyObject) -> bool {
    // SAFETY: the caller's; the definition of a built-in function lives as long.
    unsafe {
        !callable.is_null()
            && is_exact(callable, &raw mut pyo3_ffi::PyCFunction_Type)
            && std::ffi::CStr::from_ptr((*(*callable.cast::<pyo3_ffi::PyCFunctionObject>()).m_ml).ml_name)
                == c"isinstance"
    }
}

/// The end of a call whose slots have been released. What became pending is looked at where the result is received.
#[inline]
pub(super) unsafe fn finish(base: *mut *mut PyObject, slots: usize, result: *mut PyObject) -> Resume {
    if result.is_null() {
        // SAFETY: the caller's slots.
        unsafe { forget(base, slots) };
    }
    done(result)
}
