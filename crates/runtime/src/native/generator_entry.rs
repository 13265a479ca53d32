//! Generators and coroutines that C code resumes: `any`, `sum`, `list`, `dict.fromkeys`, `str.join`, `next`, the event loop's tasks.
//!
//! All of them call the class: `tp_iternext`, or `am_send` of the asynchronous methods. Those two are ours while the compiler is on. A generator whose
//! code is compiled runs natively from where it is suspended, and is suspended again here; for any other, CPython's own function is called. What a
//! generator's methods do (`send`, `throw`, `close`) goes past this.

use super::code::{self, CompiledCode};
use super::entry::{EVALUATION_UNITS, LOW_C_RECURSION, run_frame};
use super::next_entry::next;
use super::raw::{get, is_exact, release, retain};
use super::trampoline::Outcome;
use super::{exit, frames, tools};
use crate::helpers::special::look_up_text;
use pyo3_ffi::{PyObject, PySendResult};
use std::ptr;
use whipsnake_cpython::layout::descriptor;
use whipsnake_cpython::layout::generator::{
    FRAME_CREATED, FRAME_EXECUTING, FRAME_SUSPENDED, FRAME_SUSPENDED_YIELD_FROM,
};
use whipsnake_cpython::live::{Frame, Generator, GeneratorSlots, ThreadState, symbols};
use whipsnake_ir::abi::Status;

/// Has generators and coroutines resumed here, or (`on` is false) by CPython's own functions.
///
/// # Safety
/// The GIL of the main interpreter is held.
pub unsafe fn install(on: bool) {
    // SAFETY: the functions are as the slots want them.
    unsafe {
        match on && code::slot().is_some() {
            true => GeneratorSlots::replace(next, send),
            false => GeneratorSlots::restore(),
        }
    }
}

/// How a resumed generator came back.
pub(super) enum Back {
    Yielded(*mut PyObject),
    Returned(*mut PyObject),
    Raised,
}

impl Back {
    /// The result of `tp_iternext`.
    unsafe fn next(self) -> *mut PyObject {
        match self {
            Back::Yielded(value) => value,
            Back::Raised => ptr::null_mut(),
            // SAFETY: the value is ours; the GIL is held.
            Back::Returned(value) => unsafe {
                if value != pyo3_ffi::Py_None() {
                    symbols::_PyGen_SetStopIterationValue(value);
                }
                release(value);
                ptr::null_mut()
            },
        }
    }
}

/// `tp_iternext` of generators, for those that [`next`] does not resume.
///
/// # Safety
/// A generator; the GIL is held.
pub(super) unsafe extern "C" fn next_in_general(object: *mut PyObject) -> *mut PyObject {
    // SAFETY: the caller's.
    unsafe {
        let generator = Generator::new_unchecked(object);
        match may_enter(generator) {
            Some((thread, address)) => enter(thread, generator, address, pyo3_ffi::Py_None()).next(),
            None => GeneratorSlots::next(object),
        }
    }
}

/// What becomes of a generator that [`next`] resumed, and whose native code has ended.
///
/// # Safety
/// The generator's frame is the current one, as native code left it; the GIL is held.
pub(super) unsafe extern "C" fn next_ended(
    thread: ThreadState,
    frame: Frame,
    status: Status,
    value: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: the caller's.
    unsafe { ended(thread, Generator::of_frame(frame), Outcome { status, value }).next() }
}

/// `am_send` of generators and coroutines.
unsafe extern "C" fn send(object: *mut PyObject, value: *mut PyObject, result: *mut *mut PyObject) -> PySendResult {
    // SAFETY: CPython calls with a generator or coroutine and the GIL; the result is the caller's to write.
    unsafe {
        let generator = Generator::new_unchecked(object);
        let is_usual = !value.is_null() && (value == pyo3_ffi::Py_None() || generator.state() != FRAME_CREATED);
        let Some((thread, address)) = may_enter(generator).filter(|_| is_usual) else {
            return GeneratorSlots::send(object, value, result);
        };
        let (value, kind) = match enter(thread, generator, address, value) {
            Back::Yielded(value) => (value, PySendResult::PYGEN_NEXT),
            Back::Returned(value) => (value, PySendResult::PYGEN_RETURN),
            Back::Raised => (ptr::null_mut(), PySendResult::PYGEN_ERROR),
        };
        result.write(value);
        kind
    }
}

/// The C function of the method `send`, which generators and coroutines share.
///
/// # Safety
/// The GIL is held.
pub(crate) unsafe fn send_function() -> usize {
    // SAFETY: the caller's; a method descriptor's definition is static.
    unsafe {
        match look_up_text(&raw mut pyo3_ffi::PyGen_Type, c"send") {
            Some(found) if is_exact(found, &raw mut symbols::PyMethodDescr_Type) => {
                let definition: *mut pyo3_ffi::PyMethodDef = get(found, descriptor::D_METHOD);
                match (*definition).ml_flags {
                    pyo3_ffi::METH_O => (*definition).ml_meth.PyCFunction as usize,
                    _ => usize::MAX,
                }
            }
            _ => usize::MAX,
        }
    }
}

/// The method `send` of generators and coroutines: CPython's own resumes them without asking their type.
///
/// # Safety
/// A generator or coroutine, and what it is sent; the GIL is held.
pub(crate) unsafe extern "C" fn send_method(object: *mut PyObject, value: *mut PyObject) -> *mut PyObject {
    let mut result = ptr::null_mut();
    // SAFETY: the caller's; a returned value is ours.
    unsafe {
        if send(object, value, &raw mut result) != PySendResult::PYGEN_RETURN {
            return result;
        }
        if result == pyo3_ffi::Py_None() {
            pyo3_ffi::PyErr_SetNone(pyo3_ffi::PyExc_StopIteration);
        } else {
            symbols::_PyGen_SetStopIterationValue(result);
        }
        release(result);
        ptr::null_mut()
    }
}

/// The thread, and the compiled code to go on in. `None` if CPython is to resume the generator, or to say that it can't be.
pub(super) unsafe fn may_enter(generator: Generator) -> Option<(ThreadState, *const u8)> {
    // SAFETY: the caller's: a live object, the GIL held.
    unsafe {
        if generator.state() >= FRAME_EXECUTING {
            return None;
        }
        let frame = generator.frame();
        let code = frame.code()?;
        // Other interpreters have the same class. Their code objects' extra data are of their own.
        let thread = ThreadState::current();
        if !GeneratorSlots::is_ours(thread.interpreter()) {
            return None;
        }
        let compiled: &CompiledCode = code::find(code)?;
        tools::notice_in(thread);
        if tools::watchful() || thread.c_recursion_remaining() < LOW_C_RECURSION || thread.py_recursion_remaining() <= 0
        {
            return None;
        }
        // In the middle of `yield from` or `await` native code does not look whether it is still good, which others that resume it have done.
        let delegates = generator.state() == FRAME_SUSPENDED_YIELD_FROM;
        if delegates && !tools::is_current(thread, code, ptr::from_ref(compiled).cast_mut()) {
            return None;
        }
        Some((thread, compiled.entry_at(frame.instruction_index())?))
    }
}

/// Runs a suspended generator from `address` until it is suspended again or ends.
pub(super) unsafe fn enter(
    thread: ThreadState,
    generator: Generator,
    address: *const u8,
    value: *mut PyObject,
) -> Back {
    // SAFETY: as `may_enter` found it: the frame is whole, in memory, and nobody runs it.
    unsafe {
        let frame = generator.frame();
        frame.localsplus().add(frame.stacktop() as usize).write(retain(value));
        generator.link(thread, thread.current_frame().map_or(ptr::null_mut(), Frame::as_ptr));
        thread.set_c_recursion_remaining(thread.c_recursion_remaining() - EVALUATION_UNITS);
        let outcome = run_frame(thread, frame, address, ptr::null_mut());
        ended(thread, generator, outcome)
    }
}

/// Suspends a generator whose native code has ended, or ends it.
unsafe fn ended(thread: ThreadState, generator: Generator, Outcome { status, value }: Outcome) -> Back {
    // SAFETY: the generator's frame is the current one.
    unsafe {
        let frame = generator.frame();
        thread.set_c_recursion_remaining(thread.c_recursion_remaining() + EVALUATION_UNITS);
        match status {
            Status::Yield => {
                suspend(thread, generator);
                Back::Yielded(value)
            }
            Status::Return => {
                frames::unlink_and_pop(thread, frame);
                Back::Returned(value)
            }
            Status::Error => {
                frames::unlink_and_pop(thread, frame);
                Back::Raised
            }
            Status::Exit => match exit::run(thread, frame) {
                result if result.is_null() => Back::Raised,
                result if generator.is_suspended() => Back::Yielded(result),
                result => Back::Returned(result),
            },
        }
    }
}

/// What the interpreter's `YIELD_VALUE` does with the frame that stands at one. Its `stacktop` is set.
unsafe fn suspend(thread: ThreadState, generator: Generator) {
    // SAFETY: the frame is the current one, of this generator.
    unsafe {
        let frame = generator.frame();
        let instr = frame.instr_ptr();
        frame.set_instr_ptr(instr.add(1));
        // The operand says whether it is that of a `yield from` or `await`.
        generator.unlink(thread, FRAME_SUSPENDED + (*instr).arg as i8);
    }
}
