//! What the optimizing tier did, and what that cost.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Counters of what was asked for, kept under the GIL.
#[derive(Clone, Debug, Default)]
pub struct Regions {
    /// Loops whose graph was made, or tried to.
    pub asked: u64,
    /// Regions made.
    pub built: u64,
    /// Bytes of their machine code.
    pub bytes: u64,
    /// Of those asked for, how many take the place of one whose guards failed too often.
    pub rebuilt: u64,
    /// Loops that were put off because the queue was full, or the time for compiling spent.
    pub deferred: u64,
    /// Loops for which there is no region, by reason.
    pub refused: BTreeMap<String, u64>,
    /// Regions that are entered no more, by reason.
    pub given_up: BTreeMap<&'static str, u64>,
}

impl Regions {
    /// A region is entered no more.
    pub(super) fn give_up(&mut self, reason: &'static str) {
        *self.given_up.entry(reason).or_default() += 1;
    }
}

/// CPU time by stage, in the order in which stages first ended.
static TIMES: Mutex<Vec<(&'static str, Duration)>> = Mutex::new(Vec::new());

/// CPU time that the optimizing tier has used, in nanoseconds.
static SPENT: AtomicU64 = AtomicU64::new(0);

/// CPU time of each stage in all, for all regions.
pub fn times() -> Vec<(&'static str, Duration)> {
    TIMES.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

/// CPU time that the optimizing tier has used.
pub fn spent() -> Duration {
    Duration::from_nanos(SPENT.load(Ordering::Relaxed))
}

/// A child of `fork` has spent nothing.
pub(super) fn forget_spent() {
    SPENT.store(0, Ordering::Relaxed);
}

/// Adds to [`spent`].
pub(super) fn spend(time: Duration) {
    SPENT.fetch_add(time.as_nanos() as u64, Ordering::Relaxed);
}

/// CPU time of this thread.
pub(super) fn thread_time() -> Duration {
    time(libc::CLOCK_THREAD_CPUTIME_ID)
}

/// CPU time of the process.
pub(super) fn process_time() -> Duration {
    time(libc::CLOCK_PROCESS_CPUTIME_ID)
}

/// Time since some moment.
pub(super) fn wall_time() -> Duration {
    time(libc::CLOCK_MONOTONIC)
}

fn time(clock: libc::clockid_t) -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: writes to the variable only.
    match unsafe { libc::clock_gettime(clock, &mut time) } {
        0 => Duration::new(time.tv_sec as u64, time.tv_nsec as u32),
        _ => Duration::ZERO,
    }
}

/// Times the stages of one compilation, by CPU time of the thread. What it has measured is added when it goes.
pub(super) struct Clock {
    last: Duration,
    laps: Vec<(&'static str, Duration)>,
}

impl Clock {
    /// Starts now.
    pub fn start() -> Clock {
        Clock { last: thread_time(), laps: Vec::new() }
    }

    /// A stage has ended.
    pub fn lap(&mut self, stage: &'static str) {
        let last = std::mem::replace(&mut self.last, thread_time());
        self.laps.push((stage, self.last.saturating_sub(last)));
    }

    /// What was done since the last stage belongs to none.
    pub fn skip(&mut self) {
        self.last = thread_time();
    }
}

impl Drop for Clock {
    fn drop(&mut self) {
        let mut times = TIMES.lock().unwrap_or_else(PoisonError::into_inner);
        for &(stage, time) in &self.laps {
            match times.iter_mut().find(|entry| entry.0 == stage) {
                Some(entry) => entry.1 += time,
                None => times.push((stage, time)),
            }
        }
    }
}
