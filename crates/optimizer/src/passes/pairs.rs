//! Reference counts that cancel: a `retain` and the `release` of the same value after it, where the object lives on anyway in between.
//!
//! Whoever else holds the object at the `retain` still holds it at the `release` if nothing in between drops a reference or runs code that may. Exits in
//! between that would hand the reference to a slot let it borrow instead.

use whipsnake_ir::{Block, Effects, FrameState, Function, Inst, InstData, Slot, StateId, Value};

/// Runs the pass on each block by itself.
pub fn cancel_pairs(function: &mut Function) {
    for block in function.block_ids() {
        while cancel_one(function, block) {}
    }
}

fn cancel_one(function: &mut Function, block: Block) -> bool {
    let insts = &function.blocks[block.index()].insts;
    for (start, &inst) in insts.iter().enumerate() {
        let &InstData::Retain { value } = function.inst(inst) else { continue };
        if let Some((end, states)) = find_end(function, &insts[..], start, value) {
            for (inst, state) in states {
                borrow(function, inst, state, value);
            }
            let insts = &mut function.blocks[block.index()].insts;
            insts.remove(end);
            insts.remove(start);
            return true;
        }
    }
    false
}

/// Where the reference that `insts[start]` adds is dropped, and the instructions in between whose exits own it.
fn find_end(function: &Function, insts: &[Inst], start: usize, value: Value) -> Option<(usize, Vec<(Inst, StateId)>)> {
    let mut states = vec![];
    for (index, &inst) in insts.iter().enumerate().skip(start + 1) {
        let data = function.inst(inst);
        match *data {
            InstData::Release { value: dropped } | InstData::ReleasePlain { value: dropped } if dropped == value => {
                return Some((index, states));
            }
            // Another reference that was added since, to an object that ends quietly: no owner of ours is dropped.
            InstData::ReleasePlain { value: dropped } if was_retained(function, &insts[start..index], dropped) => {}
            InstData::Retain { .. } => {}
            ref data if drops_references(data) || data.is_terminator() => return None,
            _ => {}
        }
        if let Some(state) = function.state_of(inst) {
            let owns = owners(function, state, value);
            if owns > 0 {
                states.push((inst, state));
            } else if data.can_exit() {
                return None;
            }
        }
    }
    None
}

fn was_retained(function: &Function, insts: &[Inst], value: Value) -> bool {
    insts.iter().any(|&inst| *function.inst(inst) == InstData::Retain { value })
}

/// Whether the instruction may drop a reference, or run code that does.
fn drops_references(data: &InstData) -> bool {
    match data {
        InstData::Release { .. } | InstData::ReleasePlain { .. } | InstData::CallPointer { .. } => true,
        // The store itself drops nothing, but whoever stored a reference counts on it.
        InstData::Store { .. } => true,
        InstData::Call { helper, .. } => helper.signature().effects.contains(Effects::ESCAPES),
        _ => false,
    }
}

/// How many slots of a state own the value.
fn owners(function: &Function, state: StateId, value: Value) -> usize {
    let state = &function.states[state.index()];
    let slots = state.frames.iter().flat_map(FrameState::slots);
    slots.filter(|slot| slot.owned && slot.dirty && slot.value == Some(value)).count()
}

/// Lets one slot of the instruction's state borrow the value.
fn borrow(function: &mut Function, inst: Inst, state: StateId, value: Value) {
    let mut state = function.states[state.index()].clone();
    let owns = |slot: &&mut Slot| slot.owned && slot.dirty && slot.value == Some(value);
    if let Some(slot) = state.frames.iter_mut().rev().find_map(|frame| frame.slots_mut().filter(owns).last()) {
        slot.owned = false;
    }
    let state = function.add_state(state);
    function.set_state(inst, state);
}
