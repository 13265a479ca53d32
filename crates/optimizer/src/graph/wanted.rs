//! What becomes of the result of a method that the interpreter calls from C.
//!
//! The method is about to return when it is looked at, so that the region is left there with results that are the business of the frame below the method
//! (`native/operator_shim.rs` of the run time).

use super::blocks::Walk;
use super::body::Wanted;
use crate::Special;
use whipsnake_ir::{Condition, Global, Known, MissReason, Slot, Value};

impl Walk<'_, '_> {
    /// The method is about to return the value on top of its stack, of which that is wanted.
    pub(super) fn guard_wanted(&mut self, wanted: Wanted) {
        let Some(value) = self.knowledge().state.frame().stack.last().and_then(|slot| slot.value) else { return };
        let before = self.b.func.inst_count();
        match wanted {
            Wanted::Nothing | Wanted::Result | Wanted::Item { .. } => return,
            Wanted::Answer => self.guard_implemented(value),
            Wanted::Iterator => match self.iterator_version(value) {
                Some(version) => self.guard_version(value, version),
                None => self.avoid(),
            },
            Wanted::Instance { version } => self.guard_version(value, version),
            // The truth is sure of a `bool` only.
            Wanted::Truth { .. } => self.b.guard_exact(value, Global::BoolType),
            Wanted::Emptiness | Wanted::Length => {
                whipsnake_ops::guard_index(&mut self.b, value);
            }
        }
        self.avoid_if_surprising(before);
    }

    /// Where results of a method have been something else too often, its call stays a call.
    fn avoid_if_surprising(&mut self, before: usize) {
        let unit = self.knowledge().state.frame().unit;
        let number = self.body.code.at_unit(unit).expect("an instruction");
        if self.b.func.inst_count() > before && self.is_general(number) {
            self.avoid();
        }
    }

    /// The method is not inlined here at the next attempt.
    fn avoid(&mut self) {
        let call = self.body.calls.clone();
        self.again |= self.choices.not_inlined.insert(call);
    }

    /// The version of the class that a value is likely to be of, if that has a `__next__` that can be inlined.
    fn iterator_version(&mut self, value: Value) -> Option<u32> {
        let class = self.likely_class_address(value)?;
        self.body.world.special(class, Special::Next).map(|method| method.version)
    }

    /// `NotImplemented` leads on to somebody else.
    fn guard_implemented(&mut self, value: Value) {
        let value = self.knowledge().resolve(value);
        if self.knowledge().known(value).class.is_some()
            || self.is_constructed(value)
            || self.constant_address(value).is_some()
        {
            return;
        }
        let unknown = self.b.global(Global::NotImplemented);
        let known = self.b.compare(Condition::Ne, value, unknown);
        self.b.guard(known, MissReason::Value);
    }

    /// What the instruction pushes, whose method has returned `result`. What is not needed of that ends with its frame.
    pub(super) fn make_wanted(&mut self, wanted: Wanted, result: Slot, ending: &mut Vec<Slot>) -> Slot {
        let Some(value) = result.value else { return result };
        let made = match wanted {
            Wanted::Result
            | Wanted::Item { .. }
            | Wanted::Iterator
            | Wanted::Answer
            | Wanted::Instance { .. }
            | Wanted::Truth { inverted: false } => return result,
            Wanted::Nothing => {
                ending.push(result);
                return Slot::NULL;
            }
            Wanted::Truth { inverted: true } => {
                let no = self.b.global(Global::False);
                let is_false = self.b.compare(Condition::Eq, value, no);
                self.b.bool_object(is_false)
            }
            Wanted::Emptiness => {
                let length = self.b.unbox_int(value);
                let some = self.b.compare_const(Condition::Ne, length, 0);
                self.b.bool_object(some)
            }
            Wanted::Length => {
                let length = self.b.unbox_int(value);
                self.b.new_int(length, &[])
            }
        };
        if wanted != Wanted::Length {
            self.knowledge().learn(made, |known| *known = Known::exactly(Global::BoolType));
        }
        ending.push(result);
        Slot::owned(made)
    }
}
