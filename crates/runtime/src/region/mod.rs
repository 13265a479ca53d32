//! Optimized regions: machine code of hot loops, how it is entered and left.

mod compile;
mod exit;
mod world;

pub use exit::{destroy_in_region, leave_region};

use crate::memory::Block;
use crate::native::code::CompiledCode;
use crate::native::frames::Resume;
use crate::tier::jit;
use pyo3_ffi::PyThreadState;
use std::cell::Cell;
use std::ptr;
use whipsnake_codegen::Exit;
use whipsnake_cpython::live::{_PyInterpreterFrame, CodeUnit, Frame};
use whipsnake_ir::abi::FEEDBACK_WORDS;

/// An optimized loop.
pub struct Region {
    /// Machine code: `(thread state, frame, activation) -> where to go on`.
    entry: *const u8,
    /// Its exits, by number.
    exits: Vec<Exit>,
    /// How often each exit was taken.
    taken: Vec<Cell<u32>>,
    /// Feedback cells of its general operations.
    #[expect(dead_code, reason = "machine code points at them")]
    cells: Vec<Box<[u64; FEEDBACK_WORDS]>>,
    /// Owns the machine code.
    #[expect(dead_code, reason = "it is freed with the region")]
    block: Block,
}

impl std::fmt::Debug for Region {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Region").field("entry", &self.entry).field("exits", &self.exits.len()).finish()
    }
}

/// What the feedback cell of a jump back holds.
#[repr(C)]
#[derive(Debug)]
pub struct LoopCell {
    /// Rounds until [`hot_loop`] is called again; machine code counts it down.
    rounds: i32,
    /// How often the loop was compiled, or could not be.
    attempts: u32,
    /// The optimized loop, if there is one.
    region: *const Region,
}

const _: () = assert!(size_of::<LoopCell>() <= 8 * FEEDBACK_WORDS);

/// After so many failures of one kind a region is thrown away.
const MAX_FAILURES: u32 = 100;

/// How often a loop is compiled at most.
const MAX_ATTEMPTS: u32 = 4;

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
            cell.rounds = i32::MAX;
            return on_as_before;
        }
        if cell.region.is_null() {
            if cell.attempts == 0 && threshold > 1 {
                cell.attempts = 1;
                cell.rounds = threshold as i32;
                return on_as_before;
            }
            cell.attempts += 1;
            cell.rounds = (threshold as i32).saturating_mul(1 << (4 * cell.attempts.min(6)));
            let Some(region) = compile::compile(jit, Frame::new_unchecked(frame), &mut *code, target) else {
                return on_as_before;
            };
            cell.region = region;
        }
        let region = &*cell.region;
        if region.taken.iter().any(|taken| taken.get() > MAX_FAILURES) {
            cell.region = ptr::null();
            cell.rounds = (threshold as i32).saturating_mul(1 << (4 * cell.attempts.min(6)));
            return on_as_before;
        }
        // Entered again at the next jump back, should it come here.
        cell.rounds = 0;
        let enter: Enter = std::mem::transmute(region.entry);
        enter(thread, frame, ptr::null_mut())
    }
}
