//! The virtual stack: what was pushed and is not in memory yet.

use super::{Piece, Planner};
use crate::library::{NONE, OperationInfo, VARIANTS, value};
use whipsnake_cpython::layout;

/// An element of the virtual stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Element {
    /// In its stack slot.
    Slot,
    /// The value of a local.
    Local(u32),
    /// A constant.
    Const(u32),
}

/// What a borrowed input counts in the number of a variant, twice as much if it is a constant.
const POWERS_OF_3: [usize; 4] = [1, 3, 9, 27];

pub(super) fn local_slot(local: u32) -> i32 {
    layout::frame::LOCALSPLUS + 8 * local as i32
}

impl Planner<'_, '_> {
    /// Whether the whole stack is in memory.
    #[inline]
    pub(super) fn is_stored(&mut self) -> bool {
        let plan = &mut *self.plan;
        while plan.stack.get(plan.stored).is_some_and(|element| *element == Element::Slot) {
            plan.stored += 1;
        }
        plan.stored == plan.stack.len()
    }

    /// Takes the elements from `depth` on off the stack, and puts `pushed` values there, in their slots.
    pub(super) fn replace(&mut self, depth: usize, pushed: usize) {
        self.plan.stack.truncate(depth);
        self.plan.stored = self.plan.stored.min(depth);
        for _ in 0..pushed {
            self.plan.stack.push(Element::Slot);
        }
    }

    pub(super) fn slot(&self, depth: usize) -> i32 {
        local_slot(self.locals + depth as u32)
    }

    /// Stores the virtual stack's elements from the bottom up to `keep` below the top.
    #[inline(always)]
    pub(super) fn flush(&mut self, keep: usize) {
        let end = self.plan.stack.len().saturating_sub(keep);
        if end > self.plan.stored {
            self.store_below(end);
        }
    }

    pub(super) fn store_below(&mut self, end: usize) {
        for depth in self.plan.stored..end {
            if let Some(piece) = self.store_element(depth) {
                self.push_hot(piece);
                self.plan.stack[depth] = Element::Slot;
            }
        }
        self.plan.stored = end;
    }

    /// The piece that stores a virtual element to its slot.
    pub(super) fn store_element(&self, depth: usize) -> Option<Piece> {
        let (operation, oparg) = match self.plan.stack[depth] {
            Element::Slot => return None,
            Element::Local(local) => (self.selector.load_fast, local),
            Element::Const(number) => (self.selector.load_const, number),
        };
        let mut piece = self.piece(operation, oparg, depth);
        piece.set(value::PLACE, local_slot(oparg));
        Some(piece)
    }

    /// Chooses the stencil variant of a piece for the inputs on the virtual stack; stores those that the operation can't borrow.
    #[inline(always)]
    pub(super) fn choose(&mut self, info: &OperationInfo, first: usize, piece: &mut Piece) {
        if !self.is_stored() {
            self.choose_variant(info, first, piece);
        }
    }

    pub(super) fn choose_variant(&mut self, info: &OperationInfo, first: usize, piece: &mut Piece) {
        let mut variant = 0;
        for index in 0..usize::from(info.inputs) {
            let depth = first + index;
            let (mode, place) = match self.plan.stack[depth] {
                Element::Slot => continue,
                Element::Local(local) => (1, local_slot(local)),
                Element::Const(number) => (2, number as i32),
            };
            let borrow = info.borrows.iter().position(|&b| usize::from(b) == index);
            let with = borrow.map_or(0, |borrow| variant + mode * POWERS_OF_3[borrow]);
            if with != 0 && VARIANTS[info.variants as usize + with] != NONE {
                variant = with;
                piece.set(value::INPUT + index as u16, place);
                piece.constants |= u32::from(mode == 2) << index;
            } else if let Some(store) = self.store_element(depth) {
                self.push_hot(store);
                self.plan.stack[depth] = Element::Slot;
            }
        }
        piece.stencil = VARIANTS[info.variants as usize + variant];
    }
}
