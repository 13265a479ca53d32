//! Where a result was received and something wants attention: the part of `RECEIVE` that is seldom needed, once for all calls.

use super::code::CompiledCode;
use super::exit_reason::ExitReason;
use super::frames::{self, Resume};
use super::{exit, unwind};
use crate::helpers::control::{self, AFTER_YIELD_FROM};
use crate::native::raw::release;
use crate::tier;
use pyo3_ffi::{PyObject, PyThreadState};
use std::ffi::c_int;
use std::ptr;
use whipsnake_cpython::layout::generator as layout;
use whipsnake_cpython::live::{_PyInterpreterFrame, Code, Frame, Generator};
use whipsnake_cpython::opcode;
use whipsnake_ir::abi::Activation;

/// `stub_received`: the current frame's instruction has its result in its slot, and the eval breaker is not what the code is valid for. Handles what
/// is pending, and goes on with the next instruction: natively, or where somebody has instrumented the code, in the interpreter.
///
/// # Safety
/// Called by the stub only; `instr_ptr` is the instruction that called.
pub(super) unsafe extern "C" fn received(
    thread: *mut PyThreadState,
    frame: *mut _PyInterpreterFrame,
    activation: *mut Activation,
    _: *mut PyObject,
) -> Resume {
    // SAFETY: the stub passes the live thread state, the current frame and its activation; the frame keeps its code object.
    unsafe {
        let current = Frame::new_unchecked(frame);
        let compiled = frames::compiled(current);
        let unit = current.instruction_index();
        let code = current.running_code();
        // Not by the instruction's length: instrumentation may have put another opcode in its place. Nor by where a result is received: the frame may come from
        // earlier machine code, and in that of now the instruction may be one that calls nothing.
        let next = (unit + 1..code.len())
            .find(|&next| compiled.depth_at(next).is_some())
            .expect("what calls is followed by another instruction");
        let result =
            current.stack_base().add(compiled.depth_at(next).expect("a depth after an instruction") - 1).read();
        let location = if is_fresh_generator(result) { AFTER_YIELD_FROM } else { location(code, unit) };
        let verdict = control::poll(thread, frame, ptr::from_ref(compiled).cast_mut(), location);
        if verdict < 0 {
            forget_result(current, compiled, unit, next);
            return unwind::error(thread, frame, activation, ptr::null_mut());
        }
        if verdict == 0
            && let Some(address) = compiled.entry_at(next)
        {
            return Resume { address, frame };
        }
        current.set_instr_ptr(code.instructions().add(next));
        if verdict == 0 {
            tier::count_again(code, 1);
            ExitReason::NoResumePoint.note();
            return exit::leave(thread, current, activation);
        }
        exit::exit(thread, frame, activation, ptr::null_mut())
    }
}

/// What a poll is told. After an enter method nothing may be raised, or the exit method would be missed, and the interpreter polls after calls only.
fn location(code: Code, unit: usize) -> c_int {
    // Where instrumentation hides the opcode, nothing is handled here.
    match opcode::base(code.unit(unit).op) {
        opcode::GET_ITER | opcode::GET_YIELD_FROM_ITER | opcode::BEFORE_WITH | opcode::BEFORE_ASYNC_WITH => {
            AFTER_YIELD_FROM
        }
        _ => 0,
    }
}

/// Whether the result is a generator or coroutine that was just made. The interpreter does not poll between making one and starting it: it would never be
/// awaited.
unsafe fn is_fresh_generator(result: *mut PyObject) -> bool {
    // SAFETY: a live object.
    unsafe {
        let class = pyo3_ffi::Py_TYPE(result);
        let kinds = [&raw mut pyo3_ffi::PyGen_Type, &raw mut pyo3_ffi::PyCoro_Type, &raw mut pyo3_ffi::PyAsyncGen_Type];
        kinds.contains(&class) && Generator::new_unchecked(result).state() == layout::FRAME_CREATED
    }
}

/// Drops the result of a call because of an exception. What the call consumed is gone.
unsafe fn forget_result(frame: Frame, compiled: &CompiledCode, unit: usize, next: usize) {
    // SAFETY: the slots between the depths before and after the call are its own, and the last holds its result.
    unsafe {
        let before = compiled.depth_at(unit).expect("a depth at an instruction");
        let after = compiled.depth_at(next).expect("a depth after an instruction");
        let stack = frame.stack_base();
        let result = stack.add(after - 1).read();
        for depth in after - 1..before {
            stack.add(depth).write(ptr::null_mut());
        }
        release(result);
    }
}
