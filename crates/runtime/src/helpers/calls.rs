//! Calls: into compiled functions by pushing their frames, into everything else as the interpreter calls it.
//!
//! A call instruction's values are `[callable, self or NULL, arguments…]`, from the lowest stack slot it consumes. The helpers that may enter
//! compiled code return where it starts and the new frame, or no address and the result of a call that is already done. When they fail, what
//! they took from the slots is gone and the slots are null.

use crate::native::code;
use crate::native::entry::compiled_entry;
use crate::native::frames::{self, Resume};
use crate::native::raw::{get, is_exact, release, release_or_null, retain};
use crate::native::shim;
use pyo3_ffi::{PyFunction_Type, PyObject, PyThreadState};
use smallvec::SmallVec;
use std::ffi::c_int;
use std::ptr;
use whipsnake_cpython::layout::{eval_breaker, method, type_object, vectorcall};
use whipsnake_cpython::live::{_PyInterpreterFrame, CodeUnit, Frame, Function, Raised, ThreadState, Tuple, entry, symbols};

/// The result of a call that is done, or null with an exception set.
fn done(result: *mut PyObject) -> Resume {
    Resume { address: ptr::null(), frame: result.cast() }
}

/// The function, if calling it means running compiled code.
#[inline]
unsafe fn compiled_function(callable: *mut PyObject) -> Option<(Function, *const u8)> {
    // SAFETY: a live object; a function's fields are read only after the type check.
    unsafe {
        if !is_exact(callable, &raw mut PyFunction_Type) {
            return None;
        }
        let function = Function::new_unchecked(callable.cast());
        let found = code::find(function.code())?;
        // Somebody else's entry must be called; ours and the interpreter's own mean the code.
        let ours = function.vectorcall().is_some_and(|e| ptr::fn_addr_eq(e, compiled_entry as pyo3_ffi::vectorcallfunc));
        (ours || entry::is_original(function)).then_some((function, found.entry))
    }
}

/// Pushes and links the frame of a compiled function. Takes function and arguments.
#[inline]
unsafe fn enter(
    thread: *mut PyThreadState,
    caller: *mut _PyInterpreterFrame,
    (function, address): (Function, *const u8),
    args: *const *mut PyObject,
    count: usize,
    kwnames: *mut PyObject,
    length: c_int,
) -> Result<Resume, Raised> {
    // SAFETY: machine code passes the live thread state and the current frame; references are handed over.
    unsafe {
        let thread = ThreadState::new_unchecked(thread);
        let frame = frames::push(thread, function, args, count, kwnames)?;
        frames::link(thread, frame, caller)?;
        Frame::new_unchecked(caller).set_return_offset(length as u16);
        Ok(Resume { address, frame: frame.as_ptr() })
    }
}

/// Nulls slots whose references are gone.
unsafe fn forget(base: *mut *mut PyObject, count: usize) {
    // SAFETY: the caller's slots.
    unsafe { ptr::write_bytes(base, 0, count) };
}

/// Replaces a bound method in the slots by its function and its object. Returns the first argument and how many there are.
#[inline]
unsafe fn unwrap_method(base: *mut *mut PyObject, count: usize) -> (*mut *mut PyObject, usize) {
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

/// Handles what is pending, as the interpreter does after calls of C functions. Takes `result`, and gives it back unless that raised.
#[inline]
unsafe fn check_periodic(thread: *mut PyThreadState, result: *mut PyObject) -> *mut PyObject {
    // SAFETY: a live thread state, the GIL held.
    unsafe {
        let breaker = ThreadState::new_unchecked(thread).eval_breaker();
        if breaker & eval_breaker::EVENTS_MASK as usize != 0 && symbols::_Py_HandlePending(thread) != 0 {
            release(result);
            return ptr::null_mut();
        }
    }
    result
}

/// `CALL`: slots are callable, self or null, `count` arguments.
///
/// # Safety
/// Called by machine code only.
pub unsafe extern "C" fn call(
    thread: *mut PyThreadState,
    frame: *mut _PyInterpreterFrame,
    base: *mut *mut PyObject,
    count: c_int,
    length: c_int,
) -> Resume {
    // SAFETY: machine code passes the slots of a call instruction of the current frame.
    unsafe {
        let slots = count as usize + 2;
        let (args, total) = unwrap_method(base, count as usize);
        let callable = base.read();
        if let Some(found) = compiled_function(callable) {
            return enter(thread, frame, found, args, total, ptr::null_mut(), length).unwrap_or_else(|Raised| {
                forget(base, slots);
                done(ptr::null_mut())
            });
        }
        let result =
            pyo3_ffi::PyObject_Vectorcall(callable, args, total | vectorcall::ARGUMENTS_OFFSET as usize, ptr::null_mut());
        release(callable);
        for index in 0..total {
            release(args.add(index).read());
        }
        finish(thread, base, slots, result)
    }
}

/// The end of a call whose slots have been released.
#[inline]
unsafe fn finish(thread: *mut PyThreadState, base: *mut *mut PyObject, slots: usize, result: *mut PyObject) -> Resume {
    // SAFETY: the caller's.
    unsafe {
        let result = if result.is_null() { result } else { check_periodic(thread, result) };
        if result.is_null() {
            forget(base, slots);
        }
        done(result)
    }
}

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
) -> Resume {
    // SAFETY: machine code passes the slots of a call instruction of the current frame.
    unsafe {
        let slots = count as usize + 3;
        let kwnames = base.add(slots - 1).read();
        let (args, total) = unwrap_method(base, count as usize);
        let positional = total - Tuple::new_unchecked(kwnames.cast()).len();
        let callable = base.read();
        if let Some(found) = compiled_function(callable) {
            let result = enter(thread, frame, found, args, positional, kwnames, length);
            release(kwnames);
            return result.unwrap_or_else(|Raised| {
                forget(base, slots);
                done(ptr::null_mut())
            });
        }
        let result =
            pyo3_ffi::PyObject_Vectorcall(callable, args, positional | vectorcall::ARGUMENTS_OFFSET as usize, kwnames);
        release(kwnames);
        release(callable);
        for index in 0..total {
            release(args.add(index).read());
        }
        finish(thread, base, slots, result)
    }
}

/// `CALL_FUNCTION_EX`: slots are callable, null, the positional arguments, and a dict of keyword arguments if `flags & 1`.
///
/// # Safety
/// Called by machine code only.
pub unsafe extern "C" fn call_function_ex(
    thread: *mut PyThreadState,
    frame: *mut _PyInterpreterFrame,
    base: *mut *mut PyObject,
    flags: c_int,
    length: c_int,
) -> Resume {
    // SAFETY: machine code passes the slots of a call instruction of the current frame.
    unsafe {
        let slots = 3 + (flags & 1) as usize;
        let callable = base.read();
        let mut positional = base.add(2).read();
        let keywords = if flags & 1 != 0 { base.add(3).read() } else { ptr::null_mut() };
        if pyo3_ffi::PyTuple_CheckExact(positional) == 0 {
            let tuple = match check_iterable(thread, callable, positional) {
                Ok(()) => pyo3_ffi::PySequence_Tuple(positional),
                Err(Raised) => ptr::null_mut(),
            };
            if tuple.is_null() {
                return done(ptr::null_mut());
            }
            base.add(2).write(tuple);
            release(positional);
            positional = tuple;
        }
        if let Some(found) = compiled_function(callable) {
            let result = enter_unpacked(thread, frame, found, positional, keywords, length);
            release(positional);
            release_or_null(keywords);
            return result.unwrap_or_else(|Raised| {
                forget(base, slots);
                done(ptr::null_mut())
            });
        }
        let result = pyo3_ffi::PyObject_Call(callable, positional, keywords);
        release(callable);
        release(positional);
        release_or_null(keywords);
        finish(thread, base, slots, result)
    }
}

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
) -> Resume {
    // SAFETY: machine code passes the slots of a call instruction of the current frame. With that version the class has a cached `__init__`.
    unsafe {
        let class = base.read();
        let init: *mut PyObject = get(class, type_object::SPEC_CACHE_INIT);
        let state = ThreadState::new_unchecked(thread);
        let found = if init.is_null() { None } else { compiled_function(init) };
        let fits = found.filter(|(function, _)| {
            let code = function.code();
            let words = shim::FRAME_BYTES / size_of::<usize>() + code.framesize() as usize;
            frames::takes_exactly(code, count as usize + 1) && state.has_stack_space(words)
        });
        let Some((found, shim_code)) = fits.zip(shim::code_object()) else {
            return call(thread, frame, base, count, length);
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
        let shim = shim::push(state, shim_code, frame, instance);
        let result = enter(thread, shim.as_ptr(), found, base.add(1), count as usize + 1, ptr::null_mut(), 0);
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
    frame: *mut _PyInterpreterFrame,
    function: *mut PyObject,
    base: *mut *mut PyObject,
    count: c_int,
    length: c_int,
) -> Resume {
    // SAFETY: machine code passes slots of the current frame's instruction, and a live function.
    unsafe {
        let count = count as usize;
        if let Some(found) = compiled_function(function) {
            retain(function);
            return enter(thread, frame, found, base, count, ptr::null_mut(), length).unwrap_or_else(|Raised| {
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
    frame: *mut _PyInterpreterFrame,
    function: *mut PyObject,
    base: *mut *mut PyObject,
    name: *mut PyObject,
    length: c_int,
) -> Resume {
    // SAFETY: machine code passes the slot of the current frame's instruction, a live function and a name.
    unsafe {
        let mut args = [base.read(), retain(name)];
        let result = call_function(thread, frame, function, args.as_mut_ptr(), 2, length);
        if result.address.is_null() && result.frame.is_null() {
            forget(base, 1);
        }
        result
    }
}

/// Enters a compiled function with a tuple and a dict (may be null) of arguments. Takes the function only.
unsafe fn enter_unpacked(
    thread: *mut PyThreadState,
    frame: *mut _PyInterpreterFrame,
    found: (Function, *const u8),
    positional: *mut PyObject,
    keywords: *mut PyObject,
    length: c_int,
) -> Result<Resume, Raised> {
    // SAFETY: an exact tuple, and an exact dict or null, that the caller keeps alive.
    unsafe {
        let tuple = Tuple::new_unchecked(positional.cast());
        let mut args: SmallVec<[*mut PyObject; 16]> =
            (0..tuple.len()).map(|index| retain(tuple.item(index).expect("an index below the length"))).collect();
        let named = if keywords.is_null() { 0 } else { pyo3_ffi::PyDict_Size(keywords) };
        if named == 0 {
            return enter(thread, frame, found, args.as_ptr(), args.len(), ptr::null_mut(), length);
        }
        let kwnames = pyo3_ffi::PyTuple_New(named);
        let mut strings = true;
        if !kwnames.is_null() {
            let (mut position, mut key, mut value) = (0, ptr::null_mut(), ptr::null_mut());
            let mut index = 0;
            while pyo3_ffi::PyDict_Next(keywords, &raw mut position, &raw mut key, &raw mut value) != 0 {
                strings &= pyo3_ffi::PyUnicode_Check(key) != 0;
                pyo3_ffi::PyTuple_SET_ITEM(kwnames, index, retain(key));
                args.push(retain(value));
                index += 1;
            }
        }
        if kwnames.is_null() || !strings {
            args.iter().for_each(|&arg| release(arg));
            release(found.0.as_ptr().cast());
            if !kwnames.is_null() {
                release(kwnames);
                symbols::_PyErr_SetString(thread, pyo3_ffi::PyExc_TypeError, c"keywords must be strings".as_ptr());
            }
            return Err(Raised);
        }
        let result = enter(thread, frame, found, args.as_ptr(), tuple.len(), kwnames, length);
        release(kwnames);
        result
    }
}

/// Raises the error of `f(*x)` for an `x` that is not iterable.
unsafe fn check_iterable(thread: *mut PyThreadState, callable: *mut PyObject, args: *mut PyObject) -> Result<(), Raised> {
    // SAFETY: live objects, the GIL held.
    unsafe {
        if !(*pyo3_ffi::Py_TYPE(args)).tp_iter.is_none() || pyo3_ffi::PySequence_Check(args) != 0 {
            return Ok(());
        }
        // The function's name is put together as an error message would be, so no error may be set.
        let name = function_string(callable);
        if !name.is_null() {
            symbols::_PyErr_Format(
                thread,
                pyo3_ffi::PyExc_TypeError,
                c"%U argument after * must be an iterable, not %.200s".as_ptr(),
                name,
                (*pyo3_ffi::Py_TYPE(args)).tp_name,
            );
            release(name);
        }
        Err(Raised)
    }
}

/// `module.qualname()` of a callable, `qualname()` of a built-in, or its `str`: what the interpreter's messages call it.
unsafe fn function_string(callable: *mut PyObject) -> *mut PyObject {
    // SAFETY: live objects, the GIL held; each reference is released once.
    unsafe {
        let qualname = optional_attribute(callable, c"__qualname__".as_ptr());
        let Ok(qualname) = qualname else { return ptr::null_mut() };
        if qualname.is_null() {
            return pyo3_ffi::PyObject_Str(callable);
        }
        let result = match optional_attribute(callable, c"__module__".as_ptr()) {
            Err(Raised) => ptr::null_mut(),
            Ok(module) => {
                let plain = module.is_null()
                    || module == pyo3_ffi::Py_None()
                    || pyo3_ffi::PyUnicode_Check(module) != 0
                        && pyo3_ffi::PyUnicode_CompareWithASCIIString(module, c"builtins".as_ptr()) == 0;
                let text = if plain {
                    pyo3_ffi::PyUnicode_FromFormat(c"%S()".as_ptr(), qualname)
                } else {
                    pyo3_ffi::PyUnicode_FromFormat(c"%S.%S()".as_ptr(), module, qualname)
                };
                release_or_null(module);
                text
            }
        };
        release(qualname);
        result
    }
}

/// An attribute, null if there is none.
unsafe fn optional_attribute(object: *mut PyObject, name: *const std::ffi::c_char) -> Result<*mut PyObject, Raised> {
    // SAFETY: a live object, the GIL held.
    unsafe {
        let found = pyo3_ffi::PyObject_GetAttrString(object, name);
        if found.is_null() {
            if pyo3_ffi::PyErr_ExceptionMatches(pyo3_ffi::PyExc_AttributeError) == 0 {
                return Err(Raised);
            }
            pyo3_ffi::PyErr_Clear();
        }
        Ok(found)
    }
}

/// `RECEIVE` with something pending, or with code that may have been instrumented: 0 to go on, 1 to leave to the interpreter at `next` with the
/// value in its slot, −1 with an exception set (then the value is released). `instr_ptr` is the call's.
///
/// # Safety
/// Called by machine code only, with the value in its slot.
pub unsafe extern "C" fn receive_check(
    thread: *mut PyThreadState,
    frame: *mut _PyInterpreterFrame,
    next: *mut CodeUnit,
    value: *mut PyObject,
) -> c_int {
    // SAFETY: machine code passes the current frame; the slots between the depths of the two instructions are its own.
    unsafe {
        let current = Frame::new_unchecked(frame);
        let compiled = frames::compiled(current);
        let verdict = super::control::poll(thread, frame, ptr::from_ref(compiled).cast_mut(), 0);
        if verdict < 0 {
            let before = compiled.depth_at(current.instruction_index()).expect("a depth at an instruction");
            let units = next.offset_from(current.instr_ptr()) as usize;
            let after = compiled.depth_at(current.instruction_index() + units).expect("a depth after an instruction");
            // What the call consumed is gone.
            for depth in after - 1..before {
                current.stack_base().add(depth).write(ptr::null_mut());
            }
            release(value);
        }
        verdict
    }
}
