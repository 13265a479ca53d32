//! From an instruction to the operation that does it.
//!
//! The tables are made with the library.

use crate::library::NONE;
use whipsnake_bytecode::Instr;
use whipsnake_cpython::opcode as op;
use whipsnake_ops::By;

/// Operations by opcode and operand.
pub(crate) struct Selector {
    /// The operation of the opcode's name.
    pub plain: [u16; 256],
    /// How the operand picks a variant.
    pub by: [By; 256],
    /// Generic operations by opcode that enter a compiled function where the others have the interpreter's C functions call it: for sites that
    /// the interpreter did not specialise, maybe because of such a function, which has no version.
    pub calling: [u16; 256],
    /// By opcode, the first of its variants among these, 32 for each opcode that has any.
    pub first: [u16; 256],
    /// Operations by the number of the variant.
    pub variants: &'static [u16],
    /// For each operation, the fusion with a following `POP_JUMP_IF_FALSE`, `POP_JUMP_IF_TRUE`.
    pub fused: &'static [[u16; 2]],
    /// The operation that stores a received value.
    pub receive: u16,
    /// The same for what a generator hands to its consumer.
    pub receive_item: u16,
    /// `LOAD_FAST`.
    pub load_fast: u16,
    /// `LOAD_CONST`.
    pub load_const: u16,
    /// `STORE_FAST`.
    pub store_fast: u16,
    /// `UNPACK_SEQUENCE` with the stores that follow.
    pub unpack_to_locals: u16,
    /// `RESUME` in the middle of `yield from` or `await`.
    pub resume_delegating: u16,
    /// The `YIELD_VALUE` of `yield from` or `await`.
    pub yield_delegating: u16,
    /// `RESUME` at the start of a function where calls are counted for the optimizing tier.
    pub resume_counted: u16,
    /// `JUMP_BACKWARD` where loops are counted for the optimizing tier.
    pub jump_backward_counted: u16,
    /// The way out where a block never ran.
    pub unreached: u16,
    /// Counts for the statistics.
    pub count: u16,
    /// The same, where the frame is that of a call from outside.
    pub count_outside: u16,
}

impl Selector {
    /// The operation for `opcode` with `oparg`; [`NONE`] if the library has none.
    pub(crate) fn operation(&self, opcode: u8, oparg: u32) -> u16 {
        let index = opcode as usize;
        let by = self.by[index];
        if by == By::Nothing {
            return self.plain[index];
        }
        let number = by.number(oparg);
        match self.variants.get(usize::from(self.first[index]) + number) {
            Some(&found) if number < 32 && found != NONE => found,
            // Where the suffix decides what is pushed, the plain form is not a substitute.
            _ if by == By::LowBit && number != 0 => NONE,
            _ => self.plain[index],
        }
    }

    /// The best operation for an instruction, and the generic one for when its guard fails. `counter` tells the first entry of its inline cache, if
    /// it has one.
    #[inline(always)]
    pub(crate) fn select(&self, instr: &Instr, counter: impl FnOnce() -> Option<u16>) -> (u16, u16) {
        if instr.base == op::CALL {
            return self.select_call(instr);
        }
        let (special, generic) = self.select_general(instr, counter);
        // What a guarded operator leaves over is left to the helper, which is smaller than the paths for other numbers in line.
        let plain = instr.base == op::BINARY_OP && special != generic;
        (special, if plain { self.plain[op::BINARY_OP as usize] } else { generic })
    }

    #[inline(always)]
    fn select_general(&self, instr: &Instr, counter: impl FnOnce() -> Option<u16>) -> (u16, u16) {
        let generic = self.operation(instr.base, instr.oparg);
        let opcode = plain_opcode(instr);
        if opcode != instr.base {
            // The helper of the generic form tells tuples and lists apart itself; for more than a few values the test in line only takes space.
            let plain = instr.base == op::UNPACK_SEQUENCE && instr.oparg > 3;
            let special = if plain { generic } else { self.operation(opcode, instr.oparg) };
            return (if special == NONE { generic } else { special }, generic);
        }
        let calling = self.calling[instr.base as usize];
        let method = self.by[instr.base as usize] == By::LowBit && instr.oparg & 1 != 0;
        let generic = if calling == NONE || method { generic } else { calling };
        let guessed = guess(instr).filter(|_| !counter().is_some_and(has_failed));
        let special = guessed.map_or(NONE, |opcode| self.operation(opcode, instr.oparg));
        (if special == NONE { generic } else { special }, generic)
    }

    /// A call that the interpreter did not specialise is most likely of a compiled function, which has no version for it to specialise on: its
    /// variants by argument count have a guard for that. The plain form calls anything.
    fn select_call(&self, instr: &Instr) -> (u16, u16) {
        let generic = self.plain[op::CALL as usize];
        let opcode = match plain_opcode(instr) {
            op::CALL_PY_EXACT_ARGS => op::CALL,
            other => other,
        };
        let special = self.operation(opcode, instr.oparg);
        (if special == NONE { generic } else { special }, generic)
    }

    /// The fusion of an operation with a conditional jump, if there is one.
    pub(crate) fn fusion(&self, operation: u16, jump: u8) -> u16 {
        match jump {
            op::POP_JUMP_IF_FALSE => self.fused[operation as usize][0],
            op::POP_JUMP_IF_TRUE => self.fused[operation as usize][1],
            _ => NONE,
        }
    }
}

/// The likeliest specialisation of an instruction that has not run yet, or not often enough for the interpreter to specialise it. A loop is
/// compiled while parts of its function have never run, and they may be hot later; a wrong guess costs a failed guard.
fn guess(instr: &Instr) -> Option<u8> {
    use op::binary::{ADD, INPLACE_ADD, MULTIPLY, SUBTRACT};
    match GUESSES[usize::from(instr.base)] {
        op::CACHE => None,
        op::BINARY_OP => match instr.oparg % INPLACE_ADD {
            ADD => Some(op::BINARY_OP_ADD_INT),
            MULTIPLY => Some(op::BINARY_OP_MULTIPLY_INT),
            SUBTRACT => Some(op::BINARY_OP_SUBTRACT_INT),
            _ => None,
        },
        op::UNPACK_SEQUENCE_TWO_TUPLE if instr.oparg != 2 => None,
        guessed => Some(guessed),
    }
}

/// By opcode, what is likely; [`op::CACHE`] for nothing, and [`op::BINARY_OP`] where the operand decides.
static GUESSES: [u8; 256] = {
    let mut table = [op::CACHE; 256];
    table[op::BINARY_OP as usize] = op::BINARY_OP;
    table[op::BINARY_SUBSCR as usize] = op::BINARY_SUBSCR_LIST_INT;
    table[op::STORE_SUBSCR as usize] = op::STORE_SUBSCR_LIST_INT;
    table[op::COMPARE_OP as usize] = op::COMPARE_OP_INT;
    table[op::TO_BOOL as usize] = op::TO_BOOL_BOOL;
    table[op::UNPACK_SEQUENCE as usize] = op::UNPACK_SEQUENCE_TWO_TUPLE;
    table
};

/// Whether the interpreter has tried to specialise an instruction and found nothing that fits: then each attempt makes the next one wait twice as
/// long, as the exponent in the low bits tells.
fn has_failed(counter: u16) -> bool {
    const EXPONENT: u16 = 15;
    const NEVER_TRIED: u16 = 1;
    counter & EXPONENT > NEVER_TRIED
}

/// The opcode without instrumentation, but with its specialisation.
fn plain_opcode(instr: &Instr) -> u8 {
    if instr.is_instrumented() { instr.base } else { instr.opcode }
}
