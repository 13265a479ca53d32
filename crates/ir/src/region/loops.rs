//! Loops: what they change is learnt by building them, and becomes parameters of their headers.

use super::{Known, Region};
use crate::{Block, FrameState, Frames, Function, Inst, InstData, Slot, State, Type};
use rustc_hash::FxHashMap;

/// Which slots and fields a loop changes, learnt by building it.
#[derive(Clone, Debug, Default, PartialEq)]
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

impl Region {
    /// Starts a loop at `header`, to which the current block has just jumped: what the plan names becomes parameters.
    pub(crate) fn open_loop(&mut self, func: &mut Function, header: Block, plan: &LoopPlan) -> Option<OpenLoop> {
        let mut edges = self.edges.remove(&header)?;
        let edge = edges.pop()?;
        assert!(edges.is_empty(), "a loop is entered from one block");
        self.dead = false;
        func.blocks[header.index()].depth = self.depth;
        let mut state = edge.state.clone();
        // An attempt may have fewer than the one before, which inlined more.
        let count = state.fields.len();
        for &index in plan.exposed.iter().rev().filter(|&&index| index < count) {
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
            let slot = state.slots_mut().nth(index).expect("the plan fits the state");
            let value = slot.value;
            // A parameter owns what it is: if it becomes a number, the reference that it was given is dropped.
            if let (Some(value), false) = (value, slot.owned) {
                slot.owned = true;
                func.insert_before_end(edge.from, InstData::Retain { value }, &[]);
            }
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
        let fields: Vec<usize> = plan.fields.iter().copied().filter(|&index| index < state.fields.len()).collect();
        for &index in &fields {
            let field = &mut state.fields[index];
            Self::push_arg(func, edge.inst, edge.otherwise, field.value);
            field.value = func.add_param(header, func.ty(field.value));
            field.dirty = true;
        }
        self.state = state.clone();
        Some(OpenLoop { header, state, slots, fields })
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
