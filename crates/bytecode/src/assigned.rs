//! Definitely assigned locals: those that are bound whichever way control came.
//!
//! Forward dataflow over the blocks in reverse postorder. CPython's compiler has done the same: where it emits
//! `LOAD_FAST` rather than `LOAD_FAST_CHECK` the local is bound, and so it is taken to be bound from there on.
//!
//! An inlined comprehension saves the outer value of its variable with `LOAD_FAST_AND_CLEAR` and puts it back with a plain
//! `STORE_FAST`, unbound or not. So for locals that are saved anywhere a store proves nothing; only a `LOAD_FAST` does.

use crate::bitset::{BitMatrix, LocalSet, insert, intersect, remove};
use crate::code::Code;
use crate::error::DecodeError;
use crate::exceptions::find;
use crate::locals::{LocalEffect, check_locals, local_effect};

/// Bound locals before each instruction. Keeps its buffers for the next code object.
#[derive(Default)]
pub struct Assigned {
    before: BitMatrix,
    at_block: BitMatrix,
    /// One row: locals whose stores may store nothing.
    saved: BitMatrix,
    scratch: Vec<u64>,
}

impl Assigned {
    /// Makes an empty result.
    pub fn new() -> Self {
        Self::default()
    }

    /// The locals that are bound before an instruction. Before an unreachable one all are.
    pub fn before(&self, instr: u32) -> LocalSet<'_> {
        self.before.set(instr)
    }

    /// Computes the bound locals of `code`, which starts with the first `arguments` locals bound.
    pub fn compute(&mut self, code: &Code<'_>, arguments: u32) -> Result<(), DecodeError> {
        check_locals(code)?;
        let locals = code.input.nlocalsplus;
        self.before.reset(code.instrs.len(), locals, true);
        self.at_block.reset(code.blocks().len(), locals, true);
        self.saved.reset(1, locals, false);
        for instr in code.instrs {
            if let LocalEffect::Take(local) = local_effect(instr) {
                insert(self.saved.row_mut(0), local);
            }
        }
        let entry = self.at_block.row_mut(0);
        entry.fill(0);
        for local in 0..arguments.min(locals) {
            insert(entry, local);
        }
        loop {
            let mut changed = false;
            for block in code.reverse_postorder() {
                changed |= self.scan(code, block);
            }
            if !changed || !code.has_loop() {
                return Ok(());
            }
        }
    }

    /// Scans one block. Returns whether what is known at some other block has changed.
    fn scan(&mut self, code: &Code<'_>, number: u32) -> bool {
        let block = code.blocks()[number as usize];
        let mut bound = std::mem::take(&mut self.scratch);
        bound.clear();
        bound.extend_from_slice(self.at_block.row(number as usize));
        let handlers = code.handlers_of_block(number);
        let mut changed = false;
        for index in block.first..block.end {
            let instr = &code.instrs[index as usize];
            let effect = local_effect(instr);
            self.before.row_mut(index as usize).copy_from_slice(&bound);
            if let LocalEffect::Delete(local) = effect {
                // It raises when the local is unbound.
                remove(&mut bound, local);
            }
            if !handlers.is_empty()
                && let Some(handler) = find(handlers, instr.index)
            {
                changed |= self.meet(code.block_of(code.handler_target(handler)), &bound);
            }
            apply(effect, &mut bound, self.saved.set(0), code.input.nlocalsplus);
        }
        for &to in code.successors(number).iter() {
            changed |= self.meet(to, &bound);
        }
        self.scratch = bound;
        changed
    }

    fn meet(&mut self, block: u32, bound: &[u64]) -> bool {
        let row = self.at_block.row_mut(block as usize);
        let changes = row.iter().zip(bound).any(|(old, new)| old & !new != 0);
        intersect(row, bound);
        changes
    }
}

fn apply(effect: LocalEffect, bound: &mut [u64], saved: LocalSet<'_>, nlocalsplus: u32) {
    let store = |bound: &mut [u64], local| {
        if saved.contains(local) {
            remove(bound, local);
        } else {
            insert(bound, local);
        }
    };
    match effect {
        LocalEffect::None => {}
        LocalEffect::Load(a) | LocalEffect::LoadChecked(a) | LocalEffect::MakeCell(a) => {
            insert(bound, a);
        }
        LocalEffect::LoadLoad(a, b) => {
            insert(bound, a);
            insert(bound, b);
        }
        LocalEffect::Store(a) => store(bound, a),
        LocalEffect::StoreLoad(a, b) => {
            store(bound, a);
            insert(bound, b);
        }
        LocalEffect::StoreStore(a, b) => {
            store(bound, a);
            store(bound, b);
        }
        LocalEffect::Take(a) | LocalEffect::Delete(a) => remove(bound, a),
        LocalEffect::StoreLast(count) => {
            for local in nlocalsplus - count..nlocalsplus {
                insert(bound, local);
            }
        }
    }
}
