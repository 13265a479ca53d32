//! Value-stack depths.
//!
//! One pass over the blocks in the order the graph's walk found them, so that each block's depth is known when it is
//! reached. The entry has depth 0; a handler has the depth its table entry says, plus the position if wanted, plus the exception.
//!
//! Every edge leaves what the instruction's stack effect says, but for one: `FOR_ITER` leaves the iterator and an item on
//! fallthrough, but has popped the iterator when it goes past the loop's `END_FOR` and `POP_TOP`. The `END_FOR` itself is
//! entered with iterator and return value by a generator that was run in place, so its depth is that of the fallthrough.
//! A suspended frame is resumed with the sent value on top, which is what `YIELD_VALUE` and `RETURN_GENERATOR` push.

use crate::cfg::Graph;
use crate::decode::Instr;
use crate::error::DecodeError;
use crate::exceptions::Handler;
use crate::info::Flow;

/// Depth of what is unreachable.
const UNKNOWN: i32 = -1;

/// Fills `depths`, by instruction. Returns the greatest depth between instructions.
pub(crate) fn run(
    instrs: &[Instr],
    handlers: &[Handler],
    graph: &Graph,
    stacksize: u32,
    depths: &mut Vec<i32>,
    entries: &mut Vec<i32>,
) -> Result<u32, DecodeError> {
    depths.clear();
    depths.resize(instrs.len(), UNKNOWN);
    entries.clear();
    entries.resize(graph.blocks.len(), UNKNOWN);
    entries[0] = 0;
    let limit = i32::try_from(stacksize).unwrap_or(i32::MAX);
    let mut peak = 0;
    for &number in &graph.preorder {
        let block = graph.blocks[number as usize];
        let range = block.first as usize..block.end as usize;
        let mut depth = entries[number as usize];
        let mut slack = 0;
        let mut highest = depth;
        for (instr, slot) in instrs[range.clone()].iter().zip(&mut depths[range.clone()]) {
            *slot = depth;
            let below = depth.wrapping_sub(instr.popped);
            slack = below.min(slack);
            depth = below.wrapping_add(instr.pushed);
            highest = highest.max(depth);
        }
        if slack < 0 || highest > limit {
            return Err(bad_instruction(&instrs[range], entries[number as usize], limit));
        }
        peak = peak.max(highest);
        let last = &instrs[range.end - 1];
        if last.flow.falls_through() && range.end == instrs.len() {
            return Err(DecodeError::Truncated { index: last.index });
        }
        let mut join = |to: u32, depth: i32| {
            let slot = &mut entries[to as usize];
            if *slot == UNKNOWN {
                *slot = depth;
            } else if *slot != depth {
                return Err(DecodeError::DepthMismatch {
                    index: instrs[graph.blocks[to as usize].first as usize].index,
                    first: *slot as u32,
                    second: depth as u32,
                });
            }
            Ok(())
        };
        let successors = block.successors();
        for (edge, &to) in successors.iter().enumerate() {
            let exhausted = last.flow == Flow::ForIter && edge == 2;
            join(to, if exhausted { depth - 2 } else { depth })?;
        }
        for entry in block.first_handler..block.end_handler {
            let handler = &handlers[entry as usize];
            check_handler(&instrs[range.clone()], &depths[range.clone()], handler)?;
            let depth = i32::try_from(handler.entry_depth()).unwrap_or(i32::MAX);
            peak = peak.max(depth);
            if depth > limit {
                return Err(DecodeError::StackOverflow { index: handler.target });
            }
            join(graph.handler_blocks[entry as usize], depth)?;
        }
    }
    Ok(peak as u32)
}

/// Finds the first instruction of a block that takes more than there is or leaves more than there may be.
#[cold]
fn bad_instruction(instrs: &[Instr], mut depth: i32, limit: i32) -> DecodeError {
    for instr in instrs {
        // An absurd operand can overflow the count.
        if !(0..=depth).contains(&instr.popped) {
            return DecodeError::StackUnderflow { index: instr.index };
        }
        depth = (depth - instr.popped).saturating_add(instr.pushed);
        if !(0..=limit).contains(&depth) {
            return DecodeError::StackOverflow { index: instr.index };
        }
    }
    unreachable!("some instruction was seen to be bad")
}

/// A handler keeps values that must be there at each instruction it covers.
fn check_handler(instrs: &[Instr], depths: &[i32], handler: &Handler) -> Result<(), DecodeError> {
    if handler.depth == 0 {
        return Ok(());
    }
    let covered =
        instrs.iter().zip(depths).find(|(instr, depth)| handler.covers(instr.index) && **depth < handler.depth as i32);
    match covered {
        Some((instr, _)) => Err(DecodeError::StackUnderflow { index: instr.index }),
        None => Ok(()),
    }
}
