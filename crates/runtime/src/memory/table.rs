//! Memory for the tables of compiled code: many, short, mostly kept as long as the process lives.
//!
//! They lie one after the other in chunks of their own. What is freed waits for the next table of its size. A process that has many gets
//! huge pages for them, for the same reason as for the code itself: ordinary pages would take longer to come than the tables to be filled.

use super::HUGE_FROM;
use super::huge::{HUGE, HugePages};
use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use std::ops::{Deref, DerefMut};
use std::ptr::{self, NonNull};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use whipsnake_stencils::ResumePoint;

/// Tables start at multiples of this.
pub(super) const UNIT: usize = 16;

/// Longer ones are the system allocator's.
const LONGEST: usize = 16 << 10;

/// Bytes of a chunk, until the process has so many that it gets huge pages.
const CHUNK: usize = 64 << 10;

/// What a huge page for tables may take: ordinary pages come sooner than those for code.
const HUGE_TIME: Duration = Duration::from_micros(500);

/// What a table may consist of: plain data for which zeros are a value.
///
/// # Safety
/// All of that, with an alignment of at most 16 bytes.
pub unsafe trait Plain: Copy {}

// SAFETY: numbers.
unsafe impl Plain for u8 {}
// SAFETY: numbers.
unsafe impl Plain for u16 {}
// SAFETY: numbers.
unsafe impl Plain for u64 {}
// SAFETY: two numbers.
unsafe impl Plain for (u32, u32) {}
// SAFETY: two numbers.
unsafe impl Plain for ResumePoint {}

/// A table. Begins with the address of its first element, as machine code expects.
#[repr(C)]
#[derive(Debug)]
pub struct Table<T: Plain> {
    start: NonNull<T>,
    len: usize,
}

// SAFETY: a table owns its memory, and elements are plain data.
unsafe impl<T: Plain + Send> Send for Table<T> {}
// SAFETY: nothing is changed through a shared table.
unsafe impl<T: Plain + Sync> Sync for Table<T> {}

impl<T: Plain> Table<T> {
    /// A table of zeros.
    pub fn zeroed(len: usize) -> Table<T> {
        if len == 0 {
            return Table::default();
        }
        // SAFETY: there is room for so many, and nobody else knows it; zeros are a value.
        Table::made(len, |start: *mut T| unsafe { start.write_bytes(0, len) })
    }

    /// A table of these elements.
    pub fn copy_of(elements: &[T]) -> Table<T> {
        if elements.is_empty() {
            return Table::default();
        }
        // SAFETY: there is room for so many, and nobody else knows it.
        Table::made(elements.len(), |start: *mut T| unsafe {
            start.copy_from_nonoverlapping(elements.as_ptr(), elements.len())
        })
    }

    fn made(len: usize, fill: impl FnOnce(*mut T)) -> Table<T> {
        let size = len.checked_mul(size_of::<T>()).expect("a table fits the address space");
        let start = allocate(size).cast();
        fill(start.as_ptr());
        Table { start, len }
    }
}

impl<T: Plain> Default for Table<T> {
    fn default() -> Table<T> {
        Table { start: NonNull::dangling(), len: 0 }
    }
}

impl<T: Plain> Deref for Table<T> {
    type Target = [T];

    #[inline]
    fn deref(&self) -> &[T] {
        // SAFETY: so many elements, which are initialized.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr(), self.len) }
    }
}

impl<T: Plain> DerefMut for Table<T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut [T] {
        // SAFETY: as above, and nobody else has a reference.
        unsafe { std::slice::from_raw_parts_mut(self.start.as_ptr(), self.len) }
    }
}

impl<T: Plain> Drop for Table<T> {
    fn drop(&mut self) {
        if self.len > 0 {
            // SAFETY: what `allocate` gave for this size.
            unsafe { free(self.start.cast(), self.len * size_of::<T>()) };
        }
    }
}

/// A freed table of a size.
struct Free {
    next: *mut Free,
}

/// The memory that tables are cut from.
struct Chunks {
    /// Freed tables by size in units.
    free: [*mut Free; LONGEST / UNIT + 1],
    /// What is left of the last chunk.
    next: *mut u8,
    left: usize,
    /// Bytes of all chunks.
    taken: usize,
    huge: HugePages,
}

// SAFETY: memory of the process, not of a thread.
unsafe impl Send for Chunks {}

static CHUNKS: Mutex<Chunks> = Mutex::new(Chunks {
    free: [ptr::null_mut(); LONGEST / UNIT + 1],
    next: ptr::null_mut(),
    left: 0,
    taken: 0,
    huge: HugePages::new(HUGE_TIME),
});

fn layout(size: usize) -> Layout {
    Layout::from_size_align(size, UNIT).expect("a table fits the address space")
}

/// Memory for so many bytes, of which there must be some.
pub(super) fn allocate(size: usize) -> NonNull<u8> {
    if size > LONGEST {
        // SAFETY: the size is not 0.
        return NonNull::new(unsafe { alloc(layout(size)) }).unwrap_or_else(|| handle_alloc_error(layout(size)));
    }
    let units = size.div_ceil(UNIT);
    let mut chunks = CHUNKS.lock().unwrap_or_else(PoisonError::into_inner);
    let free = &mut chunks.free[units];
    if let Some(found) = NonNull::new(*free) {
        // SAFETY: a freed table begins with the address of the next.
        *free = unsafe { found.as_ref().next };
        return found.cast();
    }
    if chunks.left < units * UNIT {
        chunks.grow();
    }
    let start = chunks.next;
    chunks.next = start.wrapping_add(units * UNIT);
    chunks.left -= units * UNIT;
    NonNull::new(start).expect("a chunk was taken")
}

/// # Safety
/// `start` is what `allocate` gave for this size, and nobody uses it any more.
pub(super) unsafe fn free(start: NonNull<u8>, size: usize) {
    // SAFETY: the caller's; a table has room for an address, as units have.
    unsafe {
        if size > LONGEST {
            return dealloc(start.as_ptr(), layout(size));
        }
        let mut chunks = CHUNKS.lock().unwrap_or_else(PoisonError::into_inner);
        let free = &mut chunks.free[size.div_ceil(UNIT)];
        start.cast().write(Free { next: *free });
        *free = start.cast().as_ptr();
    }
}

impl Chunks {
    /// Takes another chunk; what is left of the last is given up.
    fn grow(&mut self) {
        let huge = self.taken >= HUGE_FROM && self.huge.are_worth_it();
        let size = if huge { HUGE } else { CHUNK };
        let layout = Layout::from_size_align(size, if huge { HUGE } else { UNIT }).expect("powers of two");
        // SAFETY: the size is not 0.
        let start = unsafe { alloc(layout) };
        if start.is_null() {
            handle_alloc_error(layout);
        }
        if huge {
            // SAFETY: the range is ours; a system that has no huge pages gives ordinary ones. The page comes when its first byte is written.
            self.huge.take(|| unsafe {
                let status = libc::madvise(start.cast(), size, libc::MADV_HUGEPAGE);
                start.write_volatile(0);
                status == 0
            });
        }
        (self.next, self.left) = (start, size);
        self.taken += size;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_zeros_and_do_not_overlap() {
        let mut tables: Vec<Table<u64>> = (0..400).map(Table::zeroed).collect();
        for round in 1..4u64 {
            for (n, table) in tables.iter_mut().enumerate() {
                assert!(table.len() == n && table.iter().all(|&word| word == 0));
                table.fill(round << 32 | n as u64);
            }
            for (n, table) in tables.iter_mut().enumerate() {
                assert!(table.iter().all(|&word| word == round << 32 | n as u64));
                *table = Table::zeroed(n);
            }
        }
    }

    #[test]
    fn long_tables() {
        let table = Table::<u8>::copy_of(&vec![7; 3 * LONGEST]);
        assert!(table.len() == 3 * LONGEST && table.iter().all(|&byte| byte == 7));
    }

    #[test]
    fn many_tables() {
        let tables: Vec<Table<u8>> = (0..2000).map(|n| Table::copy_of(&[n as u8; 2000])).collect();
        assert!(tables.iter().enumerate().all(|(n, table)| table.iter().all(|&byte| byte == n as u8)));
    }
}
