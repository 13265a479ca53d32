//! What the passes need to know about each opcode, in one table made at compile time from CPython's own tables.

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
        matches!(
            self,
            Flow::JumpForward | Flow::JumpBackward | Flow::Branch | Flow::ForIter | Flow::Send
        )
    }

    /// Whether control can go on to the next instruction.
    pub const fn falls_through(self) -> bool {
        !matches!(
            self,
            Flow::Return | Flow::Raise | Flow::JumpForward | Flow::JumpBackward
        )
    }

    /// Whether the next instruction begins a new basic block.
    pub const fn ends_block(self) -> bool {
        !matches!(self, Flow::Next)
    }
}

/// Why an opcode can't be decoded as an instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Status {
    Valid,
    ExtendedArg,
    Unknown,
    Executor,
    Instrumented,
}

/// One opcode's entry in [`INFO`].
#[derive(Clone, Copy)]
pub(crate) struct OpInfo {
    /// The opcode without specialisation and instrumentation.
    pub base: u8,
    /// Number of cache units that follow.
    pub caches: u8,
    pub flow: Flow,
    pub status: Status,
}

/// Indexed by the opcode as found in the code.
pub(crate) static INFO: [OpInfo; 256] = make_info();

const fn make_info() -> [OpInfo; 256] {
    let unknown = OpInfo {
        base: 0,
        caches: 0,
        flow: Flow::Next,
        status: Status::Unknown,
    };
    let mut table = [unknown; 256];
    let mut code = 0;
    while code < 256 {
        let opcode = code as u8;
        table[code].status = status_of(opcode);
        let base = base_of(opcode);
        table[code].base = base;
        table[code].caches = op::CACHES[base as usize];
        table[code].flow = flow_of(base);
        code += 1;
    }
    table
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
        op::POP_JUMP_IF_TRUE
        | op::POP_JUMP_IF_FALSE
        | op::POP_JUMP_IF_NONE
        | op::POP_JUMP_IF_NOT_NONE => Flow::Branch,
        op::FOR_ITER => Flow::ForIter,
        op::SEND => Flow::Send,
        _ => Flow::Next,
    }
}

/// Values popped and pushed for one opcode, where that does not depend on the operand.
#[derive(Clone, Copy)]
pub(crate) struct Effect {
    /// Values popped, or [`VARIES`].
    pub popped: i8,
    pub pushed: i8,
}

/// Marks an effect that depends on the operand.
pub(crate) const VARIES: i8 = -1;

/// Indexed by base opcode.
pub(crate) static EFFECT: [Effect; 256] = make_effects();

const fn make_effects() -> [Effect; 256] {
    let mut table = [Effect {
        popped: 0,
        pushed: 0,
    }; 256];
    let mut code = 0;
    while code < 256 {
        let opcode = code as u8;
        let popped = op::popped(opcode, 0);
        let pushed = op::pushed(opcode, 0);
        // The operands tried tell apart every formula in CPython's table: sums, multiples, `& 1`, `== 3`, `>> 8`.
        let varies = effect_differs(opcode, popped, pushed, 1)
            || effect_differs(opcode, popped, pushed, 2)
            || effect_differs(opcode, popped, pushed, 3)
            || effect_differs(opcode, popped, pushed, 256);
        table[code] = if varies {
            Effect {
                popped: VARIES,
                pushed: VARIES,
            }
        } else if popped < 0 || pushed < 0 {
            Effect {
                popped: 0,
                pushed: 0,
            }
        } else {
            Effect {
                popped: popped as i8,
                pushed: pushed as i8,
            }
        };
        code += 1;
    }
    table
}

const fn effect_differs(opcode: u8, popped: i32, pushed: i32, oparg: u32) -> bool {
    op::popped(opcode, oparg) != popped || op::pushed(opcode, oparg) != pushed
}
