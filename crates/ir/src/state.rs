//! What the host's frames would hold: the abstract state of a region at a point, and the part of it that an exit restores.

use crate::Value;
use smallvec::SmallVec;

/// Number of an [`ExitState`] in its function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StateId(pub u32);

impl StateId {
    /// The index as a `usize`.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A local variable or an element of the value stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    /// What it holds; `None` is NULL.
    pub value: Option<Value>,
    /// Whether it has a reference of its own. Others are borrowed from a local, a constant, or another element below.
    pub owned: bool,
    /// Whether the frame in memory holds something else.
    pub dirty: bool,
}

impl Slot {
    /// A slot with a reference of its own, which is not in memory yet.
    pub fn owned(value: Value) -> Slot {
        Slot { value: Some(value), owned: true, dirty: true }
    }

    /// A slot that borrows.
    pub fn borrowed(value: Value) -> Slot {
        Slot { value: Some(value), owned: false, dirty: true }
    }

    /// NULL.
    pub const NULL: Slot = Slot { value: None, owned: true, dirty: true };
}

/// One frame.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FrameState {
    /// The code unit where it goes on.
    pub unit: u32,
    /// Locals, cells and free variables.
    pub locals: Vec<Slot>,
    /// The value stack, from the bottom.
    pub stack: Vec<Slot>,
}

/// A field of an object that nobody else can see, kept in a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// The object.
    pub object: Value,
    /// Byte offset of the field.
    pub offset: i32,
    /// What it holds.
    pub value: Value,
    /// Whether memory holds something else.
    pub dirty: bool,
}

/// What an exit restores: frames, the innermost last, and fields whose stores were put off.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ExitState {
    /// The frames.
    pub frames: SmallVec<[FrameState; 1]>,
    /// The fields that are dirty.
    pub fields: Vec<Field>,
}

impl ExitState {
    /// Calls `visit` on every value the exit needs.
    pub fn for_each_use(&self, mut visit: impl FnMut(Value)) {
        for frame in &self.frames {
            for slot in frame.locals.iter().chain(&frame.stack).filter(|slot| slot.dirty) {
                slot.value.into_iter().for_each(&mut visit);
            }
        }
        for field in &self.fields {
            visit(field.object);
            visit(field.value);
        }
    }

    /// Calls `visit` on every value the exit needs, to replace it.
    pub fn for_each_use_mut(&mut self, mut visit: impl FnMut(&mut Value)) {
        for frame in &mut self.frames {
            for slot in frame.locals.iter_mut().chain(&mut frame.stack).filter(|slot| slot.dirty) {
                slot.value.iter_mut().for_each(&mut visit);
            }
        }
        for field in &mut self.fields {
            visit(&mut field.object);
            visit(&mut field.value);
        }
    }
}
