//! What is known at a program point.

use crate::{Field, FrameState, Frames, Global, Instance, Slot, Value};
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// What is known of an object, for as long as it lives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// Its exact type.
    pub class: Option<Global>,
    /// It is not NULL.
    pub present: bool,
    /// Its count never changes.
    pub immortal: bool,
    /// Its value as a machine number, if it is a float or an int.
    pub raw: Option<Value>,
    /// It is exactly a float or an int: its value as a double, and whether it is an int, which the double is exactly then.
    pub mixed: Option<(Value, Value)>,
    /// It is the one string of its ASCII character: of two such strings that are not one object, the characters differ.
    pub character: bool,
    /// The address of the code that it runs, if it is a generator, with globals and builtins that go with it.
    pub runs: Option<u64>,
    /// It is the very function that was there when the region was built, as the version of its class tells, not another one at that address: it may have
    /// other code by now, but no other globals or builtins.
    pub itself: bool,
}

impl Known {
    /// An object of exactly that type.
    pub fn exactly(class: Global) -> Known {
        let immortal = class == Global::BoolType;
        Known {
            class: Some(class),
            present: true,
            immortal,
            raw: None,
            mixed: None,
            character: false,
            runs: None,
            itself: false,
        }
    }

    /// What holds of both.
    pub fn join(self, other: Known) -> Known {
        Known {
            class: self.class.filter(|_| self.class == other.class),
            present: self.present && other.present,
            immortal: self.immortal && other.immortal,
            character: self.character && other.character,
            raw: self.raw.filter(|_| self.raw == other.raw),
            mixed: self.mixed.filter(|_| self.mixed == other.mixed),
            runs: self.runs.filter(|_| self.runs == other.runs),
            itself: self.itself && other.itself,
        }
    }

    /// Whether the end of such an object runs no Python code.
    pub fn is_plain(self) -> bool {
        use Global::*;
        self.immortal
            || self.mixed.is_some()
            || matches!(self.class, Some(FloatType | IntType | StrType | BytesType | RangeIteratorType))
    }
}

/// Abstract state at a program point.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// Frames, the innermost last.
    pub frames: Frames,
    /// Fields of objects that nobody else sees, kept in values.
    pub fields: Vec<Field>,
    /// Instances that nobody else has seen.
    pub instances: Vec<Instance>,
    /// What is known of values. Copies share it until one of them learns more.
    pub known: Arc<FxHashMap<Value, Known>>,
    /// Whether something was called since the start of the instruction that may have run Python code.
    pub escaped: bool,
}

impl State {
    /// The innermost frame.
    pub fn frame(&mut self) -> &mut FrameState {
        self.frames.last_mut().expect("a region has a frame")
    }

    pub(super) fn slots(&self) -> impl Iterator<Item = &Slot> {
        self.frames.iter().flat_map(FrameState::slots)
    }

    pub(super) fn slots_mut(&mut self) -> impl Iterator<Item = &mut Slot> {
        self.frames.iter_mut().flat_map(FrameState::slots_mut)
    }

    pub(super) fn note(&mut self, value: Value, known: Known) {
        Arc::make_mut(&mut self.known).insert(value, known);
    }
}
