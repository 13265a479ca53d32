//! The post-pass for x86-64: from compiled code to a stencil.

pub(crate) mod copies;
pub(crate) mod decode;
pub(crate) mod flow;
pub(crate) mod frame;
pub(crate) mod layout;
pub(crate) mod liveness;
pub(crate) mod peephole;

use crate::raw::Symbol;
use iced_x86::{FlowControl, Instruction, Register};

/// The code of one operation while it is worked on.
#[derive(Clone, Debug)]
pub(crate) struct Code {
    pub insts: Vec<Inst>,
}

/// One instruction. Removed instructions stay, marked dead, so that indices hold.
#[derive(Clone, Debug)]
pub(crate) struct Inst {
    /// The instruction; constants are those of the first compilation.
    pub inst: Instruction,
    /// Offset in the raw code.
    pub at: usize,
    /// What a call or jump leaves to.
    pub symbol: Option<Symbol>,
    /// Index of the instruction a local branch goes to; if that is dead, the first live one after it is meant.
    pub target: Option<usize>,
    /// The displacement is an operand plus a constant.
    pub disp: Option<OperandField>,
    /// The immediate is not a constant.
    pub imm: Option<ImmField>,
    /// The memory operand is a constant behind the code.
    pub data: Option<Vec<u8>>,
    pub dead: bool,
}

/// A field that holds a 32-bit operand plus a constant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OperandField {
    pub operand: u8,
    pub addend: i32,
}

/// What an immediate holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ImmField {
    /// 32 bits.
    Operand(OperandField),
    /// 64 bits.
    Address { symbol: Symbol, addend: i32 },
}

impl Inst {
    /// Execution does not go on behind it.
    pub fn ends_flow(&self) -> bool {
        matches!(
            self.inst.flow_control(),
            FlowControl::UnconditionalBranch
                | FlowControl::IndirectBranch
                | FlowControl::Return
                | FlowControl::Exception
                | FlowControl::Interrupt
        )
    }

    /// An unconditional jump to a symbol or an instruction.
    pub fn is_direct_jump(&self) -> bool {
        self.inst.is_jmp_short_or_near()
    }

    pub fn is_conditional_jump(&self) -> bool {
        self.inst.is_jcc_short_or_near()
    }

    /// `jmp register` or `jmp [memory]`.
    pub fn is_indirect_jump(&self) -> bool {
        self.inst.flow_control() == FlowControl::IndirectBranch
    }

    pub fn is_call(&self) -> bool {
        matches!(self.inst.flow_control(), FlowControl::Call | FlowControl::IndirectCall)
    }

    /// `mov a, b` between 64-bit registers: (a, b).
    pub fn register_move(&self) -> Option<(Register, Register)> {
        use iced_x86::{Code, OpKind};
        let is_move = matches!(self.inst.code(), Code::Mov_rm64_r64 | Code::Mov_r64_rm64)
            && self.inst.op0_kind() == OpKind::Register
            && self.inst.op1_kind() == OpKind::Register;
        is_move.then(|| (self.inst.op0_register(), self.inst.op1_register()))
    }
}

impl Code {
    /// The first live instruction at or after `index`; the length if there is none.
    pub fn live_from(&self, mut index: usize) -> usize {
        while index < self.insts.len() && self.insts[index].dead {
            index += 1;
        }
        index
    }

    /// Live instructions with their indices.
    pub fn live(&self) -> impl Iterator<Item = (usize, &Inst)> {
        self.insts.iter().enumerate().filter(|(_, inst)| !inst.dead)
    }
}
