//! Arguments that a call hands over.
//!
//! The interpreter moves the arguments of a call of a Python function from the caller's value stack into the new frame: what the callee drops is gone. An
//! entry of ours is called as C functions are, with arguments that the caller keeps until the entry returns. Where the caller is an instruction of
//! a frame, which then drops them from its stack and does not look at them any more, they can be taken from there nevertheless.

use pyo3_ffi::PyObject;
use std::slice;
use whipsnake_cpython::live::{ThreadState, Tuple};
use whipsnake_cpython::{layout, opcode};

/// Whether the arguments of this call of `callable` lie on the value stack of the current frame, and the frame's instruction is the call.
///
/// # Safety
/// An entry of a function was called with these arguments, and nothing has happened since; the GIL is held.
pub unsafe fn is_handed_over(
    thread: ThreadState,
    callable: *mut PyObject,
    args: *const *mut PyObject,
    count: usize,
    kwnames: *mut PyObject,
) -> bool {
    // SAFETY: the current frame of a running thread that calls; the slots before the arguments are read only within its stack.
    unsafe {
        let Some(caller) = thread.current_frame().filter(|frame| frame.owner() != layout::frame::OWNED_BY_CSTACK)
        else {
            return false;
        };
        let Some(code) = caller.code() else { return false };
        let stack = caller.stack_base().cast_const();
        let end = stack.add(code.stacksize().max(0) as usize);
        let total = count + named(kwnames);
        if args <= stack || args.add(total) > end {
            return false;
        }
        let instruction = caller.instr_ptr().read();
        // An instrumented call still reports its first argument when it has returned.
        let wanted = if kwnames.is_null() { opcode::CALL } else { opcode::CALL_KW };
        if opcode::DEOPT[instruction.op as usize] != wanted {
            return false;
        }
        // Callable, self or null, arguments.
        let given = usize::from(instruction.arg);
        if total == given {
            args >= stack.add(2) && args.sub(2).read() == callable && args.sub(1).read().is_null()
        } else {
            total == given + 1 && args.sub(1).read() == callable
        }
    }
}

/// How many arguments have names.
unsafe fn named(kwnames: *mut PyObject) -> usize {
    // SAFETY: the vectorcall protocol: a tuple or null.
    unsafe { Tuple::new(kwnames.cast()) }.map_or(0, |names| names.len())
}

/// Leaves something in the slots of arguments that were taken, for the caller to drop.
///
/// # Safety
/// [`is_handed_over`] said so, and somebody else has their references now.
pub unsafe fn leave_nothing(args: *const *mut PyObject, count: usize, kwnames: *mut PyObject) {
    // SAFETY: slots of the caller's value stack. `None` is immortal.
    unsafe { slice::from_raw_parts_mut(args.cast_mut(), count + named(kwnames)).fill(pyo3_ffi::Py_None()) };
}
