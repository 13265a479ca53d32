//! Items and slices of ranges. The interpreter computes them with objects: of `range(9)[2:5]`, three products, three sums and ten comparisons.

use super::containers::compact;
use super::pools;
use super::slices::bound;
use pyo3_ffi::{Py_DECREF, PyObject};
use std::ptr::null_mut;
use whipsnake_cpython::live::Range;

/// Start, step and length of a range of ints of one digit each; so its items have two.
#[inline]
unsafe fn short_parts(range: Range) -> Option<[isize; 3]> {
    let [start, step, len] = range.parts();
    // SAFETY: a range's parts are ints.
    unsafe { Some([compact(start)?, compact(step)?, compact(len)?]) }
}

/// `range[key]`, a new reference, or NULL with `MemoryError` set; `None` for other objects, keys and what is outside of it.
///
/// # Safety
/// Live objects, the GIL held.
pub(super) unsafe fn item(object: *mut PyObject, key: *mut PyObject) -> Option<*mut PyObject> {
    // SAFETY: the caller's.
    unsafe {
        let [start, step, len] = short_parts(Range::of(object)?)?;
        let index = compact(key)?;
        let index = if index < 0 { index + len } else { index };
        (0..len).contains(&index).then(|| pools::int((start + index * step) as i64))
    }
}

/// `range[start:stop]`, a new reference, or NULL with `MemoryError` set; `None` for other objects, and bounds that aren't `None` or short ints.
///
/// # Safety
/// Live objects, the GIL held.
pub(super) unsafe fn slice(object: *mut PyObject, start: *mut PyObject, stop: *mut PyObject) -> Option<*mut PyObject> {
    // SAFETY: the caller's; all parts are ints of our own, which the new range takes, or which are dropped.
    unsafe {
        let [first, step, len] = short_parts(Range::of(object)?)?;
        let (low, high) = (bound(start, len, 0)?, bound(stop, len, len)?);
        let numbers = [first + low * step, first + high * step, step, (high - low).max(0)];
        let parts = numbers.map(|number| pools::int(number as i64));
        if !parts.contains(&null_mut())
            && let Some(new) = Range::new_of(parts)
        {
            return Some(new.as_ptr());
        }
        for part in parts.into_iter().filter(|part| !part.is_null()) {
            Py_DECREF(part);
        }
        Some(null_mut())
    }
}
