//! Linking: copying the planned stencils and filling their holes.
//!
//! Layout: the hot parts in order, each falling through to the next; then the hot pieces' cold parts; then the cold pieces (miss
//! paths), each with a jump back where it does not fall through; then their cold parts.

use crate::library::{BLOB, HOLES, Hole, HoleKind, OPERATIONS, OperationInfo, STENCILS, Stencil};
use crate::plan::{Input, Label, Piece, Plan};
use whipsnake_bytecode::{Code, Instr};
use whipsnake_cpython::{layout, opcode as op};
use whipsnake_ir::{Continuation, abi};
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

/// Addresses that machine code refers to.
#[derive(Clone, Debug)]
pub struct Addresses {
    /// By helper number.
    pub helpers: Vec<u64>,
    /// By global number.
    pub globals: Vec<u64>,
    /// By continuation number; only those that leave the code object are used.
    pub continuations: [u64; Continuation::ALL.len()],
}

/// Where code is written, and what it belongs to.
#[derive(Clone, Copy, Debug)]
pub struct Destination {
    /// Where to write.
    pub write: *mut u8,
    /// Where the code will run.
    pub run: u64,
    /// The compiled code's own data, for the `CODE` pointer.
    pub code_data: u64,
    /// The first feedback cell.
    pub feedback: u64,
    /// The first counter; not used unless the plan [counts](crate::Baseline::set_counting).
    pub counters: u64,
}

/// Offsets of everything, computed before anything is written.
#[derive(Default)]
pub(crate) struct Layout {
    /// Start of each hot piece, and the end of the last.
    hot: Vec<u32>,
    /// Start of each hot piece's cold part.
    hot_cold: Vec<u32>,
    /// Start of each cold piece.
    cold: Vec<u32>,
    /// Start of each cold piece's cold part.
    cold_cold: Vec<u32>,
    /// Size of everything.
    pub size: u32,
    /// How many feedback cells there are.
    pub cells: u32,
}

const JUMP_LEN: u32 = 5;

/// Unused bytes in front, so that no offset of code is 0.
const PREFIX: u32 = 16;

fn stencil_of(piece: &Piece) -> &'static Stencil {
    &STENCILS[piece.stencil as usize]
}

impl Layout {
    pub(crate) fn make(&mut self, plan: &Plan) {
        let mut at = PREFIX;
        self.cells = 0;
        self.hot.clear();
        self.hot_cold.clear();
        self.cold.clear();
        self.cold_cold.clear();
        for piece in &plan.hot {
            self.hot.push(at);
            at += u32::from(stencil_of(piece).hot_len);
            self.cells += u32::from(OPERATIONS[piece.operation as usize].feedback);
        }
        self.hot.push(at);
        for piece in &plan.hot {
            self.hot_cold.push(at);
            at += u32::from(stencil_of(piece).cold_len);
        }
        for piece in &plan.cold {
            self.cold.push(at);
            at += u32::from(stencil_of(piece).hot_len);
            if piece.next != Label::None {
                at += JUMP_LEN;
            }
            self.cells += u32::from(OPERATIONS[piece.operation as usize].feedback);
        }
        for piece in &plan.cold {
            self.cold_cold.push(at);
            at += u32::from(stencil_of(piece).cold_len);
        }
        self.size = at;
    }

    /// The offset of a label; `None` for one outside this code.
    pub(crate) fn offset(&self, plan: &Plan, label: Label) -> Option<u32> {
        match label {
            Label::Instr(instr) => Some(self.hot[plan.first[instr as usize] as usize]),
            Label::Hot(piece) => Some(self.hot[piece as usize]),
            Label::Cold(piece) => Some(self.cold[piece as usize]),
            Label::Error | Label::None => None,
        }
    }
}

/// Bytes that copying in chunks may write beyond the end; the destination must have them.
pub const SLACK: usize = 32;

/// Writes a plan.
pub(crate) struct Emitter<'e, S> {
    pub plan: &'e Plan,
    pub layout: &'e Layout,
    pub code: &'e Code<'e>,
    pub addresses: &'e Addresses,
    pub source: &'e S,
    pub to: Destination,
}

/// Where the parts of the piece being written are.
#[derive(Clone, Copy)]
struct Place {
    hot: u32,
    cold: u32,
    /// Where `next` is.
    next: u32,
    cell: u32,
}

impl<S: Source> Emitter<'_, S> {
    /// Copies every part and fills every hole.
    ///
    /// # Safety
    /// `to.write` must have room for the layout's size and [`SLACK`].
    pub(crate) unsafe fn run(&self) {
        let mut cell = 0;
        // SAFETY: each part lies within the layout's size, and copies overrun by less than the slack; parts are written in ascending order
        // within each of the four regions, so an overrun is overwritten by what belongs there.
        unsafe {
            self.to.write.write_bytes(0xcc, PREFIX as usize);
            for (index, piece) in self.plan.hot.iter().enumerate() {
                let stencil = stencil_of(piece);
                self.copy(stencil.hot, self.layout.hot[index], stencil.hot_len);
            }
            for (index, piece) in self.plan.hot.iter().enumerate() {
                let stencil = stencil_of(piece);
                self.copy(stencil.cold, self.layout.hot_cold[index], stencil.cold_len);
            }
            for (index, piece) in self.plan.cold.iter().enumerate() {
                let stencil = stencil_of(piece);
                self.copy(stencil.hot, self.layout.cold[index], stencil.hot_len);
                if piece.next != Label::None {
                    self.jump(self.layout.cold[index] + u32::from(stencil.hot_len), piece.next);
                }
            }
            for (index, piece) in self.plan.cold.iter().enumerate() {
                let stencil = stencil_of(piece);
                self.copy(stencil.cold, self.layout.cold_cold[index], stencil.cold_len);
            }
            for (index, piece) in self.plan.hot.iter().enumerate() {
                let (hot, cold, next) =
                    (self.layout.hot[index], self.layout.hot_cold[index], self.layout.hot[index + 1]);
                cell += self.fill(piece, Place { hot, cold, next, cell });
            }
            for (index, piece) in self.plan.cold.iter().enumerate() {
                let (hot, cold) = (self.layout.cold[index], self.layout.cold_cold[index]);
                let next = hot + u32::from(stencil_of(piece).hot_len);
                cell += self.fill(piece, Place { hot, cold, next, cell });
            }
        }
    }

    /// Copies in chunks of 16 bytes.
    unsafe fn copy(&self, from: u32, to: u32, len: u16) {
        let (from, to) = (BLOB.as_ptr().wrapping_add(from as usize), self.to.write.wrapping_add(to as usize));
        let mut done = 0;
        while done < usize::from(len) {
            // SAFETY: the blob is padded by a chunk, and so is the destination.
            unsafe {
                to.add(done).cast::<[u64; 2]>().write_unaligned(from.add(done).cast::<[u64; 2]>().read_unaligned())
            };
            done += 16;
        }
    }

    unsafe fn jump(&self, at: u32, to: Label) {
        // SAFETY: the layout left room for the jump.
        unsafe {
            self.to.write.add(at as usize).write(0xe9);
            self.write_relative(at + 1, self.address(to));
        }
    }

    fn address(&self, label: Label) -> u64 {
        match self.layout.offset(self.plan, label) {
            Some(offset) => self.to.run + u64::from(offset),
            None => self.addresses.continuations[Continuation::Error as usize],
        }
    }

    unsafe fn write32(&self, at: u32, value: i32) {
        // SAFETY: `at` is a hole of a part that was copied.
        unsafe { self.to.write.add(at as usize).cast::<i32>().write_unaligned(value) };
    }

    unsafe fn write64(&self, at: u32, value: u64) {
        // SAFETY: as above.
        unsafe { self.to.write.add(at as usize).cast::<u64>().write_unaligned(value) };
    }

    /// Writes the displacement of `target` from the end of the field at `at`.
    unsafe fn write_relative(&self, at: u32, target: u64) {
        let from = self.to.run + u64::from(at) + 4;
        let distance = target.wrapping_sub(from) as i64;
        debug_assert_eq!(distance, i64::from(distance as i32), "code and its target are within 2 GiB");
        // SAFETY: the caller's.
        unsafe { self.write32(at, distance as i32) };
    }

    /// Fills a piece's holes; says how many feedback cells it took.
    unsafe fn fill(&self, piece: &Piece, place: Place) -> u32 {
        let stencil = stencil_of(piece);
        let info = &OPERATIONS[piece.operation as usize];
        let instr = &self.code.instrs()[piece.instr as usize];
        let holes = stencil.holes as usize;
        let (hot, cold) = (usize::from(stencil.hot_holes), usize::from(stencil.cold_holes));
        // SAFETY: holes lie within their parts, which were copied.
        unsafe {
            for hole in &HOLES[holes..holes + hot] {
                self.fill_hole(hole, place.hot, piece, info, instr, place);
            }
            for hole in &HOLES[holes + hot..holes + hot + cold] {
                self.fill_hole(hole, place.cold, piece, info, instr, place);
            }
        }
        u32::from(info.feedback)
    }

    #[inline]
    unsafe fn fill_hole(
        &self,
        hole: &Hole,
        part: u32,
        piece: &Piece,
        info: &OperationInfo,
        instr: &Instr,
        place: Place,
    ) {
        let at = part + u32::from(hole.offset);
        // SAFETY: the caller's.
        unsafe {
            match hole.kind {
                HoleKind::Operand => {
                    self.write32(at, self.operand(hole.index, piece, info, instr).wrapping_add(hole.addend))
                }
                HoleKind::Helper => self.write_relative(at, self.addresses.helpers[hole.index as usize]),
                HoleKind::Global => {
                    self.write64(
                        at,
                        self.addresses.globals[hole.index as usize].wrapping_add_signed(hole.addend.into()),
                    );
                }
                HoleKind::Pointer => {
                    let value = self.pointer(hole.index, piece, info, instr, place);
                    self.write64(at, value.wrapping_add_signed(hole.addend.into()));
                }
                HoleKind::ToHot => self.write_relative(at, self.to.run + u64::from(place.hot) + hole.addend as u64),
                HoleKind::ToCold => self.write_relative(at, self.to.run + u64::from(place.cold) + hole.addend as u64),
                HoleKind::Cont => self.write_relative(at, self.continuation(hole.index, piece, place)),
            }
        }
    }

    fn continuation(&self, index: u8, piece: &Piece, place: Place) -> u64 {
        match Continuation::ALL[index as usize] {
            Continuation::Next => self.to.run + u64::from(place.next),
            Continuation::Target => self.address(piece.target),
            Continuation::Miss => self.address(piece.miss),
            Continuation::Error => self.address(piece.error),
            other => self.addresses.continuations[other as usize],
        }
    }

    fn operand(&self, index: u8, piece: &Piece, info: &OperationInfo, instr: &Instr) -> i32 {
        use abi::operand::{BASE, INPUT, LOCAL, OUTPUT, PARAM};
        match index {
            INPUT..OUTPUT => match piece.inputs[usize::from(index - INPUT)] {
                Input::Slot(displacement) => displacement,
                Input::Const(_) => unreachable!("a constant input has no displacement"),
            },
            OUTPUT..LOCAL => piece.output + 8 * i32::from(index - OUTPUT),
            LOCAL => piece.place,
            BASE => piece.base,
            _ => self.immediate(info.imms[usize::from(index - PARAM)], piece, instr),
        }
    }

    fn cache16(&self, instr: &Instr, unit: u8) -> u32 {
        self.code.input().units[instr.index as usize + usize::from(unit)].into()
    }

    /// Who owns the frames of the code, where it calls.
    fn frame_owner(&self) -> u8 {
        use layout::code::{CO_ASYNC_GENERATOR, CO_COROUTINE, CO_GENERATOR};
        use layout::frame::{OWNED_BY_GENERATOR, OWNED_BY_THREAD};
        let generator = self.code.input().flags & (CO_GENERATOR | CO_COROUTINE | CO_ASYNC_GENERATOR) != 0;
        if generator { OWNED_BY_GENERATOR } else { OWNED_BY_THREAD }
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
            Imm::FunctionField => match oparg {
                op::operand::MAKE_FUNCTION_DEFAULTS => layout::function::DEFAULTS,
                op::operand::MAKE_FUNCTION_KWDEFAULTS => layout::function::KWDEFAULTS,
                op::operand::MAKE_FUNCTION_ANNOTATIONS => layout::function::ANNOTATIONS,
                _ => layout::function::CLOSURE,
            },
            Imm::Depth => self.code.depth(piece.instr).unwrap_or(0) as i32,
            Imm::StackTop => (piece.base - layout::frame::LOCALSPLUS) / 8,
            Imm::Length => (instr.next - instr.index) as i32,
            Imm::ReturnWord => (instr.next - instr.index) as i32 | i32::from(self.frame_owner()) << 16,
            Imm::TargetWord => {
                let units = self.code.instrs()[instr.target as usize].start - instr.index;
                units as i32 | i32::from(self.frame_owner()) << 16
            }
        }
    }

    fn pointer(&self, index: u8, piece: &Piece, info: &OperationInfo, instr: &Instr, place: Place) -> u64 {
        use abi::pointer::{CODE, CONST_INPUT, FEEDBACK, INSTR};
        let unit = |unit: u32| self.source.first_unit() + 2 * u64::from(unit);
        match index {
            INSTR => unit(instr.index),
            CODE => self.to.code_data,
            FEEDBACK => self.to.feedback + u64::from(place.cell) * 8 * abi::FEEDBACK_WORDS as u64,
            CONST_INPUT..INSTR => match piece.inputs[usize::from(index - CONST_INPUT)] {
                Input::Const(number) => self.source.constant(number),
                Input::Slot(_) => unreachable!("an input in a slot has no constant"),
            },
            _ => match info.ptrs[usize::from(index)] {
                Ptr::Const => self.source.constant(piece.oparg),
                Ptr::Cache16(at) => self.cache16(instr, at).into(),
                Ptr::InstrAt(add) => unit(instr.index + u32::from(add)),
                Ptr::NextInstr => unit(instr.next),
                Ptr::NextCode => self.to.run + u64::from(place.next),
                Ptr::Counter => self.to.counters + 8 * u64::from(piece.oparg),
                Ptr::TargetInstr => unit(self.code.instrs()[instr.target as usize].start),
                other => self.source.pointer(other, instr, piece.oparg),
            },
        }
    }
}

impl Layout {
    /// What machine code belongs to which instruction, in order of address.
    pub(crate) fn spans(&self, plan: &Plan, code: &Code<'_>) -> Vec<crate::Span> {
        let span = |piece: &Piece, offset: u32, len: u32, cold| crate::Span {
            offset,
            len,
            unit: code.instrs()[piece.instr as usize].start,
            operation: OPERATIONS[piece.operation as usize].name,
            cold,
        };
        let hot = plan.hot.iter().zip(&self.hot).map(|(p, &at)| span(p, at, stencil_of(p).hot_len.into(), false));
        let hot_cold =
            plan.hot.iter().zip(&self.hot_cold).map(|(p, &at)| span(p, at, stencil_of(p).cold_len.into(), true));
        let cold = plan.cold.iter().zip(&self.cold).map(|(p, &at)| {
            let jump = if p.next == Label::None { 0 } else { JUMP_LEN };
            span(p, at, u32::from(stencil_of(p).hot_len) + jump, true)
        });
        let cold_cold =
            plan.cold.iter().zip(&self.cold_cold).map(|(p, &at)| span(p, at, stencil_of(p).cold_len.into(), true));
        hot.chain(hot_cold).chain(cold).chain(cold_cold).filter(|s| s.len > 0).collect()
    }
}
