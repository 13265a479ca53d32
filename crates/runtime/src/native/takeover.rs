//! Running a frame of the interpreter natively, from a monitoring callback: loops (OSR) and generators.
//!
//! The interpreter has reported an event and waits. The callback runs the frame's compiled code on the very frame, as far as it goes, and leaves the frame
//! such that the interpreter ends it in the same way: at the `YIELD_VALUE` or `RETURN_VALUE` with the value on the stack, at an
//! instruction that raises, or wherever native code left it.

use super::code;
use super::entry::run_frame;
use super::raw::release;
use super::tools;
use crate::tier;
use pyo3_ffi::{PyObject, PyThreadState};
use std::sync::Mutex;
use whipsnake_cpython::live::{_PyInterpreterFrame, Code, CodeUnit, Frame, ThreadState};
use whipsnake_cpython::opcode as op;
use whipsnake_ir::abi::Status;

/// What the interpreter charges the C recursion counter for an evaluation (`PY_EVAL_C_STACK_UNITS`).
const EVALUATION_UNITS: i32 = 2;

/// With less C recursion left than this, the interpreter keeps the frame.
const LOW_C_RECURSION: i32 = 200;

/// Runs the current frame from the loop head at code unit `unit`, where the interpreter is about to jump. False if that was not possible; then nothing
/// has changed.
///
/// # Safety
/// Called in a monitoring callback for a jump of the current frame; the GIL is held.
pub unsafe fn osr_take_over(thread: *mut PyThreadState, frame: *mut _PyInterpreterFrame, unit: u32) -> bool {
    // SAFETY: the caller's.
    unsafe { take_over(ThreadState::new_unchecked(thread), Frame::new_unchecked(frame), unit as usize) }
}

/// Runs the current frame, a generator's, from the instruction after the `RESUME` where the interpreter is. False if that was not possible; then nothing
/// has changed.
///
/// # Safety
/// Called in a monitoring callback for the resumption of the current frame; the GIL is held.
pub unsafe fn resume_take_over(thread: *mut PyThreadState, frame: *mut _PyInterpreterFrame) -> bool {
    // SAFETY: the caller's. `RESUME` has no cache, and what it polls for has been handled.
    unsafe {
        let frame = Frame::new_unchecked(frame);
        take_over(ThreadState::new_unchecked(thread), frame, frame.instruction_index() + 1)
    }
}

unsafe fn take_over(thread: ThreadState, frame: Frame, unit: usize) -> bool {
    // SAFETY: the caller's: the interpreter has stored `stacktop`, and nothing of the frame is in its registers.
    unsafe {
        let code = frame.running_code();
        tools::notice();
        let Some(compiled) = code::find(code) else { return false };
        let address = if compiled.leaves_out(unit) { tier::surprise(code, unit) } else { compiled.entry_at(unit) };
        let Some(address) = address else { return false };
        let depth = frame.stacktop() as isize - frame.stack_base().offset_from(frame.localsplus());
        if compiled.depth_at(unit).map(|d| d as isize) != Some(depth)
            || !tools::is_current(thread, code, std::ptr::from_ref(compiled).cast_mut())
            || thread.c_recursion_remaining() < LOW_C_RECURSION
        {
            return false;
        }
        // What runs now is not part of the callback.
        let (tracing, what_event) = (thread.tracing(), thread.what_event());
        thread.set_tracing(0, -1);
        thread.set_c_recursion_remaining(thread.c_recursion_remaining() - EVALUATION_UNITS);
        let outcome = run_frame(thread, frame, address, std::ptr::null_mut());
        thread.set_c_recursion_remaining(thread.c_recursion_remaining() + EVALUATION_UNITS);
        thread.set_tracing(tracing, what_event);
        match outcome.status {
            Status::Return => hand_return(frame, outcome.value),
            Status::Yield => hand_yield(frame, outcome.value),
            Status::Error => hand_error(frame),
            Status::Exit => {}
        }
        true
    }
}

/// Sets the value stack to some values.
unsafe fn set_stack(frame: Frame, values: &[*mut PyObject]) {
    // SAFETY: the caller's: the stack has room and holds nothing any more.
    unsafe {
        let base = frame.stack_base();
        for (index, &value) in values.iter().enumerate() {
            base.add(index).write(value);
        }
        frame.set_stacktop((base.offset_from(frame.localsplus()) as usize + values.len()) as i32);
    }
}

/// The interpreter returns the value: at the return instruction where native code was, if it stands there.
unsafe fn hand_return(frame: Frame, value: *mut PyObject) {
    // SAFETY: the value stack is empty; the value is owned.
    unsafe {
        match op::base((*frame.instr_ptr()).op) {
            op::RETURN_VALUE => set_stack(frame, &[value]),
            op::RETURN_CONST => {
                // It makes its own reference.
                set_stack(frame, &[]);
                release(value);
            }
            _ => {
                set_stack(frame, &[value]);
                let code = frame.running_code();
                frame.set_instr_ptr(outside(code, &RETURNS, op::RETURN_VALUE, 0));
            }
        }
    }
}

/// The interpreter yields the value. The stack below it is as it was.
unsafe fn hand_yield(frame: Frame, value: *mut PyObject) {
    // SAFETY: native code stands at the `YIELD_VALUE`, whose operand is on top of the stack.
    unsafe {
        let code = frame.running_code();
        let depth = code::attached(code)
            .and_then(|compiled| compiled.depth_at(frame.instruction_index()))
            .expect("a depth at a YIELD_VALUE");
        let base = frame.stack_base();
        base.add(depth - 1).write(value);
        frame.set_stacktop((base.offset_from(frame.localsplus()) as usize + depth) as i32);
    }
}

/// The interpreter raises the current exception out of the frame, which has its traceback entry and no handler: through a `RERAISE` that takes
/// the place it was raised at from the stack, and is itself in no code object, so that no handler is found for it.
unsafe fn hand_error(frame: Frame) {
    // SAFETY: the value stack is empty. It may be one slot too small for the two values; there is always a free word behind a frame, since
    // the data stack is never filled to the last one, and a generator's code has a handler that needs as many.
    unsafe {
        let raised_at = pyo3_ffi::PyErr_GetRaisedException();
        let unit = pyo3_ffi::PyLong_FromLong(frame.instruction_index() as _);
        let code = frame.running_code();
        if unit.is_null() {
            // Out of memory: raise the exception as if it came from the first instruction.
            pyo3_ffi::PyErr_Clear();
            set_stack(frame, &[raised_at]);
            frame.set_instr_ptr(outside(code, &RERAISES, op::RERAISE, 0));
            return;
        }
        set_stack(frame, &[unit, raised_at]);
        frame.set_instr_ptr(outside(code, &RERAISES_AT, op::RERAISE, 1));
    }
}

/// Instructions outside all code objects, made as needed and kept.
type Outside = Mutex<Vec<usize>>;

static RETURNS: Outside = Mutex::new(Vec::new());
static RERAISES: Outside = Mutex::new(Vec::new());
static RERAISES_AT: Outside = Mutex::new(Vec::new());

/// An instruction that is in no code object. The interpreter takes its distance from the code, cut to 32 bits, for an offset; one is chosen that is not
/// in the code even so.
fn outside(code: Code, made: &'static Outside, opcode: u8, arg: u8) -> *mut CodeUnit {
    let start = code.instructions() as usize;
    let fits = |&address: &usize| {
        let offset = ((address as isize - start as isize) / size_of::<CodeUnit>() as isize) as i32;
        // The unit before counts too: what is looked up is the next instruction's less one.
        offset < -1 || offset as i64 > code.len() as i64
    };
    let mut made = made.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    if let Some(&address) = made.iter().find(|address| fits(address)) {
        return address as *mut CodeUnit;
    }
    loop {
        let units = Box::leak(Box::new([CodeUnit { op: opcode, arg }, CodeUnit { op: op::RESERVED, arg: 0 }]));
        let address = units.as_mut_ptr() as usize;
        made.push(address);
        if fits(&address) {
            return address as *mut CodeUnit;
        }
    }
}
