//! Numbers that ways merge, and of which an object is needed then: it is made behind the merge.
//!
//! In `if c < a: a = c`, with fresh numbers, and `l.append(a)` after it, each way would make an object of its number, one would drop the other's, and what
//! comes last is needed. A block parameter that only ever gets fresh numbers becomes a number itself, and its block makes the object: one, where there
//! were up to one for each assignment.

use super::boxes::{Boxes, number_type};
use super::dead::is_pure;
use super::depths::loops;
use rustc_hash::{FxHashMap, FxHashSet};
use whipsnake_ir::{Args, Block, Dominators, FrameState, Function, Inst, InstData, StateId, Type, Value, ValueDef};

/// Has blocks make the objects of such parameters; whether there was one. `boxes` is what is known without it.
pub(super) fn make_behind_merges(function: &mut Function, boxes: &Boxes) -> bool {
    let mut split = suspects(function, boxes);
    let trial = loop {
        if split.is_empty() {
            return false;
        }
        let mut trial = Boxes::candidates(function);
        trial.split = split.clone();
        trial.settle(function);
        let before = split.len();
        split.retain(|&param| trial.is_number(param));
        if split.len() == before {
            break trial;
        }
    };
    let mut made: Vec<Value> = split.into_iter().filter(|&param| is_wanted(function, &trial, param)).collect();
    made.sort_unstable_by_key(|param| param.index());
    if made.is_empty() {
        return false;
    }
    let dominators = Dominators::of(function);
    made.into_iter().filter(|&param| make(function, &dominators, param)).count() > 0
}

/// Parameters that need objects, and get nothing but fresh numbers or each other.
fn suspects(function: &Function, boxes: &Boxes) -> FxHashSet<Value> {
    let headers: FxHashSet<Block> = loops(function).into_iter().map(|(header, _)| header).collect();
    let mut given: FxHashMap<Value, Vec<Value>> = FxHashMap::default();
    for (param, arg) in super::uses::given(function) {
        given.entry(param).or_default().push(arg);
    }
    let all = Boxes::candidates(function);
    let merged = |param: &Value| {
        let ValueDef::Param(block, _) = function.def(*param) else { return false };
        !boxes.is_number(*param) && all.is_number(*param) && !headers.contains(&block)
    };
    let mut suspects: FxHashSet<Value> = given.keys().copied().filter(merged).collect();
    loop {
        let before = suspects.len();
        let fresh = |arg: &Value| suspects.contains(arg) || boxes.is_number(*arg) || is_made(function, *arg);
        let stay: FxHashSet<Value> = suspects.iter().copied().filter(|param| given[param].iter().all(fresh)).collect();
        suspects = stay;
        if suspects.len() == before {
            return suspects;
        }
    }
}

fn is_made(function: &Function, value: Value) -> bool {
    let ValueDef::Result(inst, _) = function.def(value) else { return false };
    matches!(function.inst(inst), InstData::NewFloat { reuse, .. } | InstData::NewInt { reuse, .. } if reuse.is_empty())
}

/// Whether the object of a parameter is wanted by an instruction, or by a parameter that it is given to.
fn is_wanted(function: &Function, trial: &Boxes, param: Value) -> bool {
    let to_object = |to: Block, args: &Args| {
        let mut given = function.blocks[to.index()].params.iter().zip(args);
        given.any(|(&other, &arg)| arg == param && !trial.is_number(other))
    };
    function.block_ids().flat_map(|block| &function.blocks[block.index()].insts).any(|&inst| {
        match function.inst(inst) {
            InstData::Retain { .. } | InstData::Release { .. } | InstData::ReleasePlain { .. } => false,
            InstData::Jump { to, args } => to_object(*to, args),
            InstData::Branch { then, then_args, otherwise, otherwise_args, .. } => {
                to_object(*then, then_args) || to_object(*otherwise, otherwise_args)
            }
            data => {
                let mut used = false;
                data.for_each_use(|value| used |= value == param);
                used && !wants_number(data)
            }
        }
    })
}

/// Whether an instruction wants the number in an object, or what is known of it.
fn wants_number(data: &InstData) -> bool {
    use InstData::*;
    matches!(data, FloatValue { .. } | IntValue { .. } | UnboxInt { .. } | GuardExact { .. })
}

/// Has the block make the object of its parameter, and everything else use that; whether it could.
fn make(function: &mut Function, dominators: &Dominators, param: Value) -> bool {
    let ValueDef::Param(start, _) = function.def(param) else { return false };
    let Some(state) = state_at_start(function, start) else { return false };
    let Some(ty) = number_type(function.class(param)) else { return false };
    let reuse = Args::new();
    let unbox =
        if ty == Type::F64 { InstData::FloatValue { value: param } } else { InstData::UnboxInt { value: param } };
    let unboxed = function.detached(unbox, &[ty]);
    let value = function.results(unboxed)[0];
    let data = if ty == Type::F64 { InstData::NewFloat { value, reuse } } else { InstData::NewInt { value, reuse } };
    let made = function.detached(data, &[Type::Obj]);
    let object = function.results(made)[0];
    let release = function.detached(InstData::ReleasePlain { value: param }, &[]);
    rename(function, dominators, start, param, object);
    for inst in [unboxed, made, release] {
        function.set_state(inst, state);
    }
    function.blocks[start.index()].insts.splice(0..0, [unboxed, made, release]);
    true
}

/// The state that holds at the start of a block: that of the first instruction that may exit, if nothing before it does anything, and it needs nothing of theirs. The state of an
/// instruction that can't exit is no use: it may name values that not every way here has.
fn state_at_start(function: &Function, block: Block) -> Option<StateId> {
    let insts = &function.blocks[block.index()].insts;
    let first = insts.iter().position(|&inst| function.inst(inst).can_exit() || !is_pure(function.inst(inst)))?;
    if !function.inst(insts[first]).can_exit() {
        return None;
    }
    let state = function.state_of(insts[first])?;
    let mut holds = true;
    function.states[state.index()].for_each_use(|value| {
        holds &= !matches!(function.def(value), ValueDef::Result(inst, _) if insts[..first].contains(&inst));
    });
    holds.then_some(state)
}

/// Has what comes from block `start` on use `object` instead of `param`, but for what wants its number.
fn rename(function: &mut Function, dominators: &Dominators, start: Block, param: Value, object: Value) {
    let mut states: FxHashMap<StateId, StateId> = FxHashMap::default();
    for block in function.block_ids() {
        if !dominators.is_reachable(block) || !dominators.dominates(start, block) {
            continue;
        }
        for inst in function.blocks[block.index()].insts.clone() {
            rename_in(function, inst, param, object);
            let Some(id) = function.state_of(inst) else { continue };
            let renamed = states.get(&id).copied().unwrap_or_else(|| {
                let mut state = function.states[id.index()].clone();
                let before = state.clone();
                let new = |value: Value| if value == param { object } else { value };
                state.for_each_use_mut(|value| *value = new(*value));
                // What memory has already is no use, but says what is there.
                for slot in state.frames.iter_mut().flat_map(FrameState::slots_mut) {
                    slot.value = slot.value.map(new);
                }
                if state == before { id } else { function.add_state(state) }
            });
            states.insert(id, renamed);
            function.set_state(inst, renamed);
        }
    }
}

fn rename_in(function: &mut Function, inst: Inst, param: Value, object: Value) {
    if wants_number(function.inst(inst)) {
        return;
    }
    if function.inst(inst).is_terminator() {
        let raw = function.raw(inst, param);
        function.note_raw(inst, object, raw);
    }
    function.inst_mut(inst).for_each_use_mut(|value| {
        if *value == param {
            *value = object;
        }
    });
}
