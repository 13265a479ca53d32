//! Huge pages: how long they take to come, and whether another is worth asking for.
//!
//! One takes a tenth of what the ordinary pages in its place take, unless the system must look for one long, or is a virtual machine that gets
//! memory from its host only when it is touched. What counts is the time of this thread's processor: a thread that has to wait for its
//! turn would find anything slow.

use std::time::Duration;

/// Bytes of a huge page.
pub(crate) const HUGE: usize = 2 << 20;

/// The huge pages of one kind of memory.
#[derive(Debug)]
pub(crate) struct HugePages {
    /// What one may take: about as long as the ordinary pages in its place.
    time: Duration,
    /// What they have taken longer than that.
    debt: Duration,
    refused: bool,
}

impl HugePages {
    /// Each may take this long; one that takes up to half as long again, if those before did not, is not the last.
    pub const fn new(time: Duration) -> HugePages {
        HugePages { time, debt: Duration::ZERO, refused: false }
    }

    /// Whether the system gives them, and soon, as far as is known.
    pub fn are_worth_it(&self) -> bool {
        !self.refused && self.debt <= self.time / 2
    }

    /// Does something that makes a huge page present, or fails to; says which.
    pub fn take(&mut self, make: impl FnOnce() -> bool) -> bool {
        let start = processor_time();
        let made = make();
        let time = processor_time().saturating_sub(start);
        self.debt = (self.debt + time).saturating_sub(self.time);
        self.refused |= !made;
        made
    }
}

/// What this thread has run.
fn processor_time() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the time is written; if the system does not know the clock, it stays 0.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time) };
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIME: Duration = Duration::from_millis(10);

    fn spin(time: Duration) {
        let start = processor_time();
        while processor_time() - start < time {}
    }

    #[test]
    fn one_that_is_a_little_slow_is_not_the_last() {
        let mut pages = HugePages::new(TIME);
        for _ in 0..2 {
            assert!(pages.take(|| (spin(TIME * 5 / 4), true).1) && pages.are_worth_it());
            assert!(pages.take(|| true) && pages.are_worth_it());
        }
        assert!(pages.take(|| (spin(TIME * 2), true).1) && !pages.are_worth_it());
    }

    #[test]
    fn waiting_does_not_count() {
        let mut pages = HugePages::new(TIME);
        pages.take(|| (std::thread::sleep(TIME * 3), true).1);
        assert!(pages.are_worth_it());
    }

    #[test]
    fn a_refusal_is_for_good() {
        let mut pages = HugePages::new(TIME);
        assert!(!pages.take(|| false) && !pages.are_worth_it());
    }
}
