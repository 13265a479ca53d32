//! Planning: from bytecode to the list of stencils to place.
//!
//! One pass over the instructions with a *virtual stack*: `LOAD_FAST` and `LOAD_CONST` emit nothing, they are remembered, and the operation that
//! consumes them gets a stencil variant that borrows from the local or the constant. What an operation does not consume is
//! stored first, and at block boundaries everything is in memory. So the only things that a plan decides are: which variant, which fusion,
//! and what the miss path must store before the generic operation can run.

mod cells;
mod fusion;
mod operation;
mod piece;
mod stack;

pub(crate) use piece::{JUMP_LEN, NOWHERE, Next, Piece};

use crate::library::{NONE, SELECTOR};
use crate::select::Selector;
use crate::stores::stores_after;
use crate::{PENDING, ResumePoint};
use cells::Cells;
use stack::{Element, local_slot};
use whipsnake_bytecode::{Code, Instr, LeaveOut, Unreached};
use whipsnake_cpython::CodeKind;
use whipsnake_cpython::layout::code::CO_OPTIMIZED;
use whipsnake_cpython::opcode as op;

/// Why a code object can't be compiled by this tier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// No operation for an opcode.
    #[error("no operation for {}", op::NAMES[*.0 as usize])]
    Opcode(u8),
    /// More machine code than the tables can describe.
    #[error("the code object is too large")]
    TooLarge,
}

/// Where a value is received.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Received {
    /// An offset in the hot part.
    Hot(u32),
    /// An offset from where the cold pieces begin.
    Cold(u32),
}

/// Unused bytes in front, so that no offset of code is 0.
pub(crate) const PREFIX: u32 = 16;

/// The most bytes of hot parts for one code object: what else there is of its machine code is some times as much, and no offset overflows.
const MAX_HOT: u32 = 1 << 25;

/// Where an instruction starts in the hot part, and whether native code can start there.
#[derive(Clone, Copy)]
pub(crate) struct Start(u32);

impl Start {
    /// The bits of the offset; above it how many values are not in their slots.
    const OFFSET: u32 = (1 << PENDING) - 1;
    /// In place of that number: nothing can start here.
    const NOWHERE: u32 = u32::MAX >> PENDING;

    /// Native code can start here if it is given so many values in no slots, of which there must be a few only.
    #[inline(always)]
    fn with_pending(offset: u32, values: usize) -> Start {
        Start(offset | (values as u32).min(Start::NOWHERE) << PENDING)
    }

    #[inline(always)]
    fn inaccessible(offset: u32) -> Start {
        Start(offset | Start::NOWHERE << PENDING)
    }

    #[inline(always)]
    pub fn offset(self) -> u32 {
        self.0 & Start::OFFSET
    }

    /// Where native code can start, with everything in memory or, for the optimizing tier, but for values that were pushed and are not in their slots.
    #[inline(always)]
    pub fn point(self) -> ResumePoint {
        // Without branches, which would not be foreseen.
        let pending = self.0 >> PENDING;
        let stored = u32::from(pending == 0);
        let accessible = u32::from(pending != Start::NOWHERE);
        ResumePoint { entry: self.0 * stored, receive: self.0 * (accessible ^ stored) }
    }
}

/// A plan, with the buffers that are reused from one code object to the next.
#[derive(Default)]
pub(crate) struct Plan {
    pub hot: Vec<Piece>,
    pub cold: Vec<Piece>,
    /// Where each instruction starts.
    pub starts: Vec<Start>,
    /// Where a value is received before an instruction.
    pub receives: Vec<(u32, Received)>,
    /// The `YIELD_VALUE`s of `yield from` and `await`.
    pub delegations: Vec<u32>,
    /// Where the next piece of the hot part goes, from the start of everything.
    pub hot_end: u32,
    /// Bytes of the hot pieces' cold parts.
    pub hot_cold_len: u32,
    /// Bytes of the cold pieces, without their cold parts.
    pub cold_len: u32,
    /// Bytes of the cold pieces' cold parts.
    pub cold_cold_len: u32,
    /// Words of the hot pieces' feedback cells.
    pub hot_feedback: u32,
    /// Words of the cold pieces' feedback cells.
    pub cold_feedback: u32,
    /// The feedback cells of attribute accesses: code unit and first word, in order of the code unit. Only for the optimizing tier.
    pub attribute_cells: Cells,
    /// The same for what is counted for that tier.
    pub counting_cells: Cells,
    /// The blocks that are left out.
    pub unreached: Unreached,
    /// Whether the code counts what it does.
    pub counting: bool,
    /// Whether loops are counted for the optimizing tier.
    pub optimizing: bool,
    stack: Vec<Element>,
    /// The elements below this one are in their slots.
    stored: usize,
}

/// What planning one code object needs.
struct Planner<'p, 'c> {
    plan: &'p mut Plan,
    code: &'p Code<'c>,
    selector: &'static Selector,
    /// Displacement of the lowest slot of the value stack.
    stack_base: i32,
    instr: u32,
    /// Bytes of bytecode before it.
    before: u32,
}

impl Plan {
    /// Plans a code object, but for some of what never ran.
    pub(crate) fn make(&mut self, code: &Code<'_>, leave_out: LeaveOut<'_>) -> Result<(), PlanError> {
        self.unreached.find(code, leave_out);
        self.hot.clear();
        self.cold.clear();
        self.starts.clear();
        self.starts.reserve(code.instrs().len());
        self.attribute_cells.clear();
        self.counting_cells.clear();
        self.receives.clear();
        self.delegations.clear();
        self.stack.clear();
        self.stored = 0;
        self.hot_end = PREFIX;
        (self.hot_cold_len, self.cold_len, self.cold_cold_len) = (0, 0, 0);
        (self.hot_feedback, self.cold_feedback) = (0, 0);
        let selector = &SELECTOR;
        let stack_base = local_slot(code.input().nlocalsplus);
        Planner { plan: self, code, selector, stack_base, instr: 0, before: 0 }.run()?;
        self.attribute_cells.finish(self.hot_feedback);
        self.counting_cells.finish(self.hot_feedback);
        if self.hot_end > MAX_HOT {
            return Err(PlanError::TooLarge);
        }
        Ok(())
    }

    /// Where an instruction starts in the hot part.
    #[inline(always)]
    pub(crate) fn first(&self, instr: u32) -> u32 {
        self.starts.get(instr as usize).map_or(0, |start| start.offset())
    }
}

impl Planner<'_, '_> {
    fn run(&mut self) -> Result<(), PlanError> {
        let instrs = self.code.instrs();
        let mut falls_in = false;
        for (block, bounds) in (0..).zip(self.code.blocks()) {
            if falls_in {
                // The stores belong to the block before.
                self.stand_at(bounds.first - 1, &instrs[bounds.first as usize - 1]);
                self.flush(0);
            }
            if self.plan.hot_end > MAX_HOT {
                return Err(PlanError::TooLarge);
            }
            self.stand_at(bounds.first, &instrs[bounds.first as usize]);
            let depth = self.code.depth(bounds.first);
            self.replace(0, depth.unwrap_or(0) as usize);
            falls_in = false;
            if self.plan.unreached.contains(block) {
                self.way_out(block);
            } else if depth.is_some() {
                falls_in = self.block(bounds.first, &instrs[bounds.first as usize..bounds.end as usize])?;
            }
            // Those that are left out.
            self.plan.starts.resize(bounds.end as usize, Start::inaccessible(self.plan.hot_end));
        }
        Ok(())
    }

    /// Plans the instructions of a block; says whether it goes on with the next.
    fn block(&mut self, mut number: u32, mut rest: &[Instr]) -> Result<bool, PlanError> {
        loop {
            let [instr, following @ ..] = rest else { unreachable!("a block ends with an instruction") };
            self.stand_at(number, instr);
            debug_assert_eq!(
                self.code.depth(number),
                Some(self.plan.stack.len() as u32),
                "virtual stack depth at instruction {number}"
            );
            self.plan.starts.push(self.start());
            let along = self.instruction(instr, following.first())?;
            if along > 0 {
                let start = Start::inaccessible(self.plan.hot_end);
                self.plan.starts.extend(std::iter::repeat_n(start, along));
            }
            number += 1 + along as u32;
            rest = &following[along..];
            if rest.is_empty() {
                return Ok(instr.flow.falls_through());
            }
        }
    }

    #[inline(always)]
    fn stand_at(&mut self, number: u32, instr: &Instr) {
        self.instr = number;
        self.before = 2 * instr.index;
    }

    /// Where the next instruction starts.
    #[inline(always)]
    fn start(&self) -> Start {
        let plan = &*self.plan;
        let pending = &plan.stack[plan.stored..];
        if !pending.is_empty() && (!plan.optimizing || pending.contains(&Element::Slot)) {
            return Start::inaccessible(plan.hot_end);
        }
        Start::with_pending(plan.hot_end, pending.len())
    }

    /// In place of a block that never ran, the way out where one that did may lead there.
    fn way_out(&mut self, block: u32) {
        if self.plan.unreached.is_frontier(block) && self.code.depth(self.instr).is_some() {
            self.plan.starts.push(Start::with_pending(self.plan.hot_end, 0));
            let piece = self.piece(self.selector.unreached, 0, self.plan.stack.len());
            self.push_hot(piece);
        } else {
            self.plan.starts.push(Start::inaccessible(self.plan.hot_end));
        }
    }

    /// Plans one instruction; says how many of those that follow were done along with it. `following` is the next one of the block.
    #[inline(always)]
    fn instruction(&mut self, instr: &Instr, following: Option<&Instr>) -> Result<usize, PlanError> {
        let oparg = instr.oparg;
        match instr.base {
            op::NOP | op::EXTENDED_ARG => {}
            op::RESUME => return self.resume(instr, following),
            op::YIELD_VALUE if oparg == op::operand::YIELD_DELEGATING => {
                self.plan.delegations.push(self.instr);
                let operation = self.selector.yield_delegating;
                self.operation(operation, operation, instr, NOWHERE);
            }
            op::JUMP_BACKWARD if self.plan.optimizing => {
                if self.plan.counting {
                    self.count(instr);
                }
                let operation = self.selector.jump_backward_counted;
                self.operation(operation, operation, instr, instr.target);
            }
            op::LOAD_FAST => self.plan.stack.push(Element::Local(oparg)),
            op::LOAD_CONST => self.plan.stack.push(Element::Const(oparg)),
            op::LOAD_FAST_LOAD_FAST => {
                self.plan.stack.push(Element::Local(oparg >> 4));
                self.plan.stack.push(Element::Local(oparg & 15));
            }
            op::STORE_FAST => self.store_fast(oparg, instr),
            op::STORE_FAST_LOAD_FAST => {
                self.store_fast(oparg >> 4, instr);
                self.plan.stack.push(Element::Local(oparg & 15));
            }
            op::STORE_FAST_STORE_FAST => {
                self.store_fast(oparg >> 4, instr);
                self.store_fast(oparg & 15, instr);
            }
            op::POP_TOP if !matches!(self.plan.stack.last(), Some(Element::Slot)) => {
                self.replace(self.plan.stack.len() - 1, 0);
            }
            op::COPY if oparg == 1 && !matches!(self.plan.stack.last(), Some(Element::Slot)) => {
                let top = *self.plan.stack.last().expect("COPY has a value to copy");
                self.plan.stack.push(top);
            }
            op::UNPACK_SEQUENCE => return self.unpack(instr, following),
            _ => return self.general(instr, following),
        }
        Ok(0)
    }

    /// `RESUME`, of which there are several kinds.
    fn resume(&mut self, instr: &Instr, following: Option<&Instr>) -> Result<usize, PlanError> {
        let delegating = instr.oparg & op::operand::RESUME_LOCATION_MASK >= op::operand::RESUME_AFTER_YIELD_FROM;
        let operation = if delegating {
            self.selector.resume_delegating
        } else if self.plan.optimizing && self.starts_function(instr) {
            self.selector.resume_counted
        } else {
            return self.general(instr, following);
        };
        if self.plan.counting {
            self.count(instr);
        }
        self.part(operation, instr.oparg, instr);
        Ok(0)
    }

    /// Whether a `RESUME` is at the start of a function that can be optimized.
    fn starts_function(&self, instr: &Instr) -> bool {
        let flags = self.code.input().flags;
        let at_start = instr.oparg & op::operand::RESUME_LOCATION_MASK == 0;
        at_start && flags & CO_OPTIMIZED != 0 && CodeKind::of(flags) == CodeKind::Plain
    }

    fn store_fast(&mut self, local: u32, instr: &Instr) {
        self.part(self.selector.store_fast, local, instr);
    }

    /// Unpacking, together with the stores to local variables that follow.
    fn unpack(&mut self, instr: &Instr, following: Option<&Instr>) -> Result<usize, PlanError> {
        let Some(found) = stores_after(self.code, self.instr, instr.oparg) else {
            return self.general(instr, following);
        };
        let depth = self.plan.stack.len() - 1;
        self.part(self.selector.unpack_to_locals, instr.oparg, instr);
        debug_assert_eq!(depth, self.plan.stack.len(), "everything was stored");
        self.plan.stack.extend(found.load.map(Element::Local));
        Ok(found.instrs as usize)
    }

    /// The counter in front of an instruction's inline cache.
    #[inline(always)]
    fn counter(&self, instr: &Instr) -> Option<u16> {
        (instr.next > instr.index + 1).then(|| self.code.input().units[instr.index as usize + 1])
    }

    fn general(&mut self, instr: &Instr, following: Option<&Instr>) -> Result<usize, PlanError> {
        let (special, generic) = self.selector.select(instr, || self.counter(instr));
        if generic == NONE || special == NONE {
            return Err(PlanError::Opcode(instr.base));
        }
        if self.plan.counting {
            self.count(instr);
        }
        if let Some(next) = following {
            let fused = self.selector.fusion(special, next.base);
            if fused != NONE {
                self.fused(fused, generic, instr, next);
                return Ok(1);
            }
            if next.base == op::STORE_FAST && self.in_place(special, generic, instr, next.oparg) {
                return Ok(1);
            }
        }
        if instr.opcode == op::BINARY_OP_INPLACE_ADD_UNICODE && special != generic {
            if let Some(next) = following.filter(|n| n.base == op::STORE_FAST) {
                self.append_in_place(special, generic, instr, next.oparg);
                return Ok(1);
            }
            self.operation(generic, generic, instr, NOWHERE);
            return Ok(0);
        }
        self.operation(special, generic, instr, instr.exhausted().unwrap_or(instr.target));
        Ok(0)
    }
}
