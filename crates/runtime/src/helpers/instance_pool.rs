//! Where instances of classes in Python come from, and where dead ones go.
//!
//! The interpreter makes and ends them in steps that each have to find out what the class is like. Here that is done once: memory from a list of dead
//! instances of the same size (else from the interpreter's allocator), in the collector's youngest generation, with no values; and at the end the values
//! dropped and the memory put into the list. The lists belong to the main interpreter, the only one that machine code runs in, and are guarded by the GIL.

use super::{dict_pool, list_pool, pools, tuple_pool};
use crate::native::raw::{get, retain, set};
use crate::small_objects;
use pyo3_ffi::{PyObject, PyTypeObject};
use std::cell::UnsafeCell;
use std::ptr;
use whipsnake_cpython::layout::{dict_keys, dict_values, gc_head, interpreter_state, object, type_object};
use whipsnake_cpython::live::{Allocator, ThreadState};

/// The allocator's own unit: it gives out memory in multiples of it, up to [`LARGEST`] bytes.
pub(super) const UNIT: usize = 16;
pub(super) const LARGEST: usize = 512;

/// How many dead instances of a size are kept at most.
pub(super) const MAX_KEPT: u32 = 128;

/// Of how many classes is kept what ends with an instance.
pub(super) const ENDINGS: usize = 64;

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

/// What an instance takes.
struct Layout {
    /// Whether its values are behind its head, with room for more.
    inside: bool,
    /// Bytes in front of the object.
    front: usize,
    /// Bytes in all.
    bytes: usize,
    /// How many values it has room for.
    capacity: usize,
}

impl Layout {
    /// That of a class's next instance; `None` if it has to be made by the interpreter.
    unsafe fn of(class: *mut PyTypeObject) -> Option<Layout> {
        use type_object::{HAVE_GC, HEAPTYPE, INLINE_VALUES};
        // SAFETY: a live class; one with values inside has the keys that its instances share.
        unsafe {
            let flags: u64 = get(class, type_object::TP_FLAGS);
            let basic = get::<isize>(class, type_object::TP_BASICSIZE) as usize;
            if flags & (HAVE_GC | HEAPTYPE) != HAVE_GC | HEAPTYPE || get::<isize>(class, type_object::TP_ITEMSIZE) != 0
            {
                return None;
            }
            if flags & INLINE_VALUES != 0 {
                let keys: *mut u8 = get(class, type_object::HT_CACHED_KEYS);
                let usable = get::<isize>(keys, dict_keys::DK_USABLE);
                let room = (get::<isize>(keys, dict_keys::DK_NENTRIES) + usable) as usize;
                let front = HEAD + PREHEADER;
                let capacity = room - usize::from(usable > 1);
                return Some(Layout { inside: true, front, bytes: front + basic + inline_bytes(room), capacity });
            }
            let capacity = (basic - object::SIZEOF as usize) / 8;
            (flags & WITH_PREHEADER == 0).then_some(Layout {
                inside: false,
                front: HEAD,
                bytes: HEAD + basic,
                capacity,
            })
        }
    }
}

/// What so many values take inside an instance: a head, the values, and a byte each for the order in which they were set.
pub(super) fn inline_bytes(count: usize) -> usize {
    count.next_multiple_of(8) + 8 * (count + 1)
}

/// A new instance of a class that makes them as `object` does, with no values; NULL with `MemoryError` set.
///
/// # Safety
/// The GIL is held, by the main interpreter; the class is one of Python.
pub(crate) unsafe fn new_instance(class: *mut PyTypeObject) -> *mut PyObject {
    // SAFETY: the caller's.
    unsafe {
        let pool = &mut *POOL.0.get();
        match Layout::of(class).and_then(|layout| Some((pool.take(layout.bytes)?, layout))) {
            Some((memory, layout)) => pool.make(class, memory, &layout),
            None => pyo3_ffi::PyType_GenericAlloc(class, 0),
        }
    }
}

/// The same. Up to eight values that are set in the order of the class need no note of their order: it is there, and counts once the instance has values.
///
/// # Safety
/// As [`new_instance`].
pub(crate) unsafe fn new_ordered_instance(class: *mut PyTypeObject) -> *mut PyObject {
    /// A byte each.
    const IN_ORDER: u64 = 0x0706_0504_0302_0100;
    // SAFETY: the caller's; behind the values are at least eight bytes, if there is room for any.
    unsafe {
        let instance = new_instance(class);
        if !instance.is_null() && get::<u64>(class, type_object::TP_FLAGS) & type_object::INLINE_VALUES != 0 {
            let head = instance.cast::<u8>().add(object::INLINE_VALUES_OFFSET as usize);
            let capacity = usize::from(get::<u8>(head, dict_values::CAPACITY));
            if capacity > 0 {
                head.add(dict_values::VALUES as usize + 8 * capacity).cast::<u64>().write(IN_ORDER);
            }
        }
        instance
    }
}

impl Pool {
    /// What ends with an instance of a class: kept from the last time, or what `ask` says.
    #[inline]
    pub(super) unsafe fn ending(
        &mut self,
        class: *mut PyTypeObject,
        ask: impl FnOnce(&Pool) -> Option<(u32, u32)>,
    ) -> Option<Ending> {
        // SAFETY: a live class. No other class ever has its version, which it loses when it changes.
        let version: u32 = unsafe { get(class, type_object::TP_VERSION_TAG) };
        let place = (class as usize >> CLASS_SHIFT) % ENDINGS;
        let known = self.endings[place];
        if known.class == class && known.version == version {
            return Some(known);
        }
        let (count, bytes) = ask(self)?;
        let asked = Ending { class, version, count, bytes };
        if version != 0 {
            self.endings[place] = asked;
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

    /// Makes an instance there.
    unsafe fn make(&mut self, class: *mut PyTypeObject, memory: *mut u8, layout: &Layout) -> *mut PyObject {
        // SAFETY: the memory is ours, and as large as the layout says; `young` is the collector's list.
        unsafe {
            let instance = memory.add(layout.front).cast::<PyObject>();
            let head = memory.add(layout.front - HEAD);
            self.track(head);
            self.count.write(self.count.read() + 1);
            set(instance, object::OB_REFCNT, 1u64);
            set(instance, object::OB_TYPE, class);
            retain(class.cast());
            let mut first = instance.cast::<u8>().add(object::SIZEOF as usize);
            if layout.inside {
                memory.cast::<[u64; 2]>().write([0; 2]);
                // As the interpreter counts what may still become a shared key.
                let keys: *mut u8 = get(class, type_object::HT_CACHED_KEYS);
                let usable = get::<isize>(keys, dict_keys::DK_USABLE);
                if usable > 1 {
                    set(keys, dict_keys::DK_USABLE, usable - 1);
                }
                set(first, dict_values::CAPACITY, layout.capacity as u8);
                set(first, dict_values::SIZE, 0u8);
                set(first, dict_values::EMBEDDED, 1u8);
                set(first, dict_values::VALID, 1u8);
                first = first.add(dict_values::VALUES as usize);
            }
            for index in 0..layout.capacity {
                first.cast::<u64>().add(index).write(0);
            }
            instance
        }
    }
}

/// Whether the values of a class's instances are inside them, and not slots; `None` if anything else than values may end with an instance.
///
/// # Safety
/// A class that makes its instances as `object` does; the GIL is held.
pub(crate) unsafe fn keeps_values(class: *mut PyTypeObject) -> Option<bool> {
    // SAFETY: the caller's.
    unsafe {
        let others =
            get::<isize>(class, type_object::TP_DICTOFFSET) | get::<isize>(class, type_object::TP_WEAKLISTOFFSET);
        let layout = Layout::of(class).filter(|layout| layout.bytes <= LARGEST && layout.capacity > 0)?;
        ((*POOL.0.get()).is_plain(class) && (layout.inside || others == 0)).then_some(layout.inside)
    }
}

/// Sets an attribute that an instance did not have, and takes the reference to it.
///
/// # Safety
/// A live instance of a class that [`keeps_values`], whose values are its own; the offset of one that is not set.
pub(crate) unsafe fn put_attribute(instance: *mut PyObject, offset: i32, value: *mut PyObject) {
    // SAFETY: the caller's.
    unsafe {
        set(instance, offset, value);
        if get::<u64>(get::<*mut PyTypeObject>(instance, object::OB_TYPE), type_object::TP_FLAGS)
            & type_object::INLINE_VALUES
            != 0
        {
            let head = instance.cast::<u8>().add(object::INLINE_VALUES_OFFSET as usize);
            let (size, capacity): (u8, u8) = (get(head, dict_values::SIZE), get(head, dict_values::CAPACITY));
            let number = (offset - object::INLINE_VALUES_OFFSET - dict_values::VALUES) / 8;
            let order = head.add(dict_values::VALUES as usize + 8 * usize::from(capacity));
            order.add(size.into()).write(number as u8);
            set(head, dict_values::SIZE, size + 1);
        }
    }
}

/// Takes an attribute out again, the last that was set.
///
/// # Safety
/// As [`put_attribute`], after which nobody else has changed what the instance holds.
pub(crate) unsafe fn take_attribute(instance: *mut PyObject, offset: i32) -> *mut PyObject {
    // SAFETY: the caller's.
    unsafe {
        if get::<u64>(get::<*mut PyTypeObject>(instance, object::OB_TYPE), type_object::TP_FLAGS)
            & type_object::INLINE_VALUES
            != 0
        {
            set(instance, object::INLINE_VALUES_OFFSET + dict_values::SIZE, 0u8);
        }
        let value: *mut PyObject = get(instance, offset);
        set(instance, offset, ptr::null_mut::<PyObject>());
        value
    }
}
