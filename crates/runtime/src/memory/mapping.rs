//! The address space behind code memory: mapping it near the helpers, twice or with changing rights.

use super::REACH;
use super::huge::HUGE;
use std::ffi::c_void;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

/// How writing and running are kept apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The same memory mapped twice.
    Dual,
    /// Mapped once; the rights of pages change.
    Single,
}

/// Address space reserved for code.
#[derive(Debug)]
pub(super) struct Mapping {
    pub kind: Kind,
    pub size: usize,
    /// Where code is written.
    pub write: *mut u8,
    /// Where it runs.
    pub run: *mut u8,
}

/// Distance between addresses that are tried.
const STEP: usize = 16 << 20;

pub(super) fn page_size() -> usize {
    // SAFETY: no preconditions.
    unsafe { libc::sysconf(libc::_SC_PAGESIZE) as usize }
}

/// Whether every byte of a range reaches `address` with a 32-bit distance.
pub(super) fn reaches(start: usize, size: usize, address: usize) -> bool {
    (start + size).max(address) - start.min(address) <= REACH
}

fn check(address: *mut c_void) -> io::Result<*mut u8> {
    if address == libc::MAP_FAILED { Err(io::Error::last_os_error()) } else { Ok(address.cast()) }
}

fn check_status(status: i32) -> io::Result<()> {
    if status == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// A nameless file of that size in memory.
pub(super) fn memory_file(size: usize) -> io::Result<OwnedFd> {
    const MFD_EXEC: u32 = 0x10;
    let create = |flags: u32| {
        // SAFETY: the name is a C string.
        let fd = unsafe { libc::memfd_create(c"whipsnake code".as_ptr(), flags | libc::MFD_CLOEXEC) };
        // SAFETY: a new descriptor that nobody else owns.
        if fd < 0 { Err(io::Error::last_os_error()) } else { Ok(unsafe { OwnedFd::from_raw_fd(fd) }) }
    };
    // Old kernels don't know the flag, new ones warn where it is missing.
    let file = create(MFD_EXEC).or_else(|_| create(0))?;
    // SAFETY: an open descriptor.
    check_status(unsafe { libc::ftruncate(file.as_raw_fd(), size as libc::off_t) })?;
    Ok(file)
}

impl Mapping {
    pub fn new(kind: Kind, size: usize, near: usize) -> io::Result<Mapping> {
        match kind {
            Kind::Dual => {
                let file = memory_file(size)?;
                let fd = file.as_raw_fd();
                let run = map_near(near, size, libc::PROT_READ | libc::PROT_EXEC, libc::MAP_SHARED, fd)?;
                // Made before the second mapping, so that the first is unmapped should that fail.
                let mut mapping = Mapping { kind, size, write: std::ptr::null_mut(), run };
                mapping.write = map_aligned(size, libc::PROT_READ | libc::PROT_WRITE, fd)?;
                Ok(mapping)
            }
            Kind::Single => {
                let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
                let run = map_near(near, size, libc::PROT_READ | libc::PROT_EXEC, flags, -1)?;
                Ok(Mapping { kind, size, write: run, run })
            }
        }
    }

    /// Gives a range of whole pages the right to be written or to be run.
    pub fn set_writable(&self, offset: usize, len: usize, writable: bool) -> io::Result<()> {
        let rights = libc::PROT_READ | if writable { libc::PROT_WRITE } else { libc::PROT_EXEC };
        // SAFETY: the range is inside the mapping.
        check_status(unsafe { libc::mprotect(self.run.add(offset).cast(), len, rights) })
    }

    /// Makes the pages from `from` to `upto` present. Where the system can't do that, they come when touched.
    pub fn populate(&self, from: usize, upto: usize) -> io::Result<()> {
        // SAFETY: the range is inside the mapping.
        let status = unsafe { libc::madvise(self.write.add(from).cast(), upto - from, libc::MADV_POPULATE_WRITE) };
        match check_status(status) {
            Err(error) if error.raw_os_error() != Some(libc::EINVAL) => Err(error),
            _ => Ok(()),
        }
    }

    /// Makes the memory at `start`, a multiple of [`HUGE`], present as a huge page. False if the system can't do that.
    pub fn populate_huge(&self, start: usize) -> bool {
        const MADV_COLLAPSE: libc::c_int = 25;
        let advise = |len: usize, advice: libc::c_int| {
            // SAFETY: the range is inside the mapping, and keeps what is in it.
            unsafe { libc::madvise(self.write.add(start).cast(), len, advice) == 0 }
        };
        // Some of a range must be present for it to become a huge page.
        advise(page_size(), libc::MADV_POPULATE_WRITE) && advise(HUGE, MADV_COLLAPSE)
    }

    /// Maps another file in place of the shared one, first where code runs, then where it is written. Calls nothing that is
    /// forbidden in a forked child.
    pub fn replace(&self, file: &OwnedFd) -> (bool, bool) {
        let map = |address: *mut u8, rights| {
            let flags = libc::MAP_SHARED | libc::MAP_FIXED;
            // SAFETY: replaces a mapping of ours of the same size by one with the same content.
            check(unsafe { libc::mmap(address.cast(), self.size, rights, flags, file.as_raw_fd(), 0) }).is_ok()
        };
        let run = map(self.run, libc::PROT_READ | libc::PROT_EXEC);
        (run, run && map(self.write, libc::PROT_READ | libc::PROT_WRITE))
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: our mappings, and nobody uses them any more.
        unsafe {
            libc::munmap(self.run.cast(), self.size);
            if self.kind == Kind::Dual && !self.write.is_null() {
                libc::munmap(self.write.cast(), self.size);
            }
        }
    }
}

/// Maps a file at a multiple of [`HUGE`].
fn map_aligned(size: usize, rights: i32, fd: i32) -> io::Result<*mut u8> {
    let reserved = size + HUGE;
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
    // SAFETY: a new mapping where there is room.
    let start = check(unsafe { libc::mmap(std::ptr::null_mut(), reserved, libc::PROT_NONE, flags, -1, 0) })?;
    let before = start.align_offset(HUGE);
    let aligned = start.wrapping_add(before);
    // SAFETY: replaces a part of the mapping just made, which nobody knows; the rest is given back.
    unsafe {
        let mapped = check(libc::mmap(aligned.cast(), size, rights, libc::MAP_SHARED | libc::MAP_FIXED, fd, 0));
        if mapped.is_err() {
            libc::munmap(start.cast(), reserved);
            return mapped;
        }
        if before > 0 {
            libc::munmap(start.cast(), before);
        }
        libc::munmap(aligned.add(size).cast(), HUGE - before);
    }
    Ok(aligned)
}

/// Maps where all of it reaches `near`: below it if there is room, so as not to be in the way of a growing heap.
fn map_near(near: usize, size: usize, rights: i32, flags: i32, fd: i32) -> io::Result<*mut u8> {
    let base = near & !(STEP - 1);
    let below = (1..).map(|n| base.checked_sub(size + n * STEP));
    let above = (1..).map(|n| base.checked_add(n * STEP));
    let near_enough = |address: &Option<usize>| address.is_some_and(|a| a > 0 && reaches(a, size, near));
    let candidates = below.take_while(near_enough).chain(above.take_while(near_enough)).flatten();
    let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for address in candidates {
        let flags = flags | libc::MAP_FIXED_NOREPLACE;
        // SAFETY: a new mapping; an existing one is not replaced.
        match check(unsafe { libc::mmap(address as *mut c_void, size, rights, flags, fd, 0) }) {
            // Kernels that don't know the flag take the address as a hint.
            Ok(found) if found as usize != address => {
                // SAFETY: just mapped.
                unsafe { libc::munmap(found.cast(), size) };
            }
            Ok(found) => return Ok(found),
            Err(error) if matches!(error.raw_os_error(), Some(libc::EEXIST | libc::ENOMEM | libc::EINVAL)) => {
                last = error;
            }
            Err(error) => return Err(error),
        }
    }
    Err(last)
}
