//! Dicts, their keys, and the values instances hold without a dict.

use std::ffi::c_void;

use pyo3_ffi::PyObject;

use super::TypeObject;
use super::handle::handle;
use crate::layout::{dict, dict_keys, dict_values, object, type_object, unicode};

handle! {
    /// A `dict` or an instance of a subclass: `PyDictObject`.
    Dict, PyObject
}

impl Dict {
    /// How many items there are.
    pub fn len(self) -> usize {
        self.get::<isize>(dict::MA_USED) as usize
    }

    /// Whether there are no items.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The table of keys (and values, unless the dict is split).
    pub fn keys(self) -> Keys {
        // SAFETY: every dict has keys.
        unsafe { Keys::new_unchecked(self.get(dict::MA_KEYS)) }
    }

    /// The values of a split dict, which shares its keys with others.
    pub fn split_values(self) -> Option<InlineValues> {
        // SAFETY: null or the dict's values.
        unsafe { InlineValues::new(self.get(dict::MA_VALUES)) }
    }

    /// Which watchers look at this dict: a bit for each id.
    pub fn watchers(self) -> u8 {
        (self.get::<u64>(dict::MA_VERSION_TAG) & dict::WATCHER_MASK) as u8
    }
}

/// What a table of keys is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeysKind {
    /// Keys of any type.
    General,
    /// Only strings.
    Unicode,
    /// Only strings, shared between dicts; no values.
    Split,
}

/// The hash of a string; −1 if nobody has asked for it.
fn hash_of(string: *mut PyObject) -> isize {
    // SAFETY: the callers pass exact strings.
    unsafe { string.byte_offset(unicode::HASH as isize).cast::<isize>().read() }
}

handle! {
    /// The keys of a dict: `PyDictKeysObject`.
    Keys, c_void
}

impl Keys {
    /// What the table is like.
    pub fn kind(self) -> KeysKind {
        match self.get::<u8>(dict_keys::DK_KIND) {
            dict_keys::GENERAL => KeysKind::General,
            dict_keys::UNICODE => KeysKind::Unicode,
            _ => KeysKind::Split,
        }
    }

    /// The version of the keys, which specialised instructions check; 0 when none was assigned since the last change.
    pub fn version(self) -> u32 {
        self.get(dict_keys::DK_VERSION)
    }

    /// Gives the keys a version.
    ///
    /// # Safety
    /// No other keys had it, or everything that was specialised under it is true of these, too: which key is where, and for names that were not there, that they aren't now.
    pub unsafe fn set_version(self, version: u32) {
        // SAFETY: a field of live keys.
        unsafe { self.field::<u32>(dict_keys::DK_VERSION).write(version) };
    }

    /// The binary logarithm of the size of the hash table, from which the room for entries follows.
    pub fn log2_size(self) -> u8 {
        self.get(dict_keys::DK_LOG2_SIZE)
    }

    /// How many entries have been used, deleted ones included.
    pub fn nentries(self) -> usize {
        self.get::<isize>(dict_keys::DK_NENTRIES) as usize
    }

    /// Address of the first entry; its layout depends on [`kind`](Self::kind).
    pub fn entries(self) -> *mut u8 {
        let index_bytes = 1usize << self.get::<u8>(dict_keys::DK_LOG2_INDEX_BYTES);
        self.field::<u8>(dict_keys::DK_INDICES).wrapping_add(index_bytes)
    }

    /// Whether a string is certainly no key here, which is found out without comparing any: the table has only strings, and none that the search
    /// meets has its hash.
    pub fn lacks(self, name: *mut PyObject) -> bool {
        let wanted = hash_of(name);
        if self.kind() == KeysKind::General || wanted == -1 {
            return false;
        }
        self.candidates(wanted).all(|number| match self.entry(number) {
            Some((key, _)) => !key.is_null() && hash_of(key) != wanted,
            None => false,
        })
    }

    /// The entry that has this very string, found by its hash.
    pub fn place_of(self, name: *mut PyObject) -> Option<usize> {
        let hash = hash_of(name);
        if hash == -1 {
            return None;
        }
        self.candidates(hash).find(|&number| self.entry(number).is_some_and(|(key, _)| key == name))
    }

    /// The entries that a search for a key of that hash meets, until there can be no more.
    #[inline]
    pub(super) fn candidates(self, hash: isize) -> impl Iterator<Item = usize> {
        const UNUSED: isize = -1;
        const PERTURB_SHIFT: u32 = 5;
        let log2_size = self.log2_size();
        let mask = (1usize << log2_size) - 1;
        let (mut perturb, mut at) = (hash as usize, hash as usize & mask);
        std::iter::from_fn(move || {
            loop {
                let number = self.index(log2_size, at);
                perturb >>= PERTURB_SHIFT;
                at = at.wrapping_mul(5).wrapping_add(perturb).wrapping_add(1) & mask;
                match number {
                    UNUSED => return None,
                    // Deleted.
                    number if number < 0 => {}
                    number => return Some(number as usize),
                }
            }
        })
    }

    /// The number of the entry at a place of the hash table; negative for none.
    fn index(self, log2_size: u8, at: usize) -> isize {
        let indices = self.field::<u8>(dict_keys::DK_INDICES);
        // SAFETY: in bounds; how wide the numbers are follows from how many there are.
        unsafe {
            match log2_size {
                0..8 => indices.cast::<i8>().add(at).read().into(),
                8..16 => indices.cast::<i16>().add(at).read().into(),
                16..32 => indices.cast::<i32>().add(at).read() as isize,
                _ => indices.cast::<i64>().add(at).read() as isize,
            }
        }
    }

    /// Keys and values of all entries, borrowed; null where [`entry`](Self::entry) says so.
    #[inline]
    pub fn all(self) -> impl Iterator<Item = (*mut PyObject, *mut PyObject)> {
        let (size, key, value) = self.entry_layout();
        let first = self.entries();
        (0..self.nentries()).map(move |index| {
            // SAFETY: the entry is in bounds and of this layout.
            unsafe {
                let entry = first.add(index * size as usize);
                let pointer = |offset: i32| entry.add(offset as usize).cast::<*mut PyObject>().read();
                (pointer(key), pointer(value))
            }
        })
    }

    /// Size of an entry, and where in it key and value are.
    #[inline]
    fn entry_layout(self) -> (i32, i32, i32) {
        match self.kind() {
            KeysKind::General => (dict_keys::ENTRY_SIZE, dict_keys::ENTRY_KEY, dict_keys::ENTRY_VALUE),
            _ => (dict_keys::UNICODE_ENTRY_SIZE, dict_keys::UNICODE_ENTRY_KEY, dict_keys::UNICODE_ENTRY_VALUE),
        }
    }

    /// Key and value of the entry at `index`, borrowed. The value is null in a split table, both in a deleted entry.
    pub fn entry(self, index: usize) -> Option<(*mut PyObject, *mut PyObject)> {
        if index >= self.nentries() {
            return None;
        }
        let (size, key, value) = self.entry_layout();
        // SAFETY: the entry is in bounds and of this layout.
        unsafe {
            let entry = self.entries().add(index * size as usize);
            let pointer = |offset: i32| entry.add(offset as usize).cast::<*mut PyObject>().read();
            Some((pointer(key), pointer(value)))
        }
    }
}

handle! {
    /// The values of an instance or of a split dict: `PyDictValues`. Which key a value has is in the shared [`Keys`].
    InlineValues, c_void
}

impl InlineValues {
    /// The values inside `instance`; `None` if its type keeps none there.
    ///
    /// # Safety
    /// `instance` is alive, and the GIL is held while the handle is used.
    pub unsafe fn of(instance: *mut PyObject) -> Option<InlineValues> {
        // SAFETY: the caller promises a live object.
        let instance_type = unsafe { TypeObject::of(instance) };
        if !instance_type.has(type_object::INLINE_VALUES) {
            return None;
        }
        // SAFETY: types with this flag have the values right behind the object's head.
        unsafe { InlineValues::new(instance.byte_offset(object::INLINE_VALUES_OFFSET as isize).cast()) }
    }

    /// False once a dict has taken the values over.
    pub fn is_valid(self) -> bool {
        self.get::<u8>(dict_values::VALID) != 0
    }

    /// Room for values.
    pub fn capacity(self) -> usize {
        self.get::<u8>(dict_values::CAPACITY) as usize
    }

    /// Values that are set.
    pub fn len(self) -> usize {
        self.get::<u8>(dict_values::SIZE) as usize
    }

    /// Whether no value is set.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// Where the value at `index` is; `None` if none is set.
    pub(super) fn place(self, index: usize) -> Option<*mut *mut PyObject> {
        self.value(index).filter(|value| !value.is_null())?;
        Some(self.field::<*mut PyObject>(dict_values::VALUES).wrapping_add(index))
    }

    /// The value at `index`, borrowed; null where none is set.
    pub fn value(self, index: usize) -> Option<*mut PyObject> {
        let values = self.field::<*mut PyObject>(dict_values::VALUES);
        // SAFETY: in bounds.
        (index < self.capacity()).then(|| unsafe { *values.add(index) })
    }
}

/// The dict of an instance whose type has `MANAGED_DICT`, borrowed; null while there is none.
///
/// # Safety
/// `instance` is alive, its type has that flag, and the GIL is held.
pub unsafe fn managed_dict(instance: *mut PyObject) -> *mut PyObject {
    // SAFETY: such instances have the pointer in front.
    unsafe { instance.byte_offset(object::MANAGED_DICT_OFFSET as isize).cast::<*mut PyObject>().read() }
}
