//! Tuples and bound methods that need not be made.
//!
//! What is read of a tuple that the region made itself the builder has from the values it was made of. If nothing else looks at it, and only exits
//! put it into a frame, it becomes a `late_tuple`: an exit makes it. Its references to its items are dropped where its last one would be.

use super::depths::predecessors;
use rustc_hash::FxHashMap;
use whipsnake_ir::{Block, FrameState, Function, Inst, InstData, Value};

/// Runs the pass. A tuple in a tuple is looked at again when that around it is gone.
pub fn put_off_tuples(function: &mut Function) {
    loop {
        let candidates = candidates(function);
        if candidates.is_empty() {
            return;
        }
        let predecessors = predecessors(function);
        let mut changed = false;
        for (block, inst) in candidates {
            if let Some(ends) = Lifetime::of(function, &predecessors, block, inst) {
                put_off(function, inst, &ends);
                changed = true;
            }
        }
        if !changed {
            return;
        }
    }
}

/// Tuples that are made, which nothing but counting, guards of their type, and exits need.
fn candidates(function: &Function) -> Vec<(Block, Inst)> {
    let mut made: FxHashMap<Value, (Block, Inst)> = FxHashMap::default();
    let order = function.reverse_postorder();
    for &block in &order {
        for &inst in &function.blocks[block.index()].insts {
            if let InstData::NewTuple { .. } = function.inst(inst) {
                made.insert(function.results(inst)[0], (block, inst));
            }
        }
    }
    if made.is_empty() {
        return vec![];
    }
    let mut seen = vec![false; function.states.len()];
    for &block in &order {
        for &inst in &function.blocks[block.index()].insts {
            use InstData::*;
            let data = function.inst(inst);
            if !matches!(
                data,
                Retain { .. } | Release { .. } | ReleasePlain { .. } | GuardExact { .. } | LateTuple { .. }
            ) {
                data.for_each_use(|value| {
                    made.remove(&value);
                });
            }
            // A state at an instruction that can't exit is for what another pass may put before it.
            let state = function.state_of(inst).filter(|state| !std::mem::replace(&mut seen[state.index()], true));
            if let Some(state) = state.map(|state| &function.states[state.index()]) {
                let fields = state.fields.iter().flat_map(|field| [field.object, field.value]);
                let clean = state.frames.iter().flat_map(FrameState::slots).filter(|slot| !slot.dirty);
                // An exit must have the function before it makes anything.
                let functions = state.frames.iter().filter_map(|frame| frame.inlined?.function.value);
                for value in fields.chain(clean.filter_map(|slot| slot.value)).chain(functions) {
                    made.remove(&value);
                }
            }
        }
    }
    let mut found: Vec<_> = made.into_values().collect();
    found.sort_unstable_by_key(|(_, inst)| inst.index());
    found
}

/// How many references there are to a tuple.
struct Lifetime<'a> {
    function: &'a Function,
    tuple: Value,
    /// At the start of each block where there are any.
    at_start: FxHashMap<Block, usize>,
    /// The instructions that drop the last one.
    ends: Vec<Inst>,
}

impl Lifetime<'_> {
    /// The instructions at which the last reference goes, if every point has one count.
    fn of(function: &Function, predecessors: &[Vec<Block>], block: Block, made: Inst) -> Option<Vec<Inst>> {
        let tuple = function.results(made)[0];
        let mut lifetime = Lifetime { function, tuple, at_start: FxHashMap::default(), ends: vec![] };
        let mut at_end: FxHashMap<Block, usize> = FxHashMap::default();
        let insts = &function.blocks[block.index()].insts;
        let position = insts.iter().position(|&inst| inst == made)?;
        let mut work = vec![(block, lifetime.through(&insts[position + 1..], 1)?)];
        while let Some((from, count)) = work.pop() {
            at_end.insert(from, count);
            if count == 0 {
                continue;
            }
            for to in function.successors(from) {
                match lifetime.at_start.insert(to, count) {
                    Some(known) if known != count => return None,
                    Some(_) => continue,
                    // Around a loop it would be another tuple.
                    None if to == block => return None,
                    None => work.push((to, lifetime.through(&function.blocks[to.index()].insts, count)?)),
                }
            }
        }
        // No way may come in from where the tuple is not.
        let agrees = |(block, count): (&Block, &usize)| {
            predecessors[block.index()].iter().all(|before| at_end.get(before) == Some(count))
        };
        lifetime.at_start.iter().all(agrees).then_some(lifetime.ends)
    }

    /// The count after some instructions, if it is one that can be followed.
    fn through(&mut self, insts: &[Inst], mut count: usize) -> Option<usize> {
        for &inst in insts {
            match *self.function.inst(inst) {
                InstData::Retain { value } if value == self.tuple => {
                    if count == 0 {
                        return None;
                    }
                    count += 1;
                }
                InstData::Release { value } | InstData::ReleasePlain { value } if value == self.tuple => {
                    count = count.checked_sub(1)?;
                    if count == 0 {
                        self.ends.push(inst);
                    }
                }
                _ => {}
            }
        }
        Some(count)
    }
}

/// Makes a tuple a late one.
fn put_off(function: &mut Function, made: Inst, ends: &[Inst]) {
    let tuple = function.results(made)[0];
    let InstData::NewTuple { class, items } = function.inst(made).clone() else { unreachable!("a candidate") };
    *function.inst_mut(made) = InstData::LateTuple { class, items: items.clone(), lent: 0 };
    let counts = |data: &InstData| match *data {
        InstData::Retain { value }
        | InstData::Release { value }
        | InstData::ReleasePlain { value }
        | InstData::GuardExact { value, .. } => value == tuple,
        _ => false,
    };
    for block in function.block_ids() {
        if !function.blocks[block.index()].insts.iter().any(|&inst| counts(function.inst(inst))) {
            continue;
        }
        let mut kept = vec![];
        for inst in std::mem::take(&mut function.blocks[block.index()].insts) {
            if !counts(function.inst(inst)) {
                kept.push(inst);
                continue;
            }
            // In the order in which the end of a tuple drops them.
            // What was just taken apart has items that live on.
            let lives_on = matches!(function.inst(inst), InstData::ReleasePlain { .. });
            for &value in items.iter().rev().filter(|_| ends.contains(&inst)) {
                let data = if lives_on { InstData::ReleasePlain { value } } else { InstData::Release { value } };
                let release = function.detached(data, &[]);
                if let Some(state) = function.state_of(inst) {
                    function.set_state(release, state);
                }
                kept.push(release);
            }
        }
        function.blocks[block.index()].insts = kept;
    }
}
