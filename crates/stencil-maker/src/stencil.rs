//! The output: a stencil and its holes.

use crate::raw::Symbol;

/// A stencil: position-independent machine code with holes, in a hot and a cold part.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Stencil {
    /// Code on the way to `next`, which follows it directly.
    pub hot: Vec<u8>,
    /// Everything else, placed away from the hot path.
    pub cold: Vec<u8>,
    /// What to write where; sorted by section and offset. Holes are zero in the code.
    pub holes: Vec<Hole>,
    /// Bytes at `rsp` that the code uses, the activation included.
    pub stack_bytes: u32,
    /// Operands (a bit each) that are proved for values of 0 and above only.
    pub unsigned_operands: u16,
}

/// A part of a stencil.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Section {
    /// The hot part.
    Hot,
    /// The cold part.
    Cold,
}

/// A place in a stencil that is written when it is copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Hole {
    /// Which part.
    pub section: Section,
    /// Where in that part.
    pub offset: u16,
    /// What to write.
    pub kind: HoleKind,
}

/// What a hole holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum HoleKind {
    /// 32 bits: the distance to a continuation, from the end of the hole.
    Cont(u8),
    /// 32 bits: the distance to a helper.
    Helper(u16),
    /// 32 bits: the distance to an offset in the stencil's hot part.
    ToHot(u16),
    /// 32 bits: the distance to an offset in the stencil's cold part.
    ToCold(u16),
    /// 64 bits: a pointer operand plus a constant.
    Pointer(u8, i32),
    /// 64 bits: the address of a global plus a constant.
    Global(u16, i32),
    /// 32 bits: an operand plus a constant, as a displacement (sign-extended).
    Disp32 {
        /// Operand number.
        operand: u8,
        /// Added to it.
        addend: i32,
    },
    /// 32 bits: an operand plus a constant, as an immediate.
    Imm32 {
        /// Operand number.
        operand: u8,
        /// Added to it.
        addend: i32,
    },
}

impl HoleKind {
    /// Bytes of the hole.
    pub fn size(self) -> usize {
        match self {
            HoleKind::Pointer(..) | HoleKind::Global(..) => 8,
            _ => 4,
        }
    }
}

impl Stencil {
    /// The continuations the stencil jumps to, a bit each; `next` by falling through is not one.
    pub fn continuations(&self) -> u32 {
        self.holes.iter().fold(0, |mask, hole| match hole.kind {
            HoleKind::Cont(k) => mask | 1 << k,
            _ => mask,
        })
    }
}

/// How much of a helper's signature the proofs need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HelperConvention {
    /// How many integer registers carry arguments.
    pub int_args: u8,
    /// How many float registers carry arguments.
    pub float_args: u8,
    /// Whether a result comes in `xmm0`.
    pub float_result: bool,
    /// Preserves every integer register, and no float register.
    pub preserve: bool,
}

impl HelperConvention {
    /// Anything System V allows in registers.
    pub const UNKNOWN: HelperConvention =
        HelperConvention { int_args: 6, float_args: 8, float_result: true, preserve: false };
}

/// What the maker needs to know about an operation's surroundings.
#[derive(Clone, Debug)]
pub struct StencilOptions {
    /// Continuations (a bit each) that take a value in the first argument register.
    pub conts_with_argument: u32,
    /// By helper number; helpers beyond the end are [`HelperConvention::UNKNOWN`].
    pub helpers: Vec<HelperConvention>,
    /// The convention of calls through a register.
    pub indirect_calls: HelperConvention,
    /// Bytes of the activation at `rsp`, which only explicit code may write.
    pub activation_bytes: u32,
    /// Whether the operation may write into the activation.
    pub writes_activation: bool,
    /// Improve the code (branch threading, copies of the pinned register). Off only to look at raw code.
    pub optimize: bool,
}

impl Default for StencilOptions {
    fn default() -> Self {
        StencilOptions {
            conts_with_argument: 0,
            helpers: Vec::new(),
            indirect_calls: HelperConvention::UNKNOWN,
            activation_bytes: 32,
            writes_activation: false,
            optimize: true,
        }
    }
}

impl StencilOptions {
    pub(crate) fn helper(&self, helper: u16) -> HelperConvention {
        self.helpers.get(usize::from(helper)).copied().unwrap_or(HelperConvention::UNKNOWN)
    }

    pub(crate) fn takes_argument(&self, symbol: Symbol) -> bool {
        matches!(symbol, Symbol::Cont(k) if self.conts_with_argument >> k & 1 == 1)
    }
}
