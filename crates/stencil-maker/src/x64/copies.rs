//! Removes copies of the pinned register.
//!
//! Cranelift reads the pinned register by moving it to another one. A forward analysis finds where a register surely
//! equals `r15`; there an address or a move uses `r15` itself. Moves whose result nobody reads then go.
//!
//! ```text
//! mov rax, r15             →
//! mov rcx, [rax + slot]    →   mov rcx, [r15 + slot]
//! ```

use super::liveness::{RegSet, bit, effects, live_out};
use super::{Code, Inst};
use crate::stencil::StencilOptions;
use iced_x86::{InstructionInfoFactory, Register};

const PINNED: Register = Register::R15;

/// Removes what can be removed.
pub(crate) fn remove(code: &mut Code, options: &StencilOptions) {
    let copies = copies_of_pinned(code, options);
    for (inst, copies) in code.insts.iter_mut().zip(copies) {
        if !inst.dead {
            use_pinned(inst, copies);
        }
    }
    while remove_dead_moves(code, options) {}
}

/// For every instruction, the registers that equal the pinned one before it.
fn copies_of_pinned(code: &Code, options: &StencilOptions) -> Vec<RegSet> {
    let mut factory = InstructionInfoFactory::new();
    let mut before = vec![RegSet::MAX; code.insts.len() + 1];
    before[0] = 0;
    loop {
        let mut changed = false;
        for k in 0..code.insts.len() {
            let inst = &code.insts[k];
            let mut after = before[k];
            if !inst.dead {
                let effects = effects(inst, &mut factory, options);
                let overwritten = effects.kills | effects.writes;
                let moved = inst.register_move().filter(|(_, from)| is_copy(before[k], *from));
                after &= !overwritten;
                if overwritten & bit(PINNED) != 0 {
                    after = 0;
                } else if let Some((to, _)) = moved {
                    after |= bit(to);
                }
            }
            let next = (inst.dead || !inst.ends_flow()).then_some(k + 1);
            let target = if inst.dead { None } else { inst.target };
            for successor in next.into_iter().chain(target) {
                changed |= before[successor] & after != before[successor];
                before[successor] &= after;
            }
        }
        if !changed {
            return before;
        }
    }
}

fn is_copy(copies: RegSet, register: Register) -> bool {
    register == PINNED || copies & bit(register) != 0
}

/// Replaces copies of the pinned register by itself in an address and in the source of a move.
fn use_pinned(inst: &mut Inst, copies: RegSet) {
    if copies & bit(inst.inst.memory_base()) != 0 {
        inst.inst.set_memory_base(PINNED);
    }
    if copies & bit(inst.inst.memory_index()) != 0 {
        inst.inst.set_memory_index(PINNED);
    }
    if let Some((_, from)) = inst.register_move()
        && copies & bit(from) != 0
    {
        inst.inst.set_op1_register(PINNED);
    }
}

/// Moves between registers whose result is not read, or that move a register to itself.
fn remove_dead_moves(code: &mut Code, options: &StencilOptions) -> bool {
    let live = live_out(code, options);
    let mut changed = false;
    for (inst, live) in code.insts.iter_mut().zip(live) {
        let Some((to, from)) = inst.register_move().filter(|_| !inst.dead) else { continue };
        if to == from || (live & bit(to) == 0 && to != PINNED && to != Register::RSP) {
            inst.dead = true;
            changed = true;
        }
    }
    changed
}
