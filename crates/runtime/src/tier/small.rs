//! Functions so small that calls which the interpreter specialises for them are left to it.
//!
//! The interpreter specialises no call of a function whose version is gone, and what specialised calls call does not go through the function's entry: so it
//! is not counted, and runs interpreted even where it is compiled. For a few instructions in a row that costs nothing: the interpreter's own call of them is
//! cheaper than one that comes through an entry. Machine code, C code and calls that are not specialised use the entry as ever, so that
//! what the callers of such functions gain by being compiled, they gain.

use whipsnake_cpython::live::Code;
use whipsnake_cpython::{CodeKind, opcode};

/// How many instructions a small function has at most.
const INSTRUCTIONS: usize = 12;

/// And how many code units: no instruction has more of them in its inline cache than this allows each.
const UNITS: usize = INSTRUCTIONS * (1 + MOST_CACHES as usize);

/// Whether the function is a few instructions, one after the other: no jump, no handler, no generator. Without jumps it can't be what ends a
/// recursion: whatever calls it again and again is counted.
pub(super) fn is_small(code: Code) -> bool {
    if code.len() > UNITS || code.kind() != CodeKind::Plain {
        return false;
    }
    // SAFETY: the code units live as long as the code object.
    let units = unsafe { std::slice::from_raw_parts(code.instructions(), code.len()) };
    let mut index = 0;
    for _ in 0..INSTRUCTIONS {
        let Some(unit) = units.get(index) else { return false };
        match STEPS[usize::from(unit.op)] {
            END => return index + 1 == units.len(),
            JUMP => return false,
            length => index += usize::from(length),
        }
    }
    false
}

/// Of each opcode as found in code: how many code units it takes with its caches, [`END`] or [`JUMP`].
static STEPS: [u8; 256] = {
    let mut table = [JUMP; 256];
    let mut op = 0;
    while op < 256 {
        let base = opcode::base(op as u8);
        table[op] = match base {
            opcode::RETURN_VALUE | opcode::RETURN_CONST => END,
            _ if is_jump(base) => JUMP,
            _ => 1 + opcode::CACHES[base as usize],
        };
        op += 1;
    }
    table
};

/// The most code units that an inline cache has.
const MOST_CACHES: u8 = {
    let (mut most, mut op) = (0, 0);
    while op < opcode::CACHES.len() {
        if opcode::CACHES[op] > most {
            most = opcode::CACHES[op];
        }
        op += 1;
    }
    most
};

const JUMP: u8 = 0;
const END: u8 = u8::MAX;

const fn is_jump(base: u8) -> bool {
    use opcode::{
        FOR_ITER, JUMP_BACKWARD, JUMP_BACKWARD_NO_INTERRUPT, JUMP_FORWARD, POP_JUMP_IF_FALSE, POP_JUMP_IF_NONE,
        POP_JUMP_IF_NOT_NONE, POP_JUMP_IF_TRUE, SEND,
    };
    matches!(
        base,
        FOR_ITER
            | JUMP_BACKWARD
            | JUMP_BACKWARD_NO_INTERRUPT
            | JUMP_FORWARD
            | POP_JUMP_IF_FALSE
            | POP_JUMP_IF_NONE
            | POP_JUMP_IF_NOT_NONE
            | POP_JUMP_IF_TRUE
            | SEND
    )
}
