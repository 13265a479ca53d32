//! Calls with `*args` and `**kwargs`.

use super::calls::{Back, compiled_function, done, enter_pushed, entered, finish};
use super::inlined_calls::python_call;
use super::objects::{release, release_or_null};
use super::tuple_pool::{tuple_from, tuple_of};
use crate::native::entry::{may_run, run_pushed};
use crate::native::frames::{self, Pushed, Resume};
use crate::native::raw::{get, is_exact, retain};
use crate::native::tools;
use pyo3_ffi::{PyObject, PyThreadState};
use smallvec::SmallVec;
use std::ffi::c_int;
use std::ptr;
use whipsnake_cpython::layout::method;
use whipsnake_cpython::live::{_PyInterpreterFrame, Function, Raised, ThreadState, Tuple, symbols};

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
    address: *const u8,
) -> Resume {
    // SAFETY: machine code passes the slots of a call instruction of the current frame.
    unsafe {
        let slots = 3 + (flags & 1) as usize;
        let Ok((positional, keywords)) = arguments(thread, base, flags) else { return done(ptr::null_mut()) };
        let thread = ThreadState::new_unchecked(thread);
        if let Some((found, own)) = compiled_callable(base.read()) {
            let pushed = push_unpacked(thread, found.0, own, positional, keywords);
            let back = Back { length, address };
            return entered(pushed.and_then(|pushed| enter_pushed(thread, frame, pushed, found.1, back)), base, slots);
        }
        finish(base, slots, call_anything(base.read(), positional, keywords))
    }
}

/// The same, until it has returned: null with an exception set. Compiled code runs in native code of its own.
///
/// # Safety
/// Called by machine code only.
pub unsafe extern "C" fn call_function_ex_whole(
    thread: *mut PyThreadState,
    base: *mut *mut PyObject,
    flags: c_int,
) -> *mut PyObject {
    // SAFETY: machine code passes the slots of a call instruction of the current frame.
    unsafe {
        let slots = 3 + (flags & 1) as usize;
        let Ok((positional, keywords)) = arguments(thread, base, flags) else { return ptr::null_mut() };
        let thread = ThreadState::new_unchecked(thread);
        let compiled = if may_run(thread) { compiled_callable(base.read()) } else { None };
        let result = match compiled {
            Some((found, own)) => push_unpacked(thread, found.0, own, positional, keywords)
                .map_or(ptr::null_mut(), |pushed| run_pushed(thread, pushed, found.1)),
            None => call_anything(base.read(), positional, keywords),
        };
        tools::notice_in(thread);
        finish(base, slots, result).frame.cast()
    }
}

/// What a call has in its slots as arguments: a tuple, which is made of something else if need be, and a dict or null.
#[inline]
unsafe fn arguments(
    thread: *mut PyThreadState,
    base: *mut *mut PyObject,
    flags: c_int,
) -> Result<(*mut PyObject, *mut PyObject), Raised> {
    // SAFETY: the caller's.
    unsafe {
        let mut positional = base.add(2).read();
        let keywords = if flags & 1 != 0 { base.add(3).read() } else { ptr::null_mut() };
        if pyo3_ffi::PyTuple_CheckExact(positional) == 0 {
            check_iterable(thread, base.read(), positional)?;
            let tuple = tuple_from(positional);
            if tuple.is_null() {
                return Err(Raised);
            }
            base.add(2).write(tuple);
            release(positional);
            positional = tuple;
        }
        Ok((positional, keywords))
    }
}

/// Calls what is not compiled. Takes the references to it and its arguments.
unsafe fn call_anything(callable: *mut PyObject, positional: *mut PyObject, keywords: *mut PyObject) -> *mut PyObject {
    // SAFETY: the caller's.
    unsafe {
        let result = pyo3_ffi::PyObject_Call(callable, positional, keywords);
        release(callable);
        release(positional);
        release_or_null(keywords);
        result
    }
}

/// The compiled function that is called, for a function, a method or an object whose class has a Python `__call__`, and the object it is called
/// for (or null). Turns the reference to the callable into references to these.
#[inline]
unsafe fn compiled_callable(callable: *mut PyObject) -> Option<((Function, *const u8), *mut PyObject)> {
    // SAFETY: a live object; the fields of a method.
    unsafe {
        if let Some(found) = compiled_function(callable) {
            return Some((found, ptr::null_mut()));
        }
        let (function, own) = if is_exact(callable, &raw mut symbols::PyMethod_Type) {
            (get(callable, method::IM_FUNC), get(callable, method::IM_SELF))
        } else {
            (python_call(callable)?, callable)
        };
        let found = compiled_function(function)?;
        retain(own);
        retain(function);
        release(callable);
        Some((found, own))
    }
}

/// So many arguments need no memory.
const FEW: usize = 12;

/// Pushes the frame of a function for an object that it is called for (may be null), a tuple, and a dict (may be null) of arguments. Takes the references to all
/// of them.
unsafe fn push_unpacked(
    thread: ThreadState,
    function: Function,
    own: *mut PyObject,
    positional: *mut PyObject,
    keywords: *mut PyObject,
) -> Result<Pushed, Raised> {
    // SAFETY: an exact tuple and an exact dict or null. As many arguments are written as there is room for.
    unsafe {
        let tuple = Tuple::new_unchecked(positional.cast());
        let first = usize::from(!own.is_null());
        let count = first + tuple.len();
        let named = if keywords.is_null() { 0 } else { pyo3_ffi::PyDict_Size(keywords) as usize };
        let (mut few, mut many) = ([ptr::null_mut(); FEW], Vec::new());
        let args: *mut *mut PyObject = if count + named <= FEW {
            few.as_mut_ptr()
        } else {
            many.resize(count + named, ptr::null_mut());
            many.as_mut_ptr()
        };
        args.write(own);
        for index in 0..tuple.len() {
            args.add(first + index).write(retain(tuple.items().add(index).read()));
        }
        if !keywords.is_null()
            && pyo3_ffi::Py_REFCNT(keywords) == 1
            && let Some(pushed) = frames::push_collected(thread, function, args, count, keywords)
        {
            release(positional);
            return Ok(pushed);
        }
        let pushed = if named == 0 {
            frames::push(thread, function, args, count, ptr::null_mut())
        } else {
            push_named(thread, function, args, count, keywords)
        };
        release(positional);
        release_or_null(keywords);
        pushed
    }
}

/// Pushes the frame of a function for positional arguments, behind which there is room for those of a dict. Takes the references to the function and the
/// arguments.
unsafe fn push_named(
    thread: ThreadState,
    function: Function,
    args: *mut *mut PyObject,
    count: usize,
    keywords: *mut PyObject,
) -> Result<Pushed, Raised> {
    // SAFETY: the caller's; an exact dict, which nobody changes meanwhile.
    unsafe {
        let mut names: SmallVec<[*mut PyObject; FEW]> = SmallVec::new();
        let mut strings = true;
        let (mut position, mut key, mut value) = (0, ptr::null_mut(), ptr::null_mut());
        while pyo3_ffi::PyDict_Next(keywords, &raw mut position, &raw mut key, &raw mut value) != 0 {
            strings &= pyo3_ffi::PyUnicode_Check(key) != 0;
            args.add(count + names.len()).write(retain(value));
            names.push(retain(key));
        }
        let kwnames = tuple_of(names.as_ptr(), names.len());
        if kwnames.is_null() || !strings {
            for index in 0..count + names.len() {
                release_or_null(args.add(index).read());
            }
            release(function.as_ptr().cast());
            if kwnames.is_null() {
                names.iter().for_each(|&name| release(name));
            } else {
                release(kwnames);
                let message = c"keywords must be strings".as_ptr();
                symbols::_PyErr_SetString(thread.as_ptr(), pyo3_ffi::PyExc_TypeError, message);
            }
            return Err(Raised);
        }
        let pushed = frames::push(thread, function, args, count, kwnames);
        release(kwnames);
        pushed
    }
}

/// Raises the error of `f(*x)` for an `x` that is not iterable.
unsafe fn check_iterable(
    thread: *mut PyThreadState,
    callable: *mut PyObject,
    args: *mut PyObject,
) -> Result<(), Raised> {
    // SAFETY: live objects, the GIL held.
    unsafe {
        if (*pyo3_ffi::Py_TYPE(args)).tp_iter.is_some() || pyo3_ffi::PySequence_Check(args) != 0 {
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
