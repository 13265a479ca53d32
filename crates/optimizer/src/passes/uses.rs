//! What comes after an instruction, or after a parameter.

use rustc_hash::FxHashSet;
use std::ptr;
use whipsnake_ir::{Args, Block, FrameState, Function, Inst, InstData, Value, ValueDef};

/// Each block parameter with each value that a jump gives it.
pub(super) fn given(function: &Function) -> Vec<(Value, Value)> {
    let mut given = vec![];
    let mut note = |to: Block, args: &Args| {
        given.extend(function.blocks[to.index()].params.iter().copied().zip(args.iter().copied()));
    };
    for block in function.block_ids() {
        let Some(&last) = function.blocks[block.index()].insts.last() else { continue };
        match function.inst(last) {
            InstData::Jump { to, args } => note(*to, args),
            InstData::Branch { then, then_args, otherwise, otherwise_args, .. } => {
                note(*then, then_args);
                note(*otherwise, otherwise_args);
            }
            _ => {}
        }
    }
    given
}

/// Whether anything but a store uses the value after instruction `index` of the block, or a state there would put it in a frame.
pub(super) fn used_after(function: &Function, block: Block, index: usize, value: Value) -> bool {
    let insts = |block: Block| &function.blocks[block.index()].insts;
    let mut seen = vec![false; function.blocks.len()];
    let mut work = function.successors(block);
    let mut used = insts(block)[index + 1..].iter().any(|&inst| uses(function, inst, value));
    while let Some(block) = work.pop().filter(|_| !used) {
        if !std::mem::replace(&mut seen[block.index()], true) {
            used = insts(block).iter().any(|&inst| uses(function, inst, value));
            work.extend(function.successors(block));
        }
    }
    used
}

fn uses(function: &Function, inst: Inst, value: Value) -> bool {
    let mut used = false;
    let data = function.inst(inst);
    if !matches!(data, InstData::Store { .. }) {
        data.for_each_use(|v| used |= v == value);
    }
    if let Some(state) = function.state_of(inst).filter(|_| data.can_exit()) {
        function.states[state.index()].for_each_use(|v| used |= v == value);
    }
    used
}

/// Parameters that memory has from the start: frames take the object there for what they hold. Those that are stored later have an object there from then on.
pub(super) fn in_memory(function: &Function) -> FxHashSet<Value> {
    let mut suspects = FxHashSet::default();
    // States share most of their frames.
    let mut seen = FxHashSet::default();
    let frames = function.states.iter().flat_map(|state| state.frames.iter());
    for slot in frames.filter(|&frame| seen.insert(ptr::from_ref(frame))).flat_map(FrameState::slots) {
        let param = |value: &Value| matches!(function.def(*value), ValueDef::Param(..));
        suspects.extend(slot.value.filter(|_| !slot.dirty).filter(param));
    }
    suspects.retain(|&value| found_before_stored(function, value));
    suspects
}

/// Whether frames hold a parameter in memory where it was not stored.
fn found_before_stored(function: &Function, value: Value) -> bool {
    let ValueDef::Param(start, _) = function.def(value) else { return false };
    let mut seen = vec![false; function.blocks.len()];
    let mut work = vec![start];
    'blocks: while let Some(block) = work.pop() {
        if std::mem::replace(&mut seen[block.index()], true) {
            continue;
        }
        for &inst in &function.blocks[block.index()].insts {
            if matches!(*function.inst(inst), InstData::Store { value: stored, .. } if stored == value) {
                continue 'blocks;
            }
            let state = function.state_of(inst).filter(|_| function.inst(inst).can_exit());
            let frames = state.map(|state| &function.states[state.index()].frames);
            let mut slots = frames.into_iter().flat_map(|frames| frames.iter()).flat_map(FrameState::slots);
            if slots.any(|slot| !slot.dirty && slot.value == Some(value)) {
                return true;
            }
        }
        work.extend(function.successors(block));
    }
    false
}
