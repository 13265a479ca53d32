//! Ways into native code from C: what the `vectorcall` of compiled functions leaves, and running a frame that somebody else made.

use super::code::CompiledCode;
use super::compiled_entry::compiled_entry;
use super::exit_reason::ExitReason;
use super::raw::{release, retain};
use super::trampoline::{self, Outcome};
use super::{code, exit, frames, handover, tools};
use pyo3_ffi::PyObject;
use std::ptr;
use whipsnake_cpython::layout::thread_state;
use whipsnake_cpython::live::{Frame, Function, ThreadState, Tuple, entry, symbols};
use whipsnake_ir::abi::Status;

/// What the interpreter charges the C recursion counter for an evaluation (`PY_EVAL_C_STACK_UNITS`).
pub(super) const EVALUATION_UNITS: i32 = 2;

/// Below this much C recursion left, compiled functions run in the interpreter, which does not use the C stack for their calls. Programs that call
/// so deep through C functions are few, and must go as deep as without a compiler.
pub(super) const LOW_C_RECURSION: i32 = thread_state::C_RECURSION_LIMIT / 10 * 9;

/// The bit of an argument count that says that the word before the arguments may be overwritten (`PY_VECTORCALL_ARGUMENTS_OFFSET`).
const ARGUMENTS_OFFSET: usize = 1 << (usize::BITS - 1);

/// What an activation is for (`Activation::kind`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub enum ActivationKind {
    /// A call from C: the base frame is ours.
    Call = 0,
    /// The base frame belongs to an interpreter below.
    Borrowed = 1,
    /// A call from C or the interpreter through [`compiled_entry`]: as `Call`, but native code ends in stubs of its own.
    EntryCall = 2,
    /// The base frame is that of a generator which `tp_iternext` resumed; native code ends in a stub of its own.
    GeneratorNext = 3,
}

/// Runs native code at `address` on the current frame, which belongs to somebody else: it is not popped. `argument` is what the code
/// receives, if it does (a null pointer otherwise).
///
/// Afterwards the frame is still the current one. [`Status::Return`]: the value stack is empty. [`Status::Error`]: an exception is set that the
/// frame does not handle; the value stack is empty. [`Status::Exit`]: `instr_ptr` and `stacktop` say where to go on.
///
/// # Safety
/// The frame is the current one, counted as a Python call, all in memory; `address` is a resume point of its code; the GIL is held.
pub unsafe fn run_frame(thread: ThreadState, frame: Frame, address: *const u8, argument: *mut PyObject) -> Outcome {
    // SAFETY: the caller's.
    unsafe {
        frame.set_stacktop(-1);
        enter(thread, frame, address, argument, ActivationKind::Borrowed)
    }
}

#[inline]
unsafe fn enter(
    thread: ThreadState,
    frame: Frame,
    address: *const u8,
    argument: *mut PyObject,
    kind: ActivationKind,
) -> Outcome {
    // SAFETY: the caller's.
    unsafe { trampoline::enter(thread.as_ptr(), frame.as_ptr(), address, argument, kind as u64) }
}

/// Calls a function whose code is compiled. For others it does what the interpreter's own entry does.
///
/// # Safety
/// The vectorcall protocol; `callable` is a Python function; [`entry::original`] has been called.
pub(super) unsafe extern "C" fn call(
    callable: *mut PyObject,
    args: *const *mut PyObject,
    nargsf: usize,
    kwnames: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: the caller's: a live function, arguments as the protocol says, the GIL held.
    unsafe {
        let function = Function::new_unchecked(callable.cast());
        let thread = ThreadState::holder();
        let Some(compiled) = code::find(function.code()) else {
            return original(callable, args, nargsf, kwnames);
        };
        tools::notice();
        if tools::watchful() && thread.has_other_evaluator() {
            return original(callable, args, nargsf, kwnames);
        }
        if thread.c_recursion_remaining() < LOW_C_RECURSION {
            return interpret(function, args, nargsf, kwnames);
        }
        let count = nargsf & !ARGUMENTS_OFFSET;
        let handed_over = handover::is_handed_over(thread, callable, args, count, kwnames);
        if kwnames.is_null()
            && compiled.exact_args == count as i64
            && let Some(frame) = frames::push_exactly(thread, function, compiled, args, count, !handed_over)
        {
            if handed_over {
                handover::leave_nothing(args, count, kwnames);
            }
            return run(thread, frame, compiled.entry);
        }
        let Some(pushed) = push(thread, function, args, count, kwnames, handed_over) else {
            return ptr::null_mut();
        };
        let previous = thread.current_frame().map_or(ptr::null_mut(), Frame::as_ptr);
        let Ok(frame) = frames::link(thread, pushed, previous, ptr::null()) else {
            return ptr::null_mut();
        };
        run(thread, frame, compiled.entry)
    }
}

/// Calls a compiled function from a region and runs it to its end. Takes the references to the function and the arguments. `None` if it has to be called like
/// any other object, and then nothing has changed.
///
/// # Safety
/// `compiled` is that of the function's code; the arguments are as [`frames::push`] wants them; the GIL is held.
pub unsafe fn call_compiled(
    thread: ThreadState,
    function: Function,
    compiled: &CompiledCode,
    args: *const *mut PyObject,
    count: usize,
    kwnames: *mut PyObject,
) -> Option<*mut PyObject> {
    // SAFETY: the caller's.
    unsafe {
        if !may_run(thread) {
            return None;
        }
        if kwnames.is_null()
            && compiled.exact_args == count as i64
            && let Some(frame) = frames::push_exactly(thread, function, compiled, args, count, false)
        {
            let result = run(thread, frame, compiled.entry);
            release(function.as_ptr().cast());
            return Some(result);
        }
        let pushed = frames::push(thread, function, args, count, kwnames);
        Some(pushed.map_or(ptr::null_mut(), |pushed| run_pushed(thread, pushed, compiled.entry)))
    }
}

/// Whether a region may run a compiled function to its end, in native code of its own.
#[inline]
pub fn may_run(thread: ThreadState) -> bool {
    thread.c_recursion_remaining() >= LOW_C_RECURSION && !tools::watchful()
}

/// Runs a frame that was pushed for compiled code at an address to its end, and pops it: what it returns, or null with an exception set.
///
/// # Safety
/// The frame is above the current one; the address is the entry of its code; [`may_run`] said so; the GIL is held.
#[inline]
pub unsafe fn run_pushed(thread: ThreadState, pushed: frames::Pushed, address: *const u8) -> *mut PyObject {
    // SAFETY: the caller's.
    unsafe {
        let previous = thread.current_frame().map_or(ptr::null_mut(), Frame::as_ptr);
        let frame = frames::link(thread, pushed, previous, ptr::null());
        frame.map_or(ptr::null_mut(), |frame| run(thread, frame, address))
    }
}

/// Pushes a frame for the call of an entry, with references of its own or, if the arguments are `handed_over`, the caller's.
#[inline]
unsafe fn push(
    thread: ThreadState,
    function: Function,
    args: *const *mut PyObject,
    count: usize,
    kwnames: *mut PyObject,
    handed_over: bool,
) -> Option<frames::Pushed> {
    // SAFETY: as `call`; nothing has happened since the call.
    unsafe {
        retain(function.as_ptr().cast());
        if !handed_over {
            let named = Tuple::new(kwnames.cast()).map_or(0, |names| names.len());
            for index in 0..count + named {
                retain(args.add(index).read());
            }
        }
        let pushed = frames::push(thread, function, args, count, kwnames);
        if handed_over {
            handover::leave_nothing(args, count, kwnames);
        }
        pushed.ok()
    }
}

/// Calls a function in the interpreter, as its own entry does, but takes the arguments that the caller hands over.
///
/// # Safety
/// As [`compiled_entry`].
pub unsafe fn call_interpreted(
    callable: *mut PyObject,
    args: *const *mut PyObject,
    nargsf: usize,
    kwnames: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: the caller's.
    unsafe {
        let thread = ThreadState::holder();
        let count = nargsf & !ARGUMENTS_OFFSET;
        if thread.has_other_evaluator() || !handover::is_handed_over(thread, callable, args, count, kwnames) {
            return original(callable, args, nargsf, kwnames);
        }
        match push(thread, Function::new_unchecked(callable.cast()), args, count, kwnames, true) {
            Some(pushed) => symbols::_PyEval_EvalFrameDefault(thread.as_ptr(), pushed.frame.as_ptr(), 0),
            None => ptr::null_mut(),
        }
    }
}

/// Runs a frame that was just linked to its end, and pops it.
#[inline(always)]
unsafe fn run(thread: ThreadState, frame: Frame, address: *const u8) -> *mut PyObject {
    // SAFETY: the caller's.
    unsafe {
        thread.set_c_recursion_remaining(thread.c_recursion_remaining() - EVALUATION_UNITS);
        let outcome = enter(thread, frame, address, ptr::null_mut(), ActivationKind::Call);
        ended(thread, frame, outcome.status, outcome.value)
    }
}

/// What becomes of a call whose native code has ended.
///
/// # Safety
/// As [`run`], which has charged the C recursion counter; the status and the value are those of native code.
pub(super) unsafe extern "C" fn ended(
    thread: ThreadState,
    frame: Frame,
    status: Status,
    value: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: the caller's.
    unsafe {
        thread.set_c_recursion_remaining(thread.c_recursion_remaining() + EVALUATION_UNITS);
        end_of_run(thread, frame, Outcome { status, value })
    }
}

/// What native code that ran a frame ended with; the frame is popped, if it was not.
///
/// # Safety
/// The frame was the base frame of that native code, which has just ended; the GIL is held.
#[inline(always)]
pub(super) unsafe fn end_of_run(thread: ThreadState, frame: Frame, outcome: Outcome) -> *mut PyObject {
    // SAFETY: the caller's.
    unsafe {
        match outcome.status {
            Status::Return | Status::Yield => {
                // It is gone already if it became a generator or returned by itself.
                if thread.current_frame() == Some(frame) {
                    frames::unlink_and_pop(thread, frame);
                }
                outcome.value
            }
            Status::Error => {
                frames::unlink_and_pop(thread, frame);
                ptr::null_mut()
            }
            Status::Exit => exit::run(thread, frame),
        }
    }
}

/// Runs a compiled function in the interpreter. Until it returns, calls of it do not come here: the interpreter makes its frames without the C
/// stack, so that recursion goes as deep as it would without a compiler.
#[cold]
unsafe fn interpret(
    function: Function,
    args: *const *mut PyObject,
    nargsf: usize,
    kwnames: *mut PyObject,
) -> *mut PyObject {
    ExitReason::DeepRecursion.note();
    // SAFETY: as `call`; the caller of a function keeps it alive.
    unsafe {
        entry::restore(function);
        let result = call_interpreted(function.as_ptr().cast(), args, nargsf, kwnames);
        if entry::is_original(function) && !tools::watchful() && code::find(function.code()).is_some() {
            entry::set_keeping_version(function, compiled_entry);
        }
        result
    }
}

/// What the interpreter's own entry does.
unsafe fn original(
    callable: *mut PyObject,
    args: *const *mut PyObject,
    nargsf: usize,
    kwnames: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: as `call`; the original entry was found before any other was set.
    unsafe {
        match entry::original() {
            Ok(function) => function(callable, args, nargsf, kwnames),
            Err(_) => ptr::null_mut(),
        }
    }
}
