//! Decodes raw code and explains every byte that varies with the operands.

use super::{Code, ImmField, Inst, OperandField};
use crate::error::{Located, Problem};
use crate::raw::{OPERANDS, Operands, RawCode, RawReloc, RelocKind, Symbol};
use iced_x86::{Decoder, DecoderOptions, Instruction, Mnemonic};
use std::collections::HashMap;

/// Decodes the first compilation; the others say which constants are holes.
pub(crate) fn decode(compilations: &[(Operands, RawCode)]) -> Result<Code, Located> {
    let raw = &compilations[0].1;
    let mut fields = Fields::new(compilations);
    let mut insts: Vec<Inst> = Vec::new();
    let mut decoder = Decoder::with_ip(64, &raw.bytes, 0, DecoderOptions::NONE);
    // Constants lie behind the code; the instructions that use them tell where.
    let mut end = raw.bytes.len();
    while decoder.position() < end {
        let at = decoder.position();
        let padding = at + 16 > end && raw.bytes[at..end].iter().all(|b| *b == 0);
        if padding && insts.last().is_some_and(Inst::ends_flow) {
            break;
        }
        let inst = decoder.decode();
        if inst.is_invalid() || decoder.position() > end {
            return Err((at, Problem::DataInCode));
        }
        let constants = decoder.get_constant_offsets(&inst);
        let mut decoded = decode_one(at, inst, &constants, &mut fields)?;
        if inst.is_ip_rel_memory_operand() {
            let (start, bytes) = constant(raw, &decoded)?;
            decoded.data = Some(bytes);
            end = end.min(start);
        }
        insts.push(decoded);
    }
    fields.finish()?;
    resolve_branches(&mut insts)?;
    Ok(Code { insts })
}

fn decode_one(
    at: usize,
    inst: Instruction,
    constants: &iced_x86::ConstantOffsets,
    fields: &mut Fields<'_>,
) -> Result<Inst, Located> {
    let mut result = Inst { inst, at, symbol: None, target: None, disp: None, imm: None, data: None, dead: false };
    if inst.is_jcc_short_or_near() || inst.is_jmp_short_or_near() || inst.is_call_near() {
        result.symbol = fields.branch_symbol(at + inst.len() - 4)?;
        if result.symbol.is_none() {
            if inst.is_call_near() {
                return Err((at, Problem::Relocation("a call to no symbol".to_owned())));
            }
            result.target = Some(inst.near_branch_target() as usize);
        }
        let is_cont = matches!(result.symbol, Some(Symbol::Cont(_)));
        if result.symbol.is_some() && is_cont == inst.is_call_near() {
            return Err((at, Problem::CallToContinuation));
        }
        return Ok(result);
    }
    if constants.has_displacement() && constants.displacement_size() == 4 {
        result.disp = fields.operand(at + constants.displacement_offset())?;
    }
    if constants.has_immediate() {
        let field = at + constants.immediate_offset();
        match constants.immediate_size() {
            4 => result.imm = fields.operand(field)?.map(ImmField::Operand),
            8 => result.imm = fields.address(field)?,
            _ => {}
        }
    }
    Ok(result)
}

/// Where the constant is that an instruction reads, and its bytes.
fn constant(raw: &RawCode, inst: &Inst) -> Result<(usize, Vec<u8>), Located> {
    let refused = (inst.at, Problem::RipRelative);
    let start = inst.inst.ip_rel_memory_address() as usize;
    let size = inst.inst.memory_size().size();
    let behind = start >= inst.at + inst.inst.len() && start + size <= raw.bytes.len();
    // Longer ones may have to be aligned, and an address that is taken may be that of a jump table.
    if inst.inst.mnemonic() == Mnemonic::Lea || !(1..=8).contains(&size) || !behind || inst.disp.is_some() {
        return Err(refused);
    }
    Ok((start, raw.bytes[start..start + size].to_vec()))
}

/// Branch targets become indices of instructions.
fn resolve_branches(insts: &mut [Inst]) -> Result<(), Located> {
    let by_offset: HashMap<usize, usize> = insts.iter().enumerate().map(|(k, inst)| (inst.at, k)).collect();
    for inst in insts {
        if let Some(target) = &mut inst.target {
            *target = *by_offset.get(target).ok_or((inst.at, Problem::BadBranch))?;
        }
    }
    Ok(())
}

/// The variable fields of the code, and which bytes and relocations they have explained.
struct Fields<'a> {
    compilations: &'a [(Operands, RawCode)],
    relocs: HashMap<usize, &'a RawReloc>,
    covered: Vec<bool>,
}

impl<'a> Fields<'a> {
    fn new(compilations: &'a [(Operands, RawCode)]) -> Self {
        let raw = &compilations[0].1;
        Fields {
            compilations,
            relocs: raw.relocs.iter().map(|r| (r.offset as usize, r)).collect(),
            covered: vec![false; raw.bytes.len()],
        }
    }

    fn read(raw: &RawCode, at: usize) -> i32 {
        i32::from_le_bytes(raw.bytes[at..at + 4].try_into().expect("four bytes"))
    }

    /// The 32-bit field as operand plus constant, or `None` if it is the same in all compilations.
    fn operand(&mut self, at: usize) -> Result<Option<OperandField>, Located> {
        let (operands, raw) = &self.compilations[0];
        let first = Self::read(raw, at);
        if self.compilations.iter().all(|(_, raw)| Self::read(raw, at) == first) {
            return Ok(None);
        }
        for operand in 0..OPERANDS {
            let addend = first.wrapping_sub(operands.values[operand]);
            let explains = |(operands, raw): &(Operands, RawCode)| {
                operands.values[operand].wrapping_add(addend) == Self::read(raw, at)
            };
            if self.compilations.iter().all(explains) {
                self.covered[at..at + 4].fill(true);
                return Ok(Some(OperandField { operand: operand as u8, addend }));
            }
        }
        Err((at, Problem::UnexplainedConstant))
    }

    /// The 64-bit field as an address, or `None` if it has no relocation.
    fn address(&mut self, at: usize) -> Result<Option<ImmField>, Located> {
        let Some(reloc) = self.relocs.remove(&at) else { return Ok(None) };
        let bad = || (at, Problem::Relocation(format!("{reloc:?}")));
        let addend = i32::try_from(reloc.addend).map_err(|_| bad())?;
        let empty = self.compilations[0].1.bytes[at..at + 8].iter().all(|b| *b == 0);
        let known = matches!(reloc.symbol, Symbol::Pointer(_) | Symbol::Global(_));
        if reloc.kind != RelocKind::Abs8 || !known || !empty {
            return Err(bad());
        }
        Ok(Some(ImmField::Address { symbol: reloc.symbol, addend }))
    }

    /// The symbol that the 32-bit displacement of a call or jump refers to.
    fn branch_symbol(&mut self, at: usize) -> Result<Option<Symbol>, Located> {
        let Some(reloc) = self.relocs.remove(&at) else { return Ok(None) };
        let known = matches!(reloc.symbol, Symbol::Cont(_) | Symbol::Helper(_));
        if reloc.kind != RelocKind::X86CallPCRel4 || reloc.addend != -4 || !known {
            return Err((at, Problem::Relocation(format!("{reloc:?}"))));
        }
        Ok(Some(reloc.symbol))
    }

    /// Every relocation was used and every byte that varies is explained.
    fn finish(&self) -> Result<(), Located> {
        if let Some(reloc) = self.relocs.values().min_by_key(|r| r.offset) {
            return Err((reloc.offset as usize, Problem::Relocation(format!("{reloc:?}"))));
        }
        let first = &self.compilations[0].1.bytes;
        for (_, raw) in self.compilations {
            for (at, byte) in raw.bytes.iter().enumerate() {
                if *byte != first[at] && !self.covered[at] {
                    return Err((at, Problem::UnexplainedByte));
                }
            }
        }
        Ok(())
    }
}
