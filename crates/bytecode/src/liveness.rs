//! Live locals: those whose value may still be read by the code.
//!
//! Backward dataflow over the blocks in postorder, so code without loops takes one pass; with loops, blocks whose
//! successors have changed are scanned again. What the handler of an instruction reads is live before it, whether or
//! not it can raise by itself: a trace function may raise anywhere. Reads from outside the code (`locals()`,
//! `f_locals`, a debugger) and the effects of dropping an old value do not count: callers that care treat all locals as
//! live where those can happen.
//!
//! Nearly all functions have at most 64 locals, so a set is one word, and scanning an instruction takes no branch.

use crate::bitset::{BitMatrix, LocalSet, insert, remove, unite};
use crate::code::Code;
use crate::decode::Instr;
use crate::error::DecodeError;
use crate::exceptions::Handler;
use crate::locals::{Access, check_locals};

/// Live locals before each instruction. Keeps its buffers for the next code object.
#[derive(Default)]
pub struct Liveness {
    before: BitMatrix,
    /// By block: when it was last scanned, and when what is live before it last changed.
    scanned: Vec<u32>,
    changed: Vec<u32>,
    clock: u32,
    scratch: Vec<u64>,
}

impl Liveness {
    /// Makes an empty result.
    pub fn new() -> Self {
        Self::default()
    }

    /// The locals that are live before an instruction; none are before an unreachable one.
    pub fn before(&self, instr: u32) -> LocalSet<'_> {
        self.before.set(instr)
    }

    /// Computes the live locals of `code`.
    pub fn compute(&mut self, code: &Code<'_>) -> Result<(), DecodeError> {
        check_locals(code)?;
        self.before.reset(code.instrs.len(), code.input.nlocalsplus, false);
        for ticks in [&mut self.scanned, &mut self.changed] {
            ticks.clear();
            ticks.resize(code.blocks().len(), 0);
        }
        self.clock = 0;
        for &block in &code.graph.postorder {
            self.scan(code, block);
        }
        let mut again = code.has_loop();
        while again {
            again = false;
            for &block in &code.graph.postorder {
                if self.is_outdated(code, block) {
                    self.scan(code, block);
                    again = true;
                }
            }
        }
        Ok(())
    }

    /// Whether what is live after a block has changed since its scan.
    fn is_outdated(&self, code: &Code<'_>, number: u32) -> bool {
        let scanned = self.scanned[number as usize];
        let newer = |&block: &u32| self.changed[block as usize] > scanned;
        code.successors(number).iter().any(newer) || code.graph.handler_blocks_of(number).iter().any(newer)
    }

    fn scan(&mut self, code: &Code<'_>, number: u32) {
        self.clock += 1;
        self.scanned[number as usize] = self.clock;
        let changed = match self.before.stride() {
            0 => false,
            1 => self.scan_word(code, number),
            _ => self.scan_words(code, number),
        };
        if changed {
            self.clock += 1;
            self.changed[number as usize] = self.clock;
        }
    }

    /// For at most 64 locals. Returns whether what is live before the block has changed.
    fn scan_word(&mut self, code: &Code<'_>, number: u32) -> bool {
        let block = code.blocks()[number as usize];
        let range = block.first as usize..block.end as usize;
        let mut live = 0;
        for &to in block.successors() {
            live |= self.before.words()[code.blocks()[to as usize].first as usize];
        }
        let mut remaining = code.handlers_of_block(number);
        let nlocalsplus = code.input.nlocalsplus;
        let old = self.before.words()[range.start];
        if remaining.is_empty() {
            let rows = &mut self.before.words_mut()[range.clone()];
            for (instr, row) in code.instrs[range].iter().zip(rows).rev() {
                live = apply_word(instr, live, nlocalsplus);
                *row = live;
            }
        } else {
            for index in range.rev() {
                let instr = &code.instrs[index];
                live = apply_word(instr, live, nlocalsplus);
                if let Some(handler) = covering_backward(&mut remaining, instr.index) {
                    live |= self.before.words()[code.handler_target(handler) as usize];
                }
                self.before.words_mut()[index] = live;
            }
        }
        live != old
    }

    /// For any number of locals.
    fn scan_words(&mut self, code: &Code<'_>, number: u32) -> bool {
        let block = code.blocks()[number as usize];
        let mut live = std::mem::take(&mut self.scratch);
        live.clear();
        live.resize(self.before.stride(), 0);
        for &to in block.successors() {
            let first = code.blocks()[to as usize].first;
            unite(&mut live, self.before.row(first as usize));
        }
        let mut remaining = code.handlers_of_block(number);
        let mut changed = false;
        for index in (block.first..block.end).rev() {
            let instr = &code.instrs[index as usize];
            apply_words(instr, &mut live, code.input.nlocalsplus);
            if let Some(handler) = covering_backward(&mut remaining, instr.index) {
                let target = code.handler_target(handler);
                unite(&mut live, self.before.row(target as usize));
            }
            let row = self.before.row_mut(index as usize);
            changed = row != &live[..];
            row.copy_from_slice(&live);
        }
        self.scratch = live;
        changed
    }
}

/// The entry that covers a unit, when units are asked for from high to low.
fn covering_backward<'h>(remaining: &mut &'h [Handler], unit: u32) -> Option<&'h Handler> {
    while let [rest @ .., last] = *remaining {
        if unit < last.start {
            *remaining = rest;
        } else {
            return last.covers(unit).then_some(last);
        }
    }
    None
}

/// What is live before an instruction, from what is live after it.
#[inline]
fn apply_word(instr: &Instr, live: u64, nlocalsplus: u32) -> u64 {
    let access = Access::of(instr);
    let (first, second) = access.locals(instr.oparg);
    let reads = u64::from(access.reads_first).wrapping_shl(first) | u64::from(access.reads_second).wrapping_shl(second);
    let writes =
        u64::from(access.writes_first).wrapping_shl(first) | u64::from(access.writes_second).wrapping_shl(second);
    let live = (live | reads) & !writes;
    if access.writes_last {
        let kept = nlocalsplus - instr.oparg;
        return live & !u64::MAX.checked_shl(kept).unwrap_or(0);
    }
    live
}

fn apply_words(instr: &Instr, live: &mut [u64], nlocalsplus: u32) {
    let access = Access::of(instr);
    let (first, second) = access.locals(instr.oparg);
    if access.reads_first {
        insert(live, first);
    }
    if access.reads_second {
        insert(live, second);
    }
    if access.writes_first {
        remove(live, first);
    }
    if access.writes_second {
        remove(live, second);
    }
    if access.writes_last {
        for local in nlocalsplus - instr.oparg..nlocalsplus {
            remove(live, local);
        }
    }
}
