//! Where short lists come from that compiled code makes, and where dead ones go: with the place for their items.
//!
//! The interpreter keeps dead lists, too, but gives the place for their items back each time. A slice, or a list of a few values, that is made and
//! dropped again costs it two trips to the allocator. Here dead lists wait, by the number of their places, for the next list of so many items: so
//! a list says the same of its size as ever. As with the interpreter's own, the collector goes on counting those that wait.

use super::instance_ends;
use super::instance_pool::{HEAD, POOL, Pool};
use crate::native::raw::set;
use crate::small_objects;
use pyo3_ffi::PyObject;
use std::ptr;
use whipsnake_cpython::layout::{list, object};
use whipsnake_cpython::live::{List, symbols};

/// Lists with more places are left to the interpreter.
const MOST_PLACES: usize = 32;

/// What a list takes, without its places.
const BYTES: usize = HEAD + list::SIZEOF as usize;

/// How many dead lists with as many places are kept at most.
const MAX_KEPT: u32 = 16;

/// Dead lists by the number of their places, linked through the first.
pub(super) struct Lists([Dead; MOST_PLACES]);

#[derive(Clone, Copy)]
struct Dead {
    first: *mut PyObject,
    length: u32,
}

impl Lists {
    pub(super) const EMPTY: Lists = Lists([Dead { first: ptr::null_mut(), length: 0 }; MOST_PLACES]);

    /// A dead list with so many places.
    #[inline]
    unsafe fn take(&mut self, places: usize) -> Option<*mut PyObject> {
        let dead = self.0.get_mut(places.wrapping_sub(1))?;
        let found = dead.first;
        if found.is_null() {
            return None;
        }
        // SAFETY: a dead list with places, the first of which links.
        dead.first = unsafe { List::new_unchecked(found).items().read() };
        dead.length -= 1;
        Some(found)
    }

    /// Keeps a dead list, unless there are enough.
    #[inline]
    unsafe fn put(&mut self, list: *mut PyObject, places: usize) -> bool {
        let Some(dead) = self.0.get_mut(places.wrapping_sub(1)).filter(|dead| dead.length < MAX_KEPT) else {
            return false;
        };
        // SAFETY: the caller's: it has so many places.
        unsafe { List::new_unchecked(list).items().write(dead.first) };
        dead.first = list;
        dead.length += 1;
        true
    }
}

/// A new list of so many items, which the caller writes to its places at once; NULL with `MemoryError` set.
///
/// # Safety
/// The GIL is held, by the main interpreter.
pub(super) unsafe fn new_list(length: usize) -> *mut PyObject {
    // SAFETY: the caller's.
    unsafe {
        match dead_list(length).or_else(|| list_in_new_memory(length)) {
            Some(list) => list,
            None => pyo3_ffi::PyList_New(length as isize),
        }
    }
}

/// The same in new memory; `None` if the interpreter is to make it.
unsafe fn list_in_new_memory(length: usize) -> Option<*mut PyObject> {
    // SAFETY: the caller's; both blocks are as long as is written.
    unsafe {
        let pool = &mut *POOL.0.get();
        if length > MOST_PLACES || !pool.is_usual() {
            return None;
        }
        let places = match length {
            0 => ptr::null_mut(),
            _ => Some(small_objects::take(8 * length)).filter(|places| !places.is_null())?,
        };
        let Some(memory) = pool.take(BYTES) else {
            if !places.is_null() {
                small_objects::give(places);
            }
            return None;
        };
        let list = pool.start(memory, BYTES, &raw mut pyo3_ffi::PyList_Type);
        set(list, list::OB_SIZE, length);
        set(list, list::OB_ITEM, places);
        set(list, list::ALLOCATED, length);
        pool.track(memory);
        Some(list)
    }
}

/// The same of a dead list only.
///
/// # Safety
/// As [`new_list`].
pub(super) unsafe fn dead_list(length: usize) -> Option<*mut PyObject> {
    // SAFETY: the caller's; a dead list is as it was when it lived, but for what is written here.
    unsafe {
        let pool = &mut *POOL.0.get();
        if pool.young.is_null() || !pool.allocator.is_usual() {
            return None;
        }
        let list = pool.lists_of_items.take(length)?;
        set(list, object::OB_REFCNT, 1u64);
        set(list, list::OB_SIZE, length);
        pool.track(list.cast::<u8>().sub(HEAD));
        Some(list)
    }
}

/// A new list of items that are somewhere already, to which it takes references of its own: `count` of them, every `step` words from `first` on.
/// NULL with `MemoryError` set.
///
/// # Safety
/// As [`new_list`]; the items are live objects, and stay where they are.
pub(super) unsafe fn list_of(first: *const *mut PyObject, count: usize, step: isize) -> *mut PyObject {
    // SAFETY: the caller's; making a list runs no code.
    unsafe {
        let list = new_list(count);
        if !list.is_null() {
            let places = List::new_unchecked(list).items();
            let mut item = first;
            for index in 0..count {
                places.add(index).write(crate::native::raw::retain(item.read()));
                item = item.wrapping_offset(step);
            }
        }
        list
    }
}

/// Ends a list without references. What a long one has is dropped here, too: so its numbers come to where the next ones are taken from.
///
/// # Safety
/// The GIL is held; nobody has a reference to the object, which is exactly a list.
pub(super) unsafe fn end(list: *mut PyObject, depth: u32) -> bool {
    // SAFETY: the caller's. Whoever an item's end runs can't reach the list.
    unsafe {
        let pool = POOL.0.get();
        if !(*pool).is_usual() {
            return false;
        }
        let memory = list.cast::<u8>().sub(HEAD);
        Pool::untrack(memory);
        let handle = List::new_unchecked(list);
        let (items, places) = (handle.items(), handle.allocated());
        // The last goes first, as ever.
        for index in (0..handle.len()).rev() {
            let item = items.add(index).read();
            if !item.is_null() {
                instance_ends::drop_reference(item, depth);
            }
        }
        let pool = &mut *pool;
        if !pool.allocator.is_usual() {
            set(list, list::OB_SIZE, 0usize);
            symbols::_Py_Dealloc(list);
        } else if !pool.lists_of_items.put(list, places) {
            if !items.is_null() && !small_objects::give(items.cast()) {
                pyo3_ffi::PyMem_Free(items.cast());
            }
            pool.finish(memory, BYTES);
        }
        true
    }
}
