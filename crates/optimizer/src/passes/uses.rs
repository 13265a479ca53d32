//! What comes after an instruction.

use whipsnake_ir::{Block, Function, Inst, InstData, Value};

/// Whether anything but a store uses the value after instruction `index` of the block, or a state there would put it in a frame.
pub(super) fn used_after(function: &Function, block: Block, index: usize, value: Value) -> bool {
    let insts = |block: Block| &function.blocks[block.index()].insts;
    let mut seen = vec![false; function.blocks.len()];
    let mut work = function.successors(block);
    let mut used = insts(block)[index + 1..].iter().any(|&inst| uses(function, inst, value));
    while let Some(block) = work.pop().filter(|_| !used) {
        if !std::mem::replace(&mut seen[block.index()], true) {
            used = insts(block).iter().any(|&inst| uses(function, inst, value));
            work.extend(function.successors(block));
        }
    }
    used
}

fn uses(function: &Function, inst: Inst, value: Value) -> bool {
    let mut used = false;
    let data = function.inst(inst);
    if !matches!(data, InstData::Store { .. }) {
        data.for_each_use(|v| used |= v == value);
    }
    if let Some(state) = function.state_of(inst).filter(|_| data.can_exit()) {
        function.states[state.index()].for_each_use(|v| used |= v == value);
    }
    used
}
