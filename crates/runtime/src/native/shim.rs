//! The frame below a Python `__init__` that was entered by a call of its class: it holds the instance, which is the result of the call.
//!
//! The interpreter has such a frame too, which runs a code object of its own (`_Py_InitCleanup`). That is not exported, so this makes one like it: two
//! instructions, never traceable, so that nobody sees the frame. Native code never runs its bytecode: the frame's only resume point is a stub.

use super::code::{self, CompiledCode};
use super::frames::{self, Resume};
use super::raw::{release, retain, set};
use super::returns::stub_return;
use super::{new_chunks, trampoline, unwind};
use crate::memory::Placed;
use pyo3_ffi::{PyObject, PyThreadState};
use std::arch::naked_asm;
use std::ptr;
use std::sync::OnceLock;
use whipsnake_cpython::layout::{code as code_layout, frame as layout, thread_state};
use whipsnake_cpython::live::{_PyInterpreterFrame, Code, CodeUnit, Frame, ThreadState, symbols};
use whipsnake_cpython::opcode as op;
use whipsnake_ir::abi::{ACTIVATION_THREAD_STATE, Activation, STACKTOP_RETURN_ADDRESS};

/// The value stack: the instance, what `__init__` returned, and above them [`UNCOUNTED`].
const STACK_SIZE: i32 = 3;

/// The slot with the word that says how many levels of recursion were not counted.
const UNCOUNTED: usize = 2;

struct Shim(Code);

// SAFETY: the code object is never freed, and only used with the GIL held.
unsafe impl Send for Shim {}
// SAFETY: as above.
unsafe impl Sync for Shim {}

static SHIM: OnceLock<Shim> = OnceLock::new();

/// The one below the method of an operator, whose result goes to what [`operator_shim`](super::operator_shim) says.
static OPERATOR: OnceLock<Shim> = OnceLock::new();

/// The one below a generator whose body was inlined into the built-in function that goes through it: its first two slots are what that has so far, see
/// [`consumer_shim`](super::consumer_shim).
static CONSUMER: OnceLock<Shim> = OnceLock::new();

/// The code object of such frames, made at the first call. `None` if that failed; no exception is set then.
///
/// # Safety
/// The GIL is held.
pub unsafe fn code_object() -> Option<Code> {
    // SAFETY: the caller's.
    unsafe { made_once(&SHIM, stub_init_return as *const u8) }
}

/// The code object of the frames below methods of operators, likewise. They have `None` for an instance.
///
/// # Safety
/// The GIL is held.
pub unsafe fn operator_code() -> Option<Code> {
    // SAFETY: the caller's.
    unsafe { made_once(&OPERATOR, trampoline::stub_operator_return as *const u8) }
}

/// The code object of the frames below generators that a built-in function goes through, likewise. They have `None` for an instance.
///
/// # Safety
/// The GIL is held.
pub unsafe fn consumer_code() -> Option<Code> {
    // SAFETY: the caller's.
    unsafe { made_once(&CONSUMER, trampoline::stub_consumed as *const u8) }
}

/// Whether the frame stands in for C code that an instruction has called: one below the method of an operator, or below such a generator.
pub fn is_for_c_code(frame: Frame) -> bool {
    is_operator(frame) || is_of(&CONSUMER, frame)
}

/// Whether it is one below the method of an operator.
pub fn is_operator(frame: Frame) -> bool {
    is_of(&OPERATOR, frame)
}

fn is_of(shim: &OnceLock<Shim>, frame: Frame) -> bool {
    shim.get().is_some_and(|shim| shim.0.as_ptr() == frame.executable().cast())
}

unsafe fn made_once(shim: &OnceLock<Shim>, stub: *const u8) -> Option<Code> {
    if let Some(shim) = shim.get() {
        return Some(shim.0);
    }
    // SAFETY: the GIL is held.
    if !unsafe { new_chunks::prepare() } {
        return None;
    }
    // SAFETY: the GIL is held.
    match unsafe { make(stub) } {
        Some(code) => Some(shim.get_or_init(|| Shim(code)).0),
        None => {
            // SAFETY: as above.
            unsafe { pyo3_ffi::PyErr_Clear() };
            None
        }
    }
}

unsafe fn make(stub: *const u8) -> Option<Code> {
    // SAFETY: the code object is new, nobody else has it, and it has room for three code units.
    unsafe {
        let object = pyo3_ffi::PyCode_NewEmpty(c"<frozen>".as_ptr(), c"__init__".as_ptr(), 1);
        let code = Code::new(object.cast())?;
        debug_assert!(code.len() >= 3);
        let units = code.instructions();
        for (index, op) in [op::EXIT_INIT_CHECK, op::RETURN_VALUE, op::RESUME].into_iter().enumerate() {
            units.add(index).write(CodeUnit { op, arg: 0 });
        }
        let flags = code_layout::CO_OPTIMIZED | code_layout::CO_NO_MONITORING_EVENTS;
        set(code.as_ptr(), code_layout::FLAGS, flags);
        set(code.as_ptr(), code_layout::STACKSIZE, STACK_SIZE);
        set(code.as_ptr(), code_layout::FRAMESIZE, STACK_SIZE + layout::SPECIALS_SIZE);
        set(code.as_ptr(), code_layout::FIRSTTRACEABLE, code.len() as i32 + 1);
        code::attach(code, Placed::new(CompiledCode::of_stub(code, stub, UNCOUNTED as u8))).ok()?;
        Some(code)
    }
}

/// Words of such a frame, with the one for its return address.
pub const FRAME_WORDS: usize = (STACK_SIZE + layout::SPECIALS_SIZE) as usize + 1;

/// Pushes the frame with `instance` (taken) on its stack and links it above `caller`, which receives the instance at `back`. `None` without memory, and nothing
/// has changed then.
///
/// The interpreter counts such a frame as a level of recursion where it has one: if `__init__` takes exactly the arguments given. Else it calls
/// `__init__` through the class, which is no level of its own, so the frame is not `counted`: a word above its stack remembers that.
///
/// # Safety
/// `caller` is the current frame; the GIL is held.
#[inline]
pub unsafe fn push(
    thread: ThreadState,
    code: Code,
    caller: *mut _PyInterpreterFrame,
    instance: *mut PyObject,
    back: *const u8,
    counted: bool,
) -> Option<Frame> {
    // SAFETY: the caller's; every field of the frame is written.
    unsafe {
        let mut memory = thread.allocate_frame(FRAME_WORDS);
        if memory.is_null() {
            memory = new_chunks::frame(thread)?;
        }
        memory.cast::<*const u8>().add(FRAME_WORDS - 1).write(back);
        let frame = Frame::new_unchecked(memory);
        set(memory, layout::EXECUTABLE, retain(code.as_ptr().cast()));
        frame.set_previous(caller);
        set(memory, layout::FUNCOBJ, pyo3_ffi::Py_None());
        for offset in [layout::GLOBALS, layout::BUILTINS, layout::LOCALS, layout::FRAME_OBJ] {
            set(memory, offset, ptr::null_mut::<PyObject>());
        }
        frame.set_instr_ptr(code.instructions());
        set(memory, layout::STACKTOP, STACKTOP_RETURN_ADDRESS);
        set(memory, layout::RETURN_OFFSET, 0u16);
        set(memory, layout::OWNER, layout::OWNED_BY_THREAD);
        frame.localsplus().write(instance);
        frame.localsplus().add(UNCOUNTED).cast::<u64>().write(u64::from(!counted));
        thread.set_current_frame(memory);
        thread.set_py_recursion_remaining(thread.py_recursion_remaining() - i32::from(counted));
        Some(frame)
    }
}

/// Counts such a frame that was not counted, before it is popped as any other.
///
/// # Safety
/// `frame` is one that [`push`] made, with only the instance on its stack; the GIL is held.
pub(super) unsafe fn settle(thread: ThreadState, frame: Frame) {
    // SAFETY: the caller's.
    unsafe {
        let uncounted = frame.localsplus().add(UNCOUNTED).cast::<u64>();
        thread.set_py_recursion_remaining(thread.py_recursion_remaining() - uncounted.read() as i32);
        uncounted.write(0);
    }
}

/// [`settle`] for a frame that an exception leaves, if it is such a frame.
///
/// # Safety
/// `frame` is the current frame, which native code runs; the GIL is held.
pub unsafe fn settle_if_shim(thread: ThreadState, frame: Frame) {
    if is_for_c_code(frame) || is_of(&SHIM, frame) {
        // SAFETY: the caller's, and only `push` makes frames of this code object.
        unsafe { settle(thread, frame) };
    }
}

/// `__init__` returned to such a frame, whose caller gets the instance.
///
/// # Safety
/// Jumped to by machine code only.
#[unsafe(naked)]
pub unsafe extern "C" fn stub_init_return() {
    naked_asm!(
        "mov rax, [rip + {none}@GOTPCREL]",
        "cmp rdi, rax",
        "jne {slow}",
        "mov rcx, [rsp + {thread_state}]",
        "mov eax, [r15 + {uncounted}]",
        "sub dword ptr [rcx + {py_recursion}], eax",
        "mov rdi, [r15 + {instance}]",
        "jmp {stub_return}",
        none = sym symbols::_Py_NoneStruct,
        slow = sym trampoline::stub_init_return_slow,
        thread_state = const ACTIVATION_THREAD_STATE,
        uncounted = const layout::LOCALSPLUS as usize + UNCOUNTED * 8,
        py_recursion = const thread_state::PY_RECURSION_REMAINING,
        instance = const layout::LOCALSPLUS,
        stub_return = sym stub_return,
    )
}

/// `stub_init_return_slow`: `__init__` returned `value` to such a frame.
///
/// # Safety
/// Called by the stub only.
pub(super) unsafe extern "C" fn init_return(
    thread: *mut PyThreadState,
    frame: *mut _PyInterpreterFrame,
    activation: *mut Activation,
    value: *mut PyObject,
) -> Resume {
    // SAFETY: the stub passes the live thread state, the current frame and its activation.
    unsafe {
        let slots = Frame::new_unchecked(frame).localsplus();
        settle(ThreadState::new_unchecked(thread), Frame::new_unchecked(frame));
        if value == pyo3_ffi::Py_None() {
            release(value);
            return frames::return_value(thread, frame, activation, slots.read());
        }
        slots.add(1).write(value);
        complain(value);
        unwind::error(thread, frame, activation, ptr::null_mut())
    }
}

/// Raises what an `__init__` is told that has returned something else than `None`.
///
/// # Safety
/// A live object, the GIL held.
pub(crate) unsafe fn complain(value: *mut PyObject) {
    // SAFETY: the caller's.
    unsafe {
        let text = c"__init__() should return None, not '%.200s'".as_ptr();
        pyo3_ffi::PyErr_Format(pyo3_ffi::PyExc_TypeError, text, (*pyo3_ffi::Py_TYPE(value)).tp_name);
    }
}
