//! Whether the interpreter has run an instruction, as the counter in its cache tells.

use crate::code::Code;
use whipsnake_cpython::opcode as op;

/// What the counter of an instruction that specialises itself starts at: value 1, back-off 1.
const INITIAL: u16 = 0x11;

/// Whether the interpreter counts executions of such an instruction in its cache. Jumps have other things there.
#[inline]
pub fn is_counted(base: u8) -> bool {
    COUNTED[usize::from(base)]
}

/// Whether the interpreter counts executions of an instruction, and there was none. `counter` gives the first unit of its cache, if it has any.
#[inline]
pub fn is_untouched(opcode: u8, base: u8, counter: impl FnOnce() -> u16) -> bool {
    is_counted(base) && opcode == base && counter() == INITIAL
}

impl Code<'_> {
    /// Whether the interpreter counts executions of the instruction, and there was none.
    #[inline]
    pub fn is_untouched(&self, number: u32) -> bool {
        let instr = &self.instrs()[number as usize];
        is_untouched(instr.opcode, instr.base, || self.input().units[instr.index as usize + 1])
    }
}

static COUNTED: [bool; 256] = {
    let mut table = [false; 256];
    let mut opcode = 0;
    while opcode < table.len() {
        table[opcode] = op::CACHES[opcode] > 0;
        opcode += 1;
    }
    let jumps = [
        op::JUMP_BACKWARD,
        op::POP_JUMP_IF_FALSE,
        op::POP_JUMP_IF_TRUE,
        op::POP_JUMP_IF_NONE,
        op::POP_JUMP_IF_NOT_NONE,
    ];
    let mut index = 0;
    while index < jumps.len() {
        table[jumps[index] as usize] = false;
        index += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_instruction_as_it_was_made_is_untouched() {
        assert!(is_untouched(op::BINARY_OP, op::BINARY_OP, || INITIAL));
        assert!(!is_untouched(op::BINARY_OP, op::BINARY_OP, || 0x01));
        assert!(!is_untouched(op::BINARY_OP_ADD_INT, op::BINARY_OP, || INITIAL));
    }

    #[test]
    fn the_history_of_a_jump_is_no_counter() {
        assert!(!is_untouched(op::POP_JUMP_IF_TRUE, op::POP_JUMP_IF_TRUE, || INITIAL));
        assert!(!is_untouched(op::LOAD_FAST, op::LOAD_FAST, || unreachable!("it has no cache")));
    }
}
