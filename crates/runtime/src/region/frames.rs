//! Frames of calls that a region inlined: pushed when somebody may look at them, or when the region is left.

use super::inlined_frames::length;
use crate::helpers::new_instances;
use crate::native::frames::unlink_and_pop;
use crate::native::raw::{get, release, retain, set};
use crate::native::shim;
use pyo3_ffi::{PyObject, PyThreadState, PyTypeObject};
use std::ffi::c_int;
use std::ptr;
use whipsnake_cpython::layout::{frame as layout, generator};
use whipsnake_cpython::live::{_PyInterpreterFrame, Code, CodeUnit, Frame, Function, Generator, ThreadState, symbols};

/// Pushes a frame above `caller`, which is at the call instruction `call`, with nothing in its slots. It takes references of its own to the function and
/// its code. `None` without memory, and nothing has changed then.
///
/// # Safety
/// `caller` is the current frame, `function` is what the call calls, the GIL is held.
pub(super) unsafe fn push(
    thread: ThreadState,
    caller: Frame,
    function: Function,
    call: *mut CodeUnit,
) -> Option<Frame> {
    // SAFETY: the caller's; the frame's memory is as long as its code says.
    unsafe {
        let code = function.code();
        retain(function.as_ptr().cast::<PyObject>());
        let frame = match Frame::new(thread.allocate_frame(code.framesize() as usize)) {
            Some(frame) => {
                frame.initialize(function, ptr::null_mut(), 0);
                frame
            }
            None => push_on_new_chunk(thread, function)?,
        };
        wait(caller, call);
        frame.set_stacktop(-1);
        frame.set_previous(caller.as_ptr());
        thread.set_current_frame(frame.as_ptr());
        thread.set_py_recursion_remaining(thread.py_recursion_remaining() - 1);
        Some(frame)
    }
}

/// A frame where the data stack has to grow. The interpreter's own function does that, and wants arguments.
#[cold]
unsafe fn push_on_new_chunk(thread: ThreadState, function: Function) -> Option<Frame> {
    let args: Vec<*mut PyObject> = vec![ptr::null_mut(); function.code().argcount() as usize];
    // SAFETY: the caller's; it copies the arguments and does not look at them. The function's reference moves into the frame.
    unsafe {
        let (thread, function) = (thread.as_ptr(), function.as_ptr());
        let (none, count) = (ptr::null_mut(), args.len());
        Frame::new(symbols::_PyEvalFramePushAndInit(thread, function, none, args.as_ptr(), count, none))
    }
}

/// About as many words as the frame of a small function has.
const SMALL_FRAME: usize = layout::SPECIALS_SIZE as usize + 8;

/// Pushes the frame below an `__init__`, or below a method that C code would call, above `caller`, which is at the call instruction `call`. Its code begins at
/// `first_unit`, and it has `instance` (taken; may be null) on its stack. `None` without memory, and nothing has changed then.
///
/// # Safety
/// As [`push`].
pub(super) unsafe fn push_init(
    thread: ThreadState,
    caller: Frame,
    first_unit: *mut CodeUnit,
    instance: *mut PyObject,
    call: *mut CodeUnit,
    counted: bool,
) -> Option<Frame> {
    // SAFETY: the caller's.
    unsafe {
        // That of the region is there; there may be no memory to make the others.
        let is_it = |code: &Code| code.instructions() == first_unit;
        let usual = shim::code_object().filter(is_it).or_else(|| shim::operator_code().filter(is_it));
        let is_consumer = usual.is_none();
        let code = usual.or_else(|| shim::consumer_code().filter(is_it))?;
        // Where a chunk of the data stack ends, the interpreter calls `__init__` from C, and has no frame to count.
        let counted = counted && thread.has_stack_space(shim::FRAME_WORDS + SMALL_FRAME);
        // What exits restore there is written later.
        let frame = shim::push(thread, code, caller.as_ptr(), instance, ptr::null(), counted && !is_consumer)?;
        wait(caller, call);
        if is_consumer {
            frame.localsplus().add(1).write(ptr::null_mut());
        }
        // There is no return address.
        frame.set_stacktop(-1);
        Some(frame)
    }
}

/// Where a generator is suspended.
#[derive(Clone, Copy)]
pub(super) struct Place {
    instr: *mut CodeUnit,
    stacktop: c_int,
}

impl Place {
    /// Where a suspended frame is.
    pub(super) fn of(frame: Frame) -> Place {
        Place { instr: frame.instr_ptr(), stacktop: frame.stacktop() }
    }
}

/// Links the frame of a suspended generator above `below`, which waits at the instruction at `waits`; `back` is the word at `return_offset`. No value is
/// sent.
///
/// # Safety
/// `below` is the current frame, and the GIL is held.
pub(super) unsafe fn link(
    thread: ThreadState,
    below: Frame,
    waits: *mut CodeUnit,
    resumed: Generator,
    back: i32,
) -> Frame {
    // SAFETY: the caller's.
    unsafe {
        let frame = resumed.frame();
        below.set_instr_ptr(waits);
        set(below.as_ptr(), layout::RETURN_OFFSET, back);
        frame.set_stacktop(-1);
        resumed.link(thread, below.as_ptr());
        frame
    }
}

/// Undoes [`link`]: the generator is suspended as it was.
///
/// # Safety
/// The frame is the current one, and the GIL is held.
pub(super) unsafe fn unlink(thread: ThreadState, frame: Frame, place: Place) {
    // SAFETY: the caller's.
    unsafe {
        frame.set_instr_ptr(place.instr);
        frame.set_stacktop(place.stacktop);
        Generator::of_frame(frame).unlink(thread, generator::FRAME_SUSPENDED);
    }
}

/// Has a frame wait for the call instruction `call`.
unsafe fn wait(caller: Frame, call: *mut CodeUnit) {
    // SAFETY: the caller's.
    unsafe {
        caller.set_instr_ptr(call);
        caller.set_return_offset(length((*call).op).into());
    }
}

/// Pops a frame that [`push`] pushed; what its slots hold is the caller's business, and nobody else holds the frame.
///
/// # Safety
/// The frame is the current one, the GIL is held.
pub(super) unsafe fn pop(thread: ThreadState, frame: Frame) {
    // SAFETY: the caller's; function and code live on: who inlined the call holds them.
    unsafe {
        shim::settle_if_shim(thread, frame);
        thread.set_py_recursion_remaining(thread.py_recursion_remaining() + 1);
        thread.set_current_frame(get(frame.as_ptr(), layout::PREVIOUS));
        release(get(frame.as_ptr(), layout::FUNCOBJ));
        release(frame.executable());
        symbols::_PyThreadState_PopFrame(thread.as_ptr(), frame.as_ptr());
    }
}

/// Pops a frame that [`push`] pushed and whose slots own what they hold; the value stack is empty.
///
/// # Safety
/// As [`pop`].
pub(super) unsafe fn pop_filled(thread: ThreadState, frame: Frame) {
    // SAFETY: the caller's.
    unsafe {
        shim::settle_if_shim(thread, frame);
        unlink_and_pop(thread, frame);
    }
}

/// `Helper::PushInlined`, for all cases.
///
/// # Safety
/// Called by a region's machine code, as [`push`] asks.
pub unsafe extern "C" fn push_inlined(
    thread: *mut PyThreadState,
    caller: *mut _PyInterpreterFrame,
    function: *mut PyObject,
    call: *mut CodeUnit,
) -> *mut _PyInterpreterFrame {
    // SAFETY: the caller's.
    unsafe {
        let thread = ThreadState::new_unchecked(thread);
        let function = Function::new_unchecked(function.cast());
        push(thread, Frame::new_unchecked(caller), function, call).map_or(ptr::null_mut(), Frame::as_ptr)
    }
}

/// `Helper::PushInit`.
///
/// # Safety
/// Called by a region's machine code, as [`push_init`] asks.
pub unsafe extern "C" fn push_init_inlined(
    thread: *mut PyThreadState,
    caller: *mut _PyInterpreterFrame,
    first_unit: *mut CodeUnit,
    instance: *mut PyObject,
    call: *mut CodeUnit,
    counted: c_int,
) -> *mut _PyInterpreterFrame {
    // SAFETY: the caller's.
    unsafe {
        let (thread, caller) = (ThreadState::new_unchecked(thread), Frame::new_unchecked(caller));
        push_init(thread, caller, first_unit, instance, call, counted != 0).map_or(ptr::null_mut(), Frame::as_ptr)
    }
}

/// `Helper::NewInstance`.
///
/// # Safety
/// Called by a region's machine code, with a class that makes its instances as `object` does.
pub unsafe extern "C" fn new_instance(class: *mut PyTypeObject) -> *mut PyObject {
    // SAFETY: the caller's.
    unsafe { new_instances::new_ordered_instance(class) }
}

/// `Helper::PopInlined`, for all cases.
///
/// # Safety
/// Called by a region's machine code, with the current frame, which [`push_inlined`] pushed.
pub unsafe extern "C" fn pop_inlined(thread: *mut PyThreadState, frame: *mut _PyInterpreterFrame) {
    // SAFETY: the caller's.
    unsafe { pop(ThreadState::new_unchecked(thread), Frame::new_unchecked(frame)) }
}

/// `Helper::EndInlinedGenerator`.
///
/// # Safety
/// Called by a region's machine code, with the current frame, which is a generator's, in memory, with an empty stack.
pub unsafe extern "C" fn end_inlined_generator(thread: *mut PyThreadState, frame: *mut _PyInterpreterFrame) {
    // SAFETY: the caller's.
    unsafe { unlink_and_pop(ThreadState::new_unchecked(thread), Frame::new_unchecked(frame)) }
}
