//! Code memory: where machine code lives.
//!
//! One range of address space, near enough to the helpers that machine code calls them with 32-bit distances, is reserved
//! once. It is never writable and executable through the same mapping:
//!
//! * usually it is mapped twice, for writing and for running, so that writing code costs no system call;
//! * where the system refuses that, blocks are whole pages that are writable until [`Block::seal`] and executable
//!   from then on.
//!
//! A [`Block`] owns its part and gives it back when dropped. What happens at `fork` is told in [`fork`].

mod fork;
pub(crate) mod huge;
mod mapping;
mod placed;
mod space;
mod table;

pub use placed::Placed;
pub use table::Table;

use huge::{HUGE, HugePages};
use mapping::{Kind, Mapping};
use space::Space;
use std::cell::UnsafeCell;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Blocks start at multiples of this.
pub const ALIGNMENT: usize = 16;

/// Bytes at the start that are never given out, so that offset 0 is no code.
const HEADER: usize = 64;

/// Pages are asked of the system in steps of this: they are dear (some microseconds each), and most processes need few.
const COMMIT_STEP: usize = 32 << 10;

/// A process that has more code than this gets huge pages, each of which takes less time than fifty ordinary ones. Machine code that runs in them misses the
/// processor's tables of addresses less.
const HUGE_FROM: usize = 2 << 20;

/// What a huge page for code may take.
const HUGE_TIME: Duration = Duration::from_millis(1);

/// Machine code is at most this far from what it calls.
const REACH: usize = i32::MAX as usize;

/// Why code memory can't be had.
#[derive(Debug, thiserror::Error)]
pub enum MemoryError {
    /// The limit is 0, or more than a 32-bit distance can span.
    #[error("the limit must be from 1 to 1024 MiB, not {0}")]
    BadLimit(usize),
    /// The system has no place, or refuses.
    #[error("the system refuses memory for machine code: {0}")]
    System(#[from] io::Error),
    /// The limit is reached.
    #[error("the code memory is full: {0} more bytes do not fit")]
    Full(usize),
    /// This process was forked when there was no memory for a copy of the code: it runs what it has, and gets no more.
    #[error("no code memory after fork")]
    Forked,
}

/// The code memory of the process. Cheap to clone; clones are the same memory.
#[derive(Clone, Debug)]
pub struct CodeMemory {
    shared: Arc<Shared>,
}

/// How much is used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MemoryStats {
    /// Bytes that can be given out in all.
    pub limit: usize,
    /// Bytes in live blocks.
    pub used: usize,
    /// The end of the highest block there ever was: what the memory costs the process, about.
    pub high_water: usize,
    /// Live blocks.
    pub blocks: usize,
    /// Free ranges between them.
    pub free_ranges: usize,
    /// Mapped twice, for writing and for running.
    pub dual: bool,
}

/// What blocks and the memory share.
#[derive(Debug)]
struct Shared {
    lock: Lock,
    state: UnsafeCell<State>,
}

// SAFETY: the state is accessed under the lock only.
unsafe impl Sync for Shared {}
// SAFETY: the mapping belongs to the process, not to a thread.
unsafe impl Send for Shared {}

#[derive(Debug)]
struct State {
    mapping: Mapping,
    space: Space,
    /// Up to here the system has given pages.
    committed: usize,
    huge: HugePages,
    /// Set where a fork could not be given a copy: see [`fork`].
    restriction: Restriction,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Restriction {
    None,
    /// A child runs from this memory: what is freed is not used again.
    NoReuse,
    /// The memory is a parent's: nothing is written.
    NoWrite,
}

impl CodeMemory {
    /// Reserves `limit_mib` MiB of address space that reaches, and is reached from, the address `near`.
    pub fn new(limit_mib: usize, near: usize) -> Result<CodeMemory, MemoryError> {
        CodeMemory::with_kind(limit_mib, near, None)
    }

    fn with_kind(limit_mib: usize, near: usize, kind: Option<Kind>) -> Result<CodeMemory, MemoryError> {
        if !(1..=1024).contains(&limit_mib) {
            return Err(MemoryError::BadLimit(limit_mib));
        }
        let size = limit_mib << 20;
        let mapping = match kind {
            Some(kind) => Mapping::new(kind, size, near)?,
            None => Mapping::new(Kind::Dual, size, near).or_else(|_| Mapping::new(Kind::Single, size, near))?,
        };
        let granularity = match mapping.kind {
            Kind::Dual => ALIGNMENT,
            Kind::Single => mapping::page_size(),
        };
        let space = Space::new(HEADER.next_multiple_of(granularity), size, granularity);
        let state =
            State { mapping, space, committed: 0, huge: HugePages::new(HUGE_TIME), restriction: Restriction::None };
        let shared = Arc::new(Shared { lock: Lock::new(), state: UnsafeCell::new(state) });
        fork::register(&shared)?;
        Ok(CodeMemory { shared })
    }

    /// A block of at least `size` bytes.
    pub fn allocate(&self, size: usize) -> Result<Block, MemoryError> {
        self.shared.with(|state| {
            let (offset, len) = state.allocate(size)?;
            let write = state.mapping.write.wrapping_add(offset);
            let run = state.mapping.run.wrapping_add(offset).cast_const();
            Ok(Block { shared: self.shared.clone(), offset, len, write, run })
        })
    }

    /// Whether every byte of the memory reaches `address` with a 32-bit distance.
    pub fn reaches(&self, address: usize) -> bool {
        self.shared.with(|state| mapping::reaches(state.mapping.run as usize, state.mapping.size, address))
    }

    /// Whether `address` is in the memory.
    pub fn contains(&self, address: usize) -> bool {
        self.shared.with(|state| address.wrapping_sub(state.mapping.run as usize) < state.mapping.size)
    }

    /// How much is used.
    pub fn stats(&self) -> MemoryStats {
        self.shared.with(|state| {
            let stats = state.space.stats();
            MemoryStats { dual: state.mapping.kind == Kind::Dual, ..stats }
        })
    }
}

impl State {
    fn allocate(&mut self, size: usize) -> Result<(usize, usize), MemoryError> {
        if self.restriction == Restriction::NoWrite {
            return Err(MemoryError::Forked);
        }
        let (offset, len) = self.space.allocate(size).ok_or(MemoryError::Full(size))?;
        if let Err(error) = self.prepare(offset, len) {
            self.space.free(offset, len);
            return Err(error.into());
        }
        Ok((offset, len))
    }

    /// Makes the pages of a block present and writable, so that lack of memory is an error here and not a signal later.
    fn prepare(&mut self, offset: usize, len: usize) -> io::Result<()> {
        if self.mapping.kind == Kind::Single {
            return self.mapping.set_writable(offset, len, true);
        }
        let end = offset + len;
        if end <= self.committed {
            return Ok(());
        }
        while self.committed < end && end > HUGE_FROM && self.huge.are_worth_it() {
            let start = self.committed / HUGE * HUGE;
            if start + HUGE > self.mapping.size || !self.huge.take(|| self.mapping.populate_huge(start)) {
                break;
            }
            self.committed = start + HUGE;
        }
        if end <= self.committed {
            return Ok(());
        }
        let upto = end.next_multiple_of(COMMIT_STEP).min(self.mapping.size);
        self.mapping.populate(self.committed, upto)?;
        self.committed = upto;
        Ok(())
    }
}

impl Shared {
    fn with<R>(&self, work: impl FnOnce(&mut State) -> R) -> R {
        self.lock.acquire();
        // SAFETY: the lock is held, and `work` can't get at another reference.
        let result = work(unsafe { &mut *self.state.get() });
        self.lock.release();
        result
    }
}

/// A piece of code memory. Dropping it frees it; then nothing may run in it any more.
#[derive(Debug)]
pub struct Block {
    shared: Arc<Shared>,
    offset: usize,
    len: usize,
    write: *mut u8,
    run: *const u8,
}

// SAFETY: a block is an owned range of memory of the process.
unsafe impl Send for Block {}
// SAFETY: nothing is changed through a shared block, except by unsafe writes through its pointer.
unsafe impl Sync for Block {}

impl Block {
    /// Where code is written. Valid for [`Block::len`] bytes until [`Block::seal`].
    pub fn write(&self) -> *mut u8 {
        self.write
    }

    /// Where the code runs.
    pub fn run(&self) -> *const u8 {
        self.run
    }

    /// Bytes of the block: what was asked for, rounded up.
    #[expect(clippy::len_without_is_empty, reason = "a block is never empty")]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Ends writing: from now on the code can run. Nothing to do where the memory is mapped twice.
    pub fn seal(&self) -> Result<(), MemoryError> {
        self.shared.with(|state| match state.mapping.kind {
            Kind::Dual => Ok(()),
            Kind::Single => Ok(state.mapping.set_writable(self.offset, self.len, false)?),
        })
    }

    /// Keeps the block for the life of the process.
    pub fn leak(self) {
        std::mem::forget(self);
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        self.shared.with(|state| {
            if state.restriction == Restriction::NoReuse {
                state.space.retire(self.len);
            } else {
                state.space.free(self.offset, self.len);
            }
        });
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        fork::unregister(self);
    }
}

/// A lock that can be held over `fork` and released in the child.
#[derive(Debug)]
struct Lock(AtomicBool);

impl Lock {
    const fn new() -> Lock {
        Lock(AtomicBool::new(false))
    }

    fn acquire(&self) {
        while self.0.swap(true, Ordering::Acquire) {
            std::thread::yield_now();
        }
    }

    fn release(&self) {
        self.0.store(false, Ordering::Release);
    }
}

#[cfg(test)]
mod tests;
