//! Rewrites of a few instructions in a row that Cranelift leaves and that are in nearly every stencil.
//!
//! Each rule opens with the code before and after. A rule may use that code is straight up to its last instruction (no
//! branch comes into the middle), which [`Window`] checks, and which registers are read later.

use super::liveness::{RegSet, bit, effects, live_out};
use super::{Code, Inst};
use crate::stencil::StencilOptions;
use iced_x86::{Code as Op, Instruction, InstructionInfoFactory, OpKind, Register};

/// Applies every rule wherever it fits.
pub(crate) fn improve(code: &mut Code, options: &StencilOptions) {
    for rule in [count_down, count_up, compare_memory] {
        let mut k = 0;
        while k < code.insts.len() {
            if !code.insts[k].dead {
                let live = live_out(code, options);
                rule(code, k, &live, options);
            }
            k += 1;
        }
    }
    for inst in code.insts.iter_mut().filter(|i| !i.dead) {
        shorten_immediate(inst);
    }
}

/// Live instructions in a row, by index.
struct Window<const N: usize>([usize; N]);

impl<const N: usize> Window<N> {
    fn new(code: &Code, start: usize) -> Option<Window<N>> {
        let mut at = [start; N];
        for n in 1..N {
            at[n] = code.live_from(at[n - 1] + 1);
        }
        let end = at[N - 1];
        let straight = end < code.insts.len()
            && !code.live().any(|(_, i)| {
                i.target.map(|t| code.live_from(t)).is_some_and(|target| target > start && target <= end)
            });
        straight.then_some(Window(at))
    }
}

/// `op register, immediate`: the register and the immediate.
fn with_immediate(inst: &Inst, ops: &[Op]) -> Option<(Register, u64)> {
    let i = &inst.inst;
    let fits = ops.contains(&i.code()) && i.op0_kind() == OpKind::Register && inst.imm.is_none();
    fits.then(|| (i.op0_register(), i.immediate(1)))
}

/// `lea to, [from + add]` of 32 bits.
fn lea32(inst: &Inst) -> Option<(Register, Register, i32)> {
    let i = &inst.inst;
    let plain = i.code() == Op::Lea_r32_m && i.memory_index() == Register::None && inst.disp.is_none();
    plain.then(|| (i.op0_register(), i.memory_base(), i.memory_displacement64() as i32))
}

fn is_zero_jump(inst: &Inst) -> bool {
    use iced_x86::ConditionCode::{e, ne};
    inst.is_conditional_jump() && matches!(inst.inst.condition_code(), e | ne)
}

/// `mov [m], register` of 32 bits, with an address that does not use `others`.
fn stores(inst: &Inst, register: Register, others: [Register; 2]) -> bool {
    let i = &inst.inst;
    let address = [i.memory_base(), i.memory_index()];
    i.code() == Op::Mov_rm32_r32
        && i.op0_kind() == OpKind::Memory
        && i.op1_register() == register
        && !others.iter().any(|r| address.contains(&r.full_register()))
}

/// Moves between registers may stand before the comparison.
///
/// ```text
/// lea b, [a - 1]; mov [m], b; cmp a, 1; je …    →    sub a, 1; mov [m], a; je …
/// ```
fn count_down(code: &mut Code, k: usize, live: &[RegSet], _: &StencilOptions) {
    let found = match (Window::new(code, k), Window::new(code, k)) {
        (Some(Window([_, store, compare, jump])), _) if code.insts[compare].register_move().is_none() => {
            Some((store, None, compare, jump))
        }
        (_, Some(Window([_, store, other, compare, jump]))) => Some((store, Some(other), compare, jump)),
        _ => None,
    };
    let Some((store, other, compare, jump)) = found else { return };
    let insts = &code.insts;
    let Some((b, a64, -1)) = lea32(&insts[k]) else { return };
    let Some((a, 1)) = with_immediate(&insts[compare], &[Op::Cmp_rm32_imm8, Op::Cmp_rm32_imm32, Op::Cmp_EAX_imm32])
    else {
        return;
    };
    let used = bit(a64) | bit(b.full_register());
    let apart =
        other.is_none_or(|k| insts[k].register_move().is_some_and(|(to, from)| (bit(to) | bit(from)) & used == 0));
    let gone = used & live[jump] == 0;
    let fits = a.full_register() == a64 && a != b && stores(&insts[store], b, [a, b]);
    if !fits || !apart || !gone || !is_zero_jump(&insts[jump]) {
        return;
    }
    code.insts[k].inst = Instruction::with2(Op::Sub_rm32_imm8, a, 1i32).expect("operands of the right kind");
    code.insts[store].inst.set_op1_register(a);
    code.insts[compare].dead = true;
}

/// `lea b, [a + 1]; test b, b; je L`, when `b` is not used otherwise: `a`.
fn tests_successor(
    code: &Code,
    [k, test, jump]: [usize; 3],
    live: &[RegSet],
    options: &StencilOptions,
) -> Option<Register> {
    let insts = &code.insts;
    let (b, a64, 1) = lea32(&insts[k])? else { return None };
    let tested = &insts[test].inst;
    let tests = tested.code() == Op::Test_rm32_r32
        && tested.op0_kind() == OpKind::Register
        && [tested.op0_register(), tested.op1_register()] == [b, b];
    // Where the jump goes, `a` must not be read either.
    let away = match insts[jump].target {
        Some(target) => live_before(code, target, live, options),
        None => effects(&insts[jump], &mut InstructionInfoFactory::new(), options).uses,
    };
    let gone = away & bit(a64) == 0 && live[jump] & bit(b.full_register()) == 0 && bit(a64) != bit(b.full_register());
    (tests && gone && is_zero_jump(&insts[jump])).then_some(a64)
}

/// ```text
/// lea b, [a + 1]; test b, b; je L; add a, 1                     →    add a, 1; je L
/// lea b, [a + 1]; test b, b; je L; lea c, [a + 1]; mov [m], c    →    add a, 1; je L; mov [m], a
/// ```
fn count_up(code: &mut Code, k: usize, live: &[RegSet], options: &StencilOptions) {
    let Some(Window([k, test, jump, again])) = Window::new(code, k) else { return };
    let Some(a64) = tests_successor(code, [k, test, jump], live, options) else { return };
    let adds = [Op::Add_rm32_imm8, Op::Add_rm32_imm32, Op::Add_EAX_imm32];
    let a = match (with_immediate(&code.insts[again], &adds), lea32(&code.insts[again])) {
        (Some((a, 1)), _) if a.full_register() == a64 => a,
        (_, Some((c, from, 1))) if from == a64 => {
            let Some(Window([_, _, _, _, store])) = Window::new(code, k) else { return };
            let a = a64.full_register32();
            let used = bit(a64) | bit(c.full_register());
            if !stores(&code.insts[store], c, [a, c]) || live[store] & used != 0 {
                return;
            }
            code.insts[store].inst.set_op1_register(a);
            a
        }
        _ => return,
    };
    code.insts[k].inst = Instruction::with2(Op::Add_rm32_imm8, a, 1i32).expect("operands of the right kind");
    code.insts[test].dead = true;
    code.insts[again].dead = true;
}

/// What may be read from an instruction on.
fn live_before(code: &Code, index: usize, live: &[RegSet], options: &StencilOptions) -> RegSet {
    let index = code.live_from(index);
    let effects = effects(&code.insts[index], &mut InstructionInfoFactory::new(), options);
    effects.uses | (live[index] & !effects.kills)
}

/// ```text
/// mov a, [m]; movabs b, X; cmp a, b    →    movabs b, X; cmp [m], b
/// ```
fn compare_memory(code: &mut Code, k: usize, live: &[RegSet], _: &StencilOptions) {
    let Some(Window([k, constant, compare])) = Window::new(code, k) else { return };
    let (load, compared) = (&code.insts[k], &code.insts[compare].inst);
    let a = load.inst.op0_register();
    let b = code.insts[constant].inst.op0_register();
    let loads = load.inst.code() == Op::Mov_r64_rm64 && load.inst.op1_kind() == OpKind::Memory && load.data.is_none();
    let constant_is = code.insts[constant].inst.code() == Op::Mov_r64_imm64;
    let compares = matches!(compared.code(), Op::Cmp_rm64_r64 | Op::Cmp_r64_rm64)
        && compared.op0_kind() == OpKind::Register
        && compared.op1_kind() == OpKind::Register
        && [compared.op0_register(), compared.op1_register()] == [a, b];
    let address = [load.inst.memory_base(), load.inst.memory_index()];
    if !loads || !constant_is || !compares || a == b || live[compare] & bit(a) != 0 || address.contains(&b) {
        return;
    }
    let mut inst = load.inst;
    inst.set_code(Op::Cmp_rm64_r64);
    inst.set_op0_kind(OpKind::Memory);
    inst.set_op1_kind(OpKind::Register);
    inst.set_op1_register(b);
    code.insts[compare].disp = code.insts[k].disp;
    code.insts[compare].inst = inst;
    code.insts[k].dead = true;
}

/// `add r, imm32` and the like with a small constant get the form with an immediate of 8 bits.
fn shorten_immediate(inst: &mut Inst) {
    let short = match inst.inst.code() {
        Op::Add_rm32_imm32 | Op::Add_EAX_imm32 => Op::Add_rm32_imm8,
        Op::Add_rm64_imm32 | Op::Add_RAX_imm32 => Op::Add_rm64_imm8,
        Op::Sub_rm32_imm32 | Op::Sub_EAX_imm32 => Op::Sub_rm32_imm8,
        Op::Sub_rm64_imm32 | Op::Sub_RAX_imm32 => Op::Sub_rm64_imm8,
        Op::And_rm32_imm32 | Op::And_EAX_imm32 => Op::And_rm32_imm8,
        Op::And_rm64_imm32 | Op::And_RAX_imm32 => Op::And_rm64_imm8,
        Op::Cmp_rm32_imm32 | Op::Cmp_EAX_imm32 => Op::Cmp_rm32_imm8,
        Op::Cmp_rm64_imm32 | Op::Cmp_RAX_imm32 => Op::Cmp_rm64_imm8,
        _ => return,
    };
    let value = inst.inst.immediate(1) as i32;
    if inst.imm.is_none() && inst.inst.op0_kind() == OpKind::Register && i8::try_from(value).is_ok() {
        inst.inst = Instruction::with2(short, inst.inst.op0_register(), value).expect("operands of the right kind");
    }
}
