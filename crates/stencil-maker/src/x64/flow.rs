//! Control flow: branch threading, dead code, inverted branches, jumps to the next instruction.
//!
//! Without their frame code, the blocks that leave a stencil are single jumps. A branch to such a block becomes a branch
//! to where it jumps, and the block is dead unless something falls into it.

use super::Code;
use crate::error::{Located, Problem};
use crate::raw::{NEXT, Symbol};
use crate::stencil::StencilOptions;

/// Cleans the control flow. Dead code is always removed; the rest only when optimizing.
pub(crate) fn clean(code: &mut Code, options: &StencilOptions) -> Result<(), Located> {
    remove_unreachable(code)?;
    join_nexts(code);
    while options.optimize && (thread_branches(code) | invert_branches(code) | remove_empty_jumps(code)) {
        remove_unreachable(code)?;
    }
    Ok(())
}

/// All jumps to `next` but the first become branches to the first: where the hot part ends, `next` begins.
fn join_nexts(code: &mut Code) {
    let nexts: Vec<usize> =
        code.live().filter(|(_, inst)| inst.symbol == Some(Symbol::Cont(NEXT))).map(|(k, _)| k).collect();
    let Some((&first, others)) = nexts.split_first() else { return };
    for &k in others {
        code.insts[k].symbol = None;
        code.insts[k].target = Some(first);
    }
}

/// `jcc L … L: jmp X` becomes `jcc X`.
///
/// A jump to `next` stays where it is: it becomes the end of the hot part, which is nearer than `next` is to most
/// branches, and its branches can be short.
fn thread_branches(code: &mut Code) -> bool {
    let mut changed = false;
    for k in 0..code.insts.len() {
        let (false, Some(target)) = (code.insts[k].dead, code.insts[k].target) else { continue };
        let target = code.live_from(target);
        code.insts[k].target = Some(target);
        let at_target = &code.insts[target];
        if target == k || !at_target.is_direct_jump() || at_target.symbol == Some(Symbol::Cont(NEXT)) {
            continue;
        }
        let (symbol, next_target) = (at_target.symbol, at_target.target);
        if next_target.is_some_and(|t| code.live_from(t) == target) {
            continue; // an endless loop
        }
        code.insts[k].symbol = symbol;
        code.insts[k].target = next_target;
        changed = true;
    }
    changed
}

/// `jcc L; jmp X; L:` becomes `jncc X; L:`.
fn invert_branches(code: &mut Code) -> bool {
    let mut changed = false;
    for k in 0..code.insts.len() {
        let inst = &code.insts[k];
        let (false, true, Some(target)) = (inst.dead, inst.is_conditional_jump(), inst.target) else {
            continue;
        };
        let jump = code.live_from(k + 1);
        if jump >= code.insts.len() || !code.insts[jump].is_direct_jump() {
            continue;
        }
        let over = code.live_from(jump + 1);
        let is_target = code.live().any(|(_, i)| i.target.is_some_and(|t| code.live_from(t) == jump));
        if code.live_from(target) != over || is_target || code.insts[jump].symbol == Some(Symbol::Cont(NEXT)) {
            continue;
        }
        let (symbol, jump_target) = (code.insts[jump].symbol, code.insts[jump].target);
        let inst = &mut code.insts[k];
        inst.inst.negate_condition_code();
        (inst.symbol, inst.target) = (symbol, jump_target);
        code.insts[jump].dead = true;
        changed = true;
    }
    changed
}

/// `jmp L; L:` and `jcc L; L:` go.
fn remove_empty_jumps(code: &mut Code) -> bool {
    let mut changed = false;
    for k in 0..code.insts.len() {
        let inst = &code.insts[k];
        if inst.dead || !(inst.is_direct_jump() || inst.is_conditional_jump()) {
            continue;
        }
        if inst.target.is_some_and(|t| code.live_from(t) == code.live_from(k + 1)) {
            code.insts[k].dead = true;
            changed = true;
        }
    }
    changed
}

/// Marks unreachable instructions dead.
fn remove_unreachable(code: &mut Code) -> Result<(), Located> {
    let mut reached = vec![false; code.insts.len()];
    let mut work = vec![0];
    while let Some(mut k) = work.pop() {
        loop {
            k = code.live_from(k);
            let Some(inst) = code.insts.get(k) else {
                return Err((code.insts.last().map_or(0, |i| i.at), Problem::NoTerminator));
            };
            if std::mem::replace(&mut reached[k], true) {
                break;
            }
            work.extend(inst.target);
            if inst.ends_flow() {
                break;
            }
            k += 1;
        }
    }
    for (inst, reached) in code.insts.iter_mut().zip(reached) {
        inst.dead |= !reached;
    }
    Ok(())
}
