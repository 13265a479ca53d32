//! What an operation's operands stand for: how the compiler finds their values in the instruction, its cache and its code object.

/// The meaning of a 32-bit immediate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Imm {
    /// The oparg, shifted right by `.0`.
    Oparg(u8),
    /// The oparg's low bits under a mask.
    OpargMasked(u32),
    /// The oparg times 8 plus `.0`: a byte offset into an array of pointers.
    OpargTimes8(i32),
    /// The low 32 bits of the inline cache at code unit `.0` after the instruction (1 is the counter).
    Cache32(u8),
    /// The 16 bits of the inline cache at code unit `.0`.
    Cache16(u8),
    /// The 16 bits of the inline cache at code unit `.0`, times `.1`, plus `.2`: a byte offset.
    Cache16Scaled(u8, i32, i32),
    /// Offset of the function's field that `SET_FUNCTION_ATTRIBUTE`'s oparg names.
    FunctionField,
    /// The value-stack depth before the instruction.
    Depth,
    /// The frame's `stacktop` once the instruction's inputs are popped.
    StackTop,
    /// Code units from this instruction to the next (for `return_offset`).
    Length,
    /// [`Imm::Length`] in the low half, and the owner of the code's frames in the third byte: the word at a frame's `return_offset`.
    ReturnWord,
    /// Code units from this instruction to its jump target, where `FOR_ITER` and `SEND` go on when a generator returns; the rest as in
    /// [`Imm::ReturnWord`].
    TargetWord,
}

/// The meaning of a pointer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ptr {
    /// Constant number oparg.
    Const,
    /// Name number oparg shifted right by `.0`.
    Name(u8),
    /// The 64 bits of the inline cache at code unit `.0` after the instruction (1 is the counter).
    Cache64(u8),
    /// The 16 bits of the inline cache at code unit `.0`, as a number: for where a 32-bit immediate would be folded.
    Cache16(u8),
    /// The C function of `BINARY_OP`'s oparg.
    BinaryFunction,
    /// The C function of `CALL_INTRINSIC_1`'s oparg.
    UnaryIntrinsic,
    /// The C function of `CALL_INTRINSIC_2`'s oparg.
    BinaryIntrinsic,
    /// The C function of `CONVERT_VALUE`'s oparg.
    Conversion,
    /// The code object.
    Code,
    /// The code unit `.0` units after the start of this instruction (0 is the instruction itself).
    InstrAt(u8),
    /// The code unit after this instruction and its caches.
    NextInstr,
    /// The code unit of the jump target.
    TargetInstr,
    /// The machine code that the operation goes on with: where the result of a call is received.
    NextCode,
    /// The counter number oparg of the statistics.
    Counter,
}

/// What [`whipsnake_ir::abi::operand::LOCAL`] names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Nothing.
    None,
    /// Local variable number oparg.
    Local,
    /// The local variable that the `STORE_FAST` after this instruction names; the instruction does the store along.
    NextLocal,
    /// The stack slot `oparg + .0` below the top, counted before the instruction (1 is the top itself).
    Below(u8),
}
