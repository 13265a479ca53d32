//! What the builder knows while it builds a region: partial evaluation of operations.
//!
//! An operation's function asks for guards, boxes and reference counts; with a [`Region`] at hand the [`Builder`](crate::Builder) leaves out
//! what is known to hold. Knowledge belongs to a program point, so each edge between blocks carries a copy, and where edges meet the copies are
//! merged: slots that differ become block parameters.

use crate::abi::{operand, pointer};
use crate::{
    Block, ExitState, Field, FrameState, Frames, Function, Global, Inst, InstData, Instance, Slot, StateId, Type, Value,
};
use rustc_hash::FxHashMap;
use smallvec::SmallVec;
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
}

impl Known {
    /// An object of exactly that type.
    pub fn exactly(class: Global) -> Known {
        Known { class: Some(class), present: true, immortal: class == Global::BoolType, raw: None }
    }

    /// What holds of both.
    pub fn join(self, other: Known) -> Known {
        Known {
            class: self.class.filter(|_| self.class == other.class),
            present: self.present && other.present,
            immortal: self.immortal && other.immortal,
            raw: self.raw.filter(|_| self.raw == other.raw),
        }
    }

    /// Whether the end of such an object runs no Python code.
    pub fn is_plain(self) -> bool {
        use Global::*;
        self.immortal || matches!(self.class, Some(FloatType | IntType | StrType | BytesType | RangeIteratorType))
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

    fn slots(&self) -> impl Iterator<Item = &Slot> {
        self.frames.iter().flat_map(FrameState::slots)
    }

    fn slots_mut(&mut self) -> impl Iterator<Item = &mut Slot> {
        self.frames.iter_mut().flat_map(FrameState::slots_mut)
    }

    fn note(&mut self, value: Value, known: Known) {
        Arc::make_mut(&mut self.known).insert(value, known);
    }
}

/// A way from one block to another.
#[derive(Clone, Debug)]
struct Edge {
    from: Block,
    inst: Inst,
    otherwise: bool,
    state: State,
    /// What an exit restored there.
    exit: Option<StateId>,
}

/// Which slots and fields a loop changes, learnt by building it.
#[derive(Clone, Debug, Default)]
pub struct LoopPlan {
    /// Slots by their order in the state, with what may be assumed of them at the header.
    pub slots: FxHashMap<usize, Option<Known>>,
    /// Slots that own what they hold when the loop comes around, by their order.
    pub owned: Vec<usize>,
    /// Fields by their order in the state.
    pub fields: Vec<usize>,
    /// Objects whose fields can't stay in values, by the order of the field.
    pub exposed: Vec<usize>,
}

impl LoopPlan {
    /// Expects that what is different `after` a first round will be in each.
    pub fn expect(&mut self, before: &State, after: &State) {
        for (index, (old, new)) in before.slots().zip(after.slots()).enumerate() {
            if old.value != new.value {
                self.slots.insert(index, None);
            }
        }
        for (index, new) in after.fields.iter().enumerate() {
            let old = before.fields.iter().find(|old| old.object == new.object && old.offset == new.offset);
            if old.map_or(new.dirty, |old| old.value != new.value) {
                self.fields.push(index);
            }
        }
    }

    /// Expects that the loop changes these locals of the innermost frame.
    pub fn expect_locals(&mut self, state: &State, locals: impl IntoIterator<Item = u32>) {
        let outer = state.frames.len().saturating_sub(1);
        let first: usize = state.frames.iter().take(outer).map(|frame| frame.slots().count()).sum();
        self.slots.extend(locals.into_iter().map(|local| (first + local as usize, None)));
    }
}

/// A loop that is being built.
#[derive(Clone, Debug)]
pub struct OpenLoop {
    /// Its header.
    pub header: Block,
    state: State,
    slots: Vec<usize>,
    fields: Vec<usize>,
}

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
            local: None,
            in_memory: false,
            wants_memory: false,
            unsupported: false,
            half_pushed: false,
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
        let mut fields: Vec<Field> = self.state.fields.iter().filter(|f| f.dirty).copied().collect();
        for instance in &self.state.instances {
            let object = instance.object;
            let field = |&(offset, value)| Field { object, offset, value, dirty: true, attribute: true };
            fields.extend(instance.values.iter().map(field));
        }
        let state = ExitState { frames: self.state.frames.clone(), fields };
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

    pub(crate) fn add_edge(&mut self, to: Block, from: Block, inst: Inst, otherwise: bool, state: State) {
        let exit = self.exit;
        self.edges.entry(to).or_default().push(Edge { from, inst, otherwise, state, exit });
    }

    /// Whether any way leads to a block that was not started yet.
    pub fn is_reached(&self, block: Block) -> bool {
        self.edges.get(&block).is_some_and(|edges| !edges.is_empty())
    }

    fn push_arg(func: &mut Function, inst: Inst, otherwise: bool, value: Value) {
        match func.inst_mut(inst) {
            InstData::Jump { args, .. } => args.push(value),
            InstData::Branch { otherwise_args, .. } if otherwise => otherwise_args.push(value),
            InstData::Branch { then_args, .. } => then_args.push(value),
            other => unreachable!("{other:?} has no successor"),
        }
    }

    fn args(func: &Function, edge: &Edge) -> SmallVec<[Value; 4]> {
        match func.inst(edge.inst) {
            InstData::Jump { args, .. } => args.clone(),
            InstData::Branch { otherwise_args, .. } if edge.otherwise => otherwise_args.clone(),
            InstData::Branch { then_args, .. } => then_args.clone(),
            other => unreachable!("{other:?} has no successor"),
        }
    }

    /// NULL as a value at the end of a block.
    fn null(func: &mut Function, block: Block) -> Value {
        let inst = func.insert_before_end(block, InstData::Iconst { ty: Type::Obj, value: 0 }, &[Type::Obj]);
        func.results(inst)[0]
    }

    /// Starts a block: the state is what the ways to it agree on.
    pub(crate) fn start_block(&mut self, func: &mut Function, block: Block) {
        let mut edges = self.edges.remove(&block).unwrap_or_default();
        self.dead = edges.is_empty();
        if edges.len() > 1 {
            Self::settle_instances(func, block, &mut edges);
        }
        func.blocks[block.index()].depth = self.depth;
        let params = func.blocks[block.index()].params.clone();
        match edges.as_slice() {
            [] => {}
            [edge] => {
                for (&param, arg) in params.iter().zip(Self::args(func, edge)) {
                    self.aliases.insert(param, arg);
                }
                func.blocks[block.index()].params.clear();
                match func.inst_mut(edge.inst) {
                    InstData::Jump { args, .. } => args.clear(),
                    InstData::Branch { otherwise_args, .. } if edge.otherwise => otherwise_args.clear(),
                    InstData::Branch { then_args, .. } => then_args.clear(),
                    other => unreachable!("{other:?} has no successor"),
                }
                let edge = edges.into_iter().next().expect("as just matched");
                (self.state, self.exit) = (edge.state, edge.exit);
            }
            [first, rest @ ..] => {
                let mut state = first.state.clone();
                state.escaped = edges.iter().any(|e| e.state.escaped);
                for edge in rest {
                    let theirs = &edge.state.known;
                    if !Arc::ptr_eq(&state.known, theirs) {
                        Arc::make_mut(&mut state.known).retain(|value, known| {
                            let their = theirs.get(value);
                            their.inspect(|their| *known = known.join(**their)).is_some()
                        });
                    }
                }
                for (index, &param) in params.iter().enumerate() {
                    let known = edges
                        .iter()
                        .map(|e| e.state.known.get(&Self::args(func, e)[index]).copied().unwrap_or_default())
                        .reduce(Known::join);
                    for edge in &edges {
                        let arg = Self::args(func, edge)[index];
                        let raw = edge.state.known.get(&arg).and_then(|k| k.raw);
                        func.note_raw(edge.inst, arg, raw);
                    }
                    let known = Known { raw: None, ..known.unwrap_or_default() };
                    func.note_class(param, known.class);
                    state.note(param, known);
                }
                self.merge_slots(func, block, &edges, &mut state);
                self.merge_fields(func, block, &edges, &mut state);
                Self::merge_instances(func, block, &edges, &mut state);
                self.state = state;
                self.exit = Self::merge_exits(func, &edges);
            }
        }
    }

    /// Shows the instances that the ways to a block don't have in the same form.
    fn settle_instances(func: &mut Function, block: Block, edges: &mut [Edge]) {
        loop {
            let differs = |object: Value| {
                let all: Option<Vec<&Instance>> = edges
                    .iter()
                    .map(|edge| edge.state.instances.iter().find(|instance| instance.object == object))
                    .collect();
                let Some(all) = all else { return true };
                let offsets = |instance: &Instance| instance.values.iter().map(|v| v.0).collect::<Vec<_>>();
                if all.iter().any(|i| i.count != all[0].count || offsets(i) != offsets(all[0])) {
                    return true;
                }
                // It must go by its own name on all ways.
                if edges.iter().any(|edge| Self::args(func, edge).contains(&object)) {
                    return true;
                }
                let names = |edge: &Edge| {
                    let slots =
                        edge.state.slots().map(|s| (s.value == Some(object), s.owned && s.value == Some(object)));
                    let values = edge
                        .state
                        .instances
                        .iter()
                        .flat_map(|i| i.values.iter().filter(|v| v.1 == object).map(|v| (i.object, v.0)));
                    (slots.collect::<Vec<_>>(), values.collect::<Vec<_>>())
                };
                let first = names(&edges[0]);
                edges[1..].iter().any(|edge| names(edge) != first)
            };
            let objects = edges.iter().flat_map(|edge| edge.state.instances.iter().map(|i| i.object));
            let Some(object) = objects.into_iter().find(|&object| differs(object)) else { return };
            let mut shown: Vec<Value> = vec![];
            for edge in edges.iter_mut() {
                for instance in crate::instances::take(&mut edge.state.instances, &[object]) {
                    Self::split(func, block, edge);
                    crate::instances::insert_stores(func, edge.from, edge.inst, &instance);
                    shown.push(instance.object);
                }
            }
            for edge in edges.iter_mut() {
                edge.exit = edge.exit.map(|exit| crate::instances::without(func, exit, &shown));
            }
        }
    }

    /// Gives a way that a branch takes a block of its own.
    fn split(func: &mut Function, to: Block, edge: &mut Edge) {
        if let InstData::Jump { .. } = func.inst(edge.inst) {
            return;
        }
        let between = func.add_block();
        func.blocks[between.index()].cold = func.blocks[to.index()].cold;
        func.blocks[between.index()].depth = func.blocks[edge.from.index()].depth;
        let InstData::Branch { then, then_args, otherwise, otherwise_args, .. } = func.inst_mut(edge.inst) else {
            unreachable!("only jumps and branches lead on")
        };
        let (target, args) = if edge.otherwise { (otherwise, otherwise_args) } else { (then, then_args) };
        *target = between;
        let args = std::mem::take(args);
        let jump = func.add_inst(between, InstData::Jump { to, args }, &[]);
        if let Some(state) = func.state_of(edge.inst) {
            func.set_state(jump, state);
        }
        (edge.from, edge.inst, edge.otherwise) = (between, jump, false);
    }

    /// Where the values of an instance differ, they become parameters.
    fn merge_instances(func: &mut Function, block: Block, edges: &[Edge], state: &mut State) {
        for number in 0..state.instances.len() {
            let object = state.instances[number].object;
            for index in 0..state.instances[number].values.len() {
                let of = |edge: &Edge| {
                    let instance = edge.state.instances.iter().find(|i| i.object == object);
                    instance.expect("all ways have it").values[index].1
                };
                let first = of(&edges[0]);
                if edges.iter().all(|edge| of(edge) == first) {
                    continue;
                }
                let param = func.add_param(block, Type::Obj);
                let mut known: Option<Known> = None;
                for edge in edges {
                    let value = of(edge);
                    Self::push_arg(func, edge.inst, edge.otherwise, value);
                    let its = edge.state.known.get(&value).copied().unwrap_or_default();
                    func.note_raw(edge.inst, value, its.raw);
                    known = Some(known.map_or(its, |k| k.join(its)));
                }
                let known = Known { raw: None, ..known.unwrap_or_default() };
                func.note_class(param, known.class);
                state.note(param, known);
                state.instances[number].values[index].1 = param;
            }
        }
    }

    /// What an exit restores where ways meet within an instruction. They differ only in what they have stored already, which may be stored again.
    fn merge_exits(func: &mut Function, edges: &[Edge]) -> Option<StateId> {
        let first = edges[0].exit?;
        if edges.iter().all(|e| e.exit == Some(first)) {
            return Some(first);
        }
        let mut merged = func.states[first.index()].clone();
        for exit in edges[1..].iter().filter_map(|e| e.exit) {
            let other = &func.states[exit.index()];
            for index in 0..merged.frames.len() {
                if merged.frames.shares(&other.frames, index) {
                    continue;
                }
                for (slot, their) in merged.frames[index].slots_mut().zip(other.frames[index].slots()) {
                    slot.dirty |= their.dirty;
                }
            }
            for field in &other.fields {
                if !merged.fields.iter().any(|f| f.object == field.object && f.offset == field.offset) {
                    merged.fields.push(*field);
                }
            }
        }
        Some(func.add_state(merged))
    }

    fn merge_slots(&mut self, func: &mut Function, block: Block, edges: &[Edge], state: &mut State) {
        let count =
            |frames: &Frames| frames.iter().map(|frame| frame.slots().count()).collect::<SmallVec<[usize; 8]>>();
        let ours = count(&state.frames);
        if edges[1..].iter().any(|edge| count(&edge.state.frames) != ours) {
            self.unsupported = true;
            return;
        }
        for number in 0..state.frames.len() {
            if edges[1..].iter().all(|edge| edge.state.frames.shares(&state.frames, number)) {
                continue;
            }
            let memory = state.frames[number].memory();
            self.half_pushed |= edges.iter().any(|edge| edge.state.frames[number].memory() != memory);
            let mut theirs: SmallVec<[_; 4]> = edges.iter().map(|edge| edge.state.frames[number].slots()).collect();
            for index in 0..ours[number] {
                let slots: SmallVec<[Slot; 4]> =
                    theirs.iter_mut().map(|slots| *slots.next().expect("as many as counted")).collect();
                if let Some(merged) = self.merge_slot(func, block, edges, &slots, state) {
                    *state.frames[number].slots_mut().nth(index).expect("as many as counted") = merged;
                }
            }
        }
    }

    /// What a slot holds where ways meet on which it is `slots`; `None` if that is what it is on the first of them.
    fn merge_slot(
        &mut self,
        func: &mut Function,
        block: Block,
        edges: &[Edge],
        slots: &[Slot],
        state: &mut State,
    ) -> Option<Slot> {
        let mut slot = slots[0];
        if slots[1..].iter().all(|other| *other == slot) {
            return None;
        }
        slot.dirty = slots.iter().any(|s| s.dirty);
        if slots.iter().any(|s| s.owned != slot.owned) {
            // The ways where it is borrowed add a reference, which they can only if they lead nowhere else.
            slot.owned = true;
            for (edge, theirs) in edges.iter().zip(slots).filter(|(_, s)| !s.owned) {
                let value = theirs.value.expect("NULL is owned");
                match func.inst(edge.inst) {
                    InstData::Jump { .. } => {
                        func.insert_before_end(edge.from, InstData::Retain { value }, &[]);
                    }
                    _ => self.unsupported = true,
                }
            }
        }
        if slots.iter().any(|s| s.value != slot.value) {
            let param = func.add_param(block, Type::Obj);
            let mut known: Option<Known> = None;
            for (edge, theirs) in edges.iter().zip(slots) {
                let value = theirs.value.unwrap_or_else(|| Self::null(func, edge.from));
                Self::push_arg(func, edge.inst, edge.otherwise, value);
                let its = edge.state.known.get(&value).copied().unwrap_or_default();
                func.note_raw(edge.inst, value, its.raw);
                known = Some(known.map_or(its, |k| k.join(its)));
            }
            let known = Known { raw: None, ..known.unwrap_or_default() };
            func.note_class(param, known.class);
            state.note(param, known);
            slot.value = Some(param);
            // Memory may hold it on every way; but a number's object, if that is dropped, would go there unnoticed.
            slot.dirty = true;
        }
        Some(slot)
    }

    fn merge_fields(&mut self, func: &mut Function, block: Block, edges: &[Edge], state: &mut State) {
        let mut kept = Vec::new();
        for field in &state.fields {
            let theirs: Option<Vec<Field>> = edges
                .iter()
                .map(|e| e.state.fields.iter().find(|f| f.object == field.object && f.offset == field.offset).copied())
                .collect();
            let Some(theirs) = theirs else { continue };
            let mut field = *field;
            field.dirty = theirs.iter().any(|f| f.dirty);
            if theirs.iter().any(|f| f.value != field.value) {
                field.value = func.add_param(block, func.ty(field.value));
                for (edge, their) in edges.iter().zip(&theirs) {
                    Self::push_arg(func, edge.inst, edge.otherwise, their.value);
                }
            }
            kept.push(field);
        }
        // A dirty field that some way does not have would lose its store.
        for edge in edges {
            let lost = |f: &&Field| f.dirty && !kept.iter().any(|k| k.object == f.object && k.offset == f.offset);
            let lost: Vec<Field> = edge.state.fields.iter().filter(lost).copied().collect();
            for field in lost {
                match func.inst(edge.inst) {
                    InstData::Jump { .. } => {
                        let offset = field.offset.into();
                        let store = InstData::Store { value: field.value, base: field.object, offset };
                        func.insert_before_end(edge.from, store, &[]);
                    }
                    _ => self.unsupported = true,
                }
            }
        }
        state.fields = kept;
    }

    /// Starts a loop at `header`, to which the current block has just jumped: what the plan names becomes parameters.
    pub(crate) fn open_loop(&mut self, func: &mut Function, header: Block, plan: &LoopPlan) -> Option<OpenLoop> {
        let mut edges = self.edges.remove(&header)?;
        let edge = edges.pop()?;
        assert!(edges.is_empty(), "a loop is entered from one block");
        self.dead = false;
        func.blocks[header.index()].depth = self.depth;
        let mut state = edge.state.clone();
        for &index in plan.exposed.iter().rev() {
            let field = state.fields.remove(index);
            if field.dirty {
                let store = InstData::Store { value: field.value, base: field.object, offset: field.offset.into() };
                func.insert_before_end(edge.from, store, &[]);
            }
        }
        for &index in &plan.owned {
            let slot = state.slots_mut().nth(index).expect("the plan fits the state");
            if let (Some(value), false) = (slot.value, slot.owned) {
                slot.owned = true;
                func.insert_before_end(edge.from, InstData::Retain { value }, &[]);
            }
        }
        let mut slots: Vec<usize> = plan.slots.keys().copied().collect();
        slots.sort_unstable();
        for &index in &slots {
            let value = state.slots().nth(index).expect("the plan fits the state").value;
            let arg = value.unwrap_or_else(|| Self::null(func, edge.from));
            let param = func.add_param(header, Type::Obj);
            Self::push_arg(func, edge.inst, edge.otherwise, arg);
            let ours = state.known.get(&arg).copied().unwrap_or_default();
            func.note_raw(edge.inst, arg, ours.raw);
            let known = plan.slots[&index].unwrap_or(ours);
            func.note_class(param, known.class);
            state.note(param, Known { raw: None, immortal: false, ..known });
            let slot = state.slots_mut().nth(index).expect("as above");
            *slot = Slot { value: Some(param), owned: slot.owned, dirty: true };
        }
        for &index in &plan.fields {
            let field = &mut state.fields[index];
            Self::push_arg(func, edge.inst, edge.otherwise, field.value);
            field.value = func.add_param(header, func.ty(field.value));
            field.dirty = true;
        }
        self.state = state.clone();
        Some(OpenLoop { header, state, slots, fields: plan.fields.clone() })
    }

    /// Fills in the arguments of a jump back to a loop's header. What does not fit is noted in the plan; false if there was any such thing.
    pub(crate) fn close_loop(
        &mut self,
        func: &mut Function,
        open: &OpenLoop,
        jump: Inst,
        block: Block,
        plan: &mut LoopPlan,
    ) -> bool {
        let mut fits = true;
        let ours: Vec<Slot> = self.state.slots().copied().collect();
        let header: Vec<Slot> = open.state.slots().copied().collect();
        if ours.len() != header.len() {
            self.unsupported = true;
            return false;
        }
        let pushed = |frames: &Frames| frames.iter().map(FrameState::memory).collect::<Vec<_>>();
        if pushed(&self.state.frames) != pushed(&open.state.frames) {
            self.half_pushed = true;
            fits = false;
        }
        for (index, (slot, at_header)) in ours.iter().zip(&header).enumerate() {
            if open.slots.contains(&index) {
                let arg = slot.value.unwrap_or_else(|| Self::null(func, block));
                Self::push_arg(func, jump, false, arg);
                let assumed = open.state.known[&at_header.value.expect("a parameter")];
                let known = self.known(arg);
                func.note_raw(jump, arg, known.raw);
                let joined = Known { raw: None, immortal: false, ..assumed.join(known) };
                if joined != assumed {
                    plan.slots.insert(index, Some(joined));
                    fits = false;
                }
            } else if slot.value != at_header.value || slot.dirty && !at_header.dirty {
                plan.slots.insert(index, None);
                fits = false;
            }
            if slot.owned != at_header.owned {
                if at_header.owned {
                    let value = slot.value.expect("NULL is owned");
                    func.insert_before_end(block, InstData::Retain { value }, &[]);
                } else {
                    plan.owned.push(index);
                    fits = false;
                }
            }
        }
        let exposed = plan.exposed.clone();
        for (index, at_header) in open.state.fields.iter().enumerate() {
            let ours = self.state.fields.iter().find(|f| f.object == at_header.object && f.offset == at_header.offset);
            match ours {
                None => {
                    // Numbered as in the state before the exposed ones were taken out.
                    let original = exposed.iter().fold(index, |at, &out| if out <= at { at + 1 } else { at });
                    plan.exposed.push(original);
                    fits = false;
                }
                Some(ours) if open.fields.contains(&index) => Self::push_arg(func, jump, false, ours.value),
                Some(ours) if ours.value != at_header.value || ours.dirty && !at_header.dirty => {
                    plan.fields.push(index);
                    fits = false;
                }
                Some(_) => {}
            }
        }
        plan.fields.sort_unstable();
        plan.fields.dedup();
        plan.exposed.sort_unstable();
        plan.exposed.dedup();
        if plan.exposed.len() != exposed.len() {
            // Their numbers are those of the state without the exposed ones.
            plan.fields.clear();
        }
        for field in &self.state.fields {
            let known = open.state.fields.iter().any(|f| f.object == field.object && f.offset == field.offset);
            if field.dirty && !known {
                let offset = field.offset.into();
                let store = InstData::Store { value: field.value, base: field.object, offset };
                func.insert_before_end(block, store, &[]);
            }
        }
        fits
    }
}
