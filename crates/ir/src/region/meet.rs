//! Where ways meet: the state at the start of a block is what the ways to it agree on.

use super::Region;
use crate::{Block, Function, Inst, InstData, Instance, State, StateId, Type, Value};
use smallvec::SmallVec;
use std::sync::Arc;

/// A way from one block to another.
#[derive(Clone, Debug)]
pub(super) struct Edge {
    pub(super) from: Block,
    pub(super) inst: Inst,
    pub(super) otherwise: bool,
    pub(super) state: State,
    /// What an exit restored there.
    pub(super) exit: Option<StateId>,
}

impl Region {
    pub(crate) fn add_edge(&mut self, to: Block, from: Block, inst: Inst, otherwise: bool, state: State) {
        let exit = self.exit;
        self.edges.entry(to).or_default().push(Edge { from, inst, otherwise, state, exit });
    }

    /// Whether any way leads to a block that was not started yet.
    pub fn is_reached(&self, block: Block) -> bool {
        self.edges.get(&block).is_some_and(|edges| !edges.is_empty())
    }

    pub(super) fn push_arg(func: &mut Function, inst: Inst, otherwise: bool, value: Value) {
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
    pub(super) fn null(func: &mut Function, block: Block) -> Value {
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
                    let args: SmallVec<[Value; 4]> = edges.iter().map(|e| Self::args(func, e)[index]).collect();
                    Self::learn_param(func, param, &edges, &args, &mut state);
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
}
