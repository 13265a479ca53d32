//! How much a loop or function is worth: what it takes of the program's time, as far as counts and a clock tell.

use super::budget::begin;
use super::kinds::class_of;
use super::statistics::{process_time, wall_time};
use crate::native::raw::{get, is_exact};
use crate::tier::TIMES_AS_MUCH_WHILE_IMPORTING;
use pyo3_ffi::PyObject;
use std::time::Duration;
use whipsnake_bytecode::is_untouched;
use whipsnake_cpython::layout::{list_iterator, range_iterator, tuple_iterator};
use whipsnake_cpython::live::{CodeUnit, Frame, List, Tuple};
use whipsnake_cpython::opcode;
use whipsnake_ir::Global;

/// What baseline code takes for an instruction, about.
const INSTRUCTION: Duration = Duration::from_nanos(3);

/// What a call takes beside its instruction, at least: most of what is called does something.
const CALL_TIME: Duration = Duration::from_nanos(50);

/// Where there are more calls, not all of them are made each time.
const MOST_CALLS: u32 = 4;

/// What a place should have taken before it is optimized: a sixth of what that costs, about. What it takes from then on is not known, but seldom much less.
const WORTH: Duration = Duration::from_micros(700);

/// No place has to come around more than so many times as often for that.
const MOST: u32 = 8;

/// How many rounds of an inner loop one round of the outer counts for.
const INNER_ROUNDS: u32 = 16;

/// Of each opcode as found in code: how many code units it takes with its caches, and flags.
static FACTS: [u8; 256] = {
    let mut table = [0; 256];
    let mut op = 0;
    while op < 256 {
        let base = opcode::base(op as u8);
        table[op] = 1 + opcode::CACHES[base as usize];
        if base == opcode::JUMP_BACKWARD {
            table[op] |= LOOP;
        }
        if base == opcode::CALL {
            table[op] |= CALL;
        }
        if base as usize == op && table[op] & LENGTH > 1 {
            table[op] |= COUNTED;
        }
        op += 1;
    }
    table
};

/// The bits of the length.
const LENGTH: u8 = 15;
/// A jump back.
const LOOP: u8 = 16;
/// A call.
const CALL: u8 = 32;
/// It has a cache, as it is without specialisation; that may count executions.
const COUNTED: u8 = 64;

/// A loop's body, or a function's.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Body {
    /// Its instructions.
    pub instructions: u32,
    /// Whether there is a loop in it.
    pub has_loop: bool,
    /// Its calls.
    pub calls: u32,
    /// Whether the interpreter has not run some instruction that it specialises: what types it sees is not known then.
    pub untouched: bool,
}

impl Body {
    /// The instructions from `first` to `end`.
    ///
    /// # Safety
    /// Both are instructions of one code object.
    pub unsafe fn between(first: *mut CodeUnit, end: *mut CodeUnit) -> Body {
        let mut body = Body::default();
        // SAFETY: the caller's.
        unsafe {
            let mut at = first;
            while at < end {
                let op = (*at).op;
                let fact = FACTS[usize::from(op)];
                body.instructions += 1;
                body.calls += u32::from(fact & CALL != 0);
                if fact & COUNTED != 0 && !body.untouched {
                    body.untouched = is_untouched(op, op, || at.add(1).cast::<u16>().read());
                }
                let next = at.add(usize::from(fact & LENGTH));
                // What jumps back to the first instruction is another way around the same loop: a `continue`, or the end of an `if`. Of a long way only a part is
                // in the operand: that passes for a loop.
                body.has_loop |= fact & LOOP != 0 && next.offset_from(first) > isize::from((*at).arg);
                at = next;
            }
        }
        body
    }

    /// What a round takes, or a call. Of long code a part runs each time.
    fn time(self) -> Duration {
        const SHORT: u32 = 64;
        let run = if self.instructions > SHORT { SHORT + (self.instructions - SHORT) / 4 } else { self.instructions };
        (INSTRUCTION * run.max(1) + CALL_TIME * self.calls.min(MOST_CALLS))
            * if self.has_loop { INNER_ROUNDS / 2 } else { 1 }
    }

    /// How many rounds of baseline code come before a loop is optimized, if a setting says `threshold`.
    pub fn rounds(self, threshold: u32) -> u32 {
        let fewer = (threshold / INNER_ROUNDS).max(1);
        let least = if self.has_loop { fewer } else { threshold };
        if threshold < Heat::MEASURED {
            return least;
        }
        let worth = (WORTH.as_nanos() / self.time().as_nanos().max(1)) as u32;
        let most = least.saturating_mul(MOST);
        // What a call takes nobody knows.
        let least = if self.calls > 0 { fewer } else { least };
        worth.clamp(least, most)
    }
}

/// Since when rounds of a loop are counted, or calls of a function, and what was found out before.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Heat {
    since: Duration,
    took: Duration,
}

/// How much a place takes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Weight {
    /// Which share of the CPU time since counting began.
    pub share: f64,
    /// How much of the program's time so far.
    pub took: Duration,
}

impl Weight {
    /// Whether it takes so much of the time that it need not wait for anything.
    pub fn is_hot(self) -> bool {
        const HOT: f64 = 0.3;
        self.share >= HOT
    }
}

impl Heat {
    /// With a lower threshold nothing is measured: everything is to be optimized at once.
    pub const MEASURED: u32 = 1000;

    /// Counting begins, or begins again.
    pub fn begin(&mut self) {
        self.since = begin();
    }

    /// What so many rounds or calls took, about, which were counted until now, some of them timed. That is an estimate, but no more than has passed, and by the clock where a loop takes nearly
    /// all of the time. Where it is not measured it is everything. What is run by an import is most often over soon: it has to have taken more, and of that counts what is known.
    pub fn weigh(&mut self, body: Body, times: u32, sample: Sample, importing: bool) -> Weight {
        /// Which part of the time that is.
        const NEARLY_ALL: f64 = 0.75;
        if self.since.is_zero() {
            return Weight { share: 1.0, took: Duration::MAX };
        }
        let passed = process_time().saturating_sub(self.since).max(Duration::from_micros(1));
        let all = |each: Duration| each.saturating_mul(times).min(passed);
        let timed = all(sample.round(body));
        let took = if timed >= passed.mul_f64(NEARLY_ALL) { timed } else { all(body.time()) };
        // How long inner loops take nobody knows.
        self.took += if body.has_loop && !importing { passed } else { took };
        let times_as_much = if importing { TIMES_AS_MUCH_WHILE_IMPORTING } else { 1 };
        Weight { share: took.div_duration_f64(passed), took: self.took / times_as_much }
    }
}

/// How long rounds of a loop take, with everything that is called in them. Only a clock can tell: of some seven instructions two may be properties with a function each.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sample {
    /// Since when rounds are timed, in nanoseconds.
    began: u64,
    /// What a round took at least, in nanoseconds; 0 if none was timed. The loop may have been left while some were, and entered again.
    least: u32,
    /// How many rounds are being timed; 0 if none.
    rounds: u32,
}

impl Sample {
    /// A round may take so many times what its own instructions do, in what is called and would become a part of the region. What takes longer is mostly done in C, or in
    /// functions of their own.
    const MOST: u32 = 6;

    /// Rounds are timed for so long, about.
    const LONG_ENOUGH: Duration = Duration::from_micros(2);

    /// The next rounds are to be timed: so many.
    pub fn begin(&mut self, body: Body) -> u32 {
        let rounds = Self::LONG_ENOUGH.as_nanos() / body.time().as_nanos().max(1);
        self.rounds = (rounds as u32).max(1);
        self.began = wall_time().as_nanos() as u64;
        self.rounds
    }

    /// They have come around; whether any were timed.
    pub fn end(&mut self) -> bool {
        if self.rounds == 0 {
            return false;
        }
        let took = (wall_time().as_nanos() as u64).saturating_sub(self.began) / u64::from(self.rounds);
        let least = if self.least == 0 { u32::MAX } else { self.least };
        self.least = took.clamp(1, least.into()) as u32;
        self.rounds = 0;
        true
    }

    /// What a round takes, by the clock; nothing if that is not known.
    fn round(self, body: Body) -> Duration {
        // How often inner loops come around differs.
        let most = if body.has_loop { Duration::ZERO } else { body.time() * Self::MOST };
        Duration::from_nanos(self.least.into()).min(most)
    }
}

/// Whether a loop comes around so seldom each time that entering its region would take as long as it does. `depth` values are on the stack.
///
/// # Safety
/// As [`rounds_of`].
pub(super) unsafe fn is_short(frame: Frame, header: *mut CodeUnit, depth: usize, body: Body) -> bool {
    /// What entering and leaving a region takes.
    const ENTRY: Duration = Duration::from_nanos(80);
    if body.has_loop || body.calls > 0 {
        return false;
    }
    // SAFETY: the caller's.
    unsafe { rounds_of(frame, header, depth) }.is_some_and(|rounds| body.time() * (rounds.min(1000) as u32) < ENTRY)
}

/// How often the loop in which a frame is comes around, if that can be told from the iterator on top of the stack, which has `depth` values.
///
/// # Safety
/// The frame is at a jump back to the loop's header at `header`, all in memory.
unsafe fn rounds_of(frame: Frame, header: *mut CodeUnit, depth: usize) -> Option<usize> {
    // SAFETY: the caller's: a loop over an iterator begins with the instruction that asks it for the next item.
    unsafe {
        if depth == 0 || opcode::base((*header).op) != opcode::FOR_ITER {
            return None;
        }
        let iterator: *mut PyObject = frame.stack_base().add(depth - 1).read();
        if is_exact(iterator, &raw mut pyo3_ffi::PyListIter_Type) {
            let list: *mut PyObject = get(iterator, list_iterator::IT_SEQ);
            return (!list.is_null()).then(|| List::new_unchecked(list.cast()).len());
        }
        if is_exact(iterator, &raw mut pyo3_ffi::PyTupleIter_Type) {
            let tuple: *mut PyObject = get(iterator, tuple_iterator::IT_SEQ);
            return (!tuple.is_null()).then(|| Tuple::new_unchecked(tuple.cast()).len());
        }
        if class_of(iterator) == Some(Global::AsciiIteratorType) {
            let text: *mut PyObject = get(iterator, list_iterator::IT_SEQ);
            return (!text.is_null()).then(|| pyo3_ffi::PyUnicode_GET_LENGTH(text) as usize);
        }
        // It knows what is left only. That is half of it, on average.
        is_exact(iterator, &raw mut pyo3_ffi::PyRangeIter_Type)
            .then(|| 2 * (get::<i64>(iterator, range_iterator::LEN).max(0) as usize + 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(instructions: u32, has_loop: bool) -> Body {
        Body { instructions, has_loop, ..Body::default() }
    }

    #[test]
    fn short_loops_come_around_more_often_before_they_are_optimized() {
        assert_eq!(body(5, false).rounds(2000), 16_000);
        assert_eq!(body(40, false).rounds(2000), 5833);
        assert_eq!(body(400, false).rounds(2000), 2000);
        assert_eq!(body(40, true).rounds(2000), 729);
        assert_eq!(Body { calls: 3, ..body(400, false) }.rounds(2000), 1178);
    }

    #[test]
    fn a_way_back_to_the_start_is_no_loop_inside() {
        let unit = |op, arg| CodeUnit { op, arg };
        let has_loop = |back| {
            let mut code =
                [unit(opcode::NOP, 0), unit(opcode::JUMP_BACKWARD, back), unit(opcode::CACHE, 0), unit(opcode::NOP, 0)];
            let range = code.as_mut_ptr_range();
            // SAFETY: one array.
            unsafe { Body::between(range.start, range.end) }.has_loop
        };
        assert!(!has_loop(3));
        assert!(has_loop(2));
    }

    #[test]
    fn rounds_take_what_the_clock_says_but_not_what_is_not_theirs() {
        let sample = |least| Sample { least, ..Sample::default() };
        assert_eq!(sample(0).round(body(10, false)), Duration::ZERO);
        assert_eq!(sample(100).round(body(10, false)), Duration::from_nanos(100));
        assert_eq!(sample(20).round(body(10, false)), Duration::from_nanos(20));
        assert_eq!(sample(5000).round(body(10, false)), Duration::from_nanos(180));
        assert_eq!(sample(5000).round(body(10, true)), Duration::ZERO);
    }

    #[test]
    fn the_least_of_several_samples_counts() {
        let mut sample = Sample::default();
        assert!(!sample.end());
        assert_eq!(sample.begin(body(10, false)), 66);
        std::thread::sleep(Duration::from_millis(2));
        assert!(sample.end() && !sample.end());
        let first = sample.least;
        assert!(first >= 2_000_000 / 66);
        sample.begin(body(1000, true));
        assert!(sample.end());
        assert!(sample.least < first);
    }

    #[test]
    fn with_a_low_threshold_nothing_is_weighed() {
        assert_eq!(body(5, false).rounds(30), 30);
        assert_eq!(body(5, true).rounds(30), 1);
        assert_eq!(Heat::default().weigh(body(5, false), 30, Sample::default(), false).share, 1.0);
    }

    #[test]
    fn what_an_import_runs_counts_for_less() {
        let weight = |importing| {
            let mut heat = Heat { since: Duration::from_nanos(1), took: Duration::ZERO };
            heat.weigh(body(40, true), 10, Sample::default(), importing)
        };
        let (plain, of_import) = (weight(false), weight(true));
        assert!(of_import.took < plain.took / TIMES_AS_MUCH_WHILE_IMPORTING, "{plain:?} {of_import:?}");
    }

    #[test]
    fn what_takes_all_the_time_is_hotter_than_what_takes_little() {
        let mut heat = Heat::default();
        heat.begin();
        let little = heat.weigh(body(5, false), 10, Sample::default(), false);
        let much = heat.weigh(body(64, false), 1_000_000_000, Sample::default(), false);
        assert!(little.share < much.share && much.share == 1.0, "{little:?} {much:?}");
        // What it took adds up, and no more than has passed counts.
        assert!(little.took < much.took && much.took < Duration::from_secs(100), "{little:?} {much:?}");
    }
}
