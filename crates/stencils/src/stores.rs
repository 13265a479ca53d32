//! Instructions that store what an instruction has just taken apart.

use whipsnake_bytecode::Code;
use whipsnake_cpython::opcode as op;
use whipsnake_ops::Stores;

/// The stores to local variables that follow an instruction.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StoresAfter {
    /// What is stored where.
    pub stores: Stores,
    /// How many instructions they are.
    pub instrs: u32,
    /// The variable that the last of the instructions loads after its store.
    pub load: Option<u32>,
}

/// The `count` stores, each to another variable, that follow instruction `number`; `None` if something else follows or can come in between.
pub(crate) fn stores_after(code: &Code<'_>, number: u32, count: u32) -> Option<StoresAfter> {
    let mut found = StoresAfter { stores: Stores::default(), instrs: 0, load: None };
    if !(1..=Stores::MAX as u32).contains(&count) {
        return None;
    }
    let mut seen = 0u32;
    while seen.count_ones() < count {
        let next = number + 1 + found.instrs;
        let instr = code.instrs().get(next as usize).filter(|_| !code.is_leader(next))?;
        let last = seen.count_ones() + 1 == count;
        let (first, second) = match instr.base {
            op::STORE_FAST => (instr.oparg, None),
            op::STORE_FAST_STORE_FAST if !last => (instr.oparg >> 4, Some(instr.oparg & 15)),
            op::STORE_FAST_LOAD_FAST if last => {
                found.load = Some(instr.oparg & 15);
                (instr.oparg >> 4, None)
            }
            _ => return None,
        };
        for (local, starts) in [(Some(first), true), (second, false)] {
            let Some(local) = local else { continue };
            if local >= Stores::LOCALS || seen >> local & 1 != 0 {
                return None;
            }
            seen |= 1 << local;
            found.stores = found.stores.with(local, starts);
        }
        found.instrs += 1;
    }
    Some(found)
}
