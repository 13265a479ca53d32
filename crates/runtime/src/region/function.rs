//! Functions as regions: when one is made, how calls get there, and when it is given up.
//!
//! Machine code that calls a function goes to the entry that the compiled code names. While a function has a region, that is a gate of the region's, which goes on to
//! the baseline code where the region can't run: when something is pending, or little recursion is left.

use super::background::Answer;
use super::heat::{Body, Heat, Sample};
use super::{MAX_ATTEMPTS, Region, compile};
use crate::native::code::{CompiledCode, attached};
use crate::tier::{is_importing, jit};
use pyo3_ffi::PyThreadState;
use std::ptr;
use whipsnake_cpython::CodeKind;
use whipsnake_cpython::layout::frame as layout;
use whipsnake_cpython::live::{_PyInterpreterFrame, Frame};
use whipsnake_cpython::opcode;
use whipsnake_ir::abi::FEEDBACK_WORDS;

/// Where regions of functions are among the loops of a code object: no loop starts with the first instruction.
pub(super) const START: u32 = 0;

/// Exits of a region that are looked at together.
const EXITS: u32 = 64;

/// One exit in so many entries is too many.
const SELDOM: u32 = 32;

/// Calls between two looks while the compiler is off.
const CALLS_WHILE_OFF: i32 = 1000;

/// What the feedback cell of a function's `RESUME` holds.
#[repr(C)]
#[derive(Debug)]
pub struct FunctionCell {
    /// Calls until [`hot_function`] is called again; machine code counts it down.
    calls: i32,
    /// How often the function was optimized, or could not be.
    attempts: u32,
    /// The region, if there is one.
    region: *const Region,
    /// Whether a region was asked for.
    waiting: bool,
    /// Calls since then.
    waited: u32,
    heat: Heat,
}

const _: () = assert!(size_of::<FunctionCell>() <= 8 * FEEDBACK_WORDS);

impl FunctionCell {
    /// What this cell was counts in another one.
    ///
    /// # Safety
    /// As [`super::move_cell`], which has copied it.
    pub(super) unsafe fn moved(from: *mut FunctionCell, to: *mut FunctionCell) {
        // SAFETY: the caller's.
        unsafe {
            (*from).give_up();
            ((*from).region, (*from).waiting) = (ptr::null(), false);
            if let Some(region) = (*to).region.as_ref() {
                region.function_cell.set(to);
            }
        }
    }

    fn wait_on(&mut self) {
        let calls = (self.waited / 8).max(8);
        self.waited = self.waited.saturating_add(calls);
        self.calls = calls as i32;
    }

    fn count(&mut self, calls: i32, threshold: u32) {
        self.calls = calls;
        if threshold >= Heat::MEASURED {
            self.heat.begin();
        }
    }

    fn give_up(&mut self) {
        (self.attempts, self.calls) = (MAX_ATTEMPTS + 1, i32::MAX);
    }
}

/// `Helper::HotFunction`.
///
/// # Safety
/// Called by machine code at the start of a function, with everything of the frame in memory; `code` is the frame's compiled code.
pub unsafe extern "C" fn hot_function(
    _thread: *mut PyThreadState,
    frame: *mut _PyInterpreterFrame,
    code: *mut CompiledCode,
    cell: *mut FunctionCell,
) {
    // SAFETY: the caller's; references to the compiler end before Python code can run.
    unsafe {
        let (Some(jit), cell, compiled) = (jit(), &mut *cell, &mut *code) else { return };
        let threshold = jit.settings.optimize_threshold;
        if !jit.enabled || threshold == 0 || cell.attempts > MAX_ATTEMPTS {
            cell.calls = if cell.attempts > MAX_ATTEMPTS { i32::MAX } else { CALLS_WHILE_OFF };
            return;
        }
        let calls = calls_to_optimize(threshold, compiled);
        if cell.attempts == 0 && threshold > 1 {
            cell.attempts = 1;
            cell.count(calls, threshold);
            return;
        }
        let running = Frame::new_unchecked(frame);
        let answer = if cell.waiting {
            compile::poll(jit, running.code().expect("a frame of Python code"), compiled, START)
        } else if cell.region.is_null() || (*cell.region).fails_as_function() {
            let earlier = cell.region.as_ref();
            cell.attempts += 1;
            if cell.attempts > MAX_ATTEMPTS || earlier.is_some_and(|region| !region.can_do_better()) {
                cell.give_up();
                if earlier.is_some() {
                    jit.stats.regions.give_up("guards go on failing");
                }
                return;
            }
            // At the first call nothing has run.
            let prunes = earlier.is_none() && threshold > 1;
            let place = compile::Place::Function { prunes };
            let first = running.code().expect("a frame of Python code");
            let end = first.instructions().add(first.len());
            let body = Body { has_loop: false, ..Body::between(first.instructions(), end) };
            let weight = cell.heat.weigh(body, calls as u32, Sample::default(), is_importing());
            let failed = earlier.map(Region::failed_instructions);
            compile::ask(jit, running, compiled, place, body.instructions, weight, failed)
        } else {
            Answer::Made(cell.region)
        };
        cell.waiting = answer == Answer::Waiting;
        match answer {
            Answer::Made(region) => {
                (cell.region, cell.waited, cell.calls) = (region, 0, i32::MAX);
                (*region).function_cell.set(cell);
                compiled.entry = (*region).gate;
            }
            Answer::Waiting => cell.wait_on(),
            Answer::Later | Answer::Larger => {
                cell.attempts -= 1;
                cell.waited = 0;
                // One that needs a large graph is called half as often again.
                let calls = if answer == Answer::Larger { calls / 2 } else { calls };
                cell.count(calls, threshold);
            }
            // Calls that are inlined later may make the difference, but seldom do.
            Answer::Refused => cell.give_up(),
        }
    }
}

/// A loop of a generator is hot, and can't be a region since it yields. If it is a built-in function that goes through the generator, the function that has called that may
/// be one, with the generator in it: it is looked at when it is called again, however seldom that is.
///
/// # Safety
/// The current frame; the GIL is held.
pub(super) unsafe fn hasten(running: Frame) {
    // SAFETY: the caller's: frames below are alive. What is attached to a code object lives as long as that has it, and its cells are written under the GIL only.
    unsafe {
        if running.owner() != layout::OWNED_BY_GENERATOR {
            return;
        }
        let mut below = running.previous();
        while let Some(frame) = below.filter(|frame| frame.owner() == layout::OWNED_BY_CSTACK) {
            below = frame.previous();
        }
        let Some(caller) = below.filter(|frame| frame.owner() == layout::OWNED_BY_THREAD) else { return };
        let Some(code) = caller.code().filter(|code| code.kind() == CodeKind::Plain) else { return };
        if opcode::base((*caller.instr_ptr()).op) != opcode::CALL {
            return;
        }
        let Some(cell) = attached(code).and_then(|compiled| compiled.function_cell(code)) else { return };
        let cell = &mut *cell.cast::<FunctionCell>();
        if cell.attempts <= 1 && cell.region.is_null() && !cell.waiting {
            (cell.attempts, cell.calls, cell.heat) = (1, 1, Heat::default());
        }
    }
}

/// How many calls of baseline code come before.
fn calls_to_optimize(threshold: u32, compiled: &CompiledCode) -> i32 {
    /// A call gains less than a round of a loop.
    const TIMES: usize = 4;
    /// Bytes of machine code that cost nothing extra.
    const SHORT: usize = 2048;
    let times = TIMES + compiled.size / SHORT;
    (threshold as usize).saturating_mul(times).min(i32::MAX as usize) as i32
}

impl Region {
    /// Whether a function's region is left too often.
    fn fails_as_function(&self) -> bool {
        let (left, entered) = (self.left.get(), self.entered.get());
        left >= EXITS && left.saturating_mul(SELDOM) > entered
    }

    /// Whether what was learnt from its exits may make a better one.
    fn can_do_better(&self) -> bool {
        self.prunes || self.is_before_series() || self.failed_instructions().len() > self.general.len()
    }

    /// A function's region was left. If that happens too often, calls go to baseline code again, and the next one sees to the rest.
    pub(super) unsafe fn note_exit(&self, frame: Frame) {
        self.left.set(self.left.get().saturating_add(1));
        let cell = self.function_cell.get();
        if cell.is_null() || !self.left.get().is_multiple_of(EXITS) || !self.fails_as_function() {
            return;
        }
        // SAFETY: the cell belongs to the code object that the frame runs, as its compiled code does; the GIL is held.
        unsafe {
            let Some(code) = frame.code() else { return };
            let Some(found) = crate::native::code::attached(code) else { return };
            let compiled = ptr::from_ref(found).cast_mut();
            if (*compiled).entry == self.gate {
                (*compiled).entry = found.baseline_entry();
                (*cell).calls = 0;
            }
        }
    }
}
