//! The elements of a plan.

use super::Planner;
use super::stack::local_slot;
use crate::library::{OPERATIONS, OperationInfo, STENCILS, Stencil, VARIANTS, value};
use whipsnake_ops::Place;

/// Bytes of a jump.
pub(crate) const JUMP_LEN: u32 = 5;

/// Where a piece of the cold part goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// It falls through to the next cold piece.
    Falls,
    /// Where an instruction starts, with everything in memory.
    Instr(u32),
    /// An offset in the hot part.
    Hot(u32),
    /// The shared way out with an exception set.
    Error,
}

/// No instruction, or no place.
pub(crate) const NOWHERE: u32 = u32::MAX;

/// One stencil to place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Piece {
    pub stencil: u16,
    pub operation: u16,
    /// The instruction it belongs to: what `instr_ptr` is set to.
    pub instr: u32,
    /// The oparg its operands are computed from.
    pub oparg: u32,
    /// A bit for each input that is a constant; in its place is the constant's number.
    pub constants: u32,
    /// By number of [`value`]: displacements from the frame of inputs, output 0, the named local or stack slot, the lowest consumed stack slot; then
    /// how many bytes of bytecode are before the instruction.
    pub slots: [u32; Piece::SLOTS],
    /// The instruction that is jumped to.
    pub target: u32,
    /// The miss path, from where the cold pieces begin.
    pub miss: u32,
    /// The cold pieces that an error goes through first, from where the cold pieces begin.
    pub error: u32,
    /// In the cold part: where to jump after the piece.
    pub next: Next,
}

impl Piece {
    /// The values that are kept in each piece.
    pub const SLOTS: usize = 8;

    #[inline(always)]
    pub(super) fn set(&mut self, number: u16, displacement: i32) {
        self.slots[usize::from(number)] = displacement as u32;
    }

    /// Displacement of the lowest consumed stack slot.
    pub fn base(&self) -> i32 {
        self.slots[usize::from(value::BASE)] as i32
    }

    /// Its stencil.
    #[inline(always)]
    pub fn stencil(&self) -> &'static Stencil {
        debug_assert!(usize::from(self.stencil) < STENCILS.len());
        // SAFETY: numbers of stencils come from the library's own tables, and operations that are chosen have one in their plain variant.
        unsafe { STENCILS.get_unchecked(usize::from(self.stencil)) }
    }

    /// Bytes of its hot part, and of the jump after it.
    pub fn len(&self) -> u32 {
        u32::from(self.stencil().hot_len) + if self.next == Next::Falls { 0 } else { JUMP_LEN }
    }
}

const _: () = assert!(value::INSTR_LOW as usize + 1 == Piece::SLOTS && value::IMMEDIATE as usize == Piece::SLOTS);

impl Planner<'_, '_> {
    /// A piece of an operation in its plain variant, whose lowest input or output is at `depth`.
    #[inline(always)]
    pub(super) fn piece(&self, operation: u16, oparg: u32, depth: usize) -> Piece {
        let info = &OPERATIONS[operation as usize];
        self.variant(info, operation, VARIANTS[info.variants as usize], oparg, depth)
    }

    /// The same in any variant.
    #[inline(always)]
    pub(super) fn variant(
        &self,
        info: &OperationInfo,
        operation: u16,
        stencil: u16,
        oparg: u32,
        depth: usize,
    ) -> Piece {
        let base = self.slot(depth) as u32;
        let output = base + 8 * u32::from(info.keeps);
        Piece {
            stencil,
            operation,
            instr: self.instr,
            oparg,
            constants: 0,
            slots: [base, base + 8, base + 16, base + 24, output, 0, base, self.before],
            target: NOWHERE,
            miss: NOWHERE,
            error: NOWHERE,
            next: Next::Falls,
        }
    }

    /// Displacement of an operation's named slot.
    #[inline(always)]
    pub(super) fn place(&self, info: &OperationInfo, oparg: u32, depth: usize) -> i32 {
        match info.place {
            // `append_in_place` sets the second.
            Place::None | Place::NextLocal => 0,
            Place::Local => local_slot(oparg),
            Place::Below(add) => self.slot(depth.wrapping_sub(oparg as usize + usize::from(add))),
        }
    }

    /// Places a piece next in the hot part.
    #[inline(always)]
    pub(super) fn push_hot(&mut self, piece: Piece) {
        let (stencil, instr) = (piece.stencil(), piece.instr);
        let plan = &mut *self.plan;
        plan.hot_end += u32::from(stencil.hot_len);
        plan.hot_cold_len += u32::from(stencil.cold_len);
        plan.hot.push(piece);
        if stencil.feedback > 0 {
            self.add_cell(instr, stencil.feedback, true);
        }
    }

    /// Places a piece next in the cold part.
    #[inline(always)]
    pub(super) fn push_cold(&mut self, piece: Piece) {
        let (stencil, instr) = (piece.stencil(), piece.instr);
        let plan = &mut *self.plan;
        plan.cold_len += piece.len();
        plan.cold_cold_len += u32::from(stencil.cold_len);
        plan.cold.push(piece);
        if stencil.feedback > 0 {
            self.add_cell(instr, stencil.feedback, false);
        }
    }
}
