//! The operands of an instruction, as the operations name them.

use crate::World;
use whipsnake_bytecode::{Code, Instr, is_counted};
use whipsnake_cpython::opcode as op;
use whipsnake_ir::{Region, abi};
use whipsnake_ops::{Imm, Operation, Ptr};

/// Gives an operation the operands of its instruction. False if it asks for one that only the baseline tier has.
pub(crate) fn set(
    region: &mut Region,
    world: &dyn World,
    code: &Code<'_>,
    operation: &Operation,
    number: u32,
    seen: u64,
) -> bool {
    let instr = &code.instrs()[number as usize];
    region.operands = [0; abi::operand::COUNT];
    for (index, &meaning) in operation.imms.iter().enumerate() {
        let seen = (meaning == Imm::Seen).then_some(seen as i32);
        let Some(value) = seen.or_else(|| immediate(code, instr, number, meaning)) else { return false };
        region.operands[usize::from(abi::operand::PARAM) + index] = value;
    }
    region.pointers = [0; abi::pointer::COUNT];
    for (index, &meaning) in operation.ptrs.iter().enumerate() {
        let Some(value) = (if meaning == Ptr::Seen { Some(seen) } else { pointer(world, code, instr, meaning) }) else {
            return false;
        };
        region.pointers[usize::from(abi::pointer::PARAM) + index] = value;
    }
    region.pointers[usize::from(abi::pointer::INSTR)] = world.first_unit() + 2 * u64::from(instr.index);
    region.pointers[usize::from(abi::pointer::CODE)] = world.code_data();
    true
}

/// Whether regions have all operands that an operation asks for.
pub(crate) fn fit(operation: &Operation) -> bool {
    !operation.imms.contains(&Imm::StackTop) && !operation.ptrs.contains(&Ptr::NextCode)
}

/// Whether the interpreter has run what is at the start of a range of instructions.
pub(crate) fn is_observed(code: &Code<'_>, range: std::ops::Range<u32>) -> bool {
    let mut counted = range.filter(|&number| is_counted(code.instrs()[number as usize].base));
    counted.next().is_some_and(|first| !code.is_untouched(first))
}

/// Whether the interpreter has run any of the code. Its first instructions may be a way that is never taken.
pub(crate) fn has_run(code: &Code<'_>) -> bool {
    (0..code.instrs().len() as u32)
        .any(|number| is_counted(code.instrs()[number as usize].base) && !code.is_untouched(number))
}

/// The version of the class of an owner that an access to an attribute is for, if the interpreter has specialised it so, and the operation guards that.
pub(crate) fn guarded_version(operation: &Operation, code: &Code<'_>, number: u32) -> Option<u32> {
    const VERSION: u8 = 2;
    let instr = &code.instrs()[number as usize];
    let of_instances = matches!(
        instr.opcode,
        op::LOAD_ATTR_INSTANCE_VALUE
            | op::LOAD_ATTR_SLOT
            | op::LOAD_ATTR_METHOD_WITH_VALUES
            | op::LOAD_ATTR_METHOD_NO_DICT
            | op::LOAD_ATTR_METHOD_LAZY_DICT
            | op::LOAD_ATTR_NONDESCRIPTOR_WITH_VALUES
            | op::LOAD_ATTR_NONDESCRIPTOR_NO_DICT
            | op::STORE_ATTR_INSTANCE_VALUE
            | op::STORE_ATTR_SLOT
    );
    (of_instances && operation.imms.first() == Some(&Imm::Cache32(VERSION)))
        .then(|| cache16(code, instr, VERSION) | cache16(code, instr, VERSION + 1) << 16)
}

fn cache16(code: &Code<'_>, instr: &Instr, unit: u8) -> u32 {
    code.input().units[instr.index as usize + usize::from(unit)].into()
}

fn immediate(code: &Code<'_>, instr: &Instr, number: u32, meaning: Imm) -> Option<i32> {
    let oparg = instr.oparg;
    Some(match meaning {
        Imm::Oparg(shift) => (oparg >> shift) as i32,
        Imm::OpargMasked(mask) => (oparg & mask) as i32,
        Imm::OpargTimes8(add) => 8 * oparg as i32 + add,
        Imm::Cache16(unit) => cache16(code, instr, unit) as i32,
        Imm::Cache32(unit) => (cache16(code, instr, unit) | cache16(code, instr, unit + 1) << 16) as i32,
        Imm::Cache16Scaled(unit, scale, add) => cache16(code, instr, unit) as i32 * scale + add,
        // Only ways that regions don't have read it.
        Imm::TargetWord | Imm::ReturnWord => 0,
        Imm::FunctionField => whipsnake_ops::function_field(oparg),
        Imm::StackTop => return None,
        Imm::Depth => code.depth(number)? as i32,
        Imm::Length => (instr.next - instr.index) as i32,
        _ => return None,
    })
}

fn pointer(world: &dyn World, code: &Code<'_>, instr: &Instr, meaning: Ptr) -> Option<u64> {
    Some(match meaning {
        Ptr::Const => world.constant(instr.oparg).address,
        Ptr::Cache16(unit) => cache16(code, instr, unit).into(),
        Ptr::InstrAt(add) => world.first_unit() + 2 * u64::from(instr.index + u32::from(add)),
        Ptr::NextInstr => world.first_unit() + 2 * u64::from(instr.next),
        Ptr::TargetInstr => world.first_unit() + 2 * u64::from(code.instrs()[instr.target as usize].start),
        Ptr::NextCode => return None,
        other => world.pointer(other, instr, instr.oparg),
    })
}
