//! Items of asynchronous generators: what `async for` and `await anext(…)` resume.
//!
//! For each item there is an object to await, and what that does when it is resumed is to resume the generator. CPython's own function for it has the interpreter
//! run the frame, and raises `StopIteration` for every item, which is caught at once. Here the generator's compiled code is entered, and the item handed on.

use super::generator_entry::{Back, enter, may_enter};
use super::raw::{get, is_exact, release, retain, set};
use pyo3_ffi::{PyObject, PyTypeObject};
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};
use whipsnake_cpython::layout::generator::FRAME_CREATED;
use whipsnake_cpython::layout::{async_item, object, wrapped_value};
use whipsnake_cpython::live::{Generator, ThreadState, symbols};
use whipsnake_cpython::opcode::operand::INTRINSIC_ASYNC_GEN_WRAP;

/// What has become of an awaitable that was resumed.
pub(crate) enum Resumed {
    /// The generator awaits something itself, which has yielded this.
    Awaits(*mut PyObject),
    /// This is the item.
    Item(*mut PyObject),
    /// An exception is set.
    Raised,
}

/// Resumes what was awaited for an item, with `value`. `None` if CPython is to do that, or to say that it can't be; then nothing was done.
///
/// # Safety
/// Live objects, the GIL held.
pub(crate) unsafe fn resume(awaitable: *mut PyObject, value: *mut PyObject) -> Option<Resumed> {
    // SAFETY: the caller's; the layouts are those of the objects' exact types.
    unsafe {
        if !is_exact(awaitable, &raw mut symbols::_PyAsyncGenASend_Type) {
            return None;
        }
        let generator = Generator::new_unchecked(get(awaitable, async_item::AGS_GEN));
        let state: i32 = get(awaitable, async_item::AGS_STATE);
        let sent = match state {
            async_item::INIT if generator.is_running_async() => return None,
            async_item::INIT if value == pyo3_ffi::Py_None() => {
                let sent: *mut PyObject = get(awaitable, async_item::AGS_SENDVAL);
                if sent.is_null() { value } else { sent }
            }
            async_item::INIT | async_item::ITER => value,
            _ => return None,
        };
        if sent != pyo3_ffi::Py_None() && generator.state() == FRAME_CREATED {
            return None;
        }
        let (thread, address) = may_enter(generator)?;
        let wrapped = type_of_wrapped(thread)?;
        set(awaitable, async_item::AGS_STATE, async_item::ITER);
        generator.set_running_async(true);
        let resumed = match enter(thread, generator, address, sent) {
            Back::Yielded(value) if is_exact(value, wrapped) => {
                let item = retain(get(value, wrapped_value::AGW_VAL));
                release(value);
                Resumed::Item(item)
            }
            Back::Yielded(value) => return Some(Resumed::Awaits(value)),
            Back::Returned(value) => {
                release(value);
                pyo3_ffi::PyErr_SetNone(pyo3_ffi::PyExc_StopAsyncIteration);
                generator.set_closed();
                Resumed::Raised
            }
            Back::Raised => {
                let ends = [pyo3_ffi::PyExc_StopAsyncIteration, pyo3_ffi::PyExc_GeneratorExit];
                if ends.into_iter().any(|end| pyo3_ffi::PyErr_ExceptionMatches(end) != 0) {
                    generator.set_closed();
                }
                Resumed::Raised
            }
        };
        generator.set_running_async(false);
        set(awaitable, async_item::AGS_STATE, async_item::CLOSED);
        Some(resumed)
    }
}

/// The type of what an asynchronous generator yields as an item. `None` if that, or what is awaited for items, is not as we know it.
unsafe fn type_of_wrapped(thread: ThreadState) -> Option<*mut PyTypeObject> {
    static FOUND: AtomicPtr<PyTypeObject> = AtomicPtr::new(ptr::null_mut());
    let found = FOUND.load(Ordering::Relaxed);
    if !found.is_null() {
        // SAFETY: the type of all types stands for none.
        return (found != &raw mut pyo3_ffi::PyType_Type).then_some(found);
    }
    // SAFETY: the GIL is held, no exception is set; the types are static.
    unsafe {
        let wrap = symbols::_PyIntrinsics_UnaryFunctions[INTRINSIC_ASYNC_GEN_WRAP as usize].func;
        let sample = wrap(thread.as_ptr(), pyo3_ffi::Py_None());
        if sample.is_null() {
            pyo3_ffi::PyErr_Clear();
            return None;
        }
        let wrapped: *mut PyTypeObject = get(sample, object::OB_TYPE);
        release(sample);
        let sizes = [(*wrapped).tp_basicsize, symbols::_PyAsyncGenASend_Type.tp_basicsize];
        let is_known = sizes == [wrapped_value::SIZEOF as isize, async_item::SIZEOF as isize];
        FOUND.store(if is_known { wrapped } else { &raw mut pyo3_ffi::PyType_Type }, Ordering::Relaxed);
        is_known.then_some(wrapped)
    }
}
