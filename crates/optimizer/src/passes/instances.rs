//! Instances, iterators over ranges, and empty dicts that need not be made: those that only exits need, make them if they are taken.
//!
//! What such an instance holds is in values already, since nobody has seen it when the graph was built (`whipsnake_ir::Instance`): memory never gets it. All that
//! is left to it is its count, and comparisons with other objects, which it is not.

use rustc_hash::FxHashMap;
use whipsnake_ir::{Condition, FrameState, Function, Global, Helper, Inst, InstData, Slot, Type, Value, ValueDef};

/// Runs the pass.
pub fn drop_instances(function: &mut Function) {
    let mut made = made(function);
    if made.is_empty() {
        return;
    }
    for block in function.block_ids() {
        for &inst in &function.blocks[block.index()].insts {
            let data = function.inst(inst);
            if !is_of_no_account(data) {
                data.for_each_use(|value| {
                    made.remove(&value);
                });
            }
        }
    }
    // What frames in memory hold is in memory.
    for slot in function.states.iter().flat_map(|state| state.frames.iter()).flat_map(|frame| frame.slots()) {
        if let Some(value) = slot.value.filter(|_| !slot.dirty) {
            made.remove(&value);
        }
    }
    rewrite(function, &made);
}

/// What an object is that the function makes.
#[derive(Clone, Copy)]
enum Class {
    /// An instance of what is a value.
    Of(Value),
    /// One of a built-in type, with nothing in it.
    Builtin(Global),
    /// An iterator over what is a value.
    IteratorOf(Value),
}

/// The objects that the function makes and that exits could make.
fn made(function: &Function) -> FxHashMap<Value, (Inst, Class)> {
    let mut made = FxHashMap::default();
    for block in function.block_ids() {
        for &inst in &function.blocks[block.index()].insts {
            let args = match function.inst(inst) {
                InstData::Call { helper: Helper::NewInstance, args } => args,
                InstData::Call { helper: helper @ (Helper::NewRangeIterator | Helper::NewDict), .. } => {
                    let is_dict = *helper == Helper::NewDict;
                    let class = if is_dict { Global::DictType } else { Global::RangeIteratorType };
                    made.insert(function.results(inst)[0], (inst, Class::Builtin(class)));
                    continue;
                }
                InstData::Call { helper: Helper::NewSequenceIterator, args } => {
                    made.insert(function.results(inst)[0], (inst, Class::IteratorOf(args[0])));
                    continue;
                }
                _ => continue,
            };
            // An exit names the class by its address.
            let class = function.def(args[0]);
            if let ValueDef::Result(of_class, _) = class
                && matches!(function.inst(of_class), InstData::Iconst { ty: Type::Obj, .. })
            {
                made.insert(function.results(inst)[0], (inst, Class::Of(args[0])));
            }
        }
    }
    made
}

fn is_of_no_account(data: &InstData) -> bool {
    matches!(
        data,
        InstData::Retain { .. }
            | InstData::Release { .. }
            | InstData::ReleasePlain { .. }
            | InstData::Compare { condition: Condition::Eq | Condition::Ne, .. }
    )
}

fn rewrite(function: &mut Function, made: &FxHashMap<Value, (Inst, Class)>) {
    if made.is_empty() {
        return;
    }
    for &(inst, class) in made.values() {
        *function.inst_mut(inst) = match class {
            Class::Of(class) => InstData::Instance { class },
            Class::Builtin(class) => InstData::Empty { class },
            Class::IteratorOf(sequence) => InstData::LateIterator { sequence },
        };
    }
    let sequences: FxHashMap<Value, Value> = made
        .iter()
        .filter_map(|(&iterator, &(_, class))| match class {
            Class::IteratorOf(sequence) => Some((iterator, sequence)),
            _ => None,
        })
        .collect();
    if !sequences.is_empty() {
        count_sequences(function, &sequences);
    }
    let mut known: FxHashMap<Value, bool> = FxHashMap::default();
    for block in function.block_ids() {
        for &inst in &function.blocks[block.index()].insts.clone() {
            if let InstData::Compare { condition, left, right } = *function.inst(inst)
                && (made.contains_key(&left) || made.contains_key(&right))
            {
                let truth = (left == right) == (condition == Condition::Eq);
                known.insert(function.results(inst)[0], truth);
                *function.inst_mut(inst) = InstData::Iconst { ty: Type::Bool, value: truth.into() };
            }
        }
    }
    for block in function.block_ids() {
        let mut insts = std::mem::take(&mut function.blocks[block.index()].insts);
        insts.retain(|&inst| match function.inst(inst) {
            InstData::Retain { value } | InstData::Release { value } | InstData::ReleasePlain { value } => {
                !made.contains_key(value)
            }
            InstData::ErrorIf { condition } => known.get(condition) != Some(&false),
            InstData::Guard { condition, .. } => known.get(condition) != Some(&true),
            _ => true,
        });
        function.blocks[block.index()].insts = insts;
    }
}

/// Counts the references to sequences in place of those to iterators over them that are not made: each of these holds one.
fn count_sequences(function: &mut Function, sequences: &FxHashMap<Value, Value>) {
    for block in function.block_ids() {
        let mut counted = vec![];
        for inst in std::mem::take(&mut function.blocks[block.index()].insts) {
            match *function.inst(inst) {
                InstData::LateIterator { sequence } => {
                    let retain = function.detached(InstData::Retain { value: sequence }, &[]);
                    counted.extend([retain, inst]);
                    continue;
                }
                InstData::Retain { value } => {
                    if let Some(&sequence) = sequences.get(&value) {
                        *function.inst_mut(inst) = InstData::Retain { value: sequence };
                    }
                }
                InstData::Release { value } | InstData::ReleasePlain { value } => {
                    if let Some(&sequence) = sequences.get(&value) {
                        *function.inst_mut(inst) = InstData::Release { value: sequence };
                        forget(function, inst, value);
                    }
                }
                _ => {}
            }
            counted.push(inst);
        }
        function.blocks[block.index()].insts = counted;
    }
}

/// Takes an iterator out of the state at its end: nobody can look at it there, and its sequence may be ending.
fn forget(function: &mut Function, inst: Inst, iterator: Value) {
    let Some(state) = function.state_of(inst) else { return };
    let mut state = function.states[state.index()].clone();
    for slot in state.frames.iter_mut().flat_map(FrameState::slots_mut) {
        if slot.value == Some(iterator) {
            *slot = Slot::NULL;
        }
    }
    state.fields.retain(|field| field.object != iterator);
    let state = function.add_state(state);
    function.set_state(inst, state);
}
