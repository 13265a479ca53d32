//! How much there is of the stack of C: recursive bodies use it, where the interpreter's calls of Python functions use none, and so do the optimizer and Cranelift.

use pyo3_ffi::PyThreadState;
use std::cell::Cell;
use std::mem::MaybeUninit;
use whipsnake_cpython::live::ThreadState;

/// Levels of Python recursion that must be left for what the callees call.
const LEVELS_KEPT: i64 = 16;

/// What must be left of the stack for all else that runs there. A thread with less has no recursive bodies.
const KEPT: usize = 128 << 10;

/// More of it is not used: a body that is left there makes all the frames at once.
const MOST: usize = 256 << 10;

thread_local! {
    /// The lowest address of the thread's stack; 0 before it was asked for.
    static LOWEST: Cell<usize> = const { Cell::new(0) };
}

/// The lowest address of this thread's stack; the highest there is where that can't be found out.
#[cold]
fn ask_for_lowest() -> usize {
    let mut attributes: MaybeUninit<libc::pthread_attr_t> = MaybeUninit::uninit();
    let (mut start, mut size) = (std::ptr::null_mut(), 0);
    // SAFETY: this thread's attributes are written, read, and given back.
    let found = unsafe {
        libc::pthread_getattr_np(libc::pthread_self(), attributes.as_mut_ptr()) == 0 && {
            let found = libc::pthread_attr_getstack(attributes.as_ptr(), &raw mut start, &raw mut size) == 0;
            libc::pthread_attr_destroy(attributes.as_mut_ptr());
            found
        }
    };
    if found { start as usize } else { usize::MAX }
}

/// What building a graph and compiling it may take of the stack.
const TO_COMPILE: usize = 1 << 20;

/// Whether this thread has the stack that it takes to make a region: one that was given little leaves that to others.
pub(super) fn has_room_to_compile() -> bool {
    room() >= TO_COMPILE
}

/// How much is left of this thread's stack.
fn room() -> usize {
    let here = 0_u8;
    let lowest = LOWEST.with(|known| {
        if known.get() == 0 {
            known.set(ask_for_lowest());
        }
        known.get()
    });
    (&raw const here as usize).saturating_sub(lowest)
}

/// `Helper::BodyLevels`.
///
/// # Safety
/// Called by a region's machine code, with the current thread.
pub unsafe extern "C" fn body_levels(thread: *mut PyThreadState, bytes: i32) -> i64 {
    let room = room().saturating_sub(KEPT).min(MOST);
    // SAFETY: the caller's.
    let remaining = unsafe { ThreadState::new_unchecked(thread) }.py_recursion_remaining();
    (room as i64 / i64::from(bytes)).min(i64::from(remaining) - LEVELS_KEPT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stack_is_below_what_is_on_it_in_every_thread() {
        let check = |size: usize| {
            let here = 0_u8;
            let (here, lowest) = (&raw const here as usize, ask_for_lowest());
            assert!(lowest < here && here - lowest < size, "{lowest:x} {here:x}");
        };
        for size in [1 << 18, 1 << 22] {
            std::thread::Builder::new().stack_size(size).spawn(move || check(size)).unwrap().join().unwrap();
        }
    }
}
