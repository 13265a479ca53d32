//! How much is inlined: the size of functions, the depth of calls and of recursion, and what all of it may add to a region.

use super::Start;
use super::blocks::Walk;
use crate::Callee;
use whipsnake_cpython::opcode as op;

/// Functions with more instructions than this are not inlined.
const MAX_CALLEE: usize = 120;

/// The same, in a region that got too large.
const MAX_SMALL_CALLEE: usize = 30;

/// Calls are inlined into each other this deep.
const MAX_DEPTH: usize = 5;

/// Functions with more instructions than this are not inlined into themselves.
const MAX_RECURSIVE: usize = 60;

/// How often a function is inlined into itself.
const RECURSIVE_LEVELS: usize = 2;

/// How many instructions inlining may add to a region, copies of loops included.
const MAX_INLINED: u32 = 3_000;

impl Walk<'_, '_> {
    /// Whether a call with so many arguments is to be inlined. If so, its instructions are counted.
    pub(super) fn may_inline(&mut self, number: u32, callee: &Callee<'_>, count: usize) -> bool {
        let site = self.site(number);
        if self.is_general(number) || self.choices.not_inlined.contains(&site) || self.body.calls.len() >= MAX_DEPTH {
            return false;
        }
        let is_call =
            matches!(self.body.code.instrs()[number as usize].base, op::CALL | op::CALL_KW | op::CALL_FUNCTION_EX);
        let missing = match (callee.parameters as usize).checked_sub(count) {
            None if callee.takes_more => Some(0),
            missing => missing,
        };
        let instructions = callee.reached as usize;
        if missing.is_none_or(|missing| missing > callee.default_values.len())
            || callee.collects() && !is_call
            || !is_simple(callee, self.largest_callee(self.body.ways))
            || self.is_recursive(callee)
        {
            return false;
        }
        if !self.may_add(instructions) {
            // In no copy of a loop, so that there is room for others.
            self.choices.not_inlined.insert(site);
            self.again = true;
            return false;
        }
        let depth = self.knowledge().depth;
        self.cost.add_inlined(depth);
        true
    }

    /// Whether so many instructions may be inlined yet. If so, they are counted.
    pub(super) fn may_add(&mut self, instructions: usize) -> bool {
        if self.inlined + instructions as u32 > MAX_INLINED {
            return false;
        }
        self.inlined += instructions as u32;
        true
    }

    /// How many instructions a function may have that is inlined where so many others are, too.
    pub(super) fn largest_callee(&self, ways: usize) -> usize {
        if self.choices.sparing { MAX_SMALL_CALLEE } else { (MAX_CALLEE / ways).max(MAX_SMALL_CALLEE) }
    }

    /// Whether the function is being inlined already, as deep as is worth it. That of a function that is a region saves a call with every level.
    fn is_recursive(&mut self, callee: &Callee<'_>) -> bool {
        let first = callee.world.first_unit();
        let levels = self.knowledge().state.frames.iter().filter(|frame| frame.first_unit == first).count();
        let small = callee.reached as usize <= MAX_RECURSIVE && !self.choices.sparing;
        let most = if matches!(self.request.start, Start::Function(_)) && small { RECURSIVE_LEVELS } else { 0 };
        levels > most
    }
}

/// Whether the function can be inlined: what ever ran of it is small, and it has no cells of its own.
pub(super) fn is_simple(callee: &Callee<'_>, most: usize) -> bool {
    let makes_cells = callee.code.instrs().iter().any(|instr| instr.base == op::MAKE_CELL);
    callee.reached as usize <= most && !makes_cells
}
