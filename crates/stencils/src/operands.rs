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

/// What holes are filled with, by number of [`value`].
pub(crate) struct Values {
    /// For holes of 32 bits: numbers, and the low halves of addresses, which are all that a distance is made of.
    pub narrow: [u32; value::COUNT],
    /// For holes of 64 bits.
    pub wide: [u64; value::COUNT],
}

impl Values {
    fn new(shared: &[u64; value::COUNT]) -> Values {
        Values { narrow: shared.map(|value| value as u32), wide: *shared }
    }

    #[inline(always)]
    pub fn set(&mut self, number: u16, value: u32) {
        self.narrow[usize::from(number)] = value;
    }

    #[inline(always)]
    pub fn set_wide(&mut self, number: usize, value: u64) {
        self.wide[number] = value;
    }
}

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
        self.values.get_or_insert_with(|| Box::new(Values::new(shared)))
    }
}

/// Addresses that machine code refers to.
#[derive(Clone, Debug)]
pub struct Addresses {
    /// By number of [`value`]; zeros for those that are not shared.
    pub(crate) values: Box<[u64; value::COUNT]>,
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

    /// Whether code of so many bytes at an address reaches everything that it jumps to and calls with 32 bits.
    pub(crate) fn are_near(&self, run: u64, size: u32) -> bool {
        let reached = self.values[usize::from(value::CONTINUATION)..usize::from(value::GLOBAL)]
            .iter()
            .chain(&self.values[usize::from(value::HELPER)..])
            .filter(|address| **address != 0);
        reached.copied().all(|address| {
            [run, run + u64::from(size)].iter().all(|&end| i32::try_from(address.wrapping_sub(end) as i64).is_ok())
        })
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

impl Emitter<'_> {
    /// Sets a piece's own values. Whether any hole takes a value is asked only where it takes long to find: a wrongly foreseen answer is dearer than a value
    /// for nobody.
    #[inline(always)]
    pub(crate) fn evaluate(&mut self, piece: &Piece, stencil: &Stencil, place: Place) {
        // What is read of the emitter is read first, and written at once: for all that is known here, values may lie anywhere.
        let (run, cold_start, units, feedback) = (self.to.run, self.cold_start, self.units, self.feedback);
        let low = |offset: u32| (run as u32).wrapping_add(offset);
        let error = if piece.error == NOWHERE { self.error } else { low(cold_start + piece.error) };
        let target = low(self.plan.first(piece.target));
        self.feedback = feedback + 8 * u64::from(stencil.feedback);
        let Values { narrow, wide } = &mut *self.values;
        narrow[..Piece::SLOTS].copy_from_slice(&piece.slots);
        narrow[usize::from(value::INSTR_LOW)] = piece.slots[usize::from(value::INSTR_LOW)].wrapping_add(units);
        narrow[usize::from(value::OPARG)] = piece.oparg;
        narrow[usize::from(value::NEXT)] = low(place.next);
        narrow[usize::from(value::HOT)] = low(place.hot);
        narrow[usize::from(value::COLD)] = low(place.cold);
        narrow[usize::from(value::ERROR)] = error;
        narrow[usize::from(value::MISS)] = low(cold_start.wrapping_add(piece.miss));
        narrow[usize::from(value::TARGET)] = target;
        wide[usize::from(value::NEXT)] = run + u64::from(place.next);
        wide[usize::from(value::FEEDBACK)] = feedback;
        if piece.constants != 0 {
            self.put_constants(piece);
        }
        if stencil.needs != 0 {
            self.find_needs(piece, stencil.needs, place);
        }
    }

    #[inline(never)]
    fn put_constants(&mut self, piece: &Piece) {
        let mut constants = piece.constants;
        while constants != 0 {
            let index = constants.trailing_zeros() as usize;
            self.values.set_wide(usize::from(value::INPUT) + index, self.source.constant(piece.slots[index]));
            constants &= constants - 1;
        }
    }

    #[inline(never)]
    fn find_needs(&mut self, piece: &Piece, needed: u8, place: Place) {
        let info = &OPERATIONS[piece.operation as usize];
        let instr = &self.code.instrs()[piece.instr as usize];
        if needed & needs::IMMEDIATES != 0 {
            for (number, &meaning) in (value::IMMEDIATE..).zip(info.imms) {
                let immediate = self.immediate(meaning, piece, instr);
                self.values.set(number, immediate as u32);
            }
        }
        if needed & needs::POINTERS != 0 {
            for (number, &meaning) in (usize::from(value::POINTER)..).zip(info.ptrs) {
                let pointer = self.pointer(meaning, piece, instr, place);
                self.values.set_wide(number, pointer);
            }
        }
        if needed & needs::INSTR != 0 {
            self.values.set_wide(value::INSTR.into(), self.source.first_unit() + 2 * u64::from(instr.index));
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
