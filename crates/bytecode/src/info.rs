//! What the passes need to know about each opcode, in one table made at compile time from CPython's own tables.

use crate::cfg::Marks;
use whipsnake_cpython::opcode as op;

/// How control leaves an instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Flow {
    /// On to the next instruction only (or to a handler).
    Next,
    /// The frame is suspended; when resumed it goes on at the next instruction: `YIELD_VALUE`, `RETURN_GENERATOR`.
    Yield,
    /// The frame is done.
    Return,
    /// Always raises.
    Raise,
    /// Unconditional jump, forward.
    JumpForward,
    /// Unconditional jump, backward.
    JumpBackward,
    /// `POP_JUMP_IF_*`: next instruction or target.
    Branch,
    /// `FOR_ITER`: next instruction with an item on top, or past the `END_FOR` and `POP_TOP` that the target names; a
    /// generator that was entered in place and returns goes on at the `END_FOR` itself.
    ForIter,
    /// `SEND`: next instruction when the receiver yielded, target when it returned.
    Send,
}

impl Flow {
    /// Whether an instruction of this kind names another instruction in its operand.
    pub const fn has_target(self) -> bool {
        matches!(self, Flow::JumpForward | Flow::JumpBackward | Flow::Branch | Flow::ForIter | Flow::Send)
    }

    /// Whether control can go on to the next instruction.
    pub const fn falls_through(self) -> bool {
        !matches!(self, Flow::Return | Flow::Raise | Flow::JumpForward | Flow::JumpBackward)
    }
}

/// Whether an opcode can be decoded as an instruction, or why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Status {
    Valid,
    /// It is one, but the formula for its stack effect does not fit; CPython's table is to be asked.
    Irregular,
    ExtendedArg,
    Unknown,
    Executor,
    Instrumented,
}

/// One opcode's entry in [`INFO`]: all that decoding an instruction takes, side by side.
#[derive(Clone, Copy)]
#[repr(align(16))]
pub(crate) struct OpInfo {
    /// The opcode without specialisation and instrumentation.
    pub base: u8,
    /// Number of code units, with the cache units that follow.
    pub units: u8,
    pub flow: Flow,
    pub status: Status,
    /// 1 if it names another instruction in its operand.
    pub has_target: u8,
    /// Marks of the instruction after it.
    pub after: Marks,
    /// Values it takes off the stack where control falls through, if that is regular.
    pub popped: Count,
    /// Values it puts there instead.
    pub pushed: Count,
}

/// Indexed by the opcode as found in the code.
pub(crate) static INFO: [OpInfo; 256] = make_info();

const fn make_info() -> [OpInfo; 256] {
    let unknown = OpInfo {
        base: 0,
        units: 1,
        flow: Flow::Next,
        status: Status::Unknown,
        has_target: 0,
        after: Marks::empty(),
        popped: Count::NOTHING,
        pushed: Count::NOTHING,
    };
    let mut table = [unknown; 256];
    let mut code = 0;
    while code < 256 {
        let opcode = code as u8;
        let base = base_of(opcode);
        let flow = flow_of(base);
        let (popped, pushed, irregular) = effect_of(base);
        table[code] = OpInfo {
            base,
            units: 1 + op::CACHES[base as usize],
            flow,
            status: match status_of(opcode) {
                Status::Valid if irregular => Status::Irregular,
                other => other,
            },
            has_target: flow.has_target() as u8,
            after: after(flow),
            popped,
            pushed,
        };
        code += 1;
    }
    table
}

/// Marks of the instruction after one that leaves so.
const fn after(flow: Flow) -> Marks {
    match flow {
        Flow::Next => Marks::empty(),
        Flow::Yield => Marks::LEADER.union(Marks::RESUME_POINT),
        _ => Marks::LEADER,
    }
}

const fn base_of(opcode: u8) -> u8 {
    let plain = op::DEINSTRUMENT[opcode as usize];
    let opcode = if plain != 0 { plain } else { opcode };
    op::DEOPT[opcode as usize]
}

const fn status_of(opcode: u8) -> Status {
    match opcode {
        op::CACHE | op::RESERVED => Status::Unknown,
        op::EXTENDED_ARG => Status::ExtendedArg,
        op::ENTER_EXECUTOR => Status::Executor,
        op::INSTRUMENTED_LINE | op::INSTRUMENTED_INSTRUCTION => Status::Instrumented,
        _ if op::NAMES[opcode as usize].is_empty() => Status::Unknown,
        _ => Status::Valid,
    }
}

const fn flow_of(base: u8) -> Flow {
    match base {
        op::YIELD_VALUE | op::RETURN_GENERATOR => Flow::Yield,
        op::RETURN_VALUE | op::RETURN_CONST | op::INTERPRETER_EXIT => Flow::Return,
        op::RAISE_VARARGS | op::RERAISE => Flow::Raise,
        op::JUMP_FORWARD => Flow::JumpForward,
        op::JUMP_BACKWARD | op::JUMP_BACKWARD_NO_INTERRUPT => Flow::JumpBackward,
        op::POP_JUMP_IF_TRUE | op::POP_JUMP_IF_FALSE | op::POP_JUMP_IF_NONE | op::POP_JUMP_IF_NOT_NONE => Flow::Branch,
        op::FOR_ITER => Flow::ForIter,
        op::SEND => Flow::Send,
        _ => Flow::Next,
    }
}

/// Values popped or pushed, as a function of the operand: `fixed + per_oparg × oparg + if_odd × (oparg & 1)`. That covers all
/// but a few opcodes and needs no branch.
#[derive(Clone, Copy)]
pub(crate) struct Count {
    fixed: i8,
    per_oparg: i8,
    if_odd: i8,
}

impl Count {
    const NOTHING: Self = Self { fixed: 0, per_oparg: 0, if_odd: 0 };

    #[inline]
    pub const fn of(self, oparg: u32) -> i32 {
        (self.per_oparg as i32)
            .wrapping_mul(oparg as i32)
            .wrapping_add(self.fixed as i32 + self.if_odd as i32 * (oparg & 1) as i32)
    }

    /// Finds the coefficients from the values for operands 0, 1, and 2.
    const fn fit(at_0: i32, at_1: i32, at_2: i32) -> Self {
        let per_oparg = (at_2 - at_0) / 2;
        Self { fixed: at_0 as i8, per_oparg: per_oparg as i8, if_odd: (at_1 - at_0 - per_oparg) as i8 }
    }
}

/// What an opcode without specialisation pops and pushes, and whether the formulas do not fit.
const fn effect_of(opcode: u8) -> (Count, Count, bool) {
    if op::popped(opcode, 0) < -1 || op::NAMES[opcode as usize].is_empty() {
        return (Count::NOTHING, Count::NOTHING, false);
    }
    let popped = Count::fit(op::popped(opcode, 0), op::popped(opcode, 1), op::popped(opcode, 2));
    let pushed = Count::fit(op::pushed(opcode, 0), op::pushed(opcode, 1), op::pushed(opcode, 2));
    // Enough operands to tell the formulas of CPython's table apart.
    let regular = fits(opcode, popped, pushed, 3)
        && fits(opcode, popped, pushed, 4)
        && fits(opcode, popped, pushed, 255)
        && fits(opcode, popped, pushed, 256)
        && fits(opcode, popped, pushed, 257);
    (popped, pushed, !regular)
}

const fn fits(opcode: u8, popped: Count, pushed: Count, oparg: u32) -> bool {
    op::popped(opcode, oparg) == popped.of(oparg) && op::pushed(opcode, oparg) == pushed.of(oparg)
}
