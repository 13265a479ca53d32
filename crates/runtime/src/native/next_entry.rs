//! `tp_iternext` of generators, by hand for those whose code is compiled: what resuming costs decides whether `any(x for x in …)` gains from
//! being compiled. Everything else goes on to [`next_in_general`].

use super::assembly::{leave_activation, save_registers, unless_deep, unless_watched};
use super::code::{DETACHED, SLOT_OFFSET};
use super::delegation::stub_send_through;
use super::entry::{ActivationKind, EVALUATION_UNITS, LOW_C_RECURSION};
use super::generator_entry::{next_ended, next_in_general};
use super::trampoline::ROOM;
use pyo3_ffi::PyObject;
use std::arch::naked_asm;
use whipsnake_cpython::layout::{
    code, code_extra, exc_stack_item, frame, generator, interpreter_state, runtime, thread_state,
};
use whipsnake_cpython::live::HOLDER;
use whipsnake_cpython::live::symbols::{_Py_NoneStruct, _PyRuntime};
use whipsnake_ir::abi::{ACTIVATION_BASE_FRAME, ACTIVATION_THREAD_STATE, Activation, Status, compiled};

const _: () = assert!(generator::FRAME_SUSPENDED_YIELD_FROM < generator::FRAME_EXECUTING);

/// What to multiply offsets of code with for those of resume points, beyond code units' two bytes.
const SCALE: i32 = 1 << (compiled::RESUME_POINT_SHIFT - code::UNIT_SIZE.trailing_zeros());

/// `tp_iternext` of generators.
///
/// # Safety
/// A generator; the GIL is held.
#[unsafe(naked)]
pub(super) unsafe extern "C" fn next(object: *mut PyObject) -> *mut PyObject {
    naked_asm!(
        "cmp byte ptr [rdi + {state}], {executing}",
        "jge {general}",
        // rax is the code, r9 its compiled code, r8 the thread state, rcx the interpreter.
        "mov rax, [rdi + {executable}]",
        "mov rcx, [rax + {co_extra}]",
        "test rcx, rcx",
        "je {general}",
        "mov rdx, [rip + {slot_offset}]",
        "mov rsi, [rcx + {size}]",
        "lea rsi, [rsi*8 + {extras}]",
        "cmp rsi, rdx",
        "jle {general}",
        // In the only interpreter there is, or was ever since others ended. Who has its GIL is this thread.
        "mov r9, [rip + {holder}@GOTPCREL]",
        "mov r9, [r9]",
        "test r9, r9",
        "je {general}",
        "mov r8, [r9]",
        "mov r9, [rcx + rdx]",
        "mov rcx, [r8 + {interp}]",
        "mov rdx, [rip + {runtime}@GOTPCREL]",
        "cmp rcx, [rdx + {head}]",
        "jne {general}",
        "test r9, r9",
        "je {general}",
        "cmp byte ptr [r9 + {detached}], 0",
        "jne {general}",
        unless_watched!("rcx", "r11", "{general}"),
        unless_deep!("r8", "{general}"),
        // rdx becomes the address where it goes on.
        "mov rdx, [rdi + {instr_ptr}]",
        "sub rdx, rax",
        "mov r11, [r9 + {resume_points}]",
        "mov edx, [r11 + rdx*{scale} + {entry_point}]",
        "test edx, edx",
        "je {general}",
        "add rdx, [r9 + {base}]",
        // In the middle of `yield from`, nobody looks later whether the code is still good.
        "cmp byte ptr [rdi + {state}], {delegating}",
        "je 3f",
        save_registers!(),
        "sub rsp, {room}",
        "lea r15, [rdi + {iframe}]",
        // `None` is received; it is immortal.
        "movsxd rcx, dword ptr [rdi + {stacktop}]",
        "mov rax, [rip + {none}@GOTPCREL]",
        "mov [r15 + rcx*8 + {localsplus}], rax",
        "mov dword ptr [rdi + {stacktop}], -1",
        "mov byte ptr [rdi + {state}], {executing}",
        "mov rcx, [r8 + {exc_info}]",
        "mov [rdi + {previous_item}], rcx",
        "lea rcx, [rdi + {exc_state}]",
        "mov [r8 + {exc_info}], rcx",
        "mov rcx, [r8 + {current_frame}]",
        "mov [rdi + {previous}], rcx",
        "mov [r8 + {current_frame}], r15",
        "sub dword ptr [r8 + {py_recursion}], 1",
        "sub dword ptr [r8 + {c_recursion}], {units}",
        "mov [rsp + {thread_state}], r8",
        "mov [rsp + {base_frame}], r15",
        "mov qword ptr [rsp + {kind}], {generator_next}",
        "xor edi, edi",
        "jmp rdx",
        "3:",
        "mov rcx, [r8 + {eval_breaker}]",
        "cmp rcx, [r9 + {valid_version}]",
        "jne {general}",
        save_registers!(),
        "sub rsp, {room}",
        "add rdi, {iframe}",
        "movsxd rcx, dword ptr [rdi + {frame_stacktop}]",
        "mov rax, [rip + {none}@GOTPCREL]",
        "mov [rdi + rcx*8 + {localsplus}], rax",
        "mov r15, [r8 + {current_frame}]",
        "sub dword ptr [r8 + {c_recursion}], {units}",
        "mov [rsp + {thread_state}], r8",
        "mov [rsp + {base_frame}], rdi",
        "mov qword ptr [rsp + {kind}], {generator_next}",
        "jmp {send_through}",
        send_through = sym stub_send_through,
        eval_breaker = const thread_state::EVAL_BREAKER,
        valid_version = const compiled::VALID_VERSION,
        frame_stacktop = const frame::STACKTOP,
        general = sym next_in_general,
        holder = sym HOLDER,
        runtime = sym _PyRuntime,
        slot_offset = sym SLOT_OFFSET,
        none = sym _Py_NoneStruct,
        state = const generator::FRAME_STATE,
        executing = const generator::FRAME_EXECUTING,
        delegating = const generator::FRAME_SUSPENDED_YIELD_FROM,
        iframe = const generator::IFRAME,
        executable = const generator::IFRAME + frame::EXECUTABLE,
        instr_ptr = const generator::IFRAME + frame::INSTR_PTR,
        stacktop = const generator::IFRAME + frame::STACKTOP,
        previous = const generator::IFRAME + frame::PREVIOUS,
        localsplus = const frame::LOCALSPLUS,
        exc_state = const generator::EXC_STATE,
        previous_item = const generator::EXC_STATE + exc_stack_item::PREVIOUS_ITEM,
        co_extra = const code::CO_EXTRA,
        size = const code_extra::CE_SIZE,
        extras = const code_extra::CE_EXTRAS,
        detached = const DETACHED,
        resume_points = const compiled::RESUME_POINTS,
        scale = const SCALE,
        entry_point = const compiled::ENTRY_POINT - code::CODE_ADAPTIVE * SCALE,
        base = const compiled::BASE,
        head = const runtime::INTERPRETERS_HEAD,
        interp = const thread_state::INTERP,
        eval_frame = const interpreter_state::EVAL_FRAME,
        tool_names = const interpreter_state::MONITORING_TOOL_NAMES,
        low = const LOW_C_RECURSION,
        units = const EVALUATION_UNITS,
        c_recursion = const thread_state::C_RECURSION_REMAINING,
        py_recursion = const thread_state::PY_RECURSION_REMAINING,
        exc_info = const thread_state::EXC_INFO,
        current_frame = const thread_state::CURRENT_FRAME,
        room = const ROOM,
        thread_state = const ACTIVATION_THREAD_STATE,
        base_frame = const ACTIVATION_BASE_FRAME,
        kind = const std::mem::offset_of!(Activation, kind),
        generator_next = const ActivationKind::GeneratorNext as u64,
    )
}

/// Native code of such a generator has ended: status in `rax`, value in `rdi`. One that yields is suspended as the interpreter does it.
///
/// # Safety
/// Jumped to by [`finish`](super::trampoline) only.
#[unsafe(naked)]
pub(super) unsafe extern "C" fn stub_next_ended() {
    naked_asm!(
        "mov r8, [rsp + {thread_state}]",
        "mov rsi, [rsp + {base_frame}]",
        "cmp eax, {yielded}",
        "jne 2f",
        // The instruction's operand says whether it is that of a `yield from` or `await`.
        "mov rcx, [rsi + {instr_ptr}]",
        "movzx eax, byte ptr [rcx + 1]",
        "add eax, {suspended}",
        "mov [rsi + {state}], al",
        "add rcx, {unit}",
        "mov [rsi + {instr_ptr}], rcx",
        "mov rcx, [rsi + {previous_item}]",
        "mov [r8 + {exc_info}], rcx",
        "mov rdx, [rsi + {previous}]",
        "mov [r8 + {current_frame}], rdx",
        "xor eax, eax",
        "mov [rsi + {previous_item}], rax",
        "mov [rsi + {previous}], rax",
        "add dword ptr [r8 + {py_recursion}], 1",
        "add dword ptr [r8 + {c_recursion}], {units}",
        "mov rax, rdi",
        leave_activation!(),
        "ret",
        "2:",
        "mov rcx, rdi",
        "mov rdi, r8",
        "mov edx, eax",
        leave_activation!(),
        "jmp {ended}",
        ended = sym next_ended,
        yielded = const Status::Yield as u32,
        suspended = const generator::FRAME_SUSPENDED,
        unit = const code::UNIT_SIZE,
        state = const generator::FRAME_STATE - generator::IFRAME,
        previous_item = const generator::EXC_STATE + exc_stack_item::PREVIOUS_ITEM - generator::IFRAME,
        instr_ptr = const frame::INSTR_PTR,
        previous = const frame::PREVIOUS,
        units = const EVALUATION_UNITS,
        c_recursion = const thread_state::C_RECURSION_REMAINING,
        py_recursion = const thread_state::PY_RECURSION_REMAINING,
        exc_info = const thread_state::EXC_INFO,
        current_frame = const thread_state::CURRENT_FRAME,
        room = const ROOM,
        thread_state = const ACTIVATION_THREAD_STATE,
        base_frame = const ACTIVATION_BASE_FRAME,
    )
}
