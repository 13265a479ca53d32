//! Why native code was left to the interpreter, and how often.

use std::sync::atomic::{AtomicU64, Ordering};

/// A reason to go on in the interpreter with a function that is compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum ExitReason {
    /// A tool (debugger, profiler, coverage) wants to see what the code does.
    Instrumented,
    /// Its machine code was taken out of use, by `whipsnake.never()`.
    Detached,
    /// Its code was compiled before it ever ran: the interpreter specialises it.
    WarmUp,
    /// It came to a block that had never run when it was compiled.
    Unreached,
    /// Native code has no way in where a callee came back.
    NoResumePoint,
    /// Little C stack is left; the interpreter needs none for calls between Python functions.
    DeepRecursion,
}

impl ExitReason {
    /// All reasons, in the order of their counters.
    pub const ALL: [ExitReason; 6] = [
        ExitReason::Instrumented,
        ExitReason::Detached,
        ExitReason::WarmUp,
        ExitReason::Unreached,
        ExitReason::NoResumePoint,
        ExitReason::DeepRecursion,
    ];

    /// The name in statistics.
    pub fn name(self) -> &'static str {
        match self {
            ExitReason::Instrumented => "instrumented",
            ExitReason::Detached => "detached",
            ExitReason::WarmUp => "warm_up",
            ExitReason::Unreached => "unreached",
            ExitReason::NoResumePoint => "no_resume_point",
            ExitReason::DeepRecursion => "deep_recursion",
        }
    }

    /// How often it was the reason.
    pub fn count(self) -> u64 {
        COUNTS[self as usize].load(Ordering::Relaxed)
    }

    /// Counts once more.
    #[cold]
    pub(crate) fn note(self) {
        COUNTS[self as usize].fetch_add(1, Ordering::Relaxed);
    }
}

static COUNTS: [AtomicU64; ExitReason::ALL.len()] = [const { AtomicU64::new(0) }; ExitReason::ALL.len()];
