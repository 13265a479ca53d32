//! Inlining of `__next__` in loops over instances.
//!
//! The interpreter calls it from C, and drops the `StopIteration` that ends the loop. Where the method raises that class itself, nothing is raised: nobody would see it.

use super::blocks::Walk;
use super::body::{Entered, Wanted};
use crate::{Purpose, Special};
use whipsnake_bytecode::Instr;
use whipsnake_cpython::opcode as op;
use whipsnake_ir::{Condition, MissReason, Slot, Type};

impl Walk<'_, '_> {
    /// Inlines the `__iter__` that the start of a loop calls; false if that can't be done, and then nothing was.
    pub(super) fn inline_iter(&mut self, number: u32) -> bool {
        let Some(iterable) = self.knowledge().state.frame().stack.last().and_then(|slot| slot.value) else {
            return false;
        };
        self.inline_from_c(number, Special::Iter, Purpose::Iter, &[iterable], 1, Wanted::Iterator)
    }

    /// Inlines the `__next__` that a loop calls for its next item; false if that can't be done, and then nothing was.
    pub(super) fn inline_next(&mut self, number: u32, instr: &Instr) -> bool {
        if instr.opcode != op::FOR_ITER {
            return false;
        }
        let Some(&Slot { value: Some(iterator), owned: true, .. }) = self.knowledge().state.frame().stack.last() else {
            return false;
        };
        let ended = self.b.block();
        let wanted = Wanted::Item { ended };
        if !self.inline_from_c(number, Special::Next, Purpose::Next, &[iterator], 0, wanted) {
            return false;
        }
        let next = self.b.block();
        if !self.b.is_ended() {
            self.b.jump(next, &[]);
        }
        if self.knowledge().is_reached(ended) {
            self.b.switch_to(ended);
            self.knowledge().state.frame().unit = instr.index;
            self.mark_exit();
            let iterator = self.pop();
            self.drop_slots(vec![iterator]);
            self.after_iteration(instr.target);
            self.jump_to(instr.exhausted().unwrap_or(instr.target));
        }
        if self.knowledge().is_reached(next) {
            self.b.switch_to(next);
            self.mark_exit();
        }
        true
    }

    /// Whether an instruction raises `StopIteration` for a loop that calls the inlined method.
    pub(super) fn ends_iteration(&mut self, number: u32, instr: &Instr) -> bool {
        let is_next = matches!(self.body.entered, Entered::Method { wanted: Wanted::Item { .. }, .. });
        if !is_next || instr.oparg != 1 || self.is_general(number) || self.body.code.handler_of(number).is_some() {
            return false;
        }
        let raised = self.knowledge().state.frame().stack.last().and_then(|slot| slot.value);
        let Some(address) = raised.and_then(|raised| self.sample(raised)) else { return false };
        self.body.world.is_stop_iteration(address)
    }

    /// Ends the loop that calls the inlined method.
    pub(super) fn end_iteration(&mut self) {
        let Entered::Method { wanted: Wanted::Item { ended }, .. } = self.body.entered else { return };
        self.mark_exit();
        self.guard_unseen_innermost();
        if let Some(raised) = self.knowledge().state.frame().stack.last().and_then(|slot| slot.value)
            && let Some(address) = self.sample(raised)
        {
            let expected = self.b.iconst(Type::Obj, address as i64);
            let same = self.b.compare(Condition::Eq, raised, expected);
            self.b.guard(same, MissReason::Value);
        }
        let frame = self.b.pop_inlined();
        let function = frame.inlined.map(|inlined| inlined.function);
        let ending: Vec<Slot> = frame.stack.into_iter().rev().chain(frame.locals).chain(function).collect();
        self.b.pop_inlined();
        self.mark_exit();
        for slot in ending.into_iter().filter(|slot| slot.owned) {
            if let Some(value) = slot.value {
                self.b.release_or_null(value);
            }
        }
        self.b.jump(ended, &[]);
    }
}
