//! Classes with a `__getattr__`, which is asked where an attribute is not found, or where a descriptor raises `AttributeError`.

use super::attributes::bind;
use super::names::interned;
use super::shapes::{Kind, Shape, loads_generically};
use crate::native::raw::{get, is_exact, release, retain};
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

/// Whether what an entry says is a descriptor's to answer, other than a property, and a Python function is asked where it raises `AttributeError`.
///
/// # Safety
/// A live class, whose attribute is alive.
pub(super) unsafe fn asks_function_behind(shape: &Shape, class: *mut PyTypeObject) -> bool {
    // SAFETY: the caller's.
    unsafe {
        shape.kind == Kind::Data
            && !is_exact(shape.descriptor, &raw mut pyo3_ffi::PyProperty_Type)
            && is_exact_or_null(symbols::_PyType_Lookup(class, get_attr()))
    }
}

unsafe fn is_exact_or_null(function: *mut PyObject) -> bool {
    // SAFETY: null or a live object.
    unsafe { function.is_null() || is_exact(function, &raw mut PyFunction_Type) }
}

static GET_ATTR: OnceLock<usize> = OnceLock::new();

fn get_attr() -> *mut PyObject {
    interned(c"__getattr__", &GET_ATTR)
}

/// What a data descriptor gives, or, where it raises `AttributeError`, the class's `__getattr__`, which is a function if there is one.
///
/// # Safety
/// Live objects; `load` is the descriptor's own.
pub(super) unsafe fn bind_or_ask(
    load: pyo3_ffi::descrgetfunc,
    descriptor: *mut PyObject,
    owner: *mut PyObject,
    name: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: the caller's. What is called holds what it was called with; the function is looked for first, as the interpreter does.
    unsafe {
        let class: *mut PyTypeObject = get(owner, object::OB_TYPE);
        if loads_generically(class) {
            return bind(load, descriptor, owner, class);
        }
        let asked = symbols::_PyType_Lookup(class, get_attr());
        if asked.is_null() {
            return bind(load, descriptor, owner, class);
        }
        let held = [owner, name, asked];
        for object in held {
            retain(object);
        }
        let mut value = bind(load, descriptor, owner, class);
        if value.is_null() && pyo3_ffi::PyErr_ExceptionMatches(pyo3_ffi::PyExc_AttributeError) != 0 {
            pyo3_ffi::PyErr_Clear();
            value = pyo3_ffi::PyObject_Vectorcall(asked, held.as_ptr(), 2, std::ptr::null_mut());
        }
        for object in held {
            release(object);
        }
        value
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
