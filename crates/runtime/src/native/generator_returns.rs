//! The return of a generator or coroutine to native code that consumes it, written by hand like the return of a call.
//!
//! It does what the interpreter does when it clears a generator's frame, and goes on where the consumer receives the value: in its resume
//! table, `return_offset` after its instruction.

use super::assembly::{release, release_locals};
use super::code::SLOT_OFFSET;
use super::returns::end_object;
use super::trampoline::{stub_return_slow, stub_returned};
use std::arch::naked_asm;
use whipsnake_cpython::layout::{code, exc_stack_item, frame, generator, object, thread_state};
use whipsnake_ir::abi::{ACTIVATION_THREAD_STATE, compiled};

/// What to multiply offsets of code with for those of resume points, beyond code units' two bytes.
const SCALE: u32 = 1 << (compiled::RESUME_POINT_SHIFT - code::UNIT_SIZE.trailing_zeros());

/// The current frame, which is not the base frame, is done; its result is in the first argument register.
///
/// # Safety
/// Jumped to by [`stub_return`](super::returns::stub_return) only, with an empty value stack.
#[unsafe(naked)]
pub(super) unsafe extern "C" fn stub_generator_return() {
    naked_asm!(
        // A frame that somebody holds takes the general way, as do those of calls.
        "cmp byte ptr [r15 + {owner}], {generator}",
        "jne {slow}",
        "mov rax, [r15 + {frame_obj}]",
        "or rax, [r15 + {locals}]",
        "jne {slow}",
        "mov r12, [rsp + {thread_state}]",
        "mov r13, [r15 + {executable}]",
        "mov r14, [r15 + {previous}]",
        // Unlinked first: what runs while it is cleared must not see it.
        "add dword ptr [r12 + {py_recursion}], 1",
        "mov [r12 + {current_frame}], r14",
        "mov byte ptr [r15 + {state}], {cleared}",
        "mov rax, [r15 + {previous_item}]",
        "mov [r12 + {exc_info}], rax",
        "xor eax, eax",
        "mov [r15 + {previous_item}], rax",
        "mov [r15 + {stacktop}], eax",
        release_locals!(),
        "mov r8, [r15 + {funcobj}]",
        release!("r8", "eax", "4f"),
        "je 7f",
        "4:",
        "mov r8, [r15 + {exc_value}]",
        "test r8, r8",
        "jne 8f",
        "5:",
        "mov qword ptr [r15 + {previous}], 0",
        "mov r15, r14",
        // What ran may have switched a tool on, or something is pending: that is looked after elsewhere.
        "mov rdx, [r15 + {executable}]",
        "mov rcx, [rdx + {co_extra}]",
        "mov rax, [rip + {slot_offset}]",
        "mov rcx, [rcx + rax]",
        "mov rax, [r12 + {eval_breaker}]",
        "cmp rax, [rcx + {valid_version}]",
        "jne 6f",
        "movzx eax, word ptr [r15 + {return_offset}]",
        "add rax, rax",
        "sub rax, rdx",
        "add rax, [r15 + {instr_ptr}]",
        "mov rdx, [rcx + {resume_points}]",
        "mov eax, [rdx + rax*{scale} + {receive}]",
        "test eax, eax",
        "je 6f",
        "add rax, [rcx + {base}]",
        "jmp rax",
        "6:",
        "jmp {returned}",
        "7:",
        "call {end_object}",
        "jmp 4b",
        "8:",
        "mov qword ptr [r15 + {exc_value}], 0",
        release!("r8", "eax", "5b"),
        "jne 5b",
        "call {end_object}",
        "jmp 5b",
        owner = const frame::OWNER,
        generator = const frame::OWNED_BY_GENERATOR,
        thread_state = const ACTIVATION_THREAD_STATE,
        frame_obj = const frame::FRAME_OBJ,
        locals = const frame::LOCALS,
        executable = const frame::EXECUTABLE,
        previous = const frame::PREVIOUS,
        stacktop = const frame::STACKTOP,
        localsplus = const frame::LOCALSPLUS,
        funcobj = const frame::FUNCOBJ,
        instr_ptr = const frame::INSTR_PTR,
        return_offset = const frame::RETURN_OFFSET,
        state = const generator::FRAME_STATE - generator::IFRAME,
        cleared = const generator::FRAME_CLEARED,
        previous_item = const generator::EXC_STATE + exc_stack_item::PREVIOUS_ITEM - generator::IFRAME,
        exc_value = const generator::EXC_STATE + exc_stack_item::EXC_VALUE - generator::IFRAME,
        nlocalsplus = const code::NLOCALSPLUS,
        co_extra = const code::CO_EXTRA,
        py_recursion = const thread_state::PY_RECURSION_REMAINING,
        current_frame = const thread_state::CURRENT_FRAME,
        exc_info = const thread_state::EXC_INFO,
        eval_breaker = const thread_state::EVAL_BREAKER,
        refcnt = const object::OB_REFCNT,
        slot_offset = sym SLOT_OFFSET,
        valid_version = const compiled::VALID_VERSION,
        resume_points = const compiled::RESUME_POINTS,
        base = const compiled::BASE,
        scale = const SCALE,
        receive = const compiled::RECEIVE - code::CODE_ADAPTIVE * SCALE as i32,
        end_object = sym end_object,
        slow = sym stub_return_slow,
        returned = sym stub_returned,
    )
}
