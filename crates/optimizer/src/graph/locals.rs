//! Which locals a loop reads before it assigns them, and which it assigns.

use super::loops::Extent;
use rustc_hash::FxHashSet;
use whipsnake_bytecode::{Code, Instr, LocalEffect, local_effect};

/// Locals.
type Locals = FxHashSet<u32>;

/// The locals that a loop assigns.
pub(super) fn assigned(code: &Code<'_>, extent: Extent) -> Locals {
    let instrs = extent.blocks().flat_map(|block| instrs(code, block));
    let accesses = instrs.flat_map(accesses).flatten();
    accesses.filter_map(|access| if let Access::Assign(local) = access { Some(local) } else { None }).collect()
}

/// The locals whose values at the loop's header some way through the loop reads. A variable that is always assigned first may as well not be set in front of
/// the loop.
pub(super) fn read(code: &Code<'_>, extent: Extent) -> Locals {
    let mut live = vec![Locals::default(); code.blocks().len()];
    // From the last block up, until nothing is added.
    loop {
        let mut changed = false;
        for block in extent.blocks().rev() {
            let mut wanted = Locals::default();
            for &to in code.successors(block).iter().filter(|&to| extent.blocks().contains(to)) {
                wanted.extend(&live[to as usize]);
            }
            for access in instrs(code, block).iter().rev().flat_map(|instr| accesses(instr).into_iter().flatten().rev())
            {
                match access {
                    Access::Read(local) => wanted.insert(local),
                    Access::Assign(local) => wanted.remove(&local),
                };
            }
            changed |= wanted != live[block as usize];
            live[block as usize] = wanted;
        }
        if !changed {
            return std::mem::take(&mut live[extent.header as usize]);
        }
    }
}

fn instrs<'s>(code: &Code<'s>, block: u32) -> &'s [Instr] {
    let bounds = &code.blocks()[block as usize];
    &code.instrs()[bounds.first as usize..bounds.end as usize]
}

/// What an instruction does to a local.
#[derive(Clone, Copy)]
enum Access {
    Read(u32),
    Assign(u32),
}

/// What an instruction does to locals, in its order.
fn accesses(instr: &Instr) -> [Option<Access>; 2] {
    use Access::{Assign, Read};
    match local_effect(instr) {
        LocalEffect::Load(local) | LocalEffect::LoadChecked(local) => [Some(Read(local)), None],
        LocalEffect::LoadLoad(first, second) => [Some(Read(first)), Some(Read(second))],
        LocalEffect::Store(local) | LocalEffect::Delete(local) | LocalEffect::Take(local) => {
            [Some(Assign(local)), None]
        }
        LocalEffect::StoreLoad(first, second) => [Some(Assign(first)), Some(Read(second))],
        LocalEffect::StoreStore(first, second) => [Some(Assign(first)), Some(Assign(second))],
        // Cells are made in front of all loops.
        LocalEffect::None | LocalEffect::MakeCell(_) | LocalEffect::StoreLast(_) => [None, None],
    }
}
