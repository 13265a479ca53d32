//! Objects whose end nobody can notice: no frame has to be shown for it.

use crate::helpers::instance_ends::{is_plain, is_quiet};
use pyo3_ffi::PyObject;
use whipsnake_cpython::live::{List, Tuple};

/// Whether the end of an object runs no Python code: nothing ends with it but what is plain.
pub(super) unsafe fn ends_quietly(object: *mut PyObject) -> bool {
    /// Longer sequences are not looked through.
    const MAX_ITEMS: usize = 16;
    // SAFETY: the caller's: a live object.
    unsafe {
        let class = pyo3_ffi::Py_TYPE(object);
        if class == &raw mut pyo3_ffi::PySlice_Type {
            let slice = &*object.cast::<pyo3_ffi::PySliceObject>();
            return [slice.start, slice.stop, slice.step].into_iter().all(|part| outlives_or_is_plain(part));
        }
        let (items, count) = if class == &raw mut pyo3_ffi::PyTuple_Type {
            let tuple = Tuple::new_unchecked(object.cast());
            (tuple.items(), tuple.len())
        } else if class == &raw mut pyo3_ffi::PyList_Type {
            let list = List::new_unchecked(object.cast());
            (list.items(), list.len())
        } else {
            return is_plain(object) || is_quiet(object);
        };
        count <= MAX_ITEMS && (0..count).all(|index| outlives_or_is_plain(items.add(index).read()))
    }
}

/// Whether the end of the object's last reference runs no Python code, or this is not the last one.
unsafe fn outlives_or_is_plain(object: *mut PyObject) -> bool {
    // SAFETY: null or a live object.
    unsafe { object.is_null() || pyo3_ffi::Py_REFCNT(object) > 1 || is_plain(object) }
}
