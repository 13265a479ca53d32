//! Where short tuples come from that compiled code makes, and where dead ones go.
//!
//! The interpreter keeps dead tuples, too, but asks for the thread each time it takes or keeps one, tells the collector through calls, and ends one through three
//! functions. Those that end here wait here. As with the interpreter's own, the collector counts neither those that wait nor those that are taken again.

use super::instance_ends;
use super::instance_pool::{HEAD, POOL, Pool};
use crate::native::raw::{get, is_exact, retain, set};
use pyo3_ffi::{PyObject, PyThreadState};
use std::ptr;
use whipsnake_cpython::layout::{object, tuple};
use whipsnake_cpython::live::{List, Tuple};

/// Tuples with more items are left to the interpreter.
const MOST_ITEMS: usize = 12;

/// How many dead tuples with as many items are kept at most.
const MAX_KEPT: u32 = 64;

/// Dead tuples by the number of their items, linked through the first.
pub(super) struct Tuples([Dead; MOST_ITEMS]);

#[derive(Clone, Copy)]
struct Dead {
    first: *mut PyObject,
    length: u32,
}

/// Where the items of a tuple are.
unsafe fn items(tuple: *mut PyObject) -> *mut *mut PyObject {
    // SAFETY: the caller's: a tuple.
    unsafe { tuple.byte_offset(tuple::OB_ITEM as isize).cast() }
}

impl Tuples {
    pub(super) const EMPTY: Tuples = Tuples([Dead { first: ptr::null_mut(), length: 0 }; MOST_ITEMS]);

    /// A dead tuple of so many items.
    #[inline]
    unsafe fn take(&mut self, length: usize) -> Option<*mut PyObject> {
        let dead = self.0.get_mut(length.wrapping_sub(1))?;
        let found = dead.first;
        if found.is_null() {
            return None;
        }
        // SAFETY: a dead tuple with items, the first of which links.
        dead.first = unsafe { items(found).read() };
        dead.length -= 1;
        Some(found)
    }

    /// Whether there is room for one more.
    #[inline]
    fn has_room(&self, length: usize) -> bool {
        self.0.get(length.wrapping_sub(1)).is_some_and(|dead| dead.length < MAX_KEPT)
    }

    /// Keeps a dead tuple of so many items, for which there is room.
    #[inline]
    unsafe fn put(&mut self, tuple: *mut PyObject, length: usize) {
        let dead = &mut self.0[length - 1];
        // SAFETY: the caller's.
        unsafe { items(tuple).write(dead.first) };
        dead.first = tuple;
        dead.length += 1;
    }
}

/// A new tuple of values that are somewhere, to which it takes the references; NULL with `MemoryError` set.
///
/// # Safety
/// The GIL is held, by the main interpreter; `count` live objects at `from`, with a reference each to give.
#[inline]
pub(crate) unsafe fn tuple_of(from: *const *mut PyObject, count: usize) -> *mut PyObject {
    // SAFETY: the caller's; a dead tuple is as it was when it lived, but for what is written here, and the collector sees it only after that.
    unsafe {
        let pool = &mut *POOL.0.get();
        let kept = if pool.is_usual() { pool.tuples.take(count) } else { None };
        let made = match kept {
            Some(made) => made,
            None => pyo3_ffi::PyTuple_New(count as isize),
        };
        if made.is_null() {
            return made;
        }
        for index in 0..count {
            // Volatile only so that this stays a loop: calling `memcpy` for so few would take longer.
            items(made).add(index).write_volatile(from.add(index).read());
        }
        if kept.is_some() {
            set(made, object::OB_REFCNT, 1u64);
            pool.track(made.cast::<u8>().sub(HEAD));
        }
        made
    }
}

/// `tuple(iterable)`; NULL with an exception set.
///
/// # Safety
/// Called with the GIL held, by the main interpreter, and a live object.
pub unsafe extern "C" fn tuple_from(iterable: *mut PyObject) -> *mut PyObject {
    // SAFETY: the caller's; no code runs between the look at a list and the end.
    unsafe {
        if !is_exact(iterable, &raw mut pyo3_ffi::PyList_Type) {
            return pyo3_ffi::PySequence_Tuple(iterable);
        }
        let list = List::new_unchecked(iterable.cast());
        let (items, count) = (list.items(), list.len());
        if count == 0 {
            return pyo3_ffi::PySequence_Tuple(iterable);
        }
        for index in 0..count {
            retain(items.add(index).read());
        }
        let made = tuple_of(items, count);
        if made.is_null() {
            (0..count).for_each(|index| crate::native::raw::release(items.add(index).read()));
        }
        made
    }
}

/// The tuple of a list that was gathered for one, as `CALL_INTRINSIC_1` calls what makes it.
///
/// # Safety
/// As [`tuple_from`].
pub unsafe extern "C" fn list_to_tuple(_: *mut PyThreadState, list: *mut PyObject) -> *mut PyObject {
    // SAFETY: the caller's.
    unsafe { tuple_from(list) }
}

/// Takes a tuple that nobody else has apart again, without its items.
///
/// # Safety
/// The GIL is held; the tuple was made by [`tuple_of`], or is the empty one, and the reference is given up.
pub(crate) unsafe fn give_back(made: *mut PyObject) {
    // SAFETY: the caller's.
    unsafe {
        items(made).write_bytes(0, get::<usize>(made, tuple::OB_SIZE));
        crate::native::raw::release(made);
    }
}

/// Ends a tuple without references, if it is kept then.
///
/// # Safety
/// The GIL is held; nobody has a reference to the object, which is exactly a tuple.
#[inline]
pub(super) unsafe fn end(dying: *mut PyObject, depth: u32) -> bool {
    // SAFETY: the caller's. Whoever an item's end runs can't reach the tuple.
    unsafe {
        let pool = POOL.0.get();
        let handle = Tuple::new_unchecked(dying.cast());
        let length = handle.len();
        if !(*pool).tuples.has_room(length) || !(*pool).is_usual() {
            return false;
        }
        Pool::untrack(dying.cast::<u8>().sub(HEAD));
        // The last goes first, as ever.
        for index in (0..length).rev() {
            let item = items(dying).add(index).read();
            if !item.is_null() {
                instance_ends::drop_reference(item, depth);
            }
        }
        if (*pool).allocator.is_usual() && (*pool).tuples.has_room(length) {
            (*pool).tuples.put(dying, length);
        } else {
            items(dying).write_bytes(0, length);
            whipsnake_cpython::live::symbols::_Py_Dealloc(dying);
        }
        true
    }
}
