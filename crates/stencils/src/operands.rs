//! What the holes of a piece are filled with.

use crate::emit::{Emitter, Place};
use crate::library::{OPERATIONS, Stencil, needs, value};
use crate::plan::{NOWHERE, Piece};
use crate::stores::stores_after;
use whipsnake_bytecode::Instr;
use whipsnake_cpython::CodeKind;
use whipsnake_cpython::layout;
use whipsnake_ir::Continuation;
use whipsnake_ops::{Imm, Ptr};

/// What only the live code object knows.
pub trait Source {
    /// The value of a pointer operand of an instruction.
    fn pointer(&self, meaning: Ptr, instr: &Instr, oparg: u32) -> u64;
    /// The address of a constant.
    fn constant(&self, number: u32) -> u64;
    /// The address of the first code unit.
    fn first_unit(&self) -> u64;
}

/// By number of [`value`].
pub(crate) type Values = [u64; value::COUNT];

/// Room for a piece's own values beside the shared ones, which are copied once.
#[derive(Default)]
pub(crate) struct Scratch {
    values: Option<Box<Values>>,
    /// Where those were that were copied.
    of: usize,
}

impl Scratch {
    pub fn of(&mut self, addresses: &Addresses) -> &mut Values {
        let shared = &*addresses.values;
        if std::mem::replace(&mut self.of, shared.as_ptr() as usize) != shared.as_ptr() as usize {
            self.values = None;
        }
        self.values.get_or_insert_with(|| Box::new(*shared))
    }
}

/// Addresses that machine code refers to.
#[derive(Clone, Debug)]
pub struct Addresses {
    /// By number of [`value`]; zeros for those that are not shared.
    pub(crate) values: Box<Values>,
}

impl Addresses {
    /// The addresses of helpers, globals and continuations, by number. Of the continuations those are used that leave the code object.
    pub fn new(helpers: &[u64], globals: &[u64], continuations: &[u64]) -> Addresses {
        let mut values = Box::new([0; value::COUNT]);
        let lists = [(value::HELPER, helpers), (value::GLOBAL, globals), (value::CONTINUATION, continuations)];
        for (first, list) in lists {
            values[usize::from(first)..][..list.len()].copy_from_slice(list);
        }
        Addresses { values }
    }

    /// The address of a helper, by number.
    pub fn helper(&self, number: u16) -> u64 {
        self.values[usize::from(value::HELPER) + usize::from(number)]
    }

    /// The address of a global, by number.
    pub fn global(&self, number: u16) -> u64 {
        self.values[usize::from(value::GLOBAL) + usize::from(number)]
    }

    /// Where code goes for a continuation that leaves it; 0 for the others.
    pub fn continuation(&self, continuation: Continuation) -> u64 {
        self.values[usize::from(value::CONTINUATION) + continuation as usize]
    }
}

impl<S: Source> Emitter<'_, S> {
    /// Sets a piece's own values. Of those that go into holes of 32 bits only the low half counts. Whether any hole takes a value is asked only where it takes
    /// long to find: a wrongly foreseen answer is dearer than a value for nobody.
    #[inline(always)]
    pub(crate) fn evaluate(&mut self, piece: &Piece, stencil: &Stencil, place: Place) {
        for (value, &slot) in self.values[..Piece::SLOTS].iter_mut().zip(&piece.slots) {
            *value = slot.into();
        }
        let first_unit = self.source.first_unit();
        self.values[usize::from(value::INSTR_LOW)] += first_unit;
        if piece.constants != 0 {
            self.put_constants(piece);
        }
        let cold_start = self.plan.cold_start();
        let error = match piece.error {
            NOWHERE => self.addresses.continuation(Continuation::Error),
            error => self.at(cold_start + error),
        };
        let target = self.plan.first.get(piece.target as usize).copied().unwrap_or(0);
        let own = [
            (value::OPARG, piece.oparg.into()),
            (value::FEEDBACK, self.feedback),
            (value::NEXT, self.at(place.next)),
            (value::HOT, self.at(place.hot)),
            (value::COLD, self.at(place.cold)),
            (value::ERROR, error),
            (value::MISS, self.at(cold_start.wrapping_add(piece.miss))),
            (value::TARGET, self.at(target)),
        ];
        for (number, value) in own {
            self.values[usize::from(number)] = value;
        }
        self.feedback += 8 * u64::from(stencil.feedback);
        if stencil.needs != 0 {
            self.find_needs(piece, stencil.needs, place);
        }
    }

    fn put_constants(&mut self, piece: &Piece) {
        let mut constants = piece.constants;
        while constants != 0 {
            let index = constants.trailing_zeros() as usize;
            self.values[usize::from(value::INPUT) + index] = self.source.constant(piece.slots[index]);
            constants &= constants - 1;
        }
    }

    #[inline(always)]
    fn find_needs(&mut self, piece: &Piece, needed: u8, place: Place) {
        let info = &OPERATIONS[piece.operation as usize];
        let instr = &self.code.instrs()[piece.instr as usize];
        if needed & needs::IMMEDIATES != 0 {
            for (index, &meaning) in info.imms.iter().enumerate() {
                self.values[usize::from(value::IMMEDIATE) + index] =
                    i64::from(self.immediate(meaning, piece, instr)) as u64;
            }
        }
        if needed & needs::POINTERS != 0 {
            for (index, &meaning) in info.ptrs.iter().enumerate() {
                self.values[usize::from(value::POINTER) + index] = self.pointer(meaning, piece, instr, place);
            }
        }
        if needed & needs::INSTR != 0 {
            self.values[usize::from(value::INSTR)] = self.source.first_unit() + 2 * u64::from(instr.index);
        }
    }

    fn cache16(&self, instr: &Instr, unit: u8) -> u32 {
        self.code.input().units[instr.index as usize + usize::from(unit)].into()
    }

    /// Who owns the frames of the code, where it calls.
    fn frame_owner(&self) -> u8 {
        CodeKind::of(self.code.input().flags).frame_owner()
    }

    fn immediate(&self, meaning: Imm, piece: &Piece, instr: &Instr) -> i32 {
        let oparg = piece.oparg;
        match meaning {
            Imm::Oparg(shift) => (oparg >> shift) as i32,
            Imm::OpargMasked(mask) => (oparg & mask) as i32,
            Imm::OpargTimes8(add) => 8 * oparg as i32 + add,
            Imm::Cache16(unit) => self.cache16(instr, unit) as i32,
            Imm::Cache32(unit) => (self.cache16(instr, unit) | self.cache16(instr, unit + 1) << 16) as i32,
            Imm::Cache16Scaled(unit, scale, add) => self.cache16(instr, unit) as i32 * scale + add,
            Imm::FunctionField => whipsnake_ops::function_field(oparg),
            Imm::Seen => unreachable!("no stencil has it"),
            Imm::Depth => self.code.depth(piece.instr).unwrap_or(0) as i32,
            Imm::StackTop => (piece.base() - layout::frame::LOCALSPLUS) / 8,
            Imm::Length => (instr.next - instr.index) as i32,
            Imm::ReturnWord => (instr.next - instr.index) as i32 | i32::from(self.frame_owner()) << 16,
            Imm::TargetWord => {
                let units = self.code.instrs()[instr.target as usize].start - instr.index;
                units as i32 | i32::from(self.frame_owner()) << 16
            }
        }
    }

    fn pointer(&self, meaning: Ptr, piece: &Piece, instr: &Instr, place: Place) -> u64 {
        let unit = |unit: u32| self.source.first_unit() + 2 * u64::from(unit);
        match meaning {
            Ptr::Const => self.source.constant(piece.oparg),
            Ptr::Cache16(at) => self.cache16(instr, at).into(),
            Ptr::InstrAt(add) => unit(instr.index + u32::from(add)),
            Ptr::NextInstr => unit(instr.next),
            Ptr::NextCode => self.to.run + u64::from(place.next),
            Ptr::Counter => self.to.counters + 8 * u64::from(piece.oparg),
            Ptr::Stores => stores_after(self.code, piece.instr, piece.oparg).map_or(0, |found| found.stores.0),
            Ptr::TargetInstr => unit(self.code.instrs()[instr.target as usize].start),
            other => self.source.pointer(other, instr, piece.oparg),
        }
    }
}
