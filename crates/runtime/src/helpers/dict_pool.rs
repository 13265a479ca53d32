//! Where dead dicts go that compiled code has ended, and where the next ones are taken from: the dict itself, and its table, if that is of the smallest size and for strings.
//!
//! The interpreter keeps dead dicts and such tables, too, but asks for the thread's variables at each step.

use super::attribute_stores::dict_version;
use super::instance_ends::drop_reference;
use super::instance_pool::{HEAD, POOL, Pool};
use crate::native::raw::{get, set};
use pyo3_ffi::PyObject;
use std::ptr;
use whipsnake_cpython::layout::{dict, dict_keys, object};
use whipsnake_cpython::live::{Dict, KeysKind};

/// The logarithm of how many places the smallest table has, and how many items fit.
pub(super) const LOG2_SIZE: u8 = 3;
pub(super) const PLACES: usize = 1 << LOG2_SIZE;
pub(crate) const MOST_ITEMS: usize = 5;

/// Where the entries of such a table begin, and its bytes.
pub(super) const ENTRIES: usize = dict_keys::DK_INDICES as usize + PLACES;
pub(super) const TABLE: usize = ENTRIES + MOST_ITEMS * dict_keys::UNICODE_ENTRY_SIZE as usize;

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
    pub(super) empty: *mut u8,
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
    pub(super) unsafe fn take(&mut self) -> Option<*mut PyObject> {
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
    pub(super) unsafe fn next_version(&mut self) -> u64 {
        // SAFETY: the interpreter's counter, the GIL held.
        unsafe {
            let next = self.version.read() + dict::VERSION_INCREMENT;
            self.version.write(next);
            next
        }
    }

    /// Memory for a table of the smallest size; null if there is none.
    #[inline]
    pub(super) unsafe fn table(&mut self) -> *mut u8 {
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
pub(super) unsafe fn is_small(table: *mut u8) -> bool {
    // SAFETY: the caller's: a table of keys.
    unsafe {
        get::<u8>(table, dict_keys::DK_LOG2_SIZE) == LOG2_SIZE
            && get::<u8>(table, dict_keys::DK_KIND) == dict_keys::UNICODE
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
