//! Memory of dead objects that waits for new ones of the same size, and what all of them have in common: the collector's head and its count.
//!
//! The interpreter makes and ends instances of classes in Python in steps that each have to find out what the class is like. Here that is done once: memory from a list of dead
//! instances of the same size (else from the interpreter's allocator), in the collector's youngest generation, with no values; and at the end the values
//! dropped and the memory put into the list. The lists belong to the main interpreter, the only one that machine code runs in, and are guarded by the GIL.

use super::class_variables::fixed_version;
use super::{dict_pool, list_pool, pools, tuple_pool};
use crate::native::raw::{get, set};
use crate::small_objects;
use pyo3_ffi::{PyObject, PyTypeObject};
use std::cell::UnsafeCell;
use std::ptr;
use whipsnake_cpython::layout::{gc_head, interpreter_state, object, type_object};
use whipsnake_cpython::live::{Allocator, ThreadState};

/// The allocator's own unit: it gives out memory in multiples of it, up to [`LARGEST`] bytes.
pub(super) const UNIT: usize = 16;
pub(super) const LARGEST: usize = 512;

/// How many dead instances of a size are kept at most.
pub(super) const MAX_KEPT: u32 = 128;

/// Of how many classes is kept what ends with an instance.
pub(super) const ENDINGS: usize = 64;

/// The same of classes of exceptions.
const EXCEPTIONS: usize = 16;

/// Flags of classes whose instances have a dict or weak references in front.
pub(super) const WITH_PREHEADER: u64 = type_object::MANAGED_DICT | type_object::MANAGED_WEAKREF;

/// Bytes in front of an object that the collector tracks, and those that instances with a `__dict__` have in front of that.
pub(super) const HEAD: usize = gc_head::SIZEOF as usize;
pub(super) const PREHEADER: usize = 16;

/// Dead instances of one size, linked through their first word.
#[derive(Clone, Copy)]
#[repr(C)]
struct List {
    first: *mut u8,
    length: u32,
}

/// What is known of a class as long as it has this version: nothing but values ends with an instance that has no `__dict__` and no weak references.
#[derive(Clone, Copy)]
#[repr(C, align(32))]
pub(super) struct Ending {
    class: *mut PyTypeObject,
    version: u32,
    /// How many slots it has, and what it takes; 0 if its values are inside, and say how many they are.
    pub(super) count: u32,
    pub(super) bytes: u32,
}

impl Ending {
    const NONE: Ending = Ending { class: ptr::null_mut(), version: 0, count: 0, bytes: 0 };
}

/// How far an address is shifted for the number of its class among those that are known.
const CLASS_SHIFT: usize = 6;

pub(super) struct Pool {
    lists: [List; LARGEST / UNIT],
    /// What is known of classes, by their addresses.
    endings: [Ending; ENDINGS],
    /// The same of classes of exceptions.
    exceptions: [Ending; EXCEPTIONS],
    /// Dead lists.
    pub(super) lists_of_items: list_pool::Lists,
    /// Dead tuples.
    pub(super) tuples: tuple_pool::Tuples,
    /// Dead dicts.
    pub(super) dicts: dict_pool::Dicts,
    /// The first head of the youngest generation's list; NULL if instances are left to the interpreter.
    pub(super) young: *mut u8,
    /// How many objects the collector has counted, how many it waits for, and whether it is on.
    pub(super) count: *mut i32,
    threshold: *const i32,
    enabled: *const i32,
    /// While another one is in place, `tracemalloc`'s for one, all memory goes through that.
    pub(super) allocator: Allocator,
    /// What ends instances of classes in Python.
    pub(super) subtype_dealloc: Option<pyo3_ffi::destructor>,
}

#[repr(transparent)]
pub(super) struct Slot(pub(super) UnsafeCell<Pool>);

// SAFETY: only touched with the GIL held.
unsafe impl Sync for Slot {}

pub(super) static POOL: Slot = Slot(UnsafeCell::new(Pool {
    lists: [List { first: ptr::null_mut(), length: 0 }; LARGEST / UNIT],
    endings: [Ending::NONE; ENDINGS],
    exceptions: [Ending::NONE; EXCEPTIONS],
    lists_of_items: list_pool::Lists::EMPTY,
    tuples: tuple_pool::Tuples::EMPTY,
    dicts: dict_pool::Dicts::EMPTY,
    young: ptr::null_mut(),
    count: ptr::null_mut(),
    threshold: ptr::null(),
    enabled: ptr::null(),
    allocator: Allocator::UNKNOWN,
    subtype_dealloc: None,
}));

/// Finds the collector's list and counters, and makes sure that they are what they should be; else instances are left to the interpreter.
///
/// # Safety
/// The GIL is held, by the main interpreter.
pub(crate) unsafe fn initialise() {
    // SAFETY: the caller's; fields are followed only once a new object has shown that they are the collector's.
    unsafe {
        let pool = &mut *POOL.0.get();
        pool.young = ptr::null_mut();
        pool.endings = [Ending::NONE; ENDINGS];
        pool.exceptions = [Ending::NONE; EXCEPTIONS];
        let interpreter = ThreadState::current().interpreter().cast::<u8>();
        let field = |offset: i32| interpreter.offset(offset as isize);
        let enabled = field(interpreter_state::GC_ENABLED).cast::<i32>();
        // Where the generations begin differs between patch releases; their first head is in the interpreter's state.
        let young = field(interpreter_state::GC_GENERATION0).cast::<*mut u8>().read();
        let is_inside = (young as usize).wrapping_sub(interpreter as usize) < interpreter_state::SIZEOF as usize;
        if !is_inside || enabled.read() != pyo3_ffi::PyGC_IsEnabled() {
            return;
        }
        let count = young.offset(interpreter_state::GC_COUNT as isize).cast::<i32>();
        pool.allocator = pools::allocator();
        pool.subtype_dealloc = subtype_dealloc();
        let (counted, probe) = (count.read(), pyo3_ffi::PySet_New(ptr::null_mut()));
        if probe.is_null() {
            return pyo3_ffi::PyErr_Clear();
        }
        let head = probe.cast::<u8>().sub(HEAD);
        let is_last =
            get::<*mut u8>(head, gc_head::GC_NEXT) == young && get::<*mut u8>(young, gc_head::GC_PREV) == head;
        let fits = is_last && count.read() == counted + 1;
        pyo3_ffi::Py_DECREF(probe);
        if fits && count.read() == counted && pool.subtype_dealloc.is_some() {
            (pool.count, pool.enabled) = (count, enabled);
            pool.threshold = young.offset(interpreter_state::GC_THRESHOLD as isize).cast();
            pool.young = young;
            pool.dicts.initialise();
        }
    }
}

/// What ends instances of classes in Python, which has no name for others.
unsafe fn subtype_dealloc() -> Option<pyo3_ffi::destructor> {
    // SAFETY: ordinary calls under the GIL.
    unsafe {
        let class = pyo3_ffi::PyObject_CallFunction(
            (&raw mut pyo3_ffi::PyType_Type).cast(),
            c"s(){}".as_ptr(),
            c"instance".as_ptr(),
        );
        if class.is_null() {
            pyo3_ffi::PyErr_Clear();
            return None;
        }
        let found = (*class.cast::<PyTypeObject>()).tp_dealloc;
        pyo3_ffi::Py_DECREF(class);
        found
    }
}

/// Offsets of what assembly reads.
pub(super) mod field {
    use super::{Allocator, Ending, List, Pool};
    use std::mem::offset_of;

    pub const CLASS_SHIFT: usize = super::CLASS_SHIFT;
    pub const CLASSES: usize = offset_of!(Pool, endings);
    pub const ENDING_CLASS: usize = offset_of!(Ending, class);
    pub const ENDING_VERSION: usize = offset_of!(Ending, version);
    pub const ENDING_COUNT: usize = offset_of!(Ending, count);
    pub const ENDING_BYTES: usize = offset_of!(Ending, bytes);
    pub const ENDING_SIZE: usize = size_of::<Ending>();
    pub const LISTS: usize = offset_of!(Pool, lists);
    pub const LIST_FIRST: usize = offset_of!(List, first);
    pub const LIST_LENGTH: usize = offset_of!(List, length);
    pub const LIST_SIZE: usize = size_of::<List>();
    pub const COUNT: usize = offset_of!(Pool, count);
    pub const ALLOCATOR_PLACE: usize = offset_of!(Pool, allocator) + Allocator::PLACE;
    pub const ALLOCATOR_USUAL: usize = offset_of!(Pool, allocator) + Allocator::USUAL;
}

/// Takes back the memory of an object that has ended, which is counted no more.
pub(super) unsafe extern "C" fn finish_memory(memory: *mut u8, bytes: usize) {
    // SAFETY: the caller's.
    unsafe { (*POOL.0.get()).finish(memory, bytes) };
}

/// The memory of how many dead instances is kept for new ones.
///
/// # Safety
/// The GIL is held.
pub unsafe fn kept() -> u64 {
    // SAFETY: the caller's.
    unsafe { (*POOL.0.get()).lists.iter().map(|list| u64::from(list.length)).sum() }
}

impl Pool {
    /// What ends with an instance of a class: kept from the last time, or what `ask` says.
    #[inline]
    pub(super) unsafe fn ending(
        &mut self,
        class: *mut PyTypeObject,
        ask: impl FnOnce(&Pool) -> Option<(u32, u32)>,
    ) -> Option<Ending> {
        // SAFETY: the caller's.
        unsafe { self.remembered(|pool| &mut pool.endings, class, ask) }
    }

    /// The same of exceptions: `count` is what is in front of them, `bytes` what they take in all.
    #[inline]
    pub(super) unsafe fn exception_ending(
        &mut self,
        class: *mut PyTypeObject,
        ask: impl FnOnce(&Pool) -> Option<(u32, u32)>,
    ) -> Option<Ending> {
        // SAFETY: the caller's.
        unsafe { self.remembered(|pool| &mut pool.exceptions, class, ask) }
    }

    /// What a table has of a class as it is now, or what `ask` says, which is remembered there.
    #[inline]
    unsafe fn remembered<const SIZE: usize>(
        &mut self,
        table: impl Fn(&mut Pool) -> &mut [Ending; SIZE],
        class: *mut PyTypeObject,
        ask: impl FnOnce(&Pool) -> Option<(u32, u32)>,
    ) -> Option<Ending> {
        // SAFETY: a live class. No other class ever has its version, which it loses when it changes.
        let version = unsafe { fixed_version(class) };
        let place = (class as usize >> CLASS_SHIFT) % SIZE;
        let known = table(self)[place];
        if known.class == class && known.version == version {
            return Some(known);
        }
        let (count, bytes) = ask(self)?;
        let asked = Ending { class, version, count, bytes };
        if version != 0 {
            table(self)[place] = asked;
        }
        Some(asked)
    }

    /// Whether the collector's list was found, and objects come from the interpreter's own allocator.
    #[inline]
    pub(super) unsafe fn is_usual(&self) -> bool {
        // SAFETY: the GIL is held.
        !self.young.is_null() && unsafe { self.allocator.is_usual() }
    }

    /// Memory for an object; `None` if the interpreter is to make it, which asks for a collection when one is due.
    #[inline]
    pub(super) unsafe fn take(&mut self, bytes: usize) -> Option<*mut u8> {
        // SAFETY: the counters are the collector's; a list holds dead instances.
        unsafe {
            if self.young.is_null() || bytes > LARGEST || !self.allocator.is_usual() {
                return None;
            }
            let threshold = self.threshold.read();
            if self.count.read() >= threshold && threshold != 0 && self.enabled.read() != 0 {
                return None;
            }
            let list = &mut self.lists[(bytes - 1) / UNIT];
            let memory = list.first;
            if memory.is_null() {
                let mut memory = small_objects::take(bytes);
                if memory.is_null() {
                    memory = pyo3_ffi::PyObject_Malloc(bytes).cast();
                }
                return (!memory.is_null()).then_some(memory);
            }
            list.first = memory.cast::<*mut u8>().read();
            list.length -= 1;
            Some(memory)
        }
    }

    /// Takes back what [`take`](Self::take) or the interpreter's allocator gave, while that is the usual one.
    pub(super) unsafe fn put(&mut self, memory: *mut u8, bytes: usize) {
        let list = self.lists.get_mut((bytes - 1) / UNIT).filter(|list| list.length < MAX_KEPT);
        // SAFETY: the caller's.
        unsafe {
            match list {
                Some(list) => {
                    memory.cast::<*mut u8>().write(list.first);
                    list.first = memory;
                    list.length += 1;
                }
                None if small_objects::give(memory) => {}
                None => pyo3_ffi::PyObject_Free(memory.cast()),
            }
        }
    }

    /// A new object there, which is as long as `memory` and has references to nothing yet: zeros behind its type, which is one of the interpreter's own.
    #[inline]
    pub(super) unsafe fn start(&mut self, memory: *mut u8, bytes: usize, class: *mut PyTypeObject) -> *mut PyObject {
        // SAFETY: the caller's: memory from `take`.
        unsafe {
            let object = memory.add(HEAD).cast::<PyObject>();
            ptr::write_bytes(memory, 0, bytes);
            set(object, object::OB_REFCNT, 1u64);
            set(object, object::OB_TYPE, class);
            self.count.write(self.count.read() + 1);
            object
        }
    }

    /// Takes back the memory of an object that has ended, which is counted no more.
    #[inline]
    pub(super) unsafe fn finish(&mut self, memory: *mut u8, bytes: usize) {
        // SAFETY: the caller's.
        unsafe {
            let count = self.count.read();
            if count > 0 {
                self.count.write(count - 1);
            }
            if self.allocator.is_usual() {
                self.put(memory, bytes);
            } else {
                pyo3_ffi::PyObject_Free(memory.cast());
            }
        }
    }

    /// Puts a new object into the collector's youngest generation, by its head.
    #[inline]
    pub(super) unsafe fn track(&mut self, head: *mut u8) {
        // SAFETY: the caller's; `young` is the collector's list.
        unsafe {
            let last: *mut u8 = get(self.young, gc_head::GC_PREV);
            set(last, gc_head::GC_NEXT, head);
            set(head, gc_head::GC_PREV, last);
            set(head, gc_head::GC_NEXT, self.young);
            set(self.young, gc_head::GC_PREV, head);
        }
    }

    /// Takes a dying object out of the collector's list that it is in, if it is in one, by its head.
    #[inline]
    pub(super) unsafe fn untrack(head: *mut u8) {
        // SAFETY: the caller's; its neighbours in the list are alive.
        unsafe {
            let next: *mut u8 = get(head, gc_head::GC_NEXT);
            if !next.is_null() {
                let flags = (1usize << gc_head::PREV_SHIFT) - 1;
                let last = get::<usize>(head, gc_head::GC_PREV) & !flags;
                set(last as *mut u8, gc_head::GC_NEXT, next);
                let bits = get::<usize>(next, gc_head::GC_PREV) & flags;
                set(next, gc_head::GC_PREV, last | bits);
                set(head, gc_head::GC_NEXT, 0usize);
                set(head, gc_head::GC_PREV, 0usize);
            }
        }
    }
}
