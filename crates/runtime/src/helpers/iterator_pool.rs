//! Where iterators of lists, tuples and ASCII strings come from that loops make, and where they go when the loop is done: their memory waits for the next one among that of dead
//! instances.

use super::globals;
use super::instance_pool::{HEAD, POOL, Pool};
use super::text::ascii;
use crate::native::raw::{get, is_exact, retain, set};
use pyo3_ffi::{PyListIter_Type, PyObject, PyTupleIter_Type, PyTypeObject};
use std::ptr;
use whipsnake_cpython::layout::{list_iterator, tuple_iterator};

/// Bytes of an iterator with the collector's head.
const BYTES: usize = HEAD + list_iterator::SIZEOF as usize;

const _: () = assert!(
    list_iterator::SIZEOF == tuple_iterator::SIZEOF
        && list_iterator::IT_SEQ == tuple_iterator::IT_SEQ
        && list_iterator::IT_INDEX == tuple_iterator::IT_INDEX
);

/// What an exact list or tuple, or an ASCII string, is gone through by.
unsafe fn class_of(sequence: *mut PyObject) -> Option<*mut PyTypeObject> {
    // SAFETY: the caller's: a live object.
    unsafe {
        if is_exact(sequence, &raw mut pyo3_ffi::PyList_Type) {
            Some(&raw mut PyListIter_Type)
        } else if is_exact(sequence, &raw mut pyo3_ffi::PyTuple_Type) {
            Some(&raw mut PyTupleIter_Type)
        } else if is_exact(sequence, &raw mut pyo3_ffi::PyUnicode_Type) && ascii(sequence).is_some() {
            let class = globals::ascii_iterator_type() as *mut PyTypeObject;
            (!class.is_null()).then_some(class)
        } else {
            None
        }
    }
}

/// An iterator of a list, tuple or ASCII string; NULL, without an exception, if the interpreter is to make it.
///
/// # Safety
/// A live object; the GIL is held.
#[inline]
pub(super) unsafe fn make(sequence: *mut PyObject) -> *mut PyObject {
    // SAFETY: the caller's; the memory is ours and as large as an iterator.
    unsafe {
        let pool = POOL.0.get();
        let Some(class) = class_of(sequence) else { return ptr::null_mut() };
        let Some(memory) = (*pool).take(BYTES) else { return ptr::null_mut() };
        let made = (*pool).start(memory, BYTES, class);
        set(made, list_iterator::IT_SEQ, retain(sequence));
        (*pool).track(memory);
        made
    }
}

/// Ends an iterator without references.
///
/// # Safety
/// The GIL is held; nobody has a reference to the object, which is exactly an iterator of a list, tuple or ASCII string.
pub(super) unsafe fn end(dying: *mut PyObject, depth: u32) -> bool {
    // SAFETY: the caller's.
    unsafe {
        let pool = POOL.0.get();
        if !(*pool).is_usual() {
            return false;
        }
        let sequence: *mut PyObject = get(dying, list_iterator::IT_SEQ);
        Pool::end_built_in(pool, dying, BYTES, [sequence], depth);
        true
    }
}
