//! Why an operation can't be made into a stencil.

/// What went wrong, where: the build fails with this message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("operation {operation}, offset {offset:#x}: {problem}")]
pub struct StencilError {
    /// The name of the operation.
    pub operation: String,
    /// Offset in the raw code.
    pub offset: usize,
    /// What is wrong there.
    pub problem: Problem,
}

/// A reason to refuse raw code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// The compiler failed.
    #[error("it does not compile: {0}")]
    Compile(String),
    /// Other operands gave code of another length.
    #[error("the length of the code depends on operand values ({0} and {1} bytes)")]
    LengthDiffers(usize, usize),
    /// Other operands gave other relocations.
    #[error("relocations depend on operand values")]
    RelocationsDiffer,
    /// The bytes are no instruction: data between the code, a constant pool, a jump table.
    #[error("not an instruction: data in the code")]
    DataInCode,
    /// A constant that varies with the operands is no operand plus constant.
    #[error("a constant varies with the operands but is not operand + constant")]
    UnexplainedConstant,
    /// A byte outside every constant field varies with the operands.
    #[error("this byte varies with the operands, in no field we know")]
    UnexplainedByte,
    /// A relocation is of a kind, or at a place, that we don't know.
    #[error("relocation not understood: {0}")]
    Relocation(String),
    /// An address relative to the instruction pointer, other than that of a constant of up to 8 bytes that is read.
    #[error("rip-relative data that is no small constant (a jump table, a vector): make it another way")]
    RipRelative,
    /// A branch into the middle of an instruction or out of the code.
    #[error("a branch to no instruction")]
    BadBranch,
    /// The code does not open with the frame set-up we know.
    #[error("the frame set-up is not the one we know")]
    Prologue,
    /// Frame code that does not match the frame set-up.
    #[error("frame code that does not match the frame set-up")]
    Epilogue,
    /// rbp is used beside frame code.
    #[error("rbp is used")]
    FramePointerUsed,
    /// rsp changes, or is used in a way that is not an access to the frame.
    #[error("rsp is used otherwise than to access the frame")]
    StackPointerUsed,
    /// An access outside the frame: arguments passed on the stack.
    #[error("an access outside the frame")]
    OutsideFrame,
    /// The activation at the bottom of the frame is overwritten: a spill or a stack argument.
    #[error("the activation is overwritten: a spill where its stack slot is missing, or a stack argument")]
    ActivationOverwritten,
    /// `ret`: code leaves by continuations only.
    #[error("it returns; leave by a continuation")]
    Returns,
    /// The code runs off its end.
    #[error("execution runs off the end")]
    NoTerminator,
    /// A call to a continuation, or a jump to a helper.
    #[error("a call to a continuation")]
    CallToContinuation,
    /// A float register is live over a call that preserves integer registers only.
    #[error("xmm{0} is live over a call that preserves only integer registers")]
    FloatLiveOverCall(u8),
    /// The encoder refused an instruction.
    #[error("cannot encode: {0}")]
    Encode(String),
    /// Patching does not give what the compiler gives.
    #[error("the patched code differs from the compiled code")]
    ProofFailed,
    /// A section is too long.
    #[error("the stencil is too long ({0} bytes)")]
    TooLong(usize),
}

/// A problem at an offset, before the operation's name is known.
pub(crate) type Located = (usize, Problem);
