//! Numbers that a loop makes get other names behind it.
//!
//! Whether a number needs an object is decided for each value as a whole. What is stored to a frame behind a loop, and goes on from there, needs one; under
//! another name there, it is made once, where the loop is left, and not in each round.

use super::uses::in_memory;
use rustc_hash::{FxHashMap, FxHashSet};
use whipsnake_ir::{
    Args, Block, Dominators, FrameState, Function, Global, Inst, InstData, StateId, Type, Value, ValueDef,
};

/// Runs the pass.
pub fn rename_behind_loops(function: &mut Function) {
    let exits = exits_of_loops(function);
    if exits.is_empty() {
        return;
    }
    let made = made_by_jumps(function);
    let in_memory = in_memory(function);
    // As long as no exit was given a block of its own.
    let mut dominators = None;
    for exit in exits {
        let depth = function.blocks[exit.to.index()].depth;
        // An exit before may have renamed what is there.
        let Some(state) = first_state(function, exit.to) else { continue };
        let number = |value| number_made_deeper(function, value, depth, &made).map(|class| (value, class));
        let values = owned_once(function, state).into_iter().filter(|value| !in_memory.contains(value));
        let mut values: Vec<(Value, Global)> = values.filter_map(number).collect();
        if values.is_empty() {
            continue;
        }
        let known = dominators.get_or_insert_with(|| Dominators::of(function));
        let needed = needed_behind(function, known, exit.to);
        values.retain(|(value, _)| needed.contains(value));
        if !values.is_empty() {
            rename(function, &exit, state, &values);
            dominators = None;
        }
    }
}

/// The values that instructions want more of than a number behind a block's beginning.
fn needed_behind(function: &Function, dominators: &Dominators, start: Block) -> FxHashSet<Value> {
    let mut needed = FxHashSet::default();
    let behind = dominators.dominated(start);
    for block in function.block_ids() {
        if !behind[block.index()] {
            continue;
        }
        for &inst in &function.blocks[block.index()].insts {
            let data = function.inst(inst);
            if matches!(data, InstData::Store { .. } | InstData::Jump { .. } | InstData::Branch { .. }) {
                data.for_each_use(|value| _ = needed.insert(value));
            }
        }
    }
    needed
}

/// What frames hold at the beginning of a block.
fn first_state(function: &Function, block: Block) -> Option<StateId> {
    function.blocks[block.index()].insts.iter().find_map(|&inst| function.state_of(inst))
}

/// A way out of a loop to a block that nothing else leads to.
struct LoopExit {
    from: Block,
    to: Block,
}

fn exits_of_loops(function: &Function) -> Vec<LoopExit> {
    let mut before = vec![(0u32, Block(0)); function.blocks.len()];
    for block in function.block_ids() {
        for to in function.successors(block) {
            let (count, from) = &mut before[to.index()];
            (*count, *from) = (*count + 1, block);
        }
    }
    let exit = |to: Block| {
        let (1, from) = before[to.index()] else { return None };
        let depth = |block: Block| function.blocks[block.index()].depth;
        (depth(from) > depth(to)).then_some(LoopExit { from, to })
    };
    function.block_ids().filter_map(exit).collect()
}

/// Values of which exactly one slot of a state has the reference, and nothing else there.
fn owned_once(function: &Function, state: StateId) -> Vec<Value> {
    let state = &function.states[state.index()];
    let mut uses: FxHashMap<Value, u32> = FxHashMap::default();
    state.for_each_use(|value| *uses.entry(value).or_default() += 1);
    let slots = state.frames.iter().flat_map(FrameState::slots).filter(|slot| slot.dirty && slot.owned);
    slots.filter_map(|slot| slot.value).filter(|value| uses[value] == 1).collect()
}

/// Parameters that get the object of a number from a jump, with what it is of. None that gets what another one gets: they are to hold one object.
fn made_by_jumps(function: &Function) -> FxHashMap<Value, Global> {
    let mut made = FxHashMap::default();
    let mut shared = FxHashSet::default();
    let mut known = usize::MAX;
    while known != shared.len() {
        known = shared.len();
        for block in &function.blocks {
            let Some(&last) = block.insts.last() else { continue };
            let mut note = |to: Block, args: &Args| {
                for (index, (&param, &arg)) in function.blocks[to.index()].params.iter().zip(args).enumerate() {
                    if shared.contains(&arg) || args.iter().enumerate().any(|(at, &other)| at != index && other == arg)
                    {
                        shared.insert(param);
                    } else if let Some(class) = class_made(function, arg).filter(|_| function.class(param).is_some()) {
                        made.insert(param, class);
                    }
                }
            };
            match function.inst(last) {
                InstData::Jump { to, args } => note(*to, args),
                InstData::Branch { then, then_args, otherwise, otherwise_args, .. } => {
                    note(*then, then_args);
                    note(*otherwise, otherwise_args);
                }
                _ => {}
            }
        }
    }
    made.retain(|param, class| !shared.contains(param) && function.class(*param) == Some(*class));
    made
}

/// What the object is of that an instruction makes of a number.
fn class_made(function: &Function, value: Value) -> Option<Global> {
    let ValueDef::Result(inst, _) = function.def(value) else { return None };
    match function.inst(inst) {
        InstData::NewFloat { reuse, .. } if reuse.is_empty() => Some(Global::FloatType),
        InstData::NewInt { reuse, .. } if reuse.is_empty() => Some(Global::IntType),
        _ => None,
    }
}

/// The class of a number whose object is made in a deeper loop.
fn number_made_deeper(
    function: &Function,
    value: Value,
    depth: u32,
    made: &FxHashMap<Value, Global>,
) -> Option<Global> {
    let class = *made.get(&value)?;
    let ValueDef::Param(block, _) = function.def(value) else { return None };
    (function.blocks[block.index()].depth > depth).then_some(class)
}

/// Has the block behind the loop take values as parameters, and all that comes only after it use those.
fn rename(function: &mut Function, exit: &LoopExit, state: StateId, values: &[(Value, Global)]) {
    let last = *function.blocks[exit.from.index()].insts.last().expect("it leads to another");
    let between = function.add_block();
    let (depth, cold) = (function.blocks[exit.to.index()].depth, function.blocks[exit.to.index()].cold);
    (function.blocks[between.index()].depth, function.blocks[between.index()].cold) = (depth, cold);
    let mut args = lead_to(function, last, exit.to, between);
    let handed_on: Vec<(Value, Option<Value>)> = args.iter().map(|&arg| (arg, function.raw(last, arg))).collect();
    args.extend(values.iter().map(|&(value, _)| value));
    let jump = function.add_inst(between, InstData::Jump { to: exit.to, args }, &[]);
    function.set_state(jump, state);
    for (arg, raw) in handed_on {
        function.note_raw(jump, arg, raw);
    }
    let names: FxHashMap<Value, Value> = values
        .iter()
        .map(|&(value, class)| {
            let name = function.add_param(exit.to, Type::Obj);
            function.note_class(name, Some(class));
            (value, name)
        })
        .collect();
    let behind = Dominators::of(function).dominated(exit.to);
    let new = |value: Value| names.get(&value).copied().unwrap_or(value);
    let mut states: FxHashMap<StateId, StateId> = FxHashMap::default();
    for block in function.block_ids() {
        if block == between || !behind[block.index()] {
            continue;
        }
        for inst in function.blocks[block.index()].insts.clone() {
            let ends = function.inst(inst).is_terminator();
            for (&value, &name) in names.iter().filter(|_| ends) {
                let raw = function.raw(inst, value);
                function.note_raw(inst, name, raw);
            }
            function.inst_mut(inst).for_each_use_mut(|value| *value = new(*value));
            let Some(id) = function.state_of(inst) else { continue };
            let renamed = states.get(&id).copied().unwrap_or_else(|| {
                let mut state = function.states[id.index()].clone();
                state.for_each_use_mut(|value| *value = new(*value));
                // What memory has already is no use, but says what is there.
                for slot in state.frames.iter_mut().flat_map(FrameState::slots_mut) {
                    slot.value = slot.value.map(new);
                }
                function.add_state(state)
            });
            states.insert(id, renamed);
            function.set_state(inst, renamed);
        }
    }
}

/// Makes the last instruction of a block lead to another block instead, to which it hands nothing; gives what it handed on.
fn lead_to(function: &mut Function, last: Inst, from: Block, other: Block) -> Args {
    match function.inst_mut(last) {
        InstData::Jump { to, args } => {
            *to = other;
            std::mem::take(args)
        }
        InstData::Branch { then, then_args, .. } if *then == from => {
            *then = other;
            std::mem::take(then_args)
        }
        InstData::Branch { otherwise, otherwise_args, .. } => {
            *otherwise = other;
            std::mem::take(otherwise_args)
        }
        _ => unreachable!("it leads to a block"),
    }
}
