//! Pushing and popping the frames of inlined calls, as it mostly goes: written by hand, since a region with calls in what it inlines does it often. What is rare is
//! left to [`frames`](super::frames).

use super::frames;
use crate::native::assembly::{describe_frame, retain};
use pyo3_ffi::{PyObject, PyThreadState};
use std::arch::naked_asm;
use whipsnake_cpython::layout::{code, frame, function, object, stack_chunk, thread_state};
use whipsnake_cpython::live::symbols::_Py_NoneStruct;
use whipsnake_cpython::live::{_PyInterpreterFrame, CodeUnit};
use whipsnake_cpython::opcode;

/// Code units of an instruction with its caches, by opcode: what a frame that waits for it has as return offset.
static LENGTHS: [u8; 256] = {
    let mut lengths = [0; 256];
    let mut op = 0;
    while op < 256 {
        lengths[op] = length(op as u8);
        op += 1;
    }
    lengths
};

/// The same of one opcode. The frame below an `__init__` goes on at the instruction where it waits.
pub(super) const fn length(op: u8) -> u8 {
    let base = opcode::base(op);
    if base == opcode::EXIT_INIT_CHECK { 0 } else { 1 + opcode::CACHES[base as usize] }
}

/// `Helper::PushInlined`.
///
/// # Safety
/// As [`frames::push_inlined`].
#[unsafe(naked)]
pub unsafe extern "C" fn push_inlined(
    thread: *mut PyThreadState,
    caller: *mut _PyInterpreterFrame,
    function: *mut PyObject,
    call: *mut CodeUnit,
) -> *mut _PyInterpreterFrame {
    naked_asm!(
        "mov r10, [rdx + {function_code}]",
        "mov rax, [rdi + {datastack_top}]",
        "movsxd r11, dword ptr [r10 + {framesize}]",
        "lea r8, [rax + r11*8]",
        "cmp r8, [rdi + {datastack_limit}]",
        "jae {slow}",
        "mov [rdi + {datastack_top}], r8",
        "mov [rdi + {current_frame}], rax",
        "sub dword ptr [rdi + {py_recursion}], 1",
        retain!("r10", "r8d", "2"),
        retain!("rdx", "r8d", "3"),
        "mov [rax + {previous}], rsi",
        describe_frame!("rax", "rdx", "r10", "r8", "r8d"),
        "lea r9, [r10 + {code_adaptive}]",
        "mov [rax + {instr_ptr}], r9",
        // The stack top of a running frame; return offset and owner (the thread) are 0.
        "mov r9d, 0xffffffff",
        "mov [rax + {stacktop}], r9",
        // The caller waits for the call.
        "mov [rsi + {instr_ptr}], rcx",
        "movzx ecx, byte ptr [rcx]",
        "lea r9, [rip + {lengths}]",
        "movzx ecx, byte ptr [r9 + rcx]",
        "mov [rsi + {return_offset}], cx",
        "movsxd rcx, dword ptr [r10 + {nlocalsplus}]",
        "lea rdx, [rax + {localsplus}]",
        "lea rcx, [rdx + rcx*8]",
        "cmp rdx, rcx",
        "je 5f",
        "4:",
        "mov [rdx], r8",
        "add rdx, 8",
        "cmp rdx, rcx",
        "jne 4b",
        "5:",
        "ret",
        slow = sym frames::push_inlined,
        lengths = sym LENGTHS,
        function_code = const function::CODE,
        function_globals = const function::GLOBALS,
        function_builtins = const function::BUILTINS,
        framesize = const code::FRAMESIZE,
        nlocalsplus = const code::NLOCALSPLUS,
        code_adaptive = const code::CODE_ADAPTIVE,
        refcnt = const object::OB_REFCNT,
        datastack_top = const thread_state::DATASTACK_TOP,
        datastack_limit = const thread_state::DATASTACK_LIMIT,
        py_recursion = const thread_state::PY_RECURSION_REMAINING,
        current_frame = const thread_state::CURRENT_FRAME,
        executable = const frame::EXECUTABLE,
        previous = const frame::PREVIOUS,
        funcobj = const frame::FUNCOBJ,
        globals = const frame::GLOBALS,
        builtins = const frame::BUILTINS,
        locals = const frame::LOCALS,
        frame_obj = const frame::FRAME_OBJ,
        instr_ptr = const frame::INSTR_PTR,
        stacktop = const frame::STACKTOP,
        return_offset = const frame::RETURN_OFFSET,
        localsplus = const frame::LOCALSPLUS,
    )
}

/// `Helper::PopInlined`.
///
/// # Safety
/// As [`frames::pop_inlined`].
#[unsafe(naked)]
pub unsafe extern "C" fn pop_inlined(thread: *mut PyThreadState, frame: *mut _PyInterpreterFrame) {
    naked_asm!(
        // The frame below an `__init__` has no function; the first of a chunk takes that along.
        "mov rax, [rsi + {funcobj}]",
        "cmp rax, [rip + {none}@GOTPCREL]",
        "je {slow}",
        "mov rcx, [rdi + {chunk}]",
        "add rcx, {data}",
        "cmp rcx, rsi",
        "je {slow}",
        // Whoever inlined the call holds both.
        "mov rdx, [rsi + {executable}]",
        "mov ecx, [rax + {refcnt}]",
        "cmp ecx, 1",
        "je {slow}",
        "mov r8d, [rdx + {refcnt}]",
        "cmp r8d, 1",
        "je {slow}",
        "test ecx, ecx",
        "js 2f",
        "sub ecx, 1",
        "mov [rax + {refcnt}], ecx",
        "2:",
        "test r8d, r8d",
        "js 3f",
        "sub r8d, 1",
        "mov [rdx + {refcnt}], r8d",
        "3:",
        "add dword ptr [rdi + {py_recursion}], 1",
        "mov rcx, [rsi + {previous}]",
        "mov [rdi + {current_frame}], rcx",
        "mov [rdi + {datastack_top}], rsi",
        "ret",
        slow = sym frames::pop_inlined,
        none = sym _Py_NoneStruct,
        funcobj = const frame::FUNCOBJ,
        executable = const frame::EXECUTABLE,
        previous = const frame::PREVIOUS,
        refcnt = const object::OB_REFCNT,
        chunk = const thread_state::DATASTACK_CHUNK,
        data = const stack_chunk::DATA,
        datastack_top = const thread_state::DATASTACK_TOP,
        py_recursion = const thread_state::PY_RECURSION_REMAINING,
        current_frame = const thread_state::CURRENT_FRAME,
    )
}
