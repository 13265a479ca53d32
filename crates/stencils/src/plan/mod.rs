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

use crate::ResumePoint;
use crate::library::{NONE, SELECTOR};
use crate::select::Selector;
use crate::stores::stores_after;
use cells::Cells;
use stack::Element;
use whipsnake_bytecode::{Code, Flow, Instr, LeaveOut, Unreached};
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

/// A plan, with the buffers that are reused from one code object to the next.
#[derive(Default)]
pub(crate) struct Plan {
    pub hot: Vec<Piece>,
    pub cold: Vec<Piece>,
    /// Where each instruction starts.
    pub first: Vec<u32>,
    /// Where native code can start an instruction, by code unit: with everything in memory or, for the optimizing tier, but for values that were
    /// pushed and are not in their slots.
    pub entries: Vec<(u32, ResumePoint)>,
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
    locals: u32,
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
        self.first.clear();
        self.entries.clear();
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
        let locals = code.input().nlocalsplus;
        Planner { plan: self, code, selector, locals, instr: 0, before: 0 }.run()?;
        self.attribute_cells.finish(self.hot_feedback);
        self.counting_cells.finish(self.hot_feedback);
        Ok(())
    }
}

impl Planner<'_, '_> {
    fn run(&mut self) -> Result<(), PlanError> {
        let mut falls_in = false;
        for (block, bounds) in (0..).zip(self.code.blocks()) {
            if falls_in {
                // The stores belong to the block before.
                self.stand_at(bounds.first - 1);
                self.flush(0);
            }
            if self.plan.hot_end > MAX_HOT {
                return Err(PlanError::TooLarge);
            }
            self.stand_at(bounds.first);
            let depth = self.code.depth(bounds.first);
            self.replace(0, depth.unwrap_or(0) as usize);
            self.plan.stored = self.plan.stack.len();
            falls_in = false;
            if self.plan.unreached.contains(block) {
                self.way_out(block);
            } else if depth.is_some() {
                falls_in = self.block(bounds.first, bounds.end)?;
            }
            // Those that are left out.
            self.plan.first.resize(bounds.end as usize, self.plan.hot_end);
        }
        Ok(())
    }

    /// Plans the instructions of a block; says whether it goes on with the next.
    fn block(&mut self, mut number: u32, end: u32) -> Result<bool, PlanError> {
        let instrs = self.code.instrs();
        loop {
            self.stand_at(number);
            let instr = &instrs[number as usize];
            let offset = self.plan.hot_end;
            self.plan.first.push(offset);
            debug_assert_eq!(
                self.code.depth(number),
                Some(self.plan.stack.len() as u32),
                "virtual stack depth at instruction {number}"
            );
            if self.is_stored() {
                self.plan.entries.push((instr.start, ResumePoint { entry: offset, receive: 0 }));
            } else if self.plan.optimizing && !self.plan.stack[self.plan.stored..].contains(&Element::Slot) {
                let pending = self.plan.stack.len() - self.plan.stored;
                self.plan.entries.extend(ResumePoint::pending(offset, pending).map(|point| (instr.start, point)));
            }
            let along = self.instruction(instr)?;
            for _ in 0..along {
                self.plan.first.push(self.plan.hot_end);
            }
            number += 1 + along;
            if number >= end {
                return Ok(instr.flow.falls_through());
            }
        }
    }

    #[inline(always)]
    fn stand_at(&mut self, number: u32) {
        self.instr = number;
        self.before = 2 * self.code.instrs()[number as usize].index;
    }

    /// In place of a block that never ran, the way out where one that did may lead there.
    fn way_out(&mut self, block: u32) {
        self.plan.first.push(self.plan.hot_end);
        if self.plan.unreached.is_frontier(block) && self.code.depth(self.instr).is_some() {
            let unit = self.code.instrs()[self.instr as usize].start;
            self.plan.entries.push((unit, ResumePoint { entry: self.plan.hot_end, receive: 0 }));
            let piece = self.piece(self.selector.unreached, 0, self.plan.stack.len());
            self.push_hot(piece);
        }
    }

    /// Plans one instruction; says how many of those that follow were done along with it.
    fn instruction(&mut self, instr: &Instr) -> Result<u32, PlanError> {
        let oparg = instr.oparg;
        match instr.base {
            op::NOP | op::EXTENDED_ARG => {}
            op::RESUME if oparg & op::operand::RESUME_LOCATION_MASK >= op::operand::RESUME_AFTER_YIELD_FROM => {
                if self.plan.counting {
                    self.count(instr);
                }
                let operation = self.selector.resume_delegating;
                self.operation(operation, operation, oparg, NOWHERE, false);
            }
            op::YIELD_VALUE if oparg == op::operand::YIELD_DELEGATING => {
                self.plan.delegations.push(self.instr);
                let operation = self.selector.yield_delegating;
                self.operation(operation, operation, oparg, NOWHERE, true);
            }
            op::LOAD_FAST => self.plan.stack.push(Element::Local(oparg)),
            op::LOAD_CONST => self.plan.stack.push(Element::Const(oparg)),
            op::LOAD_FAST_LOAD_FAST => {
                self.plan.stack.push(Element::Local(oparg >> 4));
                self.plan.stack.push(Element::Local(oparg & 15));
            }
            op::STORE_FAST => self.store_fast(oparg),
            op::STORE_FAST_LOAD_FAST => {
                self.store_fast(oparg >> 4);
                self.plan.stack.push(Element::Local(oparg & 15));
            }
            op::STORE_FAST_STORE_FAST => {
                self.store_fast(oparg >> 4);
                self.store_fast(oparg & 15);
            }
            op::POP_TOP if !matches!(self.plan.stack.last(), Some(Element::Slot)) => {
                self.replace(self.plan.stack.len() - 1, 0);
            }
            op::COPY if oparg == 1 && !matches!(self.plan.stack.last(), Some(Element::Slot)) => {
                let top = *self.plan.stack.last().expect("COPY has a value to copy");
                self.plan.stack.push(top);
            }
            op::UNPACK_SEQUENCE => return self.unpack(instr),
            _ => return self.general(instr).map(u32::from),
        }
        Ok(0)
    }

    /// Whether the instruction is the `RESUME` at the start of a function that can be optimized.
    fn starts_function(&self, instr: &Instr) -> bool {
        let at_start = instr.base == op::RESUME && instr.oparg & op::operand::RESUME_LOCATION_MASK == 0;
        let flags = self.code.input().flags;
        at_start && flags & CO_OPTIMIZED != 0 && CodeKind::of(flags) == CodeKind::Plain
    }

    fn store_fast(&mut self, local: u32) {
        let operation = self.selector.store_fast;
        self.operation(operation, operation, local, NOWHERE, false);
    }

    /// Unpacking, together with the stores to local variables that follow.
    fn unpack(&mut self, instr: &Instr) -> Result<u32, PlanError> {
        let Some(found) = stores_after(self.code, self.instr, instr.oparg) else {
            return self.general(instr).map(u32::from);
        };
        let operation = self.selector.unpack_to_locals;
        let depth = self.plan.stack.len() - 1;
        self.operation(operation, operation, instr.oparg, NOWHERE, false);
        debug_assert_eq!(depth, self.plan.stack.len(), "everything was stored");
        self.plan.stack.extend(found.load.map(Element::Local));
        Ok(found.instrs)
    }

    /// The counter in front of an instruction's inline cache.
    fn counter(&self, instr: &Instr) -> Option<u16> {
        (instr.next > instr.index + 1).then(|| self.code.input().units[instr.index as usize + 1])
    }

    fn general(&mut self, instr: &Instr) -> Result<bool, PlanError> {
        let (special, generic) = self.selector.select(instr, self.counter(instr));
        if generic == NONE || special == NONE {
            return Err(PlanError::Opcode(instr.base));
        }
        if self.plan.counting {
            self.count(instr);
        }
        let following =
            self.code.instrs().get(self.instr as usize + 1).filter(|_| !self.code.is_leader(self.instr + 1));
        if let Some(next) = following {
            let fused = self.selector.fusion(special, next.base);
            if fused != NONE {
                self.fused(fused, generic, instr, next);
                return Ok(true);
            }
            if next.base == op::STORE_FAST && self.in_place(special, generic, instr, next.oparg) {
                return Ok(true);
            }
        }
        if self.plan.optimizing && self.starts_function(instr) {
            let operation = self.selector.resume_counted;
            self.operation(operation, operation, instr.oparg, NOWHERE, false);
            return Ok(false);
        }
        if instr.base == op::JUMP_BACKWARD && self.plan.optimizing {
            let operation = self.selector.jump_backward_counted;
            self.operation(operation, operation, instr.oparg, instr.target, true);
            return Ok(false);
        }
        let target = match instr.flow {
            Flow::ForIter => instr.exhausted().expect("FOR_ITER has an end"),
            flow if flow.has_target() => instr.target,
            _ => NOWHERE,
        };
        if instr.opcode == op::BINARY_OP_INPLACE_ADD_UNICODE && special != generic {
            if let Some(next) = following.filter(|n| n.base == op::STORE_FAST) {
                self.append_in_place(special, generic, instr, next.oparg);
                return Ok(true);
            }
            self.operation(generic, generic, instr.oparg, target, true);
            return Ok(false);
        }
        self.operation(special, generic, instr.oparg, target, true);
        Ok(false)
    }
}
