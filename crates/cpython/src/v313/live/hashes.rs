//! Hashes of keys, as CPython computes them, without running Python code.

use super::{Long, Tuple};
use crate::layout::{long, unicode};
use pyo3_ffi::{PyObject, PyTypeObject};

/// Longer tuples are left to CPython.
const MAX_TUPLE: usize = 8;

/// How deep tuples are looked into that are in each other.
pub(super) const MAX_DEPTH: u32 = 6;

/// Whether an object is exactly of a type.
#[inline]
pub(super) fn is_exactly(object: *mut PyObject, class: *mut PyTypeObject) -> bool {
    // SAFETY: all objects here are alive.
    unsafe { pyo3_ffi::Py_TYPE(object) == class }
}

#[inline]
pub(super) fn is_str(object: *mut PyObject) -> bool {
    is_exactly(object, &raw mut pyo3_ffi::PyUnicode_Type)
}

/// Whether two types compare by the same function.
pub(super) fn compares_as(class: *mut PyTypeObject, other: *mut PyTypeObject) -> bool {
    // SAFETY: live types.
    let [own, other] = [class, other].map(|class| unsafe { (*class).tp_richcompare.map(|function| function as usize) });
    own == other
}

/// The value of an int of one digit, or of a bool.
#[inline]
pub(super) fn short_int(object: *mut PyObject) -> Option<i64> {
    if !is_exactly(object, &raw mut pyo3_ffi::PyLong_Type) && !is_exactly(object, &raw mut pyo3_ffi::PyBool_Type) {
        return None;
    }
    // SAFETY: an int.
    unsafe { Long::new_unchecked(object) }.compact_value()
}

/// The value of an exact float.
pub(super) fn float(object: *mut PyObject) -> Option<f64> {
    // SAFETY: an exact float.
    is_exactly(object, &raw mut pyo3_ffi::PyFloat_Type).then(|| unsafe { pyo3_ffi::PyFloat_AS_DOUBLE(object) })
}

/// The object as a tuple, if it is one that hashes and compares as tuples do: also a named one.
#[inline]
pub(super) fn as_tuple(object: *mut PyObject) -> Option<Tuple> {
    let is_tuple = is_exactly(object, &raw mut pyo3_ffi::PyTuple_Type) || is_like_tuple(object);
    // SAFETY: a tuple.
    is_tuple.then(|| unsafe { Tuple::new_unchecked(object) })
}

fn is_like_tuple(object: *mut PyObject) -> bool {
    // SAFETY: a live object, and its type.
    unsafe {
        let (class, tuples) = (pyo3_ffi::Py_TYPE(object), &raw mut pyo3_ffi::PyTuple_Type);
        pyo3_ffi::PyTuple_Check(object) != 0
            && (*class).tp_hash.map(|function| function as usize) == (*tuples).tp_hash.map(|function| function as usize)
            && compares_as(class, tuples)
    }
}

/// The hash of a string that hashes as strings do.
#[inline]
pub(super) fn hash_of_str(string: *mut PyObject) -> isize {
    // SAFETY: a string, whose hash is −1 until it is computed; that can't fail.
    unsafe {
        match string.byte_offset(unicode::HASH as isize).cast::<isize>().read() {
            -1 => pyo3_ffi::PyObject_Hash(string),
            hash => hash,
        }
    }
}

/// The value of an exact int of two digits at most: what a program has of addresses, times and sizes.
#[inline]
pub(super) fn medium_int(object: *mut PyObject) -> Option<i64> {
    if !is_exactly(object, &raw mut pyo3_ffi::PyLong_Type) {
        return None;
    }
    // SAFETY: an int.
    unsafe { Long::new_unchecked(object) }.value_of_two_digits()
}

/// The hash of a number of two digits at most: itself, but for the one that stands for errors.
pub(super) fn hash_of_int(value: i64) -> isize {
    if value == -1 { -2 } else { value as isize }
}

/// The hash of a string or of a short int.
#[inline]
pub(super) fn hash_of_item(item: *mut PyObject) -> Option<isize> {
    if is_str(item) { Some(hash_of_str(item)) } else { short_int(item).map(hash_of_int) }
}

/// The value of an int that has one digit and is not negative, which hashes as itself: most items of tuples that are keys.
#[inline]
fn digit(item: *mut PyObject) -> Option<u64> {
    const TAGS: u64 = long::SIGN_ZERO | 1 << long::NON_SIZE_BITS;
    // SAFETY: a live object, read as an int if it is one; zero has a digit, too.
    unsafe {
        let is_plain = is_exactly(item, &raw mut pyo3_ffi::PyLong_Type) && Long::new_unchecked(item).tag() & !TAGS == 0;
        is_plain.then(|| item.byte_offset(long::OB_DIGIT as isize).cast::<u32>().read().into())
    }
}

/// The hash of a tuple of strings, numbers, `None` and such tuples: xxHash, as CPython computes it.
pub(super) fn hash_of_tuple(tuple: Tuple, depth: u32) -> Option<isize> {
    const PRIMES: [u64; 3] = [11_400_714_785_074_694_791, 14_029_467_366_897_019_727, 2_870_177_450_012_600_261];
    const INSTEAD_OF_ERROR: u64 = 1_546_275_796;
    if tuple.len() > MAX_TUPLE {
        return None;
    }
    // SAFETY: the items of a live tuple.
    let items = unsafe { std::slice::from_raw_parts(tuple.items(), tuple.len()) };
    let mut hash = PRIMES[2];
    for &item in items {
        let lane = match digit(item) {
            Some(digit) => digit,
            None => match hash_of_item(item) {
                Some(lane) => lane as u64,
                None => hash_of_other(item, depth)? as u64,
            },
        };
        hash = hash.wrapping_add(lane.wrapping_mul(PRIMES[1])).rotate_left(31).wrapping_mul(PRIMES[0]);
    }
    hash = hash.wrapping_add(tuple.len() as u64 ^ (PRIMES[2] ^ 3_527_539));
    Some(if hash == u64::MAX { INSTEAD_OF_ERROR } else { hash } as isize)
}

/// Whether an object is exactly an int, of any length, or bytes: they hash, and compare with their like, without running code or failing.
pub(super) fn is_int_or_bytes(object: *mut PyObject) -> bool {
    is_exactly(object, &raw mut pyo3_ffi::PyLong_Type) || is_exactly(object, &raw mut pyo3_ffi::PyBytes_Type)
}

/// The hash of what is neither a string nor a short int.
fn hash_of_other(item: *mut PyObject, depth: u32) -> Option<isize> {
    if let Some(tuple) = as_tuple(item) {
        return hash_of_tuple(tuple, depth.checked_sub(1)?);
    }
    if let Some(value) = medium_int(item) {
        return Some(hash_of_int(value));
    }
    // SAFETY: a live object; those of these types hash without running code or failing.
    unsafe {
        let is_simple =
            item == pyo3_ffi::Py_None() || is_int_or_bytes(item) || is_exactly(item, &raw mut pyo3_ffi::PyFloat_Type);
        is_simple.then(|| pyo3_ffi::PyObject_Hash(item))
    }
}

/// The hash of a tuple, if that runs no Python code.
///
/// # Safety
/// A live object, the GIL held.
#[inline]
pub unsafe fn tuple_hash(object: *mut PyObject) -> Option<isize> {
    hash_of_tuple(as_tuple(object)?, MAX_DEPTH)
}
