//! Searches of dicts and sets for keys whose hashes and comparisons run no Python code.
//!
//! The algorithms are those of CPython's `dictobject.c` and `setobject.c`, over tables that they have made: where a search meets a key of another kind with
//! the wanted hash, only they can tell.

use super::hashes::{
    MAX_DEPTH, as_tuple, compares_as, float, hash_of_int, hash_of_item, hash_of_str, hash_of_tuple, is_exactly,
    is_int_or_bytes, is_str, medium_int, short_int,
};
use super::{Dict, Keys, KeysKind, Tuple, symbols};
use crate::layout::{dict_keys, object, set, unicode};
use pyo3_ffi::{PyObject, PyTypeObject};

/// What a search has found out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lookup<T> {
    /// The key is there.
    Found(T),
    /// No such key is there.
    Absent,
    /// That takes comparisons that may run Python code, or a table of another form.
    Unknown,
}

/// A key that can be searched for, with its hash.
#[derive(Clone, Copy)]
struct Key {
    object: *mut PyObject,
    hash: isize,
}

/// Whether an object is a string, also of a subclass, that hashes and compares as strings do. Strings themselves are told by [`is_str`].
fn is_like_str(object: *mut PyObject) -> bool {
    // SAFETY: a live object, and its type.
    unsafe {
        let (class, strings) = (pyo3_ffi::Py_TYPE(object), &raw mut pyo3_ffi::PyUnicode_Type);
        pyo3_ffi::PyUnicode_Check(object) != 0
            && (*class).tp_hash.map(|function| function as usize)
                == (*strings).tp_hash.map(|function| function as usize)
            && compares_as(class, strings)
    }
}

/// Whether strings are equal, of which the plain ones have a length and bytes to compare.
#[inline]
fn are_equal_strings(left: *mut PyObject, right: *mut PyObject) -> bool {
    const PLAIN: u32 = unicode::COMPACT_MASK | unicode::ASCII_MASK;
    // SAFETY: strings; those of this form have their characters, a byte each, behind the head.
    unsafe {
        let length = |string: *mut PyObject| string.byte_offset(unicode::LENGTH as isize).cast::<usize>().read();
        let is_plain =
            |string: *mut PyObject| string.byte_offset(unicode::STATE as isize).cast::<u32>().read() & PLAIN == PLAIN;
        let bytes = |string: *mut PyObject| {
            std::slice::from_raw_parts(string.byte_offset(unicode::ASCII_DATA as isize).cast::<u8>(), length(string))
        };
        if is_plain(left) && is_plain(right) {
            return bytes(left) == bytes(right);
        }
        symbols::_PyUnicode_Equal(left, right) != 0
    }
}

/// Whether strings, numbers, `None` or tuples of these are equal; `None` where that takes Python code, or one is something else.
///
/// # Safety
/// Live objects.
#[inline]
pub unsafe fn are_equal_items(left: *mut PyObject, right: *mut PyObject) -> Option<bool> {
    are_equal(left, right, MAX_DEPTH)
}

#[inline]
fn are_equal(left: *mut PyObject, right: *mut PyObject, depth: u32) -> Option<bool> {
    if left == right {
        return Some(true);
    }
    match (is_str(left), is_str(right)) {
        (true, true) => Some(are_equal_strings(left, right)),
        (false, false) => match (short_int(left), short_int(right)) {
            (Some(left), Some(right)) => Some(left == right),
            (Some(_), None) if is_number_or_none(right) => Some(false),
            (None, Some(_)) if is_number_or_none(left) => Some(false),
            _ => are_equal_others(left, right, depth),
        },
        (true, false) if is_number_or_none(right) => Some(false),
        (false, true) if is_number_or_none(left) => Some(false),
        _ => are_equal_like_strings(left, right),
    }
}

/// [`are_equal`] of what is neither plain strings nor short ints.
fn are_equal_others(left: *mut PyObject, right: *mut PyObject, depth: u32) -> Option<bool> {
    if let (Some(left), Some(right)) = (as_tuple(left), as_tuple(right)) {
        return are_equal_tuples(left, right, depth.checked_sub(1)?);
    }
    if let (Some(left), Some(right)) = (float(left), float(right)) {
        return Some(left == right);
    }
    if let (Some(left), Some(right)) = (medium_int(left), medium_int(right)) {
        return Some(left == right);
    }
    // SAFETY: live objects.
    if is_int_or_bytes(left) && unsafe { pyo3_ffi::Py_TYPE(left) == pyo3_ffi::Py_TYPE(right) } {
        // SAFETY: they are compared without running code or failing.
        return Some(unsafe { pyo3_ffi::PyObject_RichCompareBool(left, right, pyo3_ffi::Py_EQ) } == 1);
    }
    are_equal_like_strings(left, right)
}

/// Whether an object is exactly an int or `None`, neither of which equals a string, nor `None` an int.
fn is_number_or_none(object: *mut PyObject) -> bool {
    // SAFETY: `None` is a static object.
    is_exactly(object, &raw mut pyo3_ffi::PyLong_Type) || object == unsafe { pyo3_ffi::Py_None() }
}

/// Whether strings of which at least one is of a subclass are equal, where they compare as strings do.
#[cold]
fn are_equal_like_strings(left: *mut PyObject, right: *mut PyObject) -> Option<bool> {
    (is_like_str(left) && is_like_str(right)).then(|| are_equal_strings(left, right))
}

/// Whether tuples are equal, likewise.
fn are_equal_tuples(left: Tuple, right: Tuple, depth: u32) -> Option<bool> {
    for index in 0..left.len().min(right.len()) {
        if !are_equal(left.item(index)?, right.item(index)?, depth)? {
            return Some(false);
        }
    }
    Some(left.len() == right.len())
}

impl Key {
    /// Objects that can be searched for here.
    ///
    /// # Safety
    /// A live object; the GIL is held.
    #[inline]
    unsafe fn of(object: *mut PyObject) -> Option<Key> {
        if let Some(hash) = hash_of_item(object) {
            return Some(Key { object, hash });
        }
        if let Some(tuple) = as_tuple(object) {
            return Some(Key { object, hash: hash_of_tuple(tuple, MAX_DEPTH)? });
        }
        if let Some(value) = medium_int(object) {
            return Some(Key { object, hash: hash_of_int(value) });
        }
        if is_int_or_bytes(object) {
            // SAFETY: it hashes without running code or failing.
            return Some(Key { object, hash: unsafe { pyo3_ffi::PyObject_Hash(object) } });
        }
        if is_like_str(object) {
            return Some(Key { object, hash: hash_of_str(object) });
        }
        // SAFETY: the object's type is alive. What `object` hashes with is the address, turned by four bits.
        unsafe {
            let class = object.byte_offset(object::OB_TYPE as isize).cast::<*mut PyTypeObject>().read();
            let hashed = (*class).tp_hash.map(|function| function as usize);
            let of_object = &raw const pyo3_ffi::PyBaseObject_Type;
            let address = (*of_object).tp_hash.map(|function| function as usize);
            if hashed != address {
                return None;
            }
        }
        let hash = (object as usize).rotate_right(4) as isize;
        Some(Key { object, hash: if hash == -1 { -2 } else { hash } })
    }

    /// Whether this is a key that has the same hash.
    #[inline]
    fn is(&self, other: *mut PyObject) -> Option<bool> {
        if other == self.object {
            return Some(true);
        }
        let tuples = &raw mut pyo3_ffi::PyTuple_Type;
        if is_exactly(self.object, tuples) && is_exactly(other, tuples) {
            // SAFETY: exact tuples: the key is alive, and what tables hold is.
            let [own, other] = [self.object, other].map(|tuple| unsafe { Tuple::new_unchecked(tuple) });
            return are_equal_tuples(own, other, MAX_DEPTH);
        }
        are_equal(self.object, other, MAX_DEPTH)
    }
}

impl Dict {
    /// The place of a key's value.
    ///
    /// # Safety
    /// The key is alive.
    #[inline]
    pub unsafe fn find(self, key: *mut PyObject) -> Lookup<*mut *mut PyObject> {
        // SAFETY: the caller's.
        let Some(key) = (unsafe { Key::of(key) }) else { return Lookup::Unknown };
        match (self.keys().find(&key), self.split_values()) {
            (Lookup::Found((place, _)), None) => Lookup::Found(place),
            // Who shares the keys need not have a value for each.
            (Lookup::Found((_, number)), Some(values)) => match values.place(number) {
                Some(place) => Lookup::Found(place),
                None => Lookup::Absent,
            },
            (Lookup::Absent, _) => Lookup::Absent,
            (Lookup::Unknown, _) => Lookup::Unknown,
        }
    }
}

impl Keys {
    /// Where in the entries a key's value is, if the dict is not split, and the number of the entry.
    #[inline]
    fn find(self, key: &Key) -> Lookup<(*mut *mut PyObject, usize)> {
        let entries = self.entries();
        let has_strings = self.kind() != KeysKind::General;
        for number in self.candidates(key.hash) {
            // SAFETY: the table names an entry, of this form.
            let (hash, other, place) = unsafe {
                if has_strings {
                    let entry = entries.add(number * dict_keys::UNICODE_ENTRY_SIZE as usize);
                    let other = entry.add(dict_keys::UNICODE_ENTRY_KEY as usize).cast::<*mut PyObject>().read();
                    let hash = other.byte_offset(unicode::HASH as isize).cast::<isize>().read();
                    (hash, other, entry.add(dict_keys::UNICODE_ENTRY_VALUE as usize))
                } else {
                    let entry = entries.add(number * dict_keys::ENTRY_SIZE as usize);
                    let other = entry.add(dict_keys::ENTRY_KEY as usize).cast::<*mut PyObject>().read();
                    let hash = entry.add(dict_keys::ENTRY_HASH as usize).cast::<isize>().read();
                    (hash, other, entry.add(dict_keys::ENTRY_VALUE as usize))
                }
            };
            if other == key.object || hash == key.hash {
                match key.is(other) {
                    Some(true) => return Lookup::Found((place.cast(), number)),
                    Some(false) => {}
                    None => return Lookup::Unknown,
                }
            }
        }
        Lookup::Absent
    }
}

/// The places of a set's hash table: keys, borrowed, with their hashes; null or an immortal object where there is no key.
///
/// # Safety
/// A live `set` or `frozenset`, which does not change while the places are used; the GIL is held.
#[inline]
pub unsafe fn set_places<'a>(container: *mut PyObject) -> &'a [(*mut PyObject, isize)] {
    // SAFETY: the caller's; the table has one place more than the mask.
    unsafe {
        let mask: usize = container.byte_offset(set::MASK as isize).cast::<usize>().read();
        let table = container.byte_offset(set::TABLE as isize).cast::<*const (*mut PyObject, isize)>().read();
        std::slice::from_raw_parts(table, mask + 1)
    }
}

/// The key in a place of a set's table, if there is one: what marks a place whose key was taken away has a hash that no key has.
#[inline]
pub fn key_of_place(&(key, hash): &(*mut PyObject, isize)) -> Option<*mut PyObject> {
    const NO_HASH: isize = -1;
    (!key.is_null() && hash != NO_HASH).then_some(key)
}

/// Whether a set has all keys of another; `None` if that takes Python code.
///
/// # Safety
/// Exact sets or frozensets; the GIL is held.
pub unsafe fn is_subset(set: *mut PyObject, of: *mut PyObject) -> Option<bool> {
    // SAFETY: the caller's.
    unsafe {
        for place in set_places(set) {
            let Some(object) = key_of_place(place) else { continue };
            match find_in_set(of, Key { object, hash: place.1 }) {
                Lookup::Found(()) => {}
                Lookup::Absent => return Some(false),
                Lookup::Unknown => return None,
            }
        }
    }
    Some(true)
}

/// Whether a set has a key.
///
/// # Safety
/// An exact set or frozenset, or an instance of a subclass, and a live object; the GIL is held.
#[inline]
pub unsafe fn set_has(container: *mut PyObject, key: *mut PyObject) -> Lookup<()> {
    // SAFETY: the caller's.
    unsafe {
        let Some(key) = Key::of(key) else { return Lookup::Unknown };
        find_in_set(container, key)
    }
}

/// The same of a key with its hash.
#[inline]
unsafe fn find_in_set(container: *mut PyObject, key: Key) -> Lookup<()> {
    const LINEAR_PROBES: usize = 9;
    const PERTURB_SHIFT: u32 = 5;
    // SAFETY: the caller's; an entry is a key and its hash, and is in the table, which has one more than the mask.
    unsafe {
        let table = set_places(container);
        let mask = table.len() - 1;
        let (mut perturb, mut at) = (key.hash as usize, key.hash as usize & mask);
        loop {
            let last = if at + LINEAR_PROBES <= mask { at + LINEAR_PROBES } else { at };
            for index in at..=last {
                let (other, hash) = *table.get_unchecked(index);
                if other.is_null() && hash == 0 {
                    return Lookup::Absent;
                }
                if hash == key.hash {
                    match key.is(other) {
                        Some(true) => return Lookup::Found(()),
                        Some(false) => {}
                        None => return Lookup::Unknown,
                    }
                }
            }
            perturb >>= PERTURB_SHIFT;
            at = at.wrapping_mul(5).wrapping_add(1).wrapping_add(perturb) & mask;
        }
    }
}
