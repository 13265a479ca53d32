//! Calls from regions, which go on when the callee has returned: native code of its own, on the C stack.
//!
//! As in [`function_calls`](super::function_calls), the call of a compiled function with the positional arguments it takes, or with fewer where it has
//! defaults, is written by hand, and everything else goes on to [`calls::call_whole`].

use super::assembly::{copy_objects, describe_frame, move_arguments, retain};
use super::code::SLOT_OFFSET;
use super::compiled_entry::compiled_entry;
use super::entry::{LOW_C_RECURSION, end_of_run};
use super::trampoline::{Outcome, enter, stub_finish_return};
use crate::helpers::calls;
use pyo3_ffi::{PyFunction_Type, PyObject, PyThreadState};
use std::arch::naked_asm;
use std::ffi::c_int;
use std::ptr;
use whipsnake_cpython::layout::{code, frame, function, object, thread_state, tuple};
use whipsnake_cpython::live::{_PyInterpreterFrame, Frame, ThreadState};
use whipsnake_ir::abi::{STACKTOP_RETURN_ADDRESS, Status, compiled};

/// What a call counts for in the C recursion counter: less than one of the interpreter's evaluations, which has a larger frame.
const UNITS: i32 = 1;

/// A call of this kind, which looks at how many arguments there are with `$arguments`, and fills the locals with `$fill`. What it can't do goes on to
/// `$general`.
macro_rules! plain_call {
    ($(#[$attribute:meta])* $visibility:vis $name:ident, $arguments:expr, $fill:expr, $general:path, { $($operands:tt)* }) => {
        $(#[$attribute])*
        #[unsafe(naked)]
        $visibility unsafe extern "C" fn $name(
            thread: *mut PyThreadState,
            base: *mut *mut PyObject,
            count: c_int,
        ) -> *mut PyObject {
        naked_asm!(
            // A function with compiled code that may be entered has our entry.
            "mov rax, [rsi]",
            "mov r10, [rip + {function_type}@GOTPCREL]",
            "cmp [rax + {ob_type}], r10",
            "jne {other}",
            "lea r11, [rip + {compiled_entry}]",
            "cmp [rax + {vectorcall}], r11",
            "jne {other}",
            "cmp dword ptr [rdi + {c_recursion}], {low}",
            "jl {other}",
            "mov r10, [rax + {function_code}]",
            "mov r11, [r10 + {co_extra}]",
            "mov rcx, [rip + {slot_offset}]",
            "mov r11, [r11 + rcx]",
            // How many arguments there are: one more if `self` is not null.
            "mov ecx, edx",
            "mov r8, rcx",
            "cmp qword ptr [rsi + 8], 1",
            "sbb r8, -1",
            $arguments,
            // Room for the frame and the return address after it; r9 is the frame, rdx its end.
            "mov r9, [rdi + {datastack_top}]",
            "mov rdx, [r11 + {frame_bytes}]",
            "lea rdx, [r9 + rdx + 8]",
            "cmp rdx, [rdi + {datastack_limit}]",
            "jae 7f",
            "cmp dword ptr [rdi + {py_recursion}], 1",
            "jle 7f",
            // What the end needs: slots, how many, thread, frame. The stack is aligned after it.
            "sub rsp, 40",
            "mov [rsp], rsi",
            "mov [rsp + 8], rcx",
            "mov [rsp + 16], rdi",
            "mov [rsp + 24], r9",
            "mov [rdi + {datastack_top}], rdx",
            "sub dword ptr [rdi + {py_recursion}], 1",
            "sub dword ptr [rdi + {c_recursion}], {units}",
            // Its return pops it and ends native code.
            "lea rcx, [rip + {finish}]",
            "mov [rdx - 8], rcx",
            "mov rcx, [rdi + {current_frame}]",
            "mov [r9 + {previous}], rcx",
            "mov [rdi + {current_frame}], r9",
            // The first argument: self, or what follows it.
            "mov rcx, [rsp + 8]",
            "sub rcx, r8",
            "lea rdx, [rsi + rcx*8 + 16]",
            retain!("r10", "ecx", "2"),
            describe_frame!("r9", "rax", "r10", "rcx", "ecx"),
            "add r10, {code_adaptive}",
            "mov [r9 + {instr_ptr}], r10",
            // The stack top that tells of the return address; return offset and owner (the thread) are 0.
            "mov eax, {return_address}",
            "mov [r9 + {stacktop}], rax",
            // Arguments, then null for the other locals.
            "lea rsi, [r9 + {localsplus}]",
            "mov r10, [r11 + {locals_bytes}]",
            "add r10, rsi",
            "lea r8, [rsi + r8*8]",
            $fill,
            "mov rsi, r9",
            "mov rdx, [r11 + {entry}]",
            // Kind of activation: a call.
            "xor r8d, r8d",
            "call {enter}",
            "mov rdi, [rsp + 16]",
            "mov rsi, [rsp + 24]",
            "add dword ptr [rdi + {c_recursion}], {units}",
            "test eax, eax",
            "jne 8f",
            "cmp [rdi + {current_frame}], rsi",
            "je 8f",
            "mov rax, rdx",
            "add rsp, 40",
            "ret",
            "7:",
            "mov edx, ecx",
            "jmp {other}",
            "8:",
            "mov rcx, rdx",
            "mov rdx, rax",
            "mov r8, [rsp]",
            "mov r9, [rsp + 8]",
            "add rsp, 40",
            "jmp {slow_end}",
            function_type = sym PyFunction_Type,
            compiled_entry = sym compiled_entry,
            slot_offset = sym SLOT_OFFSET,
            general = sym $general,
            other = sym calls::call_whole,
            enter = sym enter,
            finish = sym stub_finish_return,
            slow_end = sym end_slowly,
            low = const LOW_C_RECURSION,
            units = const UNITS,
            ob_type = const object::OB_TYPE,
            refcnt = const object::OB_REFCNT,
            vectorcall = const function::VECTORCALL,
            function_code = const function::CODE,
            function_globals = const function::GLOBALS,
            function_builtins = const function::BUILTINS,
            co_extra = const code::CO_EXTRA,
            code_adaptive = const code::CODE_ADAPTIVE,
            exact_args = const compiled::EXACT_ARGS,
            $($operands)*
            frame_bytes = const compiled::FRAME_BYTES,
            locals_bytes = const compiled::LOCALS_BYTES,
            entry = const compiled::ENTRY,
            datastack_top = const thread_state::DATASTACK_TOP,
            datastack_limit = const thread_state::DATASTACK_LIMIT,
            py_recursion = const thread_state::PY_RECURSION_REMAINING,
            c_recursion = const thread_state::C_RECURSION_REMAINING,
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
            localsplus = const frame::LOCALSPLUS,
            return_address = const STACKTOP_RETURN_ADDRESS,
        )
        }
    };
}

plain_call! {
    /// `CALL`, until it has returned: slots from `base` are callable, self or null, `count` arguments. As [`calls::call_whole`].
    ///
    /// # Safety
    /// Called by machine code only.
    pub call_whole,
    concat!("cmp r8, [r11 + {exact_args}]\n", "jne {general}"),
    move_arguments!("rdx", "rsi", "r8", "r10", "rcx"),
    call_whole_with_defaults,
    {}
}

plain_call! {
    /// The same where the last parameters have their defaults, which are as many as there are arguments too few.
    ///
    /// # Safety
    /// As [`call_whole`].
    call_whole_with_defaults,
    concat!(
        "cmp r8, [r11 + {exact_args}]\n",
        "jge {general}\n",
        "mov r9, [rax + {defaults}]\n",
        "test r9, r9\n",
        "je {general}\n",
        // The first default that is needed, which is kept in the fifth word; there may be too few.
        "mov rdx, [r9 + {ob_size}]\n",
        "sub rdx, [r11 + {exact_args}]\n",
        "add rdx, r8\n",
        "js 7f\n",
        "lea r9, [r9 + rdx*8 + {ob_item}]\n",
        "mov [rsp - 8], r9"
    ),
    concat!(
        move_arguments!("rdx", "rsi", "r8", "r8", "rcx"),
        "\n",
        "mov rdx, [rsp + 32]\n",
        "mov r8, [r11 + {exact_args}]\n",
        "lea r8, [r9 + r8*8 + {localsplus}]\n",
        copy_objects!("rdx", "rsi", "r8", "edi"),
        "\n",
        "mov rdi, [rsp + 16]\n",
        move_arguments!("rdx", "rsi", "rsi", "r10", "rcx")
    ),
    calls::call_whole,
    {
        defaults = const function::DEFAULTS,
        ob_size = const tuple::OB_SIZE,
        ob_item = const tuple::OB_ITEM,
    }
}

/// Native code has ended otherwise than by a return that has popped the frame.
unsafe extern "C" fn end_slowly(
    thread: *mut PyThreadState,
    frame: *mut _PyInterpreterFrame,
    status: Status,
    value: *mut PyObject,
    base: *mut *mut PyObject,
    count: usize,
) -> *mut PyObject {
    // SAFETY: called by `call_whole` only, with what it was given and what came of it.
    unsafe {
        let thread = ThreadState::new_unchecked(thread);
        let result = end_of_run(thread, Frame::new_unchecked(frame), Outcome { status, value });
        if result.is_null() {
            // The callee has taken what was in the slots.
            ptr::write_bytes(base, 0, count + 2);
        }
        result
    }
}
