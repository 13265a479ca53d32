//! What differs on the ways that meet at a block, and becomes a parameter of it.

use super::meet::Edge;
use super::{Known, Region};
use crate::{Block, Field, Frames, Function, InstData, Slot, State, Type, Value};
use smallvec::SmallVec;

impl Region {
    /// A parameter of a block, which is one of `values` on each of the ways to it.
    fn add_param(func: &mut Function, block: Block, edges: &[Edge], values: &[Value], state: &mut State) -> Value {
        let param = func.add_param(block, Type::Obj);
        for (edge, &value) in edges.iter().zip(values) {
            Self::push_arg(func, edge.inst, edge.otherwise, value);
        }
        Self::learn_param(func, param, edges, values, state);
        param
    }

    /// What is known of a parameter is what is known of `values` on all ways.
    pub(super) fn learn_param(func: &mut Function, param: Value, edges: &[Edge], values: &[Value], state: &mut State) {
        let mut known: Option<Known> = None;
        for (edge, value) in edges.iter().zip(values) {
            let its = edge.state.known.get(value).copied().unwrap_or_default();
            func.note_raw(edge.inst, *value, its.raw);
            known = Some(known.map_or(its, |k| k.join(its)));
        }
        let known = Known { raw: None, ..known.unwrap_or_default() };
        func.note_class(param, known.class);
        state.note(param, known);
    }

    pub(super) fn merge_slots(&mut self, func: &mut Function, block: Block, edges: &[Edge], state: &mut State) {
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
        let differs = slots.iter().any(|s| s.value != slot.value);
        // A parameter owns what it is, as those of loops do.
        if slots.iter().any(|s| s.owned != slot.owned) || differs && !slot.owned {
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
        if differs {
            let values: SmallVec<[Value; 4]> = edges
                .iter()
                .zip(slots)
                .map(|(edge, theirs)| theirs.value.unwrap_or_else(|| Self::null(func, edge.from)))
                .collect();
            let param = Self::add_param(func, block, edges, &values, state);
            slot.value = Some(param);
            // Memory may hold it on every way; but a number's object, if that is dropped, would go there unnoticed.
            slot.dirty = true;
        }
        Some(slot)
    }

    pub(super) fn merge_fields(&mut self, func: &mut Function, block: Block, edges: &[Edge], state: &mut State) {
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

    /// Where the values of an instance differ, they become parameters.
    pub(super) fn merge_instances(func: &mut Function, block: Block, edges: &[Edge], state: &mut State) {
        for number in 0..state.instances.len() {
            let object = state.instances[number].object;
            for index in 0..state.instances[number].values.len() {
                let of = |edge: &Edge| {
                    let instance = edge.state.instances.iter().find(|i| i.object == object);
                    instance.expect("all ways have it").values[index].1
                };
                let values: SmallVec<[Value; 4]> = edges.iter().map(of).collect();
                if values[1..].iter().all(|&value| value == values[0]) {
                    continue;
                }
                let param = Self::add_param(func, block, edges, &values, state);
                state.instances[number].values[index].1 = param;
            }
        }
    }
}
