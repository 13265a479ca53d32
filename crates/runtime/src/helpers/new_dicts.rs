//! New dicts that compiled code makes: keyword arguments, `**kwargs` and displays of a few names at once, where the interpreter puts in one item after the other, and copies of such dicts.
//! A dict without items has the interpreter's own empty table, so that it says the same of its size as ever.

use super::dict_pool::{ENTRIES, LOG2_SIZE, MOST_ITEMS, PLACES, TABLE, end, is_small};
use super::instance_pool::{HEAD, POOL};
use crate::native::raw::{get, is_exact, retain, set};
use pyo3_ffi::{PyObject, PyTypeObject};
use std::ptr;
use whipsnake_cpython::layout::{dict, dict_keys, gc_head, object, type_object, unicode};
use whipsnake_cpython::live::Dict;

/// A new dict without items; NULL with `MemoryError` set.
///
/// # Safety
/// The GIL is held, by the main interpreter.
pub(crate) unsafe extern "C" fn new_dict() -> *mut PyObject {
    // SAFETY: the caller's.
    unsafe {
        let pool = POOL.0.get();
        if (*pool).is_usual()
            && let Some(made) = (*pool).dicts.take()
        {
            return made;
        }
        pyo3_ffi::PyDict_New()
    }
}

/// A new dict of interned strings and values, to which it takes the references. `None` if some key is no interned string or there twice, there are too many, or for want of memory;
/// then nothing has changed.
///
/// # Safety
/// The GIL is held, by the main interpreter; live objects.
pub(crate) unsafe fn dict_of(
    count: usize,
    item: impl Fn(usize) -> (*mut PyObject, *mut PyObject),
) -> Option<*mut PyObject> {
    if count == 0 || count > MOST_ITEMS {
        return None;
    }
    // SAFETY: the caller's; interned strings have their hash. A table has room for so many.
    unsafe {
        let mut places = [-1i8; PLACES];
        let mut keys = [ptr::null_mut(); MOST_ITEMS];
        for index in 0..count {
            let key = item(index).0;
            let text = is_exact(key, &raw mut pyo3_ffi::PyUnicode_Type)
                && get::<u32>(key, unicode::STATE) & unicode::INTERNED_MASK != 0;
            if !text || keys[..index].contains(&key) {
                return None;
            }
            let hash: isize = get(key, unicode::HASH);
            if hash == -1 {
                return None;
            }
            keys[index] = key;
            let (mut perturb, mut at) = (hash as usize, hash as usize % PLACES);
            while places[at] >= 0 {
                perturb >>= 5;
                at = at.wrapping_mul(5).wrapping_add(perturb).wrapping_add(1) % PLACES;
            }
            places[at] = index as i8;
        }
        let pool = POOL.0.get();
        if !(*pool).is_usual() {
            return None;
        }
        let made = (*pool).dicts.take()?;
        let table = (*pool).dicts.table();
        if table.is_null() {
            end(made, 0);
            return None;
        }
        set(table, dict_keys::DK_REFCNT, 1usize);
        set(table, dict_keys::DK_LOG2_SIZE, LOG2_SIZE);
        set(table, dict_keys::DK_LOG2_INDEX_BYTES, LOG2_SIZE);
        set(table, dict_keys::DK_KIND, dict_keys::UNICODE);
        set(table, dict_keys::DK_VERSION, 0u32);
        set(table, dict_keys::DK_USABLE, MOST_ITEMS - count);
        set(table, dict_keys::DK_NENTRIES, count);
        set(table, dict_keys::DK_INDICES, places);
        let entries = table.add(ENTRIES).cast::<[*mut PyObject; 2]>();
        let mut tracked = false;
        for (index, &key) in keys.iter().enumerate() {
            let value = if index < count { item(index).1 } else { ptr::null_mut() };
            entries.add(index).write([key, value]);
            tracked = tracked || !value.is_null() && may_be_tracked(value);
        }
        set(made, dict::MA_KEYS, table);
        set(made, dict::MA_USED, count);
        if tracked {
            (*pool).track(made.cast::<u8>().sub(HEAD));
        }
        Some(made)
    }
}

/// Whether the collector may have to look at an object, by the rule by which the interpreter tracks dicts.
#[inline]
unsafe fn may_be_tracked(value: *mut PyObject) -> bool {
    // SAFETY: the caller's: a live object. Those that the collector knows have its head in front.
    unsafe {
        let class: *mut PyTypeObject = get(value, object::OB_TYPE);
        get::<u64>(class, type_object::TP_FLAGS) & type_object::HAVE_GC != 0
            && pyo3_ffi::PyObject_IS_GC(value) != 0
            && (class != &raw mut pyo3_ffi::PyTuple_Type || is_tracked(value))
    }
}

/// Whether the collector has an object in its lists.
#[inline]
unsafe fn is_tracked(value: *mut PyObject) -> bool {
    // SAFETY: the caller's: an object with the collector's head in front.
    unsafe { get::<usize>(value.cast::<u8>().sub(HEAD), gc_head::GC_NEXT) != 0 }
}

/// Puts all items of a dict into a new one without items that nobody else has, at once. False, and nothing has changed, if that is not possible.
///
/// # Safety
/// The GIL is held, by the main interpreter; an exact dict, and any object.
pub(super) unsafe fn copy_into(into: *mut PyObject, from: *mut PyObject) -> bool {
    // SAFETY: the caller's; such a table is copied as it is.
    unsafe {
        let pool = POOL.0.get();
        if !(*pool).is_usual()
            || !is_exact(from, &raw mut pyo3_ffi::PyDict_Type)
            || get::<*mut u8>(into, dict::MA_KEYS) != (*pool).dicts.empty
            || get::<u64>(into, object::OB_REFCNT) != 1
            || Dict::new_unchecked(into).watchers() != 0
        {
            return false;
        }
        let source: *mut u8 = get(from, dict::MA_KEYS);
        let used: usize = get(from, dict::MA_USED);
        // Of a dict that has lost all of its items the interpreter takes no table, which would show in the size.
        let is_whole = used != 0 && used == get(source, dict_keys::DK_NENTRIES);
        if !is_small(source) || get::<usize>(from, dict::MA_VALUES) != 0 || !is_whole {
            return false;
        }
        let table = (*pool).dicts.table();
        if table.is_null() {
            return false;
        }
        ptr::copy_nonoverlapping(source.cast::<u64>(), table.cast::<u64>(), TABLE / 8);
        set(table, dict_keys::DK_REFCNT, 1usize);
        set(table, dict_keys::DK_VERSION, 0u32);
        let entries = table.add(ENTRIES).cast::<[*mut PyObject; 2]>();
        for index in 0..used {
            entries.add(index).read().into_iter().for_each(|object| {
                retain(object);
            });
        }
        set(into, dict::MA_KEYS, table);
        set(into, dict::MA_USED, used);
        let version = (*pool).dicts.next_version();
        set(into, dict::MA_VERSION_TAG, version);
        if is_tracked(from) && !is_tracked(into) {
            (*pool).track(into.cast::<u8>().sub(HEAD));
        }
        true
    }
}
