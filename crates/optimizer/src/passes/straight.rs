//! Straightening: a block that one jump leads to becomes part of the block that jumps.

use whipsnake_ir::{Block, Function, InstData};

/// Runs the pass. Blocks that are taken up are empty afterwards.
pub fn straighten(function: &mut Function) {
    let mut predecessors = vec![0u32; function.blocks.len()];
    for block in function.block_ids() {
        for to in function.successors(block) {
            predecessors[to.index()] += 1;
        }
    }
    for block in function.block_ids() {
        while let Some(next) = only_successor(function, block, &predecessors) {
            let taken = std::mem::take(&mut function.blocks[next.index()].insts);
            let insts = &mut function.blocks[block.index()].insts;
            insts.pop();
            insts.extend(taken);
        }
    }
}

/// The block that the last jump leads to, if nothing else does and nothing is handed on.
fn only_successor(function: &Function, block: Block, predecessors: &[u32]) -> Option<Block> {
    let last = *function.blocks[block.index()].insts.last()?;
    let &InstData::Jump { to, ref args } = function.inst(last) else { return None };
    let alone = predecessors[to.index()] == 1 && args.is_empty() && to != block && to != Block(0);
    // What is seldom run stays apart.
    let same = function.blocks[to.index()].cold == function.blocks[block.index()].cold;
    (alone && same).then_some(to)
}
