//! Blocks of up to 2 KiB, of 40 sizes, from runs of 16 KiB that hold blocks of one size. Knows nothing of CPython, and takes no lock: whoever calls
//! holds the GIL.
//!
//! The shape is pymalloc's (pools within arenas; Vladimir Marangozov, Python 2.1). What differs is what makes it short: memory is one range that grows at its end,
//! so that one comparison tells whether a block is ours, and there is one heap in the process, so that nobody asks for the thread's.
//! And the heads of runs lie together, those of a megabyte in one page: each at the start of its run, all of them would have the same place in the processor's first
//! cache, which has room for eight.
//!
//! Pymalloc leaves what is longer than 512 bytes to the C library, to which blocks of a kilobyte and more are large: it cuts them off free memory, and merges them with that again. The
//! stack of each match of a regular expression is such a block, and so are tables of dicts, lists and strings that grow.

use super::range::{GROWTH, Range};
use std::ptr::{self, NonNull};

/// Blocks are multiples of this long, and start at multiples of it.
const STEP: usize = 16;
/// Up to here there is a size for each multiple of `STEP`.
const FINE: usize = 512;
const FINE_CLASSES: usize = FINE / STEP;
/// Behind that four between a power of two and the next.
const QUARTERS: usize = 4;
/// The longest block.
pub(super) const LONGEST: usize = 4 * FINE;
const CLASSES: usize = FINE_CLASSES + 2 * QUARTERS;
/// Bytes of a run, which starts at a multiple of it.
pub(super) const RUN: usize = 16 << 10;
/// The memory whose runs have their heads in one place, at its start. It starts at a multiple of this.
const CHUNK: usize = GROWTH;
/// Bytes of a head: a line of the processor's caches.
const HEAD: usize = 64;
/// Bytes of all heads of a chunk, which the first run has less.
const HEADS: usize = CHUNK / RUN * HEAD;
/// Blocks are put on a run's list as they are wanted, so many bytes at once: memory that nobody needs is not touched.
const BATCH: usize = 2 << 10;
/// Empty runs that keep their memory, beside a quarter of those that are in use.
const KEPT: usize = (2 << 20) / RUN;
/// As many more are kept at most as were given back too early: a program that builds something large again and again would have the system clear its memory each time.
const MOST_KEPT_MORE: usize = (32 << 20) / RUN;

/// A free block.
struct Block {
    next: *mut Block,
}

/// The head of a run.
#[repr(align(64))]
struct Run {
    free: *mut Block,
    /// Neighbours among the runs of its size that have free blocks and are not the current one; `next` also links empty runs.
    next: *mut Run,
    previous: *mut Run,
    /// Blocks that are given out.
    used: u32,
    class: u32,
    /// Where the blocks begin that were never on the list.
    untouched: u32,
    /// Where the last block ends.
    end: u32,
}

const _: () = assert!(size_of::<Run>() == HEAD && HEADS.is_multiple_of(STEP) && CHUNK.is_multiple_of(RUN));

/// What stands for a run where there is none: it has nothing to give.
static NONE: Nothing = Nothing(Run {
    free: ptr::null_mut(),
    next: ptr::null_mut(),
    previous: ptr::null_mut(),
    used: 0,
    class: 0,
    untouched: 0,
    end: 0,
});

struct Nothing(Run);

// SAFETY: nobody writes to it: no block is in it, and it has none.
unsafe impl Sync for Nothing {}

/// The heap.
pub(super) struct Heap {
    /// For each size the run that blocks are taken from.
    current: [*mut Run; CLASSES],
    range: Range,
    /// For each size the other runs that have free blocks.
    partial: [*mut Run; CLASSES],
    /// Runs without a block that have memory.
    empty: *mut Run,
    empty_count: usize,
    /// Runs whose memory went back to the system.
    returned: Vec<NonNull<Run>>,
    /// Runs with blocks.
    in_use: usize,
    /// Empty runs that keep their memory since so many had to be asked for again.
    kept_more: usize,
}

/// What a heap holds, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HeapStats {
    /// Address space.
    pub reserved: usize,
    /// Runs that have blocks.
    pub used: usize,
    /// Runs that have none, and keep their memory.
    pub empty: usize,
}

impl Heap {
    /// A heap without memory.
    pub const fn new() -> Heap {
        Heap {
            current: [(&raw const NONE.0).cast_mut(); CLASSES],
            range: Range::new(),
            partial: [ptr::null_mut(); CLASSES],
            empty: ptr::null_mut(),
            empty_count: 0,
            returned: Vec::new(),
            in_use: 0,
            kept_more: 0,
        }
    }

    /// Whether a block of so many bytes comes from here.
    #[inline]
    pub fn takes(size: usize) -> bool {
        size.wrapping_sub(1) < LONGEST
    }

    /// Whether a block is one of this heap's.
    #[inline]
    pub fn owns(&self, block: *mut u8) -> bool {
        self.range.contains(block)
    }

    /// A block of at least `size` bytes, from 1 to 2,048; null if the system has no memory.
    #[inline]
    pub fn allocate(&mut self, size: usize) -> *mut u8 {
        debug_assert!(Heap::takes(size));
        let class = class_of(size);
        // SAFETY: the current run is one of ours, or the one that has nothing; what is on its list is free.
        unsafe {
            let run = self.current[class];
            let block = (*run).free;
            if block.is_null() {
                return self.allocate_slowly(class);
            }
            (*run).free = (*block).next;
            (*run).used += 1;
            block.cast()
        }
    }

    /// Takes a block back.
    ///
    /// # Safety
    /// The block is one of this heap's, and nobody uses it any more.
    #[inline]
    pub unsafe fn free(&mut self, block: *mut u8) {
        // SAFETY: the head of a block's run is where its address says.
        unsafe {
            let run = run_of(block);
            let block = block.cast::<Block>();
            let next = (*run).free;
            (*block).next = next;
            (*run).free = block;
            (*run).used -= 1;
            if next.is_null() || (*run).used == 0 {
                self.changed(run, next.is_null());
            }
        }
    }

    /// How many bytes a block has.
    ///
    /// # Safety
    /// The block is one of this heap's.
    #[inline]
    pub unsafe fn size(&self, block: *mut u8) -> usize {
        // SAFETY: the caller's.
        unsafe { size_of_class((*run_of(block)).class as usize) }
    }

    /// What the heap holds.
    pub fn stats(&self) -> HeapStats {
        HeapStats { reserved: self.range.len(), used: self.in_use * RUN, empty: self.empty_count * RUN }
    }

    /// A block from where the current run has nothing on its list.
    #[cold]
    #[inline(never)]
    fn allocate_slowly(&mut self, class: usize) -> *mut u8 {
        // SAFETY: all runs on the lists are ours.
        unsafe {
            let mut run = self.current[class];
            if (*run).untouched == (*run).end {
                run = self.partial[class];
                if run.is_null() {
                    let Some(new) = self.empty_run() else { return ptr::null_mut() };
                    run = new.as_ptr();
                    let first = first_of(run);
                    run.write(Run {
                        free: ptr::null_mut(),
                        next: ptr::null_mut(),
                        previous: ptr::null_mut(),
                        used: 0,
                        class: class as u32,
                        untouched: first as u32,
                        end: (first + (RUN - first) / size_of_class(class) * size_of_class(class)) as u32,
                    });
                    self.in_use += 1;
                } else {
                    self.unlink(run);
                }
                self.current[class] = run;
            }
            if (*run).free.is_null() {
                extend(run);
            }
        }
        self.allocate(size_of_class(class))
    }

    /// The head of a run without blocks, whose memory is there or new. `None` if the system has none.
    fn empty_run(&mut self) -> Option<NonNull<Run>> {
        if let Some(run) = NonNull::new(self.empty) {
            // SAFETY: the list has empty runs of ours.
            self.empty = unsafe { run.as_ref().next };
            self.empty_count -= 1;
            return Some(run);
        }
        if let Some(run) = self.returned.pop() {
            self.kept_more = (self.kept_more + 1).min(MOST_KEPT_MORE);
            return Some(run);
        }
        self.range.take(RUN).and_then(|start| NonNull::new(run_of(start.as_ptr())))
    }

    /// A run got its first free block, or lost its last used one.
    #[cold]
    #[inline(never)]
    unsafe fn changed(&mut self, run: *mut Run, was_full: bool) {
        // SAFETY: the run is one of ours.
        unsafe {
            let class = (*run).class as usize;
            if run == self.current[class] {
                return;
            }
            if was_full {
                (*run).previous = ptr::null_mut();
                (*run).next = self.partial[class];
                if let Some(next) = (*run).next.as_mut() {
                    next.previous = run;
                }
                self.partial[class] = run;
            }
            if (*run).used == 0 {
                self.unlink(run);
                (*run).next = self.empty;
                self.empty = run;
                self.empty_count += 1;
                self.in_use -= 1;
                if self.empty_count > KEPT + self.kept_more + self.in_use / 4 {
                    self.give_back();
                }
            }
        }
    }

    /// Takes a run out of the list of those with free blocks.
    unsafe fn unlink(&mut self, run: *mut Run) {
        // SAFETY: the run and its neighbours are ours.
        unsafe {
            let (previous, next) = ((*run).previous, (*run).next);
            match previous.as_mut() {
                Some(previous) => previous.next = next,
                None => self.partial[(*run).class as usize] = next,
            }
            if let Some(next) = next.as_mut() {
                next.previous = previous;
            }
        }
    }

    /// Gives the memory of half the empty runs back to the system; their addresses stay ours.
    fn give_back(&mut self) {
        let count = self.empty_count / 2;
        // Where the program has taken all memory there is none for the list either.
        if self.returned.try_reserve(count).is_err() {
            return;
        }
        for _ in 0..count {
            let Some(run) = NonNull::new(self.empty) else { break };
            // SAFETY: the list has empty runs of ours.
            self.empty = unsafe { run.as_ref().next };
            self.empty_count -= 1;
            let first = first_of(run.as_ptr());
            // SAFETY: in the run; the heads in front of it stay.
            self.range.forget(unsafe { NonNull::new_unchecked(start_of(run.as_ptr()).add(first)) }, RUN - first);
            self.returned.push(run);
        }
    }
}

/// The head of the run that a block is in.
#[inline]
fn run_of(block: *mut u8) -> *mut Run {
    block.map_addr(|address| (address & !(CHUNK - 1)) | ((address / (RUN / HEAD)) & (HEADS - HEAD))).cast()
}

/// Where a run begins.
fn start_of(run: *mut Run) -> *mut u8 {
    run.cast::<u8>().map_addr(|head| (head & !(CHUNK - 1)) | ((head & (HEADS - HEAD)) * (RUN / HEAD)))
}

/// Where the first block of a run is.
fn first_of(run: *mut Run) -> usize {
    if run.addr().is_multiple_of(CHUNK) { HEADS } else { 0 }
}

/// The class of blocks of so many bytes, from 1 to [`LONGEST`].
#[inline]
fn class_of(size: usize) -> usize {
    let last = size - 1;
    if last < FINE {
        last / STEP
    } else if last < 2 * FINE {
        FINE_CLASSES + (last - FINE) / (FINE / QUARTERS)
    } else {
        FINE_CLASSES + QUARTERS + (last - 2 * FINE) / (2 * FINE / QUARTERS) % QUARTERS
    }
}

fn size_of_class(class: usize) -> usize {
    if class < FINE_CLASSES {
        (class + 1) * STEP
    } else {
        let (octave, quarter) = ((class - FINE_CLASSES) / QUARTERS, (class - FINE_CLASSES) % QUARTERS);
        (FINE << octave) / QUARTERS * (QUARTERS + quarter + 1)
    }
}

/// Puts some of the blocks on a run's list that never were, in the order of their addresses.
unsafe fn extend(run: *mut Run) {
    // SAFETY: the blocks are in the run, and nobody's.
    unsafe {
        let size = size_of_class((*run).class as usize);
        let start = (*run).untouched as usize;
        let count = (((*run).end as usize - start) / size).min(BATCH / size);
        let mut next = ptr::null_mut();
        for n in (0..count).rev() {
            let block = start_of(run).add(start + n * size).cast::<Block>();
            (*block).next = next;
            next = block;
        }
        (*run).free = next;
        (*run).untouched = (start + count * size) as u32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashMap;

    proptest! {
        /// Blocks never overlap, keep what is written to them, and their runs come back when all are freed.
        #[test]
        fn blocks_are_apart(steps in prop::collection::vec((any::<bool>(), 1..=LONGEST, any::<prop::sample::Index>()), 1..600), many in 1..200_usize) {
            let mut heap = Heap::new();
            let mut live: HashMap<usize, (usize, u8)> = HashMap::new();
            let check = |at: usize, size: usize, fill: u8| {
                // SAFETY: the block is live and was filled.
                assert!(unsafe { std::slice::from_raw_parts(at as *const u8, size) }.iter().all(|&byte| byte == fill));
            };
            for (n, (free, size, which)) in steps.into_iter().enumerate() {
                if free && !live.is_empty() {
                    let mut keys: Vec<_> = live.keys().copied().collect();
                    keys.sort_unstable();
                    let at = keys[which.index(keys.len())];
                    let (size, fill) = live.remove(&at).unwrap();
                    check(at, size, fill);
                    // SAFETY: the block is live, and gone from the map.
                    unsafe { heap.free(at as *mut u8) };
                } else {
                    for _ in 0..if n % 50 == 0 { many } else { 1 } {
                        let block = heap.allocate(size);
                        prop_assert!(!block.is_null() && (block as usize).is_multiple_of(STEP) && heap.owns(block));
                        // SAFETY: the block is one of the heap's, as long as it says.
                        unsafe {
                            prop_assert!(heap.size(block) >= size);
                            block.write_bytes(n as u8, size);
                        }
                        prop_assert!(live.insert(block as usize, (size, n as u8)).is_none());
                    }
                }
            }
            for (at, (size, fill)) in live {
                check(at, size, fill);
                // SAFETY: the block is live, and each is visited once.
                unsafe { heap.free(at as *mut u8) };
            }
            // A run that is a size's current one stays.
            prop_assert!(heap.stats().used <= CLASSES * RUN);
        }
    }

    #[test]
    fn classes_are_the_next_size_up() {
        let sizes: Vec<_> = (0..CLASSES).map(size_of_class).collect();
        assert!(
            sizes.is_sorted() && sizes[CLASSES - 1] == LONGEST && sizes.iter().all(|size| size.is_multiple_of(STEP))
        );
        for size in 1..=LONGEST {
            let class = class_of(size);
            assert!(size <= sizes[class] && (class == 0 || sizes[class - 1] < size), "{size}");
        }
    }

    #[test]
    fn heads_and_runs_find_each_other() {
        let chunk = 7 * CHUNK;
        for run in 0..CHUNK / RUN {
            let start = chunk + run * RUN;
            for at in [start, start + STEP, start + RUN - STEP] {
                let head = run_of(ptr::without_provenance_mut(at));
                assert_eq!(head.addr(), chunk + run * HEAD);
                assert_eq!(start_of(head).addr(), start);
                assert_eq!(first_of(head), if run == 0 { HEADS } else { 0 });
            }
        }
    }

    #[test]
    fn memory_goes_back_and_is_kept_where_it_is_used_again() {
        let mut heap = Heap::new();
        for (size, least, most) in [(48, 0, 4), (200, 4, 18), (96, 12, 18)] {
            let blocks: Vec<_> = (0..(16 << 20) / size).map(|_| heap.allocate(size)).collect();
            assert!(heap.stats().used > 16 << 20 && heap.stats().reserved < 20 << 20);
            for &block in &blocks {
                // SAFETY: each block is freed once.
                unsafe { heap.free(block) };
            }
            let empty = heap.stats().empty >> 20;
            assert!(heap.stats().used < 1 << 20 && (least..most).contains(&empty), "{:?}", heap.stats());
        }
    }

    #[test]
    fn foreign_memory_is_told_apart() {
        let mut heap = Heap::new();
        assert!(!heap.owns(ptr::null_mut()));
        let block = heap.allocate(1);
        assert!(heap.owns(block) && !heap.owns(Box::into_raw(Box::new(0_u8))));
        assert!(Heap::takes(1) && Heap::takes(2048) && !Heap::takes(0) && !Heap::takes(2049));
    }
}
