//! Linking: copying the planned stencils and filling their holes.

use crate::layout::{JUMP_LEN, Layout, PREFIX, Place, stencil_of};
use crate::library::{BLOB, HOLES, Hole, Stencil, value};
use crate::operands::{Addresses, Source, Values};
use crate::plan::{Label, Piece, Plan};
use whipsnake_bytecode::Code;
use whipsnake_ir::Continuation;

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
    pub values: Values,
    /// Where the next feedback cell is.
    pub feedback: u64,
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
    pub(crate) fn address(&self, label: Label) -> u64 {
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
}
