//! Building the graph of a region by abstract interpretation of its bytecode.
//!
//! Bytecode blocks are visited in the order of the code, in which every forward jump leads on; a loop is a range of blocks. An innermost loop is built
//! twice: what its first round establishes (types, guards, loads) holds for the copy that loops. What a loop carries is
//! assumed to keep its type; where the back-edge disagrees, the region is built again with what was learnt.

mod apply;
mod blocks;
mod calls;
mod instructions;
mod loops;
mod samples;
mod slots;
mod special;

use crate::World;
use loops::{Loops, Plans};
use rustc_hash::FxHashSet;
use smallvec::SmallVec;
use whipsnake_bytecode::Code;
use whipsnake_ir::Function;

/// A region to build: the loop whose header is at a code unit.
pub struct Request<'a> {
    /// The code object.
    pub code: &'a Code<'a>,
    /// What the running program knows.
    pub world: &'a dyn World,
    /// The loop's header, a code unit.
    pub header: u32,
    /// Instructions whose specialised forms failed too often in earlier code of the region: they are done in their general form.
    pub general: &'a FxHashSet<Site>,
}

/// An instruction of a region: its code unit, behind those of the calls that were inlined around it, the outermost first.
pub type Site = SmallVec<[u32; 4]>;

/// Why a region can't be built, or is not worth it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The unit is no loop header.
    #[error("no loop starts there")]
    NoLoop,
    /// No way through the loop comes back to its header without leaving the region.
    #[error("every way around the loop leaves the region at {}", whipsnake_cpython::opcode::NAMES[*.0 as usize])]
    Leaves(u8),
    /// Hardly anything happens but calls, which the baseline tier does better: it need not come back from them.
    #[error("it does little but call")]
    Calls,
    /// Assumptions about loops did not settle.
    #[error("the types of what the loop carries do not settle")]
    Unsettled,
    /// Too much code.
    #[error("the region is too large")]
    TooLarge,
}

/// What earlier attempts found out about instructions.
#[derive(Debug, Default)]
pub(crate) struct Choices {
    /// They are not built: the region is left there.
    exits: FxHashSet<Site>,
    /// They want their inputs in memory.
    in_memory: FxHashSet<Site>,
    /// Calls that are not inlined.
    not_inlined: FxHashSet<Site>,
    /// The region got too large: no loop is built twice.
    single: bool,
    /// It still is: no more is built than must be.
    sparing: bool,
    /// Inlined calls, by the call: their frame is pushed at once.
    pushed: FxHashSet<Site>,
}

/// How often a region is built at most.
const ATTEMPTS: usize = 24;

/// How many instructions a region may have: machine code for more takes too long to make.
const MAX_INSTRUCTIONS: usize = 8_000;

/// With more instructions than this a region is built again without copies of loops.
const ROOMY: usize = 3_000;

/// With more than this it is built again without inlined calls of all but small functions, too.
const LARGE: usize = 4_500;

/// Builds the graph of a region.
pub fn build(request: &Request<'_>) -> Result<Function, Refusal> {
    let header = request.code.at_unit(request.header).ok_or(Refusal::NoLoop)?;
    let extent = Loops::of(request.code).at(request.code.block_of(header)).ok_or(Refusal::NoLoop)?;
    let mut plans = Plans::default();
    let mut choices = Choices::default();
    for _ in 0..ATTEMPTS {
        let mut function = Function::new(format!("loop at {}", request.header));
        let attempt = blocks::Walk::new(request, &mut function, &mut plans, &mut choices).run(extent);
        if function.inst_count() > ROOMY && !choices.single {
            (choices.single, plans) = (true, Plans::default());
            continue;
        }
        if function.inst_count() > LARGE && !choices.sparing {
            (choices.sparing, plans) = (true, Plans::default());
            continue;
        }
        if function.inst_count() > MAX_INSTRUCTIONS {
            return Err(Refusal::TooLarge);
        }
        match attempt {
            blocks::Attempt::Done(cost) if cost.is_too_high() => return Err(Refusal::Calls),
            blocks::Attempt::Done(_) => return Ok(function),
            blocks::Attempt::Again => {}
            blocks::Attempt::NoWayAround(opcode) => return Err(Refusal::Leaves(opcode)),
        }
    }
    Err(Refusal::Unsettled)
}
