//! Reasons to refuse a code object.

use thiserror::Error;

/// Why a code object can't be decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum DecodeError {
    /// The code ends in the middle of an instruction or its caches, or control can run off its end.
    #[error("the code ends in the middle of an instruction that starts at unit {index}")]
    Truncated {
        /// Where the instruction starts.
        index: u32,
    },
    /// An opcode that this version of CPython does not have, or a cache unit where an instruction should be.
    #[error("unknown opcode {opcode} at unit {index}")]
    UnknownOpcode {
        /// The opcode.
        opcode: u8,
        /// Its unit.
        index: u32,
    },
    /// An operand beyond anything that can be meant.
    #[error("huge operand at unit {index}")]
    HugeOperand {
        /// The unit of an `EXTENDED_ARG`.
        index: u32,
    },
    /// `ENTER_EXECUTOR`: another compiler has replaced the instruction.
    #[error("another compiler's executor at unit {index}")]
    Executor {
        /// Its unit.
        index: u32,
    },
    /// A line or instruction event covers the opcode, which is stored elsewhere.
    #[error("line or instruction event at unit {index}")]
    Instrumented {
        /// Its unit.
        index: u32,
    },
    /// A jump that does not lead to the start of an instruction.
    #[error("jump at unit {index} does not lead to an instruction")]
    BadTarget {
        /// The unit of the jump.
        index: u32,
    },
    /// A `FOR_ITER` whose target is not `END_FOR` followed by `POP_TOP`.
    #[error("the loop at unit {index} does not end with END_FOR and POP_TOP")]
    BadLoopEnd {
        /// The unit of the `FOR_ITER`.
        index: u32,
    },
    /// The exception table is not sorted, or names units that are not there.
    #[error("malformed exception table")]
    BadExceptionTable,
    /// An instruction takes more values than there are, or a handler expects more.
    #[error("value stack underflow at unit {index}")]
    StackUnderflow {
        /// The unit of the instruction.
        index: u32,
    },
    /// The stack grows beyond `co_stacksize`.
    #[error("value stack overflow at unit {index}")]
    StackOverflow {
        /// The unit of the instruction.
        index: u32,
    },
    /// Two ways to an instruction bring different stack depths.
    #[error("stack depths {first} and {second} meet at unit {index}")]
    DepthMismatch {
        /// The unit of the instruction.
        index: u32,
        /// The depth found first.
        first: u32,
        /// The depth that disagrees.
        second: u32,
    },
    /// A local variable's number is not below `nlocalsplus`.
    #[error("no such local at unit {index}")]
    BadLocal {
        /// The unit of the instruction.
        index: u32,
    },
}
