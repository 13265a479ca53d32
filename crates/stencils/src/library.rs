//! The stencil library: its tables' types, and the tables that the build script made.

use whipsnake_ops::{Imm, Place, Ptr};

/// How a hole is filled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum HoleKind {
    /// 32-bit displacement to a continuation (`whipsnake_ir::Continuation` as a number).
    Cont,
    /// 32-bit displacement to a helper.
    Helper,
    /// 32-bit displacement to byte `addend` of this stencil's hot part.
    ToHot,
    /// 32-bit displacement to byte `addend` of this stencil's cold part.
    ToCold,
    /// 64-bit pointer operand (`whipsnake_ir::abi::pointer`) plus `addend`.
    Pointer,
    /// 64-bit address of a global plus `addend`.
    Global,
    /// 32-bit operand (`whipsnake_ir::abi::operand`) plus `addend`, as displacement or immediate.
    Operand,
}

/// A hole of a stencil.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct Hole {
    /// Bytes from the start of its part.
    pub offset: u16,
    /// How it is filled.
    pub kind: HoleKind,
    /// Which continuation, helper, pointer, global or operand.
    pub index: u8,
    /// Added to the value.
    pub addend: i32,
}

/// A stencil: two parts of machine code, and the holes in them.
#[derive(Clone, Copy, Debug)]
pub struct Stencil {
    /// Where the hot part starts in the blob.
    pub hot: u32,
    /// Where the cold part starts in the blob.
    pub cold: u32,
    /// Bytes of the hot part. It falls through to the next bytecode if it goes there at all.
    pub hot_len: u16,
    /// Bytes of the cold part.
    pub cold_len: u16,
    /// The first of its holes in [`HOLES`]; those of the hot part come first.
    pub holes: u32,
    /// Holes in the hot part.
    pub hot_holes: u16,
    /// Holes in the cold part.
    pub cold_holes: u16,
}

/// No stencil, or no operation.
pub const NONE: u16 = u16::MAX;

/// What the compiler knows of an operation.
#[derive(Clone, Copy, Debug)]
pub struct OperationInfo {
    /// The opcode's name, with the variant after a dot.
    pub name: &'static str,
    /// Inputs from the top of the stack.
    pub inputs: u8,
    /// How many of the lowest inputs stay.
    pub keeps: u8,
    /// Values pushed.
    pub outputs: u8,
    /// Which inputs may be borrowed.
    pub borrows: &'static [u8],
    /// Its stencils are `VARIANTS[variants..]`, indexed by the modes of the borrowable inputs as digits in base 3 (the
    /// first is the lowest): 0 owned in a slot, 1 borrowed in a slot, 2 a constant.
    pub variants: u16,
    /// Meaning of its immediates.
    pub imms: &'static [Imm],
    /// Meaning of its pointers.
    pub ptrs: &'static [Ptr],
    /// What its named slot is.
    pub place: Place,
    /// It can go to `miss`.
    pub misses: bool,
    /// It can go to `error`.
    pub errors: bool,
    /// It can go to `target`.
    pub jumps: bool,
    /// It hands its result on in the first argument register, or enters another frame that does.
    pub hands_on: bool,
    /// It ends without going to `next`.
    pub ends: bool,
    /// It uses a feedback cell.
    pub feedback: bool,
}

include!(concat!(env!("OUT_DIR"), "/library.rs"));
