//! Native callbacks for `sys.monitoring` (PEP 669).
//!
//! Whipsnake is the tool with the id reserved for optimisers. Its callbacks are objects of a small type with the
//! vectorcall protocol, so a call costs no argument parsing. Everything goes through the functions of
//! `sys.monitoring`: the C functions below them are not exported.
//!
//! A callback may change the frame on top (its `instr_ptr`, its stack): the interpreter goes on there. It must not
//! raise: an exception from a callback skips the handlers of the frame in some patch versions.

mod callback;

use std::ffi::CStr;
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

use pyo3_ffi::{Py_DECREF, Py_XDECREF, PyInterpreterState, PyObject, PyTypeObject};

use self::callback::Target;
use super::{Code, Raised, status, symbols};
use crate::layout::{interpreter_state, monitoring};

bitflags::bitflags! {
    /// A set of events that code objects can be instrumented for.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Events: u32 {
        /// A function starts, at its first `RESUME`.
        const PY_START = 1 << monitoring::EVENT_PY_START;
        /// A generator goes on, by `next` or `send` (not by `throw`).
        const PY_RESUME = 1 << monitoring::EVENT_PY_RESUME;
        /// An unconditional jump is taken, loops' jumps back among them.
        const JUMP = 1 << monitoring::EVENT_JUMP;
    }
}

/// What a callback says about the place it was called for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Report the event here again.
    Continue,
    /// Do not report it here any more, until `sys.monitoring.restart_events()`.
    Disable,
}

/// Called for `PY_START` and `PY_RESUME` with the code and the index of the instruction in code units.
pub type StartCallback = unsafe fn(Code, usize) -> Verdict;
/// Called for `JUMP` with the code and the indices of the jump and of its target in code units.
pub type JumpCallback = unsafe fn(Code, usize, usize) -> Verdict;

/// `sys.monitoring`, used as the optimiser tool. Owns the functions it calls.
#[derive(Debug)]
pub struct Monitoring {
    set_events: *mut PyObject,
    set_local_events: *mut PyObject,
    register_callback: *mut PyObject,
    free_tool_id: *mut PyObject,
    callback_type: *mut PyTypeObject,
}

// SAFETY: the fields are only used under the GIL, which every method asks for.
unsafe impl Send for Monitoring {}
// SAFETY: as above.
unsafe impl Sync for Monitoring {}

/// `sys.monitoring.DISABLE`, owned; set before any callback exists.
static DISABLE: AtomicPtr<PyObject> = AtomicPtr::new(ptr::null_mut());

/// `sys.monitoring.use_tool_id`, owned.
static USE_TOOL_ID: AtomicPtr<PyObject> = AtomicPtr::new(ptr::null_mut());

impl Monitoring {
    /// Takes the optimiser's tool id under the name "whipsnake". `ValueError` if another tool has it.
    ///
    /// # Safety
    /// The GIL is held.
    pub unsafe fn claim() -> Result<Monitoring, Raised> {
        // SAFETY: ordinary calls under the GIL; `Owned` releases what is not kept.
        unsafe {
            let module = pyo3_ffi::PySys_GetObject(c"monitoring".as_ptr());
            if module.is_null() {
                pyo3_ffi::PyErr_SetString(pyo3_ffi::PyExc_RuntimeError, c"lost sys.monitoring".as_ptr());
                return Err(Raised);
            }
            let attribute = |name: &CStr| Owned::new(pyo3_ffi::PyObject_GetAttrString(module, name.as_ptr()));
            let use_tool_id = attribute(c"use_tool_id")?;
            let set_events = attribute(c"set_events")?;
            let set_local_events = attribute(c"set_local_events")?;
            let register_callback = attribute(c"register_callback")?;
            let free_tool_id = attribute(c"free_tool_id")?;
            USE_TOOL_ID.store(pyo3_ffi::Py_NewRef(use_tool_id.0), Ordering::Relaxed);
            let disable = attribute(c"DISABLE")?;
            let callback_type = Owned::new(callback::new_type()?.cast())?;
            let name = Owned::new(pyo3_ffi::PyUnicode_FromString(c"whipsnake".as_ptr()))?;
            call_with_tool(use_tool_id.0, &[name.0])?;
            let old = DISABLE.swap(disable.keep(), Ordering::Relaxed);
            Py_XDECREF(old);
            Ok(Monitoring {
                set_events: set_events.keep(),
                set_local_events: set_local_events.keep(),
                register_callback: register_callback.keep(),
                free_tool_id: free_tool_id.keep(),
                callback_type: callback_type.keep().cast(),
            })
        }
    }

    /// Calls `callback` when a function with `PY_START` set starts.
    ///
    /// # Safety
    /// The GIL is held, and the callback is sound for every code object with that event.
    pub unsafe fn on_start(&self, callback: StartCallback) -> Result<(), Raised> {
        // SAFETY: the target takes what the event passes.
        unsafe { self.register(Events::PY_START, Target::Start(callback)) }
    }

    /// Calls `callback` when a generator with `PY_RESUME` set goes on.
    ///
    /// # Safety
    /// As [`on_start`](Self::on_start).
    pub unsafe fn on_resume(&self, callback: StartCallback) -> Result<(), Raised> {
        // SAFETY: the target takes what the event passes.
        unsafe { self.register(Events::PY_RESUME, Target::Start(callback)) }
    }

    /// Calls `callback` when code with `JUMP` set jumps.
    ///
    /// # Safety
    /// As [`on_start`](Self::on_start).
    pub unsafe fn on_jump(&self, callback: JumpCallback) -> Result<(), Raised> {
        // SAFETY: the target takes what the event passes.
        unsafe { self.register(Events::JUMP, Target::Jump(callback)) }
    }

    unsafe fn register(&self, event: Events, target: Target) -> Result<(), Raised> {
        // SAFETY: ordinary calls under the GIL.
        unsafe {
            let object = callback::new(self.callback_type, target)?;
            let event = Owned::new(pyo3_ffi::PyLong_FromLong(event.bits().into()))?;
            call_with_tool(self.register_callback, &[event.0, object.0])
        }
    }

    /// Sets which events are reported to us from everywhere. Events that were disabled stay so.
    ///
    /// # Safety
    /// As [`set_local_events`](Self::set_local_events), for all code.
    pub unsafe fn set_events(&self, events: Events) -> Result<(), Raised> {
        // SAFETY: ordinary calls under the GIL.
        unsafe {
            let events = Owned::new(pyo3_ffi::PyLong_FromLong(events.bits().into()))?;
            call_with_tool(self.set_events, &[events.0])
        }
    }

    /// Sets for which events `code` is instrumented on our behalf; other tools' are kept. Events that were disabled
    /// stay so.
    ///
    /// # Safety
    /// The GIL is held. Opcodes of `code` change, so nothing may rely on them being as they were.
    pub unsafe fn set_local_events(&self, code: Code, events: Events) -> Result<(), Raised> {
        // SAFETY: ordinary calls under the GIL.
        unsafe {
            let had_table = code.has_instruction_tools();
            let bits = Owned::new(pyo3_ffi::PyLong_FromLong(events.bits().into()))?;
            call_with_tool(self.set_local_events, &[code.as_ptr().cast(), bits.0])?;
            if !had_table && !events.is_empty() {
                code.make_instruction_tools();
            }
            Ok(())
        }
    }

    /// Unregisters the callbacks and gives the tool id back. Events set for code objects stay set but reach nobody:
    /// clear them first.
    ///
    /// # Safety
    /// The GIL is held.
    pub unsafe fn release(self) -> Result<(), Raised> {
        let _callback_type = Owned(self.callback_type.cast());
        let _set_events = Owned(self.set_events);
        let _set_local_events = Owned(self.set_local_events);
        let register_callback = Owned(self.register_callback);
        let free_tool_id = Owned(self.free_tool_id);
        // SAFETY: ordinary calls under the GIL.
        unsafe {
            for event in Events::all().iter() {
                let event = Owned::new(pyo3_ffi::PyLong_FromLong(event.bits().into()))?;
                call_with_tool(register_callback.0, &[event.0, pyo3_ffi::Py_None()])?;
            }
            call_with_tool(free_tool_id.0, &[])
        }
    }
}

/// The events `code` is instrumented for on our behalf.
pub fn local_events(code: Code) -> Events {
    let mut events = Events::empty();
    for (event, tools) in code.local_monitors().unwrap_or_default().iter().enumerate() {
        if tools & OUR_TOOL != 0 {
            events |= Events::from_bits_truncate(1 << event);
        }
    }
    events
}

/// Our bit in sets of tools.
const OUR_TOOL: u8 = 1 << monitoring::OPTIMIZER_ID;

/// The tools other than ours that `code` reports events to, or will when it runs next: a bit set; 0 if none. `sys.settrace`
/// and `sys.setprofile` are tools too.
///
/// # Safety
/// `interpreter` is the current one, and the GIL is held.
pub unsafe fn other_tools(code: Code, interpreter: *mut PyInterpreterState) -> u8 {
    let local = code.active_monitors().unwrap_or_default();
    let all = local.iter().fold(0, |all, tools| all | tools);
    // SAFETY: passed on to the caller.
    (all | unsafe { interpreter_tools(interpreter) }) & !OUR_TOOL
}

/// The tools that have events set for the whole interpreter: a bit set.
///
/// # Safety
/// `interpreter` is alive, and the GIL is held.
pub unsafe fn interpreter_tools(interpreter: *mut PyInterpreterState) -> u8 {
    // SAFETY: the table is part of the interpreter's state.
    let tools = unsafe {
        interpreter
            .cast::<u8>()
            .offset(interpreter_state::MONITORS as isize)
            .cast::<[u8; monitoring::UNGROUPED_EVENTS as usize]>()
            .read()
    };
    tools.iter().fold(0, |all, tools| all | tools)
}

/// What happens to an exception in a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExceptionEvent {
    /// It leaves the frame.
    Unwind,
    /// It is handled in the frame.
    Handled,
}

/// Reports what happens to the current exception in the current frame, at a code unit. `Err`: a tool raised another.
///
/// # Safety
/// The GIL is held, an exception is set, and `code` is the current frame's.
pub unsafe fn report_exception(
    interpreter: *mut PyInterpreterState,
    event: ExceptionEvent,
    code: Code,
    unit: usize,
) -> Result<(), Raised> {
    let number = match event {
        ExceptionEvent::Unwind => monitoring::EVENT_PY_UNWIND,
        ExceptionEvent::Handled => monitoring::EVENT_EXCEPTION_HANDLED,
    };
    // SAFETY: the table is part of the interpreter's state.
    let tools =
        unsafe { interpreter.cast::<u8>().offset(interpreter_state::MONITORS as isize + number as isize).read() };
    if tools == 0 {
        return Ok(());
    }
    let mut state = [tools, 0];
    let offset = (unit * size_of::<super::CodeUnit>()) as i32;
    let function = match event {
        ExceptionEvent::Unwind => symbols::_PyMonitoring_FirePyUnwindEvent,
        ExceptionEvent::Handled => symbols::_PyMonitoring_FireExceptionHandledEvent,
    };
    // SAFETY: the caller's.
    status(unsafe { function(&raw mut state, code.as_ptr().cast(), offset) })
}

/// Whether a tool other than ours has an id of `sys.monitoring`: it may set events for single code objects, which changes no version.
///
/// # Safety
/// `interpreter` is alive, and the GIL is held.
#[inline]
pub unsafe fn others_in_use(interpreter: *mut PyInterpreterState) -> bool {
    // SAFETY: the table is part of the interpreter's state.
    let names = unsafe {
        interpreter
            .cast::<u8>()
            .offset(interpreter_state::MONITORING_TOOL_NAMES as isize)
            .cast::<[usize; monitoring::OPTIMIZER_ID as usize]>()
            .read()
    };
    names.iter().fold(0, |all, name| all | name) != 0
}

/// `sys.monitoring.use_tool_id`, which gives tools an id, borrowed; null before [`Monitoring::claim`].
pub fn use_tool_id() -> *mut PyObject {
    USE_TOOL_ID.load(Ordering::Relaxed)
}

/// Calls a function of `sys.monitoring` with our tool id and `arguments`.
unsafe fn call_with_tool(function: *mut PyObject, arguments: &[*mut PyObject]) -> Result<(), Raised> {
    // SAFETY: the caller passes live objects and holds the GIL.
    unsafe {
        let tool = Owned::new(pyo3_ffi::PyLong_FromLong(monitoring::OPTIMIZER_ID.into()))?;
        let mut all = [tool.0; 3];
        all[1..=arguments.len()].copy_from_slice(arguments);
        Owned::new(pyo3_ffi::PyObject_Vectorcall(function, all.as_ptr(), arguments.len() + 1, ptr::null_mut()))
            .map(drop)
    }
}

/// An owned reference, released at the end of a scope.
struct Owned(*mut PyObject);

impl Owned {
    fn new(object: *mut PyObject) -> Result<Owned, Raised> {
        if object.is_null() { Err(Raised) } else { Ok(Owned(object)) }
    }

    fn keep(self) -> *mut PyObject {
        let object = self.0;
        std::mem::forget(self);
        object
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        // SAFETY: the reference is ours; this module only uses it under the GIL.
        unsafe { Py_DECREF(self.0) }
    }
}
