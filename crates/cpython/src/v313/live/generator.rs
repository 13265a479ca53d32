//! Generators, coroutines and asynchronous generators.

use pyo3_ffi::{PyCoro_Type, PyGen_Type, PyInterpreterState, PyObject, PySendResult, iternextfunc, sendfunc};
use std::ptr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicPtr, Ordering};

use super::handle::handle;
use super::{_PyInterpreterFrame, Frame, ThreadState};
use crate::layout::{exc_stack_item, generator};
use crate::opcode;

/// Where the exception state below that of a running generator is, in the generator.
const PREVIOUS_ITEM: i32 = generator::EXC_STATE + exc_stack_item::PREVIOUS_ITEM;

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

    /// Has its frame run above `below` (null for none), which becomes the current one: what the interpreter does where it resumes a generator, but for
    /// the value that is sent.
    ///
    /// # Safety
    /// It is suspended, or was not started; the GIL is held, and `below` is the thread's current frame.
    pub unsafe fn link(self, thread: ThreadState, below: *mut _PyInterpreterFrame) {
        let frame = self.frame();
        // SAFETY: the caller's; the exception state is part of the object.
        unsafe {
            self.set_state(generator::FRAME_EXECUTING);
            self.set(PREVIOUS_ITEM, thread.exception_state());
            thread.set_exception_state(self.field(generator::EXC_STATE));
            frame.set_previous(below);
            thread.set_current_frame(frame.as_ptr());
            thread.set_py_recursion_remaining(thread.py_recursion_remaining() - 1);
        }
    }

    /// Undoes [`link`](Self::link), in `state`: what the interpreter does at a `yield`, but for the frame's instruction pointer and stack.
    ///
    /// # Safety
    /// Its frame is the thread's current one; the GIL is held.
    pub unsafe fn unlink(self, thread: ThreadState, state: i8) {
        let frame = self.frame();
        // SAFETY: the caller's.
        unsafe {
            self.set_state(state);
            thread.set_exception_state(self.get(PREVIOUS_ITEM));
            self.set(PREVIOUS_ITEM, ptr::null_mut::<u8>());
            thread.set_current_frame(frame.previous().map_or(ptr::null_mut(), Frame::as_ptr));
            frame.set_previous(ptr::null_mut());
            thread.set_py_recursion_remaining(thread.py_recursion_remaining() + 1);
        }
    }

    /// Whether an asynchronous generator is about to make an item.
    pub fn is_running_async(self) -> bool {
        self.get::<i8>(generator::RUNNING_ASYNC) != 0
    }

    /// Sets [`is_running_async`](Self::is_running_async).
    ///
    /// # Safety
    /// An asynchronous generator.
    pub unsafe fn set_running_async(self, running: bool) {
        // SAFETY: passed on to the caller.
        unsafe { self.set(generator::RUNNING_ASYNC, i8::from(running)) }
    }

    /// Notes that an asynchronous generator has no more items.
    ///
    /// # Safety
    /// As [`set_running_async`](Self::set_running_async).
    pub unsafe fn set_closed(self) {
        // SAFETY: passed on to the caller.
        unsafe { self.set(generator::CLOSED, 1_i8) }
    }

    /// Whether it has ended.
    pub fn is_finished(self) -> bool {
        self.state() >= generator::FRAME_COMPLETED
    }

    /// Whether it waits at a `yield` around which there is no handler but the one that every generator has, and nobody has its frame: so closing it, as its end does, runs
    /// none of its code, but drops what the frame holds. That is what the bytecode tells the interpreter, in the operand of the `RESUME` behind the `yield`.
    pub fn closes_without_running(self) -> bool {
        /// `RESUME_OPARG_DEPTH1_MASK`.
        const NO_HANDLER: u8 = 4;
        let frame = self.frame();
        if self.state() != generator::FRAME_SUSPENDED || !frame.frame_object().is_null() || !frame.locals().is_null() {
            return false;
        }
        // SAFETY: a suspended frame is at an instruction of its code.
        let next = unsafe { frame.instr_ptr().read() };
        opcode::base(next.op) == opcode::RESUME && next.arg & NO_HANDLER != 0
    }

    /// Whether it waits at a `yield` or `yield from`.
    pub fn is_suspended(self) -> bool {
        matches!(self.state(), generator::FRAME_SUSPENDED | generator::FRAME_SUSPENDED_YIELD_FROM)
    }
}

/// The functions by which C code resumes generators and coroutines: `PyGen_Type.tp_iternext`, and `am_send` of both classes.
///
/// The classes are static, and no class has them as a base: nobody else has copies of these slots.
#[derive(Debug)]
pub struct GeneratorSlots {
    next: iternextfunc,
    send_generator: sendfunc,
    send_coroutine: sendfunc,
}

/// CPython's own.
static ORIGINAL: OnceLock<GeneratorSlots> = OnceLock::new();

/// The interpreter that replaced them.
static OWNER: AtomicPtr<PyInterpreterState> = AtomicPtr::new(ptr::null_mut());

impl GeneratorSlots {
    /// Puts other functions in. Whatever interpreter's they are, generators come to these. Nothing happens if a slot is empty.
    ///
    /// # Safety
    /// The GIL of the main interpreter is held; the functions do what CPython's do.
    pub unsafe fn replace(next: iternextfunc, send: sendfunc) {
        // SAFETY: static classes, made when the interpreter started.
        unsafe {
            let (generator, coroutine) = (PyGen_Type.tp_as_async, PyCoro_Type.tp_as_async);
            if generator.is_null() || coroutine.is_null() {
                return;
            }
            let slots = (PyGen_Type.tp_iternext, (*generator).am_send, (*coroutine).am_send);
            let (Some(own_next), Some(send_generator), Some(send_coroutine)) = slots else { return };
            ORIGINAL.get_or_init(|| GeneratorSlots { next: own_next, send_generator, send_coroutine });
            OWNER.store(pyo3_ffi::PyInterpreterState_Get(), Ordering::Relaxed);
            Self::set(next, send, send);
        }
    }

    /// Puts CPython's own back.
    ///
    /// # Safety
    /// The GIL of the main interpreter is held.
    pub unsafe fn restore() {
        if let Some(own) = ORIGINAL.get() {
            // SAFETY: the caller's.
            unsafe { Self::set(own.next, own.send_generator, own.send_coroutine) };
        }
    }

    unsafe fn set(next: iternextfunc, send_generator: sendfunc, send_coroutine: sendfunc) {
        // SAFETY: `replace` found the slots filled.
        unsafe {
            PyGen_Type.tp_iternext = Some(next);
            (*PyGen_Type.tp_as_async).am_send = Some(send_generator);
            (*PyCoro_Type.tp_as_async).am_send = Some(send_coroutine);
        }
    }

    /// Whether an interpreter is the one that replaced them.
    #[inline]
    pub fn is_ours(interpreter: *mut PyInterpreterState) -> bool {
        interpreter == OWNER.load(Ordering::Relaxed)
    }

    /// What CPython's own `tp_iternext` does.
    ///
    /// # Safety
    /// A generator; the functions were replaced; the GIL is held.
    pub unsafe fn next(generator: *mut PyObject) -> *mut PyObject {
        // SAFETY: the caller's.
        unsafe { (ORIGINAL.get().expect("replaced functions").next)(generator) }
    }

    /// What CPython's own `am_send` does.
    ///
    /// # Safety
    /// A generator or coroutine; the functions were replaced; the GIL is held.
    pub unsafe fn send(object: *mut PyObject, value: *mut PyObject, result: *mut *mut PyObject) -> PySendResult {
        let own = ORIGINAL.get().expect("replaced functions");
        // SAFETY: the caller's.
        unsafe {
            let is_coroutine = ptr::eq(pyo3_ffi::Py_TYPE(object), &raw mut PyCoro_Type);
            (if is_coroutine { own.send_coroutine } else { own.send_generator })(object, value, result)
        }
    }
}
