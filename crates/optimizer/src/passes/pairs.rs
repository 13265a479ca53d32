//! Reference counts that cancel: a `retain` and the `release` of the same value after it, where the object lives on anyway in between.
//!
//! Whoever else holds the object at the `retain` still holds it at the `release` if nothing in between drops a reference or runs code that may. Exits in
//! between that would hand the reference to a slot let it borrow instead.

use rustc_hash::FxHashMap;
use whipsnake_ir::{
    Block, Effects, ExitState, FrameState, Function, Inst, InstData, Slot, StateId, Type, Value, ValueDef,
};

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
            let (first, last, mut lent) = (inst, insts[end], FxHashMap::default());
            for (inst, state) in states {
                borrow(function, inst, state, value, &mut lent);
            }
            function.blocks[block.index()].insts.retain(|&inst| inst != first && inst != last);
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

/// How many slots of a state own the value, or are to get a tuple that does.
fn owners(function: &Function, state: StateId, value: Value) -> usize {
    let state = &function.states[state.index()];
    let slots = state.frames.iter().flat_map(FrameState::slots).filter(|slot| slot.dirty);
    let owns = |slot: &&Slot| {
        slot.owned && slot.value == Some(value)
            || slot.value.is_some_and(|tuple| item_held(function, tuple, value).is_some())
    };
    slots.filter(owns).count()
}

/// Which item of a tuple that an exit makes is the value, by a reference held for it.
fn item_held(function: &Function, tuple: Value, value: Value) -> Option<u32> {
    let ValueDef::Result(inst, _) = function.def(tuple) else { return None };
    let InstData::LateTuple { items, lent, .. } = function.inst(inst) else { return None };
    (0..items.len() as u32).find(|&index| items[index as usize] == value && lent & (1 << index) == 0)
}

/// Lets one slot of the instruction's state borrow the value, or a tuple that is made for one. In `lent` are tuples that do, by those they take the place
/// of.
fn borrow(function: &mut Function, inst: Inst, state: StateId, value: Value, lent: &mut FxHashMap<Value, Value>) {
    let mut state = function.states[state.index()].clone();
    let owns = |slot: &&mut Slot| slot.owned && slot.dirty && slot.value == Some(value);
    if let Some(slot) = state.frames.iter_mut().rev().find_map(|frame| frame.slots_mut().filter(owns).last()) {
        slot.owned = false;
    } else {
        lend(function, &mut state, value, lent);
    }
    let state = function.add_state(state);
    function.set_state(inst, state);
}

/// Has a tuple borrow the value that a state puts into a slot.
fn lend(function: &mut Function, state: &mut ExitState, value: Value, lent: &mut FxHashMap<Value, Value>) {
    let dirty = state.frames.iter().flat_map(FrameState::slots).filter(|slot| slot.dirty);
    let held = |tuple: Value| Some((tuple, item_held(function, tuple, value)?));
    let Some((tuple, item)) = dirty.filter_map(|slot| slot.value).find_map(held) else { return };
    let borrower = *lent.entry(tuple).or_insert_with(|| borrower(function, tuple, item));
    for slot in state.frames.iter_mut().flat_map(FrameState::slots_mut) {
        if slot.value == Some(tuple) {
            slot.value = Some(borrower);
        }
    }
}

/// A tuple like that one, next to it, to which an item is lent.
fn borrower(function: &mut Function, tuple: Value, item: u32) -> Value {
    let ValueDef::Result(made, _) = function.def(tuple) else { unreachable!("it has items") };
    let InstData::LateTuple { class, items, lent } = function.inst(made).clone() else { unreachable!("as above") };
    let other = function.detached(InstData::LateTuple { class, items, lent: lent | 1 << item }, &[Type::Obj]);
    for block in function.block_ids() {
        let insts = &mut function.blocks[block.index()].insts;
        if let Some(at) = insts.iter().position(|&inst| inst == made) {
            insts.insert(at + 1, other);
            break;
        }
    }
    function.results(other)[0]
}
