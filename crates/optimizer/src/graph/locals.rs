//! Which locals a loop reads before it assigns them, and which it assigns.

use super::loops::Extent;
use rustc_hash::FxHashSet;
use whipsnake_bytecode::{Code, Instr};
use whipsnake_cpython::opcode as op;

/// Locals.
type Locals = FxHashSet<u32>;

/// The locals whose values at the loop's header some way through the loop reads, and those that the loop assigns. A variable that is always assigned first
/// may as well not be set in front of the loop.
pub(super) fn read_and_assigned(code: &Code<'_>, extent: Extent) -> (Locals, Locals) {
    let blocks = extent.header as usize..=extent.last as usize;
    let (mut assigned, mut live) = (Locals::default(), vec![Locals::default(); code.blocks().len()]);
    for block in &code.blocks()[blocks.clone()] {
        for instr in &code.instrs()[block.first as usize..block.end as usize] {
            accesses(instr, |local, reads| {
                if !reads {
                    assigned.insert(local);
                }
            });
        }
    }
    // From the last block up, until nothing is added.
    loop {
        let mut changed = false;
        for block in blocks.clone().rev() {
            let bounds = &code.blocks()[block];
            let mut wanted = Locals::default();
            for &to in bounds.successors().iter().filter(|&&to| blocks.contains(&(to as usize))) {
                wanted.extend(&live[to as usize]);
            }
            for instr in code.instrs()[bounds.first as usize..bounds.end as usize].iter().rev() {
                let mut found = vec![];
                accesses(instr, |local, reads| found.push((local, reads)));
                for (local, reads) in found.into_iter().rev() {
                    if reads {
                        wanted.insert(local);
                    } else {
                        wanted.remove(&local);
                    }
                }
            }
            changed |= wanted != live[block];
            live[block] = wanted;
        }
        if !changed {
            return (std::mem::take(&mut live[extent.header as usize]), assigned);
        }
    }
}

/// Tells the locals that an instruction reads (`true`) or assigns, in its order.
fn accesses(instr: &Instr, mut visit: impl FnMut(u32, bool)) {
    let (high, low) = (instr.oparg >> 4, instr.oparg & 15);
    match instr.base {
        op::LOAD_FAST | op::LOAD_FAST_CHECK => visit(instr.oparg, true),
        op::LOAD_FAST_LOAD_FAST => {
            visit(high, true);
            visit(low, true);
        }
        op::STORE_FAST | op::DELETE_FAST | op::LOAD_FAST_AND_CLEAR => visit(instr.oparg, false),
        op::STORE_FAST_LOAD_FAST => {
            visit(high, false);
            visit(low, true);
        }
        op::STORE_FAST_STORE_FAST => {
            visit(high, false);
            visit(low, false);
        }
        _ => {}
    }
}
