//! Generators, coroutines, asynchronous generators: made from a frame. Entering and suspending them is machine code.
//!
//! A suspended generator stands at the `RESUME` after its `yield`, a fresh one at the `POP_TOP` after its `RETURN_GENERATOR`; both are entry points of its
//! compiled code. Its consumer waits at a `FOR_ITER` or `SEND`: what is yielded comes back to the instruction after it, what is returned
//! to its target.

use super::frames::{self, Resume, resume};
use super::raw::{get, set};
use super::trampoline::stub_finish_return;
use super::unwind;
use crate::helpers::generator_pool;
use pyo3_ffi::{PyObject, PyThreadState};
use std::ptr;
use whipsnake_cpython::layout::{code as code_layout, frame as frame_layout, generator as layout};
use whipsnake_cpython::live::{_PyInterpreterFrame, Frame, Generator, ThreadState, symbols};
use whipsnake_ir::abi::{Activation, STACKTOP_RETURN_ADDRESS};

/// `stub_return_generator`: the current frame is that of a call of a generator function. It moves into a new generator, which is the result of the
/// call; the frame itself is gone then, also if it is the base frame.
///
/// # Safety
/// Called by the stub only; `instr_ptr` is the `RETURN_GENERATOR`, the value stack is empty.
pub(super) unsafe extern "C" fn return_generator(
    thread: *mut PyThreadState,
    frame: *mut _PyInterpreterFrame,
    activation: *mut Activation,
    _: *mut PyObject,
) -> Resume {
    // SAFETY: the stub passes the live thread state, the current frame and its activation.
    unsafe {
        let state = ThreadState::new_unchecked(thread);
        let current = Frame::new_unchecked(frame);
        let mut object = generator_pool::make(state, current.function());
        if object.is_null() {
            object = symbols::_Py_MakeCoro(current.function().as_ptr());
        }
        if object.is_null() {
            return unwind::error(thread, frame, activation, ptr::null_mut());
        }
        let back = return_address(current);
        move_frame(current, Generator::new_unchecked(object));
        state.set_py_recursion_remaining(state.py_recursion_remaining() + 1);
        let caller: *mut _PyInterpreterFrame = get(frame, frame_layout::PREVIOUS);
        frames::give_back(state, current);
        state.set_current_frame(caller);
        if (*activation).base_frame == frame.cast() {
            (*activation).extra = object as u64;
            return Resume { address: stub_finish_return as *const u8, frame };
        }
        if let Some(address) = back {
            (*activation).extra = object as u64;
            return Resume { address, frame: caller };
        }
        let caller = Frame::new_unchecked(caller);
        resume(state, activation, caller, object, caller.return_offset().into())
    }
}

/// Where the result of a frame goes that a call of native code pushed.
unsafe fn return_address(frame: Frame) -> Option<*const u8> {
    if frame.stacktop() != STACKTOP_RETURN_ADDRESS {
        return None;
    }
    // SAFETY: such a frame is followed by the address.
    unsafe {
        let words: i32 = get(frame.executable(), code_layout::FRAMESIZE);
        Some(frame.as_ptr().cast::<*const u8>().add(words as usize).read())
    }
}

/// What a frame has in front of its slots.
type FrameHead = [u64; frame_layout::LOCALSPLUS as usize / size_of::<u64>()];

/// Moves a frame that has only locals into a new generator, to go on after its current instruction.
unsafe fn move_frame(from: Frame, generator: Generator) {
    // SAFETY: a new generator has room for the frame of its function's code; the references move along.
    unsafe {
        let into = generator.frame();
        let slots = from.stack_base().offset_from(from.localsplus()) as usize;
        // What all frames have is copied by a few instructions; mostly there are few slots, for which a call takes longer.
        into.as_ptr().cast::<FrameHead>().write(from.as_ptr().cast::<FrameHead>().read());
        let (source, target) = (from.localsplus(), into.localsplus());
        for slot in 0..slots {
            target.add(slot).write_volatile(source.add(slot).read());
        }
        into.set_stacktop(slots as i32);
        into.set_instr_ptr(from.instr_ptr().add(1));
        into.set_previous(ptr::null_mut());
        set(into.as_ptr(), frame_layout::OWNER, frame_layout::OWNED_BY_GENERATOR);
        generator.set_state(layout::FRAME_CREATED);
    }
}
