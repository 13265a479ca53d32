//! The frame below a method that a region has inlined for an operator, a comparison, a store of an item and the like, while that is finished outside of the
//! region.
//!
//! The interpreter calls such methods from C, which looks at what they return. A frame below the method stands in for that: nobody sees it, and the
//! method returns to it. The operands are still on the stack of the frame that waits, whose instruction ends here.

use super::code::CompiledCode;
use super::exit_reason::ExitReason;
use super::frames::{Resume, compiled, unlink_and_pop};
use super::method_results::finish;
use super::raw::release_or_null;
use super::{exit, shim, tools, unwind};
use pyo3_ffi::{PyObject, PyThreadState};
use std::ffi::c_long;
use std::ptr;
use whipsnake_cpython::live::{_PyInterpreterFrame, Code, CodeUnit, Frame, ThreadState, symbols};
use whipsnake_cpython::opcode;
use whipsnake_ir::abi::Activation;
use whipsnake_optimizer::Purpose;

/// `stub_operator_return`: the method of an operator returned `value` to such a frame.
///
/// # Safety
/// Called by the stub only.
pub(super) unsafe extern "C" fn operator_return(
    thread: *mut PyThreadState,
    frame: *mut _PyInterpreterFrame,
    activation: *mut Activation,
    value: *mut PyObject,
) -> Resume {
    // SAFETY: the stub passes the live thread state, the current frame and its activation; operands are on the stack of the frame that waits.
    unsafe {
        let (state, below) = (ThreadState::new_unchecked(thread), Frame::new_unchecked(frame));
        let purpose = purpose_of(below.localsplus().read());
        let pushed = usize::from(purpose != Purpose::Store);
        end_instruction(state, below, activation, pushed, |instruction, operands| {
            finish(purpose, instruction.arg, value, operands)
        })
    }
}

/// Pops the frame `below` what an instruction has called, and ends that instruction: `finish` is given the instruction and its operands, which are
/// dropped then, and gives the result, of which so many are `pushed`; `None` with an exception set.
///
/// # Safety
/// `below` is the current frame, which stands in for C code, without references in its slots; the GIL is held.
pub(super) unsafe fn end_instruction(
    state: ThreadState,
    below: Frame,
    activation: *mut Activation,
    pushed: usize,
    finish: impl FnOnce(CodeUnit, *mut *mut PyObject) -> Option<*mut PyObject>,
) -> Resume {
    // SAFETY: the caller's; operands are on the stack of the frame that waits.
    unsafe {
        let thread = state.as_ptr();
        shim::settle(state, below);
        unlink_and_pop(state, below);
        let caller = state.current_frame().expect("a frame waits");
        let at = caller.instruction_index();
        let next = at + usize::from(caller.return_offset());
        caller.set_return_offset(0);
        let instruction = *caller.instr_ptr();
        let machine = compiled(caller);
        // Where a tool has hidden the opcode, depths tell as much of the operands.
        let depth = |unit| machine.depth_at(unit).expect("a depth at an instruction");
        let lowest = depth(next) - pushed;
        let count = depth(at) - lowest;
        let operands = caller.stack_base().add(lowest);
        let Some(result) = finish(instruction, operands) else {
            return unwind::error(thread, caller.as_ptr(), activation, ptr::null_mut());
        };
        for index in 0..count {
            release_or_null(operands.add(index).replace(ptr::null_mut()));
        }
        if pushed > 0 {
            operands.write(result);
        }
        caller.set_instr_ptr(caller.instr_ptr().add(next - at).cast::<CodeUnit>());
        go_on(state, caller, activation, next)
    }
}

/// Ends the loop of a frame that waits for a `__next__`, if that has raised `StopIteration`.
///
/// # Safety
/// An exception is set, the frame is the current one, at the instruction that called the method; the GIL is held.
pub(super) unsafe fn exhausted(thread: ThreadState, caller: Frame, activation: *mut Activation) -> Option<Resume> {
    // SAFETY: the caller's; the iterator is on top of the stack.
    unsafe {
        if pyo3_ffi::PyErr_ExceptionMatches(pyo3_ffi::PyExc_StopIteration) == 0 {
            return None;
        }
        let (code, machine, unit) = (caller.running_code(), compiled(caller), caller.instruction_index());
        let mut next = behind_loop(code, machine, unit)?;
        symbols::_PyEval_MonitorRaise(thread.as_ptr(), caller.as_ptr(), caller.instr_ptr());
        pyo3_ffi::PyErr_Clear();
        let depth = machine.depth_at(unit).expect("a depth at an instruction");
        release_or_null(caller.stack_base().add(depth - 1).replace(ptr::null_mut()));
        if !tools::is_current(thread, code, ptr::from_ref(machine).cast_mut()) {
            // The interpreter reports no line that it begins in. So it begins at the two instructions before, which drop two values.
            next -= 2;
            for index in depth - 1..=depth {
                caller.stack_base().add(index).write(pyo3_ffi::Py_None());
            }
        }
        caller.set_instr_ptr(code.instructions().add(next));
        Some(go_on(thread, caller, activation, next))
    }
}

/// The code unit where a loop goes on that has a `FOR_ITER` at a unit, with the iterator off the stack.
fn behind_loop(code: Code, machine: &CompiledCode, unit: usize) -> Option<usize> {
    /// More prefixes would be for more code than there is.
    const PREFIXES: usize = 2;
    let hidden = |at: usize| code.unit(at).op == opcode::INSTRUMENTED_LINE;
    // A tool may have hidden what is a prefix, and what is jumped to: then the depth behind the loop tells.
    (0..=PREFIXES.min(unit)).find_map(|prefixes| {
        let jump = (unit - prefixes..=unit).fold(0, |jump, at| jump << 8 | usize::from(code.unit(at).arg));
        let end = unit + usize::from(1 + opcode::CACHES[opcode::FOR_ITER as usize]) + jump;
        // Behind that, and the instruction after it, both of which are for iterators in bytecode.
        let next = end + 2;
        let ends = next < code.len() && (opcode::base(code.unit(end).op) == opcode::END_FOR || hidden(end));
        (ends && machine.depth_at(next).map(|depth| depth + 1) == machine.depth_at(unit)).then_some(next)
    })
}

/// Goes on in a frame at a code unit, to which it is set.
unsafe fn go_on(thread: ThreadState, frame: Frame, activation: *mut Activation, unit: usize) -> Resume {
    // SAFETY: the caller's.
    unsafe {
        let (code, machine) = (frame.running_code(), compiled(frame));
        let current = tools::is_current(thread, code, ptr::from_ref(machine).cast_mut());
        match machine.entry_at(unit).filter(|_| current) {
            Some(address) => Resume { address, frame: frame.as_ptr() },
            None => {
                let reason = if current { ExitReason::NoResumePoint } else { ExitReason::Instrumented };
                reason.note();
                exit::leave(thread.as_ptr(), frame, activation)
            }
        }
    }
}

/// The object that tells a purpose; immortal. Null without memory, with an exception set.
///
/// # Safety
/// The GIL is held.
pub unsafe fn object_of(purpose: Purpose) -> *mut PyObject {
    // SAFETY: the caller's; small ints last forever.
    unsafe { pyo3_ffi::PyLong_FromLong(purpose as c_long) }
}

/// The purpose that an object tells.
pub(super) unsafe fn purpose_of(object: *mut PyObject) -> Purpose {
    // SAFETY: the caller's: one that `object_of` has given.
    let number = unsafe { pyo3_ffi::PyLong_AsLong(object) };
    Purpose::ALL[number as usize]
}
