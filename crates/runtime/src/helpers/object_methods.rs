//! Calls of `object.__setattr__` and `object.__getattribute__`, which classes with methods of that name end with, and `__init__` of frozen data classes is full of.
//!
//! The interpreter has wrappers around these, which take their arguments from a tuple.

use super::class_variables::fixed_version;
use super::names::interned;
use super::special::look_up_text;
use crate::native::raw::{get, is_exact, retain};
use pyo3_ffi::{PyObject, PyTypeObject};
use std::cell::UnsafeCell;
use std::ffi::CStr;
use std::sync::OnceLock;
use whipsnake_cpython::class_version::place;
use whipsnake_cpython::layout::{object, type_object};
use whipsnake_cpython::live::symbols;

/// Calls one of the two; `None` for everything else, and then nothing was done. NULL in the answer: an exception is set. Keeps the references.
///
/// # Safety
/// Live objects, the GIL held.
#[inline]
pub(super) unsafe fn call_object_method(callable: *mut PyObject, args: &[*mut PyObject]) -> Option<*mut PyObject> {
    // SAFETY: the caller's.
    unsafe {
        if !is_exact(callable, &raw mut pyo3_ffi::PyWrapperDescr_Type) {
            return None;
        }
        match *args {
            [this, name, value] if callable as usize == *SET.get_or_init(|| find(c"__setattr__")) => {
                if !may_set(get(this, object::OB_TYPE)) {
                    return None;
                }
                let status = pyo3_ffi::PyObject_GenericSetAttr(this, name, value);
                Some(if status < 0 { std::ptr::null_mut() } else { retain(pyo3_ffi::Py_None()) })
            }
            [this, name] if callable as usize == *GET.get_or_init(|| find(c"__getattribute__")) => {
                Some(pyo3_ffi::PyObject_GenericGetAttr(this, name))
            }
            _ => None,
        }
    }
}

static SET: OnceLock<usize> = OnceLock::new();
static GET: OnceLock<usize> = OnceLock::new();
static SET_NAME: OnceLock<usize> = OnceLock::new();

/// What `object` has under a name, which lasts forever.
fn find(name: &CStr) -> usize {
    // SAFETY: the GIL is held.
    let found = unsafe { look_up_text(&raw mut pyo3_ffi::PyBaseObject_Type, name) };
    found.map_or(usize::MAX, |found| found as usize)
}

/// Versions of classes whose instances `object.__setattr__` may set attributes of.
struct Allowed(UnsafeCell<[u32; Allowed::SIZE]>);

// SAFETY: only touched with the GIL held.
unsafe impl Sync for Allowed {}

impl Allowed {
    const SIZE: usize = 64;
}

static ALLOWED: Allowed = Allowed(UnsafeCell::new([0; Allowed::SIZE]));

/// Whether the interpreter would let `object.__setattr__` pass over what the classes of an instance have themselves: that is only so where none of them, and of
/// their bases, has a rule of its own in C.
unsafe fn may_set(class: *mut PyTypeObject) -> bool {
    // SAFETY: a live class, whose bases are in a tuple; the GIL is held.
    unsafe {
        let version = fixed_version(class);
        let entry = &mut (*ALLOWED.0.get())[place(version, Allowed::SIZE)];
        if version != 0 && *entry == version {
            return true;
        }
        let order = (*class).tp_mro;
        if order.is_null() {
            return false;
        }
        let bases = (0..pyo3_ffi::PyTuple_GET_SIZE(order)).map(|index| pyo3_ffi::PyTuple_GET_ITEM(order, index));
        let allowed = bases.into_iter().all(|base| goes_by_rule(base.cast()));
        let version = fixed_version(class);
        if allowed && version != 0 {
            (*ALLOWED.0.get())[place(version, Allowed::SIZE)] = version;
        }
        allowed
    }
}

/// Whether a class sets attributes as `object` does, or by a function in Python.
unsafe fn goes_by_rule(class: *mut PyTypeObject) -> bool {
    // SAFETY: a live class.
    unsafe {
        let general = pyo3_ffi::PyObject_GenericSetAttr as *const () as usize;
        if (*class).tp_setattro.map(|set| set as usize) == Some(general) {
            return true;
        }
        let found = symbols::_PyType_Lookup(class, interned(c"__setattr__", &SET_NAME));
        get::<u64>(class, type_object::TP_FLAGS) & type_object::HEAPTYPE != 0
            && !found.is_null()
            && is_exact(found, &raw mut pyo3_ffi::PyFunction_Type)
    }
}
