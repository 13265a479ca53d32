//! Holes of 64-bit ARM code: found and proved, with no post-processing.
//!
//! Cranelift makes a big displacement or immediate of two instructions, `movz x, low` and `movk x, high, lsl 16`. So a
//! word that varies with the operands must be one of such a pair, and the 32-bit value the pair makes must be an operand
//! plus a constant. Addresses are relocations: 64-bit words in the code, and calls and jumps.

use crate::error::{Located, Problem, StencilError};
use crate::make::{Compile, compile_magics, located};
use crate::raw::{OPERANDS, Operands, RawCode, RawReloc, RelocKind, Symbol};

/// Code of one operation for 64-bit ARM, as the compiler left it, and what varies in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arm64Code {
    /// Machine code; the pairs hold the values of the first compilation.
    pub bytes: Vec<u8>,
    /// Values that are operands.
    pub holes: Vec<Arm64Hole>,
    /// Addresses.
    pub relocs: Vec<RawReloc>,
}

/// A value made by two instructions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arm64Hole {
    /// Offset of the `movz`.
    pub low: u32,
    /// Offset of the `movk`.
    pub high: u32,
    /// Operand number.
    pub operand: u8,
    /// Added to the operand.
    pub addend: i32,
}

/// Finds the holes of an operation and proves them with fresh, non-negative operand values.
pub fn prove_arm64(name: &str, compile: &mut Compile<'_>) -> Result<Arm64Code, StencilError> {
    located(name, prove(compile))
}

/// Seeds of the values the proof is made with.
const FRESH_SEEDS: std::ops::Range<u64> = 2000..2003;

fn prove(compile: &mut Compile<'_>) -> Result<Arm64Code, Located> {
    let compilations = compile_magics(compile)?;
    let raw = &compilations[0].1;
    check_relocs(raw)?;
    let holes = find_holes(&compilations)?;
    for seed in FRESH_SEEDS {
        let operands = Operands::magic(seed);
        let direct = compile(&operands).map_err(|message| (0, Problem::Compile(message)))?;
        let patched = patch(raw, &holes, &operands);
        if direct.relocs != raw.relocs || direct.bytes.len() != patched.len() {
            return Err((0, Problem::ProofFailed));
        }
        if let Some(at) = patched.iter().zip(&direct.bytes).position(|(a, b)| a != b) {
            return Err((at, Problem::ProofFailed));
        }
    }
    Ok(Arm64Code { bytes: raw.bytes.clone(), holes, relocs: raw.relocs.clone() })
}

fn check_relocs(raw: &RawCode) -> Result<(), Located> {
    for reloc in &raw.relocs {
        let known = match reloc.symbol {
            Symbol::Cont(_) | Symbol::Helper(_) => reloc.kind == RelocKind::Arm64Call,
            Symbol::Pointer(_) | Symbol::Global(_) => reloc.kind == RelocKind::Abs8,
        };
        if !known {
            return Err((reloc.offset as usize, Problem::Relocation(format!("{reloc:?}"))));
        }
    }
    Ok(())
}

fn word(raw: &RawCode, at: usize) -> u32 {
    u32::from_le_bytes(raw.bytes[at..at + 4].try_into().expect("four bytes"))
}

/// A `movz` of the low half or a `movk` of the second one, of 32 or 64 bits: everything but the immediate.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Half {
    Low { register: u32 },
    High { register: u32 },
}

const IMM16: u32 = 0xffff << 5;

fn half(word: u32) -> Option<Half> {
    let register = word & 31;
    match (word & !IMM16 & !31) & 0x7fff_ffff {
        0x5280_0000 => Some(Half::Low { register }),
        0x72a0_0000 => Some(Half::High { register }),
        _ => None,
    }
}

fn find_holes(compilations: &[(Operands, RawCode)]) -> Result<Vec<Arm64Hole>, Located> {
    let first = &compilations[0].1;
    let varies = |at: usize| compilations.iter().any(|(_, raw)| word(raw, at) != word(first, at));
    let mut holes = Vec::new();
    let mut at = 0;
    let mut open: Vec<(usize, u32)> = Vec::new();
    while at < first.bytes.len() / 4 * 4 {
        if varies(at) {
            // The immediate varies, the instruction does not.
            if compilations.iter().any(|(_, raw)| (word(raw, at) ^ word(first, at)) & !IMM16 != 0) {
                return Err((at, Problem::UnexplainedByte));
            }
            match half(word(first, at)) {
                Some(Half::Low { register }) => open.push((at, register)),
                Some(Half::High { register }) => {
                    let low = open.iter().rposition(|(_, r)| *r == register).ok_or((at, Problem::UnexplainedByte))?;
                    let (low, _) = open.remove(low);
                    holes.push(explain(compilations, low, at)?);
                }
                None => return Err((at, Problem::UnexplainedByte)),
            }
        }
        at += 4;
    }
    match open.first() {
        Some((at, _)) => Err((*at, Problem::UnexplainedConstant)),
        None => Ok(holes),
    }
}

/// The value that two halves make as operand plus constant.
fn explain(compilations: &[(Operands, RawCode)], low: usize, high: usize) -> Result<Arm64Hole, Located> {
    let value = |raw: &RawCode| {
        let imm = |at| word(raw, at) >> 5 & 0xffff;
        (imm(low) | imm(high) << 16) as i32
    };
    let (operands, raw) = &compilations[0];
    for operand in 0..OPERANDS {
        let addend = value(raw).wrapping_sub(operands.values[operand]);
        if compilations.iter().all(|(o, raw)| o.values[operand].wrapping_add(addend) == value(raw)) {
            return Ok(Arm64Hole { low: low as u32, high: high as u32, operand: operand as u8, addend });
        }
    }
    Err((low, Problem::UnexplainedConstant))
}

/// The code with other operand values in its holes.
fn patch(raw: &RawCode, holes: &[Arm64Hole], operands: &Operands) -> Vec<u8> {
    let mut bytes = raw.bytes.clone();
    for hole in holes {
        let value = operands.values[usize::from(hole.operand)].wrapping_add(hole.addend) as u32;
        for (at, half) in [(hole.low as usize, value & 0xffff), (hole.high as usize, value >> 16)] {
            let patched = word(raw, at) & !IMM16 | half << 5;
            bytes[at..at + 4].copy_from_slice(&patched.to_le_bytes());
        }
    }
    bytes
}
