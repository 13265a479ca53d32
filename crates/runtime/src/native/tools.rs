//! Tools (debuggers, profilers, coverage) that are switched on and off while compiled code runs.
//!
//! Events that a tool sets for the whole interpreter change the version in `eval_breaker`, and code is valid for one version. Events for a single code object change none. So while any tool
//! has an id of `sys.monitoring`, no version is good enough: every poll looks at its code object. A function that evaluates frames in the interpreter's place (PEP 523) counts as a tool that
//! wants to see every call.

use crate::native::code::CompiledCode;
use crate::tier;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use whipsnake_cpython::live::monitoring::{other_tools, others_in_use};
use whipsnake_cpython::live::{Code, ThreadState};

/// [`CompiledCode::valid_version`] of code whose polls always look: no version that ever is.
const LOOK: u64 = u64::MAX - 1;

/// Whether a tool has an id, as far as was noticed.
pub(super) static WATCHFUL: AtomicBool = AtomicBool::new(false);

/// When that changed last, and how long it took.
static LAST_CHANGE: Mutex<Option<(Instant, Duration)>> = Mutex::new(None);

/// Whether another tool has an id: then functions have the interpreter's own entry.
pub fn watchful() -> bool {
    WATCHFUL.load(Ordering::Relaxed)
}

/// Where [`watchful`] is kept, for machine code.
pub fn watchful_address() -> usize {
    WATCHFUL.as_ptr() as usize
}

/// Whether somebody else may want to know what a single code object does.
#[inline]
unsafe fn others(thread: ThreadState) -> bool {
    // SAFETY: the interpreter of a live thread state; the GIL is held.
    unsafe { thread.has_other_evaluator() | others_in_use(thread.interpreter()) }
}

/// [`notice`] for machine code.
///
/// # Safety
/// As [`notice`].
pub unsafe extern "C" fn notice_tools() {
    // SAFETY: the caller's.
    unsafe { notice() }
}

/// Looks for tools that came up. Called wherever other code than ours may have run for long.
///
/// # Safety
/// The GIL is held. A set exception is kept.
#[inline]
pub unsafe fn notice() {
    // SAFETY: the caller's.
    unsafe { notice_in(ThreadState::holder()) }
}

/// [`notice`] for whoever knows the thread state.
///
/// # Safety
/// As [`notice`]; the state of this thread.
#[inline]
pub unsafe fn notice_in(thread: ThreadState) {
    // SAFETY: the caller's.
    unsafe {
        if !watchful() && others(thread) {
            change(true);
        }
    }
}

/// Looks whether all tools are gone.
///
/// # Safety
/// As [`notice`].
#[inline]
pub unsafe fn notice_end() {
    // SAFETY: the caller's.
    unsafe {
        if watchful() && !others(ThreadState::holder()) && is_time() {
            change(false);
        }
    }
}

/// Whether the last change is long enough ago, so that a program which often switches a tool on and off does not spend its time on that.
#[cold]
fn is_time() -> bool {
    /// How much longer than the change itself.
    const TIMES: u32 = 20;
    let last = *LAST_CHANGE.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    last.is_none_or(|(at, took)| at.elapsed() > took * TIMES)
}

/// Makes all code look at its next poll, by a new version, and gives functions back: for a call of one with another entry the interpreter reports `C_RETURN` too.
#[cold]
unsafe fn change(watchful: bool) {
    WATCHFUL.store(watchful, Ordering::Relaxed);
    let start = Instant::now();
    // SAFETY: the caller's.
    unsafe { tier::step_aside(watchful) };
    *LAST_CHANGE.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = Some((Instant::now(), start.elapsed()));
}

/// Has every poll of the code look.
pub fn look_always(compiled: &mut CompiledCode) {
    compiled.valid_version = LOOK;
}

/// What `valid_version` of code is that was just seen to be good for the version in force.
///
/// # Safety
/// The GIL is held.
pub unsafe fn trusted_version(thread: ThreadState) -> u64 {
    if watchful() { LOOK } else { thread.instrumentation_version() as u64 }
}

/// Whether the code may go on natively as far as instrumentation is concerned.
///
/// # Safety
/// The code object's own compiled code; the GIL is held.
#[inline]
pub unsafe fn is_current(thread: ThreadState, code: Code, compiled: *mut CompiledCode) -> bool {
    // SAFETY: the caller's.
    unsafe {
        thread.instrumentation_version() as u64 == (*compiled).valid_version || revalidate(thread, code, compiled)
    }
}

/// The instrumentation of the process changed, or is watched, or the code was detached (which nothing undoes). The code stays good if it was brought up to date and nobody
/// else has events in it or for exceptions everywhere.
#[cold]
unsafe fn revalidate(thread: ThreadState, code: Code, compiled: *mut CompiledCode) -> bool {
    // SAFETY: the caller's.
    unsafe {
        let version = thread.instrumentation_version();
        if (*compiled).is_detached()
            || code.instrumentation_version() != version
            || thread.has_other_evaluator()
            || other_tools(code, thread.interpreter()) != 0
        {
            return false;
        }
        notice_end();
        (*compiled).valid_version = if (*compiled).warm_up.is_some() { LOOK } else { trusted_version(thread) };
    }
    true
}
