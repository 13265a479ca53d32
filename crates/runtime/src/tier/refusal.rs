//! Why a code object stays with the interpreter.

use whipsnake_bytecode::DecodeError;
use whipsnake_cpython::opcode;
use whipsnake_stencils::{CompileError, PlanError};

/// A reason not to compile a code object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The program asked for it with `@whipsnake.never`.
    #[error("marked with @whipsnake.never")]
    Never,
    /// `WHIPSNAKE_ONLY` names others.
    #[error("WHIPSNAKE_ONLY doesn't name it")]
    NotSelected,
    /// An instruction that this version can't compile.
    #[error("no compiled form of {}", opcode::NAMES[*.0 as usize])]
    Opcode(u8),
    /// A tool (debugger, profiler, coverage) has events on the code.
    #[error("a tool has events on it")]
    Instrumented,
    /// The bytecode is not what CPython's compiler makes.
    #[error("{0}")]
    Bytecode(DecodeError),
    /// The code memory is full.
    #[error("the limit for machine code is reached")]
    CodeMemory,
    /// The code object is too large.
    #[error("the code object is too large")]
    TooLarge,
    /// The host ran out of memory.
    #[error("out of memory")]
    Memory,
}

impl Refusal {
    /// A short name, the same for all refusals of one kind, for statistics.
    pub fn kind(self) -> &'static str {
        match self {
            Refusal::Never => "never",
            Refusal::NotSelected => "not_selected",
            Refusal::Opcode(_) => "opcode",
            Refusal::Instrumented => "instrumented",
            Refusal::Bytecode(_) => "bytecode",
            Refusal::CodeMemory => "code_memory",
            Refusal::TooLarge => "too_large",
            Refusal::Memory => "memory",
        }
    }

    /// Whether trying again later could help.
    pub fn is_temporary(self) -> bool {
        matches!(self, Refusal::Instrumented)
    }
}

impl From<CompileError> for Refusal {
    fn from(error: CompileError) -> Self {
        match error {
            CompileError::Plan(PlanError::Opcode(opcode)) => Refusal::Opcode(opcode),
            CompileError::Plan(PlanError::TooLarge) => Refusal::TooLarge,
            CompileError::Decode(DecodeError::Instrumented { .. } | DecodeError::Executor { .. }) => {
                Refusal::Instrumented
            }
            CompileError::Decode(error) => Refusal::Bytecode(error),
        }
    }
}
