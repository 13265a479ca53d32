//! Building the graph of a region by abstract interpretation of its bytecode.
//!
//! Bytecode blocks are visited in the order of the code, in which every forward jump leads on; a loop is a range of blocks. An innermost loop is built
//! twice: what its first round establishes (types, guards, loads) holds for the copy that loops. What a loop carries is
//! assumed to keep its type; where the back-edge disagrees, the region is built again with what was learnt.

mod accessors;
mod apply;
mod arguments;
mod blocks;
mod body;
mod budget;
mod callees;
mod calls;
mod catching;
mod choosing;
mod class_methods;
mod class_variables;
mod collected;
mod consumers;
mod conversions;
mod cost;
mod entry;
mod enumerations;
mod failures;
mod generators;
mod handlers;
mod instructions;
mod iterators;
mod known_functions;
mod locals;
mod loop_copies;
mod loop_regions;
mod loops;
mod made_generators;
mod math;
mod named_items;
mod new;
mod operators;
mod own;
mod ranges;
mod recursion;
mod recursive_body;
mod returns;
mod samples;
mod sets;
mod shapes;
mod sites;
mod slices;
mod slots;
mod special;
mod truth;
mod unwinding;
mod wanted;
mod with;
mod yields;

pub use handlers::raised_at;

use crate::World;
use loops::{Loops, Plans};
use recursion::Recursion;
use rustc_hash::FxHashSet;
use smallvec::SmallVec;
use whipsnake_bytecode::Code;
use whipsnake_ir::Function;

/// Where a region starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// At the header of a loop, a code unit.
    Loop(u32),
    /// With a function's first instruction; so many of its locals are arguments.
    Function(u32),
}

/// A region to build.
pub struct Request<'a> {
    /// The code object.
    pub code: &'a Code<'a>,
    /// What the running program knows.
    pub world: &'a dyn World,
    /// Where it starts.
    pub start: Start,
    /// Whether it is left at instructions that never ran.
    pub prunes: bool,
    /// Instructions whose specialised forms failed too often in earlier code of the region: they are done in their general form.
    pub general: &'a FxHashSet<Site>,
    /// With more instructions of IR than this it is not built for now.
    pub most: Option<usize>,
}

/// An instruction of a region: its code unit, behind those of the calls that were inlined around it, the outermost first.
pub type Site = SmallVec<[u32; 4]>;

/// What stands for an instruction that failed in its general form, too, next to itself.
pub fn failed_again(mut site: Site) -> Site {
    /// No code unit has this number.
    const AGAIN: u32 = u32::MAX;
    site.push(AGAIN);
    site
}

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
    /// More code than was asked for.
    #[error("the region is larger than it may be for now")]
    Larger,
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
    /// What they raise is seen by somebody.
    seen: FxHashSet<Site>,
    /// Inlined calls, by the call: their frame is pushed at once.
    pushed: FxHashSet<Site>,
    /// How the function is built if it calls itself.
    recursion: Recursion,
}

impl Choices {
    /// How many there are: what was found out once stays.
    fn count(&self) -> usize {
        let sites = [&self.exits, &self.in_memory, &self.not_inlined, &self.seen, &self.pushed];
        sites.iter().map(|sites| sites.len()).sum::<usize>() + usize::from(self.single) + usize::from(self.sparing)
    }
}

/// How often a region is built at most.
const ATTEMPTS: usize = 24;

/// What settles has mostly done so after so many attempts; from then on it is looked whether anything is still learnt.
const MOSTLY: usize = 3;

/// So many instructions are built in all these attempts, then there is no other: of 275 graphs of the everyday programs none that became a region took half as many, and what goes on
/// in large ones takes the program's time.
const MOST_IN_ALL: usize = 4 * MAX_INSTRUCTIONS;

/// There is room for so many instructions at first.
const USUAL: usize = 1_000;

/// How many instructions a region may have: machine code for more takes too long to make.
const MAX_INSTRUCTIONS: usize = 8_000;

/// With more instructions than this a region is built again without copies of loops.
const ROOMY: usize = 3_000;

/// With more than this it is built again without inlined calls of all but small functions, too.
const LARGE: usize = 4_500;

/// The loop whose header is at a code unit.
fn loop_at(code: &Code<'_>, header: u32) -> Option<loops::Extent> {
    Loops::of(code).at(code.block_of(code.at_unit(header)?))
}

/// Builds the graph of a region.
pub fn build(request: &Request<'_>) -> Result<Function, Refusal> {
    let extent = match request.start {
        Start::Loop(header) => Some(loop_at(request.code, header).ok_or(Refusal::NoLoop)?),
        Start::Function(_) => None,
    };
    let mut plans = Plans::default();
    let mut choices = Choices::default();
    let mut function = Function::new(match request.start {
        Start::Loop(header) => format!("loop at {header}"),
        Start::Function(_) => "function".to_owned(),
    });
    function.reserve(USUAL);
    let mut in_all = 0;
    for attempts in 0..ATTEMPTS {
        let known = (attempts >= MOSTLY).then(|| (plans.clone(), choices.count()));
        function.clear();
        let roomy = if matches!(request.start, Start::Loop(_)) { LARGE } else { ROOMY };
        let most = match (choices.single, choices.sparing) {
            (false, _) => ROOMY,
            (true, false) => roomy,
            (true, true) => MAX_INSTRUCTIONS,
        };
        let most = most.min(request.most.unwrap_or(most));
        let assumed = choices.recursion.assumed().cloned();
        let walk = blocks::Walk::new(request, &mut function, &mut plans, &mut choices, most);
        let was_body = assumed.is_some();
        let attempt = match (request.start, assumed) {
            (Start::Function(arguments), Some(assumed)) => walk.run_body(arguments, assumed),
            (Start::Function(arguments), None) => walk.run_function(arguments),
            (Start::Loop(_), _) => walk.run(extent.expect("found above")),
        };
        in_all += function.inst_count();
        if was_body != choices.recursion.assumed().is_some() {
            // It is built in another way from here on.
            choices = Choices { recursion: choices.recursion, ..Choices::default() };
            plans = Plans::default();
            continue;
        }
        if function.inst_count() > most {
            if request.most.is_some_and(|most| function.inst_count() > most) {
                return Err(Refusal::Larger);
            }
            if choices.sparing {
                return Err(Refusal::TooLarge);
            }
            if attempt.cost().is_some_and(|cost| cost.is_far_too_high(extent.is_none())) {
                return Err(Refusal::Calls);
            }
            (choices.single, choices.sparing, plans) = (true, choices.single, Plans::default());
            continue;
        }
        match attempt {
            blocks::Attempt::Done(cost) if cost.is_too_high(extent.is_none()) => return Err(Refusal::Calls),
            blocks::Attempt::Done(_) if function.signature.is_some() => {
                return recursive_body::open(request, function, &mut choices, most).ok_or(Refusal::Unsettled);
            }
            blocks::Attempt::Done(_) => return Ok(function),
            blocks::Attempt::Again(cost) if cost.is_far_too_high(extent.is_none()) => return Err(Refusal::Calls),
            blocks::Attempt::Again(_) if in_all > MOST_IN_ALL => break,
            // Nothing was learnt: another attempt would be the same.
            blocks::Attempt::Again(_) if known.is_some_and(|known| known == (plans.clone(), choices.count())) => break,
            blocks::Attempt::Again(_) => {}
            blocks::Attempt::NoWayAround(opcode) => return Err(Refusal::Leaves(opcode)),
        }
    }
    Err(Refusal::Unsettled)
}
