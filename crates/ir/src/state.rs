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

/// What is known of the frame of an inlined call, which memory does not have at first.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Inlined {
    /// The function; NULL for the frame below an `__init__` that a class was called for, which has the instance on its stack.
    pub function: Slot,
    /// Whether the frame counts as a level of recursion.
    pub counted: bool,
    /// The address of its globals.
    pub globals: u64,
    /// The address of its builtins.
    pub builtins: u64,
    /// The address of the frame, once it was pushed.
    pub memory: Option<Value>,
}

/// One frame.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FrameState {
    /// The address of its code's first unit.
    pub first_unit: u64,
    /// The code unit where it goes on; the call's, where a frame above it was inlined.
    pub unit: u32,
    /// Locals, cells and free variables.
    pub locals: Vec<Slot>,
    /// The value stack, from the bottom.
    pub stack: Vec<Slot>,
    /// What an inlined call has beside that; none for the frame of the region itself.
    pub inlined: Option<Inlined>,
}

impl FrameState {
    /// Everything in it that holds a reference: locals, stack, function.
    pub fn slots(&self) -> impl Iterator<Item = &Slot> {
        self.locals.iter().chain(&self.stack).chain(self.inlined.as_ref().map(|inlined| &inlined.function))
    }

    /// The same, to be changed.
    pub fn slots_mut(&mut self) -> impl Iterator<Item = &mut Slot> {
        self.locals.iter_mut().chain(&mut self.stack).chain(self.inlined.as_mut().map(|inlined| &mut inlined.function))
    }

    /// Where it was pushed, if it is of an inlined call and was.
    pub fn memory(&self) -> Option<Value> {
        self.inlined.and_then(|inlined| inlined.memory)
    }
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
            for slot in frame.slots().filter(|slot| slot.dirty) {
                slot.value.into_iter().for_each(&mut visit);
            }
            frame.memory().into_iter().for_each(&mut visit);
        }
        for field in &self.fields {
            visit(field.object);
            visit(field.value);
        }
    }

    /// Calls `visit` on every value the exit needs, to replace it.
    pub fn for_each_use_mut(&mut self, mut visit: impl FnMut(&mut Value)) {
        for frame in &mut self.frames {
            for slot in frame.slots_mut().filter(|slot| slot.dirty) {
                slot.value.iter_mut().for_each(&mut visit);
            }
            frame.inlined.iter_mut().filter_map(|inlined| inlined.memory.as_mut()).for_each(&mut visit);
        }
        for field in &mut self.fields {
            visit(&mut field.object);
            visit(&mut field.value);
        }
    }
}
