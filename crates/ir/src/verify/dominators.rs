//! Which blocks every way to a block passes: the iterative algorithm of Cooper, Harvey and Kennedy.

use super::targets;
use crate::{Block, Function};

/// Immediate dominators.
#[derive(Debug)]
pub struct Dominators {
    /// The immediate dominator of each block; of the first block itself; `None` for unreachable blocks.
    immediate: Vec<Option<Block>>,
    /// Reverse postorder, and where each block is in it.
    rpo: Vec<Block>,
    order: Vec<usize>,
}

impl Dominators {
    /// Those of a function.
    pub fn of(func: &Function) -> Self {
        let rpo = reverse_postorder(func);
        let mut order = vec![usize::MAX; func.blocks.len()];
        for (position, block) in rpo.iter().enumerate() {
            order[block.index()] = position;
        }
        let mut predecessors: Vec<Vec<Block>> = vec![Vec::new(); func.blocks.len()];
        for &block in &rpo {
            for successor in successors(func, block) {
                predecessors[successor.index()].push(block);
            }
        }
        let mut this = Dominators { immediate: vec![None; func.blocks.len()], rpo: vec![], order };
        this.immediate[0] = Some(Block(0));
        let mut changed = true;
        while changed {
            changed = false;
            for &block in &rpo[1..] {
                let known = predecessors[block.index()].iter().copied().filter(|p| this.immediate[p.index()].is_some());
                let found = known.reduce(|a, b| this.common(a, b));
                if found != this.immediate[block.index()] {
                    this.immediate[block.index()] = found;
                    changed = true;
                }
            }
        }
        this.rpo = rpo;
        this
    }

    /// The nearest block that dominates both.
    fn common(&self, mut a: Block, mut b: Block) -> Block {
        while a != b {
            if self.order[a.index()] > self.order[b.index()] {
                a = self.immediate[a.index()].expect("processed before");
            } else {
                b = self.immediate[b.index()].expect("processed before");
            }
        }
        a
    }

    /// The immediate dominator of a block; none of the first block and of those that nothing leads to.
    pub fn immediate(&self, block: Block) -> Option<Block> {
        self.immediate[block.index()].filter(|&dominator| dominator != block)
    }

    /// Whether something leads to the block.
    pub fn is_reachable(&self, block: Block) -> bool {
        self.immediate[block.index()].is_some()
    }

    /// Whether every way to `block`, which is reachable, passes `over`.
    pub fn dominates(&self, over: Block, block: Block) -> bool {
        self.is_reachable(over) && self.common(over, block) == over
    }

    /// For each block, whether something leads to it, and every way there passes `over`.
    pub fn dominated(&self, over: Block) -> Vec<bool> {
        let mut dominated = vec![false; self.immediate.len()];
        for &block in &self.rpo {
            let above = self.immediate(block).is_some_and(|above| dominated[above.index()]);
            dominated[block.index()] = block == over || above;
        }
        dominated
    }
}

/// The blocks that a block can go to.
pub(super) fn successors(func: &Function, block: Block) -> impl Iterator<Item = Block> + use<> {
    func.blocks[block.index()].insts.last().map(|&inst| targets(func.inst(inst))).into_iter().flatten()
}

/// Reachable blocks, each before its successors where no loop forbids it.
pub(super) fn reverse_postorder(func: &Function) -> Vec<Block> {
    let mut seen = vec![false; func.blocks.len()];
    let mut postorder = Vec::new();
    seen[0] = true;
    let mut stack = vec![(Block(0), successors(func, Block(0)))];
    while let Some((block, rest)) = stack.last_mut() {
        match rest.next() {
            Some(next) if !std::mem::replace(&mut seen[next.index()], true) => {
                stack.push((next, successors(func, next)))
            }
            Some(_) => {}
            None => {
                postorder.push(*block);
                stack.pop();
            }
        }
    }
    postorder.reverse();
    postorder
}
