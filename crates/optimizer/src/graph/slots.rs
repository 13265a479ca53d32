//! The abstract stack and locals: who owns a reference.

use super::blocks::Walk;
use std::ops::Range;
use whipsnake_ir::{Slot, Value};

impl Walk<'_, '_> {
    pub(super) fn push(&mut self, slot: Slot) {
        self.knowledge().state.frame().stack.push(slot);
    }

    pub(super) fn pop(&mut self) -> Slot {
        self.knowledge().state.frame().stack.pop().expect("the code's stack depths were checked")
    }

    pub(super) fn local(&mut self, local: u32) -> Slot {
        self.knowledge().state.frame().locals[local as usize]
    }

    /// Gives every stack element a reference of its own, so that states from several places can meet.
    pub(super) fn own_stack(&mut self) {
        let depth = self.knowledge().state.frame().stack.len();
        self.own_elements(0..depth);
    }

    /// Gives these stack elements references of their own.
    pub(super) fn own_elements(&mut self, elements: Range<usize>) {
        for index in elements {
            let slot = self.knowledge().state.frame().stack[index];
            if !slot.owned {
                if let Some(value) = slot.value {
                    self.b.retain(value);
                }
                self.knowledge().state.frame().stack[index].owned = true;
            }
        }
    }

    /// A value with a reference of its own, from a slot that was popped.
    pub(super) fn owned(&mut self, slot: Slot) -> Option<Value> {
        if let Some(value) = slot.value.filter(|_| !slot.owned) {
            self.b.retain(value);
        }
        slot.value
    }

    /// An owner of `value` is going away. If elements of the stack borrow from it and nobody else owns it, the lowest takes the reference over.
    pub(super) fn hand_over(&mut self, value: Value) -> bool {
        let frame = self.knowledge().state.frame();
        let other_owner = frame.locals.iter().chain(&frame.stack).any(|s| s.owned && s.value == Some(value));
        if other_owner {
            return false;
        }
        let mut borrowers = frame.locals.iter_mut().chain(&mut frame.stack);
        match borrowers.find(|s| !s.owned && s.value == Some(value)) {
            Some(borrower) => {
                borrower.owned = true;
                true
            }
            None => false,
        }
    }

    /// Elements borrow from locals and from elements below: what was exchanged may need its owner moved.
    pub(super) fn settle(&mut self) {
        let frame = self.knowledge().state.frame();
        for index in 0..frame.stack.len() {
            let value = frame.stack[index].value;
            let owns = |s: &Slot| s.owned && s.value == value;
            if frame.stack[index].owned || frame.locals.iter().chain(&frame.stack[..index]).any(owns) {
                continue;
            }
            if let Some(above) = frame.stack[index..].iter().position(owns) {
                frame.stack[index].owned = true;
                frame.stack[index + above].owned = false;
            }
        }
    }

    /// Assigns a local variable; the old value goes last.
    pub(super) fn store_local(&mut self, local: u32) {
        let slot = self.pop();
        let value = self.owned(slot);
        let old = self.local(local);
        self.knowledge().state.frame().locals[local as usize] = Slot { value, owned: true, dirty: true };
        if let Some(value) = old.value.filter(|_| old.owned)
            && !self.hand_over(value)
        {
            // The frames are already as they will be after the instruction, but it is this one that ran.
            self.mark_exit();
            self.b.release_or_null(value);
        }
    }
}
