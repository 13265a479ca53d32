//! The allocator of objects: whether it is the interpreter's own, now (`tracemalloc` and others put theirs in its place while the program runs), and putting one of ours there.

use super::check::debug_offset;
use super::symbols;
use crate::layout::debug_offsets;
use pyo3_ffi::{PyMem_GetAllocator, PyMem_SetAllocator, PyMemAllocatorDomain, PyMemAllocatorEx};
use std::ffi::{CStr, c_void};
use std::mem::{MaybeUninit, offset_of};
use std::ptr;

/// Where the interpreter looks up the function that allocates objects, and what it was when that was found.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Allocator {
    place: *const usize,
    usual: usize,
}

/// An allocator as the interpreter keeps it: the context comes first, then four functions, the first of which allocates.
type Words = [usize; size_of::<PyMemAllocatorEx>() / size_of::<usize>()];

/// No function.
static NOWHERE: usize = 0;

impl Allocator {
    /// Where the place was not found: nothing is as usual.
    pub const UNKNOWN: Allocator = Allocator { place: &raw const NOWHERE, usual: 1 };

    /// Offset of the place's address, for assembly.
    pub const PLACE: usize = offset_of!(Allocator, place);
    /// Offset of what the place usually holds.
    pub const USUAL: usize = offset_of!(Allocator, usual);

    /// Finds the place. It has no name, and lies where a patch release may move it. But what it holds can be asked for and changed: another allocator is set, which
    /// has the same functions and does the same, and is looked for in the interpreter's state; when the usual one is back, it must be there.
    ///
    /// # Safety
    /// The GIL is held, and the usual allocator in place, which has no use for its context.
    pub unsafe fn find() -> Option<Allocator> {
        let words = debug_offset(debug_offsets::RUNTIME_STATE_SIZE) as usize / size_of::<usize>();
        let state = (&raw const symbols::_PyRuntime).cast::<usize>();
        // SAFETY: the caller's. The state is as large as it says; other threads may write to it while it is read, but not to the place. Nobody allocates an
        // object before the allocator is as it was.
        unsafe {
            let mut usual = current(PyMemAllocatorDomain::PYMEM_DOMAIN_OBJ);
            let wanted = usual.as_ptr().cast::<Words>().read();
            let is_at =
                |at: usize, wanted: &Words| (0..).zip(wanted).all(|(i, w)| state.add(at + i).read_volatile() == *w);
            let mut other = usual;
            let marked = other.as_mut_ptr().cast::<Words>();
            (*marked)[0] = !wanted[0];
            let marked = marked.read();
            PyMem_SetAllocator(PyMemAllocatorDomain::PYMEM_DOMAIN_OBJ, other.as_mut_ptr());
            let found = (0..words.saturating_sub(wanted.len() - 1)).find(|&at| is_at(at, &marked));
            PyMem_SetAllocator(PyMemAllocatorDomain::PYMEM_DOMAIN_OBJ, usual.as_mut_ptr());
            found.filter(|&at| is_at(at, &wanted)).map(|at| Allocator { place: state.add(at + 1), usual: wanted[1] })
        }
    }

    /// Whether the allocator is the one that it was.
    ///
    /// # Safety
    /// The GIL is held.
    #[inline]
    pub unsafe fn is_usual(self) -> bool {
        // SAFETY: the interpreter's state stays where it is.
        unsafe { self.place.read() == self.usual }
    }
}

/// The allocator of a domain.
unsafe fn current(domain: PyMemAllocatorDomain) -> MaybeUninit<PyMemAllocatorEx> {
    let mut found = MaybeUninit::uninit();
    // SAFETY: the call fills the structure in.
    unsafe { PyMem_GetAllocator(domain, found.as_mut_ptr()) };
    found
}

/// Whether objects come from pymalloc, and nothing was put in front of it.
pub fn is_pymalloc() -> bool {
    // SAFETY: the name can be asked for at any time, and is a constant.
    unsafe {
        let name = symbols::_PyMem_GetCurrentAllocatorName();
        !name.is_null() && CStr::from_ptr(name) == c"pymalloc"
    }
}

/// Puts an allocator in front of pymalloc, for objects and for other memory: where one takes blocks that the other gave, as extensions do, it does not matter.
/// Returns pymalloc's functions; `None`, and nothing is changed, where pymalloc is not what serves both.
///
/// # Safety
/// The GIL is held. The functions keep what CPython asks of an allocator, and pass blocks that are not theirs on to those that are returned.
pub unsafe fn replace(mut ours: PyMemAllocatorEx) -> Option<PyMemAllocatorEx> {
    let domains = [PyMemAllocatorDomain::PYMEM_DOMAIN_OBJ, PyMemAllocatorDomain::PYMEM_DOMAIN_MEM];
    if !is_pymalloc() {
        return None;
    }
    // SAFETY: the caller's; an allocator is five words.
    unsafe {
        let [objects, memory] = domains.map(|domain| current(domain));
        if objects.as_ptr().cast::<Words>().read() != memory.as_ptr().cast::<Words>().read() {
            return None;
        }
        for domain in domains {
            PyMem_SetAllocator(domain, &raw mut ours);
        }
        Some(objects.assume_init())
    }
}

/// Does something with memory that C gives in place of the allocators, after these had none. What was allocated so is given back to C in the end, as all that pymalloc did not
/// give out.
///
/// # Safety
/// The GIL is held; nothing that `act` does runs Python code.
pub unsafe fn with_memory_of_c<T>(act: impl FnOnce() -> T) -> T {
    let domains = [PyMemAllocatorDomain::PYMEM_DOMAIN_OBJ, PyMemAllocatorDomain::PYMEM_DOMAIN_MEM];
    // SAFETY: the caller's; the functions have the allocator that was there as their context until it is back.
    unsafe {
        let mut before = domains.map(|domain| current(domain));
        for (domain, before) in domains.into_iter().zip(&mut before) {
            let mut ours = PyMemAllocatorEx {
                ctx: before.as_mut_ptr().cast(),
                malloc: Some(new_from_c),
                calloc: Some(zeroed_from_c),
                realloc: Some(resize_as_before),
                free: Some(free_as_before),
            };
            PyMem_SetAllocator(domain, &raw mut ours);
        }
        let done = act();
        for (domain, before) in domains.into_iter().zip(&mut before) {
            PyMem_SetAllocator(domain, before.as_mut_ptr());
        }
        done
    }
}

extern "C" fn new_from_c(_before: *mut c_void, size: usize) -> *mut c_void {
    // SAFETY: any size.
    unsafe { libc::malloc(size.max(1)) }
}

extern "C" fn zeroed_from_c(_before: *mut c_void, count: usize, size: usize) -> *mut c_void {
    // SAFETY: any size.
    unsafe { libc::calloc(count.max(1), size.max(1)) }
}

extern "C" fn resize_as_before(before: *mut c_void, block: *mut c_void, size: usize) -> *mut c_void {
    if block.is_null() {
        return new_from_c(before, size);
    }
    // SAFETY: the context is an allocator, and the block is its.
    unsafe {
        let before = before.cast::<PyMemAllocatorEx>().read();
        before.realloc.map_or(ptr::null_mut(), |realloc| realloc(before.ctx, block, size))
    }
}

extern "C" fn free_as_before(before: *mut c_void, block: *mut c_void) {
    // SAFETY: as above.
    unsafe {
        let before = before.cast::<PyMemAllocatorEx>().read();
        if let Some(free) = before.free {
            free(before.ctx, block);
        }
    }
}
