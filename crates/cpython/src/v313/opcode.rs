//! The instruction set: opcode numbers, tables indexed by opcode, stack effects, inline caches and operands.
//!
//! The numbers and tables are printed by `probe.c` at build time.

include!(concat!(env!("OUT_DIR"), "/opcode.rs"));

/// How the number of values an instruction takes or leaves follows from its operand.
#[derive(Clone, Copy)]
enum Effect {
    /// Not an instruction of compiled code.
    Unknown,
    /// `base + per_oparg * oparg + if_odd * (oparg & 1)`.
    Linear { base: i32, per_oparg: i32, if_odd: i32 },
    /// `BUILD_SLICE` takes three values for operand 3, else two.
    BuildSlice,
    /// `UNPACK_EX` leaves the values before the starred one, the list, and those after it.
    UnpackEx,
}

impl Effect {
    const fn count(self, oparg: u32) -> i32 {
        match self {
            Effect::Unknown => -1,
            Effect::Linear { base, per_oparg, if_odd } => base + per_oparg * oparg as i32 + if_odd * (oparg & 1) as i32,
            Effect::BuildSlice => 2 + (oparg == 3) as i32,
            Effect::UnpackEx => 1 + (oparg & 0xFF) as i32 + (oparg >> 8) as i32,
        }
    }
}

/// The opcode without specialisation and instrumentation: what the compiler emitted.
///
/// `INSTRUMENTED_LINE` and `INSTRUMENTED_INSTRUCTION` hide what they replace, as does `ENTER_EXECUTOR`; they are
/// returned as they are.
pub const fn base(op: u8) -> u8 {
    match DEINSTRUMENT[op as usize] {
        0 => DEOPT[op as usize],
        plain => plain,
    }
}

/// How many values `op` takes off the stack when it falls through; -1 if `op` is not an instruction.
///
/// Specialised and instrumented forms count as their base. Jumps leave the same stack on both ways, but for `FOR_ITER`:
/// it takes one value and leaves two when it falls through, and takes the iterator when it ends the loop (going on
/// after the `END_FOR` and `POP_TOP` at its target).
#[inline]
pub const fn popped(op: u8, oparg: u32) -> i32 {
    POPPED[base(op) as usize].count(oparg)
}

/// How many values `op` leaves on the stack when it falls through; -1 if `op` is not an instruction. See [`popped`].
pub const fn pushed(op: u8, oparg: u32) -> i32 {
    PUSHED[base(op) as usize].count(oparg)
}

/// Whether `op` is one of the `INSTRUMENTED_…` opcodes that `sys.monitoring` puts in.
pub const fn is_instrumented(op: u8) -> bool {
    op >= MIN_INSTRUMENTED
}
