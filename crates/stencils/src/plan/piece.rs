//! The elements of a plan.

use super::Planner;
use super::stack::local_slot;
use crate::library::{OPERATIONS, OperationInfo, VARIANTS};
use whipsnake_ops::Place;

/// Where the inputs of an operation are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Inputs {
    /// Displacements from the frame, or numbers of constants.
    pub places: [i32; 4],
    /// A bit for each that is a constant.
    pub constants: u32,
}

/// Where a stencil goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Label {
    None,
    /// Where an instruction starts, with everything in memory.
    Instr(u32),
    /// A piece of the hot part (the number after the last one is the end of the hot part).
    Hot(u32),
    /// A piece of the cold part.
    Cold(u32),
    /// The shared way out with an exception set.
    Error,
}

/// One stencil to place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Piece {
    pub stencil: u16,
    pub operation: u16,
    /// The instruction it belongs to: what `instr_ptr` is set to.
    pub instr: u32,
    /// The oparg its operands are computed from.
    pub oparg: u32,
    pub inputs: Inputs,
    /// Displacement of output 0.
    pub output: i32,
    /// Displacement of the named local or stack slot.
    pub place: i32,
    /// Displacement of the lowest consumed stack slot.
    pub base: i32,
    /// In the cold part: where to jump after the piece; `None` for falling through to the next cold piece.
    pub next: Label,
    pub target: Label,
    pub miss: Label,
    pub error: Label,
}

impl Planner<'_, '_> {
    /// A piece of an operation in its plain variant, whose lowest input or output is at `depth`.
    #[inline(always)]
    pub(super) fn piece(&self, operation: u16, oparg: u32, depth: usize) -> Piece {
        let info = &OPERATIONS[operation as usize];
        Piece {
            stencil: VARIANTS[info.variants as usize],
            operation,
            instr: self.instr,
            oparg,
            inputs: self.inputs(depth),
            output: self.slot(depth + usize::from(info.keeps)),
            place: 0,
            base: self.slot(depth),
            next: Label::None,
            target: Label::None,
            miss: Label::None,
            error: Label::Error,
        }
    }

    /// Inputs from `depth` on, all in their slots.
    #[inline(always)]
    pub(super) fn inputs(&self, depth: usize) -> Inputs {
        let slot = self.slot(depth);
        Inputs { places: [slot, slot + 8, slot + 16, slot + 24], constants: 0 }
    }

    pub(super) fn place(&self, info: &OperationInfo, oparg: u32, depth: usize) -> i32 {
        match info.place {
            // `append_in_place` sets the second.
            Place::None | Place::NextLocal => 0,
            Place::Local => local_slot(oparg),
            Place::Below(add) => self.slot(depth.wrapping_sub(oparg as usize + usize::from(add))),
        }
    }
}
