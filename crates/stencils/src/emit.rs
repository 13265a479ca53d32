//! Linking: copying the planned stencils and filling their holes.

use crate::library::{BLOB, HOLES, Hole, NARROW_GROUP, Stencil, WIDE_GROUP, value};
use crate::operands::{Addresses, Source, Values};
use crate::plan::{JUMP_LEN, Next, PREFIX, Piece, Plan};
use whipsnake_bytecode::Code;
use whipsnake_cpython::CodeKind;
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

/// Copies are made in chunks of so many bytes.
const CHUNK: usize = 64;

/// At least so many chunks of a hot part are copied: few are longer, and what is no question is not answered wrongly.
const HOT_CHUNKS: usize = 2;

/// Bytes that copying in chunks may write beyond the end; the destination must have them.
pub const SLACK: usize = HOT_CHUNKS * CHUNK;

/// Writes a plan.
pub(crate) struct Emitter<'e> {
    pub plan: &'e Plan,
    pub code: &'e Code<'e>,
    pub source: &'e dyn Source,
    pub to: Destination,
    /// What holes are filled with.
    pub values: &'e mut Values,
    /// Where the next feedback cell is.
    pub feedback: u64,
    /// Where the cold pieces begin.
    pub cold_start: u32,
    /// The low half of the address of the first code unit.
    pub units: u32,
    /// The low half of the address where errors go.
    pub error: u32,
}

/// Where the parts of the piece being written are.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    pub hot: u32,
    pub cold: u32,
    /// Where `next` is: after the hot part, or where the result is received.
    pub next: u32,
}

/// Bytes of the hot part of a piece, and of the jump after it, which only cold pieces have.
#[inline(always)]
fn length<const COLD: bool>(piece: &Piece, stencil: &Stencil) -> u32 {
    if COLD { piece.len() } else { stencil.hot_len.into() }
}

impl<'e> Emitter<'e> {
    pub(crate) fn new(
        plan: &'e Plan,
        code: &'e Code<'e>,
        addresses: &'e Addresses,
        values: &'e mut Values,
        source: &'e dyn Source,
        to: Destination,
    ) -> Emitter<'e> {
        debug_assert!(addresses.are_near(to.run, plan.size()), "distances fit 32 bits");
        values.set_wide(value::CODE.into(), to.code_data);
        values.set(value::ZERO, 0);
        values.set(value::OWNER, u32::from(CodeKind::of(code.input().flags).frame_owner()) << 16);
        let units = source.first_unit() as u32;
        let error = addresses.continuation(Continuation::Error) as u32;
        Emitter { plan, code, source, to, values, feedback: to.feedback, cold_start: plan.cold_start(), units, error }
    }

    /// Copies every part and fills every hole.
    ///
    /// # Safety
    /// `to.write` must have room for the plan's size and [`SLACK`].
    pub(crate) unsafe fn run(self) {
        // SAFETY: the caller's; the processor has what is asked for.
        unsafe {
            #[cfg(target_arch = "x86_64")]
            if std::arch::is_x86_feature_detected!("avx2") {
                return self.run_with_avx2();
            }
            self.write();
        }
    }

    /// The same with wide registers, which is what copying and spreading slots take most of their time for.
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2")]
    unsafe fn run_with_avx2(self) {
        // SAFETY: the caller's.
        unsafe { self.write() }
    }

    #[inline(always)]
    unsafe fn write(mut self) {
        let plan = self.plan;
        // SAFETY: each section lies within the plan's size. They are written in ascending order, so what is written beyond the end of one is
        // overwritten by what belongs there.
        unsafe {
            self.to.write.write_bytes(0xcc, PREFIX as usize);
            self.section::<false>(&plan.hot, PREFIX, plan.hot_cold_start(), plan.hot_end);
            let start = plan.cold_start();
            self.section::<true>(&plan.cold, start, plan.cold_cold_start(), start + plan.cold_len);
        }
    }

    /// Writes the hot parts of pieces, which start at `hot` and end at `end`, and their cold parts, which start at `cold` and may follow at once. Pieces may have
    /// a jump after them if they are `cold` ones.
    #[inline(always)]
    unsafe fn section<const COLD: bool>(&mut self, pieces: &[Piece], mut hot: u32, mut cold: u32, end: u32) {
        // What the copies of the last hot parts overrun is the first cold parts.
        let mut start_of_last = end;
        let reaches_over = |piece: &&Piece| {
            start_of_last -= piece.len();
            start_of_last + u32::from(piece.stencil().hot_len) + SLACK as u32 > end
        };
        let last = pieces.iter().rev().take_while(reaches_over).count();
        let (before, last) = pieces.split_at(pieces.len() - last);
        // SAFETY: each part lies within the plan's size, and copies overrun by less than the slack; hot parts are written in ascending order, and so
        // are cold ones, and a part's holes are filled when what comes before it is written: an overrun is overwritten by what belongs there.
        unsafe {
            for piece in before {
                let stencil = piece.stencil();
                self.copy_hot::<COLD>(piece, stencil, hot);
                self.fill(piece, stencil, hot, cold);
                hot += length::<COLD>(piece, stencil);
                cold += u32::from(stencil.cold_len);
            }
            let after = self.to.write.add(end as usize).cast::<[u8; SLACK]>();
            let kept = after.read();
            let mut at = hot;
            for piece in last {
                let stencil = piece.stencil();
                self.copy_hot::<COLD>(piece, stencil, at);
                at += length::<COLD>(piece, stencil);
            }
            after.write(kept);
            for piece in last {
                let stencil = piece.stencil();
                self.fill(piece, stencil, hot, cold);
                hot += length::<COLD>(piece, stencil);
                cold += u32::from(stencil.cold_len);
            }
        }
    }

    /// Copies the hot part of a piece, and makes the jump after it.
    #[inline(always)]
    unsafe fn copy_hot<const COLD: bool>(&self, piece: &Piece, stencil: &Stencil, at: u32) {
        // SAFETY: the caller's.
        unsafe {
            self.copy::<HOT_CHUNKS>(stencil.hot, at, stencil.hot_len);
            if COLD && piece.next != Next::Falls {
                self.jump(at + u32::from(stencil.hot_len), piece.next);
            }
        }
    }

    #[inline(always)]
    unsafe fn copy<const LEAST: usize>(&self, from: u32, to: u32, len: u16) {
        let (from, to) = (BLOB.as_ptr().wrapping_add(from as usize), self.to.write.wrapping_add(to as usize));
        let chunk = |at: usize| {
            // SAFETY: the blob is padded by as much as the least that is copied, and so is the destination.
            unsafe {
                to.add(at)
                    .cast::<[u64; CHUNK / 8]>()
                    .write_unaligned(from.add(at).cast::<[u64; CHUNK / 8]>().read_unaligned())
            };
        };
        (0..LEAST).for_each(|number| chunk(number * CHUNK));
        let mut done = LEAST * CHUNK;
        while done < usize::from(len) {
            chunk(done);
            done += CHUNK;
        }
    }

    unsafe fn jump(&self, at: u32, to: Next) {
        let to = match to {
            Next::Instr(instr) => self.low(self.plan.first(instr)),
            Next::Hot(offset) => self.low(offset),
            Next::Falls | Next::Error => self.error,
        };
        let distance = to.wrapping_sub(self.low(at + JUMP_LEN));
        // SAFETY: the plan left room for the jump.
        unsafe {
            let at = self.to.write.add(at as usize);
            at.write(0xe9);
            at.add(1).cast::<u32>().write_unaligned(distance);
        }
    }

    /// The low half of the address where an offset will run.
    #[inline(always)]
    pub(crate) fn low(&self, offset: u32) -> u32 {
        (self.to.run as u32).wrapping_add(offset)
    }

    /// Copies a piece's cold part and fills its holes.
    #[inline(always)]
    unsafe fn fill(&mut self, piece: &Piece, stencil: &Stencil, hot: u32, cold: u32) {
        let place = Place { hot, cold, next: hot + u32::from(stencil.hot_len) - u32::from(stencil.receive) };
        // Of a part without bytes a chunk is copied, too, in whose place comes the next.
        // SAFETY: the caller's.
        unsafe { self.copy::<1>(stencil.cold, cold, stencil.cold_len) };
        self.evaluate(piece, stencil, place);
        // By the two flags of a hole: what its offset counts from, and what is taken off its value.
        let write = self.to.write;
        let (hot, cold) = (write.wrapping_add(place.hot as usize), write.wrapping_add(place.cold as usize));
        let parts = [hot, cold, hot, cold];
        let from = [0, 0, self.low(place.hot), self.low(place.cold)];
        let values = &*self.values;
        let narrow = |hole: &Hole| {
            let flags = usize::from(hole.value >> Hole::FLAGS);
            // SAFETY: the flags are two bits.
            let (part, from) = unsafe { (*parts.get_unchecked(flags), *from.get_unchecked(flags)) };
            let value = values.narrow[usize::from(hole.value & Hole::VALUE)];
            let number = value.wrapping_add_signed(hole.addend).wrapping_sub(from);
            // SAFETY: holes lie within their parts, which were copied.
            unsafe { part.add(usize::from(hole.offset)).cast::<u32>().write_unaligned(number) };
        };
        let wide = |hole: &Hole| {
            let value = values.wide[usize::from(hole.value & Hole::VALUE)];
            // SAFETY: as above.
            unsafe {
                let part = *parts.get_unchecked(usize::from(hole.value >> Hole::FLAGS));
                part.add(usize::from(hole.offset))
                    .cast::<u64>()
                    .write_unaligned(value.wrapping_add_signed(hole.addend.into()));
            }
        };
        let mut hole = HOLES.as_ptr().wrapping_add(stencil.holes as usize);
        // SAFETY: a stencil's groups follow each other in the table.
        unsafe {
            for _ in 0..stencil.narrow {
                (*hole.cast::<[Hole; NARROW_GROUP]>()).iter().for_each(narrow);
                hole = hole.add(NARROW_GROUP);
            }
            for _ in 0..stencil.wide {
                (*hole.cast::<[Hole; WIDE_GROUP]>()).iter().for_each(wide);
                hole = hole.add(WIDE_GROUP);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Baseline;
    use whipsnake_bytecode::{CodeInput, Instr, LeaveOut};
    use whipsnake_cpython::opcode as op;
    use whipsnake_ops::Ptr;

    struct Nowhere;

    impl Source for Nowhere {
        fn pointer(&self, _: Ptr, _: &Instr, _: u32) -> u64 {
            0
        }
        fn constant(&self, _: u32) -> u64 {
            0
        }
        fn first_unit(&self) -> u64 {
            0
        }
    }

    /// `x = a + b` so many times, then a return.
    fn additions(count: usize) -> Vec<u16> {
        let mut units = vec![u16::from(op::RESUME)];
        for _ in 0..count {
            units.extend([op::LOAD_FAST, op::LOAD_FAST, op::BINARY_OP, op::CACHE, op::STORE_FAST].map(u16::from));
        }
        units.extend([op::LOAD_FAST, op::RETURN_VALUE].map(u16::from));
        units
    }

    /// A copied part: where it comes from in the blob, where it went, its length, and the bytes of it that holes fill.
    struct Part {
        from: usize,
        to: usize,
        len: usize,
        filled: Vec<usize>,
    }

    fn emitted(units: &[u16], filler: u8) -> (Vec<u8>, Vec<Part>) {
        let mut baseline = Baseline::new();
        let input = CodeInput { units, nlocalsplus: 1, stacksize: 2, ..CodeInput::default() };
        let mut planned = baseline.plan(input, LeaveOut::Nothing).expect("valid code");
        let mut bytes = vec![filler; planned.size() + SLACK];
        let to = Destination { write: bytes.as_mut_ptr(), run: 1 << 20, code_data: 0, feedback: 0, counters: 0 };
        // SAFETY: there is room for the code and the slack.
        unsafe { planned.emit(&Nowhere, &Addresses::new(&[], &[], &[]), to) };
        let plan = planned.plan;
        let sections =
            [(&plan.hot, PREFIX, plan.hot_cold_start()), (&plan.cold, plan.cold_start(), plan.cold_cold_start())];
        let mut parts = vec![];
        for (pieces, mut at, mut cold_at) in sections {
            for piece in pieces {
                let stencil = piece.stencil();
                let narrow = NARROW_GROUP * usize::from(stencil.narrow);
                let holes = &HOLES[stencil.holes as usize..][..narrow + WIDE_GROUP * usize::from(stencil.wide)];
                let of = |flag: u16| {
                    let filled = holes.iter().enumerate().filter(move |(_, hole)| hole.value & Hole::COLD == flag);
                    filled.flat_map(|(i, hole)| {
                        let len = if i < narrow { 4 } else { 8 };
                        usize::from(hole.offset)..usize::from(hole.offset) + len
                    })
                };
                let (hot, cold) = (at as usize, cold_at as usize);
                at += piece.len();
                cold_at += u32::from(stencil.cold_len);
                let (hot_len, cold_len) = (stencil.hot_len.into(), stencil.cold_len.into());
                parts.push(Part { from: stencil.hot as usize, to: hot, len: hot_len, filled: of(0).collect() });
                let filled = of(Hole::COLD).collect();
                parts.push(Part { from: stencil.cold as usize, to: cold, len: cold_len, filled });
            }
        }
        bytes.truncate(planned.size());
        (bytes, parts)
    }

    #[test]
    fn what_copies_overrun_is_written_again() {
        for count in 0..12 {
            let units = additions(count);
            let (bytes, parts) = emitted(&units, 0);
            assert_eq!(bytes, emitted(&units, 0xff).0, "every byte is written");
            for Part { from, to, len, filled } in parts {
                for at in (0..len).filter(|at| !filled.contains(at)) {
                    assert_eq!(bytes[to + at], BLOB[from + at], "byte {at} of a part of {len} at {to}");
                }
            }
        }
    }
}
