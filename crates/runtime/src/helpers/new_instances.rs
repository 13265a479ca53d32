//! New instances of classes in Python, made without asking what the class is like at each step: as long as its last instances were, with no values. And attributes that are put into them
//! and taken out again where a region leaves with an instance that it has not made.

use super::instance_pool::{HEAD, LARGEST, POOL, PREHEADER, Pool, WITH_PREHEADER};
use crate::native::raw::{get, retain, set};
use pyo3_ffi::{PyObject, PyTypeObject};
use std::ptr;
use whipsnake_cpython::layout::{dict_keys, dict_values, object, type_object};

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
