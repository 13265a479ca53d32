//! Calls of classes whose instances are made as `object` makes them: `__init__` is entered at once.

use super::calls::{Back, call, compiled_function, done, enter, forget};
use super::inlined_calls::{takes, takes_exactly};
use super::new_instances;
use super::special::{Name, look_up};
use crate::native::code;
use crate::native::entry::call_compiled;
use crate::native::frames::{self, Resume};
use crate::native::raw::{get, is_exact, release, retain};
use crate::native::shim;
use pyo3_ffi::{PyObject, PyThreadState, PyTypeObject};
use std::ffi::c_int;
use std::ptr;
use whipsnake_cpython::layout::{self, type_object};
use whipsnake_cpython::live::{_PyInterpreterFrame, Frame, Function, Raised, ThreadState, Tuple};

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
        let init: *mut PyObject = get(base.read(), type_object::SPEC_CACHE_INIT);
        let entered = if init.is_null() {
            None
        } else {
            enter_init_of(thread, frame, init, base, count, None, Back { length, address })
        };
        entered.unwrap_or_else(|| call(thread, frame, base, count, length, address))
    }
}

/// A call of an exact class that makes its instances as `object` does, and has a Python `__init__`. `None` if it is not such a class, or
/// `__init__` can't be entered. The last of the `count` arguments have the names, if there are any, which are in the slot behind them.
///
/// # Safety
/// As [`enter_init`], for any exact class.
pub(super) unsafe fn construct(
    thread: *mut PyThreadState,
    frame: *mut _PyInterpreterFrame,
    base: *mut *mut PyObject,
    count: c_int,
    names: Option<Tuple>,
    back: Back,
) -> Option<Resume> {
    // SAFETY: the caller's; the type's method cache answers without running code.
    unsafe {
        let class: *mut PyTypeObject = base.read().cast();
        if !makes_plain_instances(class) {
            // A `__new__` in Python may give an instance of a subclass, whose `__init__` would be next: C code looks after that.
            return None;
        }
        let init = look_up(class, Name::Init);
        if init.is_null() || !is_exact(init, &raw mut pyo3_ffi::PyFunction_Type) {
            return None;
        }
        enter_init_of(thread, frame, init, base, count, names, back)
    }
}

/// [`construct`] where the call has to return before anything else happens, or where the class's class is not `type` but calls its classes in the same way: these
/// the interpreter calls through C code, without a frame below `__init__`. Takes what is in the slots but the names; `None` if it has to be called as any other object,
/// and then nothing has changed.
///
/// # Safety
/// As [`enter_init`], for anything that is [called as classes are](super::class_calls::is_called_as_class) and is without `self`.
pub(super) unsafe fn construct_whole(
    thread: *mut PyThreadState,
    base: *mut *mut PyObject,
    count: c_int,
    names: Option<Tuple>,
) -> Option<*mut PyObject> {
    // SAFETY: the caller's; as for `construct`.
    unsafe {
        let class = base.read();
        if !makes_plain_instances(class.cast()) {
            return None;
        }
        let init = look_up(class.cast(), Name::Init);
        if init.is_null() {
            return None;
        }
        let (function, _) = compiled_function(init)?;
        let compiled = code::find(function.code())?;
        let instance = new_instances::new_instance(class.cast());
        if instance.is_null() {
            release(class);
            for index in 0..count as usize {
                release(base.add(2 + index).read());
            }
            return Some(instance);
        }
        retain(init);
        base.add(1).write(retain(instance));
        let thread = ThreadState::new_unchecked(thread);
        // The frame that the interpreter has below `__init__` takes a level of recursion. It has none where a chunk of the data stack ends.
        let words = shim::FRAME_WORDS + function.code().framesize() as usize + 1;
        let has_frame = is_exact(class, &raw mut pyo3_ffi::PyType_Type) && thread.has_stack_space(words);
        let levels = i32::from(has_frame);
        thread.set_py_recursion_remaining(thread.py_recursion_remaining() - levels);
        let positional = count as usize + 1 - names.map_or(0, Tuple::len);
        let kwnames = names.map_or(ptr::null_mut(), |names| names.as_ptr().cast());
        let called = call_compiled(thread, function, compiled, base.add(1), positional, kwnames);
        thread.set_py_recursion_remaining(thread.py_recursion_remaining() + levels);
        let Some(result) = called else {
            base.add(1).write(ptr::null_mut());
            for object in [init, instance, instance] {
                release(object);
            }
            return None;
        };
        release(class);
        if result == pyo3_ffi::Py_None() {
            release(result);
            return Some(instance);
        }
        if !result.is_null() {
            shim::complain(result);
            release(result);
        }
        release(instance);
        Some(ptr::null_mut())
    }
}

/// Whether an exact class makes its instances as `object` does, and has an `__init__` of its own.
///
/// # Safety
/// A live class; the GIL is held.
pub(crate) unsafe fn makes_plain_instances(class: *mut PyTypeObject) -> bool {
    let special = type_object::IS_ABSTRACT | type_object::HEAPTYPE;
    // SAFETY: the caller's.
    unsafe {
        let object = &raw const pyo3_ffi::PyBaseObject_Type;
        get::<u64>(class, type_object::TP_FLAGS) & special == type_object::HEAPTYPE
            && (*class).tp_new.map(|f| f as usize) == (*object).tp_new.map(|f| f as usize)
            && (*class).tp_init.map(|f| f as usize) != (*object).tp_init.map(|f| f as usize)
            && (*class).tp_alloc.map(|f| f as usize) == Some(pyo3_ffi::PyType_GenericAlloc as *const () as usize)
    }
}

/// Whether a call with so many positional arguments, and keywords of these names, gives every parameter a value, and has no others.
fn takes_named(function: Function, positional: usize, names: Tuple) -> bool {
    let code = function.code();
    let others = layout::code::CO_VARARGS | layout::code::CO_VARKEYWORDS;
    let (count, parameters) = (code.argcount() as usize, code.localsplus_names());
    let total = count + code.kwonlyargcount() as usize;
    if code.flags() & others != 0 || positional > count || total >= u64::BITS as usize {
        return false;
    }
    let mut given = (1u64 << positional) - 1;
    for index in 0..names.len() {
        let found = (code.posonlyargcount() as usize..total).find(|&at| parameters.item(at) == names.item(index));
        let Some(at) = found.filter(|at| given >> at & 1 == 0) else { return false };
        given |= 1 << at;
    }
    let optional = count - function.defaults().map_or(0, |defaults| defaults.len()).min(count);
    (0..total).all(|at| given >> at & 1 == 1 || (optional..count).contains(&at))
}

/// Makes an instance and enters `init`; `None` if that is not compiled or does not take these arguments, with names as in [`construct`].
unsafe fn enter_init_of(
    thread: *mut PyThreadState,
    frame: *mut _PyInterpreterFrame,
    init: *mut PyObject,
    base: *mut *mut PyObject,
    count: c_int,
    names: Option<Tuple>,
    back: Back,
) -> Option<Resume> {
    // SAFETY: the callers'.
    unsafe {
        let class = base.read();
        let state = ThreadState::new_unchecked(thread);
        let found = compiled_function(init)?;
        let positional = count as usize + 1 - names.map_or(0, |names| names.len());
        let fits = match names {
            Some(names) => takes_named(found.0, positional, names),
            None => takes(found.0, count + 1),
        };
        if !fits {
            return None;
        }
        let shim_code = shim::code_object()?;
        if !state.has_stack_space(shim::FRAME_WORDS + found.0.code().framesize() as usize + 1) {
            return None;
        }
        let instance = new_instances::new_instance(class.cast());
        if instance.is_null() {
            return Some(done(instance));
        }
        retain(init);
        retain(instance);
        // The slot below the arguments becomes the first of them.
        base.add(1).write(instance);
        release(class);
        let counted = names.is_none() && takes_exactly(found.0.code(), count + 1);
        let shim = shim::push(state, shim_code, frame, instance, back.address, counted).expect("there is room");
        let inner = Back { length: 0, address: shim::stub_init_return as *const u8 };
        let kwnames = names.map_or(ptr::null_mut(), |names| names.as_ptr().cast());
        let result = enter(thread, shim.as_ptr(), found, base.add(1), positional, kwnames, inner);
        if !kwnames.is_null() {
            release(kwnames);
        }
        match result {
            Ok(resume) => {
                Frame::new_unchecked(frame).set_return_offset(back.length as u16);
                Some(resume)
            }
            Err(Raised) => {
                forget(base, count as usize + 2 + usize::from(names.is_some()));
                release(instance);
                shim::settle_if_shim(state, shim);
                frames::unlink_and_pop(state, shim);
                Some(done(ptr::null_mut()))
            }
        }
    }
}
