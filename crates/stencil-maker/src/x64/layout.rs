//! Lays the code out in a hot and a cold part and encodes it with the shortest branches that reach.

use super::{Code, ImmField, Inst};
use crate::error::{Located, Problem};
use crate::raw::{NEXT, Symbol};
use crate::stencil::{Hole, HoleKind, Section};
use iced_x86::{ConstantOffsets, Decoder, DecoderOptions, Encoder};

/// Sections longer than this are refused; offsets are kept in 16 bits.
const MAX_SECTION: usize = 0x4000;

/// The two parts and their holes.
type Parts = (Vec<u8>, Vec<u8>, Vec<Hole>);

/// Splits behind the jump to `next`, or behind the first way out if there is no `next`.
pub(crate) fn lay_out(code: &Code) -> Result<Parts, Located> {
    let split = find_split(code)?;
    let is_next = |inst: &Inst| inst.symbol == Some(Symbol::Cont(NEXT));
    let section = |range: std::ops::Range<usize>| -> Vec<usize> {
        range.filter(|k| !code.insts[*k].dead && !is_next(&code.insts[*k])).collect()
    };
    let hot = SectionCode::new(code, section(0..split + 1))?;
    let cold = SectionCode::new(code, section(split + 1..code.insts.len()))?;
    let mut layout = Layout { code, split, sections: [hot, cold], data: Vec::new() };
    layout.shorten_branches();
    layout.gather_data();
    layout.encode()
}

/// The index of the last instruction of the hot part.
fn find_split(code: &Code) -> Result<usize, Located> {
    let is_next = |inst: &Inst| inst.symbol == Some(Symbol::Cont(NEXT));
    let leaves = |inst: &Inst| inst.ends_flow() && inst.target.is_none();
    let find = |wanted: &dyn Fn(&Inst) -> bool| code.live().find(|(_, inst)| wanted(inst)).map(|(k, _)| k);
    find(&is_next).or_else(|| find(&leaves)).ok_or((0, Problem::NoTerminator))
}

/// One part while its branches are sized.
struct SectionCode {
    /// Indices of its instructions.
    insts: Vec<usize>,
    /// Which of them are branches with a 32-bit distance.
    long: Vec<bool>,
    /// Encoded bytes of each, with the long form of branches.
    bytes: Vec<Vec<u8>>,
    /// Offsets of each, and of the end.
    offsets: Vec<usize>,
}

impl SectionCode {
    fn new(code: &Code, insts: Vec<usize>) -> Result<SectionCode, Located> {
        let bytes = insts.iter().map(|k| encode_long(&code.insts[*k])).collect::<Result<Vec<_>, _>>()?;
        let long = insts.iter().map(|k| code.insts[*k].symbol.is_some()).collect();
        Ok(SectionCode { long, bytes, offsets: vec![0; insts.len() + 1], insts })
    }

    fn measure(&mut self, code: &Code) {
        for (n, k) in self.insts.iter().enumerate() {
            let short = code.insts[*k].target.is_some() && !self.long[n];
            self.offsets[n + 1] = self.offsets[n] + if short { 2 } else { self.bytes[n].len() };
        }
    }
}

struct Layout<'a> {
    code: &'a Code,
    split: usize,
    sections: [SectionCode; 2],
    /// Constants, each with its offset in the cold part, behind the code.
    data: Vec<(Vec<u8>, usize)>,
}

impl Layout<'_> {
    /// Where a branch to instruction `target` goes: the section and the position in its list (its length for the end).
    fn resolve(&self, target: usize) -> (Section, usize) {
        let target = self.code.live_from(target);
        let section = if target <= self.split { Section::Hot } else { Section::Cold };
        let insts = &self.sections[section as usize].insts;
        (section, insts.partition_point(|k| *k < target))
    }

    /// Starts with every local branch short, and makes long what does not reach.
    fn shorten_branches(&mut self) {
        let mut again = true;
        while again {
            again = false;
            for section in &mut self.sections {
                section.measure(self.code);
            }
            for here in [Section::Hot, Section::Cold] {
                for n in 0..self.sections[here as usize].insts.len() {
                    let section = &self.sections[here as usize];
                    let Some(target) = self.code.insts[section.insts[n]].target else { continue };
                    let (there, position) = self.resolve(target);
                    let distance =
                        section.offsets.get(position).map_or(0, |o| *o as i64 - section.offsets[n + 1] as i64);
                    if !section.long[n] && (there != here || i8::try_from(distance).is_err()) {
                        self.sections[here as usize].long[n] = true;
                        again = true;
                    }
                }
            }
        }
    }

    /// Gives every constant a place, once.
    fn gather_data(&mut self) {
        let cold = &self.sections[Section::Cold as usize];
        // A distance is counted from the end of the hole, which may be some bytes before the end of the instruction.
        let mut at = cold.offsets[cold.insts.len()].max(8);
        for (_, inst) in self.code.live() {
            if let Some(bytes) = &inst.data
                && !self.data.iter().any(|(known, _)| known == bytes)
            {
                self.data.push((bytes.clone(), at));
                at += bytes.len();
            }
        }
    }

    fn encode(&self) -> Result<Parts, Located> {
        let mut holes = Vec::new();
        let [hot, cold] = [Section::Hot, Section::Cold].map(|section| self.encode_section(section, &mut holes));
        let (hot, mut cold) = (hot?, cold?);
        for (bytes, at) in &self.data {
            cold.resize(*at, 0xcc);
            cold.extend_from_slice(bytes);
        }
        holes.sort();
        Ok((hot, cold, holes))
    }

    fn encode_section(&self, here: Section, holes: &mut Vec<Hole>) -> Result<Vec<u8>, Located> {
        let section = &self.sections[here as usize];
        let length = section.offsets[section.insts.len()];
        if length > MAX_SECTION {
            return Err((0, Problem::TooLong(length)));
        }
        let mut out = Vec::with_capacity(length);
        for (n, k) in section.insts.iter().enumerate() {
            let inst = &self.code.insts[*k];
            let mut bytes = section.bytes[n].clone();
            let start = section.offsets[n];
            let mut hole = |offset: usize, kind| {
                holes.push(Hole { section: here, offset: (start + offset) as u16, kind });
            };
            if let Some(target) = inst.target {
                let (there, position) = self.resolve(target);
                let to = self.sections[there as usize].offsets[position];
                let distance = to as i64 - section.offsets[n + 1] as i64;
                if !section.long[n] {
                    bytes = short_form(&bytes);
                    bytes[1] = distance as i8 as u8;
                } else if there == here {
                    let end = bytes.len();
                    bytes[end - 4..].copy_from_slice(&(distance as i32).to_le_bytes());
                } else if there == Section::Hot {
                    hole(bytes.len() - 4, HoleKind::ToHot(to as u16));
                } else {
                    hole(bytes.len() - 4, HoleKind::ToCold(to as u16));
                }
            }
            match inst.symbol {
                Some(Symbol::Cont(cont)) => hole(bytes.len() - 4, HoleKind::Cont(cont)),
                Some(Symbol::Helper(helper)) => hole(bytes.len() - 4, HoleKind::Helper(helper)),
                _ => {}
            }
            if let Some(data) = &inst.data {
                let to = self.data.iter().find(|(known, _)| known == data).expect("gathered").1;
                let field = constants_of(&bytes).displacement_offset();
                let behind = bytes.len() - field - 4;
                match here {
                    Section::Hot => hole(field, HoleKind::ToCold((to - behind) as u16)),
                    Section::Cold => {
                        let distance = to as i32 - section.offsets[n + 1] as i32;
                        bytes[field..field + 4].copy_from_slice(&distance.to_le_bytes());
                    }
                }
            }
            empty_fields(inst, &mut bytes, &mut hole)?;
            out.extend_from_slice(&bytes);
        }
        Ok(out)
    }
}

/// Records the operand holes of an instruction and empties them.
fn empty_fields(inst: &Inst, bytes: &mut [u8], hole: &mut dyn FnMut(usize, HoleKind)) -> Result<(), Located> {
    if inst.disp.is_none() && inst.imm.is_none() {
        return Ok(());
    }
    let bad = || (inst.at, Problem::Encode(format!("the fields of `{}` moved", inst.inst)));
    let constants = constants_of(bytes);
    let mut empty = |offset: usize, size: usize, kind: HoleKind| {
        if size != kind.size() {
            return Err(bad());
        }
        bytes[offset..offset + size].fill(0);
        hole(offset, kind);
        Ok(())
    };
    if let Some(field) = inst.disp {
        let kind = HoleKind::Disp32 { operand: field.operand, addend: field.addend };
        empty(constants.displacement_offset(), constants.displacement_size(), kind)?;
    }
    if let Some(field) = inst.imm {
        let kind = match field {
            ImmField::Operand(field) => HoleKind::Imm32 { operand: field.operand, addend: field.addend },
            ImmField::Address { symbol: Symbol::Pointer(k), addend } => HoleKind::Pointer(k, addend),
            ImmField::Address { symbol: Symbol::Global(k), addend } => HoleKind::Global(k, addend),
            ImmField::Address { .. } => return Err(bad()),
        };
        empty(constants.immediate_offset(), constants.immediate_size(), kind)?;
    }
    Ok(())
}

/// Where the fields of an encoded instruction are.
fn constants_of(bytes: &[u8]) -> ConstantOffsets {
    let mut decoder = Decoder::with_ip(64, bytes, 0, DecoderOptions::NONE);
    let decoded = decoder.decode();
    decoder.get_constant_offsets(&decoded)
}

/// Encodes; branches in their long form with a distance of zero.
fn encode_long(inst: &Inst) -> Result<Vec<u8>, Located> {
    let mut encoded = inst.inst;
    let is_branch = inst.symbol.is_some() || inst.target.is_some();
    if is_branch {
        encoded.as_near_branch();
        encoded.set_near_branch64(0x1000_0000);
    }
    let mut encoder = Encoder::new(64);
    encoder.encode(&encoded, 0).map_err(|error| (inst.at, Problem::Encode(error.to_string())))?;
    let mut bytes = encoder.take_buffer();
    if inst.data.is_some() {
        let field = constants_of(&bytes).displacement_offset();
        bytes[field..field + 4].fill(0);
    }
    if is_branch {
        let end = bytes.len();
        bytes[end - 4..].fill(0);
    }
    Ok(bytes)
}

/// The short form of a long jump: `e9` to `eb`, `0f 8x` to `7x`.
fn short_form(long: &[u8]) -> Vec<u8> {
    match long {
        [0xe9, ..] => vec![0xeb, 0],
        [0x0f, condition, ..] => vec![condition - 0x10, 0],
        _ => unreachable!("local branches are jmp or jcc"),
    }
}
