//! Frames: pushing one for a call, linking it, popping it, and where its caller goes on.
//!
//! Everything happens in the order in which the interpreter does it: a frame is unlinked before it is cleared, locals go in order, then the
//! mapping of locals, the function and the code object.

use super::arguments;
use super::code::{self, CompiledCode};
use super::exit;
use super::exit_reason::ExitReason;
use super::raw::{get, retain, set};
use super::tools;
use super::trampoline::stub_finish_return;
use crate::helpers::generator_pool;
use crate::helpers::objects::{release, release_or_null};
use crate::helpers::traceback_pool::{self, Left};
use crate::tier;
use pyo3_ffi::{PyObject, PyThreadState};
use std::ptr;
use whipsnake_cpython::layout::{
    code as code_layout, frame as frame_layout, function as function_layout, stack_chunk, thread_state,
};
use whipsnake_cpython::live::{_PyInterpreterFrame, Dict, Frame, Function, Raised, ThreadState, symbols};
use whipsnake_ir::abi::{Activation, STACKTOP_RETURN_ADDRESS};

/// Where native code goes on: an address, and the frame it is for.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Resume {
    /// A resume point or a stub; null where a function says that there is none.
    pub address: *const u8,
    /// The frame, for `r15`.
    pub frame: *mut _PyInterpreterFrame,
}

/// A frame that was pushed and is not linked yet.
#[derive(Clone, Copy, Debug)]
pub struct Pushed {
    /// The frame.
    pub frame: Frame,
    /// Whether it is followed by a word for a return address.
    pub spare: bool,
}

/// Pushes a frame for a call of `function` with `count` positional arguments at `args`, and values for `kwnames` (may be null) behind
/// them. Takes the references to the function and all arguments, also when it fails.
///
/// # Safety
/// The arguments are as said; the GIL is held.
#[inline]
pub unsafe fn push(
    thread: ThreadState,
    function: Function,
    args: *const *mut PyObject,
    count: usize,
    kwnames: *mut PyObject,
) -> Result<Pushed, Raised> {
    let code = function.code();
    // SAFETY: the caller's.
    unsafe {
        if let Some(frame) = arguments::push(thread, function, code, args, count, kwnames) {
            return Ok(Pushed { frame, spare: true });
        }
        let locals =
            if code.flags() & code_layout::CO_OPTIMIZED != 0 { ptr::null_mut() } else { retain(function.globals()) };
        let frame = symbols::_PyEvalFramePushAndInit(thread.as_ptr(), function.as_ptr(), locals, args, count, kwnames);
        Frame::new(frame).map(|frame| Pushed { frame, spare: false }).ok_or(Raised)
    }
}

/// [`push`] without names, but with a dict of named arguments, if that can become the callee's `**kwargs` as it is. `None` if not; then nothing has changed.
///
/// # Safety
/// As [`push`]; an exact dict that nobody else has, to which the reference is taken.
pub unsafe fn push_collected(
    thread: ThreadState,
    function: Function,
    args: *const *mut PyObject,
    count: usize,
    named: *mut PyObject,
) -> Option<Pushed> {
    let code = function.code();
    // SAFETY: the caller's.
    unsafe {
        if !arguments::collects_all(code, Dict::new_unchecked(named)) {
            return None;
        }
        let frame = arguments::push_collected(thread, function, code, args, count, named)?;
        Some(Pushed { frame, spare: true })
    }
}

/// Makes a pushed frame the current one, above `previous`, and counts it. At the recursion limit the frame is popped instead. With a return address
/// (not null) the frame's return goes there, without looking for a resume point.
///
/// # Safety
/// `previous` is the current frame or null; the return address receives a value for it; the GIL is held.
#[inline]
pub unsafe fn link(
    thread: ThreadState,
    pushed: Pushed,
    previous: *mut _PyInterpreterFrame,
    back: *const u8,
) -> Result<Frame, Raised> {
    let frame = pushed.frame;
    // SAFETY: the caller's; a spare word follows the words that the code object asks for.
    unsafe {
        frame.set_previous(previous);
        thread.set_current_frame(frame.as_ptr());
        if enter_recursive(thread).is_err() {
            unlink_and_pop(thread, frame);
            return Err(Raised);
        }
        if pushed.spare && !back.is_null() {
            let words: i32 = get(frame.executable(), code_layout::FRAMESIZE);
            frame.as_ptr().cast::<*const u8>().add(words as usize).write(back);
            frame.set_stacktop(STACKTOP_RETURN_ADDRESS);
        } else {
            frame.set_stacktop(-1);
        }
    }
    Ok(frame)
}

/// [`push`] and [`link`] above the current frame, for a function whose arguments are just copied. It takes a reference of its own to the function, and
/// to each argument if it is to `keep` them; else those of the arguments move into the frame. The frame returns to where native code ends, popped; unless somebody holds it. `None` if that needs more than this knows, or fails; then
/// nothing has changed.
///
/// # Safety
/// `compiled` is that of the function's code, whose parameters are exactly `count`; the arguments are there; the GIL is held.
#[inline(always)]
pub unsafe fn push_exactly(
    thread: ThreadState,
    function: Function,
    compiled: &CompiledCode,
    args: *const *mut PyObject,
    count: usize,
    keep: bool,
) -> Option<Frame> {
    use frame_layout as layout;
    // SAFETY: the caller's; there is room for the frame, and every field of it is written.
    unsafe {
        let remaining = thread.py_recursion_remaining();
        let bytes = compiled.frame_bytes as usize + size_of::<usize>();
        let top: *mut u8 = get(thread.as_ptr(), thread_state::DATASTACK_TOP);
        let limit: *mut u8 = get(thread.as_ptr(), thread_state::DATASTACK_LIMIT);
        if remaining <= 0 || top.is_null() || bytes >= limit as usize - top as usize {
            return None;
        }
        set(thread.as_ptr(), thread_state::DATASTACK_TOP, top.add(bytes));
        thread.set_py_recursion_remaining(remaining - 1);
        let code = retain(function.code().as_ptr().cast());
        set(top, layout::EXECUTABLE, code);
        set(top, layout::PREVIOUS, get::<*mut u8>(thread.as_ptr(), thread_state::CURRENT_FRAME));
        set(top, layout::FUNCOBJ, retain(function.as_ptr().cast()));
        set(top, layout::GLOBALS, get::<*mut u8>(function.as_ptr(), function_layout::GLOBALS));
        set(top, layout::BUILTINS, get::<*mut u8>(function.as_ptr(), function_layout::BUILTINS));
        set(top, layout::LOCALS, ptr::null_mut::<u8>());
        set(top, layout::FRAME_OBJ, ptr::null_mut::<u8>());
        set(top, layout::INSTR_PTR, code.cast::<u8>().add(code_layout::CODE_ADAPTIVE as usize));
        // Its return pops it and ends native code.
        set(top, layout::STACKTOP, STACKTOP_RETURN_ADDRESS);
        set(top, compiled.frame_bytes as i32, stub_finish_return as *const u8);
        set(top, layout::RETURN_OFFSET, 0u16);
        set(top, layout::OWNER, layout::OWNED_BY_THREAD);
        let slots: *mut *mut PyObject = top.add(layout::LOCALSPLUS as usize).cast();
        for index in 0..count {
            let argument = args.add(index).read();
            slots.add(index).write(if keep { retain(argument) } else { argument });
        }
        for index in count..compiled.locals_bytes as usize / size_of::<usize>() {
            slots.add(index).write(ptr::null_mut());
        }
        set(thread.as_ptr(), thread_state::CURRENT_FRAME, top);
        Some(Frame::new_unchecked(top.cast()))
    }
}

/// Counts a Python call, as the interpreter does at the start of a frame.
///
/// # Safety
/// The GIL is held; the call is counted back by [`unlink_and_pop`] also when this fails.
#[inline]
pub unsafe fn enter_recursive(thread: ThreadState) -> Result<(), Raised> {
    let remaining = thread.py_recursion_remaining();
    // SAFETY: calls and returns come in pairs.
    unsafe { thread.set_py_recursion_remaining(remaining - 1) };
    if remaining > 0 {
        return Ok(());
    }
    // SAFETY: the GIL is held.
    unsafe { recursion_limit(thread) }
}

/// The recursion limit is reached; there is some room for those who handle that.
#[cold]
unsafe fn recursion_limit(thread: ThreadState) -> Result<(), Raised> {
    /// How far handlers of a recursion error may go.
    const HEADROOM: i32 = -50;
    // SAFETY: a live thread state, the GIL held.
    unsafe {
        let headroom: i32 = get(thread.as_ptr(), thread_state::RECURSION_HEADROOM);
        if headroom != 0 {
            if thread.py_recursion_remaining() < HEADROOM {
                pyo3_ffi::Py_FatalError(c"Cannot recover from Python stack overflow.".as_ptr());
            }
            return Ok(());
        }
        set(thread.as_ptr(), thread_state::RECURSION_HEADROOM, headroom + 1);
        symbols::_PyErr_Format(
            thread.as_ptr(),
            pyo3_ffi::PyExc_RecursionError,
            c"maximum recursion depth exceeded".as_ptr(),
        );
        set(thread.as_ptr(), thread_state::RECURSION_HEADROOM, headroom);
        Err(Raised)
    }
}

/// Pops the current frame: it is unlinked before it is cleared, so that nobody sees it half dead. Its value stack is empty.
///
/// # Safety
/// `frame` is the current frame, its value stack is empty, the GIL is held.
#[inline]
pub unsafe fn unlink_and_pop(thread: ThreadState, frame: Frame) {
    // SAFETY: the caller's.
    unsafe {
        thread.set_py_recursion_remaining(thread.py_recursion_remaining() + 1);
        thread.set_current_frame(get(frame.as_ptr(), frame_layout::PREVIOUS));
        clear_and_pop(thread, frame);
    }
}

/// Clears an unlinked frame with an empty value stack, and gives its memory back if the thread owns it.
///
/// # Safety
/// As said, and the GIL is held.
#[inline]
pub unsafe fn clear_and_pop(thread: ThreadState, frame: Frame) {
    // SAFETY: the caller's; fields are those of a live frame.
    unsafe {
        let executable = frame.executable();
        let locals: i32 = get(executable, code_layout::NLOCALSPLUS);
        let is_plain = frame.owner() == frame_layout::OWNED_BY_THREAD && frame.locals().is_null();
        let is_seen = !frame.frame_object().is_null();
        let left = if is_plain && is_seen { traceback_pool::leave(frame, locals) } else { Left::Unknown };
        if matches!(left, Left::Taken) {
            give_back(thread, frame);
            return;
        }
        if !is_plain || is_seen && matches!(left, Left::Unknown) {
            if frame.owner() == frame_layout::OWNED_BY_GENERATOR && generator_pool::clear_frame(thread, frame) {
                return;
            }
            frame.set_stacktop(locals);
            symbols::_PyEval_FrameClearAndPop(thread.as_ptr(), frame.as_ptr());
            return;
        }
        thread.set_c_recursion_remaining(thread.c_recursion_remaining() - 1);
        let slots = frame.localsplus();
        for index in 0..locals as usize {
            release_or_null(slots.add(index).read());
        }
        release(get(frame.as_ptr(), frame_layout::FUNCOBJ));
        release(executable);
        thread.set_c_recursion_remaining(thread.c_recursion_remaining() + 1);
        give_back(thread, frame);
    }
}

/// Gives the memory of a frame back that the thread owns, the last one that it has.
///
/// # Safety
/// As said, and the GIL is held.
#[inline]
pub(super) unsafe fn give_back(thread: ThreadState, frame: Frame) {
    // SAFETY: the caller's.
    unsafe {
        let chunk: *mut u8 = get(thread.as_ptr(), thread_state::DATASTACK_CHUNK);
        if chunk.offset(stack_chunk::DATA as isize) == frame.as_ptr().cast() {
            // The first frame of a chunk takes the chunk along.
            symbols::_PyThreadState_PopFrame(thread.as_ptr(), frame.as_ptr());
        } else {
            set(thread.as_ptr(), thread_state::DATASTACK_TOP, frame.as_ptr());
        }
    }
}

/// The compiled code of a frame that native code runs. It lives as long as the frame's code object.
///
/// # Safety
/// The frame runs a code object that has compiled code.
#[inline]
pub unsafe fn compiled<'f>(frame: Frame) -> &'f CompiledCode {
    // SAFETY: frames of native code run code objects.
    let code = unsafe { frame.running_code() };
    code::attached(code).expect("a frame of native code has compiled code")
}

/// Where `caller`, which waits for a call or a generator, takes `value`: `units` after its instruction. That is `return_offset` for a
/// return; a yield goes on after the instruction and its one cache entry.
///
/// # Safety
/// `caller` is a frame of this activation and now the current frame; the value is owned; the GIL is held.
#[inline]
pub unsafe fn resume(
    thread: ThreadState,
    activation: *mut Activation,
    caller: Frame,
    value: *mut PyObject,
    units: usize,
) -> Resume {
    // SAFETY: the caller's.
    unsafe {
        let compiled = compiled(caller);
        let unit = caller.instruction_index() + units;
        let code = caller.running_code();
        // What ran may have switched a tool on. A stub runs no code of anybody's.
        let current = compiled.is_stub() || tools::is_current(thread, code, ptr::from_ref(compiled).cast_mut());
        match compiled.receive_at(unit).filter(|_| current) {
            Some(address) => {
                (*activation).extra = value as u64;
                Resume { address, frame: caller.as_ptr() }
            }
            None => {
                // No way in, or none any more since the code was made again: with the value on the stack, natively if there is a way in by now, or the
                // interpreter goes on.
                let depth = compiled.depth_at(unit).expect("a depth where a value is received");
                caller.stack_base().add(depth - 1).write(value);
                if let Some(address) = compiled.entry_at(unit).filter(|_| current) {
                    return Resume { address, frame: caller.as_ptr() };
                }
                caller.set_instr_ptr(caller_units(caller).add(unit));
                if current {
                    tier::count_again(code, 1);
                }
                let reason = if current { ExitReason::NoResumePoint } else { ExitReason::Instrumented };
                reason.note();
                exit::leave(thread.as_ptr(), caller, activation)
            }
        }
    }
}

/// `stub_return`: the current frame's result is `value`. Finishes for the base frame; else pops the frame and goes on in its caller.
///
/// # Safety
/// Called by the stub only.
pub(super) unsafe extern "C" fn return_value(
    thread: *mut PyThreadState,
    frame: *mut _PyInterpreterFrame,
    activation: *mut Activation,
    value: *mut PyObject,
) -> Resume {
    // SAFETY: the stub passes the live thread state, the current frame and its activation.
    unsafe {
        if (*activation).base_frame == frame.cast() {
            (*activation).extra = value as u64;
            return Resume { address: stub_finish_return as *const u8, frame };
        }
        let thread = ThreadState::new_unchecked(thread);
        let frame = Frame::new_unchecked(frame);
        if frame.stacktop() == STACKTOP_RETURN_ADDRESS {
            let words: i32 = get(frame.executable(), code_layout::FRAMESIZE);
            let address = frame.as_ptr().cast::<*const u8>().add(words as usize).read();
            let caller = get(frame.as_ptr(), frame_layout::PREVIOUS);
            unlink_and_pop(thread, frame);
            (*activation).extra = value as u64;
            return Resume { address, frame: caller };
        }
        unlink_and_pop(thread, frame);
        let caller = thread.current_frame().expect("a frame that is not the base frame has a caller");
        resume(thread, activation, caller, value, caller.return_offset().into())
    }
}

/// `stub_returned`: the current frame receives `value` from a callee that returned and is gone.
///
/// # Safety
/// Called by the stub only.
pub(super) unsafe extern "C" fn returned(
    thread: *mut PyThreadState,
    frame: *mut _PyInterpreterFrame,
    activation: *mut Activation,
    value: *mut PyObject,
) -> Resume {
    // SAFETY: the stub passes the live thread state, the current frame and its activation.
    unsafe {
        let (thread, frame) = (ThreadState::new_unchecked(thread), Frame::new_unchecked(frame));
        resume(thread, activation, frame, value, frame.return_offset().into())
    }
}

/// The first code unit of a frame's code.
fn caller_units(frame: Frame) -> *mut whipsnake_cpython::live::CodeUnit {
    // SAFETY: frames of native code run code objects.
    unsafe { frame.running_code() }.instructions()
}
