//! Leaving to the interpreter.
//!
//! The base frame leaves by ending native code with [`Status::Exit`](whipsnake_ir::abi::Status). A frame above it is run by a nested
//! interpreter, and native code goes on in its caller with what comes out.

use super::code::CompiledCode;
use super::exit_reason::ExitReason;
use super::frames::{Resume, compiled, resume};
use super::trampoline::stub_finish_exit;
use super::unwind;
use pyo3_ffi::{PyObject, PyThreadState};
use std::ptr;
use whipsnake_cpython::layout::frame as frame_layout;
use whipsnake_cpython::live::{_PyInterpreterFrame, Frame, Generator, ThreadState, symbols};
use whipsnake_ir::abi::Activation;

/// Code units from the instruction that resumed a generator to where it takes a yielded value: the instruction and its one cache entry.
pub const YIELD_OFFSET: usize = 2;

/// Sets `stacktop` to the depth before the instruction at `instr_ptr`, so that the interpreter (or a reader) knows the value stack.
///
/// # Safety
/// The frame is one of native code, with its value stack in memory.
pub unsafe fn publish_stack(frame: Frame) {
    // SAFETY: the caller's.
    unsafe {
        let depth = compiled(frame).depth_at(frame.instruction_index()).expect("a depth at an instruction");
        let slots = frame.stack_base().offset_from(frame.localsplus()) as usize + depth;
        frame.set_stacktop(slots as i32);
    }
}

/// `stub_exit`: the current frame goes on in the interpreter at `instr_ptr`.
///
/// # Safety
/// Called by the stub only, with everything of the frame in memory.
pub(super) unsafe extern "C" fn exit(
    thread: *mut PyThreadState,
    frame: *mut _PyInterpreterFrame,
    activation: *mut Activation,
    _: *mut PyObject,
) -> Resume {
    // SAFETY: the stub passes the live thread state, the current frame and its activation.
    unsafe {
        let current = Frame::new_unchecked(frame);
        let compiled: *mut CompiledCode = ptr::from_ref(compiled(current)).cast_mut();
        let reason = if std::mem::take(&mut (*compiled).warms_up) {
            ExitReason::WarmUp
        } else if (*compiled).is_detached() {
            ExitReason::Detached
        } else {
            ExitReason::Instrumented
        };
        reason.note();
        leave(thread, current, activation)
    }
}

/// Sets `instr_ptr` from an instruction to the first of its `EXTENDED_ARG`s, if it has any: the interpreter begins with those.
///
/// # Safety
/// The frame is one of native code.
pub(super) unsafe fn step_to_prefix(frame: Frame) {
    // SAFETY: the caller's: a frame of native code runs a code object.
    unsafe {
        let code = frame.running_code();
        frame.set_instr_ptr(code.instructions().add(compiled(frame).start_of(code, frame.instruction_index())));
    }
}

/// The current frame goes on in the interpreter at `instr_ptr`, for whatever reason.
///
/// # Safety
/// As [`exit`].
pub(super) unsafe fn leave(thread: *mut PyThreadState, current: Frame, activation: *mut Activation) -> Resume {
    // SAFETY: the caller's.
    unsafe {
        let frame = current.as_ptr();
        step_to_prefix(current);
        publish_stack(current);
        if (*activation).base_frame == frame.cast() {
            return Resume { address: stub_finish_exit as *const u8, frame };
        }
        let caller = current.previous().expect("a frame that is not the base frame has a caller");
        let generator = (current.owner() == frame_layout::OWNED_BY_GENERATOR).then(|| Generator::of_frame(current));
        let thread = ThreadState::new_unchecked(thread);
        let result = run(thread, current);
        if result.is_null() {
            return unwind::propagate(thread, activation, caller);
        }
        // The caller's value stack keeps the generator alive.
        let yielded = generator.is_some_and(Generator::is_suspended);
        let units = if yielded { YIELD_OFFSET } else { caller.return_offset().into() };
        resume(thread, activation, caller, result, units)
    }
}

/// Runs the current frame in the interpreter until it returns, yields or raises (null). The frame is popped or suspended by the interpreter.
///
/// # Safety
/// The frame is the current one, counted as a Python call, with `instr_ptr` and `stacktop` set.
pub unsafe fn run(thread: ThreadState, frame: Frame) -> *mut PyObject {
    let previous = frame.previous().map_or(ptr::null_mut(), Frame::as_ptr);
    // SAFETY: the caller's. The interpreter links and counts the frame itself.
    unsafe {
        thread.set_current_frame(previous);
        thread.set_py_recursion_remaining(thread.py_recursion_remaining() + 1);
        symbols::_PyEval_EvalFrameDefault(thread.as_ptr(), frame.as_ptr(), 0)
    }
}
