//! Objects whose end nobody can notice: no frame has to be shown for it.

use crate::native::raw::get;
use pyo3_ffi::PyObject;
use whipsnake_cpython::layout::object as layout;
use whipsnake_cpython::live::{InlineValues, List, Tuple, managed_dict};

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
            return is_plain(object) || is_quiet_instance(object);
        };
        count <= MAX_ITEMS && (0..count).all(|index| outlives_or_is_plain(items.add(index).read()))
    }
}

/// Whether the end of the object's last reference runs no Python code, or this is not the last one.
unsafe fn outlives_or_is_plain(object: *mut PyObject) -> bool {
    // SAFETY: null or a live object.
    unsafe { object.is_null() || pyo3_ffi::Py_REFCNT(object) > 1 || is_plain(object) }
}

unsafe fn is_plain(object: *mut PyObject) -> bool {
    // SAFETY: a live object.
    let class = unsafe { pyo3_ffi::Py_TYPE(object) };
    [
        &raw mut pyo3_ffi::PyLong_Type,
        &raw mut pyo3_ffi::PyFloat_Type,
        &raw mut pyo3_ffi::PyUnicode_Type,
        &raw mut pyo3_ffi::PyBytes_Type,
    ]
    .contains(&class)
}

/// Whether it is an instance of a class in Python without a finalizer, to which there are no weak references, with values that end quietly.
unsafe fn is_quiet_instance(object: *mut PyObject) -> bool {
    use whipsnake_cpython::layout::type_object::{HEAPTYPE, INLINE_VALUES, MANAGED_WEAKREF, TP_FLAGS};
    // SAFETY: a live object; what is read is there in instances of types with these flags.
    unsafe {
        let class = pyo3_ffi::Py_TYPE(object);
        let flags: u64 = get(class, TP_FLAGS);
        if flags & (HEAPTYPE | INLINE_VALUES) != HEAPTYPE | INLINE_VALUES
            || (*class).tp_finalize.is_some()
            || (*class).tp_del.is_some()
            || !managed_dict(object).is_null()
            || flags & MANAGED_WEAKREF != 0 && !get::<*mut u8>(object, layout::MANAGED_WEAKREF_OFFSET).is_null()
        {
            return false;
        }
        InlineValues::of(object).is_some_and(|values| {
            values.is_valid()
                && (0..values.capacity()).all(|index| values.value(index).is_none_or(|v| outlives_or_is_plain(v)))
        })
    }
}
