//! Generators, coroutines and asynchronous generators.

use pyo3_ffi::PyObject;

use super::Frame;
use super::handle::handle;
use crate::layout::generator;

handle! {
    /// A generator, coroutine or asynchronous generator: `PyGenObject` and its siblings.
    Generator, PyObject
}

impl Generator {
    /// The generator a frame owned by one belongs to.
    ///
    /// # Safety
    /// `frame.owner()` is `OWNED_BY_GENERATOR`.
    pub unsafe fn of_frame(frame: Frame) -> Generator {
        let start = frame.as_ptr().cast::<u8>().wrapping_offset(-(generator::IFRAME as isize));
        // SAFETY: such a frame is inside its generator.
        unsafe { Generator::new_unchecked(start.cast()) }
    }

    /// The frame inside the generator. Gone (cleared) when the state is `FRAME_CLEARED`.
    pub fn frame(self) -> Frame {
        // SAFETY: the frame is part of the object.
        unsafe { Frame::new_unchecked(self.field(generator::IFRAME)) }
    }

    /// One of `layout::generator::FRAME_…`.
    pub fn state(self) -> i8 {
        self.get(generator::FRAME_STATE)
    }

    /// Sets the state.
    ///
    /// # Safety
    /// The frame is in that state.
    pub unsafe fn set_state(self, state: i8) {
        // SAFETY: passed on to the caller.
        unsafe { self.set(generator::FRAME_STATE, state) }
    }

    /// Whether it has ended.
    pub fn is_finished(self) -> bool {
        self.state() >= generator::FRAME_COMPLETED
    }

    /// Whether it waits at a `yield` or `yield from`.
    pub fn is_suspended(self) -> bool {
        matches!(self.state(), generator::FRAME_SUSPENDED | generator::FRAME_SUSPENDED_YIELD_FROM)
    }
}
