//! The call of a compiled function with the positional arguments it takes, or with fewer where it has defaults: what most calls are, so it is written by
//! hand. Everything else goes on to [`calls::call`].
//!
//! It is not part of a stencil, because every call site would have a copy of it.

use super::assembly::{copy_objects, describe_frame, move_arguments, retain};
use super::code::SLOT_OFFSET;
use super::compiled_entry::compiled_entry;
use super::frames::Resume;
use crate::helpers::calls;
use pyo3_ffi::{PyFunction_Type, PyObject, PyThreadState};
use std::arch::naked_asm;
use std::ffi::c_int;
use whipsnake_cpython::layout::{code, frame, function, object, thread_state, tuple};
use whipsnake_cpython::live::_PyInterpreterFrame;
use whipsnake_ir::abi::{STACKTOP_RETURN_ADDRESS, compiled};

/// A call of this kind, which looks at how many arguments there are with `$arguments` (going on to label 8 if it can't be made so), and fills the locals
/// with `$fill`. What it can't do goes on to `$general`.
macro_rules! plain_call {
    ($(#[$attribute:meta])* $visibility:vis $name:ident, $arguments:expr, $fill:expr, $general:path, { $($operands:tt)* }) => {
        $(#[$attribute])*
        #[unsafe(naked)]
        $visibility unsafe extern "C" fn $name(
            thread: *mut PyThreadState,
            frame: *mut _PyInterpreterFrame,
            base: *mut *mut PyObject,
            count: c_int,
            length: c_int,
            back: *const u8,
        ) -> Resume {
        naked_asm!(
            // A function with compiled code that may be entered has our entry.
            "mov rax, [rdx]",
            "mov r10, [rip + {function_type}@GOTPCREL]",
            "cmp [rax + {ob_type}], r10",
            "jne 9f",
            "lea r11, [rip + {compiled_entry}]",
            "cmp [rax + {vectorcall}], r11",
            "jne 9f",
            "mov r10, [rax + {function_code}]",
            "mov r11, [r10 + {co_extra}]",
            "mov rsi, [rip + {slot_offset}]",
            "mov r11, [r11 + rsi]",
            // How many arguments there are: one more if `self` is not null.
            "mov ecx, ecx",
            "mov rsi, rcx",
            "cmp qword ptr [rdx + 8], 1",
            "sbb rsi, -1",
            $arguments,
            // Room for the frame and the return address after it; r8 is the frame, r9 its end.
            "mov [rsp - 8], r8",
            "mov [rsp - 16], r9",
            "mov r8, [rdi + {datastack_top}]",
            "mov r9, [r11 + {frame_bytes}]",
            "lea r9, [r8 + r9 + 8]",
            "cmp r9, [rdi + {datastack_limit}]",
            "jae 7f",
            "cmp dword ptr [rdi + {py_recursion}], 1",
            "jle 7f",
            "mov [rdi + {datastack_top}], r9",
            "sub dword ptr [rdi + {py_recursion}], 1",
            "mov [rdi + {current_frame}], r8",
            "mov rdi, [rsp - 16]",
            "mov [r9 - 8], rdi",
            "mov rdi, [rsp - 8]",
            "mov [r15 + {return_offset}], di",
            // The first argument: self, or what follows it.
            "sub rcx, rsi",
            "lea rdx, [rdx + rcx*8 + 16]",
            retain!("r10", "ecx", "2"),
            "mov [r8 + {previous}], r15",
            describe_frame!("r8", "rax", "r10", "rcx", "ecx"),
            "add r10, {code_adaptive}",
            "mov [r8 + {instr_ptr}], r10",
            // The stack top that tells of the return address; return offset and owner (the thread) are 0.
            "mov eax, {return_address}",
            "mov [r8 + {stacktop}], rax",
            // Arguments, then null for the other locals.
            "lea rdi, [r8 + {localsplus}]",
            "mov r10, [r11 + {locals_bytes}]",
            "add r10, rdi",
            "lea rsi, [rdi + rsi*8]",
            $fill,
            "mov rax, [r11 + {entry}]",
            "mov rdx, r8",
            "ret",
            "7:",
            "mov r8, [rsp - 8]",
            "mov r9, [rsp - 16]",
            "8:",
            "mov rsi, r15",
            "jmp {general}",
            "9:",
            "jmp {other}",
            function_type = sym PyFunction_Type,
            compiled_entry = sym compiled_entry,
            slot_offset = sym SLOT_OFFSET,
            general = sym $general,
            other = sym calls::call,
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
            current_frame = const thread_state::CURRENT_FRAME,
            return_offset = const frame::RETURN_OFFSET,
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
    /// `CALL`: slots from `base` are callable, self or null, `count` arguments. As [`calls::call`].
    ///
    /// # Safety
    /// Called by machine code only: the current frame is in `r15`.
    pub call,
    concat!("cmp rsi, [r11 + {exact_args}]\n", "jne 8f"),
    move_arguments!("rdx", "rdi", "rsi", "r10", "rcx"),
    call_with_defaults,
    {}
}

plain_call! {
    /// The same where the last parameters have their defaults, which are as many as there are arguments too few.
    ///
    /// # Safety
    /// As [`call`].
    call_with_defaults,
    concat!(
        "cmp rsi, [r11 + {exact_args}]\n",
        "jge 8f\n",
        "mov r10, [rax + {defaults}]\n",
        "test r10, r10\n",
        "je 8f\n",
        // The first default that is needed; there may be too few.
        "mov [rsp - 24], rcx\n",
        "mov rcx, [r10 + {ob_size}]\n",
        "sub rcx, [r11 + {exact_args}]\n",
        "add rcx, rsi\n",
        "lea r10, [r10 + rcx*8 + {ob_item}]\n",
        "mov [rsp - 32], r10\n",
        "mov r10, [rax + {function_code}]\n",
        "mov rcx, [rsp - 24]\n",
        "js 8f"
    ),
    concat!(
        move_arguments!("rdx", "rdi", "rsi", "rsi", "rcx"),
        "\n",
        "mov rdx, [rsp - 32]\n",
        "mov rsi, [r11 + {exact_args}]\n",
        "lea rsi, [r8 + rsi*8 + {localsplus}]\n",
        copy_objects!("rdx", "rdi", "rsi", "r9d"),
        "\n",
        move_arguments!("rdx", "rdi", "rdi", "r10", "rcx")
    ),
    calls::call,
    {
        defaults = const function::DEFAULTS,
        ob_size = const tuple::OB_SIZE,
        ob_item = const tuple::OB_ITEM,
    }
}
