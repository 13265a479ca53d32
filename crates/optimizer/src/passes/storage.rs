//! Storage of numbers: a new float takes over that of the float whose place it takes, if nobody else has that.

use whipsnake_ir::{Function, Global, Inst, InstData, Value};

/// Runs the pass on floats that are stored where others were, whose numbers were read before. It comes last: what drops a reference is looked at by others.
pub fn reuse_storage(function: &mut Function) {
    for block in function.block_ids() {
        let mut index = 0;
        while let Some(window) = function.blocks[block.index()].insts.get(index..index + 3) {
            let (make, end) = (window[0], window[2]);
            let old = replaced(function, window);
            if let Some(old) =
                old.filter(|&old| is_float(function, &function.blocks[block.index()].insts[..index], old))
            {
                let InstData::NewFloat { reuse, .. } = function.inst_mut(make) else { unreachable!("as found") };
                reuse.push(old);
                function.blocks[block.index()].insts.retain(|&inst| inst != end);
            }
            index += 1;
        }
    }
}

/// What was where the float is stored that the first of three instructions makes, if they do so, and drop that.
fn replaced(function: &Function, window: &[Inst]) -> Option<Value> {
    let InstData::NewFloat { reuse, .. } = function.inst(window[0]) else { return None };
    let new = function.results(window[0])[0];
    let InstData::Store { value, base, .. } = *function.inst(window[1]) else { return None };
    let (InstData::ReleasePlain { value: old } | InstData::Release { value: old }) = *function.inst(window[2]) else {
        return None;
    };
    (reuse.is_empty() && value == new && base != new && base != old && old != new).then_some(old)
}

/// Whether the instructions before have read the value as a float.
fn is_float(function: &Function, before: &[Inst], value: Value) -> bool {
    before.iter().rev().any(|&inst| match *function.inst(inst) {
        InstData::FloatValue { value: read } => read == value,
        InstData::GuardExact { value: asked, class } => asked == value && class == Global::FloatType,
        _ => false,
    })
}
