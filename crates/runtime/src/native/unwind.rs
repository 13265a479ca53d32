//! Exceptions: from where one is set to its handler, or out of the frame and on with its caller.

use super::entry::ActivationKind;
use super::exit;
use super::frames::{Resume, compiled, unlink_and_pop};
use super::tools::is_current;
use super::trampoline::{stub_exit, stub_finish_error, stub_unreached};
use super::{operator_shim, shim};

use crate::helpers::attention;
use crate::helpers::calls::is_isinstance;
use crate::helpers::objects::{release, release_or_null};
use crate::helpers::traceback_pool;
use pyo3_ffi::{PyObject, PyThreadState};
use std::{ptr, slice};
use whipsnake_cpython::live::monitoring::{ExceptionEvent, report_exception};
use whipsnake_cpython::live::{_PyInterpreterFrame, CodeUnit, Frame, ThreadState, symbols};
use whipsnake_cpython::opcode;
use whipsnake_ir::abi::Activation;
use whipsnake_optimizer::Purpose;

/// Where and how an exception goes on in a frame.
struct Position {
    /// The code unit whose handler is looked up.
    unit: usize,
    /// The code unit that tools are told.
    told: usize,
    /// How many values are on the stack.
    depth: usize,
    /// Whether the traceback gets an entry for the frame.
    traced: bool,
}

/// `stub_error`: an exception was set by the current frame's instruction (or it wants attention, see [`attention`]). Its inputs are still in their slots, or null.
///
/// # Safety
/// Called by the stub only.
pub(super) unsafe extern "C" fn error(
    thread: *mut PyThreadState,
    frame: *mut _PyInterpreterFrame,
    activation: *mut Activation,
    _: *mut PyObject,
) -> Resume {
    // SAFETY: the stub passes the live thread state, the current frame and its activation.
    unsafe {
        if attention::complete(Frame::new_unchecked(frame)) {
            return exit::exit(thread, frame, activation, ptr::null_mut());
        }
        let (thread, frame) = (ThreadState::new_unchecked(thread), Frame::new_unchecked(frame));
        let unit = frame.instruction_index();
        let mut depth = compiled(frame).depth_at(unit).expect("a depth at an instruction");
        // The interpreter reports the last code unit of the instruction.
        let instruction = frame.instr_ptr();
        let base = opcode::base((*instruction).op);
        let count = opcode::popped((*instruction).op, u32::from((*instruction).arg)) as usize;
        let inputs = frame.stack_base().add(depth - count);
        // The interpreter has an instruction of its own for `isinstance`, which leaves its inputs to the unwinder.
        let is_test = || base == opcode::CALL && count == 4 && is_isinstance(inputs.read());
        if let Some(from_top) = first_dropped(base).filter(|_| !is_test()) {
            let first = if from_top == 0 { 0 } else { count - from_top };
            depth -= count;
            for index in (first..count).chain(0..first) {
                release_or_null(inputs.add(index).read());
            }
        }
        let caches = opcode::CACHES[base as usize] as usize;
        log(thread, frame, instruction.add(caches));
        unwind(thread, frame, activation, Position { unit, told: unit + caches, depth, traced: false })
    }
}

/// For an operation whose inputs the interpreter drops before it looks for errors: with which input it begins, going up from there and round, as a
/// number from the top, or 0 for the lowest. The inputs of other operations are dropped with the rest of the stack, the highest first. Finalizers can tell.
fn first_dropped(base: u8) -> Option<usize> {
    use opcode::{
        BINARY_OP, BINARY_SLICE, BINARY_SUBSCR, CALL, CALL_KW, COMPARE_OP, CONTAINS_OP, DELETE_SUBSCR, STORE_ATTR,
        STORE_SLICE, STORE_SUBSCR,
    };
    match base {
        BINARY_OP | BINARY_SUBSCR | CALL | CALL_KW | COMPARE_OP | CONTAINS_OP | DELETE_SUBSCR | STORE_ATTR
        | STORE_SUBSCR => Some(0),
        // The slice is made first, of the two highest.
        BINARY_SLICE | STORE_SLICE => Some(2),
        _ => None,
    }
}

/// `stub_reraise`: an exception is set again by `instruction`; this frame is in its traceback already.
///
/// # Safety
/// Called by the stub only.
pub(super) unsafe extern "C" fn reraise(
    thread: *mut PyThreadState,
    frame: *mut _PyInterpreterFrame,
    activation: *mut Activation,
    instruction: *mut PyObject,
) -> Resume {
    // SAFETY: the stub passes the live thread state, the current frame and its activation; the address is of one of the frame's instructions.
    unsafe {
        let (thread, frame) = (ThreadState::new_unchecked(thread), Frame::new_unchecked(frame));
        let code = frame.running_code();
        let unit = instruction.cast::<CodeUnit>().offset_from(code.instructions()) as usize;
        let depth = compiled(frame).depth_at(unit).expect("a depth at an instruction");
        unwind(thread, frame, activation, Position { unit, told: unit, depth, traced: false })
    }
}

/// An exception came out of what `caller` called; the callee's frame is gone.
///
/// # Safety
/// `caller` is a frame of this activation and the current one; an exception is set.
pub(super) unsafe fn propagate(thread: ThreadState, activation: *mut Activation, caller: Frame) -> Resume {
    // SAFETY: the caller's.
    unsafe {
        let position = at_call(caller);
        unwind(thread, caller, activation, position)
    }
}

/// A frame that waits for a callee: the callee has taken the instruction's inputs, and the result is not there.
unsafe fn at_call(frame: Frame) -> Position {
    let unit = frame.instruction_index();
    // SAFETY: a frame of native code.
    let compiled = unsafe { compiled(frame) };
    let after =
        compiled.depth_at(unit + usize::from(frame.return_offset())).expect("a depth where a value is received");
    Position { unit, told: unit.saturating_sub(1), depth: after - 1, traced: true }
}

unsafe fn unwind(thread: ThreadState, mut frame: Frame, activation: *mut Activation, mut position: Position) -> Resume {
    loop {
        // SAFETY: frames down to the base frame are alive and run compiled code.
        unsafe {
            if position.traced {
                // As the interpreter has it for a caller: the unit before its instruction.
                log(thread, frame, frame.instr_ptr().sub(1));
            }
            match handle(thread, frame, &position) {
                Handling::Handler(resume) => return resume,
                Handling::Raised(again) => {
                    position = again;
                    continue;
                }
                Handling::Leaves => {}
            }
            let base = (*activation).base_frame == frame.as_ptr().cast();
            // Nobody sees the frame that stands in for C code.
            if !shim::is_for_c_code(frame) && (!base || (*activation).kind != ActivationKind::Borrowed as u64) {
                report_unwind(thread, frame, &position);
            }
            if base {
                return Resume { address: stub_finish_error as *const u8, frame: frame.as_ptr() };
            }
            let caller = frame.previous().expect("a frame that is not the base frame has a caller");
            let operator = shim::is_for_c_code(frame);
            let is_next =
                shim::is_operator(frame) && operator_shim::purpose_of(frame.localsplus().read()) == Purpose::Next;
            shim::settle_if_shim(thread, frame);
            unlink_and_pop(thread, frame);
            if operator {
                // It is the caller's instruction that fails.
                caller.set_return_offset(0);
                let ended = if is_next { operator_shim::exhausted(thread, caller, activation) } else { None };
                if let Some(resume) = ended {
                    return resume;
                }
                return error(thread.as_ptr(), caller.as_ptr(), activation, ptr::null_mut());
            }
            position = at_call(caller);
            caller.set_return_offset(0);
            frame = caller;
        }
    }
}

/// Adds the frame to the traceback and tells tools.
unsafe fn log(thread: ThreadState, frame: Frame, instruction: *mut CodeUnit) {
    // SAFETY: the current frame of a thread that holds the GIL.
    unsafe {
        if thread.current_exception().is_null() {
            pyo3_ffi::PyErr_SetString(pyo3_ffi::PyExc_SystemError, c"error return without exception set".as_ptr());
        }
        if !frame.is_incomplete() && !traceback_pool::add_entry(thread, frame) {
            let object = symbols::PyThreadState_GetFrame(thread.as_ptr());
            if object.is_null() {
                // Out of memory, and the exception is lost with the attempt.
                if thread.current_exception().is_null() {
                    pyo3_ffi::PyErr_NoMemory();
                }
            } else {
                symbols::PyTraceBack_Here(object);
                release(object.cast());
            }
        }
        symbols::_PyEval_MonitorRaise(thread.as_ptr(), frame.as_ptr(), instruction);
    }
}

/// Tells tools that an exception leaves the frame. What they raise takes its place.
unsafe fn report_unwind(thread: ThreadState, frame: Frame, position: &Position) {
    // SAFETY: the current frame; an exception is set.
    unsafe {
        let code = frame.running_code();
        let _ = report_exception(thread.interpreter(), ExceptionEvent::Unwind, code, position.told);
    }
}

/// What becomes of an exception in a frame.
enum Handling {
    /// There is a handler, which goes on there.
    Handler(Resume),
    /// There is none.
    Leaves,
    /// There is one, but a tool that was told of it raised, as if the handler's first instruction had.
    Raised(Position),
}

/// Finds the handler, drops the stack to its depth and starts it. Without one the whole stack is dropped.
unsafe fn handle(thread: ThreadState, frame: Frame, position: &Position) -> Handling {
    // SAFETY: the frame runs a code object, whose table is a `bytes`; slots below the depth are owned or null.
    unsafe {
        let code = frame.running_code();
        let table: *mut pyo3_ffi::PyBytesObject = code.exception_table().cast();
        let bytes =
            slice::from_raw_parts((&raw const (*table).ob_sval).cast::<u8>(), (*table).ob_base.ob_size as usize);
        let handler = compiled(frame).handlers.find(bytes, position.unit);
        let stack = frame.stack_base();
        let level = handler.map_or(0, |h| h.depth as usize);
        for index in (level..position.depth).rev() {
            release_or_null(stack.add(index).read());
        }
        let Some(handler) = handler else { return Handling::Leaves };
        let mut top = stack.add(level);
        if handler.lasti {
            let lasti = pyo3_ffi::PyLong_FromLong(frame.instruction_index() as _);
            if lasti.is_null() {
                // The original exception is lost; this one leaves the frame.
                for index in (0..level).rev() {
                    release_or_null(stack.add(index).read());
                }
                return Handling::Leaves;
            }
            top.write(lasti);
            top = top.add(1);
        }
        let target = handler.target as usize;
        if report_exception(thread.interpreter(), ExceptionEvent::Handled, code, target).is_err() {
            top.write(std::ptr::null_mut());
            let depth = top.offset_from(stack) as usize + 1;
            return Handling::Raised(Position { unit: target, told: target, depth, traced: false });
        }
        top.write(pyo3_ffi::PyErr_GetRaisedException());
        // The exception may come from something that has instrumented this code.
        let compiled = compiled(frame);
        let current = is_current(thread, code, std::ptr::from_ref(compiled).cast_mut());
        let address = compiled.entry_at(target).filter(|_| current).unwrap_or_else(|| {
            frame.set_instr_ptr(code.instructions().add(target));
            if current { stub_unreached as *const u8 } else { stub_exit as *const u8 }
        });
        Handling::Handler(Resume { address, frame: frame.as_ptr() })
    }
}
