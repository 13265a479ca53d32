//! Pieces that hand-written machine code has in common, as text for `naked_asm!`.
//!
//! Registers and labels are given as text; names in braces are operands of the function that a piece is in. What a piece changes besides is told with it.

use whipsnake_cpython::layout::monitoring;

/// Adds a reference to the object in a register, unless it is immortal. Changes `count`, a 32-bit register.
macro_rules! retain {
    ($object:literal, $count:literal, $label:literal) => {
        concat!(
            "mov ",
            $count,
            ", [",
            $object,
            " + {refcnt}]\n",
            "add ",
            $count,
            ", 1\n",
            "je ",
            $label,
            "f\n",
            "mov [",
            $object,
            " + {refcnt}], ",
            $count,
            "\n",
            $label,
            ":"
        )
    };
}

/// Takes a reference from the object in a register; on to `immortal` if it is that, and else on with the zero flag set if it was the last one. Changes
/// `count`, a 32-bit register.
macro_rules! release {
    ($object:literal, $count:literal, $immortal:literal) => {
        concat!(
            "mov ",
            $count,
            ", [",
            $object,
            " + {refcnt}]\n",
            "test ",
            $count,
            ", ",
            $count,
            "\n",
            "js ",
            $immortal,
            "\n",
            "sub ",
            $count,
            ", 1\n",
            "mov [",
            $object,
            " + {refcnt}], ",
            $count
        )
    };
}

/// Releases the locals of the frame in `r15`, whose number is at `nlocalsplus` of the code in `r13`. Changes `rax`, `rcx`, `rsi` and `r8`, and defines
/// the labels 2 and 3. What `end_object` destroys is in `r8`, and it keeps the other registers.
macro_rules! release_locals {
    () => {
        concat!(
            "movsxd rcx, dword ptr [r13 + {nlocalsplus}]\n",
            "lea rsi, [r15 + {localsplus}]\n",
            "lea rcx, [rsi + rcx*8]\n",
            "2:\n",
            "cmp rsi, rcx\n",
            "je 3f\n",
            "mov r8, [rsi]\n",
            "add rsi, 8\n",
            "test r8, r8\n",
            "je 2b\n",
            $crate::native::assembly::release!("r8", "eax", "2b"),
            "\n",
            "jne 2b\n",
            "call {end_object}\n",
            "jmp 2b\n",
            "3:"
        )
    };
}

/// Writes what a new frame has of its function and code, and that nobody has seen it. Leaves zero in `zero`, whose low half is `zero_low`.
macro_rules! describe_frame {
    ($frame:literal, $function:literal, $code:literal, $zero:literal, $zero_low:literal) => {
        concat!(
            "mov [",
            $frame,
            " + {executable}], ",
            $code,
            "\n",
            "mov [",
            $frame,
            " + {funcobj}], ",
            $function,
            "\n",
            "mov ",
            $zero,
            ", [",
            $function,
            " + {function_globals}]\n",
            "mov [",
            $frame,
            " + {globals}], ",
            $zero,
            "\n",
            "mov ",
            $zero,
            ", [",
            $function,
            " + {function_builtins}]\n",
            "mov [",
            $frame,
            " + {builtins}], ",
            $zero,
            "\n",
            "xor ",
            $zero_low,
            ", ",
            $zero_low,
            "\n",
            "mov [",
            $frame,
            " + {locals}], ",
            $zero,
            "\n",
            "mov [",
            $frame,
            " + {frame_obj}], ",
            $zero
        )
    };
}

/// Moves arguments from `from` on to the locals from `to` on, up to `arguments_end`, and null to those up to `end`. `zero` is that; changes `rax`, `from`
/// and `to`, and defines the labels 3 to 6.
macro_rules! move_arguments {
    ($from:literal, $to:literal, $arguments_end:literal, $end:literal, $zero:literal) => {
        concat!(
            "cmp ",
            $to,
            ", ",
            $arguments_end,
            "\n",
            "je 4f\n",
            "3:\n",
            "mov rax, [",
            $from,
            "]\n",
            "add ",
            $from,
            ", 8\n",
            "mov [",
            $to,
            "], rax\n",
            "add ",
            $to,
            ", 8\n",
            "cmp ",
            $to,
            ", ",
            $arguments_end,
            "\n",
            "jne 3b\n",
            "4:\n",
            "cmp ",
            $to,
            ", ",
            $end,
            "\n",
            "je 6f\n",
            "5:\n",
            "mov [",
            $to,
            "], ",
            $zero,
            "\n",
            "add ",
            $to,
            ", 8\n",
            "cmp ",
            $to,
            ", ",
            $end,
            "\n",
            "jne 5b\n",
            "6:"
        )
    };
}

/// Copies objects from `from` on to places from `to` on, up to `end`, of which there is one at least, with references. Changes `rax`, `count` (a 32-bit
/// register), `from` and `to`, and defines the labels 22 and 23.
macro_rules! copy_objects {
    ($from:literal, $to:literal, $end:literal, $count:literal) => {
        concat!(
            "22:\n",
            "mov rax, [",
            $from,
            "]\n",
            "add ",
            $from,
            ", 8\n",
            $crate::native::assembly::retain!("rax", $count, "23"),
            "\n",
            "mov [",
            $to,
            "], rax\n",
            "add ",
            $to,
            ", 8\n",
            "cmp ",
            $to,
            ", ",
            $end,
            "\n",
            "jne 22b"
        )
    };
}

/// On to `general` if a tool or another evaluator wants to see calls; `interpreter` is the interpreter. Changes `scratch`, a 64-bit register.
macro_rules! unless_watched {
    ($interpreter:literal, $scratch:literal, $general:literal) => {
        concat!(
            "mov ",
            $scratch,
            ", [",
            $interpreter,
            " + {eval_frame}]\n",
            $crate::native::assembly::unless_watched!(@name $interpreter, $scratch, "0"),
            $crate::native::assembly::unless_watched!(@name $interpreter, $scratch, "8"),
            $crate::native::assembly::unless_watched!(@name $interpreter, $scratch, "16"),
            $crate::native::assembly::unless_watched!(@name $interpreter, $scratch, "24"),
            $crate::native::assembly::unless_watched!(@name $interpreter, $scratch, "32"),
            "jne ",
            $general
        )
    };
    (@name $interpreter:literal, $scratch:literal, $offset:literal) => {
        concat!("or ", $scratch, ", [", $interpreter, " + {tool_names} + ", $offset, "]\n")
    };
}

/// On to `general` where the thread in a register is near the end of its C stack, or at that of Python's.
macro_rules! unless_deep {
    ($thread:literal, $general:literal) => {
        concat!(
            "cmp dword ptr [",
            $thread,
            " + {c_recursion}], {low}\njl ",
            $general,
            "\ncmp dword ptr [",
            $thread,
            " + {py_recursion}], 0\njle ",
            $general
        )
    };
}

/// Saves the caller's registers for native code. The activation's `{room}` is still to be taken off the stack.
macro_rules! save_registers {
    () => {
        "push rbp\nmov rbp, rsp\npush rbx\npush r12\npush r13\npush r14\npush r15"
    };
}

/// Takes the activation from the stack, and gives the caller of native code its registers back.
macro_rules! leave_activation {
    () => {
        "add rsp, {room}\npop r15\npop r14\npop r13\npop r12\npop rbx\npop rbp"
    };
}

pub(crate) use {
    copy_objects, describe_frame, leave_activation, move_arguments, release, release_locals, retain, save_registers,
    unless_deep, unless_watched,
};

// Of the six tools, the optimizer's own is not one.
const _: () = assert!(monitoring::OPTIMIZER_ID == 5, "the names of five other tools are looked at");
