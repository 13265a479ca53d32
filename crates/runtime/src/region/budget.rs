//! When a place may be optimized: what the optimizing tier may spend of the program's time, and how that is paced.

use super::heat::Weight;
use super::statistics::{forget_spent, process_time, spend, spent};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// CPU time of the process when something was first counted, in nanoseconds; 0 before.
static BEGUN: AtomicU64 = AtomicU64::new(0);

/// CPU time of the process, of which the time counts that follows the first such call.
pub(super) fn begin() -> Duration {
    let now = process_time();
    let _ = BEGUN.compare_exchange(0, now.as_nanos() as u64, Ordering::Relaxed, Ordering::Relaxed);
    now
}

/// Whether more may be spent on a place of so many instructions that takes that share of the program's time, with so many jobs on their way: the optimizing tier gets [`SHARE`] of the CPU time of the
/// process, [`START`] sooner than that, but next to nothing of it at first, and [`HOT`] at once for what takes all of the time. What gets nothing asks again later, when the program has run
/// longer.
pub(super) fn within_budget(built: u64, waiting: usize, instructions: u32, weight: Weight) -> bool {
    let now = begin();
    let ran = now.saturating_sub(Duration::from_nanos(BEGUN.load(Ordering::Relaxed)));
    let rest = Duration::from_nanos(RESTS_UNTIL.load(Ordering::Relaxed)).saturating_sub(without_background(now));
    allowed(spent(), built, waiting, instructions, ran, weight) && is_rested(rest, waiting, weight)
}

/// CPU time of the background thread, in nanoseconds.
static BACKGROUND: AtomicU64 = AtomicU64::new(0);

/// Adds what the background thread has spent on a region.
pub(super) fn spend_in_background(time: Duration) {
    spend(time);
    BACKGROUND.fetch_add(time.as_nanos() as u64, Ordering::Relaxed);
}

/// What of that CPU time of the process was the program's own.
fn without_background(time: Duration) -> Duration {
    time.saturating_sub(Duration::from_nanos(BACKGROUND.load(Ordering::Relaxed)))
}

/// The program's own CPU time until which its threads build no graphs but those of what takes most of its time, in nanoseconds.
static RESTS_UNTIL: AtomicU64 = AtomicU64::new(0);

/// Adds the time that one of the program's own threads has spent on a graph: it goes on with the program for [`REST`] times as long.
pub(super) fn spend_own(time: Duration) {
    spend(time);
    RESTS_UNTIL.store((without_background(process_time()) + time * REST).as_nanos() as u64, Ordering::Relaxed);
}

/// How many times as long as a graph took the program goes on before there is another: where many places get hot at once, in the first call of an application, say, their
/// graphs take as long as the call. More would spare that call, but what many small functions share comes to its speed later.
const REST: u32 = 6;

/// Whether a place may have its graph built, with so much of the rest left, and so many jobs on their way. There is no hurry with one that would have to wait for others; what is hot is
/// worth it at once.
fn is_rested(rest: Duration, waiting: usize, weight: Weight) -> bool {
    rest.is_zero() && waiting == 0 || weight.is_hot()
}

/// Which part of the process's CPU time is for optimizing.
const SHARE: f64 = 0.1;

/// What may be spent of it sooner: all that a run of one second may.
const START: Duration = Duration::from_millis(100);

/// What may be spent sooner grows with the square of the time, from nothing to all of this time. A program that ends soon gains hardly anything but from what it does most of the
/// time: its regions cost about what they could save.
const RAMP: Duration = Duration::from_millis(600);

/// What may be spent at once on a place that takes all of the program's time. One that takes half of it is worth half as much, and with it waits a share of the others: it gets a quarter.
const HOT: Duration = Duration::from_millis(40);

/// How many times what a region costs its place has to have taken so far: a program that has run for some time is expected to run for about as long again, in which the region saves a part of
/// what its place takes. The time of applications is spread over hundreds of places, few of which are worth it in the first second.
const MARGIN: u32 = 2;

/// What a region costs at least, as far as is known before there are any.
const USUAL: Duration = Duration::from_millis(2);

/// A place of more bytecode instructions than this is long, and may be none that can be compiled.
const LONG: u32 = 400;

/// What each further instruction costs.
const INSTRUCTION: Duration = Duration::from_micros(25);

fn allowed(spent: Duration, built: u64, waiting: usize, instructions: u32, ran: Duration, weight: Weight) -> bool {
    // Those that wait will cost about what the others did, and so will this one, unless it is long.
    let each = (spent / built.clamp(1, u32::MAX.into()) as u32).max(USUAL);
    let this = each.max(INSTRUCTION * instructions.saturating_sub(LONG));
    let in_time = ran.mul_f64(ran.div_duration_f64(RAMP)).min(START.max(ran.mul_f64(SHARE)));
    let at_once = HOT.mul_f64(weight.share.powi(2));
    spent + each * waiting as u32 + this <= at_once.max(in_time) && this * MARGIN <= weight.took
}

/// A child of `fork` starts with no CPU time of its own.
pub(super) fn start_anew() {
    forget_spent();
    BEGUN.store(0, Ordering::Relaxed);
    RESTS_UNTIL.store(0, Ordering::Relaxed);
    BACKGROUND.store(0, Ordering::Relaxed);
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    /// Of a place that has taken its share from the beginning, and some time before.
    fn weight(share: f64, ran: Duration) -> Weight {
        Weight { share, took: ms(20) + ran.mul_f64(share) }
    }

    #[test]
    fn graphs_rest_but_for_what_is_hot() {
        assert!(is_rested(Duration::ZERO, 0, weight(0.0, ms(100))));
        assert!(!is_rested(Duration::ZERO, 1, weight(0.2, ms(100))));
        assert!(!is_rested(Duration::from_millis(1), 0, weight(0.2, ms(100))));
        assert!(is_rested(Duration::from_millis(1), 1, weight(0.4, ms(100))));
    }

    #[test]
    fn a_tenth_of_the_run_is_for_optimizing() {
        assert!(allowed(ms(90), 9, 0, 50, ms(1000), weight(0.1, ms(1000))));
        assert!(!allowed(ms(90), 9, 1, 50, ms(1000), weight(0.1, ms(1000))));
        assert!(allowed(ms(90), 9, 1, 50, ms(1100), weight(0.1, ms(1100))));
        assert!(!allowed(ms(150), 9, 0, 50, ms(1400), weight(1.0, ms(1400))));
        assert!(allowed(ms(150), 9, 0, 50, ms(1700), weight(0.1, ms(1700))));
    }

    #[test]
    fn at_first_it_is_less() {
        assert!(!allowed(ms(0), 0, 0, 50, ms(30), weight(0.1, ms(30))));
        assert!(allowed(ms(0), 0, 0, 50, ms(40), weight(0.1, ms(40))));
        assert!(!allowed(ms(3), 1, 0, 50, ms(50), weight(0.1, ms(50))));
        assert!(allowed(ms(3), 1, 0, 50, ms(80), weight(0.1, ms(80))));
        assert!(allowed(ms(70), 10, 0, 50, ms(400), weight(0.1, ms(400))));
        assert!(!allowed(ms(95), 10, 0, 50, ms(900), weight(0.1, ms(900))));
    }

    #[test]
    fn what_is_long_waits_until_it_can_be_afforded() {
        assert!(!allowed(ms(0), 0, 0, 1400, ms(110), weight(0.4, ms(110))));
        assert!(allowed(ms(0), 0, 0, 1400, ms(130), weight(0.4, ms(130))));
        assert!(allowed(ms(0), 0, 0, 1400, ms(40), weight(1.0, ms(40))));
    }

    #[test]
    fn what_has_taken_little_so_far_waits_until_it_is_worth_it() {
        let took = |time| Weight { share: 1.0, took: time };
        assert!(!allowed(ms(0), 0, 0, 50, ms(1), took(ms(3))));
        assert!(allowed(ms(0), 0, 0, 50, ms(1), took(ms(5))));
        // Regions were dearer so far.
        assert!(!allowed(ms(60), 10, 0, 50, ms(1000), took(ms(11))));
        assert!(allowed(ms(60), 10, 0, 50, ms(1000), took(ms(13))));
        assert!(!allowed(ms(0), 0, 0, 1400, ms(1), took(ms(40))));
    }

    #[test]
    fn what_is_hot_need_not_wait() {
        assert!(allowed(ms(0), 0, 0, 50, ms(1), weight(1.0, ms(1))));
        assert!(allowed(ms(0), 0, 0, 50, ms(1), weight(0.4, ms(1))));
        assert!(!allowed(ms(0), 0, 0, 50, ms(1), weight(0.2, ms(1))));
        assert!(!allowed(ms(25), 1, 0, 50, ms(20), weight(1.0, ms(20))));
    }
}
