//! Loops as regions: when one is made, how jumps back get there, and when it is given up.

use super::background::Answer;
use super::heat::{self, Body, Heat, Sample};
use super::{MAX_ATTEMPTS, Region, compile, function};
use crate::native::code::CompiledCode;
use crate::native::frames::Resume;
use crate::native::trampoline::stub_exit;
use crate::tier::{is_importing, jit};
use pyo3_ffi::PyThreadState;
use std::mem::offset_of;
use std::ptr;
use std::time::{Duration, Instant};
use whipsnake_cpython::live::{_PyInterpreterFrame, CodeUnit, Frame};
use whipsnake_ir::abi::{FEEDBACK_WORDS, LOOP_GATE};

/// Rounds that the interpreter runs to learn what types a loop sees.
const OBSERVED_ROUNDS: u32 = 32;

/// Entries of a region that are timed.
const MEASURED_ENTRIES: u32 = 16;

/// A region that is left sooner than this, on average, costs more to enter than it gains: a loop of few rounds. The loop around it may do better.
const TOO_SHORT: Duration = Duration::from_nanos(150);

/// With so many iterators in a row that are too short, the loop stays in the baseline tier.
const MAX_SHORT: u32 = 3;

/// Rounds between two looks while the compiler is off.
const ROUNDS_WHILE_OFF: i32 = 1000;

/// Rounds between two looks while somebody has the frame, which is seldom over before the loop is.
const ROUNDS_WHILE_SEEN: i32 = 100;

/// How many times as often a loop that needs a large graph comes around again before that is built.
const LARGER: u32 = 4;

/// What the feedback cell of a jump back holds.
#[repr(C)]
#[derive(Debug)]
pub struct LoopCell {
    /// Rounds until [`hot_loop`] is called again; machine code counts it down.
    rounds: i32,
    /// How often the loop was compiled, or could not be.
    attempts: u32,
    /// Where machine code enters the region without a look at it; null if it must be looked at.
    pub(super) gate: *const u8,
    /// The optimized loop, if there is one.
    region: *const Region,
    /// Whether the loop was handed to the interpreter for a few rounds, to learn what types it sees.
    observed: bool,
    /// Whether a region was asked for.
    waiting: bool,
    /// Rounds since then.
    waited: u32,
    /// How often its iterator was found to be too short for a region.
    short: u32,
    /// Rounds that are being counted, for the next look at whether it is worth a region.
    counted: u32,
    heat: Heat,
    sample: Sample,
}

impl LoopCell {
    /// Has the loop come around as often as makes it worth a look.
    fn count(&mut self, body: Body, times: u32, threshold: u32) {
        self.counted = body.rounds(threshold).saturating_mul(times);
        self.rounds = self.counted as i32;
        if threshold >= Heat::MEASURED {
            self.heat.begin();
        }
    }

    /// When to look whether the region is there: after an eighth more of the rounds that were waited, so that a short loop looks seldom, and a long one as soon.
    fn wait_on(&mut self) {
        let rounds = (self.waited / 8).max(1);
        self.waited = self.waited.saturating_add(rounds);
        self.rounds = rounds as i32;
    }

    /// What this cell was counts in another one.
    ///
    /// # Safety
    /// As [`super::move_cell`], which has copied it.
    pub(super) unsafe fn moved(from: *mut LoopCell, to: *mut LoopCell) {
        // SAFETY: the caller's.
        unsafe {
            ((*from).attempts, (*from).rounds, (*from).gate, (*from).waiting) =
                (MAX_ATTEMPTS + 1, i32::MAX, ptr::null(), false);
            if let Some(region) = (*to).region.as_ref() {
                region.loop_cells.borrow_mut().retain(|cell| *cell != from);
                region.is_entered_by(to);
            }
        }
    }
}

const _: () = assert!(size_of::<LoopCell>() <= 8 * FEEDBACK_WORDS);
const _: () = assert!(offset_of!(LoopCell, gate) == LOOP_GATE as usize);

/// Lets the interpreter run a few rounds of the loop, and specialise its instructions. Then the loop is taken over again.
unsafe fn observe(_thread: *mut PyThreadState, frame: *mut _PyInterpreterFrame, target: *mut CodeUnit) -> Resume {
    // SAFETY: the caller's: everything of the frame is in memory.
    unsafe {
        let current = Frame::new_unchecked(frame);
        let code = current.code().expect("a frame of Python code");
        crate::tier::count_again(code, OBSERVED_ROUNDS);
        current.set_instr_ptr(target);
        Resume { address: stub_exit as *const u8, frame }
    }
}

type Enter = unsafe extern "C" fn(*mut PyThreadState, *mut _PyInterpreterFrame, *mut u8) -> Resume;

/// `Helper::HotLoop`.
///
/// # Safety
/// Called by machine code that jumps back, with everything of the frame in memory; `code` is the frame's compiled code and `target` one of its code units.
pub unsafe extern "C" fn hot_loop(
    thread: *mut PyThreadState,
    frame: *mut _PyInterpreterFrame,
    code: *mut CompiledCode,
    cell: *mut LoopCell,
    target: *mut CodeUnit,
) -> Resume {
    let on_as_before = Resume { address: ptr::null(), frame };
    // SAFETY: the caller's; references to the compiler end before Python code can run.
    unsafe {
        let Some(jit) = jit() else { return on_as_before };
        let threshold = jit.settings.optimize_threshold;
        let (enabled, cell) = (jit.enabled && threshold > 0, &mut *cell);
        if !enabled || cell.attempts > MAX_ATTEMPTS {
            // The compiler may be switched on again.
            cell.rounds = if cell.attempts > MAX_ATTEMPTS { i32::MAX } else { ROUNDS_WHILE_OFF };
            return on_as_before;
        }
        let running = Frame::new_unchecked(frame);
        let body = || Body::between(target, running.instr_ptr());
        if cell.attempts == 0 {
            cell.attempts = 1;
            if threshold > 1 {
                cell.count(body(), 1, threshold);
                return on_as_before;
            }
        }
        if !cell.observed && cell.region.is_null() && !cell.waiting {
            cell.observed = true;
            if body().untouched {
                cell.rounds = 1;
                return observe(thread, frame, target);
            }
        }
        let of = running.code().expect("a frame of Python code");
        let header = target.offset_from(of.instructions()) as u32;
        let answer = if cell.waiting {
            compile::poll(jit, of, &mut *code, header)
        } else if !cell.region.is_null() && !(*cell.region).fails() {
            Answer::Made(cell.region)
        } else {
            let general = cell.region.as_ref().map(Region::failed_instructions);
            cell.attempts += 1;
            if cell.attempts > MAX_ATTEMPTS {
                cell.rounds = i32::MAX;
                jit.stats.regions.give_up("guards go on failing");
                return on_as_before;
            }
            let body = body();
            let depth = (*code).depth_at(header as usize).unwrap_or(0);
            if let Some(answer) = compile::asked_by_another(&*code, header, cell.attempts - 1) {
                answer
            } else if threshold >= Heat::MEASURED && heat::is_short(running, target, depth, body) {
                cell.short += 1;
                if cell.short > MAX_SHORT {
                    cell.attempts = MAX_ATTEMPTS + 1;
                    jit.stats.regions.give_up("too few rounds");
                    return on_as_before;
                }
                Answer::Later
            } else if threshold >= Heat::MEASURED && !cell.sample.end() {
                // It does not count.
                cell.attempts -= 1;
                cell.rounds = cell.sample.begin(body) as i32;
                return on_as_before;
            } else {
                let weight = cell.heat.weigh(body, cell.counted, cell.sample, is_importing());
                let place = compile::Place::Loop(header);
                compile::ask(jit, running, &mut *code, place, body.instructions, weight, general)
            }
        };
        cell.waiting = answer == Answer::Waiting;
        match answer {
            Answer::Made(region) => (cell.region, cell.waited) = (region, 0),
            Answer::Waiting => {
                cell.wait_on();
                return on_as_before;
            }
            Answer::Later | Answer::Larger => {
                // It does not count. A region whose guards fail stays there for what it knows.
                cell.attempts -= 1;
                let times = if answer == Answer::Larger { LARGER } else { 1 };
                cell.count(body(), times, threshold);
                return on_as_before;
            }
            Answer::Refused => {
                cell.region = ptr::null();
                cell.rounds = (threshold as i32).saturating_mul(1 << (4 * cell.attempts.min(6)));
                function::hasten(running);
                return on_as_before;
            }
        }
        let region = &*cell.region;
        if region.unseen_only && !running.frame_object().is_null() {
            cell.rounds = ROUNDS_WHILE_SEEN;
            return on_as_before;
        }
        // Entered again at the next jump back, should it come here.
        cell.rounds = 0;
        region.is_entered_by(cell);
        if region.entered.get() >= MEASURED_ENTRIES || threshold <= 1 {
            cell.gate = region.gate;
        }
        // Another activation may write the cell while the region runs.
        let cell: *mut LoopCell = cell;
        let enter: Enter = std::mem::transmute(region.entry);
        if region.entered.get() < MEASURED_ENTRIES {
            let start = Instant::now();
            let resume = enter(thread, frame, ptr::null_mut());
            region.entered.set(region.entered.get() + 1);
            region.spent.set(region.spent.get() + start.elapsed());
            let is_measured = region.entered.get() == MEASURED_ENTRIES && !region.gains_in_one_round;
            if is_measured && region.spent.get() < TOO_SHORT * MEASURED_ENTRIES {
                region.is_too_short.set(true);
                ((*cell).attempts, (*cell).gate) = (MAX_ATTEMPTS + 1, ptr::null());
                if let Some(jit) = crate::tier::jit() {
                    jit.stats.regions.give_up("too few rounds");
                }
            }
            return resume;
        }
        enter(thread, frame, ptr::null_mut())
    }
}
