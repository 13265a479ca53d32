//! Thread states.

use std::ffi::c_int;
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};

use pyo3_ffi::{PyInterpreterState, PyObject, PyThreadState};

use super::handle::handle;
use super::{Frame, frame::_PyInterpreterFrame, symbols};
use crate::layout::{eval_breaker, interpreter_state, runtime, thread_state};

handle! {
    /// A thread's state: `PyThreadState`.
    ThreadState, PyThreadState
}

/// Whether the main interpreter is the only one of the process. Another one is added to the runtime's list, at its head, before anything runs in it.
#[inline]
pub fn is_only_interpreter() -> bool {
    let state = (&raw const symbols::_PyRuntime).cast::<u8>();
    let at = |offset: i32| state.wrapping_offset(offset as isize).cast::<AtomicPtr<PyInterpreterState>>();
    // SAFETY: the two places are in the runtime's state, as the layout says.
    unsafe {
        (*at(runtime::INTERPRETERS_HEAD)).load(Ordering::Relaxed)
            == (*at(runtime::INTERPRETERS_MAIN)).load(Ordering::Relaxed)
    }
}

/// Where the main interpreter's GIL says who has it, once that is known to be true; null before.
pub static HOLDER: AtomicPtr<AtomicPtr<PyThreadState>> = AtomicPtr::new(std::ptr::null_mut());

impl ThreadState {
    /// [`current`](Self::current) for code of the main interpreter: who has its GIL is written beside it, and read at once. Where Python is a shared
    /// library its own function finds the thread's variables by a call.
    ///
    /// # Safety
    /// The thread holds the GIL of the main interpreter.
    #[inline]
    pub unsafe fn holder() -> ThreadState {
        let place = HOLDER.load(Ordering::Relaxed);
        // SAFETY: the place is in the interpreter's state, which is never freed; the last holder is this thread.
        unsafe {
            match place.as_ref() {
                Some(place) => ThreadState::new_unchecked(place.load(Ordering::Relaxed)),
                None => ThreadState::current(),
            }
        }
    }

    /// Says where [`holder`](Self::holder) may look.
    ///
    /// # Safety
    /// The place is the last holder of the main interpreter's GIL.
    pub(crate) unsafe fn set_holder_place(place: *mut AtomicPtr<PyThreadState>) {
        HOLDER.store(place, Ordering::Relaxed);
    }

    /// The state of the calling thread.
    ///
    /// # Safety
    /// The thread holds the GIL, and does for as long as the handle is used.
    pub unsafe fn current() -> ThreadState {
        // SAFETY: a thread with the GIL has a state.
        unsafe { ThreadState::new_unchecked(pyo3_ffi::PyThreadState_Get()) }
    }

    /// The interpreter.
    #[inline]
    pub fn interpreter(self) -> *mut PyInterpreterState {
        self.get(thread_state::INTERP)
    }

    /// Where the interpreter has the function that evaluates frames in its place (PEP 523); 0 if none does.
    #[inline]
    pub fn other_evaluator(self) -> *const usize {
        self.interpreter().cast::<u8>().wrapping_offset(interpreter_state::EVAL_FRAME as isize).cast()
    }

    /// Whether the interpreter's frames are run by another function than CPython's own.
    #[inline]
    pub fn has_other_evaluator(self) -> bool {
        // SAFETY: the interpreter of a live thread state is alive.
        unsafe { self.other_evaluator().read() != 0 }
    }

    /// The frame on top.
    #[inline]
    pub fn current_frame(self) -> Option<Frame> {
        // SAFETY: the current frame is alive.
        unsafe { Frame::new(self.get(thread_state::CURRENT_FRAME)) }
    }

    /// Sets the frame on top.
    ///
    /// # Safety
    /// `frame` is null or a complete frame of this thread.
    pub unsafe fn set_current_frame(self, frame: *mut _PyInterpreterFrame) {
        // SAFETY: passed on to the caller.
        unsafe { self.set(thread_state::CURRENT_FRAME, frame) }
    }

    /// The top of the stack of exceptions that are being handled: a `_PyErr_StackItem`.
    pub fn exception_state(self) -> *mut u8 {
        self.get(thread_state::EXC_INFO)
    }

    /// Sets it.
    ///
    /// # Safety
    /// A `_PyErr_StackItem` that lives as long as it is on that stack.
    pub unsafe fn set_exception_state(self, top: *mut u8) {
        // SAFETY: passed on to the caller.
        unsafe { self.set(thread_state::EXC_INFO, top) }
    }

    /// Pending events in the low bits (see [`eval_breaker`]), the instrumentation version above.
    #[inline]
    pub fn eval_breaker(self) -> usize {
        let word = self.field::<AtomicUsize>(thread_state::EVAL_BREAKER);
        // SAFETY: the field is alive; other threads write it atomically.
        unsafe { (*word).load(Ordering::Relaxed) }
    }

    /// Whether something waits to be handled.
    #[inline]
    pub fn has_pending(self) -> bool {
        self.eval_breaker() & eval_breaker::EVENTS_MASK as usize != 0
    }

    /// The version of the interpreter-wide instrumentation.
    #[inline]
    pub fn instrumentation_version(self) -> usize {
        self.eval_breaker() & !(eval_breaker::EVENTS_MASK as usize)
    }

    /// Python calls left before a `RecursionError`.
    #[inline]
    pub fn py_recursion_remaining(self) -> c_int {
        self.get(thread_state::PY_RECURSION_REMAINING)
    }

    /// Sets the number of Python calls left.
    ///
    /// # Safety
    /// Changes come in pairs, as calls and returns do.
    pub unsafe fn set_py_recursion_remaining(self, calls: c_int) {
        // SAFETY: passed on to the caller.
        unsafe { self.set(thread_state::PY_RECURSION_REMAINING, calls) }
    }

    /// C calls left before a `RecursionError`.
    #[inline]
    pub fn c_recursion_remaining(self) -> c_int {
        self.get(thread_state::C_RECURSION_REMAINING)
    }

    /// Sets the number of C calls left.
    ///
    /// # Safety
    /// Changes come in pairs, as calls and returns do.
    pub unsafe fn set_c_recursion_remaining(self, calls: c_int) {
        // SAFETY: passed on to the caller.
        unsafe { self.set(thread_state::C_RECURSION_REMAINING, calls) }
    }

    /// How many tracing or monitoring callbacks are running; while not 0, no others are called.
    pub fn tracing(self) -> c_int {
        self.get(thread_state::TRACING)
    }

    /// The monitoring event being reported; -1 if none.
    pub fn what_event(self) -> c_int {
        self.get(thread_state::WHAT_EVENT)
    }

    /// Sets [`tracing`](Self::tracing) and [`what_event`](Self::what_event): compiled code that was started from a
    /// monitoring callback is not part of the callback.
    ///
    /// # Safety
    /// The old values are put back before the callback returns.
    pub unsafe fn set_tracing(self, tracing: c_int, what_event: c_int) {
        // SAFETY: passed on to the caller.
        unsafe {
            self.set(thread_state::TRACING, tracing);
            self.set(thread_state::WHAT_EVENT, what_event);
        }
    }

    /// The exception being raised, borrowed; null if none.
    pub fn current_exception(self) -> *mut PyObject {
        self.get(thread_state::CURRENT_EXCEPTION)
    }

    /// Whether the data stack has room for a frame of `words` words, by the interpreter's own rule.
    pub fn has_stack_space(self, words: usize) -> bool {
        let top: *mut *mut PyObject = self.get(thread_state::DATASTACK_TOP);
        let limit: *mut *mut PyObject = self.get(thread_state::DATASTACK_LIMIT);
        !top.is_null() && words < (limit as usize - top as usize) / size_of::<usize>()
    }

    /// Where the data stack ends and the next frame begins.
    pub fn stack_top(self) -> *mut *mut PyObject {
        self.get(thread_state::DATASTACK_TOP)
    }

    /// Takes `words` words off the data stack for a frame; null when the chunk is full (then use
    /// [`_PyEvalFramePushAndInit`](super::symbols::_PyEvalFramePushAndInit)).
    ///
    /// # Safety
    /// The frame is initialised before anything may look at it, and freed in order.
    pub unsafe fn allocate_frame(self, words: usize) -> *mut _PyInterpreterFrame {
        if !self.has_stack_space(words) {
            return std::ptr::null_mut();
        }
        let top: *mut *mut PyObject = self.get(thread_state::DATASTACK_TOP);
        // SAFETY: there is room; the caller frees in order.
        unsafe { self.set(thread_state::DATASTACK_TOP, top.add(words)) };
        top.cast()
    }
}
