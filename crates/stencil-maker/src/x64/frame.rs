//! Takes out the code that makes and removes a stack frame.
//!
//! In native code `rsp` is constant: the entry trampoline has made one frame, big enough for every stencil. So the
//! frame code of a stencil goes, and what it keeps in its frame (`[rsp + x]`) stays as it is:
//!
//! ```text
//! push rbp; mov rbp, rsp; sub rsp, N                  at the start
//! add rsp, N; mov rsp, rbp; pop rbp; jmp somewhere    at each way out
//! ```

use super::Code;
use crate::error::{Located, Problem};
use crate::stencil::StencilOptions;
use iced_x86::{Code as Op, InstructionInfoFactory, OpAccess, OpKind, Register};

/// Removes frame code; returns the size of the frame.
pub(crate) fn strip(code: &mut Code, options: &StencilOptions) -> Result<u32, Located> {
    let frame = strip_prologue(code)?;
    strip_epilogues(code, frame)?;
    check_registers(code, frame, options)?;
    Ok(frame)
}

fn is_push_rbp(code: &Code, k: usize) -> bool {
    code.insts.get(k).is_some_and(|i| i.inst.code() == Op::Push_r64 && i.inst.op0_register() == Register::RBP)
}

fn is_move(code: &Code, k: usize, to: Register, from: Register) -> bool {
    code.insts.get(k).and_then(|i| i.register_move()) == Some((to, from))
}

/// `op rsp, N`: N.
fn rsp_change(code: &Code, k: usize, ops: [Op; 2]) -> Option<u32> {
    let inst = &code.insts.get(k)?.inst;
    let matches =
        ops.contains(&inst.code()) && inst.op0_kind() == OpKind::Register && inst.op0_register() == Register::RSP;
    matches.then(|| inst.immediate(1) as u32)
}

fn strip_prologue(code: &mut Code) -> Result<u32, Located> {
    if !is_push_rbp(code, 0) || !is_move(code, 1, Register::RBP, Register::RSP) {
        return Err((0, Problem::Prologue));
    }
    let frame = rsp_change(code, 2, [Op::Sub_rm64_imm8, Op::Sub_rm64_imm32]);
    let length = if frame.is_some() { 3 } else { 2 };
    for inst in &mut code.insts[..length] {
        inst.dead = true;
    }
    if let Some(inst) = code.insts.iter().find(|i| i.target.is_some_and(|t| t < length)) {
        return Err((inst.at, Problem::Prologue));
    }
    Ok(frame.unwrap_or(0))
}

fn strip_epilogues(code: &mut Code, frame: u32) -> Result<(), Located> {
    for k in 0..code.insts.len() {
        let leaves = code.insts[k].symbol.is_some() && !code.insts[k].is_call() || code.insts[k].is_indirect_jump();
        if code.insts[k].inst.flow_control() == iced_x86::FlowControl::Return {
            return Err((code.insts[k].at, Problem::Returns));
        }
        if !leaves {
            continue;
        }
        let length = if frame == 0 { 2 } else { 3 };
        let bad = (code.insts[k].at, Problem::Epilogue);
        let Some(start) = k.checked_sub(length) else { return Err(bad) };
        let adds = rsp_change(code, start, [Op::Add_rm64_imm8, Op::Add_rm64_imm32]);
        let pops =
            code.insts[k - 1].inst.code() == Op::Pop_r64 && code.insts[k - 1].inst.op0_register() == Register::RBP;
        if !pops || !is_move(code, k - 2, Register::RSP, Register::RBP) || (frame != 0 && adds != Some(frame)) {
            return Err(bad);
        }
        if code.insts.iter().any(|i| i.target.is_some_and(|t| t > start && t <= k)) {
            return Err(bad);
        }
        for inst in &mut code.insts[start..k] {
            inst.dead = true;
        }
    }
    Ok(())
}

/// What is left uses `rbp` not at all, and `rsp` only to access the frame.
fn check_registers(code: &Code, frame: u32, options: &StencilOptions) -> Result<(), Located> {
    let mut factory = InstructionInfoFactory::new();
    for (_, inst) in code.live() {
        let at = inst.at;
        let i = &inst.inst;
        let info = factory.info(i);
        if info.used_registers().iter().any(|r| r.register().full_register() == Register::RBP) {
            return Err((at, Problem::FramePointerUsed));
        }
        let names_rsp = (0..i.op_count())
            .any(|n| i.op_kind(n) == OpKind::Register && i.op_register(n).full_register() == Register::RSP);
        if names_rsp || (i.is_stack_instruction() && !inst.is_call()) {
            return Err((at, Problem::StackPointerUsed));
        }
        if i.memory_base() != Register::RSP {
            continue;
        }
        let offset = i.memory_displacement64() as i64;
        let size = i.memory_size().size() as i64;
        if inst.disp.is_some() || i.memory_index() != Register::None || offset < 0 || offset + size > i64::from(frame) {
            return Err((at, Problem::OutsideFrame));
        }
        let writes = info.used_memory().iter().any(|m| {
            m.base() == Register::RSP && !matches!(m.access(), OpAccess::None | OpAccess::NoMemAccess | OpAccess::Read)
        });
        if writes && offset < i64::from(options.activation_bytes) && !options.writes_activation {
            return Err((at, Problem::ActivationOverwritten));
        }
    }
    Ok(())
}
