//! The thread that makes regions while the program goes on.
//!
//! It lives while there is something to do: a program whose loops have all been seen to has no thread of ours. It blocks all signals, so that they reach
//! the program's own threads, and runs at a lower priority. It touches no Python object and needs no GIL, so that the interpreter's end does not concern it:
//! when the process exits it is simply gone.
//!
//! Before `fork` it is waited for, since a thread that is gone in the child would leave locks and half-done work behind, and since Python warns of a fork with
//! threads around. What is in the queue stays there, in parent and child, until a loop asks for it again.

use super::budget;
use super::job::{Job, Made, Maker};
use super::statistics::thread_time;
use super::{Held, Region};
use std::cell::UnsafeCell;
use std::collections::VecDeque;
use std::mem::MaybeUninit;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, TryLockError};
use std::thread::JoinHandle;

/// Jobs that may wait.
const QUEUE: usize = 16;

/// Native stack of the thread; Cranelift recurses over the graph.
const STACK_BYTES: usize = 4 << 20;

/// How much lower the thread's priority is.
const NICENESS: libc::c_int = 5;

/// What becomes of a wish for a region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// It is there.
    Made(*const Region),
    /// It is being made.
    Waiting,
    /// It can't be asked for now.
    Later,
    /// It would be larger than what is known to be worth it.
    Larger,
    /// There will be none.
    Refused,
}

/// What the two sides know of a job: `None` where it was dropped before it began.
type Outcome = Option<Result<Made, String>>;

/// One job, as whoever asked sees it.
#[derive(Debug, Default)]
pub(super) struct Ticket {
    cancelled: AtomicBool,
    outcome: Mutex<Option<Outcome>>,
}

impl Ticket {
    fn set(&self, outcome: Outcome) {
        *self.outcome.lock().unwrap_or_else(PoisonError::into_inner) = Some(outcome);
    }
}

/// The regions that were asked for, of one code object. When it goes, they are not wanted any more. The thread changes no reference count: the functions
/// that are inlined are held here.
#[derive(Debug, Default)]
pub struct Asked {
    waited_for: Vec<(u32, Arc<Ticket>, Held)>,
    refused: Vec<u32>,
    larger: Vec<u32>,
}

impl Asked {
    /// The loop at a code unit was asked for.
    pub(super) fn push(&mut self, header: u32, ticket: Arc<Ticket>, callees: Held) {
        self.waited_for.push((header, ticket, callees));
    }

    /// There is no region of the loop at a code unit.
    pub(super) fn refuse(&mut self, header: u32) {
        self.refused.push(header);
    }

    /// That of the loop at a code unit was found to be larger than most.
    pub(super) fn put_off(&mut self, header: u32) {
        self.larger.push(header);
    }

    /// Whether that was found.
    pub(super) fn may_be_large(&self, header: u32) -> bool {
        self.larger.contains(&header)
    }

    /// How often there was found to be none.
    pub(super) fn refusals(&self, header: u32) -> usize {
        self.refused.iter().filter(|refused| **refused == header).count()
    }

    /// Whether one is being made.
    pub(super) fn is_being_made(&self, header: u32) -> bool {
        self.waited_for.iter().any(|asked| asked.0 == header)
    }

    /// What has become of it, and what it inlines; `None` if it is still being made.
    pub(super) fn take(&mut self, header: u32) -> Option<(Outcome, Held)> {
        let index = self.waited_for.iter().position(|asked| asked.0 == header);
        let Some(index) = index else { return Some((None, Held::default())) };
        let outcome = match self.waited_for[index].1.outcome.try_lock() {
            Ok(mut outcome) => outcome.take(),
            Err(TryLockError::Poisoned(outcome)) => outcome.into_inner().take(),
            Err(TryLockError::WouldBlock) => None,
        };
        outcome.map(|outcome| (outcome, self.waited_for.swap_remove(index).2))
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        for (_, ticket, _) in &self.waited_for {
            ticket.cancelled.store(true, Ordering::Relaxed);
        }
    }
}

#[derive(Default)]
struct State {
    queue: VecDeque<(Box<Job>, Arc<Ticket>)>,
    /// A thread takes jobs from the queue.
    running: bool,
    /// A fork waits: no thread takes anything.
    stopping: bool,
    /// Threads that may not have ended yet.
    threads: Vec<JoinHandle<()>>,
    /// Jobs that waited at most.
    longest: usize,
}

static STATE: Mutex<State> =
    Mutex::new(State { queue: VecDeque::new(), running: false, stopping: false, threads: Vec::new(), longest: 0 });

fn lock() -> MutexGuard<'static, State> {
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// For the program, which does not wait.
fn try_lock() -> Option<MutexGuard<'static, State>> {
    match STATE.try_lock() {
        Ok(state) => Some(state),
        Err(TryLockError::Poisoned(state)) => Some(state.into_inner()),
        Err(TryLockError::WouldBlock) => None,
    }
}

/// How many jobs wait, if one more may.
pub(super) fn waiting() -> Option<usize> {
    see_to_thread();
    try_lock().map(|state| state.queue.len() + usize::from(state.running)).filter(|&waiting| waiting < QUEUE)
}

/// How many jobs wait, and how many waited at most.
pub fn queue_lengths() -> (usize, usize) {
    let state = lock();
    (state.queue.len(), state.longest)
}

/// Sends a job; gives it back if there is no thread to be had.
pub(super) fn send(job: Job) -> Result<Arc<Ticket>, Box<Job>> {
    let job = Box::new(job);
    if !handles_forks() {
        return Err(job);
    }
    let ticket = Arc::new(Ticket::default());
    let mut state = lock();
    state.queue.push_back((job, ticket.clone()));
    state.longest = state.longest.max(state.queue.len());
    if state.ensure_thread() {
        return Ok(ticket);
    }
    // Nobody has taken it out again.
    match state.queue.pop_back() {
        Some((job, _)) => Err(job),
        None => Ok(ticket),
    }
}

/// Has a thread go on with the queue, if there is none: one that was stopped for a fork.
pub(super) fn see_to_thread() {
    if let Some(mut state) = try_lock()
        && !state.queue.is_empty()
    {
        state.ensure_thread();
    }
}

/// Drops what has not begun.
pub(crate) fn clear() {
    let jobs = std::mem::take(&mut lock().queue);
    for (_, ticket) in jobs {
        ticket.set(None);
    }
}

impl State {
    /// Whether a thread takes jobs, or will when the fork is done.
    fn ensure_thread(&mut self) -> bool {
        if self.running || self.stopping {
            return true;
        }
        self.threads.retain(|thread| !thread.is_finished());
        match with_signals_blocked(spawn) {
            Ok(thread) => {
                self.threads.push(thread);
                self.running = true;
                true
            }
            Err(_) => false,
        }
    }
}

fn spawn() -> std::io::Result<JoinHandle<()>> {
    std::thread::Builder::new().name("whipsnake".to_owned()).stack_size(STACK_BYTES).spawn(run)
}

/// A new thread inherits the mask: no signal is delivered to it.
fn with_signals_blocked<R>(work: impl FnOnce() -> R) -> R {
    let (mut all, mut before) = (MaybeUninit::uninit(), MaybeUninit::uninit());
    // SAFETY: the sets are written before they are read.
    unsafe {
        libc::sigfillset(all.as_mut_ptr());
        libc::pthread_sigmask(libc::SIG_SETMASK, all.as_ptr(), before.as_mut_ptr());
        let result = work();
        libc::pthread_sigmask(libc::SIG_SETMASK, before.as_ptr(), std::ptr::null_mut());
        result
    }
}

/// The thread.
fn run() {
    // SAFETY: changes this thread's priority only. If that fails, it has the program's.
    unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, NICENESS) };
    let mut maker = Maker::kept();
    while let Some((job, ticket)) = next() {
        if ticket.cancelled.load(Ordering::Relaxed) {
            continue;
        }
        let start = thread_time();
        let made = maker.make(*job);
        budget::spend_in_background(thread_time().saturating_sub(start));
        ticket.set(Some(made));
    }
    maker.keep();
}

/// The next job. If there is none, the thread counts as ended.
fn next() -> Option<(Box<Job>, Arc<Ticket>)> {
    let mut state = lock();
    let job = if state.stopping { None } else { state.queue.pop_front() };
    state.running = job.is_some();
    job
}

/// Registers the handlers for `fork`, once; whether that worked. They come after those of the code memory, and so, before a fork, run first: the thread
/// can still get its locks.
fn handles_forks() -> bool {
    static REGISTERED: OnceLock<bool> = OnceLock::new();
    *REGISTERED.get_or_init(|| {
        // SAFETY: the handlers are functions of this library, which is never unloaded.
        unsafe { libc::pthread_atfork(Some(before_fork), Some(after_fork), Some(in_child)) == 0 }
    })
}

/// Waits for the thread's current job, which takes milliseconds.
unsafe extern "C" fn before_fork() {
    let threads = {
        let mut state = lock();
        state.stopping = true;
        std::mem::take(&mut state.threads)
    };
    let any = !threads.is_empty();
    for thread in threads {
        // It has caught its panics.
        let _ = thread.join();
    }
    if any {
        await_end();
    }
    // SAFETY: this thread alone forks at the moment.
    unsafe { *LOCKED.0.get() = Some(lock()) };
}

/// The lock, while a fork goes on, so that nobody who is gone in the child has it.
struct Locked(UnsafeCell<Option<MutexGuard<'static, State>>>);

// SAFETY: only the thread that forks touches it; the system lets one fork at a time.
unsafe impl Sync for Locked {}

static LOCKED: Locked = Locked(UnsafeCell::new(None));

/// A thread that was joined is still counted for some microseconds; Python looks at the count.
fn await_end() {
    for _ in 0..1000 {
        let ours = std::fs::read_dir("/proc/self/task")
            .into_iter()
            .flatten()
            .flatten()
            .any(|task| std::fs::read(task.path().join("comm")).is_ok_and(|name| name == b"whipsnake\n"));
        if !ours {
            return;
        }
        std::thread::yield_now();
    }
}

unsafe extern "C" fn after_fork() {
    // SAFETY: see `before_fork`.
    if let Some(mut state) = unsafe { (*LOCKED.0.get()).take() } {
        state.stopping = false;
    }
}

unsafe extern "C" fn in_child() {
    budget::start_anew();
    // SAFETY: as the parent.
    unsafe { after_fork() };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::CodeMemory;
    use std::time::{Duration, Instant};
    use whipsnake_ir::Function;
    use whipsnake_stencils::Addresses;

    /// The interpreter isn't linked to these tests, and what they drop holds no objects.
    #[unsafe(no_mangle)]
    extern "C" fn _Py_Dealloc(_: *mut pyo3_ffi::PyObject) {
        unreachable!("no objects here");
    }

    /// A job that no pass and no code generator can do anything with.
    fn broken() -> Job {
        let mut function = Function::new("broken");
        function.add_block();
        Job {
            name: "broken".to_owned(),
            header: 0,
            gate: super::super::gate::Gate::Loop { baseline_if_seen: None },
            ways_on: vec![],
            prunes: false,
            patience: 1,
            series: 0,
            keeps_graph: false,
            function,
            general: Default::default(),
            cells: vec![],
            memory: CodeMemory::new(1, broken as *const () as usize).unwrap(),
            addresses: Arc::new(Addresses::new(&[], &[], &[])),
        }
    }

    #[test]
    fn a_compiler_that_panics_is_a_reason_and_the_thread_goes_on() {
        let mut asked = Asked::default();
        for header in 0..3 {
            asked.push(header, send(broken()).ok().unwrap(), Held::default());
        }
        let start = Instant::now();
        for header in 0..3 {
            let outcome = loop {
                if let Some((outcome, _)) = asked.take(header) {
                    break outcome;
                }
                see_to_thread();
                assert!(start.elapsed() < Duration::from_secs(60), "the thread does not go on");
                std::thread::yield_now();
            };
            // Other tests may empty the queue at the same time.
            if let Some(made) = outcome {
                let reason = made.err().unwrap();
                assert!(reason.starts_with("the optimizer failed"), "{reason}");
            }
        }
        // What nobody has asked for is not waited for.
        assert!(asked.take(7).is_some());
    }

    #[test]
    fn what_is_dropped_before_it_began_is_told() {
        let mut asked = Asked::default();
        asked.push(0, send(broken()).ok().unwrap(), Held::default());
        clear();
        let start = Instant::now();
        while asked.take(0).is_none() {
            assert!(start.elapsed() < Duration::from_secs(60));
            std::thread::yield_now();
        }
    }

    #[test]
    fn signals_are_blocked_for_the_new_thread_only() {
        let mask = || {
            let mut set = MaybeUninit::<libc::sigset_t>::uninit();
            // SAFETY: the set is written before it is read.
            unsafe {
                libc::pthread_sigmask(libc::SIG_SETMASK, std::ptr::null(), set.as_mut_ptr());
                libc::sigismember(set.as_ptr(), libc::SIGINT)
            }
        };
        assert_eq!(with_signals_blocked(mask), 1);
        assert_eq!(mask(), 0);
    }
}
