//! Which blocks the last rounds went through, as the histories of conditional jumps tell.

use crate::cache::BranchHistory;
use crate::code::Code;
use whipsnake_cpython::opcode::{POP_JUMP_IF_FALSE, POP_JUMP_IF_NONE, POP_JUMP_IF_NOT_NONE, POP_JUMP_IF_TRUE};

/// The blocks that are come to without a jump that has gone the other way each of the last sixteen times. Found when it is first asked for.
#[derive(Clone, Debug, Default)]
pub struct UsualBlocks(Vec<bool>);

impl UsualBlocks {
    /// Whether the instruction is where the last jumps have not led.
    pub fn is_seldom(&mut self, code: &Code<'_>, instr: u32) -> bool {
        if self.0.is_empty() {
            self.0 = usual(code);
        }
        !self.0[code.block_of(instr) as usize]
    }
}

fn usual(code: &Code<'_>) -> Vec<bool> {
    let mut found = vec![false; code.blocks().len()];
    let mut work = vec![0];
    found[0] = true;
    while let Some(block) = work.pop() {
        let last = code.blocks()[block as usize].end - 1;
        let is_test = matches!(
            code.instrs()[last as usize].base,
            POP_JUMP_IF_FALSE | POP_JUMP_IF_TRUE | POP_JUMP_IF_NONE | POP_JUMP_IF_NOT_NONE
        );
        let history = if is_test { code.cache(last).branch_history() } else { None };
        for (index, &to) in code.successors(block).iter().enumerate() {
            let never = match history {
                Some(BranchHistory(0)) => index == 1,
                Some(BranchHistory(u16::MAX)) => index == 0,
                _ => false,
            };
            if !never && !std::mem::replace(&mut found[to as usize], true) {
                work.push(to);
            }
        }
    }
    found
}
