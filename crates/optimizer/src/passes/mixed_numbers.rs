//! Numbers that are floats on some ways and ints on others, and need no object: exits make it, of the double and what says which of them it is.

use rustc_hash::FxHashSet;
use whipsnake_ir::{Function, InstData, Value};

/// Puts off each `new_number` whose object is only counted, or put into frames by exits.
pub(super) fn put_off_numbers(function: &mut Function) {
    let mut made: FxHashSet<Value> = FxHashSet::default();
    for block in function.block_ids() {
        for &inst in &function.blocks[block.index()].insts {
            if let InstData::NewNumber { .. } = function.inst(inst) {
                made.insert(function.results(inst)[0]);
            }
        }
    }
    if made.is_empty() {
        return;
    }
    for block in function.block_ids() {
        for &inst in &function.blocks[block.index()].insts {
            if !is_counting(function.inst(inst)) {
                function.inst(inst).for_each_use(|value| _ = made.remove(&value));
            }
        }
    }
    // Fields but attributes are written as they are.
    for state in &function.states {
        for field in state.fields.iter().filter(|field| !field.attribute) {
            made.remove(&field.value);
        }
    }
    for block in function.block_ids() {
        let mut insts = std::mem::take(&mut function.blocks[block.index()].insts);
        insts.retain(|&inst| match *function.inst(inst) {
            InstData::Retain { value } | InstData::Release { value } | InstData::ReleasePlain { value } => {
                !made.contains(&value)
            }
            InstData::NewNumber { value, is_int } if made.contains(&function.results(inst)[0]) => {
                *function.inst_mut(inst) = InstData::LateNumber { value, is_int };
                true
            }
            _ => true,
        });
        function.blocks[block.index()].insts = insts;
    }
}

/// Whether an instruction only counts a reference to the object, or is a tuple that exits make of it.
fn is_counting(data: &InstData) -> bool {
    use InstData::*;
    matches!(data, Retain { .. } | Release { .. } | ReleasePlain { .. } | LateTuple { .. })
}
