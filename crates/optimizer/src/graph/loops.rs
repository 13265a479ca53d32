//! Loops as ranges of blocks, and what building them has shown so far.

use super::Site;
use rustc_hash::FxHashMap;
use std::ops::RangeInclusive;
use whipsnake_bytecode::{Code, Flow};
use whipsnake_cpython::opcode as op;
use whipsnake_ir::LoopPlan;

/// A loop: its blocks, from the header to the one with the last jump back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Extent {
    pub header: u32,
    pub last: u32,
    pub innermost: bool,
    pub instructions: u32,
}

impl Extent {
    /// The blocks' numbers.
    pub(crate) fn blocks(self) -> RangeInclusive<u32> {
        self.header..=self.last
    }
}

/// The loops of a code object, by header block.
#[derive(Debug, Default)]
pub(crate) struct Loops {
    by_header: FxHashMap<u32, Extent>,
}

impl Loops {
    /// Finds the loops. A jump back from an exception handler counts as one from the block that raises.
    pub(crate) fn of(code: &Code<'_>) -> Loops {
        let mut by_header: FxHashMap<u32, Extent> = FxHashMap::default();
        let reached = reached_without_handlers(code);
        for (number, block) in code.blocks().iter().enumerate() {
            let last = &code.instrs()[block.end as usize - 1];
            if !reached[number] || last.flow != Flow::JumpBackward {
                continue;
            }
            let header = code.block_of(last.target);
            let first = code.blocks()[header as usize].first;
            let extent =
                by_header.entry(header).or_insert(Extent { header, last: 0, innermost: true, instructions: 0 });
            extent.last = extent.last.max(number as u32);
            extent.instructions = block.end.max(first + extent.instructions) - first;
        }
        for (header, number) in jumps_back_of_handlers(code, &reached) {
            let first = code.blocks()[header as usize].first;
            let extent =
                by_header.entry(header).or_insert(Extent { header, last: 0, innermost: true, instructions: 0 });
            extent.last = extent.last.max(number);
            extent.instructions = code.blocks()[number as usize].end.max(first + extent.instructions) - first;
        }
        nest(&mut by_header);
        let all: Vec<Extent> = by_header.values().copied().collect();
        for extent in by_header.values_mut() {
            extent.innermost = !all.iter().any(|o| o.header > extent.header && o.last <= extent.last);
        }
        Loops { by_header }
    }

    /// The loops that a block is in, the outermost first.
    pub(crate) fn around(&self, block: u32) -> Vec<Extent> {
        let mut around: Vec<Extent> =
            self.by_header.values().copied().filter(|e| e.blocks().contains(&block)).collect();
        around.sort_by_key(|extent| extent.header);
        around
    }

    /// The loop with that header.
    pub(crate) fn at(&self, block: u32) -> Option<Extent> {
        self.by_header.get(&block).copied()
    }
}

/// A `continue` jumps back to the test in front of the body, the end of the body past that test: the ranges of the two loops overlap. What jumps back
/// into the range of another loop, which is entered above, is part of that one.
fn nest(by_header: &mut FxHashMap<u32, Extent>) {
    loop {
        let overlap = by_header.values().find_map(|outer| {
            let crosses =
                |inner: &&Extent| outer.header < inner.header && inner.header <= outer.last && outer.last < inner.last;
            by_header.values().find(crosses).map(|inner| (outer.header, *inner))
        });
        let Some((header, inner)) = overlap else { return };
        if let Some(outer) = by_header.get_mut(&header) {
            outer.last = inner.last;
            outer.instructions += inner.instructions;
        }
    }
}

/// The blocks that handlers jump back to, each with a block behind it that has such a handler.
fn jumps_back_of_handlers(code: &Code<'_>, reached: &[bool]) -> Vec<(u32, u32)> {
    let mut found = vec![];
    for number in (0..code.blocks().len() as u32).filter(|&number| reached[number as usize]) {
        let mut work: Vec<u32> = code
            .handlers_of_block(number)
            .iter()
            .map(|handler| code.handler_target(handler))
            .filter(|&first| code.instrs()[first as usize].base == op::PUSH_EXC_INFO)
            .map(|first| code.block_of(first))
            .collect();
        let mut seen: Vec<u32> = vec![];
        while let Some(block) = work.pop() {
            if reached[block as usize] || seen.contains(&block) {
                continue;
            }
            seen.push(block);
            let last = &code.instrs()[code.blocks()[block as usize].end as usize - 1];
            if last.flow == Flow::JumpBackward {
                let header = code.block_of(last.target);
                if reached[header as usize] && header <= number && !found.contains(&(header, number)) {
                    found.push((header, number));
                }
            }
            work.extend(code.successors(block));
        }
    }
    found
}

fn reached_without_handlers(code: &Code<'_>) -> Vec<bool> {
    let mut reached = vec![false; code.blocks().len()];
    let mut work = vec![0u32];
    while let Some(block) = work.pop() {
        if !std::mem::replace(&mut reached[block as usize], true) {
            work.extend(code.successors(block));
        }
    }
    reached
}

/// Plans of the loops of a region, kept from one attempt to the next. A copy of a loop's body has a number that is the same in each attempt.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Plans {
    plans: FxHashMap<u32, LoopPlan>,
    copies: FxHashMap<(Site, u32, u32, bool), u32>,
}

impl Plans {
    /// The number of a copy of the loop at `header`, in code that was inlined by `calls`, in copy `outer` of what is around it.
    pub(crate) fn copy(&mut self, calls: &Site, outer: u32, header: u32, first_round: bool) -> u32 {
        let next = self.copies.len() as u32 + 1;
        *self.copies.entry((calls.clone(), outer, header, first_round)).or_insert(next)
    }

    /// Whether a copy has no plan yet.
    pub(crate) fn is_new(&self, copy: u32) -> bool {
        !self.plans.contains_key(&copy)
    }

    /// The plan of a copy.
    pub(crate) fn plan(&mut self, copy: u32) -> &mut LoopPlan {
        self.plans.entry(copy).or_default()
    }
}
