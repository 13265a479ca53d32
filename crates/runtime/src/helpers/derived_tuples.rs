//! Instances of classes derived from `tuple` that have nothing but their items, as those of `namedtuple` are: their memory waits for the next ones among that of dead
//! instances.

use super::class_variables::fixed_version;
use super::instance_ends;
use super::instance_pool::{HEAD, POOL, Pool, WITH_PREHEADER};
use crate::native::raw::{get, release, retain, set};
use pyo3_ffi::{PyObject, PyTypeObject};
use std::cell::UnsafeCell;
use std::ptr;
use whipsnake_cpython::class_version::place;
use whipsnake_cpython::layout::{object, tuple, type_object};

/// Versions of classes that were found to be such.
struct Known(UnsafeCell<[u32; 8]>);

// SAFETY: the GIL guards it.
unsafe impl Sync for Known {}

static KNOWN: Known = Known(UnsafeCell::new([0; 8]));

/// Bytes of an instance of so many items with the collector's head. The interpreter's allocation has room for one more.
fn bytes(count: usize) -> usize {
    HEAD + tuple::OB_ITEM as usize + 8 * (count + 1)
}

/// Whether the instances of a class are a tuple's items and nothing else, and end so.
///
/// # Safety
/// A live class; the GIL is held.
#[inline]
pub(crate) unsafe fn is_derived_tuple(class: *mut PyTypeObject) -> bool {
    // SAFETY: the caller's.
    unsafe {
        let flags: u64 = get(class, type_object::TP_FLAGS);
        let wanted = type_object::TUPLE_SUBCLASS | type_object::HEAPTYPE;
        if flags & (wanted | WITH_PREHEADER) != wanted {
            return false;
        }
        let version = fixed_version(class);
        let place = &mut (*KNOWN.0.get())[place(version, 8)];
        if version == 0 || *place != version {
            if !is_plain(class) {
                return false;
            }
            *place = version;
        }
        true
    }
}

#[cold]
unsafe fn is_plain(class: *mut PyTypeObject) -> bool {
    // SAFETY: the caller's: a live class, whose bases are alive.
    unsafe {
        let others =
            get::<isize>(class, type_object::TP_DICTOFFSET) | get::<isize>(class, type_object::TP_WEAKLISTOFFSET);
        let usual = (*class).tp_alloc.map(|f| f as usize) == Some(pyo3_ffi::PyType_GenericAlloc as *const () as usize)
            && (*class).tp_free.map(|f| f as usize) == Some(pyo3_ffi::PyObject_GC_Del as *const () as usize);
        let size = ((*class).tp_basicsize, (*class).tp_itemsize);
        let Some(python) = (*POOL.0.get()).subtype_dealloc.filter(|_| usual && others == 0) else { return false };
        if size != (tuple::OB_ITEM as isize, 8) || (*class).tp_finalize.is_some() || (*class).tp_del.is_some() {
            return false;
        }
        let mut base = class;
        while (*base).tp_dealloc.is_some_and(|own| ptr::fn_addr_eq(own, python)) {
            base = (*base).tp_base;
        }
        base == &raw mut pyo3_ffi::PyTuple_Type
    }
}

/// An instance with such items, which are borrowed; `None` if the interpreter is to make it.
///
/// # Safety
/// A live class, so many live objects; the GIL is held.
pub(super) unsafe fn make(
    class: *mut PyTypeObject,
    items: *const *mut PyObject,
    count: usize,
) -> Option<*mut PyObject> {
    // SAFETY: the caller's; the memory is as large as wanted.
    unsafe {
        if !is_derived_tuple(class) {
            return None;
        }
        let (pool, bytes) = (POOL.0.get(), bytes(count));
        let memory = (*pool).take(bytes)?;
        let made = (*pool).start(memory, bytes, class);
        retain(class.cast());
        set(made, tuple::OB_SIZE, count);
        for index in 0..count {
            set(made, tuple::OB_ITEM + 8 * index as i32, retain(items.add(index).read()));
        }
        (*pool).track(memory);
        Some(made)
    }
}

/// Ends an instance without references, if its class is such.
///
/// # Safety
/// The GIL is held; nobody has a reference to the object.
pub(super) unsafe fn end(dying: *mut PyObject, depth: u32) -> bool {
    // SAFETY: the caller's. Whoever an item's end runs can't reach the tuple; the class lives until the end.
    unsafe {
        let pool = POOL.0.get();
        let class: *mut PyTypeObject = get(dying, object::OB_TYPE);
        let count: usize = get(dying, tuple::OB_SIZE);
        if !(*pool).is_usual() || !is_derived_tuple(class) {
            return false;
        }
        let memory = dying.cast::<u8>().sub(HEAD);
        Pool::untrack(memory);
        // The last goes first, as ever.
        for index in (0..count).rev() {
            let item: *mut PyObject = get(dying, tuple::OB_ITEM + 8 * index as i32);
            if !item.is_null() {
                instance_ends::drop_reference(item, depth);
            }
        }
        (*pool).finish(memory, bytes(count));
        release(class.cast());
        true
    }
}
