//! The way into machine code, and the stubs it leaves through.
//!
//! [`enter`] makes the native stack that every stencil expects and jumps. The stubs are what continuations that leave a code object
//! resolve to (see [`stub`]). Each calls a Rust function that says where to go on; [`finish`] is how native code ends.
//!
//! There are no globals here: everything a stub needs is in its registers and in the [`Activation`] that `rsp` points at.

use super::assembly::{leave_activation, save_registers};
use super::compiled_entry::stub_entry_ended;
use super::entry::ActivationKind;
use super::frames::Resume;
use super::next_entry::stub_next_ended;
use super::{consumer_shim, exit, frames, generators, operator_shim, receive, shim, unreached, unwind};
use pyo3_ffi::PyObject;
use std::arch::naked_asm;
use whipsnake_cpython::live::_PyInterpreterFrame;
use whipsnake_ir::Continuation;
use whipsnake_ir::abi::{ACTIVATION_BASE_FRAME, ACTIVATION_SIZE, ACTIVATION_THREAD_STATE, Activation, Status};

/// What [`enter`] takes off the stack besides the saved registers: what stencils use (0 mod 16), and a word that makes `rsp` 0 mod 16.
pub(super) const ROOM: usize = whipsnake_stencils::STACK_BYTES.next_multiple_of(16) + 8;

/// Offset of the word in which a stub's Rust function leaves the value to go on with.
pub(crate) const VALUE: usize = std::mem::offset_of!(Activation, extra);

const _: () = assert!(whipsnake_stencils::STACK_BYTES >= ACTIVATION_SIZE as usize && ACTIVATION_SIZE == 32);

/// How native code ended: [`Status`] and its value.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Outcome {
    /// Why.
    pub status: Status,
    /// The result or the yielded value, owned; meaningless for the other statuses.
    pub value: *mut PyObject,
}

/// Runs native code at `address` with `frame`, until that frame, the activation's base frame, is done. `argument` is what the code receives, if it
/// does; `kind` is for whoever looks at the activation.
///
/// # Safety
/// `address` is a resume point of the code of `frame`, which is the thread's current frame; the GIL is held.
#[unsafe(naked)]
pub unsafe extern "C" fn enter(
    thread: *mut pyo3_ffi::PyThreadState,
    frame: *mut _PyInterpreterFrame,
    address: *const u8,
    argument: *mut PyObject,
    kind: u64,
) -> Outcome {
    naked_asm!(
        save_registers!(),
        "sub rsp, {room}",
        "mov [rsp + {thread_state}], rdi",
        "mov [rsp + {base_frame}], rsi",
        "mov [rsp + {kind}], r8",
        "mov r15, rsi",
        "mov rdi, rcx",
        "jmp rdx",
        room = const ROOM,
        thread_state = const ACTIVATION_THREAD_STATE,
        base_frame = const ACTIVATION_BASE_FRAME,
        kind = const std::mem::offset_of!(Activation, kind),
    )
}

const _: () = assert!(ActivationKind::GeneratorNext as u64 > ActivationKind::EntryCall as u64);

/// Ends native code: status in `rax`, value in `rdi`.
///
/// # Safety
/// Jumped to by the stubs below only.
#[unsafe(naked)]
unsafe extern "C" fn finish() {
    naked_asm!(
        "cmp qword ptr [rsp + {kind}], {entry_call}",
        "je {entry_ended}",
        "ja {next_ended}",
        "mov rdx, rdi",
        leave_activation!(),
        "ret",
        kind = const std::mem::offset_of!(Activation, kind),
        entry_call = const ActivationKind::EntryCall as u64,
        entry_ended = sym stub_entry_ended,
        next_ended = sym stub_next_ended,
        room = const ROOM,
    )
}

macro_rules! finish_stubs {
    ($($(#[$doc:meta])* $name:ident = $status:ident;)*) => {$(
        $(#[$doc])*
        ///
        /// # Safety
        /// Jumped to by machine code only.
        #[unsafe(naked)]
        pub unsafe extern "C" fn $name() {
            naked_asm!("mov eax, {status}", "jmp {finish}", status = const Status::$status as u32, finish = sym finish)
        }
    )*};
}

finish_stubs! {
    /// Native code ends with [`Status::Return`]; the value is in the first argument register.
    stub_finish_return = Return;
    /// Native code ends with [`Status::Yield`]; the value is in the first argument register.
    stub_finish_yield = Yield;
    /// Native code ends with [`Status::Error`].
    stub_finish_error = Error;
    /// Native code ends with [`Status::Exit`].
    stub_finish_exit = Exit;
}

/// A stub that calls `function(thread state, frame, activation, first argument register)` and goes on where it says, with the value that it left in
/// the activation.
macro_rules! resume_stubs {
    ($($(#[$doc:meta])* $name:ident => $function:path;)*) => {$(
        $(#[$doc])*
        ///
        /// # Safety
        /// Jumped to by machine code only.
        #[unsafe(naked)]
        pub unsafe extern "C" fn $name() {
            naked_asm!(
                "mov rcx, rdi",
                "mov rdi, [rsp + {thread_state}]",
                "mov rsi, r15",
                "mov rdx, rsp",
                "call {function}",
                "mov r15, rdx",
                "mov rdi, [rsp + {value}]",
                "jmp rax",
                thread_state = const ACTIVATION_THREAD_STATE,
                value = const VALUE,
                function = sym $function,
            )
        }
    )*};
}

resume_stubs! {
    /// An exception is set in the current frame.
    stub_error => unwind::error;
    /// An exception is set again; its traceback already has this frame.
    stub_reraise => unwind::reraise;
    /// The current frame goes on in the interpreter.
    stub_exit => exit::exit;
    /// The current frame has come to what had never run when its code was compiled.
    stub_unreached => unreached::unreached;
    /// A result was received, and something wants attention.
    stub_received => receive::received;
    /// `__init__` is done, and the current frame is the one that holds the instance.
    stub_init_return_slow => shim::init_return;
    /// The method of an operator is done, and the current frame is the one below it.
    stub_operator_return => operator_shim::operator_return;
    /// The generator above the current frame, which stands in for a built-in function, has yielded or returned.
    stub_consumed => consumer_shim::consumed;
    /// The current frame is done; its result is in the first argument register. For any frame.
    stub_return_slow => frames::return_value;
    /// What the current frame waits for returned the value in the first argument register, and is gone.
    stub_returned => frames::returned;
    /// The current frame becomes a generator's.
    stub_return_generator => generators::return_generator;
}

/// The type of functions that resume stubs call.
pub(super) type ResumeFunction = unsafe extern "C" fn(
    *mut pyo3_ffi::PyThreadState,
    *mut _PyInterpreterFrame,
    *mut Activation,
    *mut PyObject,
) -> Resume;

const _: [ResumeFunction; 5] =
    [unwind::error, unwind::reraise, exit::exit, frames::return_value, generators::return_generator];

/// The address of what a continuation resolves to; `None` for those that stay in the code object.
pub fn stub(continuation: Continuation) -> Option<usize> {
    let function: unsafe extern "C" fn() = match continuation {
        Continuation::Error => stub_error,
        Continuation::Exit => stub_exit,
        Continuation::Unreached => stub_unreached,
        Continuation::FinishReturn => stub_finish_return,
        Continuation::FinishYield => stub_finish_yield,
        Continuation::Return => super::returns::stub_return,
        Continuation::Reraise => stub_reraise,
        Continuation::ReturnGenerator => stub_return_generator,
        Continuation::Received => stub_received,
        Continuation::YieldThrough => super::delegation::stub_yield_through,
        Continuation::SendThrough => super::delegation::stub_send_through,
        Continuation::Next | Continuation::Target | Continuation::Miss => return None,
    };
    Some(function as usize)
}
