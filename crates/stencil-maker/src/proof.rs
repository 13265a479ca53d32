//! The proof of the holes: patched raw code must equal what the compiler makes of the same values.

use crate::error::{Located, Problem, StencilError};
use crate::make::{Compile, compile_magics, located};
use crate::raw::{OPERANDS, Operands, RawCode};
use crate::x64::{self, Code, ImmField, OperandField};
use iced_x86::{Decoder, DecoderOptions};

/// Seeds of the values the proof is made with; those of the search are lower.
const FRESH_SEEDS: u64 = 1000;

/// Finds the holes of an operation and proves them with `rounds` sets of fresh values, positive and negative ones.
pub fn verify(name: &str, compile: &mut Compile<'_>, rounds: u64) -> Result<(), StencilError> {
    let mut run = || {
        let compilations = compile_magics(compile)?;
        let code = x64::decode::decode(&compilations)?;
        let unsigned = prove(&code, &compilations[0].1, compile)?;
        for round in 0..rounds {
            let negative = (round as u16).wrapping_mul(0x5a5b) & !unsigned;
            let operands = Operands::magic(FRESH_SEEDS + 1 + round).negated(negative);
            check(&code, &compilations[0].1, compile, &operands)?.map_err(|at| (at, Problem::ProofFailed))?;
        }
        Ok(())
    };
    located(name, run())
}

/// Proves the holes with fresh values, and finds which operands hold for negative values too: the mask of those that
/// don't is returned.
pub(crate) fn prove(code: &Code, raw: &RawCode, compile: &mut Compile<'_>) -> Result<u16, Located> {
    let fresh = Operands::magic(FRESH_SEEDS);
    check(code, raw, compile, &fresh)?.map_err(|at| (at, Problem::ProofFailed))?;
    let used = operands_used(code);
    if check(code, raw, compile, &fresh.negated(used))?.is_ok() {
        return Ok(0);
    }
    let mut unsigned = 0;
    for operand in 0..OPERANDS {
        let bit = 1 << operand;
        if used & bit != 0 && check(code, raw, compile, &fresh.negated(bit))?.is_err() {
            unsigned |= bit;
        }
    }
    check(code, raw, compile, &fresh.negated(used & !unsigned))?.map_err(|at| (at, Problem::ProofFailed))?;
    Ok(unsigned)
}

/// Compiles with `operands` and compares with the patched code: the outer error is the compiler's, the inner one
/// the offset of the first difference.
fn check(
    code: &Code,
    raw: &RawCode,
    compile: &mut Compile<'_>,
    operands: &Operands,
) -> Result<Result<(), usize>, Located> {
    let direct = compile(operands).map_err(|message| (0, Problem::Compile(message)))?;
    let patched = patch(code, raw, operands);
    if direct.relocs != raw.relocs || direct.bytes.len() != patched.len() {
        return Ok(Err(0));
    }
    Ok(match patched.iter().zip(&direct.bytes).position(|(a, b)| a != b) {
        Some(at) => Err(at),
        None => Ok(()),
    })
}

/// The raw code with other operand values written into its holes.
fn patch(code: &Code, raw: &RawCode, operands: &Operands) -> Vec<u8> {
    let mut bytes = raw.bytes.clone();
    for inst in &code.insts {
        let mut decoder = Decoder::with_ip(64, &raw.bytes[inst.at..], 0, DecoderOptions::NONE);
        let decoded = decoder.decode();
        let constants = decoder.get_constant_offsets(&decoded);
        let mut write = |offset: usize, field: OperandField| {
            let value = operands.values[usize::from(field.operand)].wrapping_add(field.addend);
            bytes[inst.at + offset..][..4].copy_from_slice(&value.to_le_bytes());
        };
        if let Some(field) = inst.disp {
            write(constants.displacement_offset(), field);
        }
        if let Some(ImmField::Operand(field)) = inst.imm {
            write(constants.immediate_offset(), field);
        }
    }
    bytes
}

/// The operands that have a hole, a bit each.
fn operands_used(code: &Code) -> u16 {
    let mut used = 0;
    for inst in &code.insts {
        let imm = match inst.imm {
            Some(ImmField::Operand(field)) => Some(field),
            _ => None,
        };
        for field in [inst.disp, imm].into_iter().flatten() {
            used |= 1 << field.operand;
        }
    }
    used
}
