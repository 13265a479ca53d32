//! Classes with a `__getattr__`, which is asked where an attribute is not found, or where a descriptor raises `AttributeError`.

use super::names::interned;
use super::shapes::{Kind, Shape};
use crate::native::raw::get;
use pyo3_ffi::{PyFunction_Type, PyMethodDescr_Type, PyObject, PyTypeObject};
use std::sync::OnceLock;
use whipsnake_cpython::layout::{object, type_object};
use whipsnake_cpython::live::symbols;

static GET_ATTRIBUTE: OnceLock<usize> = OnceLock::new();

/// Whether attributes are looked up by the general rule first, although the class's slot is not the general function: nobody has an own
/// `__getattribute__`, neither in Python nor in C, where the slot would have brought a wrapper of its own. Good while the class's version is.
///
/// # Safety
/// A live class, the GIL held.
pub(crate) unsafe fn comes_last(class: *mut PyTypeObject) -> bool {
    let name = interned(c"__getattribute__", &GET_ATTRIBUTE);
    // SAFETY: the caller's; classes have a method cache, so the lookups are short.
    unsafe {
        let general = symbols::_PyType_Lookup(&raw mut pyo3_ffi::PyBaseObject_Type, name);
        !general.is_null() && symbols::_PyType_Lookup(class, name) == general
    }
}

/// Whether what an entry says never raises `AttributeError`: then it does not matter that there is a `__getattr__`.
///
/// # Safety
/// The class attribute is alive.
pub(super) unsafe fn is_never_asked(shape: &Shape) -> bool {
    // SAFETY: the caller's.
    unsafe {
        let found = matches!(shape.kind, Kind::Value | Kind::Slot | Kind::Keys | Kind::NoDict);
        // The descriptor of a slot is not asked.
        found && (shape.kind == Kind::Slot || binds_quietly(shape.descriptor))
    }
}

/// Whether a class attribute, if there is one, is given to instances without an error.
pub(super) unsafe fn binds_quietly(attribute: *mut PyObject) -> bool {
    if attribute.is_null() {
        return true;
    }
    // SAFETY: a live object.
    unsafe {
        let class: *mut PyTypeObject = get(attribute, object::OB_TYPE);
        let known = class == &raw mut PyFunction_Type || class == &raw mut PyMethodDescr_Type;
        // A class of Python's may become a descriptor.
        let stays = get::<u64>(class, type_object::TP_FLAGS) & type_object::IMMUTABLETYPE != 0;
        known || stays && (*class).tp_descr_get.is_none()
    }
}
