//! What the host's frames would hold: the abstract state of a region at a point, and the part of it that an exit restores.

use crate::Value;
use rustc_hash::FxHashMap;
use smallvec::SmallVec;
use std::ops::{Index, IndexMut};
use std::sync::Arc;

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
    /// The generator that it is the frame of, if it is one's.
    pub generator: Option<Resumed>,
    /// The address of the frame, once it was pushed, or, of a generator's, linked.
    pub memory: Option<Value>,
}

/// A generator that is resumed. Its frame is in memory, suspended until it is linked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Resumed {
    /// The generator.
    pub object: Value,
    /// The word at `return_offset` of the frame that waits for it.
    pub back: i32,
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
    /// What an inlined call has beside that; none for the frame of the region itself, but for that of a recursive body.
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

    /// The generator, if it is one's frame.
    pub fn generator(&self) -> Option<Value> {
        self.inlined.and_then(|inlined| inlined.generator).map(|resumed| resumed.object)
    }

    /// Where it was pushed, if it is of an inlined call and was.
    pub fn memory(&self) -> Option<Value> {
        self.inlined.and_then(|inlined| inlined.memory)
    }
}

/// Frames, the innermost last. Each point of a region has its own, of which most are as before: copies share a frame until one of them changes it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Frames(SmallVec<[Arc<FrameState>; 2]>);

impl Frames {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// From the outermost to the innermost.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &FrameState> + ExactSizeIterator {
        self.0.iter().map(|frame| &**frame)
    }

    /// The same, to be changed.
    pub fn iter_mut(&mut self) -> impl DoubleEndedIterator<Item = &mut FrameState> + ExactSizeIterator {
        self.0.iter_mut().map(Arc::make_mut)
    }

    /// Whether a frame stands in for a built-in function that goes through the generator whose frame is above it.
    pub fn is_below_generator(&self, index: usize) -> bool {
        let is_stand_in = |frame: &FrameState| {
            frame.inlined.is_some_and(|inlined| inlined.function.value.is_none() && inlined.generator.is_none())
        };
        self.0.get(index).is_some_and(|frame| is_stand_in(frame))
            && self.0.get(index + 1).is_some_and(|frame| frame.generator().is_some())
    }

    /// The innermost.
    pub fn last(&self) -> Option<&FrameState> {
        self.0.last().map(|frame| &**frame)
    }

    /// The innermost, to be changed.
    pub fn last_mut(&mut self) -> Option<&mut FrameState> {
        self.0.last_mut().map(Arc::make_mut)
    }

    /// The only one, if there is one only.
    pub fn only(&self) -> Option<&FrameState> {
        self.last().filter(|_| self.len() == 1)
    }

    /// One of them, to be changed.
    pub fn get_mut(&mut self, index: usize) -> Option<&mut FrameState> {
        self.0.get_mut(index).map(Arc::make_mut)
    }

    /// Adds the innermost.
    pub fn push(&mut self, frame: FrameState) {
        self.0.push(Arc::new(frame));
    }

    /// Takes the innermost away.
    pub fn pop(&mut self) -> Option<FrameState> {
        self.0.pop().map(Arc::unwrap_or_clone)
    }

    /// Whether a frame was not changed since the one was a copy of the other. False says nothing.
    pub(crate) fn shares(&self, other: &Frames, index: usize) -> bool {
        match (self.0.get(index), other.0.get(index)) {
            (Some(ours), Some(theirs)) => Arc::ptr_eq(ours, theirs),
            _ => false,
        }
    }
}

impl Index<usize> for Frames {
    type Output = FrameState;

    fn index(&self, index: usize) -> &FrameState {
        &self.0[index]
    }
}

impl IndexMut<usize> for Frames {
    fn index_mut(&mut self, index: usize) -> &mut FrameState {
        Arc::make_mut(&mut self.0[index])
    }
}

impl FromIterator<FrameState> for Frames {
    fn from_iter<I: IntoIterator<Item = FrameState>>(frames: I) -> Frames {
        Frames(frames.into_iter().map(Arc::new).collect())
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
    /// Whether it is an attribute of an instance: an object, with a reference, that the instance did not have before.
    pub attribute: bool,
}

/// What an exit restores: frames, the innermost last, and fields whose stores were put off.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ExitState {
    /// The frames.
    pub frames: Frames,
    /// The fields that are dirty.
    pub fields: Vec<Field>,
    /// Whether an exception is set, which the innermost frame's instruction has raised: exits go on with that.
    pub raised: bool,
}

impl ExitState {
    /// Whether memory has what somebody finds who looks at the frames: all of them, their locals, and the fields of objects. Nobody can look at a stack.
    pub fn is_in_memory(&self) -> bool {
        let is_pushed = |frame: &FrameState| frame.inlined.is_none_or(|inlined| inlined.memory.is_some());
        self.fields.is_empty()
            && self.frames.iter().all(|frame| is_pushed(frame) && !frame.locals.iter().any(|slot| slot.dirty))
    }

    /// Calls `visit` on every value the exit needs.
    pub fn for_each_use(&self, mut visit: impl FnMut(Value)) {
        for frame in self.frames.iter() {
            for slot in frame.slots().filter(|slot| slot.dirty) {
                slot.value.into_iter().for_each(&mut visit);
            }
            frame.memory().into_iter().for_each(&mut visit);
            frame.generator().into_iter().for_each(&mut visit);
        }
        for field in &self.fields {
            visit(field.object);
            visit(field.value);
        }
    }

    /// Calls `visit` on every value the exit needs, to replace it.
    pub fn for_each_use_mut(&mut self, mut visit: impl FnMut(&mut Value)) {
        for shared in &mut self.frames.0 {
            for_each_use_of(shared, &mut visit);
        }
        for field in &mut self.fields {
            visit(&mut field.object);
            visit(&mut field.value);
        }
    }
}

/// Calls `visit` on every value that a frame needs, to replace it.
fn for_each_use_of(shared: &mut Arc<FrameState>, mut visit: impl FnMut(&mut Value)) {
    // Most stay as they are, and shared.
    let mut replaced: SmallVec<[(usize, Value); 8]> = SmallVec::new();
    for (index, slot) in shared.slots().enumerate().filter(|(_, slot)| slot.dirty) {
        let Some(old) = slot.value else { continue };
        let mut new = old;
        visit(&mut new);
        if new != old {
            replaced.push((index, new));
        }
    }
    let old = shared.memory();
    let mut memory = old;
    memory.iter_mut().for_each(&mut visit);
    let old_generator = shared.generator();
    let mut generator = old_generator;
    generator.iter_mut().for_each(&mut visit);
    if replaced.is_empty() && memory == old && generator == old_generator {
        return;
    }
    let frame = Arc::make_mut(shared);
    for (index, new) in replaced {
        frame.slots_mut().nth(index).expect("as just seen").value = Some(new);
    }
    if let Some(inlined) = &mut frame.inlined {
        inlined.memory = memory;
        if let (Some(resumed), Some(object)) = (&mut inlined.generator, generator) {
            resumed.object = object;
        }
    }
}

/// Replaces values in many states. They share most of their frames: each is looked at once, and those that change are shared again.
pub fn rename_in_states(states: &mut [ExitState], mut rename: impl FnMut(Value) -> Value) {
    let mut visit = |value: &mut Value| *value = rename(*value);
    // What became of a frame, by its address, which it keeps as long as it is here.
    let mut known: FxHashMap<*const FrameState, (Arc<FrameState>, Arc<FrameState>)> = FxHashMap::default();
    for state in states {
        for shared in &mut state.frames.0 {
            let (_, renamed) = known.entry(Arc::as_ptr(shared)).or_insert_with(|| {
                let mut renamed = Arc::clone(shared);
                for_each_use_of(&mut renamed, &mut visit);
                (Arc::clone(shared), renamed)
            });
            if !Arc::ptr_eq(shared, renamed) {
                *shared = Arc::clone(renamed);
            }
        }
        for field in &mut state.fields {
            visit(&mut field.object);
            visit(&mut field.value);
        }
    }
}
