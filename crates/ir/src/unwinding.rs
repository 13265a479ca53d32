//! Exceptions on their way to a handler in the same region.
//!
//! Until the handler is done with it, nobody sees such an exception: what comes in between calls nothing, writes nothing to memory and makes
//! nothing. So a guard that fails in between leaves the region where the exception was raised ([`Unwinding::pin`]), and counts of references change only when
//! the handler is done ([`PutOff`]).

use crate::inst::InstData;
use crate::{Block, Builder, StateId, Type, Value, ValueDef};

/// An exception that is known without there being an object of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Failure {
    /// `KeyError`.
    Key,
    /// `IndexError`.
    Index,
    /// `ValueError`.
    Value,
    /// `ZeroDivisionError`.
    ZeroDivision,
    /// Any: `BaseException`.
    Any,
}

/// What is done once the handler is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PutOff {
    /// A reference is added.
    Retain(Value),
    /// One is dropped.
    Release(Value),
    /// One is dropped, if the value is not NULL.
    ReleaseOrNull(Value),
    /// A frame is popped from memory, at this address.
    Pop(Value),
}

/// An exception on its way, up to the end of its handler.
#[derive(Clone, Debug)]
pub struct Unwinding {
    /// What exits restore: the frames where it was raised.
    pub pin: StateId,
    /// How many references to an object the exception may have by itself: they go when the handler is done, too.
    pub held: i64,
    /// What is put off.
    pub put_off: Vec<PutOff>,
    /// Whether a handler's instructions are being built: what else is built is known to be seen by nobody.
    pub strict: bool,
    /// Whether one of these does what can't be undone or put off.
    pub broken: bool,
    /// The objects of numbers that they make. Exits would lose them: they are made again when the handler is done, and these are for nobody.
    pub made: Vec<Value>,
}

impl Unwinding {
    /// An exception that was raised where the frames were like that.
    pub fn new(pin: StateId) -> Unwinding {
        Unwinding { pin, held: 0, put_off: vec![], strict: false, broken: false, made: vec![] }
    }

    /// Notes what a handler does.
    pub(crate) fn note(&mut self, data: &InstData) {
        use InstData::*;
        let may = data.only_computes()
            || matches!(
                data,
                NewFloat { .. }
                    | NewInt { .. }
                    | NewNumber { .. }
                    | Guard { .. }
                    | GuardExact { .. }
                    | UnboxInt { .. }
                    | Jump { .. }
            );
        self.broken |= self.strict && !may;
    }
}

impl Builder<'_> {
    /// Puts a change of a count off, if an exception is on its way to the end of its handler.
    pub(crate) fn put_off(&mut self, what: PutOff) -> bool {
        let Some(region) = self.region.as_deref_mut() else { return false };
        let what = match what {
            PutOff::Retain(value) => PutOff::Retain(region.resolve(value)),
            PutOff::Release(value) => PutOff::Release(region.resolve(value)),
            PutOff::ReleaseOrNull(value) => PutOff::ReleaseOrNull(region.resolve(value)),
            PutOff::Pop(frame) => PutOff::Pop(frame),
        };
        match region.unwinding.as_mut().filter(|unwinding| unwinding.strict) {
            Some(unwinding) => {
                unwinding.put_off.push(what);
                true
            }
            None => false,
        }
    }

    /// Makes the object of a number again, which takes the place of the other in the frames, and in what is put off.
    pub fn make_again(&mut self, object: Value, put_off: &mut [PutOff]) {
        let Some(known) = self.region.as_deref().map(|region| region.known(object)) else { return };
        let ValueDef::Result(inst, _) = self.func.def(object) else { return };
        let data = self.func.inst(inst).clone();
        let again = self.value(data, Type::Obj);
        let Some(region) = self.region.as_deref_mut() else { return };
        region.learn(again, |it| *it = known);
        for slot in region.state.frames.iter_mut().flat_map(|frame| frame.slots_mut()) {
            if slot.value == Some(object) {
                slot.value = Some(again);
            }
        }
        for what in put_off {
            match what {
                PutOff::Retain(value) | PutOff::Release(value) | PutOff::ReleaseOrNull(value) if *value == object => {
                    *value = again;
                }
                _ => {}
            }
        }
    }

    /// Goes to `to`, which seldom happens, if the condition holds.
    pub fn branch_out(&mut self, condition: Value, to: Block) {
        let saved = self.saved;
        let on = self.like_current();
        self.set_cold(to);
        self.branch(condition, to, on);
        self.switch_to(on);
        self.saved = saved;
    }

    /// Where the region goes on instead of raising that exception, if it does: nothing may have been consumed or changed.
    pub fn caught(&self, failure: Failure) -> Option<Block> {
        let failures = &self.region.as_deref()?.failures;
        failures.iter().find(|(known, _)| *known == failure).map(|&(_, block)| block)
    }
}
