//! Where dicts come from that compiled code makes, and where dead ones go: the dict for the next one, and its table, if that is of the smallest size and for strings.
//!
//! The interpreter keeps dead dicts and such tables, too, but asks for the thread's variables at each step, and puts items in one by one. Keyword arguments, `**kwargs` and displays of a
//! few names are made here at once. A dict without items has the interpreter's own empty table, so that it says the same of its size as ever.

use super::attribute_stores::dict_version;
use super::instance_ends::drop_reference;
use super::instance_pool::{HEAD, POOL, Pool};
use crate::native::raw::{get, is_exact, retain, set};
use pyo3_ffi::{PyObject, PyTypeObject};
use std::ptr;
use whipsnake_cpython::layout::{dict, dict_keys, gc_head, object, type_object, unicode};
use whipsnake_cpython::live::{Dict, KeysKind};

/// The logarithm of how many places the smallest table has, and how many items fit.
const LOG2_SIZE: u8 = 3;
const PLACES: usize = 1 << LOG2_SIZE;
pub(crate) const MOST_ITEMS: usize = 5;

/// Where the entries of such a table begin, and its bytes.
const ENTRIES: usize = dict_keys::DK_INDICES as usize + PLACES;
const TABLE: usize = ENTRIES + MOST_ITEMS * dict_keys::UNICODE_ENTRY_SIZE as usize;

const BYTES: usize = HEAD + dict::SIZEOF as usize;

/// How many dead ones of each kind are kept at most.
const MAX_KEPT: u32 = 80;

/// Dead dicts, linked through their tables' places, and dead tables, linked through their first words.
pub(super) struct Dicts {
    dead: *mut PyObject,
    dead_count: u32,
    tables: *mut u8,
    table_count: u32,
    /// The table that all dicts without items share; null where dicts are left to the interpreter.
    empty: *mut u8,
    /// The interpreter's counter of modifications to dicts.
    version: *mut u64,
}

impl Dicts {
    pub(super) const EMPTY: Dicts = Dicts {
        dead: ptr::null_mut(),
        dead_count: 0,
        tables: ptr::null_mut(),
        table_count: 0,
        empty: ptr::null_mut(),
        version: ptr::null_mut(),
    };

    /// Finds out what a new dict and the smallest table are like; if they are not what they should be, dicts are left to the interpreter.
    pub(super) unsafe fn initialise(&mut self) {
        if !self.empty.is_null() {
            return;
        }
        // SAFETY: the GIL is held; strings of one character are interned.
        unsafe {
            let Some(version) = dict_version() else { return };
            let [plain, filled] = [(); 2].map(|()| pyo3_ffi::PyDict_New());
            if !plain.is_null() && !filled.is_null() {
                let added = pyo3_ffi::PyDict_SetItemString(filled, c"a".as_ptr(), pyo3_ffi::Py_None()) == 0;
                let keys = Dict::new_unchecked(filled).keys();
                let entries = keys.entries() as usize - keys.as_ptr() as usize;
                let usable: isize = get(keys.as_ptr(), dict_keys::DK_USABLE);
                let none = Dict::new_unchecked(plain).keys();
                if added && is_small(keys.as_ptr().cast()) && entries == ENTRIES && usable == MOST_ITEMS as isize - 1 {
                    (self.empty, self.version) = (none.as_ptr().cast(), version);
                }
            }
            pyo3_ffi::PyErr_Clear();
            pyo3_ffi::Py_XDECREF(plain);
            pyo3_ffi::Py_XDECREF(filled);
        }
    }

    /// A dict without items from a dead one.
    #[inline]
    unsafe fn take(&mut self) -> Option<*mut PyObject> {
        let found = self.dead;
        if found.is_null() {
            return None;
        }
        // SAFETY: a dead dict; the counter is the interpreter's.
        unsafe {
            self.dead = get(found, dict::MA_KEYS);
            self.dead_count -= 1;
            set(found, object::OB_REFCNT, 1u64);
            set(found, dict::MA_USED, 0usize);
            set(found, dict::MA_KEYS, self.empty);
            set(found, dict::MA_VALUES, 0usize);
            set(found, dict::MA_VERSION_TAG, self.next_version());
        }
        Some(found)
    }

    #[inline]
    unsafe fn next_version(&mut self) -> u64 {
        // SAFETY: the interpreter's counter, the GIL held.
        unsafe {
            let next = self.version.read() + dict::VERSION_INCREMENT;
            self.version.write(next);
            next
        }
    }

    /// Memory for a table of the smallest size; null if there is none.
    #[inline]
    unsafe fn table(&mut self) -> *mut u8 {
        let found = self.tables;
        // SAFETY: a dead table, or the allocator that tables come from.
        unsafe {
            if found.is_null() {
                return pyo3_ffi::PyMem_Malloc(TABLE).cast();
            }
            self.tables = found.cast::<*mut u8>().read();
        }
        self.table_count -= 1;
        found
    }

    /// Keeps the table of a dead dict, or gives its memory back.
    #[inline]
    unsafe fn drop_table(&mut self, table: *mut u8) {
        // SAFETY: the caller's: nobody has the table.
        unsafe {
            if self.table_count < MAX_KEPT && is_small(table) {
                table.cast::<*mut u8>().write(self.tables);
                self.tables = table;
                self.table_count += 1;
            } else {
                pyo3_ffi::PyMem_Free(table.cast());
            }
        }
    }
}

/// Whether a table is of the smallest size and has only strings, which it does not share.
#[inline]
unsafe fn is_small(table: *mut u8) -> bool {
    // SAFETY: the caller's: a table of keys.
    unsafe {
        get::<u8>(table, dict_keys::DK_LOG2_SIZE) == LOG2_SIZE
            && get::<u8>(table, dict_keys::DK_KIND) == dict_keys::UNICODE
    }
}

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
        if !is_small(source) || get::<usize>(from, dict::MA_VALUES) != 0 || used != get(source, dict_keys::DK_NENTRIES)
        {
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

/// Ends a dict without references, if it has a table of its own and nobody watches it.
///
/// # Safety
/// The GIL is held; nobody has a reference to the object, which is exactly a dict.
pub(super) unsafe fn end(dying: *mut PyObject, depth: u32) -> bool {
    // SAFETY: the caller's; whoever the end of an item runs can't reach the dict.
    unsafe {
        let pool = POOL.0.get();
        let handle = Dict::new_unchecked(dying);
        let empty = (*pool).dicts.empty;
        if empty.is_null() || !(*pool).is_usual() || get::<usize>(dying, dict::MA_VALUES) != 0 || handle.watchers() != 0
        {
            return false;
        }
        let table = handle.keys();
        let memory: *mut u8 = table.as_ptr().cast();
        if memory != empty && (table.kind() == KeysKind::Split || get::<isize>(memory, dict_keys::DK_REFCNT) != 1) {
            return false;
        }
        Pool::untrack(dying.cast::<u8>().sub(HEAD));
        if memory != empty {
            for (key, value) in table.all() {
                for object in [key, value] {
                    if !object.is_null() {
                        drop_reference(object, depth);
                    }
                }
            }
            if (*pool).is_usual() {
                (*pool).dicts.drop_table(memory);
            } else {
                pyo3_ffi::PyMem_Free(memory.cast());
            }
        }
        if (*pool).dicts.dead_count < MAX_KEPT && (*pool).is_usual() {
            set(dying, dict::MA_KEYS, (*pool).dicts.dead);
            (*pool).dicts.dead = dying;
            (*pool).dicts.dead_count += 1;
        } else {
            (*pool).finish(dying.cast::<u8>().sub(HEAD), BYTES);
        }
        true
    }
}
