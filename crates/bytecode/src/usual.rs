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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{CodeInput, Decoder};
    use whipsnake_cpython::opcode as op;

    fn unit(opcode: u8, oparg: u8) -> u16 {
        u16::from(opcode) | u16::from(oparg) << 8
    }

    /// `if a: x = b` then `return x`, with this history of the jump: whether the assignment and the return are seldom.
    fn seldom(history: u16) -> (bool, bool) {
        let units = [
            unit(op::RESUME, 0),
            unit(op::LOAD_FAST, 0),
            unit(op::POP_JUMP_IF_FALSE, 2),
            history,
            unit(op::LOAD_FAST, 1),
            unit(op::STORE_FAST, 2),
            unit(op::LOAD_FAST, 2),
            unit(op::RETURN_VALUE, 0),
        ];
        let mut decoder = Decoder::new();
        let input = CodeInput { units: &units, nlocalsplus: 3, stacksize: 1, ..CodeInput::default() };
        let code = decoder.analyse(input).expect("valid code");
        let mut usual = UsualBlocks::default();
        let mut at = |unit| usual.is_seldom(&code, code.at_unit(unit).expect("an instruction"));
        (at(4), at(6))
    }

    #[test]
    fn where_the_last_sixteen_jumps_led_elsewhere_is_seldom() {
        assert_eq!(seldom(u16::MAX), (true, false));
        assert_eq!(seldom(0), (false, false));
        assert_eq!(seldom(BranchHistory::INITIAL.0), (false, false));
        assert_eq!(seldom(0xFFFE), (false, false));
    }
}
