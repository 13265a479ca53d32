//! Compiling code again that left out what had never run.
//!
//! Each code object is compiled a few times more at most, the last time whole, and only after frames came to what was left out more and more often: so what that
//! costs is bounded, whatever a program does.

use super::compile::compile_again;
use super::osr::count_again;
use super::state::jit;
use crate::native::code::{self, CompiledCode};
use std::ptr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};
use whipsnake_cpython::live::Code;

/// How often frames come at least to what is left out before the code is compiled again. By then the interpreter has specialised what they came to.
const SURPRISES: u32 = 4;

/// A surprise costs about as much as compiling so many code units: so what surprises cost is about what compiling costs.
const UNITS: usize = 4;

/// Surprises that are at least so far apart are those of a function that takes long.
const LONG: Duration = Duration::from_millis(10);

/// For a unit that is compiled again after few such surprises the program has run so long: two hundred times what that takes.
const FOR_A_UNIT: Duration = Duration::from_micros(80);

/// How often code is compiled again because of surprises; the last time it is compiled whole.
const MOST: u32 = 3;

/// How often it is compiled again because of loops that were left out; the last time whole.
const MOST_FOR_LOOPS: u32 = 6;

/// A frame came to a code unit that was left out. Says where native code goes on, if that is possible by now.
///
/// # Safety
/// The GIL is held; the code object has compiled code, for which nothing needs attention.
pub(crate) unsafe fn surprise(code: Code, unit: usize) -> Option<*const u8> {
    // SAFETY: the caller's; references to compiled code are not kept.
    unsafe {
        let compiled: *mut CompiledCode = ptr::from_ref(code::find(code)?).cast_mut();
        if !(*compiled).leaves_out(unit) {
            // It was left out of earlier machine code.
            return (*compiled).entry_at(unit);
        }
        (*compiled).note_surprise(unit);
        let left_out = &mut (*compiled).left_out;
        let is_time = left_out.surprises >= bearable(code.len(), left_out.remade)
            || left_out.first_surprise.is_some_and(|first| are_dear(left_out.surprises, first.elapsed(), code.len()));
        if is_time && jit().is_some_and(|jit| jit.enabled) {
            left_out.remade += 1;
            left_out.surprises = 0;
            left_out.first_surprise = None;
            let whole = left_out.remade >= MOST;
            if compile_again(code, compiled, whole) && !(*compiled).leaves_out(unit) {
                return (*compiled).entry_at(unit);
            }
        }
        // A loop further on is taken over again.
        count_again(code, 1);
        None
    }
}

/// Compiles the code again because a loop that was left out is hot. False if that was not possible.
///
/// # Safety
/// The GIL is held; the code object has compiled code.
pub(super) unsafe fn for_loop(code: Code) -> bool {
    // SAFETY: the caller's; references to compiled code are not kept.
    unsafe {
        let Some(found) = code::find(code) else { return false };
        let compiled: *mut CompiledCode = ptr::from_ref(found).cast_mut();
        let left_out = &mut (*compiled).left_out;
        left_out.remade_for_loops += 1;
        let whole = left_out.remade_for_loops >= MOST_FOR_LOOPS;
        compile_again(code, compiled, whole)
    }
}

/// How many surprises there are before code of so many units is compiled again, if it was as often before.
fn bearable(units: usize, remade: u32) -> u32 {
    let at_first = SURPRISES.saturating_add(u32::try_from(units / UNITS).unwrap_or(u32::MAX));
    at_first.saturating_mul(1 << remade.min(MOST))
}

/// Whether few surprises, in so long a time, are enough for code of so many units: those of a function that is seldom called and takes long. What it leaves to the
/// interpreter then may be long, too: the end of all that it has made, for one.
fn are_dear(surprises: u32, took: Duration, units: usize) -> bool {
    /// When the program first came here, and how many units were compiled for that reason since.
    static SO_FAR: OnceLock<(Instant, AtomicUsize)> = OnceLock::new();
    if surprises < 2 || took < LONG * (surprises - 1) {
        return false;
    }
    let (start, compiled) = SO_FAR.get_or_init(|| (Instant::now() - took, AtomicUsize::new(0)));
    let allowed = (start.elapsed().as_nanos() / FOR_A_UNIT.as_nanos()) as usize;
    let is_allowed = compiled.load(Relaxed) + units <= allowed;
    if is_allowed {
        compiled.fetch_add(units, Relaxed);
    }
    is_allowed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_surprises_are_enough_where_long_is_between_them() {
        assert!(!are_dear(1, 10 * LONG, 10) && !are_dear(2, LONG / 2, 10) && !are_dear(4, 2 * LONG, 10));
        assert!(are_dear(2, LONG, 100) && !are_dear(2, LONG, 1_000_000));
    }

    #[test]
    fn long_code_bears_more_surprises_and_each_time_more() {
        assert_eq!(bearable(20, 0), 9);
        assert_eq!(bearable(400, 0), 104);
        assert_eq!([1, 2, 3, 4].map(|remade| bearable(20, remade)), [18, 36, 72, 72]);
        assert_eq!(bearable(usize::MAX, 2), u32::MAX);
    }
}
