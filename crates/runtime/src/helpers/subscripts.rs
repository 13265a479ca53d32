//! Subscribing objects whose classes may have a Python `__getitem__`.

use super::calls::{Back, done};
use super::containers;
use super::inlined_calls::enter_with;
use super::special::{Name, look_up};
use crate::native::frames::Resume;
use crate::native::raw::{get, is_exact, release};
use pyo3_ffi::{PyObject, PyThreadState, PyTypeObject};
use std::ffi::c_int;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use whipsnake_cpython::layout::{object, type_object};

/// `BINARY_SUBSCR` of the container and the key at `base`, which are taken unless that fails.
///
/// # Safety
/// Called by machine code only.
pub unsafe extern "C" fn get_item_calling(
    thread: *mut PyThreadState,
    base: *mut *mut PyObject,
    length: c_int,
    address: *const u8,
) -> Resume {
    // SAFETY: machine code passes the slots of the current frame's instruction.
    unsafe {
        let (container, key) = (base.read(), base.add(1).read());
        if let Some(method) = python_getitem(container)
            && let Some(resume) = enter_with(thread, method, base, 2, Back { length, address })
        {
            return resume;
        }
        let result = match native_subscript(container) {
            Some(subscript) => subscript(container, key),
            None => containers::get_item(container, key),
        };
        if !result.is_null() {
            release(container);
            release(key);
        }
        done(result)
    }
}

/// The Python function that subscribing an object calls, borrowed. A function in a class means that the class has it called.
unsafe fn python_getitem(container: *mut PyObject) -> Option<*mut PyObject> {
    // SAFETY: a live object; the type's method cache answers without running code.
    unsafe {
        let class: *mut PyTypeObject = get(container, object::OB_TYPE);

        if get::<u64>(class, type_object::TP_FLAGS) & type_object::HEAPTYPE == 0 {
            return None;
        }
        let slot = subscript_slot(class);
        if slot == 0 || native_slot(slot).load(Relaxed) == slot {
            return None;
        }
        let found = look_up(class, Name::GetItem);
        if found.is_null() {
            return None;
        }
        if is_exact(found, &raw mut pyo3_ffi::PyWrapperDescr_Type) {
            let descriptor = found.cast::<pyo3_ffi::PyWrapperDescrObject>();
            if (*descriptor).d_wrapped as usize == slot {
                native_slot(slot).store(slot, Relaxed);
            }
        }
        is_exact(found, &raw mut pyo3_ffi::PyFunction_Type).then_some(found)
    }
}

/// The C function that subscribing instances of a class calls.
unsafe fn subscript_slot(class: *mut PyTypeObject) -> usize {
    // SAFETY: the caller's: a live class.
    unsafe {
        let mapping = (*class).tp_as_mapping;
        if mapping.is_null() { 0 } else { (*mapping).mp_subscript.map_or(0, |slot| slot as usize) }
    }
}

/// The C function that subscribes an instance of a class other than the built-in ones, if that is known to be all that is done.
#[inline]
unsafe fn native_subscript(container: *mut PyObject) -> Option<pyo3_ffi::binaryfunc> {
    // SAFETY: a live object.
    unsafe {
        let class: *mut PyTypeObject = get(container, object::OB_TYPE);
        if get::<u64>(class, type_object::TP_FLAGS) & type_object::HEAPTYPE == 0 {
            return None;
        }
        let slot = subscript_slot(class);
        if slot == 0 || native_slot(slot).load(Relaxed) != slot { None } else { (*(*class).tp_as_mapping).mp_subscript }
    }
}

/// Where a function is remembered that is what a C type subscribes with, and so is not the one that looks for `__getitem__`. Each has one place.
fn native_slot(slot: usize) -> &'static AtomicUsize {
    static NATIVE: [AtomicUsize; 64] = [const { AtomicUsize::new(0) }; 64];
    &NATIVE[slot >> 4 & 63]
}
