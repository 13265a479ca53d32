//! The virtual stack: what was pushed and is not in memory yet.

use super::{Piece, Planner};
use crate::library::{NONE, OperationInfo, RECEIVED, VARIANTS, value};
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
    #[inline(always)]
    pub(super) fn is_stored(&self) -> bool {
        self.plan.stored == self.plan.stack.len()
    }

    /// Counts the elements that came into their slots one by one.
    fn count_stored(&mut self) {
        let plan = &mut *self.plan;
        while plan.stack.get(plan.stored).is_some_and(|element| *element == Element::Slot) {
            plan.stored += 1;
        }
    }

    /// Takes the elements from `depth` on off the stack, and puts `pushed` values there, in their slots.
    #[inline(always)]
    pub(super) fn replace(&mut self, depth: usize, pushed: usize) {
        let plan = &mut *self.plan;
        plan.stack.truncate(depth);
        for _ in 0..pushed {
            plan.stack.push(Element::Slot);
        }
        plan.stored = if plan.stored >= depth { depth + pushed } else { plan.stored };
    }

    #[inline(always)]
    pub(super) fn slot(&self, depth: usize) -> i32 {
        self.stack_base + 8 * depth as i32
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
            self.store_in_slot(depth);
        }
        self.plan.stored = end;
        self.count_stored();
    }

    /// Stores an element to its slot, unless it is there.
    #[inline(always)]
    fn store_in_slot(&mut self, depth: usize) {
        if let Some(piece) = self.store_element(depth) {
            self.push_hot(piece);
            self.plan.stack[depth] = Element::Slot;
        }
    }

    /// The piece that stores a virtual element to its slot.
    #[inline(always)]
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

    /// Places an operation whose inputs are on top of the virtual stack, in the variant that borrows as many of them as it can; those that it can't borrow
    /// are stored. It `receives` its result itself if there is a stencil for that.
    #[inline(always)]
    pub(super) fn push_with_inputs(
        &mut self,
        info: &OperationInfo,
        operation: u16,
        oparg: u32,
        first: usize,
        receives: bool,
    ) -> &mut Piece {
        let variant = if self.is_stored() { 0 } else { self.settle(info, first) };
        let mut stencil = VARIANTS[info.variants as usize + variant];
        if receives && RECEIVED[usize::from(stencil)] != NONE {
            stencil = RECEIVED[usize::from(stencil)];
        }
        let piece = self.variant(info, operation, stencil, oparg, first);
        self.push_hot(piece);
        if variant != 0 {
            self.borrow(info, first);
        }
        self.plan.hot.last_mut().expect("it was just placed")
    }

    /// Stores the inputs that an operation can't borrow; says which variant borrows the others.
    fn settle(&mut self, info: &OperationInfo, first: usize) -> usize {
        let mut variant = 0;
        for index in 0..usize::from(info.inputs) {
            let mode = match self.plan.stack[first + index] {
                Element::Slot => continue,
                Element::Local(_) => 1,
                Element::Const(_) => 2,
            };
            let borrow = info.borrows.iter().position(|&b| usize::from(b) == index);
            let with = borrow.map_or(0, |borrow| variant + mode * POWERS_OF_3[borrow]);
            if with != 0 && VARIANTS[info.variants as usize + with] != NONE {
                variant = with;
            } else {
                self.store_in_slot(first + index);
            }
        }
        self.count_stored();
        variant
    }

    /// Tells the piece placed last where the inputs are that it borrows.
    fn borrow(&mut self, info: &OperationInfo, first: usize) {
        let plan = &mut *self.plan;
        let piece = plan.hot.last_mut().expect("it was just placed");
        for (index, element) in plan.stack[first..].iter().take(info.inputs.into()).enumerate() {
            let (place, constant) = match *element {
                Element::Slot => continue,
                Element::Local(local) => (local_slot(local), 0),
                Element::Const(number) => (number as i32, 1),
            };
            piece.set(value::INPUT + index as u16, place);
            piece.constants |= constant << index;
        }
    }
}
