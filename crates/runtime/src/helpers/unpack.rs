//! Taking values apart onto the stack.
//!
//! # Safety
//! All functions here are called by machine code, with the GIL held, live objects, and enough stack slots.

#![allow(clippy::missing_safety_doc, reason = "the contract is the same for all, above")]

use super::attention::Before;
use crate::native::raw::{get, is_exact, release, retain, set};
use pyo3_ffi::{Py_DECREF, Py_NewRef, PyObject, PyThreadState};
use std::ffi::c_int;
use whipsnake_cpython::layout::{frame, object};
use whipsnake_cpython::live::{_PyInterpreterFrame, List, Tuple, symbols};
use whipsnake_cpython::opcode as op;
use whipsnake_ops::Stores;

/// Replaces the iterable in slot `base` by its values. On failure it stays there, and −1 is returned.
pub unsafe extern "C" fn unpack_iterable(
    thread: *mut PyThreadState,
    base: *mut *mut PyObject,
    before: c_int,
    after: c_int,
) -> c_int {
    let count = before + if after >= 0 { 1 + after } else { 0 };
    // SAFETY: live objects; the frame's stack has room for the values from `base` up.
    unsafe {
        let iterable = *base;
        if after < 0
            && let Some(items) = exact_items(iterable, before as usize)
        {
            unpack_items(items, base, before);
            Py_DECREF(iterable);
            return 0;
        }
        if after >= 0
            && let Some(unpacked) = unpack_around(iterable, base, before as usize, after as usize)
        {
            return unpacked;
        }
        let attention = Before::now();
        if symbols::_PyEval_UnpackIterable(thread, iterable, before, after, base.add(count as usize)) == 0 {
            *base = iterable;
            return -1;
        }
        Py_DECREF(iterable);
        attention.status(if after < 0 { op::UNPACK_SEQUENCE } else { op::UNPACK_EX }, 0)
    }
}

/// Assigns the values of an iterable to local variables. It is in the slot at `base` and is consumed, or it is `borrowed`. On failure (−1) nothing
/// was assigned, and an iterable in the slot stays there.
///
/// An old value goes before the next variable is assigned, and at its own store's instruction: its finalizer may look.
pub unsafe extern "C" fn unpack_to_locals(
    thread: *mut PyThreadState,
    frame: *mut _PyInterpreterFrame,
    base: *mut *mut PyObject,
    borrowed: *mut PyObject,
    stores: u64,
) -> c_int {
    let stores = Stores(stores);
    let count = stores.count();
    // SAFETY: live objects; the frame has these locals, and room for the values from `base` up.
    unsafe {
        let owned = if borrowed.is_null() { *base } else { std::ptr::null_mut() };
        let iterable = if borrowed.is_null() { owned } else { borrowed };
        let Some(items) = exact_items(iterable, count) else {
            let before = Before::now();
            if symbols::_PyEval_UnpackIterable(thread, iterable, count as c_int, -1, base.add(count)) == 0 {
                *base = iterable;
                return -1;
            }
            pyo3_ffi::Py_XDECREF(owned);
            if before.status(op::UNPACK_SEQUENCE, 0) < 0 {
                // The interpreter stores the values.
                return -1;
            }
            store_values(frame, base, stores, 0);
            return 0;
        };
        let next = |index: usize, place: *mut *mut PyObject| {
            let (old, new) = (place.read(), items.add(index).read());
            // What the variable has already has as many references afterwards.
            if old == new {
                return false;
            }
            place.write(retain(new));
            !old.is_null() && drop_reference(old) && store_slowly(frame, base, owned, items, stores, index, old)
        };
        let locals = locals(frame);
        if let Some(first) = stores.first_of_row() {
            // The variables were named in this order, as they mostly are where a function begins with such an assignment.
            let places = locals.add(first);
            let mut index = 0;
            while index < count {
                if index + 4 <= count && are_same(items.add(index), places.add(index)) {
                    index += 4;
                    continue;
                }
                if next(index, places.add(index)) {
                    return 0;
                }
                index += 1;
            }
        } else {
            let mut variables = stores.locals();
            for index in 0..count {
                if next(index, locals.add((variables & 15) as usize)) {
                    return 0;
                }
                variables >>= 4;
            }
        }
        pyo3_ffi::Py_XDECREF(owned);
    }
    0
}

/// Whether four places have the same objects as four others.
#[inline]
unsafe fn are_same(items: *const *mut PyObject, places: *const *mut PyObject) -> bool {
    // SAFETY: the caller's: four of each.
    let [items, places] = [items, places].map(|objects| unsafe { objects.cast::<[usize; 4]>().read() });
    items.iter().zip(&places).fold(0, |differ, (item, place)| differ | (item ^ place)) == 0
}

/// Destroys the old value of a variable, whose store was done, and does the stores that follow unless nothing can come in between; whether it did.
#[cold]
#[inline(never)]
unsafe fn store_slowly(
    frame: *mut _PyInterpreterFrame,
    base: *mut *mut PyObject,
    owned: *mut PyObject,
    items: *const *mut PyObject,
    stores: Stores,
    index: usize,
    old: *mut PyObject,
) -> bool {
    let count = stores.count();
    // SAFETY: the caller's: as for `unpack_to_locals`; the old value's count is zero.
    unsafe {
        if ends_quietly(old) {
            super::objects::dealloc(old);
            return false;
        }
        // Its end may run code, which may also change the sequence: the rest goes by way of the stack.
        for rest in index + 1..count {
            *base.add(count - 1 - rest) = retain(items.add(rest).read());
        }
        pyo3_ffi::Py_XDECREF(owned);
        at_store(frame, stores, index, || symbols::_Py_Dealloc(old));
        store_values(frame, base, stores, index + 1);
        true
    }
}

unsafe fn locals(frame: *mut _PyInterpreterFrame) -> *mut *mut PyObject {
    // SAFETY: the callers'.
    unsafe { frame.cast::<u8>().offset(frame::LOCALSPLUS as isize).cast() }
}

/// Drops a reference; whether it was the last, so that the object is to be destroyed.
#[inline]
unsafe fn drop_reference(object: *mut PyObject) -> bool {
    // SAFETY: the callers'.
    unsafe {
        let count: i32 = get(object, object::OB_REFCNT);
        if count >= 0 {
            set(object, object::OB_REFCNT, count - 1);
        }
        count == 1
    }
}

/// Whether the object's end runs no Python code, as far as its type tells.
unsafe fn ends_quietly(object: *mut PyObject) -> bool {
    // SAFETY: the callers'.
    unsafe {
        is_exact(object, &raw mut pyo3_ffi::PyLong_Type)
            || is_exact(object, &raw mut pyo3_ffi::PyUnicode_Type)
            || is_exact(object, &raw mut pyo3_ffi::PyFloat_Type)
    }
}

/// Assigns values in stack slots, the first one in the highest, to the variables from number `from` on.
unsafe fn store_values(frame: *mut _PyInterpreterFrame, base: *mut *mut PyObject, stores: Stores, from: usize) {
    // SAFETY: the callers'.
    unsafe {
        let locals = locals(frame);
        let count = stores.count();
        for index in from..count {
            let place = locals.add(stores.local(index));
            let old = place.read();
            place.write(*base.add(count - 1 - index));
            if !old.is_null() {
                at_store(frame, stores, index, || release(old));
            }
        }
    }
}

/// Does something with `instr_ptr` at a store that follows the instruction it is at.
unsafe fn at_store(frame: *mut _PyInterpreterFrame, stores: Stores, index: usize, act: impl FnOnce()) {
    const UNPACK: usize = 1 + op::CACHES[op::UNPACK_SEQUENCE as usize] as usize;
    // SAFETY: the callers'.
    unsafe {
        let here: *const u16 = get(frame, frame::INSTR_PTR);
        set(frame, frame::INSTR_PTR, here.add(UNPACK + stores.unit(index)));
        act();
        set(frame, frame::INSTR_PTR, here);
    }
}

/// The items of an exact tuple or list of that length.
unsafe fn exact_items(sequence: *mut PyObject, count: usize) -> Option<*const *mut PyObject> {
    // SAFETY: the caller's: a live object.
    unsafe { items_of(sequence) }.and_then(|(items, len)| (len == count).then_some(items))
}

/// `first, *rest, last = sequence`, of an exact tuple or list that is long enough: replaces it, in slot `base`, by the items. −1 with `MemoryError`
/// set; `None` if nothing was done.
unsafe fn unpack_around(
    sequence: *mut PyObject,
    base: *mut *mut PyObject,
    before: usize,
    after: usize,
) -> Option<c_int> {
    // SAFETY: the caller's: a live object, and room from `base` up.
    unsafe {
        let (items, len) = items_of(sequence)?;
        let middle = len.checked_sub(before + after)?;
        let list = super::list_pool::new_list(middle);
        if list.is_null() {
            return Some(-1);
        }
        for index in 0..middle {
            pyo3_ffi::PyList_SET_ITEM(list, index as isize, Py_NewRef(*items.add(before + index)));
        }
        unpack_items(items.add(len - after), base, after as c_int);
        base.add(after).write(list);
        unpack_items(items, base.add(after + 1), before as c_int);
        Py_DECREF(sequence);
        Some(0)
    }
}

/// The items of an exact tuple or list.
#[inline]
pub(super) unsafe fn items_of(sequence: *mut PyObject) -> Option<(*const *mut PyObject, usize)> {
    // SAFETY: a live object.
    unsafe {
        if pyo3_ffi::PyTuple_CheckExact(sequence) != 0 {
            let tuple = Tuple::new_unchecked(sequence.cast());
            Some((tuple.items().cast_const(), tuple.len()))
        } else if pyo3_ffi::PyList_CheckExact(sequence) != 0 {
            let list = List::new_unchecked(sequence.cast());
            Some((list.items().cast_const(), list.len()))
        } else {
            None
        }
    }
}

/// Copies `count` items with new references to the slots from `base` up, the first item highest.
pub unsafe extern "C" fn unpack_items(items: *const *mut PyObject, base: *mut *mut PyObject, count: c_int) {
    for index in 0..count as usize {
        // SAFETY: as many items and slots as that.
        unsafe { *base.add(count as usize - 1 - index) = Py_NewRef(*items.add(index)) };
    }
}
