//! The return from a frame that a compiled call pushed: the way most calls end, so it is written by hand.
//!
//! It does what [`frames::return_value`](super::frames) does for such a frame: unlink, clear, give the memory back, and jump to the return address that
//! lies above the frame. It must not be part of any compiled code: with the frame may go the last reference to the code object, and its
//! machine code with that.

use super::assembly::{release, release_locals};
use super::generator_returns::stub_generator_return;
use super::trampoline::stub_finish_return;
use crate::helpers::objects::dealloc;
use std::arch::naked_asm;
use whipsnake_cpython::layout::{code, frame, object, stack_chunk, thread_state};
use whipsnake_cpython::live::symbols::_PyThreadState_PopFrame;
use whipsnake_ir::abi::{ACTIVATION_BASE_FRAME, ACTIVATION_THREAD_STATE, STACKTOP_RETURN_ADDRESS};

/// Ends the object in `r8`, whose count is zero; every register is preserved. As in the interpreter, what runs then counts as one
/// C call deeper.
///
/// # Safety
/// Called by [`stub_return`] and [`stub_generator_return`] only: thread state in `r12`, `rsp` 8 mod 16.
#[unsafe(naked)]
pub(super) unsafe extern "C" fn end_object() {
    naked_asm!(
        "push rdi",
        "mov rdi, r8",
        "sub dword ptr [r12 + {c_recursion}], 1",
        "call {dealloc}",
        "add dword ptr [r12 + {c_recursion}], 1",
        "pop rdi",
        "ret",
        c_recursion = const thread_state::C_RECURSION_REMAINING,
        dealloc = sym dealloc,
    )
}

/// The current frame is done; its result is in the first argument register.
///
/// # Safety
/// Jumped to by machine code only, with an empty value stack.
#[unsafe(naked)]
pub unsafe extern "C" fn stub_return() {
    naked_asm!(
        // A frame without a return address, or one that somebody holds, takes the general way.
        "cmp dword ptr [r15 + {stacktop}], {return_address}",
        "jne 9f",
        "mov rax, [r15 + {frame_obj}]",
        "or rax, [r15 + {locals}]",
        "jne 9f",
        "mov r12, [rsp + {thread_state}]",
        "mov r13, [r15 + {executable}]",
        "mov r14, [r15 + {previous}]",
        "movsxd rax, dword ptr [r13 + {framesize}]",
        "mov r11, [r15 + rax*8]",
        // Unlinked first: what runs while it is cleared must not see it.
        "add dword ptr [r12 + {py_recursion}], 1",
        "mov [r12 + {current_frame}], r14",
        release_locals!(),
        "mov r8, [r15 + {funcobj}]",
        release!("r8", "eax", "4f"),
        "je 7f",
        "4:",
        release!("r13", "eax", "5f"),
        "je 8f",
        "5:",
        "mov rax, [r12 + {chunk}]",
        "add rax, {data}",
        "cmp rax, r15",
        "je 6f",
        "mov [r12 + {datastack_top}], r15",
        "mov r15, r14",
        "jmp r11",
        // The first frame of a chunk takes the chunk along.
        "6:",
        "mov rbx, rdi",
        "mov r13, r11",
        "mov rdi, r12",
        "mov rsi, r15",
        "call {pop_frame}",
        "mov rdi, rbx",
        "mov r15, r14",
        "jmp r13",
        "7:",
        "call {end_object}",
        "jmp 4b",
        "8:",
        "mov r8, r13",
        "call {end_object}",
        "jmp 5b",
        // The base frame ends native code, and is popped by whoever pushed it.
        "9:",
        "cmp r15, [rsp + {base_frame}]",
        "je {finish}",
        "jmp {other}",
        base_frame = const ACTIVATION_BASE_FRAME,
        thread_state = const ACTIVATION_THREAD_STATE,
        return_address = const STACKTOP_RETURN_ADDRESS,
        stacktop = const frame::STACKTOP,
        frame_obj = const frame::FRAME_OBJ,
        locals = const frame::LOCALS,
        executable = const frame::EXECUTABLE,
        previous = const frame::PREVIOUS,
        localsplus = const frame::LOCALSPLUS,
        funcobj = const frame::FUNCOBJ,
        framesize = const code::FRAMESIZE,
        nlocalsplus = const code::NLOCALSPLUS,
        py_recursion = const thread_state::PY_RECURSION_REMAINING,
        current_frame = const thread_state::CURRENT_FRAME,
        chunk = const thread_state::DATASTACK_CHUNK,
        datastack_top = const thread_state::DATASTACK_TOP,
        data = const stack_chunk::DATA,
        refcnt = const object::OB_REFCNT,
        end_object = sym end_object,
        pop_frame = sym _PyThreadState_PopFrame,
        other = sym stub_generator_return,
        finish = sym stub_finish_return,
    )
}
