//! Linking: copying the planned stencils and filling their holes.
//!
//! Layout: the hot parts in order, each falling through to the next; then the hot pieces' cold parts; then the cold pieces (miss
//! paths), each with a jump back where it does not fall through; then their cold parts.

use crate::library::{BLOB, HOLES, Hole, OPERATIONS, STENCILS, Stencil, value};
use crate::plan::{Label, Piece, Plan};
use crate::stores::stores_after;
use whipsnake_bytecode::{Code, Instr};
use whipsnake_cpython::{layout, opcode as op};
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

/// Addresses that machine code refers to.
#[derive(Clone, Debug)]
pub struct Addresses {
    /// By number of [`value`]; zeros for those that are not shared.
    values: Box<Values>,
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

    fn continuation(&self, continuation: Continuation) -> u64 {
        self.values[usize::from(value::CONTINUATION) + continuation as usize]
    }
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
    /// Start of each hot piece's cold part, from the first of them.
    hot_cold: Vec<u32>,
    /// Start of each cold piece, from the first of them.
    cold: Vec<u32>,
    /// Start of each cold piece's cold part, from the first of them.
    cold_cold: Vec<u32>,
    /// Where those parts begin.
    hot_cold_start: u32,
    cold_start: u32,
    cold_cold_start: u32,
    /// Size of everything.
    pub size: u32,
    /// Words of feedback cells.
    pub feedback_words: u32,
}

const JUMP_LEN: u32 = 5;

/// Unused bytes in front, so that no offset of code is 0.
const PREFIX: u32 = 16;

fn stencil_of(piece: &Piece) -> &'static Stencil {
    &STENCILS[piece.stencil as usize]
}

impl Layout {
    pub(crate) fn make(&mut self, plan: &Plan) {
        let mut words = 0;
        let (mut hot, mut cold) = (PREFIX, 0);
        self.hot.clear();
        self.hot_cold.clear();
        for piece in &plan.hot {
            let stencil = stencil_of(piece);
            self.hot.push(hot);
            self.hot_cold.push(cold);
            hot += u32::from(stencil.hot_len);
            cold += u32::from(stencil.cold_len);
            words += u32::from(OPERATIONS[piece.operation as usize].feedback);
        }
        self.hot.push(hot);
        self.hot_cold_start = hot;
        self.cold_start = hot + cold;
        let (mut hot, mut cold) = (0, 0);
        self.cold.clear();
        self.cold_cold.clear();
        for piece in &plan.cold {
            let stencil = stencil_of(piece);
            self.cold.push(hot);
            self.cold_cold.push(cold);
            hot += u32::from(stencil.hot_len) + if piece.next == Label::None { 0 } else { JUMP_LEN };
            cold += u32::from(stencil.cold_len);
            words += u32::from(OPERATIONS[piece.operation as usize].feedback);
        }
        self.cold_cold_start = self.cold_start + hot;
        self.size = self.cold_cold_start + cold;
        self.feedback_words = words;
    }

    /// The offset of a label; `None` for one outside this code.
    #[inline]
    pub(crate) fn offset(&self, plan: &Plan, label: Label) -> Option<u32> {
        match label {
            Label::Instr(instr) => Some(self.hot[plan.first[instr as usize] as usize]),
            Label::Hot(piece) => Some(self.hot[piece as usize]),
            Label::Cold(piece) => Some(self.cold_start + self.cold[piece as usize]),
            Label::Error | Label::None => None,
        }
    }

    /// Where the parts of a hot piece are.
    #[inline]
    fn of_hot(&self, index: usize) -> Place {
        let (hot, cold) = (self.hot[index], self.hot_cold_start + self.hot_cold[index]);
        Place { hot, cold, next: self.hot[index + 1] }
    }

    /// Where the parts of a cold piece are.
    #[inline]
    fn of_cold(&self, index: usize, hot_len: u16) -> Place {
        let (hot, cold) = (self.cold_start + self.cold[index], self.cold_cold_start + self.cold_cold[index]);
        Place { hot, cold, next: hot + u32::from(hot_len) }
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
    /// What holes are filled with, by number: see [`value`].
    values: Values,
    /// Where the next feedback cell is.
    feedback: u64,
}

type Values = [u64; value::COUNT];

/// Where the parts of the piece being written are.
#[derive(Clone, Copy)]
struct Place {
    hot: u32,
    cold: u32,
    /// Where `next` is.
    next: u32,
}

impl<'e, S: Source> Emitter<'e, S> {
    pub(crate) fn new(
        plan: &'e Plan,
        layout: &'e Layout,
        code: &'e Code<'e>,
        addresses: &'e Addresses,
        source: &'e S,
        to: Destination,
    ) -> Emitter<'e, S> {
        let mut values = *addresses.values;
        values[usize::from(value::CODE)] = to.code_data;
        Emitter { plan, layout, code, addresses, source, to, values, feedback: to.feedback }
    }

    /// Copies every part and fills every hole.
    ///
    /// # Safety
    /// `to.write` must have room for the layout's size and [`SLACK`].
    pub(crate) unsafe fn run(mut self) {
        let (plan, layout) = (self.plan, self.layout);
        // SAFETY: each part lies within the layout's size, and copies overrun by less than the slack; parts are written in ascending order, but
        // for the two parts of a piece, and a part's holes are filled when what comes before it is written: an overrun is overwritten by what belongs there.
        unsafe {
            self.to.write.write_bytes(0xcc, PREFIX as usize);
            for (piece, &at) in plan.hot.iter().zip(&layout.hot) {
                let stencil = stencil_of(piece);
                self.copy(stencil.hot, at, stencil.hot_len);
            }
            for (index, piece) in plan.hot.iter().enumerate() {
                let (stencil, place) = (stencil_of(piece), layout.of_hot(index));
                self.copy(stencil.cold, place.cold, stencil.cold_len);
                self.fill(piece, stencil, place);
            }
            for (index, piece) in plan.cold.iter().enumerate() {
                let stencil = stencil_of(piece);
                let place = layout.of_cold(index, stencil.hot_len);
                self.copy(stencil.hot, place.hot, stencil.hot_len);
                if piece.next != Label::None {
                    self.jump(place.next, piece.next);
                }
            }
            for (index, piece) in plan.cold.iter().enumerate() {
                let stencil = stencil_of(piece);
                let place = layout.of_cold(index, stencil.hot_len);
                self.copy(stencil.cold, place.cold, stencil.cold_len);
                self.fill(piece, stencil, place);
            }
        }
    }

    /// Copies in chunks of 32 bytes.
    #[inline]
    unsafe fn copy(&self, from: u32, to: u32, len: u16) {
        let (from, to) = (BLOB.as_ptr().wrapping_add(from as usize), self.to.write.wrapping_add(to as usize));
        let mut done = 0;
        while done < usize::from(len) {
            // SAFETY: the blob is padded by a chunk, and so is the destination.
            unsafe {
                to.add(done).cast::<[u64; 4]>().write_unaligned(from.add(done).cast::<[u64; 4]>().read_unaligned())
            };
            done += 32;
        }
    }

    unsafe fn jump(&self, at: u32, to: Label) {
        let distance = self.address(to).wrapping_sub(self.to.run + u64::from(at + JUMP_LEN));
        // SAFETY: the layout left room for the jump.
        unsafe {
            let at = self.to.write.add(at as usize);
            at.write(0xe9);
            at.add(1).cast::<u32>().write_unaligned(distance as u32);
        }
    }

    #[inline]
    fn address(&self, label: Label) -> u64 {
        match self.layout.offset(self.plan, label) {
            Some(offset) => self.to.run + u64::from(offset),
            None => self.addresses.continuation(Continuation::Error),
        }
    }

    /// Fills a piece's holes.
    #[inline]
    unsafe fn fill(&mut self, piece: &Piece, stencil: &Stencil, place: Place) {
        self.evaluate(piece, place);
        // By the two flags of a hole: what its offset counts from, and what is taken off its value.
        let write = self.to.write;
        let (hot, cold) = (write.wrapping_add(place.hot as usize), write.wrapping_add(place.cold as usize));
        let parts = [hot, cold, hot, cold];
        let run = |offset: u32| self.to.run + u64::from(offset);
        let from = [0, 0, run(place.hot), run(place.cold)];
        let first = stencil.holes as usize;
        let wide = first + usize::from(stencil.narrow);
        let filling = |hole: &Hole| {
            self.values[usize::from(hole.value & Hole::VALUE)].wrapping_add_signed(i64::from(hole.addend))
        };
        // SAFETY: holes lie within their parts, which were copied; the flags are two bits.
        unsafe {
            for hole in HOLES.get_unchecked(first..wide) {
                let flags = usize::from(hole.value >> Hole::FLAGS);
                let number = filling(hole).wrapping_sub(from[flags]) as i64;
                debug_assert_eq!(number, i64::from(number as i32), "operands and distances fit 32 bits");
                parts[flags].add(usize::from(hole.offset)).cast::<i32>().write_unaligned(number as i32);
            }
            for hole in HOLES.get_unchecked(wide..wide + usize::from(stencil.wide)) {
                let flags = usize::from(hole.value >> Hole::FLAGS);
                parts[flags].add(usize::from(hole.offset)).cast::<u64>().write_unaligned(filling(hole));
            }
        }
    }

    /// Sets a piece's own values.
    #[inline]
    fn evaluate(&mut self, piece: &Piece, place: Place) {
        let info = &OPERATIONS[piece.operation as usize];
        let instr = &self.code.instrs()[piece.instr as usize];
        for (index, &place) in piece.inputs.places.iter().enumerate() {
            self.values[usize::from(value::INPUT) + index] = i64::from(place) as u64;
        }
        let mut constants = piece.inputs.constants;
        while constants != 0 {
            let index = constants.trailing_zeros() as usize;
            let number = piece.inputs.places[index] as u32;
            self.values[usize::from(value::INPUT) + index] = self.source.constant(number);
            constants &= constants - 1;
        }
        let here = |offset: u32| self.to.run + u64::from(offset);
        let address = self.source.first_unit() + 2 * u64::from(instr.index);
        let own: [(u16, u64); 8] = [
            (value::OUTPUT, i64::from(piece.output) as u64),
            (value::PLACE, i64::from(piece.place) as u64),
            (value::BASE, i64::from(piece.base) as u64),
            (value::INSTR, address),
            (value::INSTR_LOW, i64::from(address as i32) as u64),
            (value::NEXT, here(place.next)),
            (value::HOT, here(place.hot)),
            (value::COLD, here(place.cold)),
        ];
        for (number, value) in own {
            self.values[usize::from(number)] = value;
        }
        if info.jumps {
            self.values[usize::from(value::TARGET)] = self.address(piece.target);
        }
        if info.misses {
            self.values[usize::from(value::MISS)] = self.address(piece.miss);
        }
        if info.errors {
            self.values[usize::from(value::ERROR)] = self.address(piece.error);
        }
        if info.feedback != 0 {
            self.values[usize::from(value::FEEDBACK)] = self.feedback;
            self.feedback += 8 * u64::from(info.feedback);
        }
        for (index, &meaning) in info.imms.iter().enumerate() {
            self.values[usize::from(value::IMMEDIATE) + index] =
                i64::from(self.immediate(meaning, piece, instr)) as u64;
        }
        for (index, &meaning) in info.ptrs.iter().enumerate() {
            self.values[usize::from(value::POINTER) + index] = self.pointer(meaning, piece, instr, place);
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
        let whole = |piece: &Piece| u32::from(stencil_of(piece).hot_len);
        let cold_len = |piece: &Piece| u32::from(stencil_of(piece).cold_len);
        let hot = plan.hot.iter().zip(&self.hot).map(|(p, &at)| span(p, at, whole(p), false));
        let hot_cold =
            plan.hot.iter().zip(&self.hot_cold).map(|(p, &at)| span(p, self.hot_cold_start + at, cold_len(p), true));
        let cold = plan.cold.iter().zip(&self.cold).map(|(p, &at)| {
            let jump = if p.next == Label::None { 0 } else { JUMP_LEN };
            span(p, self.cold_start + at, whole(p) + jump, true)
        });
        let cold_cold =
            plan.cold.iter().zip(&self.cold_cold).map(|(p, &at)| span(p, self.cold_cold_start + at, cold_len(p), true));
        hot.chain(hot_cold).chain(cold).chain(cold_cold).filter(|s| s.len > 0).collect()
    }
}
