//! A range of memory that grows at its end.
//!
//! Nothing is reserved: limits on address space (`RLIMIT_AS`) are met as by any other memory. The range begins where Linux puts nothing of its own accord, and ends where
//! something else is in its way.
//!
//! A process that has many objects gets huge pages for more: one comes in a fifth of the time that the ordinary pages in its place take, and what is spread over it misses the
//! processor's tables of addresses less.

use crate::memory::huge::{HUGE, HugePages};
use std::ptr::{self, NonNull};
use std::time::Duration;

/// Memory is asked of the system in steps of this.
pub(super) const GROWTH: usize = 1 << 20;
/// From this length on in steps of huge pages, if the system has them: of what a process has by then they are a third at most.
const HUGE_FROM: usize = 6 << 20;
/// What a huge page may take: ordinary ones take half as long again in its place.
const HUGE_TIME: Duration = Duration::from_micros(500);
/// The range begins at a random multiple of `GROWTH` between these: above what programs are linked for, below where the system's own choices go.
const LOWEST: usize = 2 << 40;
const HIGHEST: usize = 10 << 40;
/// How many places are tried for the start.
const TRIES: usize = 4;

/// The range.
pub(super) struct Range {
    start: *mut u8,
    len: usize,
    /// How much of it was never taken.
    rest: usize,
    is_at_end: bool,
    huge: HugePages,
}

impl Range {
    /// A range without memory.
    pub const fn new() -> Range {
        Range { start: ptr::null_mut(), len: 0, rest: 0, is_at_end: false, huge: HugePages::new(HUGE_TIME) }
    }

    /// Whether an address is in the range.
    #[inline]
    pub fn contains(&self, address: *mut u8) -> bool {
        (address as usize).wrapping_sub(self.start as usize) < self.len
    }

    /// How long it is, in bytes.
    pub fn len(&self) -> usize {
        self.len
    }

    /// The next `size` bytes, zeroed, at a multiple of `size`, which divides a megabyte. `None` if the system has none there.
    pub fn take(&mut self, size: usize) -> Option<NonNull<u8>> {
        debug_assert!(GROWTH.is_multiple_of(size));
        if self.rest < size && !self.grow() {
            return None;
        }
        self.rest -= size;
        // SAFETY: in the range.
        NonNull::new(unsafe { self.start.add(self.len - self.rest - size) })
    }

    /// The contents of a part are needed no more: the system may have its memory. What is read there next is zero.
    pub fn forget(&self, part: NonNull<u8>, size: usize) {
        // SAFETY: the caller has taken the part, and has nothing there. A refusal costs memory only.
        unsafe { libc::madvise(part.as_ptr().cast(), size, libc::MADV_DONTNEED) };
    }

    fn grow(&mut self) -> bool {
        if self.is_at_end {
            return false;
        }
        if self.len == 0 {
            let Some(start) = (0..TRIES).find_map(|_| random_start().filter(|&start| map(start, GROWTH))) else {
                self.is_at_end = true;
                return false;
            };
            self.start = ptr::with_exposed_provenance_mut(start);
        } else if self.grow_by_huge_page() {
            return true;
        } else if !map(self.start as usize + self.len, GROWTH) {
            // Whatever is in the way, or the limit that is met, may be gone later; but each try costs a system call.
            self.is_at_end = true;
            return false;
        }
        self.len += GROWTH;
        self.rest += GROWTH;
        true
    }

    /// False where that is not to be, or the system has no place for it: less may do then.
    fn grow_by_huge_page(&mut self) -> bool {
        let end = self.start.wrapping_add(self.len);
        let is_time = self.len >= HUGE_FROM && (end as usize).is_multiple_of(HUGE) && self.huge.are_worth_it();
        if !is_time || !map(end as usize, HUGE) {
            return false;
        }
        // SAFETY: the memory is ours, zeros, and nobody's yet; a system that has no huge pages gives ordinary ones. The page comes when its first byte is written.
        self.huge.take(|| unsafe {
            let status = libc::madvise(end.cast(), HUGE, libc::MADV_HUGEPAGE);
            end.write_volatile(0);
            status == 0
        });
        self.len += HUGE;
        self.rest += HUGE;
        true
    }
}

fn random_start() -> Option<usize> {
    let mut bytes = [0; size_of::<usize>()];
    // SAFETY: the buffer is as long as it says.
    let got = unsafe { libc::getrandom(bytes.as_mut_ptr().cast(), bytes.len(), libc::GRND_NONBLOCK) };
    let places = (HIGHEST - LOWEST) / GROWTH;
    (got == bytes.len() as isize).then(|| LOWEST + usize::from_ne_bytes(bytes) % places * GROWTH)
}

/// Maps so much memory at an address, unless something is there.
fn map(address: usize, size: usize) -> bool {
    let wanted = ptr::with_exposed_provenance_mut(address);
    let rights = libc::PROT_READ | libc::PROT_WRITE;
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_FIXED_NOREPLACE;
    // SAFETY: the flag says that nothing is replaced; systems older than the flag take the address for a wish.
    unsafe {
        let found = libc::mmap(wanted, size, rights, flags, -1, 0);
        if found != wanted && found != libc::MAP_FAILED {
            libc::munmap(found, size);
        }
        found == wanted
    }
}

impl Drop for Range {
    fn drop(&mut self) {
        if self.len > 0 {
            // SAFETY: the range is ours, and nobody has anything in it.
            unsafe { libc::munmap(self.start.cast(), self.len) };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_zeros_one_after_the_other_in_small_steps_and_large() {
        const SIZE: usize = 16 << 10;
        let mut range = Range::new();
        let first = range.take(SIZE).expect("memory");
        for number in 1..(HUGE_FROM + 3 * HUGE) / SIZE {
            let next = range.take(SIZE).expect("memory");
            assert_eq!(next.addr().get(), first.addr().get() + number * SIZE);
            // SAFETY: so much memory was taken.
            let bytes = unsafe { std::slice::from_raw_parts_mut(next.as_ptr(), SIZE) };
            assert!(bytes.iter().all(|&byte| byte == 0) && range.contains(next.as_ptr()));
            bytes.fill(7);
        }
        assert!(range.len() <= HUGE_FROM + 4 * HUGE);
    }
}
