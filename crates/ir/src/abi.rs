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
    /// The low half of the instruction's address. The code units of one code object have the other half in common, and a running frame's
    /// `instr_ptr` has it already.
    pub const INSTR_LOW: u8 = 15;
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

/// Where in the feedback cell of a jump back the address is at which its optimized loop is entered; 0 if it has none, or one that is looked after at each entry.
pub const LOOP_GATE: i32 = 8;

/// Words in the feedback cell of an instruction: zeroed by the linker, written by helpers only. Only operations that mention
/// [`pointer::FEEDBACK`] have one; their documentation says what is in it. In all of them word 0 counts what the cell could not
/// answer, so that the run time can see which sites are worth another look. A cell never holds a reference: object addresses in it
/// are good only while the version beside them is current.
///
/// | operations | word 0 | words 1 to 11 |
/// |---|---|---|
/// | `LOAD_ATTR`, `LOAD_ATTR.method`, `STORE_ATTR` | misses (low half), entries written (high half) | the rest of an [`AttributeCell`] |
/// | `LOAD_GLOBAL`, `LOAD_GLOBAL.null`, `STORE_GLOBAL`, `LOAD_NAME`, `STORE_NAME` | misses | the rest of a [`GlobalCell`] |
pub const FEEDBACK_WORDS: usize = size_of::<AttributeCell>() / 8;

/// The same for sites of global variables.
pub const GLOBAL_FEEDBACK_WORDS: usize = size_of::<GlobalCell>() / 8;

/// Shapes that one attribute site remembers.
pub const ATTRIBUTE_SHAPES: usize = 4;

/// The polymorphic inline cache of an attribute site. An entry is used while its type version is current and the instance's own
/// attributes can't shadow what it says.
#[repr(C)]
#[derive(Debug)]
pub struct AttributeCell {
    /// Accesses that no entry could answer.
    pub misses: u32,
    /// Entries written so far, and searches in vain; where that is at its limit, the site is left to the general functions.
    pub fills: u32,
    /// `tp_version_tag` of the owner's type; 0 in an empty entry.
    pub versions: [u32; ATTRIBUTE_SHAPES],
    /// Kind of access (low 8 bits, see the run time's `shapes`) and an index or offset (signed, high 24 bits).
    pub accesses: [i32; ATTRIBUTE_SHAPES],
    /// What else must hold, by kind: a number of shared keys, or a version tag.
    pub checks: [u32; ATTRIBUTE_SHAPES],
    /// The class attribute, borrowed: good while the version is current.
    pub descriptors: [*mut u8; ATTRIBUTE_SHAPES],
}

/// What a global-variable site remembers.
#[repr(C)]
#[derive(Debug)]
pub struct GlobalCell {
    /// Loads that had to look the name up.
    pub misses: u64,
    /// Which entry of the globals' keys has the name, plus 1; 0 if unknown.
    pub global_entry: u64,
    /// Which entry of the builtins' keys has the name, plus 1; 0 if unknown.
    pub builtin_entry: u64,
    /// The version in `ma_version_tag` of globals that did not have the name; 0 if unknown.
    pub absent_version: u64,
}

/// `stacktop` of a running frame that is followed by a word with the address where its caller receives the result. Like any running frame's it is
/// negative.
pub const STACKTOP_RETURN_ADDRESS: i32 = -2;

/// Offsets of what machine code reads of a compiled code object; the run time checks them.
pub mod compiled {
    /// The `eval_breaker` word for which the code needs no attention.
    pub const VALID_VERSION: i32 = 0;
    /// The address of the first instruction.
    pub const ENTRY: i32 = 8;
    /// Bytes of a frame.
    pub const FRAME_BYTES: i32 = 16;
    /// How many positional arguments are merely copied, as a word; negative if calls are not that simple.
    pub const EXACT_ARGS: i32 = 24;
    /// Bytes of a frame's locals, cells and free variables.
    pub const LOCALS_BYTES: i32 = 32;
    /// Where machine code begins.
    pub const BASE: i32 = 40;
    /// The address of the resume points, one for each code unit.
    pub const RESUME_POINTS: i32 = 48;
    /// Log2 of the bytes of a resume point.
    pub const RESUME_POINT_SHIFT: u32 = 3;
    /// In a resume point: offset from the base of where the instruction starts, 32 bits.
    pub const ENTRY_POINT: i32 = 0;
    /// In a resume point: offset from the base of where a value is received, 32 bits.
    pub const RECEIVE: i32 = 4;
    /// What such a field has besides, where nothing is received, in the loop of `yield from` and `await`: at its `SEND` the `stacktop` of a frame that is
    /// suspended there, and at its `RESUME` the word at `return_offset` of a frame that waits there.
    pub const DELEGATES: u32 = 1 << 31;
    /// Code units from the `SEND` of that loop to its `YIELD_VALUE`.
    pub const SEND_TO_YIELD: i32 = 2;
    /// Code units from its `SEND` to its `RESUME`.
    pub const SEND_TO_RESUME: i32 = 3;
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::mem::offset_of;

    #[test]
    fn cells_fit() {
        assert_eq!(size_of::<AttributeCell>(), 8 * FEEDBACK_WORDS);
        assert_eq!(size_of::<GlobalCell>(), 8 * GLOBAL_FEEDBACK_WORDS);
    }

    #[test]
    fn activation_layout_is_what_machine_code_reads() {
        assert_eq!(size_of::<Activation>(), ACTIVATION_SIZE as usize);
        assert_eq!(offset_of!(Activation, thread_state), ACTIVATION_THREAD_STATE as usize);
        assert_eq!(offset_of!(Activation, base_frame), ACTIVATION_BASE_FRAME as usize);
    }
}
