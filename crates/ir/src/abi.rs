//! The contract between machine code and the run time: the native stack, operand numbering, statuses.
//!
//! `ARCHITECTURE.md`, "Native code: the contract", tells it in prose.

/// What `rsp` points at while native code runs. Made by the entry trampoline's caller; spill room follows it.
///
/// The fields are read by machine code at the offsets below, which a test pins.
#[repr(C)]
#[derive(Debug)]
pub struct Activation {
    /// The `PyThreadState` this activation runs on.
    pub thread_state: *mut u8,
    /// The `_PyInterpreterFrame` that native code was entered with: when it is done, native code ends.
    pub base_frame: *mut u8,
    /// Room for the run time: what kind of activation this is.
    pub kind: u64,
    /// Room for the run time.
    pub extra: u64,
}

/// Bytes of an [`Activation`]; also the size of the stack slot that every stencil declares first.
pub const ACTIVATION_SIZE: u32 = 32;
/// Offset of [`Activation::thread_state`].
pub const ACTIVATION_THREAD_STATE: i32 = 0;
/// Offset of [`Activation::base_frame`].
pub const ACTIVATION_BASE_FRAME: i32 = 8;

/// How native code ended, as returned by the entry trampoline beside a value.
#[repr(u64)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// The base frame reached a return; the value is the result. The frame is still linked.
    Return = 0,
    /// The base frame reached a yield; the value is what it yields. The frame is still linked.
    Yield = 1,
    /// An exception is set and the base frame has no handler for it. The frame is still linked.
    Error = 2,
    /// The base frame wants to go on in the interpreter at its `instr_ptr`, with stack in memory.
    Exit = 3,
}

/// Numbers of the 32-bit operands of a stencil (frame displacements and immediates).
pub mod operand {
    /// Displacement of input 0; inputs 1 to 3 follow.
    pub const INPUT: u8 = 0;
    /// Displacement of output 0; outputs 1 and 2 follow.
    pub const OUTPUT: u8 = 4;
    /// Displacement of the local variable that the instruction names.
    pub const LOCAL: u8 = 7;
    /// Displacement of the lowest stack slot that the instruction consumes.
    pub const BASE: u8 = 8;
    /// First of the instruction's own immediates.
    pub const PARAM: u8 = 9;
    /// How many operands there are in all.
    pub const COUNT: usize = 16;
}

/// Numbers of the 64-bit pointer operands of a stencil.
pub mod pointer {
    /// First of the instruction's own pointers.
    pub const PARAM: u8 = 0;
    /// The constants that stand for inputs 0 to 3 when an input is a constant.
    pub const CONST_INPUT: u8 = 4;
    /// The address of the instruction, for `instr_ptr`.
    pub const INSTR: u8 = 8;
    /// The instruction's feedback cell.
    pub const FEEDBACK: u8 = 9;
    /// The compiled code's own data.
    pub const CODE: u8 = 10;
    /// How many pointers there are in all.
    pub const COUNT: usize = 11;
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::mem::offset_of;

    #[test]
    fn activation_layout_is_what_machine_code_reads() {
        assert_eq!(size_of::<Activation>(), ACTIVATION_SIZE as usize);
        assert_eq!(offset_of!(Activation, thread_state), ACTIVATION_THREAD_STATE as usize);
        assert_eq!(offset_of!(Activation, base_frame), ACTIVATION_BASE_FRAME as usize);
    }
}
