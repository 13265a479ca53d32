//! The stencil library and the baseline compiler: copy-and-patch.
//!
//! The build script compiles every operation of `whipsnake-ops` into machine code with holes. At run time [`Baseline`] decodes a code
//! object, plans which stencils to place ([`plan`]), and copies and patches them ([`emit`]). See `docs/baseline-tier.md`.
//!
//! The method is Xu and Kjolstad's copy-and-patch (OOPSLA 2021).

pub mod counters;
mod depths;
mod emit;
mod layout;
mod library;
mod operands;
mod plan;
mod select;
mod stores;

pub use depths::Depths;
pub use emit::{Destination, SLACK};
pub use library::STACK_BYTES;
pub use operands::{Addresses, Source};
pub use plan::PlanError;

use emit::Emitter;
use plan::Plan;
use whipsnake_bytecode::{Code, CodeInput, DecodeError, Decoder, LeaveOut, UnitRange};

/// Where native code can be entered at one code unit, as offsets from its start; 0 means nowhere.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ResumePoint {
    /// Starts the instruction, with locals and stack in memory.
    pub entry: u32,
    /// Stores the value in the first argument register as the new top of stack, then starts the instruction.
    pub receive: u32,
}

/// Why a code object can't be compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CompileError {
    /// It can't be decoded.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// It can't be planned.
    #[error(transparent)]
    Plan(#[from] PlanError),
}

/// The baseline compiler, with its buffers.
#[derive(Default)]
pub struct Baseline {
    decoder: Decoder,
    plan: Plan,
}

/// A code object that is decoded, planned and measured, ready to be written.
pub struct Planned<'b> {
    code: Code<'b>,
    plan: &'b Plan,
}

impl Baseline {
    /// A compiler with empty buffers.
    pub fn new() -> Baseline {
        Baseline::default()
    }

    /// Whether code that is planned from now on counts what it does, in [`counters`].
    pub fn set_counting(&mut self, counting: bool) {
        self.plan.counting = counting;
    }

    /// Whether loops of code that is planned from now on are counted for the optimizing tier.
    pub fn set_optimizing(&mut self, optimizing: bool) {
        self.plan.optimizing = optimizing;
    }

    /// Decodes and plans a code object, but for some of what never ran.
    pub fn plan<'b>(&'b mut self, input: CodeInput<'b>, leave_out: LeaveOut<'_>) -> Result<Planned<'b>, CompileError> {
        let code = self.decoder.analyse(input)?;
        self.plan.make(&code, leave_out)?;
        Ok(Planned { code, plan: &self.plan })
    }
}

/// A run of machine code that belongs to one instruction, for listings.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    /// Offset of its first byte.
    pub offset: u32,
    /// Its length in bytes.
    pub len: u32,
    /// The instruction's code unit.
    pub unit: u32,
    /// The operation.
    pub operation: &'static str,
    /// Whether it lies in the cold part.
    pub cold: bool,
}

/// An instruction that native code starts with local variables and constants on the value stack that are not in their slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PendingEntry {
    /// The code unit of the instruction.
    pub unit: u32,
    /// Where it starts, in bytes.
    pub offset: u32,
    /// How many values on top of the stack are not in their slots.
    pub pending: u32,
}

impl<'b> Planned<'b> {
    /// The decoded code object.
    pub fn code(&self) -> &Code<'b> {
        &self.code
    }

    /// Bytes of machine code.
    pub fn size(&self) -> usize {
        self.plan.size() as usize
    }

    /// How many words the feedback cells of the code need.
    pub fn feedback_words(&self) -> usize {
        self.plan.feedback_words as usize
    }

    /// Where the feedback cells of attribute accesses are: code unit and first word, in order of the code unit. Only for the optimizing tier.
    pub fn attribute_cells(&self) -> Box<[(u32, u32)]> {
        use whipsnake_cpython::opcode::{LOAD_ATTR, STORE_ATTR};
        self.cells(|base| matches!(base, LOAD_ATTR | STORE_ATTR))
    }

    /// The feedback cells of some opcodes.
    fn cells(&self, of: impl Fn(u8) -> bool) -> Box<[(u32, u32)]> {
        if !self.plan.optimizing {
            return Box::default();
        }
        let (mut word, mut cells) = (0, vec![]);
        for piece in self.plan.hot.iter().chain(&self.plan.cold) {
            let words = u32::from(piece.stencil().feedback);
            let instr = &self.code.instrs()[piece.instr as usize];
            if words > 0 && of(instr.base) {
                cells.push((instr.index, word));
            }
            word += words;
        }
        cells.sort_unstable();
        cells.into()
    }

    /// Writes the machine code.
    ///
    /// # Safety
    /// `to.write` must have room for [`Planned::size`] + [`SLACK`] bytes.
    pub unsafe fn emit(&self, source: &impl Source, addresses: &Addresses, to: Destination) {
        // SAFETY: the caller's.
        unsafe { Emitter::new(self.plan, &self.code, addresses, source, to).run() };
    }

    /// The resume points, one for each code unit.
    pub fn resume_points(&self) -> Box<[ResumePoint]> {
        let mut points = vec![ResumePoint::default(); self.code.input().units.len()].into_boxed_slice();
        let instrs = self.code.instrs();
        for &instr in &self.plan.entries {
            points[instrs[instr as usize].start as usize].entry = self.plan.first[instr as usize];
        }
        for &(instr, place) in &self.plan.receives {
            points[instrs[instr as usize].start as usize].receive = self.plan.received(place);
        }
        points
    }

    /// Where else an instruction can be started, in order of the code unit.
    pub fn pending_entries(&self) -> Box<[PendingEntry]> {
        let instrs = self.code.instrs();
        let entry = |&(instr, pending): &(u32, u32)| PendingEntry {
            unit: instrs[instr as usize].start,
            offset: self.plan.first[instr as usize],
            pending,
        };
        self.plan.pending_entries.iter().map(entry).collect()
    }

    /// The blocks that were left out because they never ran, in ascending order.
    pub fn unreached(&self) -> Box<[UnitRange]> {
        self.plan.unreached.ranges(&self.code)
    }

    /// Where the feedback cells of what is counted for the optimizing tier are: code unit and first word, in order of the code unit.
    pub fn counting_cells(&self) -> Box<[(u32, u32)]> {
        use whipsnake_cpython::opcode::{JUMP_BACKWARD, RESUME};
        self.cells(|base| matches!(base, JUMP_BACKWARD | RESUME))
    }

    /// Value-stack depth before each code unit's instruction.
    pub fn depths(&self) -> Depths {
        Depths::new(&self.code)
    }

    /// What machine code belongs to which instruction, in order of address.
    pub fn spans(&self) -> Vec<Span> {
        self.plan.spans(&self.code)
    }
}
