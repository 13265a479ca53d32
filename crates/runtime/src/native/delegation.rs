//! Generators in generators: what `yield from` and `await` hand on, written by hand, for as many as there are in each other.
//!
//! Each generator that delegates waits at its `SEND`. What the innermost yields is yielded again by all of them, up to the one that does something with
//! it; and when that wants the next value, all are resumed, down to the innermost. That is a few stores for each, and no code of theirs runs: they are suspended
//! and linked here in one go. Whoever looks in between sees what the interpreter would show.
//!
//! What is to be stored is known of the code, and in its resume points where nothing is received: at a `SEND` how much of the stack is in use while the generator is
//! suspended there, and at the `RESUME` in its loop the word at `return_offset` while it waits (`abi::compiled::DELEGATES`). Code that is looked at by others has a
//! version that is not in force. What the thread state has is written once, at the end.

use super::code::SLOT_OFFSET;
use super::tools::WATCHFUL;
use super::trampoline::stub_finish_yield;
use pyo3_ffi::{PyCoro_Type, PyGen_Type};
use std::arch::naked_asm;
use whipsnake_cpython::layout::{code, code_extra, exc_stack_item, frame, generator, object, thread_state};
use whipsnake_ir::abi::{ACTIVATION_BASE_FRAME, ACTIVATION_THREAD_STATE, compiled};

const _: () = assert!(frame::OWNER == frame::RETURN_OFFSET + 2 && frame::LOCALSPLUS == frame::RETURN_OFFSET + 4);
const _: () = assert!(compiled::DELEGATES == 1 << 31, "it is the sign");

/// What to multiply offsets of code with for those of resume points, beyond code units' two bytes.
const SCALE: i32 = 1 << (compiled::RESUME_POINT_SHIFT - code::UNIT_SIZE.trailing_zeros());

/// From the `SEND` to the `YIELD_VALUE` after it, and from that to the `RESUME`.
const TO_YIELD: i32 = compiled::SEND_TO_YIELD * code::UNIT_SIZE;
const TO_RESUME: i32 = compiled::SEND_TO_RESUME * code::UNIT_SIZE;

/// [`Continuation::YieldThrough`](whipsnake_ir::Continuation::YieldThrough): the value is in `rdi`.
///
/// # Safety
/// Jumped to by machine code only; the current frame is that of a generator or coroutine.
#[unsafe(naked)]
pub(super) unsafe extern "C" fn stub_yield_through() {
    naked_asm!(
        "mov r10, [rsp + {base_frame}]",
        "cmp r15, r10",
        "je {finish}",
        "mov r12, [rsp + {thread_state}]",
        "add qword ptr [r15 + {instr_ptr}], {unit}",
        // The code whose resume points, r11, were looked at last; how many were suspended; nothing.
        "xor r13d, r13d",
        "xor r9d, r9d",
        "xor ebx, ebx",
        // r15 has its place and its stack in memory; r8 becomes what is handled below it.
        "2:",
        "mov r14, [r15 + {previous}]",
        "mov r8, [r15 + {previous_item}]",
        "mov byte ptr [r15 + {state}], {delegating}",
        "mov [r15 + {previous_item}], rbx",
        "mov [r15 + {previous}], rbx",
        "add r9d, 1",
        "mov r15, r14",
        // Who waits for it.
        "mov rsi, [r15 + {instr_ptr}]",
        "mov rdx, [r15 + {executable}]",
        "cmp rdx, r13",
        "jne 6f",
        "3:",
        "mov rcx, rsi",
        "sub rcx, rdx",
        "mov eax, [r11 + rcx*{scale} + {point}]",
        "test eax, eax",
        "jns 5f",
        "add eax, {delegates}",
        "mov [r15 + {stacktop}], eax",
        "cmp r15, r10",
        "je 4f",
        "add rsi, {to_resume}",
        "mov [r15 + {instr_ptr}], rsi",
        "jmp 2b",
        // The last frame of this activation yields to C code.
        "4:",
        "add rsi, {to_yield}",
        "mov [r15 + {instr_ptr}], rsi",
        "mov [r12 + {exc_info}], r8",
        "add [r12 + {py_recursion}], r9d",
        "mov [r12 + {current_frame}], r15",
        "jmp {finish}",
        "5:",
        "mov [r12 + {exc_info}], r8",
        "add [r12 + {py_recursion}], r9d",
        "mov [r12 + {current_frame}], r15",
        "mov rcx, [rdx + {co_extra}]",
        "mov rax, [rip + {slot_offset}]",
        "mov rcx, [rcx + rax]",
        "sub rsi, rdx",
        "mov rax, [rcx + {resume_points}]",
        "mov eax, [rax + rsi*{scale} + {receive}]",
        "add rax, [rcx + {base}]",
        "jmp rax",
        // Other code than the last. If anything is pending, the value is received as ever, and that looked after.
        "6:",
        "mov rcx, [rdx + {co_extra}]",
        "mov rax, [rip + {slot_offset}]",
        "mov rcx, [rcx + rax]",
        "mov rax, [r12 + {eval_breaker}]",
        "cmp rax, [rcx + {valid_version}]",
        "jne 5b",
        "mov r13, rdx",
        "mov r11, [rcx + {resume_points}]",
        "jmp 3b",
        finish = sym stub_finish_yield,
        slot_offset = sym SLOT_OFFSET,
        thread_state = const ACTIVATION_THREAD_STATE,
        base_frame = const ACTIVATION_BASE_FRAME,
        previous = const frame::PREVIOUS,
        instr_ptr = const frame::INSTR_PTR,
        executable = const frame::EXECUTABLE,
        stacktop = const frame::STACKTOP,
        unit = const code::UNIT_SIZE,
        to_yield = const TO_YIELD,
        to_resume = const TO_RESUME,
        delegates = const compiled::DELEGATES as i32,
        state = const generator::FRAME_STATE - generator::IFRAME,
        delegating = const generator::FRAME_SUSPENDED_YIELD_FROM,
        previous_item = const generator::EXC_STATE + exc_stack_item::PREVIOUS_ITEM - generator::IFRAME,
        co_extra = const code::CO_EXTRA,
        exc_info = const thread_state::EXC_INFO,
        py_recursion = const thread_state::PY_RECURSION_REMAINING,
        current_frame = const thread_state::CURRENT_FRAME,
        eval_breaker = const thread_state::EVAL_BREAKER,
        valid_version = const compiled::VALID_VERSION,
        resume_points = const compiled::RESUME_POINTS,
        base = const compiled::BASE,
        scale = const SCALE,
        point = const compiled::RECEIVE - code::CODE_ADAPTIVE * SCALE,
        receive = const compiled::RECEIVE + (TO_YIELD - code::CODE_ADAPTIVE) * SCALE,
    )
}

/// [`Continuation::SendThrough`](whipsnake_ir::Continuation::SendThrough): the frame is in `rdi`. The generator can be entered, and the value that is sent is
/// in the stack slot that its `stacktop` names.
///
/// # Safety
/// Jumped to by machine code only.
#[unsafe(naked)]
pub(super) unsafe extern "C" fn stub_send_through() {
    naked_asm!(
        "mov r12, [rsp + {thread_state}]",
        "lea rsi, [rdi - {iframe}]",
        "movsxd rax, dword ptr [rsi + {stacktop}]",
        "mov rdi, [rsi + rax*8 + {slots}]",
        "mov r13, [rsi + {executable}]",
        "mov rcx, [r13 + {co_extra}]",
        "mov rax, [rip + {slot_offset}]",
        "mov rcx, [rcx + rax]",
        "mov r11, [rcx + {resume_points}]",
        "mov rbx, [rsi + {instr_ptr}]",
        "sub rbx, r13",
        "lea rbx, [r11 + rbx*{scale} + {first_point}]",
        "mov r10, [r12 + {exc_info}]",
        "mov r14d, [r12 + {py_recursion}]",
        "movsxd r12, dword ptr [rsi + {stacktop}]",
        // In the middle of `yield from` only tools are looked for.
        "cmp byte ptr [rip + {watchful}], 0",
        "jne 9f",
        // rsi is a generator that can be entered, to be linked above the frame r15; rbx the point where it goes on; r13 code, and r11 its points; r10 what is
        // handled below it; r14 how many calls there may still be; rdi what is sent.
        "2:",
        "cmp byte ptr [rsi + {state}], {delegating}",
        "jne 9f",
        "mov ecx, [rbx + {receive}]",
        "test ecx, ecx",
        "jns 9f",
        // r8 is what it delegates to, r9 the code of that, rdx the point where that goes on. Where that is on the stack is taken to be as with the last, r12: so
        // the processor need not wait for one load before the next.
        "cmp [rsi + {stacktop}], r12d",
        "jne 8f",
        "7:",
        "mov r8, [rsi + r12*8 + {slots} - 8]",
        "mov rax, [r8 + {ob_type}]",
        "cmp rax, [rip + {generator_type}@GOTPCREL]",
        "jne 5f",
        "3:",
        "cmp byte ptr [r8 + {state}], {executing}",
        "jge 9f",
        "mov r9, [r8 + {executable}]",
        "cmp r9, r13",
        "jne 6f",
        "4:",
        "mov rdx, [r8 + {instr_ptr}]",
        "sub rdx, r9",
        "lea rdx, [r11 + rdx*{scale} + {first_point}]",
        "cmp dword ptr [rdx + {entry_point}], 0",
        "je 9f",
        "cmp r14d, 1",
        "jle 9f",
        // It waits at its SEND.
        "mov [rsi + {return_offset}], ecx",
        "sub qword ptr [rsi + {instr_ptr}], {to_resume}",
        "mov dword ptr [rsi + {stacktop}], -1",
        "mov byte ptr [rsi + {state}], {executing}",
        "mov [rsi + {previous_item}], r10",
        "lea r10, [rsi + {exc_state}]",
        "mov [rsi + {previous}], r15",
        "lea r15, [rsi + {iframe}]",
        "sub r14d, 1",
        "mov rsi, r8",
        "mov rbx, rdx",
        "jmp 2b",
        "5:",
        "cmp rax, [rip + {coroutine_type}@GOTPCREL]",
        "je 3b",
        "jmp 9f",
        "8:",
        "movsxd r12, dword ptr [rsi + {stacktop}]",
        "jmp 7b",
        // Other code than the last.
        "6:",
        "mov rcx, [r9 + {co_extra}]",
        "test rcx, rcx",
        "je 9f",
        "mov rax, [rip + {slot_offset}]",
        "mov rdx, [rcx + {size}]",
        "lea rdx, [rdx*8 + {extras}]",
        "cmp rdx, rax",
        "jle 9f",
        "mov rdx, [rcx + rax]",
        "test rdx, rdx",
        "je 9f",
        "mov r13, r9",
        "mov r11, [rdx + {resume_points}]",
        "mov ecx, [rbx + {receive}]",
        "jmp 4b",
        // It goes on by itself.
        "9:",
        "mov r12, [rsp + {thread_state}]",
        "mov rdx, [rsi + {executable}]",
        "mov rcx, [rdx + {co_extra}]",
        "mov rax, [rip + {slot_offset}]",
        "mov rcx, [rcx + rax]",
        "mov edx, [rbx + {entry_point}]",
        "add rdx, [rcx + {base}]",
        "movsxd rax, dword ptr [rsi + {stacktop}]",
        "mov [rsi + rax*8 + {slots}], rdi",
        "mov dword ptr [rsi + {stacktop}], -1",
        "mov byte ptr [rsi + {state}], {executing}",
        "mov [rsi + {previous_item}], r10",
        "lea r10, [rsi + {exc_state}]",
        "mov [r12 + {exc_info}], r10",
        "mov [rsi + {previous}], r15",
        "lea r15, [rsi + {iframe}]",
        "mov [r12 + {current_frame}], r15",
        "sub r14d, 1",
        "mov [r12 + {py_recursion}], r14d",
        "jmp rdx",
        slot_offset = sym SLOT_OFFSET,
        watchful = sym WATCHFUL,
        generator_type = sym PyGen_Type,
        coroutine_type = sym PyCoro_Type,
        thread_state = const ACTIVATION_THREAD_STATE,
        ob_type = const object::OB_TYPE,
        previous = const generator::IFRAME + frame::PREVIOUS,
        instr_ptr = const generator::IFRAME + frame::INSTR_PTR,
        executable = const generator::IFRAME + frame::EXECUTABLE,
        stacktop = const generator::IFRAME + frame::STACKTOP,
        slots = const generator::IFRAME + frame::LOCALSPLUS,
        return_offset = const generator::IFRAME + frame::RETURN_OFFSET,
        to_resume = const TO_RESUME,
        state = const generator::FRAME_STATE,
        delegating = const generator::FRAME_SUSPENDED_YIELD_FROM,
        executing = const generator::FRAME_EXECUTING,
        iframe = const generator::IFRAME,
        exc_state = const generator::EXC_STATE,
        previous_item = const generator::EXC_STATE + exc_stack_item::PREVIOUS_ITEM,
        co_extra = const code::CO_EXTRA,
        size = const code_extra::CE_SIZE,
        extras = const code_extra::CE_EXTRAS,
        exc_info = const thread_state::EXC_INFO,
        py_recursion = const thread_state::PY_RECURSION_REMAINING,
        current_frame = const thread_state::CURRENT_FRAME,
        resume_points = const compiled::RESUME_POINTS,
        base = const compiled::BASE,
        scale = const SCALE,
        first_point = const -code::CODE_ADAPTIVE * SCALE,
        entry_point = const compiled::ENTRY_POINT,
        receive = const compiled::RECEIVE,
    )
}
