//! Which registers may be read later, and the proof that no float is live where a call would destroy it.

use super::{Code, Inst};
use crate::error::{Located, Problem};
use crate::raw::Symbol;
use crate::stencil::{HelperConvention, StencilOptions};
use iced_x86::{InstructionInfoFactory, OpAccess, Register};

/// A set of registers: bits 0–15 integer registers by number, 16–31 xmm registers.
pub(crate) type RegSet = u32;

/// All xmm registers.
const FLOATS: RegSet = 0xffff_0000;
/// rax, rcx, rdx, rsi, rdi, r8–r11 and all xmm registers.
const CALLER_SAVED: RegSet = FLOATS | 0x0fc7;
/// Integer argument registers in order: rdi, rsi, rdx, rcx, r8, r9.
const INT_ARGS: [u32; 6] = [7, 6, 2, 1, 8, 9];
/// The frame in the pinned register and the stack pointer: every other piece of code reads them.
const ALWAYS: RegSet = bit(Register::R15) | bit(Register::RSP);

/// The set of one register; empty for those we don't track (flags, segments).
pub(crate) const fn bit(register: Register) -> RegSet {
    let number = register as u32;
    let (rax, xmm0) = (Register::RAX as u32, Register::XMM0 as u32);
    if number >= rax && number < rax + 16 {
        1 << (number - rax)
    } else if number >= xmm0 && number < xmm0 + 16 {
        1 << (16 + number - xmm0)
    } else {
        0
    }
}

fn full_bit(register: Register) -> RegSet {
    let full = register.full_register();
    // A vector register's full register is its zmm form.
    if full.is_zmm() { 1u32.checked_shl(16 + full.number() as u32).unwrap_or(0) } else { bit(full) }
}

/// What one instruction reads, and what it surely overwrites.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Effects {
    pub uses: RegSet,
    /// Overwritten whatever happens: what was there before is not seen behind it.
    pub kills: RegSet,
    /// Holds a new value, perhaps.
    pub writes: RegSet,
}

pub(crate) fn effects(inst: &Inst, factory: &mut InstructionInfoFactory, options: &StencilOptions) -> Effects {
    let mut effects = Effects::default();
    for used in factory.info(&inst.inst).used_registers() {
        let set = full_bit(used.register());
        match used.access() {
            OpAccess::Write if used.register().size() >= 4 => effects.kills |= set,
            OpAccess::None | OpAccess::NoMemAccess => continue,
            _ => effects.uses |= set,
        }
        if !matches!(used.access(), OpAccess::Read | OpAccess::CondRead) {
            effects.writes |= set;
        }
    }
    if inst.is_call() {
        let convention = call_convention(inst, options);
        effects.uses |= ALWAYS | arguments(&convention);
        if !convention.preserve {
            effects.kills |= CALLER_SAVED;
            effects.writes |= CALLER_SAVED & !FLOATS;
            if convention.float_result {
                effects.writes |= bit(Register::XMM0) | bit(Register::XMM1);
            }
        }
    } else if inst.symbol.is_some_and(|s| options.takes_argument(s)) || inst.is_indirect_jump() {
        effects.uses |= bit(Register::RDI);
    }
    if inst.symbol.is_some() || inst.is_indirect_jump() {
        effects.uses |= ALWAYS;
    }
    effects
}

fn call_convention(inst: &Inst, options: &StencilOptions) -> HelperConvention {
    match inst.symbol {
        Some(Symbol::Helper(helper)) => options.helper(helper),
        _ => options.indirect_calls,
    }
}

fn arguments(convention: &HelperConvention) -> RegSet {
    let ints = INT_ARGS.iter().take(convention.int_args.into()).fold(0, |set, n| set | 1 << n);
    ints | (0..u32::from(convention.float_args.min(8))).fold(0, |set, n| set | 1 << (16 + n))
}

/// For every instruction, the registers that may be read behind it.
pub(crate) fn live_out(code: &Code, options: &StencilOptions) -> Vec<RegSet> {
    let mut factory = InstructionInfoFactory::new();
    let effects: Vec<Effects> = code.insts.iter().map(|i| effects(i, &mut factory, options)).collect();
    let count = code.insts.len();
    let (mut live_in, mut live_out) = (vec![0; count + 1], vec![0; count]);
    loop {
        let mut changed = false;
        for k in (0..count).rev() {
            let inst = &code.insts[k];
            let mut out = 0;
            if inst.dead || !inst.ends_flow() {
                out |= live_in[k + 1];
            }
            let mut into = out;
            if !inst.dead {
                out |= inst.target.map_or(0, |t| live_in[t]);
                into = effects[k].uses | (out & !effects[k].kills);
            }
            changed |= live_in[k] != into || live_out[k] != out;
            (live_in[k], live_out[k]) = (into, out);
        }
        if !changed {
            return live_out;
        }
    }
}

/// For every instruction, the xmm registers that may hold a value of this stencil before it.
fn floats_defined(code: &Code, options: &StencilOptions) -> Vec<RegSet> {
    let mut factory = InstructionInfoFactory::new();
    let mut defined = vec![0; code.insts.len() + 1];
    loop {
        let mut changed = false;
        for k in 0..code.insts.len() {
            let inst = &code.insts[k];
            let mut out = defined[k];
            if !inst.dead {
                let effects = effects(inst, &mut factory, options);
                out = (out & !effects.kills) | (effects.writes & FLOATS);
            }
            let next = (inst.dead || !inst.ends_flow()).then_some(k + 1);
            let target = if inst.dead { None } else { inst.target };
            for successor in next.into_iter().chain(target) {
                changed |= defined[successor] | out != defined[successor];
                defined[successor] |= out;
            }
        }
        if !changed {
            return defined;
        }
    }
}

/// At a call that preserves integer registers only, no xmm register may hold a value that is read later.
pub(crate) fn check_preserving_calls(code: &Code, options: &StencilOptions) -> Result<(), Located> {
    let preserving = |inst: &Inst| inst.is_call() && call_convention(inst, options).preserve;
    if !code.live().any(|(_, inst)| preserving(inst)) {
        return Ok(());
    }
    let (live, defined) = (live_out(code, options), floats_defined(code, options));
    for (k, inst) in code.live() {
        let lost = live[k] & defined[k] & FLOATS;
        if preserving(inst) && lost != 0 {
            return Err((inst.at, Problem::FloatLiveOverCall((lost.trailing_zeros() - 16) as u8)));
        }
    }
    Ok(())
}
