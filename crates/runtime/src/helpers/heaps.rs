//! `heapq.heappush` and `heapq.heappop`, where numbers, strings and tuples of these are compared without the interpreter's calls: that of two tuples compares items twice, each time by
//! two calls and with an object for the answer.
//!
//! The steps are those of CPython's `_heapqmodule.c`, in its order: whoever is asked for a comparison sees the heap as it would be there.

use super::arith::compare_numbers;
use crate::native::raw::{is_exact, release, retain};
use crate::region::function_of_module;
use pyo3_ffi::{METH_FASTCALL, METH_O, Py_EQ, Py_LT, PyCFunctionObject, PyObject};
use std::ffi::{CStr, c_int};
use std::ptr::null_mut;
use std::sync::atomic::{AtomicUsize, Ordering};
use whipsnake_cpython::layout::list;
use whipsnake_cpython::live::{Raised, Tuple, are_equal_items};

/// The C function of `heapq.heappush`; 0 until it is found.
pub(crate) static PUSH: AtomicUsize = AtomicUsize::new(0);

/// That of `heapq.heappop`.
pub(crate) static POP: AtomicUsize = AtomicUsize::new(0);

/// The module that has them, and how its documentation begins.
const MODULE: (&CStr, &[u8]) = (c"_heapq", b"Heap queue algorithm");

/// Finds the two, once their module is there.
///
/// # Safety
/// The GIL is held, no exception is set.
pub(crate) unsafe fn find() {
    if PUSH.load(Ordering::Relaxed) != 0 {
        return;
    }
    // SAFETY: the caller's; what is found in the module is released with it, and its functions are static.
    unsafe {
        let modules = pyo3_ffi::PyImport_GetModuleDict();
        let module = pyo3_ffi::PyDict_GetItemString(modules, MODULE.0.as_ptr());
        if module.is_null() || pyo3_ffi::PyModule_CheckExact(module) == 0 {
            return;
        }
        let functions = pyo3_ffi::PyModule_GetDict(module);
        for (name, flags, place) in [(c"heappush", METH_FASTCALL, &PUSH), (c"heappop", METH_O, &POP)] {
            let found = pyo3_ffi::PyDict_GetItemString(functions, name.as_ptr());
            if !found.is_null() && function_of_module(found, MODULE) == Some((name, flags)) {
                let definition = (*found.cast::<PyCFunctionObject>()).m_ml;
                place.store((*definition).ml_meth.PyCFunction as usize, Ordering::Relaxed);
            }
        }
    }
}

/// `heapq.heappush(heap, item)`.
///
/// # Safety
/// Called with the GIL in place of the C function, with two arguments.
pub(crate) unsafe extern "C" fn push(module: *mut PyObject, args: *const *mut PyObject, count: isize) -> *mut PyObject {
    // SAFETY: the caller's; another argument than a list is the C function's to refuse.
    unsafe {
        let (heap, item) = (args.read(), args.add(1).read());
        if pyo3_ffi::PyList_Check(heap) == 0 {
            let original = PUSH.load(Ordering::Relaxed) as *const ();
            return std::mem::transmute::<*const (), pyo3_ffi::PyCFunctionFast>(original)(
                module,
                args.cast_mut(),
                count,
            );
        }
        if pyo3_ffi::PyList_Append(heap, item) < 0 || sift_down(heap, 0, len(heap) - 1).is_err() {
            return null_mut();
        }
        pyo3_ffi::Py_None()
    }
}

/// `heapq.heappop(heap)`.
///
/// # Safety
/// Called with the GIL in place of the C function.
pub(crate) unsafe extern "C" fn pop(module: *mut PyObject, heap: *mut PyObject) -> *mut PyObject {
    // SAFETY: the caller's; what is no list, or empty, is the C function's to refuse.
    unsafe {
        if pyo3_ffi::PyList_Check(heap) == 0 || len(heap) == 0 {
            let original = POP.load(Ordering::Relaxed) as *const ();
            return std::mem::transmute::<*const (), pyo3_ffi::PyCFunction>(original)(module, heap);
        }
        let last = len(heap) - 1;
        let item = retain(item(heap, last));
        if pyo3_ffi::PyList_SetSlice(heap, last, last + 1, null_mut()) < 0 {
            release(item);
            return null_mut();
        }
        if last == 0 {
            return item;
        }
        let least = place(heap, 0).replace(item);
        if sift_up(heap).is_err() {
            release(least);
            return null_mut();
        }
        least
    }
}

/// How many items a list has.
unsafe fn len(heap: *mut PyObject) -> isize {
    // SAFETY: a list.
    unsafe { pyo3_ffi::PyList_GET_SIZE(heap) }
}

/// Where a list has an item.
unsafe fn place(heap: *mut PyObject, index: isize) -> *mut *mut PyObject {
    // SAFETY: a list with that many items.
    unsafe { heap.byte_offset(list::OB_ITEM as isize).cast::<*mut *mut PyObject>().read().offset(index) }
}

unsafe fn item(heap: *mut PyObject, index: isize) -> *mut PyObject {
    // SAFETY: `place`'s.
    unsafe { place(heap, index).read() }
}

/// Moves the item at `position` up towards `start`, to where its parent is not greater.
unsafe fn sift_down(heap: *mut PyObject, start: isize, mut position: isize) -> Result<(), Raised> {
    // SAFETY: positions are in the list, which has its length still after each comparison.
    unsafe {
        let size = len(heap);
        if position >= size {
            pyo3_ffi::PyErr_SetString(pyo3_ffi::PyExc_IndexError, c"index out of range".as_ptr());
            return Err(Raised);
        }
        while position > start {
            let parent = (position - 1) >> 1;
            if !is_less(heap, position, parent, size)? {
                break;
            }
            place(heap, parent).swap(place(heap, position));
            position = parent;
        }
    }
    Ok(())
}

/// Moves the first item down to a leaf, the smaller child taking its place each time, and then up to where it belongs.
unsafe fn sift_up(heap: *mut PyObject) -> Result<(), Raised> {
    // SAFETY: as above.
    unsafe {
        let (size, mut position) = (len(heap), 0);
        while position < size >> 1 {
            let mut child = 2 * position + 1;
            if child + 1 < size && !is_less(heap, child, child + 1, size)? {
                child += 1;
            }
            place(heap, child).swap(place(heap, position));
            position = child;
        }
        sift_down(heap, 0, position)
    }
}

/// Whether one item of a list of `size` items is less than another; an error also if it has another size after that.
unsafe fn is_less(heap: *mut PyObject, one: isize, other: isize, size: isize) -> Result<bool, Raised> {
    // SAFETY: the caller's; the items are kept alive for a comparison that may run any code.
    unsafe {
        let (left, right) = (item(heap, one), item(heap, other));
        if let Some(less) = are_in_order(left, right) {
            return Ok(less);
        }
        let (left, right) = (retain(left), retain(right));
        let less: c_int = pyo3_ffi::PyObject_RichCompareBool(left, right, Py_LT);
        release(left);
        release(right);
        if less < 0 {
            return Err(Raised);
        }
        if len(heap) != size {
            pyo3_ffi::PyErr_SetString(pyo3_ffi::PyExc_RuntimeError, c"list changed size during iteration".as_ptr());
            return Err(Raised);
        }
        Ok(less != 0)
    }
}

/// `left < right`, if that takes no Python code: numbers, strings, and tuples that differ first in such.
unsafe fn are_in_order(left: *mut PyObject, right: *mut PyObject) -> Option<bool> {
    // SAFETY: live objects, read as tuples after the check.
    unsafe {
        let is_tuple = |object| is_exact(object, &raw mut pyo3_ffi::PyTuple_Type);
        if !is_tuple(left) || !is_tuple(right) {
            return are_items_in_order(left, right);
        }
        let (left, right) = (Tuple::new_unchecked(left), Tuple::new_unchecked(right));
        for index in 0..left.len().min(right.len()) {
            let (one, other) = (left.items().add(index).read(), right.items().add(index).read());
            let equal = one == other
                || match compare_numbers(one, other, Py_EQ) {
                    Some(equal) => equal,
                    None => are_equal_items(one, other)?,
                };
            if !equal {
                return are_items_in_order(one, other);
            }
        }
        Some(left.len() < right.len())
    }
}

unsafe fn are_items_in_order(left: *mut PyObject, right: *mut PyObject) -> Option<bool> {
    // SAFETY: live objects; exact strings are compared without running code or failing.
    unsafe {
        if let Some(less) = compare_numbers(left, right, Py_LT) {
            return Some(less);
        }
        let is_text = |object| is_exact(object, &raw mut pyo3_ffi::PyUnicode_Type);
        (is_text(left) && is_text(right)).then(|| pyo3_ffi::PyUnicode_Compare(left, right) < 0)
    }
}
