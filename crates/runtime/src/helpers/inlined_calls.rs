//! Python functions that run without a call instruction, or around one: `__call__`, properties, `__getattribute__`.

use super::attributes::{self, Known};
use super::calls::{Back, compiled_function, done, enter, entered, finish, forget};
use super::special::{Name, look_up};
use crate::native::frames::Resume;
use crate::native::raw::{get, release, retain};
use pyo3_ffi::{PyObject, PyThreadState, PyTypeObject};
use std::ffi::c_int;
use std::ptr;
use whipsnake_cpython::layout::{self, object, thread_state, type_object};
use whipsnake_cpython::live::{_PyInterpreterFrame, Code, Function};
use whipsnake_ir::abi::AttributeCell;

/// What the class of a callable has for `__call__`, borrowed. If that is a Python function, it is what calls are.
pub(super) unsafe fn python_call(callable: *mut PyObject) -> Option<*mut PyObject> {
    // SAFETY: the caller's: a live object; the type's method cache answers without running code. A function in a class means that the class has it
    // called, but for a vectorcall.
    unsafe {
        let class: *mut PyTypeObject = get(callable, object::OB_TYPE);
        let special = type_object::HAVE_VECTORCALL | type_object::HEAPTYPE;
        if get::<u64>(class, type_object::TP_FLAGS) & special != type_object::HEAPTYPE {
            return None;
        }
        Some(look_up(class, Name::Call)).filter(|method| !method.is_null())
    }
}

/// A call of an object whose class has a compiled Python `__call__`; `None` for others.
///
/// # Safety
/// Called by machine code only: slots are the callable, null, `count` arguments.
pub(super) unsafe fn call_method(
    thread: *mut PyThreadState,
    frame: *mut _PyInterpreterFrame,
    base: *mut *mut PyObject,
    count: c_int,
    back: Back,
) -> Option<Resume> {
    // SAFETY: the caller's.
    unsafe {
        let method = python_call(base.read())?;
        let found = compiled_function(method)?;
        if !takes(found.0, count + 1) {
            return None;
        }
        retain(method);
        base.add(1).write(base.read());
        let result = enter(thread, frame, found, base.add(1), count as usize + 1, ptr::null_mut(), back);
        Some(entered(result, base, count as usize + 2))
    }
}

/// Whether a call with `count` positional arguments gives every parameter its value.
pub(super) fn takes_exactly(code: Code, count: c_int) -> bool {
    let others = layout::code::CO_VARARGS | layout::code::CO_VARKEYWORDS;
    code.argcount() == count && code.kwonlyargcount() == 0 && code.flags() & others == 0
}

/// Whether a call with `count` positional arguments gives every parameter a value, with defaults. What fails is called as the interpreter does, which
/// drops the arguments after what was made for the call.
pub(super) fn takes(function: Function, count: c_int) -> bool {
    let code = function.code();
    let parameters = code.argcount();
    if count > parameters && code.flags() & layout::code::CO_VARARGS == 0 {
        return false;
    }
    let missing = parameters - count;
    if missing > 0 && function.defaults().map_or(0, |defaults| defaults.len()) < missing as usize {
        return false;
    }
    let named = function.kwdefaults();
    // SAFETY: null or a dict.
    code.kwonlyargcount() == 0
        || !named.is_null() && unsafe { pyo3_ffi::PyDict_Size(named) } >= code.kwonlyargcount() as isize
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
        if let Some(resume) = enter_with(thread, function, base, count, Back { length, address }) {
            return resume;
        }
        let result = pyo3_ffi::PyObject_Vectorcall(function, base, count, ptr::null_mut());
        for index in 0..count {
            release(base.add(index).read());
        }
        finish(base, count, result)
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

/// Calls `function`, if it is compiled, with the `count` values from `base` on, which it takes.
pub(super) unsafe fn enter_with(
    thread: *mut PyThreadState,
    function: *mut PyObject,
    base: *mut *mut PyObject,
    count: usize,
    back: Back,
) -> Option<Resume> {
    // SAFETY: the callers': a live function, the slots of the current frame's instruction.
    unsafe {
        let found = compiled_function(function)?;
        retain(function);
        let frame = get(thread, thread_state::CURRENT_FRAME);
        Some(entered(enter(thread, frame, found, base, count, ptr::null_mut(), back), base, count))
    }
}

/// `LOAD_ATTR` of the owner at `base`, which is taken unless that fails.
///
/// # Safety
/// Called by machine code only.
pub unsafe extern "C" fn load_attr_calling(
    thread: *mut PyThreadState,
    base: *mut *mut PyObject,
    name: *mut PyObject,
    cell: *mut AttributeCell,
    length: c_int,
    address: *const u8,
) -> Resume {
    // SAFETY: machine code passes the slot of the current frame's instruction, its name and its cell.
    unsafe {
        let owner = base.read();
        let result = match attributes::known(owner, name, cell) {
            Known::Value(value) => value,
            Known::Getter(getter) => {
                if let Some(resume) = enter_with(thread, getter, base, 1, Back { length, address }) {
                    return resume;
                }
                attributes::load_attr(owner, name, cell)
            }
            Known::Nothing => attributes::load_unanswered(owner, name, cell),
        };
        if !result.is_null() {
            release(owner);
        }
        done(result)
    }
}
