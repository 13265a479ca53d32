//! Floats across destructors: destroying an object preserves integer registers only, so no float may be in use across an instruction that
//! may do so. A comparison of floats counts as one: the code generator makes it where it is used.

use super::dominators::{reverse_postorder, successors};
use super::{Report, maker};
use crate::{Effects, Function, InstData, Type, Value};
use std::collections::BTreeSet;

pub(super) fn check(func: &Function, report: &mut Report<'_>) {
    let mut live: Vec<BTreeSet<Value>> = vec![BTreeSet::new(); func.blocks.len()];
    let rpo = reverse_postorder(func);
    let mut changed = true;
    while changed {
        changed = false;
        for &block in rpo.iter().rev() {
            let mut values: BTreeSet<Value> = BTreeSet::new();
            for next in successors(func, block) {
                values.extend(&live[next.index()]);
            }
            for &inst in func.blocks[block.index()].insts.iter().rev() {
                step(func, inst, &mut values);
            }
            for param in &func.blocks[block.index()].params {
                values.remove(param);
            }
            changed |= values != live[block.index()];
            live[block.index()] = values;
        }
    }
    for &block in &rpo {
        let mut values: BTreeSet<Value> = BTreeSet::new();
        for next in successors(func, block) {
            values.extend(&live[next.index()]);
        }
        for &inst in func.blocks[block.index()].insts.iter().rev() {
            if destroys(func.inst(inst)) {
                // What the instruction itself makes does not live across it.
                for value in values.iter().filter(|v| !func.results(inst).contains(v)) {
                    report.inst(block, inst, format!("the float {value} is used later, but may not survive this"));
                }
            }
            step(func, inst, &mut values);
        }
    }
}

/// Goes from after an instruction to before it.
fn step(func: &Function, inst: crate::Inst, live: &mut BTreeSet<Value>) {
    for result in func.results(inst) {
        live.remove(result);
    }
    func.inst(inst).for_each_use(|value| add_floats(func, value, live));
}

fn add_floats(func: &Function, value: Value, live: &mut BTreeSet<Value>) {
    if let Some(InstData::FloatCompare { left, right, .. }) = maker(func, value) {
        live.insert(value);
        add_floats(func, *left, live);
        add_floats(func, *right, live);
    } else if func.ty(value) == Type::F64 && !matches!(maker(func, value), Some(InstData::Fconst { .. })) {
        live.insert(value);
    }
}

/// Whether the instruction may destroy an object by the helper that preserves integer registers.
fn destroys(data: &InstData) -> bool {
    match data {
        InstData::Release { .. } | InstData::ReleasePlain { .. } => true,
        InstData::Call { helper, .. } => helper.signature().effects.contains(Effects::PRESERVE),
        _ => false,
    }
}
