//! Tools (debuggers, profilers, coverage) that are switched on and off while compiled code runs.
//!
//! Events that a tool sets for the whole interpreter change the version in `eval_breaker`, and code is valid for one version. Events for a single code object change none. So while any tool
//! has an id of `sys.monitoring`, no version is good enough: every poll looks at its code object.

use crate::native::code::CompiledCode;
use crate::tier;
use std::sync::atomic::{AtomicBool, Ordering};
use whipsnake_cpython::live::monitoring::{other_tools, others_in_use};
use whipsnake_cpython::live::{Code, ThreadState};

/// [`CompiledCode::valid_version`] of code whose polls always look: no version that ever is.
const LOOK: u64 = u64::MAX - 1;

/// Whether a tool was seen that may set events for single code objects.
static WATCHFUL: AtomicBool = AtomicBool::new(false);

/// Looks for tools that came up. Called wherever other code than ours may have run for long.
///
/// # Safety
/// The GIL is held, no exception is set that matters to the caller's result: one that is set is kept.
#[inline]
pub unsafe fn notice() {
    // SAFETY: the caller's.
    unsafe {
        if !WATCHFUL.load(Ordering::Relaxed) && others_in_use(ThreadState::current().interpreter()) {
            become_watchful();
        }
    }
}

/// Makes all code look at its next poll, by a new version.
#[cold]
unsafe fn become_watchful() {
    WATCHFUL.store(true, Ordering::Relaxed);
    // SAFETY: the caller's.
    unsafe { tier::change_version() };
}

/// What `valid_version` of code is that was just seen to be good for the version in force.
///
/// # Safety
/// The GIL is held.
pub unsafe fn trusted_version(thread: ThreadState) -> u64 {
    // SAFETY: the caller's.
    unsafe {
        let interpreter = thread.interpreter();
        if WATCHFUL.load(Ordering::Relaxed) && !others_in_use(interpreter) {
            WATCHFUL.store(false, Ordering::Relaxed);
        }
        if WATCHFUL.load(Ordering::Relaxed) { LOOK } else { thread.instrumentation_version() as u64 }
    }
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
            || other_tools(code, thread.interpreter()) != 0
        {
            return false;
        }
        (*compiled).valid_version = trusted_version(thread);
    }
    true
}
