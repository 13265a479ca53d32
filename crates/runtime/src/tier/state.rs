//! The compiler of this process: one for the main interpreter, guarded by the GIL.

use super::importing::Waits;
use super::refusal::Refusal;
use super::{Settings, Stats};
use crate::memory::{CodeMemory, Placed};
use crate::region::Namespaces;
use std::cell::{RefCell, UnsafeCell};
use std::rc::Rc;
use std::sync::Arc;
use whipsnake_cpython::live::extra::Extra;
use whipsnake_cpython::live::monitoring::Monitoring;
use whipsnake_cpython::live::watch::FunctionWatcher;
use whipsnake_stencils::{Addresses, Baseline};

/// Where a code object stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Runs interpreted, and is counted.
    Counting,
    /// Runs compiled.
    Compiled,
    /// Stays interpreted.
    Refused(Refusal),
}

/// What tiering knows of a code object; hangs off it.
#[derive(Debug)]
pub(crate) struct TierState {
    pub stage: Stage,
    pub calls: u32,
    /// Jumps back that were counted; below 0 where more are wanted than by the settings.
    pub jumps: i64,
    /// Rounds of loops that compiled code leaves out.
    pub unreached_jumps: u32,
    /// Whether it has a backward jump.
    pub has_loop: bool,
    /// Whether calls that the interpreter specialises for it are left to it.
    pub is_small: bool,
    /// Whether our JUMP events are set on it.
    pub jump_events: bool,
    /// How often it has waited because modules were being imported.
    pub waits: Waits,
}

/// Everything the compiler holds.
pub(crate) struct Jit {
    pub enabled: bool,
    pub settings: Settings,
    pub memory: CodeMemory,
    pub addresses: Arc<Addresses>,
    pub baseline: Baseline,
    pub namespaces: Rc<RefCell<Namespaces>>,
    pub stats: Stats,
    /// They lie together, among the tables: each call that is counted looks for one, most often one that it has not seen for long.
    pub states: Extra<TierState, Placed<TierState>>,
    pub monitoring: Monitoring,
    pub watcher: Option<FunctionWatcher>,
    /// Whether our events are set for the whole interpreter, for the statistics.
    pub counts_events: bool,
}

struct Slot(UnsafeCell<Option<Box<Jit>>>);

// SAFETY: only touched with the GIL held.
unsafe impl Sync for Slot {}

static JIT: Slot = Slot(UnsafeCell::new(None));

/// The compiler, if it was ever enabled.
///
/// # Safety
/// The GIL is held, and the reference is not kept across anything that may run Python code or call into this module.
pub(crate) unsafe fn jit() -> Option<&'static mut Jit> {
    // SAFETY: the caller's contract makes the reference unique while it is used.
    unsafe { (*JIT.0.get()).as_deref_mut() }
}

/// Puts the compiler in place.
///
/// # Safety
/// The GIL is held; no reference from [`jit`] is alive.
pub(crate) unsafe fn install(new: Box<Jit>) {
    // SAFETY: the caller's contract.
    unsafe { *JIT.0.get() = Some(new) };
}
