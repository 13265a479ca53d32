//! An allocator for small objects, in front of the interpreter's own.
//!
//! Programs that spend their time in the interpreter's library spend a good part of that in pymalloc, which in 3.13 asks for the thread's interpreter at each
//! call, and looks each address up in a tree. Compiled code cannot take these calls away: C functions make and free the strings, tuples and dicts. So the
//! allocator itself is replaced, as [PEP 445](https://peps.python.org/pep-0445/) lets one: blocks of up to 2 KiB come from [`heap::Heap`], everything else, and what
//! was there before, goes on to the allocator that was set.
//!
//! It is installed once and stays, since its blocks do. It is not where another allocator than pymalloc is set (`PYTHONMALLOC`, `tracemalloc`, debug hooks: those may
//! come later, in front of this one, as in front of pymalloc). The heap belongs to the main interpreter and is guarded by its GIL: as soon as there is another interpreter,
//! which may have its own, blocks are taken from pymalloc again.

mod heap;
mod range;

pub use heap::HeapStats;

use heap::Heap;
use pyo3_ffi::PyMemAllocatorEx;
use std::cell::UnsafeCell;
use std::ffi::c_void;
use std::ptr;
use whipsnake_cpython::live::{allocator, is_only_interpreter};

/// The heap, and the allocator before this one.
struct State {
    heap: Heap,
    before: PyMemAllocatorEx,
}

struct Guarded(UnsafeCell<State>);

// SAFETY: guarded by the GIL of the main interpreter.
unsafe impl Sync for Guarded {}

/// Until it is installed nobody calls its functions.
static STATE: Guarded = Guarded(UnsafeCell::new(State {
    heap: Heap::new(),
    before: PyMemAllocatorEx { ctx: ptr::null_mut(), malloc: None, calloc: None, realloc: None, free: None },
}));

/// Puts the allocator in front of pymalloc, if that is what is set.
///
/// # Safety
/// The GIL is held, by the main interpreter.
pub(crate) unsafe fn install() {
    let ours = PyMemAllocatorEx {
        ctx: ptr::null_mut(),
        malloc: Some(malloc),
        calloc: Some(calloc),
        realloc: Some(realloc),
        free: Some(free),
    };
    // SAFETY: the caller's; nothing is allocated before the allocator is noted that blocks of others go to.
    unsafe {
        if is_only_interpreter()
            && let Some(before) = allocator::replace(ours)
        {
            (*STATE.0.get()).before = before;
        }
    }
}

/// Whether the allocator was installed.
///
/// # Safety
/// The GIL is held.
pub(crate) unsafe fn is_installed() -> bool {
    // SAFETY: the caller's.
    unsafe { (*STATE.0.get()).before.malloc.is_some() }
}

/// What the allocator holds; `None` if it was not installed.
///
/// # Safety
/// The GIL is held.
pub unsafe fn stats() -> Option<HeapStats> {
    // SAFETY: the caller's.
    unsafe { is_installed().then(|| (*STATE.0.get()).heap.stats()) }
}

/// A block of so many bytes, as the interpreter's allocator would give it, but without its detours; null where that has to be asked.
///
/// # Safety
/// The GIL is held, by the main interpreter, and the allocator is the one that objects come from.
#[inline]
pub(crate) unsafe fn take(size: usize) -> *mut u8 {
    // SAFETY: the caller's.
    unsafe {
        let takes = Heap::takes(size) && is_installed() && is_only_interpreter();
        if takes { (*STATE.0.get()).heap.allocate(size) } else { ptr::null_mut() }
    }
}

/// Takes a block back that the interpreter's allocator has given; false if it is not one of ours.
///
/// # Safety
/// As [`take`]; nobody uses the block any more.
#[inline]
pub(crate) unsafe fn give(block: *mut u8) -> bool {
    // SAFETY: the caller's.
    unsafe {
        let heap = &mut (*STATE.0.get()).heap;
        let owns = heap.owns(block);
        if owns {
            heap.free(block);
        }
        owns
    }
}

/// A function of the allocator before.
macro_rules! before {
    ($state:expr, $function:ident($($argument:expr),*)) => {{
        let before = &(*$state).before;
        let function = before.$function.unwrap_unchecked();
        function(before.ctx, $($argument),*)
    }};
}

extern "C" fn malloc(_: *mut c_void, size: usize) -> *mut c_void {
    // SAFETY: CPython calls with the GIL held, and once the allocator is installed.
    unsafe {
        let state = STATE.0.get();
        if Heap::takes(size) && is_only_interpreter() {
            let block = (*state).heap.allocate(size);
            if !block.is_null() {
                return block.cast();
            }
        }
        before!(state, malloc(size))
    }
}

extern "C" fn calloc(_: *mut c_void, count: usize, each: usize) -> *mut c_void {
    // SAFETY: as in `malloc`; the block is as long as was asked for.
    unsafe {
        let state = STATE.0.get();
        let size = count.saturating_mul(each);
        if Heap::takes(size) && is_only_interpreter() {
            let block = (*state).heap.allocate(size);
            if !block.is_null() {
                block.write_bytes(0, size);
                return block.cast();
            }
        }
        before!(state, calloc(count, each))
    }
}

extern "C" fn free(_: *mut c_void, block: *mut c_void) {
    // SAFETY: as in `malloc`; the block is the caller's to give.
    unsafe {
        let state = STATE.0.get();
        if (*state).heap.owns(block.cast()) {
            return (*state).heap.free(block.cast());
        }
        before!(state, free(block));
    }
}

extern "C" fn realloc(context: *mut c_void, block: *mut c_void, size: usize) -> *mut c_void {
    // SAFETY: as in `free`; both blocks are as long as what is copied.
    unsafe {
        let state = STATE.0.get();
        if block.is_null() {
            return malloc(context, size);
        }
        if !(*state).heap.owns(block.cast()) {
            return before!(state, realloc(block, size));
        }
        let has = (*state).heap.size(block.cast());
        // A block that is made a little shorter stays where it is.
        if size <= has && size > has - has / 4 - 1 {
            return block;
        }
        let new = malloc(context, size);
        if !new.is_null() {
            ptr::copy_nonoverlapping(block.cast::<u8>(), new.cast::<u8>(), has.min(size));
            free(context, block);
        } else if size <= has {
            return block;
        }
        new
    }
}
