//! The stencil library and the baseline compiler: copy-and-patch.
//!
//! The build script compiles every operation of `whipsnake-ops` into machine code with holes. At run time [`Baseline`] decodes a code
//! object, plans which stencils to place ([`plan`]), and copies and patches them ([`emit`]). See `docs/baseline-tier.md`.
//!
//! The method is Xu and Kjolstad's copy-and-patch (OOPSLA 2021).

pub mod counters;
mod delegations;
mod emit;
mod layout;
mod library;
mod operands;
mod plan;
mod select;
mod stores;

pub use emit::{Destination, SLACK};
pub use library::STACK_BYTES;
pub use operands::{Addresses, Source};
pub use plan::PlanError;

use emit::Emitter;
use operands::Scratch;
use plan::Plan;
use whipsnake_bytecode::{Code, CodeInput, DecodeError, Decoder, LeaveOut, UnitRange};
use whipsnake_ir::abi::compiled::DELEGATES;

/// Where native code can be entered at one code unit, as offsets from its start; 0 means nowhere.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ResumePoint {
    /// Starts the instruction, with locals and stack in memory.
    pub entry: u32,
    /// Stores the value in the first argument register as the new top of stack, then starts the instruction. Where there is no entry, it may tell of a
    /// [pending](ResumePoint::pending) one; and in the loops of `yield from` and `await`, how to be suspended there.
    pub receive: u32,
}

/// Where in a point the number of pending values begins.
const PENDING: u32 = 26;

impl ResumePoint {
    /// Where the instruction starts with local variables and constants on top of the value stack that are not in their slots, and how many those are.
    pub fn pending_entry(self) -> Option<(u32, u32)> {
        (self.entry == 0 && self.receive >> PENDING != 0)
            .then_some((self.receive & ((1 << PENDING) - 1), self.receive >> PENDING))
    }

    /// Where a value is received; 0 means nowhere.
    pub fn received(self) -> u32 {
        let delegates = self.entry != 0 && self.receive & DELEGATES != 0;
        if delegates || self.pending_entry().is_some() { 0 } else { self.receive }
    }
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
    values: Scratch,
}

/// A code object that is decoded, planned and measured, ready to be written.
pub struct Planned<'b> {
    code: Code<'b>,
    plan: &'b Plan,
    values: &'b mut Scratch,
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
        Ok(Planned { code, plan: &self.plan, values: &mut self.values })
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
        (self.plan.hot_feedback + self.plan.cold_feedback) as usize
    }

    /// Where the feedback cells of attribute accesses are: code unit and first word, in order of the code unit. Only for the optimizing tier.
    pub fn attribute_cells(&self) -> &[(u32, u32)] {
        self.plan.attribute_cells.all()
    }

    /// The same for what is counted for the optimizing tier.
    pub fn counting_cells(&self) -> &[(u32, u32)] {
        self.plan.counting_cells.all()
    }

    /// Writes the machine code.
    ///
    /// # Safety
    /// `to.write` must have room for [`Planned::size`] + [`SLACK`] bytes.
    pub unsafe fn emit(&mut self, source: &dyn Source, addresses: &Addresses, to: Destination) {
        // SAFETY: the caller's.
        unsafe { Emitter::new(self.plan, &self.code, addresses, self.values.of(addresses), source, to).run() };
    }

    /// Sets the resume points, one for each code unit, which are zeros.
    pub fn resume_points(&self, points: &mut [ResumePoint]) {
        let instrs = self.code.instrs();
        for (instr, start) in instrs.iter().zip(&self.plan.starts) {
            points[instr.start as usize] = start.point();
        }
        for &(instr, place) in &self.plan.receives {
            points[instrs[instr as usize].start as usize].receive = self.plan.received(place);
        }
        for &yields in &self.plan.delegations {
            delegations::note(&self.code, yields, points);
        }
    }

    /// The blocks that were left out because they never ran, in ascending order.
    pub fn unreached(&self) -> Box<[UnitRange]> {
        self.plan.unreached.ranges(&self.code)
    }

    /// What machine code belongs to which instruction, in order of address.
    pub fn spans(&self) -> Vec<Span> {
        self.plan.spans(&self.code)
    }
}
