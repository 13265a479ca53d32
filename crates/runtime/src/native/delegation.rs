//! Generators in generators: what `yield from` and `await` hand on, written by hand, for as many as there are in each other.
//!
//! Each generator that delegates waits at its `SEND`. What the innermost yields is yielded again by all of them, up to the one that does something with
//! it; and when that wants the next value, all are resumed, down to the innermost. That is a few stores for each, and no code of theirs runs: they are suspended
//! and linked here in one go. Whoever looks in between sees what the interpreter would show.
//!
//! What the interpreter needs to know of a suspended generator is how much of its stack is in use. `SEND` notes that in a byte of the frame behind the word
//! at `return_offset`, which the interpreter does not use.

use super::code::SLOT_OFFSET;
use super::tools::WATCHFUL;
use super::trampoline::stub_finish_yield;
use pyo3_ffi::{PyCoro_Type, PyGen_Type};
use std::arch::naked_asm;
use whipsnake_cpython::layout::{code, code_extra, exc_stack_item, frame, generator, object, thread_state};
use whipsnake_cpython::opcode as op;
use whipsnake_ir::abi::{ACTIVATION_BASE_FRAME, ACTIVATION_THREAD_STATE, compiled};

/// The byte of a frame with the depth of its stack at a `SEND`.
const DEPTH: i32 = frame::OWNER + 1;

const _: () = assert!(frame::OWNER == frame::RETURN_OFFSET + 2 && frame::LOCALSPLUS == frame::RETURN_OFFSET + 4);

/// What to multiply offsets of code with for those of resume points, beyond code units' two bytes.
const SCALE: i32 = 1 << (compiled::RESUME_POINT_SHIFT - code::UNIT_SIZE.trailing_zeros());

/// From the `SEND` to the `YIELD_VALUE` after it, and from that to the `RESUME` and the jump back to the `SEND`.
const TO_YIELD: i32 = 2 * code::UNIT_SIZE;
const FROM_RESUME: i32 = TO_YIELD + code::UNIT_SIZE;

/// Code units as the loop of `yield from` and `await` has them: the `YIELD_VALUE`, and the jump back, over itself and the four units in front of it.
const YIELDS: u32 = op::YIELD_VALUE as u32 | op::operand::YIELD_DELEGATING << 8;
const JUMPS_BACK: u32 = op::JUMP_BACKWARD_NO_INTERRUPT as u32 | 5 << 8;

/// [`Continuation::YieldThrough`](whipsnake_ir::Continuation::YieldThrough): the value is in `rdi`.
///
/// # Safety
/// Jumped to by machine code only; the current frame is that of a generator or coroutine.
#[unsafe(naked)]
pub(super) unsafe extern "C" fn stub_yield_through() {
    naked_asm!(
        "mov r12, [rsp + {thread_state}]",
        // The code whose machine code, r11, was looked at last.
        "xor r13d, r13d",
        "2:",
        "cmp r15, [rsp + {base_frame}]",
        "je {finish}",
        "mov r14, [r15 + {previous}]",
        "add qword ptr [r15 + {instr_ptr}], {unit}",
        "mov byte ptr [r15 + {state}], {delegating}",
        "mov rax, [r15 + {previous_item}]",
        "mov [r12 + {exc_info}], rax",
        "xor eax, eax",
        "mov [r15 + {previous_item}], rax",
        "mov [r15 + {previous}], rax",
        "add dword ptr [r12 + {py_recursion}], 1",
        "mov [r12 + {current_frame}], r14",
        "mov r15, r14",
        // Who waits for it.
        "mov rsi, [r15 + {instr_ptr}]",
        "mov rdx, [r15 + {executable}]",
        "cmp rdx, r13",
        "je 3f",
        "mov rcx, [rdx + {co_extra}]",
        "mov rax, [rip + {slot_offset}]",
        "mov r11, [rcx + rax]",
        "mov r13, rdx",
        "3:",
        // If anything is pending, the value is received as ever, and that looked after.
        "mov rax, [r12 + {eval_breaker}]",
        "cmp rax, [r11 + {valid_version}]",
        "jne 5f",
        "cmp word ptr [rsi + {to_yield}], {yields}",
        "jne 5f",
        "movzx eax, byte ptr [rsi]",
        "cmp eax, {send_gen}",
        "je 4f",
        "cmp eax, {send}",
        "jne 5f",
        "4:",
        "cmp byte ptr [r15 + {owner}], {generator}",
        "jne 5f",
        "movzx eax, byte ptr [r15 + {depth}]",
        "test eax, eax",
        "je 5f",
        "add eax, [rdx + {nlocalsplus}]",
        "mov [r15 + {stacktop}], eax",
        "add rsi, {to_yield}",
        "mov [r15 + {instr_ptr}], rsi",
        "jmp 2b",
        "5:",
        "sub rsi, rdx",
        "mov rax, [r11 + {resume_points}]",
        "mov eax, [rax + rsi*{scale} + {receive}]",
        "add rax, [r11 + {base}]",
        "jmp rax",
        finish = sym stub_finish_yield,
        slot_offset = sym SLOT_OFFSET,
        thread_state = const ACTIVATION_THREAD_STATE,
        base_frame = const ACTIVATION_BASE_FRAME,
        previous = const frame::PREVIOUS,
        instr_ptr = const frame::INSTR_PTR,
        executable = const frame::EXECUTABLE,
        stacktop = const frame::STACKTOP,
        owner = const frame::OWNER,
        generator = const frame::OWNED_BY_GENERATOR,
        depth = const DEPTH,
        unit = const code::UNIT_SIZE,
        to_yield = const TO_YIELD,
        yields = const YIELDS,
        send = const op::SEND as u32,
        send_gen = const op::SEND_GEN as u32,
        state = const generator::FRAME_STATE - generator::IFRAME,
        delegating = const generator::FRAME_SUSPENDED_YIELD_FROM,
        previous_item = const generator::EXC_STATE + exc_stack_item::PREVIOUS_ITEM - generator::IFRAME,
        nlocalsplus = const code::NLOCALSPLUS,
        co_extra = const code::CO_EXTRA,
        exc_info = const thread_state::EXC_INFO,
        py_recursion = const thread_state::PY_RECURSION_REMAINING,
        current_frame = const thread_state::CURRENT_FRAME,
        eval_breaker = const thread_state::EVAL_BREAKER,
        valid_version = const compiled::VALID_VERSION,
        resume_points = const compiled::RESUME_POINTS,
        base = const compiled::BASE,
        scale = const SCALE,
        receive = const compiled::RECEIVE + (TO_YIELD - code::CODE_ADAPTIVE) * SCALE,
    )
}

/// Links the generator in `rsi`, whose frame is in `r14`, above the current frame. Changes `rax` and `r15`.
macro_rules! link {
    () => {
        "mov dword ptr [r14 + {stacktop}], -1
        mov byte ptr [rsi + {state}], {executing}
        mov rax, [r12 + {exc_info}]
        mov [rsi + {previous_item}], rax
        lea rax, [rsi + {exc_state}]
        mov [r12 + {exc_info}], rax
        mov [r14 + {previous}], r15
        mov [r12 + {current_frame}], r14
        sub dword ptr [r12 + {py_recursion}], 1
        mov r15, r14"
    };
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
        "mov r14, rdi",
        "movsxd rax, dword ptr [r14 + {stacktop}]",
        "mov rdi, [r14 + rax*8 + {localsplus}]",
        "mov r13, [r14 + {executable}]",
        "mov rcx, [r13 + {co_extra}]",
        "mov rax, [rip + {slot_offset}]",
        "mov r11, [rcx + rax]",
        // In the middle of `yield from` only tools are looked for.
        "cmp byte ptr [rip + {watchful}], 0",
        "jne 9f",
        // rsi is a generator that can be entered, r14 its frame, r13 the code, r11 its machine code, and rdi what is sent.
        "2:",
        "cmp byte ptr [rsi + {state}], {delegating}",
        "jne 9f",
        "mov rcx, [r14 + {instr_ptr}]",
        "cmp word ptr [rcx + {unit}], {jumps_back}",
        "jne 9f",
        "movzx eax, byte ptr [rcx - {from_resume}]",
        "cmp eax, {send_gen}",
        "je 3f",
        "cmp eax, {send}",
        "jne 9f",
        "3:",
        "movsxd rax, dword ptr [r14 + {stacktop}]",
        "mov edx, eax",
        "sub edx, [r13 + {nlocalsplus}]",
        "cmp edx, 255",
        "ja 9f",
        // r8 is what it delegates to, r9 the code of that, r10 its machine code.
        "mov r8, [r14 + rax*8 + {localsplus} - 8]",
        "mov rax, [r8 + {ob_type}]",
        "mov r9, [rip + {generator_type}@GOTPCREL]",
        "cmp rax, r9",
        "je 4f",
        "mov r9, [rip + {coroutine_type}@GOTPCREL]",
        "cmp rax, r9",
        "jne 9f",
        "4:",
        "cmp byte ptr [r8 + {state}], {executing}",
        "jge 9f",
        "cmp dword ptr [r12 + {py_recursion}], 1",
        "jle 9f",
        "mov r9, [r8 + {iframe} + {executable}]",
        "mov r10, r11",
        "cmp r9, r13",
        "je 5f",
        "mov r10, [r9 + {co_extra}]",
        "test r10, r10",
        "je 9f",
        "mov rbx, [rip + {slot_offset}]",
        "mov rax, [r10 + {size}]",
        "lea rax, [rax*8 + {extras}]",
        "cmp rax, rbx",
        "jle 9f",
        "mov r10, [r10 + rbx]",
        "test r10, r10",
        "je 9f",
        "5:",
        "mov rax, [r8 + {iframe} + {instr_ptr}]",
        "sub rax, r9",
        "mov rbx, [r10 + {resume_points}]",
        "cmp dword ptr [rbx + rax*{scale} + {entry_point}], 0",
        "je 9f",
        // It waits at its SEND, which goes on behind its jump target with what is returned.
        "mov [r14 + {depth}], dl",
        "movzx eax, byte ptr [rcx - {from_resume} + 1]",
        "add eax, 2",
        "mov [r14 + {return_offset}], ax",
        "sub rcx, {from_resume}",
        "mov [r14 + {instr_ptr}], rcx",
        link!(),
        "mov rsi, r8",
        "lea r14, [rsi + {iframe}]",
        "mov r13, r9",
        "mov r11, r10",
        "jmp 2b",
        // It goes on by itself.
        "9:",
        "mov rdx, [r14 + {instr_ptr}]",
        "sub rdx, r13",
        "mov rax, [r11 + {resume_points}]",
        "mov edx, [rax + rdx*{scale} + {entry_point}]",
        "add rdx, [r11 + {base}]",
        "movsxd rax, dword ptr [r14 + {stacktop}]",
        "mov [r14 + rax*8 + {localsplus}], rdi",
        link!(),
        "jmp rdx",
        slot_offset = sym SLOT_OFFSET,
        watchful = sym WATCHFUL,
        generator_type = sym PyGen_Type,
        coroutine_type = sym PyCoro_Type,
        thread_state = const ACTIVATION_THREAD_STATE,
        ob_type = const object::OB_TYPE,
        previous = const frame::PREVIOUS,
        instr_ptr = const frame::INSTR_PTR,
        executable = const frame::EXECUTABLE,
        stacktop = const frame::STACKTOP,
        localsplus = const frame::LOCALSPLUS,
        return_offset = const frame::RETURN_OFFSET,
        depth = const DEPTH,
        unit = const code::UNIT_SIZE,
        from_resume = const FROM_RESUME,
        jumps_back = const JUMPS_BACK,
        send = const op::SEND as u32,
        send_gen = const op::SEND_GEN as u32,
        state = const generator::FRAME_STATE,
        delegating = const generator::FRAME_SUSPENDED_YIELD_FROM,
        executing = const generator::FRAME_EXECUTING,
        iframe = const generator::IFRAME,
        exc_state = const generator::EXC_STATE,
        previous_item = const generator::EXC_STATE + exc_stack_item::PREVIOUS_ITEM,
        nlocalsplus = const code::NLOCALSPLUS,
        co_extra = const code::CO_EXTRA,
        size = const code_extra::CE_SIZE,
        extras = const code_extra::CE_EXTRAS,
        exc_info = const thread_state::EXC_INFO,
        py_recursion = const thread_state::PY_RECURSION_REMAINING,
        current_frame = const thread_state::CURRENT_FRAME,
        resume_points = const compiled::RESUME_POINTS,
        base = const compiled::BASE,
        scale = const SCALE,
        entry_point = const compiled::ENTRY_POINT - code::CODE_ADAPTIVE * SCALE,
    )
}
