//! Address space put by for when there is no memory left.
//!
//! Where an allocation fails Rust ends the process, while the interpreter raises `MemoryError`, after which programs may go on, with much of their memory free again. So the
//! first allocation of ours that fails gets this back from us and is tried again, and nothing is compiled until it is put by anew. It is never touched, so that it takes no
//! memory, but counts for `RLIMIT_AS`.

use std::alloc::{GlobalAlloc, Layout, System};
use std::ffi::c_void;
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

/// More than compiling something usual takes.
const SIZE: usize = 8 << 20;

/// Where it is; null if it was given away.
static KEPT: AtomicPtr<c_void> = AtomicPtr::new(ptr::null_mut());

/// The system's allocator, and behind it what was put by.
#[derive(Clone, Copy, Debug)]
pub struct Reserving;

// SAFETY: everything is the system's.
unsafe impl GlobalAlloc for Reserving {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's.
        unsafe { or_again(|| System.alloc(layout)) }
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's.
        unsafe { or_again(|| System.alloc_zeroed(layout)) }
    }

    #[inline]
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller's; where it fails the block is as it was.
        unsafe { or_again(|| System.realloc(block, layout, size)) }
    }

    #[inline]
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the caller's.
        unsafe { System.dealloc(block, layout) }
    }
}

#[inline]
fn or_again(allocate: impl Fn() -> *mut u8) -> *mut u8 {
    let block = allocate();
    if block.is_null() && give_away() { allocate() } else { block }
}

/// Gives the address space back to the system; false if it was given back already.
#[cold]
fn give_away() -> bool {
    let kept = KEPT.swap(ptr::null_mut(), Ordering::Relaxed);
    // SAFETY: nobody else has it now, and nothing is in it.
    !kept.is_null() && unsafe { libc::munmap(kept, SIZE) } == 0
}

/// Puts address space by, unless it is there; whether it is there then.
#[inline]
pub(crate) fn keep() -> bool {
    !KEPT.load(Ordering::Relaxed).is_null() || put_by()
}

#[cold]
fn put_by() -> bool {
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
    // SAFETY: a new mapping, which nobody else knows.
    let found = unsafe { libc::mmap(ptr::null_mut(), SIZE, libc::PROT_NONE, flags, -1, 0) };
    if found == libc::MAP_FAILED {
        return false;
    }
    if KEPT.compare_exchange(ptr::null_mut(), found, Ordering::Relaxed, Ordering::Relaxed).is_err() {
        // SAFETY: another thread was faster; this one is nobody's.
        unsafe { libc::munmap(found, SIZE) };
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    #[test]
    fn what_fails_once_is_tried_again_with_what_was_put_by() {
        assert!(keep() && keep());
        let attempts = Cell::new(0);
        let fail_until = |last: usize| {
            attempts.set(0);
            or_again(|| {
                attempts.set(attempts.get() + 1);
                if attempts.get() < last { ptr::null_mut() } else { ptr::dangling_mut() }
            })
        };
        assert!(!fail_until(1).is_null() && attempts.get() == 1 && !KEPT.load(Ordering::Relaxed).is_null());
        assert!(!fail_until(2).is_null() && attempts.get() == 2 && KEPT.load(Ordering::Relaxed).is_null());
        assert!(fail_until(2).is_null() && attempts.get() == 1);
        assert!(keep() && give_away() && !give_away());
    }
}
