//! The stencil library: its tables' types, and the tables that the build script made.

use crate::select::Selector;
use whipsnake_ops::{By, Imm, Place, Ptr};

/// Numbers of the values that holes are filled with. Those below [`SHARED`](value::SHARED) are a piece's own, the others the process's.
pub(crate) mod value {
    /// Displacement of input 0, or the constant in its place; inputs 1 to 3 follow.
    pub const INPUT: u16 = 0;
    /// Displacement of output 0.
    pub const OUTPUT: u16 = 4;
    /// Displacement of the named local or stack slot.
    pub const PLACE: u16 = 5;
    /// Displacement of the lowest consumed stack slot.
    pub const BASE: u16 = 6;
    /// The low half of the address of the instruction, as a signed number.
    pub const INSTR_LOW: u16 = 7;
    /// First of the instruction's own immediates.
    pub const IMMEDIATE: u16 = 8;
    /// First of the instruction's own pointers.
    pub const POINTER: u16 = 15;
    /// The feedback cell.
    pub const FEEDBACK: u16 = 19;
    /// The compiled code's own data.
    pub const CODE: u16 = 20;
    /// Where the operation goes on.
    pub const NEXT: u16 = 21;
    /// The jump target.
    pub const TARGET: u16 = 22;
    /// The miss path.
    pub const MISS: u16 = 23;
    /// Where errors go.
    pub const ERROR: u16 = 24;
    /// The hot part.
    pub const HOT: u16 = 25;
    /// The cold part.
    pub const COLD: u16 = 26;
    /// The address of the instruction.
    pub const INSTR: u16 = 27;
    /// The oparg.
    pub const OPARG: u16 = 28;
    /// Nothing, for what the build knows.
    pub const ZERO: u16 = 29;
    /// Who owns the frames of the code, as the third byte.
    pub const OWNER: u16 = 30;
    /// The first value that all code objects share.
    pub const SHARED: u16 = 32;
    /// First of the continuations.
    pub const CONTINUATION: u16 = SHARED;
    /// First of the globals.
    pub const GLOBAL: u16 = CONTINUATION + whipsnake_ir::Continuation::ALL.len() as u16;
    /// First of the helpers.
    pub const HELPER: u16 = GLOBAL + whipsnake_ir::Global::ALL.len() as u16;
    /// Room for all of them, a power of two: a number cut to it needs no check.
    pub const COUNT: usize = (HELPER as usize + whipsnake_ir::Helper::ALL.len()).next_power_of_two();
}

/// What the holes of a stencil are filled with besides slots and shared values.
pub(crate) mod needs {
    /// Immediates of its own, but for those that every piece has.
    pub const IMMEDIATES: u8 = 1;
    /// Pointers of its own, likewise.
    pub const POINTERS: u8 = 2;
    /// The whole address of the instruction.
    pub const INSTR: u8 = 4;
}

/// A hole of a stencil.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub(crate) struct Hole {
    /// Bytes from the start of its part.
    pub offset: u16,
    /// Number of the [`value`] it is filled with, [`Hole::COLD`] and [`Hole::RELATIVE`].
    pub value: u16,
    /// Added to the value.
    pub addend: i32,
}

impl Hole {
    /// Where the two flags begin.
    pub const FLAGS: u32 = 14;
    /// The hole is in the cold part.
    pub const COLD: u16 = 1 << Hole::FLAGS;
    /// It takes the distance from the start of its part; the addend knows how far that is from its own end.
    pub const RELATIVE: u16 = 2 << Hole::FLAGS;
    /// The bits of the value's number.
    pub const VALUE: u16 = value::COUNT as u16 - 1;
}

/// A stencil: two parts of machine code, and the holes in them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stencil {
    /// Where the hot part starts in the blob.
    pub hot: u32,
    /// Where the cold part starts in the blob.
    pub cold: u32,
    /// The first of its holes in [`HOLES`]; those of 32 bits come first. Both kinds are filled in groups: where a group would be incomplete, its last hole is
    /// there several times.
    pub holes: u32,
    /// Bytes of the hot part. It falls through to the next bytecode if it goes there at all.
    pub hot_len: u16,
    /// Bytes of the cold part.
    pub cold_len: u16,
    /// Groups of holes of 32 bits.
    pub narrow: u8,
    /// Groups of holes of 64 bits.
    pub wide: u8,
    /// Words of the operation's feedback cell; 0 for none.
    pub feedback: u8,
    /// What its holes are filled with besides slots and shared values: flags of [`needs`].
    pub needs: u8,
    /// Bytes at the end of the hot part where the result is received; 0 for none.
    pub receive: u8,
}

/// Holes of 32 bits in a group.
pub(crate) const NARROW_GROUP: usize = 4;

/// Holes of 64 bits in a group.
pub(crate) const WIDE_GROUP: usize = 2;

/// No stencil, or no operation.
pub(crate) const NONE: u16 = u16::MAX;

/// What the compiler knows of an operation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OperationInfo {
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
    /// It hands its result on in the first argument register, or enters another frame that does.
    pub hands_on: bool,
}

include!(concat!(env!("OUT_DIR"), "/library.rs"));
