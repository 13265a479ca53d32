//! How many loops are around each block.

use whipsnake_ir::{Block, Function};

/// Notes for each block how many loops it is in, by where its ways lead: a block that was built within a loop but leaves it is run once a loop,
/// not once a round.
pub fn find_depths(function: &mut Function) {
    for block in &mut function.blocks {
        block.depth = 0;
    }
    let predecessors = predecessors(function);
    for (header, latches) in loops(function) {
        for block in body(header, latches, &predecessors) {
            function.blocks[block.index()].depth += 1;
        }
    }
}

/// The blocks that lead to each block.
pub(super) fn predecessors(function: &Function) -> Vec<Vec<Block>> {
    let mut predecessors = vec![vec![]; function.blocks.len()];
    for block in function.reverse_postorder() {
        for to in function.successors(block) {
            predecessors[to.index()].push(block);
        }
    }
    predecessors
}

/// The headers of loops, each with the blocks that jump back to it. Loops are entered at their headers only, so that an edge leads back
/// if it leads to a block that is not finished when everything behind it is looked at first.
pub(super) fn loops(function: &Function) -> Vec<(Block, Vec<Block>)> {
    let mut loops: Vec<(Block, Vec<Block>)> = vec![];
    let mut seen = vec![false; function.blocks.len()];
    let mut open = vec![false; function.blocks.len()];
    let mut path = vec![(Block(0), 0)];
    (seen[0], open[0]) = (true, true);
    while let Some((block, next)) = path.last_mut() {
        let (from, successor) = (*block, function.successors(*block).get(*next).copied());
        *next += 1;
        match successor {
            Some(to) if open[to.index()] => match loops.iter_mut().find(|l| l.0 == to) {
                Some((_, latches)) => latches.push(from),
                None => loops.push((to, vec![from])),
            },
            Some(to) if !seen[to.index()] => {
                (seen[to.index()], open[to.index()]) = (true, true);
                path.push((to, 0));
            }
            Some(_) => {}
            None => {
                open[from.index()] = false;
                path.pop();
            }
        }
    }
    loops
}

/// The blocks that lead to a jump back without passing the header, and the header.
pub(super) fn body(header: Block, latches: Vec<Block>, predecessors: &[Vec<Block>]) -> Vec<Block> {
    let mut inside = vec![false; predecessors.len()];
    inside[header.index()] = true;
    let mut body = vec![header];
    let mut work = latches;
    while let Some(block) = work.pop() {
        if !std::mem::replace(&mut inside[block.index()], true) {
            body.push(block);
            work.extend(&predecessors[block.index()]);
        }
    }
    body
}
