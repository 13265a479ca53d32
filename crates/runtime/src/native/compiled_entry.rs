//! The `vectorcall` of compiled functions: how interpreted code and C call them. A call with exactly the positional arguments that the function takes
//! is written by hand; everything else goes on to [`entry::call`].
//!
//! The interpreter's own calls of Python functions are inlined into it, so what this costs decides whether a call of a compiled function is dearer.

use super::assembly::{describe_frame, leave_activation, retain, save_registers, unless_deep, unless_watched};
use super::code::{DETACHED, SLOT_OFFSET};
use super::entry::{self, ActivationKind, EVALUATION_UNITS, LOW_C_RECURSION};
use super::trampoline::ROOM;
use pyo3_ffi::{PyCode_Type, PyObject};
use std::arch::naked_asm;
use whipsnake_cpython::layout::{code, frame, function, interpreter_state, object, thread_state};
use whipsnake_cpython::live::HOLDER;
use whipsnake_cpython::live::symbols::_Py_NoneStruct;
use whipsnake_cpython::opcode::{CALL, DEOPT};
use whipsnake_ir::abi::{
    ACTIVATION_BASE_FRAME, ACTIVATION_THREAD_STATE, Activation, STACKTOP_RETURN_ADDRESS, compiled,
};

static BASE_OPCODES: [u8; 256] = DEOPT;

/// The `vectorcall` of functions whose code is compiled.
///
/// # Safety
/// As [`entry::call`].
#[unsafe(naked)]
pub unsafe extern "C" fn compiled_entry(
    callable: *mut PyObject,
    args: *const *mut PyObject,
    nargsf: usize,
    kwnames: *mut PyObject,
) -> *mut PyObject {
    naked_asm!(
        "test rcx, rcx",
        "jne {general}",
        // r8 is the thread state, rax the code, r9 its compiled code, r10 the number of arguments.
        "mov rax, [rip + {holder}]",
        "test rax, rax",
        "je 9f",
        "mov r8, [rax]",
        "mov rax, [rdi + {function_code}]",
        // Functions with this entry have compiled code.
        "mov r9, [rax + {co_extra}]",
        "mov r10, [rip + {slot_offset}]",
        "mov r9, [r9 + r10]",
        "lea r10, [rdx + rdx]",
        "shr r10, 1",
        "cmp r10, [r9 + {exact_args}]",
        "jne 9f",
        "cmp byte ptr [r9 + {detached}], 0",
        "jne 9f",
        "mov rcx, [r8 + {interp}]",
        unless_watched!("rcx", "r11", "9f"),
        unless_deep!("r8", "9f"),
        // Room for the frame (rcx) and a return address: r11 is their end. Where there is no data stack yet, its limit is 0.
        "mov rcx, [r8 + {datastack_top}]",
        "mov r11, [r9 + {frame_bytes}]",
        "lea r11, [rcx + r11 + 8]",
        "cmp r11, [r8 + {datastack_limit}]",
        "jae 9f",
        save_registers!(),
        "mov rbx, r8",
        "mov r12, rcx",
        // Does the caller hand over its arguments (see `handover`)? r13 is 1 if it does.
        "xor r13d, r13d",
        "mov r8, [rbx + {current_frame}]",
        "test r8, r8",
        "je 3f",
        "mov rdx, [r8 + {executable}]",
        "mov rcx, [rip + {code_type}@GOTPCREL]",
        "cmp [rdx + {ob_type}], rcx",
        "jne 3f",
        // Arguments from which slot of the stack on? A number without bounds if they are elsewhere.
        "movsxd rcx, dword ptr [rdx + {nlocalsplus}]",
        "lea rcx, [r8 + rcx*8 + {localsplus}]",
        "mov r14, rsi",
        "sub r14, rcx",
        "shr r14, 3",
        "lea r15, [r14 + r10]",
        "mov edx, [rdx + {stacksize}]",
        "cmp r15, rdx",
        "ja 3f",
        "mov rdx, [r8 + {instr_ptr}]",
        "cmp byte ptr [rdx], {call}",
        "jne 17f",
        "4:",
        "movzx ecx, byte ptr [rdx + 1]",
        "sub rcx, r10",
        "jne 2f",
        // Callable, null, arguments.
        "cmp r14, 2",
        "jb 3f",
        "mov rcx, [rsi - 16]",
        "sub rcx, rdi",
        "or rcx, [rsi - 8]",
        "jne 3f",
        "inc r13d",
        "3:",
        // The frame returns to where native code ends, popped.
        "mov [rbx + {datastack_top}], r11",
        "lea rcx, [rip + {returned}]",
        "mov [r11 - 8], rcx",
        "sub dword ptr [rbx + {py_recursion}], 1",
        "mov [r12 + {previous}], r8",
        "mov [rbx + {current_frame}], r12",
        retain!("rax", "ecx", "15"),
        retain!("rdi", "ecx", "16"),
        describe_frame!("r12", "rdi", "rax", "r8", "r8d"),
        "add rax, {code_adaptive}",
        "mov [r12 + {instr_ptr}], rax",
        // The stack top that tells of the return address; return offset and owner (the thread) are 0.
        "mov eax, {return_address}",
        "mov [r12 + {stacktop}], rax",
        // Arguments, then null for the other locals.
        "lea rdi, [r12 + {localsplus}]",
        "mov r11, [r9 + {locals_bytes}]",
        "add r11, rdi",
        "lea r10, [rdi + r10*8]",
        "sub rsi, rdi",
        "test r13d, r13d",
        "je 8f",
        "mov rdx, [rip + {none}@GOTPCREL]",
        "cmp rdi, r10",
        "je 14f",
        "7:",
        "mov rax, [rdi + rsi]",
        "mov [rdi + rsi], rdx",
        "mov [rdi], rax",
        "add rdi, 8",
        "cmp rdi, r10",
        "jne 7b",
        "jmp 14f",
        "6:",
        "mov rax, [rdi + rsi]",
        "mov [rdi], rax",
        "add rdi, 8",
        "mov ecx, [rax + {refcnt}]",
        "add ecx, 1",
        "je 8f",
        "mov [rax + {refcnt}], ecx",
        "8:",
        "cmp rdi, r10",
        "jne 6b",
        "jmp 14f",
        "13:",
        "mov [rdi], r8",
        "add rdi, 8",
        "14:",
        "cmp rdi, r11",
        "jne 13b",
        // The activation of `trampoline::enter`, with an end of its own.
        "sub dword ptr [rbx + {c_recursion}], {units}",
        "sub rsp, {room}",
        "mov [rsp + {thread_state}], rbx",
        "mov [rsp + {base_frame}], r12",
        "mov qword ptr [rsp + {kind}], {entry_call}",
        "mov r15, r12",
        "jmp [r9 + {entry}]",
        // A call that is specialised, or something else.
        "17:",
        "movzx ecx, byte ptr [rdx]",
        "lea r15, [rip + {base_opcodes}]",
        "cmp byte ptr [r15 + rcx], {call}",
        "je 4b",
        "jmp 3b",
        // Callable, self and the other arguments.
        "2:",
        "inc rcx",
        "jne 3b",
        "test r14, r14",
        "je 3b",
        "cmp [rsi - 8], rdi",
        "jne 3b",
        "inc r13d",
        "jmp 3b",
        "9:",
        "xor ecx, ecx",
        "jmp {general}",
        general = sym entry::call,
        holder = sym HOLDER,
        slot_offset = sym SLOT_OFFSET,
        base_opcodes = sym BASE_OPCODES,
        returned = sym stub_entry_returned,
        code_type = sym PyCode_Type,
        none = sym _Py_NoneStruct,
        call = const CALL,
        low = const LOW_C_RECURSION,
        units = const EVALUATION_UNITS,
        ob_type = const object::OB_TYPE,
        refcnt = const object::OB_REFCNT,
        function_code = const function::CODE,
        function_globals = const function::GLOBALS,
        function_builtins = const function::BUILTINS,
        co_extra = const code::CO_EXTRA,
        code_adaptive = const code::CODE_ADAPTIVE,
        nlocalsplus = const code::NLOCALSPLUS,
        stacksize = const code::STACKSIZE,
        detached = const DETACHED,
        exact_args = const compiled::EXACT_ARGS,
        frame_bytes = const compiled::FRAME_BYTES,
        locals_bytes = const compiled::LOCALS_BYTES,
        entry = const compiled::ENTRY,
        interp = const thread_state::INTERP,
        eval_frame = const interpreter_state::EVAL_FRAME,
        tool_names = const interpreter_state::MONITORING_TOOL_NAMES,
        c_recursion = const thread_state::C_RECURSION_REMAINING,
        py_recursion = const thread_state::PY_RECURSION_REMAINING,
        current_frame = const thread_state::CURRENT_FRAME,
        datastack_top = const thread_state::DATASTACK_TOP,
        datastack_limit = const thread_state::DATASTACK_LIMIT,
        executable = const frame::EXECUTABLE,
        previous = const frame::PREVIOUS,
        funcobj = const frame::FUNCOBJ,
        globals = const frame::GLOBALS,
        builtins = const frame::BUILTINS,
        locals = const frame::LOCALS,
        frame_obj = const frame::FRAME_OBJ,
        instr_ptr = const frame::INSTR_PTR,
        stacktop = const frame::STACKTOP,
        localsplus = const frame::LOCALSPLUS,
        return_address = const STACKTOP_RETURN_ADDRESS,
        room = const ROOM,
        thread_state = const ACTIVATION_THREAD_STATE,
        base_frame = const ACTIVATION_BASE_FRAME,
        kind = const std::mem::offset_of!(Activation, kind),
        entry_call = const ActivationKind::EntryCall as u64,
    )
}

/// The base frame of such a call has returned, and is popped; its result is in the first argument register.
///
/// # Safety
/// Jumped to by machine code only.
#[unsafe(naked)]
unsafe extern "C" fn stub_entry_returned() {
    naked_asm!(
        "mov rcx, [rsp + {thread_state}]",
        "mov rax, rdi",
        "add dword ptr [rcx + {c_recursion}], {units}",
        leave_activation!(),
        "ret",
        thread_state = const ACTIVATION_THREAD_STATE,
        c_recursion = const thread_state::C_RECURSION_REMAINING,
        units = const EVALUATION_UNITS,
        room = const ROOM,
    )
}

/// Native code of such a call has ended in another way: status in `rax`, value in `rdi`.
///
/// # Safety
/// Jumped to by [`finish`](super::trampoline) only.
#[unsafe(naked)]
pub(super) unsafe extern "C" fn stub_entry_ended() {
    naked_asm!(
        "mov rcx, rdi",
        "mov rdi, [rsp + {thread_state}]",
        "mov rsi, [rsp + {base_frame}]",
        "mov edx, eax",
        leave_activation!(),
        "jmp {ended}",
        thread_state = const ACTIVATION_THREAD_STATE,
        base_frame = const ACTIVATION_BASE_FRAME,
        room = const ROOM,
        ended = sym entry::ended,
    )
}
