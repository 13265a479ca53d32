//! What the builder knows while it builds a region: partial evaluation of operations.
//!
//! An operation's function asks for guards, boxes and reference counts; with a [`Region`] at hand the [`Builder`](crate::Builder) leaves out
//! what is known to hold. Knowledge belongs to a program point, so each edge between blocks carries a copy, and where edges meet the copies are
//! merged: slots that differ become block parameters.

mod knowledge;
mod loops;
mod meet;
mod merge;

pub use knowledge::{Known, State};
pub use loops::{LoopPlan, OpenLoop};

use crate::abi::{operand, pointer};
use crate::{Block, ExitState, Failure, Field, Function, Instance, StateId, Unwinding, Value};
use meet::Edge;
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

/// The builder's knowledge while it builds a region.
#[derive(Debug)]
pub struct Region {
    /// The current instruction's 32-bit operands.
    pub operands: [i32; operand::COUNT],
    /// The current instruction's pointers.
    pub pointers: [u64; pointer::COUNT],
    /// Inputs of the current operation that it does not own.
    pub borrowed: SmallVec<[Value; 4]>,
    /// The state at the current point.
    pub state: State,
    /// What an exit from the current instruction restores.
    pub exit: Option<StateId>,
    /// What the instruction loads, as the program has it while the region is built; none if that may well change.
    pub expected: Option<(u64, Known)>,
    /// Where `next` leads.
    pub next: Option<Block>,
    /// Where `next` leads with a value.
    pub next_with: Option<Block>,
    /// Where `target` leads.
    pub target: Option<Block>,
    /// Where an instruction goes on that has raised, if that is in the region.
    pub catch: Option<Block>,
    /// Where it goes on instead of raising what is known without an exception, likewise.
    pub failures: SmallVec<[(Failure, Block); 2]>,
    /// The exception that is on its way to a handler.
    pub unwinding: Option<Unwinding>,
    /// The local variable or stack element that the current instruction names.
    pub local: Option<Value>,
    /// Whether the current instruction's inputs are in their slots in memory.
    pub in_memory: bool,
    /// Whether the current operation asked for its inputs in memory, where they were not.
    pub wants_memory: bool,
    /// Whether the current operation asked for something that regions don't have.
    pub unsupported: bool,
    /// Whether a frame of an inlined call was pushed on some ways that meet, and not on others.
    pub half_pushed: bool,
    /// Whether something asked for the frame of a recursive body, which has none.
    pub needs_frame: bool,
    /// Whether the current point can't be reached.
    pub dead: bool,
    /// How many loops are around the current point.
    pub depth: u32,
    aliases: FxHashMap<Value, Value>,
    edges: FxHashMap<Block, Vec<Edge>>,
}

impl Region {
    /// Knowledge at the start of a region.
    pub fn new(state: State) -> Region {
        Region {
            operands: [0; operand::COUNT],
            pointers: [0; pointer::COUNT],
            borrowed: SmallVec::new(),
            state,
            exit: None,
            expected: None,
            next: None,
            next_with: None,
            target: None,
            catch: None,
            failures: SmallVec::new(),
            unwinding: None,
            local: None,
            in_memory: false,
            wants_memory: false,
            unsupported: false,
            half_pushed: false,
            needs_frame: false,
            dead: false,
            depth: 0,
            aliases: FxHashMap::default(),
            edges: FxHashMap::default(),
        }
    }

    /// The value that stands for `value`.
    pub fn resolve(&self, mut value: Value) -> Value {
        while let Some(&other) = self.aliases.get(&value) {
            value = other;
        }
        value
    }

    /// What is known of a value.
    pub fn known(&self, value: Value) -> Known {
        self.state.known.get(&self.resolve(value)).copied().unwrap_or_default()
    }

    /// Adds to what is known of a value.
    pub fn learn(&mut self, value: Value, learn: impl FnOnce(&mut Known)) {
        let value = self.resolve(value);
        let mut known = self.state.known.get(&value).copied().unwrap_or_default();
        learn(&mut known);
        if self.state.known.get(&value) != Some(&known) {
            self.state.note(value, known);
        }
    }

    /// Notes the frames as they are now as what exits restore.
    pub fn mark_exit(&mut self, func: &mut Function) {
        if let Some(unwinding) = &self.unwinding {
            self.exit = Some(unwinding.pin);
            return;
        }
        let mut fields: Vec<Field> = self.state.fields.iter().filter(|f| f.dirty).copied().collect();
        for instance in &self.state.instances {
            let object = instance.object;
            let field = |&(offset, value)| Field { object, offset, value, dirty: true, attribute: true };
            fields.extend(instance.values.iter().map(field));
        }
        let state = ExitState { frames: self.state.frames.clone(), fields, raised: false };
        self.exit = Some(func.add_state(state));
    }

    /// An instance that nobody else has seen.
    pub(crate) fn instance(&mut self, object: Value) -> Option<&mut Instance> {
        self.state.instances.iter_mut().find(|instance| instance.object == object)
    }

    pub(crate) fn has_fields(&self, object: Value) -> bool {
        self.state.fields.iter().any(|f| f.object == object)
    }

    pub(crate) fn field(&mut self, object: Value, offset: i32) -> Option<&mut Field> {
        self.state.fields.iter_mut().find(|f| f.object == object && f.offset == offset)
    }

    /// Forgets an object's fields; those that memory does not have yet are returned.
    pub(crate) fn drop_fields(&mut self, object: Value) -> SmallVec<[Field; 4]> {
        let dirty = self.state.fields.iter().filter(|f| f.object == object && f.dirty).copied().collect();
        self.state.fields.retain(|f| f.object != object);
        dirty
    }
}
