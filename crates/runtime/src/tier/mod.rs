//! Tiering: what gets compiled, when, and how it is entered.
//!
//! Every Python function gets a counting entry when it is made (and once for those that exist at `enable`). At the threshold its code
//! object is compiled and the entry replaced; a code object that can't be compiled gets its original entry back. Running loops are
//! found through local JUMP events of `sys.monitoring`, set on code with a loop when it is first called.

mod again;
mod compile;
mod control;
mod entries;
mod importing;
mod osr;
mod refusal;
mod selection;
mod settings;
mod small;
mod state;
mod stats;
mod warm_up;

pub use crate::native::exit_reason::ExitReason;
pub(crate) use again::surprise;
pub(crate) use compile::input as code_input;
pub(crate) use control::step_aside;
pub use control::{disable, enable, is_enabled, unavailable};
pub(crate) use entries::function_changed;
pub use entries::{compile_now, is_compiled, never};
pub(crate) use importing::{TIMES_AS_MUCH as TIMES_AS_MUCH_WHILE_IMPORTING, is_importing};
pub(crate) use osr::count_again;
pub use refusal::Refusal;
pub use settings::Settings;
pub(crate) use state::{Jit, jit};
pub(crate) use stats::qualname;
pub use stats::{Executed, Stats};
pub(crate) use warm_up::{WarmUp, leaves as leaves_to_warm_up};

/// The counters so far.
pub fn stats() -> Stats {
    // SAFETY: called with the GIL, and the copy ends the borrow.
    unsafe { state::jit() }.map(|jit| jit.stats.clone()).unwrap_or_default()
}

/// Whether loops of what is compiled now are counted for the optimizing tier.
pub(crate) fn optimizes() -> bool {
    // SAFETY: called with the GIL, and the borrow ends here.
    unsafe { state::jit() }.is_some_and(|jit| jit.settings.optimize_threshold > 0)
}

/// Whether the interpreter comes to specialise code that is compiled: not where that is done at the first call, and nothing is warmed up.
fn is_specialised() -> bool {
    // SAFETY: the GIL is held wherever functions get entries.
    unsafe { state::jit() }.is_some_and(|jit| jit.settings.leaves_out() || jit.settings.warms_up())
}

/// Whether what is compiled now counts what it does.
pub(crate) fn counts() -> bool {
    // SAFETY: called with the GIL, and the borrow ends here.
    unsafe { state::jit() }.is_some_and(|jit| jit.counts_events)
}
