//! Live locals: those whose value may still be read by the code.
//!
//! Backward dataflow over the blocks in postorder, so code without loops takes one pass. What the handler of an
//! instruction reads is live before it, whether or not it can raise by itself: a trace function may raise anywhere. Reads from outside the code (`locals()`, `f_locals`, a debugger) and the
//! effects of dropping an old value do not count: callers that care treat all locals as live where those can happen.

use crate::bitset::{BitMatrix, LocalSet, insert, remove, unite};
use crate::decode::{Code, DecodeError};
use crate::exceptions::Handler;
use crate::operand::{LocalEffect, local_effect};

/// Live locals before each instruction. Keeps its buffers for the next code object.
#[derive(Default)]
pub struct Liveness {
    before: BitMatrix,
    /// What is live at each block's end, as of the block's last scan.
    after_block: BitMatrix,
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
        let locals = code.input.nlocalsplus;
        self.before.reset(code.instrs.len(), locals, false);
        self.after_block.reset(code.blocks().len(), locals, false);
        let mut first_pass = true;
        loop {
            let mut changed = false;
            for &block in &code.graph.postorder {
                changed |= self.scan(code, block, first_pass);
            }
            first_pass = false;
            if !changed || !code.has_loop() {
                return Ok(());
            }
        }
    }

    /// Scans one block if what is live after it has changed. Returns whether what is live before it has.
    fn scan(&mut self, code: &Code<'_>, number: u32, first_pass: bool) -> bool {
        let block = code.blocks()[number as usize];
        let mut live = std::mem::take(&mut self.scratch);
        live.clear();
        live.extend_from_slice(self.after_block.row(number as usize));
        for &to in code.successors(number).iter() {
            unite(
                &mut live,
                self.before.row(code.blocks()[to as usize].first as usize),
            );
        }
        let handlers = code.handlers_of_block(number);
        if !first_pass && handlers.is_empty() && live == self.after_block.row(number as usize) {
            self.scratch = live;
            return false;
        }
        self.after_block
            .row_mut(number as usize)
            .copy_from_slice(&live);
        let mut remaining = handlers;
        let mut changed = false;
        for index in (block.first..block.end).rev() {
            let instr = &code.instrs[index as usize];
            apply(local_effect(instr), &mut live, code.input.nlocalsplus);
            if let Some(handler) = covering_backward(&mut remaining, instr.index) {
                unite(
                    &mut live,
                    self.before.row(code.handler_target(handler) as usize),
                );
            }
            let row = self.before.row_mut(index as usize);
            if index == block.first {
                changed = row != &live[..];
            }
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

fn apply(effect: LocalEffect, live: &mut [u64], nlocalsplus: u32) {
    match effect {
        LocalEffect::None => {}
        LocalEffect::Load(a)
        | LocalEffect::LoadChecked(a)
        | LocalEffect::Take(a)
        | LocalEffect::Delete(a)
        | LocalEffect::MakeCell(a) => insert(live, a),
        LocalEffect::LoadLoad(a, b) => {
            insert(live, a);
            insert(live, b);
        }
        LocalEffect::Store(a) => remove(live, a),
        LocalEffect::StoreStore(a, b) => {
            remove(live, a);
            remove(live, b);
        }
        LocalEffect::StoreLoad(a, b) => {
            insert(live, b);
            remove(live, a);
        }
        LocalEffect::StoreLast(count) => {
            for local in nlocalsplus - count..nlocalsplus {
                remove(live, local);
            }
        }
    }
}

/// The bit sets are indexed by what operands say, so those are checked once.
pub(crate) fn check_locals(code: &Code<'_>) -> Result<(), DecodeError> {
    let count = code.input.nlocalsplus;
    for instr in code.instrs {
        let effect = local_effect(instr);
        let out_of_range = match effect {
            LocalEffect::StoreLast(stored) => stored > count,
            _ => effect.highest().is_some_and(|local| local >= count),
        };
        if out_of_range {
            return Err(DecodeError::BadLocal { index: instr.index });
        }
    }
    Ok(())
}
