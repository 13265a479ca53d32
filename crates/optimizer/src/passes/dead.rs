//! Dead code: blocks that nothing leads to, values that nothing needs.

use whipsnake_ir::{Block, Function, InstData, Value, ValueDef};

/// Removes unreachable blocks, instructions without effect whose results are not needed, and block parameters that are not.
pub fn remove_dead(function: &mut Function) {
    remove_unneeded(function, false);
}

/// The same, but for what the frames would hold at any instruction, even one that can't exit: what is put there later may.
pub fn remove_dead_but_states(function: &mut Function) {
    remove_unneeded(function, true);
}

fn remove_unneeded(function: &mut Function, all_states: bool) {
    remove_unreachable(function);
    let needed = needed_values(function, all_states);
    for block in function.block_ids() {
        let mut insts = std::mem::take(&mut function.blocks[block.index()].insts);
        insts.retain(|&inst| !is_pure(function.inst(inst)) || function.results(inst).iter().any(|v| needed[v.index()]));
        function.blocks[block.index()].insts = insts;
    }
    remove_params(function, &needed);
}

pub(super) fn is_pure(data: &InstData) -> bool {
    use InstData::*;
    data.only_computes()
        || matches!(
            data,
            ActivationField { .. }
                | Argument { .. }
                | Instance { .. }
                | Empty { .. }
                | LateIterator { .. }
                | LateTuple { .. }
                | LateNumber { .. }
        )
}

/// Empties the blocks that nothing leads to.
fn remove_unreachable(function: &mut Function) {
    let mut reached = vec![false; function.blocks.len()];
    for block in function.reverse_postorder() {
        reached[block.index()] = true;
    }
    for (block, reached) in function.blocks.iter_mut().zip(reached) {
        if !reached {
            block.insts.clear();
            block.params.clear();
        }
    }
}

/// The values that effects, control flow or exits need.
fn needed_values(function: &Function, all_states: bool) -> Vec<bool> {
    let mut needed = Needed { is_needed: vec![false; function.value_count()], new: vec![] };
    let mut states = vec![false; function.states.len()];
    // Arguments of jumps are needed if the parameters are.
    let mut args_of: Vec<Vec<Value>> = vec![vec![]; function.value_count()];
    for block in function.block_ids() {
        for &inst in &function.blocks[block.index()].insts {
            let data = function.inst(inst);
            if all_states {
                // A parameter that becomes a number gets these instead of their objects.
                data.for_each_use(|v| needed.extend(function.raw(inst, v)));
            }
            match data {
                InstData::Jump { to, args } => note_args(function, *to, args, &mut args_of),
                InstData::Branch { condition, then, then_args, otherwise, otherwise_args } => {
                    needed.need(*condition);
                    note_args(function, *then, then_args, &mut args_of);
                    note_args(function, *otherwise, otherwise_args, &mut args_of);
                }
                data if is_pure(data) => {}
                data => data.for_each_use(|v| needed.need(v)),
            }
            if let Some(state) = function.state_of(inst)
                && (all_states || data.can_exit())
                && !std::mem::replace(&mut states[state.index()], true)
            {
                function.states[state.index()].for_each_use(|v| needed.need(v));
            }
        }
    }
    while let Some(value) = needed.new.pop() {
        needed.extend(std::mem::take(&mut args_of[value.index()]));
        if let ValueDef::Result(inst, _) = function.def(value) {
            let data = function.inst(inst);
            if is_pure(data) {
                data.for_each_use(|v| needed.need(v));
            }
        }
    }
    needed.is_needed
}

/// Values that are known to be needed, and those of them whose own needs have not been seen to.
struct Needed {
    is_needed: Vec<bool>,
    new: Vec<Value>,
}

impl Needed {
    fn need(&mut self, value: Value) {
        if !std::mem::replace(&mut self.is_needed[value.index()], true) {
            self.new.push(value);
        }
    }

    fn extend(&mut self, values: impl IntoIterator<Item = Value>) {
        values.into_iter().for_each(|value| self.need(value));
    }
}

fn note_args(function: &Function, to: Block, args: &[Value], args_of: &mut [Vec<Value>]) {
    for (param, &arg) in function.blocks[to.index()].params.iter().zip(args) {
        args_of[param.index()].push(arg);
    }
}

fn remove_params(function: &mut Function, needed: &[bool]) {
    let keep: Vec<Vec<bool>> =
        function.blocks.iter().map(|b| b.params.iter().map(|p| needed[p.index()]).collect()).collect();
    let filter = |args: &mut whipsnake_ir::Args, to: Block| {
        let mut index = 0;
        args.retain(|_| {
            index += 1;
            keep[to.index()][index - 1]
        });
    };
    for block in function.block_ids() {
        let Some(&last) = function.blocks[block.index()].insts.last() else { continue };
        match function.inst_mut(last) {
            InstData::Jump { to, args } => filter(args, *to),
            InstData::Branch { then, then_args, otherwise, otherwise_args, .. } => {
                filter(then_args, *then);
                filter(otherwise_args, *otherwise);
            }
            _ => {}
        }
    }
    for block in function.block_ids() {
        let params = std::mem::take(&mut function.blocks[block.index()].params);
        let kept = params.into_iter().filter(|p| needed[p.index()]).collect();
        function.set_params(block, kept);
    }
}
