//! Looking at objects of the running program without running any of its code.

use crate::helpers::globals;
use crate::native::raw::{get, is_exact, release};
use pyo3_ffi::{PyObject, PyTypeObject};
use std::ffi::CStr;
use whipsnake_cpython::layout::{
    array as layout, code as code_layout, list_iterator, object, set_iterator, tuple_iterator,
};
use whipsnake_cpython::live::{Code, key_of_place, set_places, symbols};

/// Whether attributes are read as `object` does it.
unsafe fn reads_as_object(class: *mut PyTypeObject) -> bool {
    // SAFETY: the caller's: a live type.
    let read = unsafe { (*class).tp_getattro };
    read.is_some_and(|read| read as usize == pyo3_ffi::PyObject_GenericGetAttr as *const () as usize)
}

fn items(tuple: *mut PyObject) -> impl Iterator<Item = *mut PyObject> {
    // SAFETY: a live tuple.
    (0..unsafe { pyo3_ffi::PyTuple_GET_SIZE(tuple) })
        .map(move |index| unsafe { pyo3_ffi::PyTuple_GET_ITEM(tuple, index) })
}

/// The names in a tuple.
pub(super) fn names(tuple: *mut PyObject) -> Option<Vec<u64>> {
    // SAFETY: a live object.
    let is_tuple = unsafe { is_exact(tuple, &raw mut pyo3_ffi::PyTuple_Type) };
    is_tuple.then(|| items(tuple).map(|name| name as u64).collect())
}

/// Which parameter of a function's code has a name, if it may be given by name. The names of a code object are interned, as those in its constants are.
pub(super) fn parameter(name: u64, code: Code) -> Option<usize> {
    // SAFETY: a live object, whose names are in a tuple.
    let locals: *mut PyObject = unsafe { get(code.as_ptr(), code_layout::LOCALSPLUSNAMES) };
    let first = code.posonlyargcount() as usize;
    let parameters = items(locals).take(code.argcount() as usize).skip(first);
    parameters.map(|parameter| parameter as u64).position(|parameter| parameter == name).map(|at| at + first)
}

/// The attribute of that name, if it is in the object, or a plain value in its class.
pub(super) fn attribute(owner: *mut PyObject, name: *mut PyObject) -> Option<u64> {
    // SAFETY: live objects, the GIL is held. The type's method cache runs nobody's code, and neither do the attributes that are let through.
    unsafe {
        let class: *mut PyTypeObject = get(owner, object::OB_TYPE);
        if !reads_as_object(class) {
            return None;
        }
        let in_class = symbols::_PyType_Lookup(class, name);
        if !in_class.is_null() {
            let kind: *mut PyTypeObject = get(in_class, object::OB_TYPE);
            if (*kind).tp_descr_get.is_some() && kind != &raw mut pyo3_ffi::PyMemberDescr_Type {
                return None;
            }
        }
        let found = pyo3_ffi::PyObject_GenericGetAttr(owner, name);
        if found.is_null() {
            pyo3_ffi::PyErr_Clear();
            return None;
        }
        // What was made for this is gone.
        let lasts = pyo3_ffi::Py_REFCNT(found) > 1;
        release(found);
        lasts.then_some(found as u64)
    }
}

/// The getter of the property that a class has under a name.
pub(super) fn property(class: *mut PyTypeObject, name: *mut PyObject) -> Option<*mut PyObject> {
    // SAFETY: as in `attribute`; the attribute of a property is read in C, and the property holds it.
    unsafe {
        if !reads_as_object(class) {
            return None;
        }
        let in_class = symbols::_PyType_Lookup(class, name);
        if in_class.is_null() || !is_exact(in_class, &raw mut pyo3_ffi::PyProperty_Type) {
            return None;
        }
        let getter = pyo3_ffi::PyObject_GetAttrString(in_class, c"fget".as_ptr());
        if getter.is_null() {
            pyo3_ffi::PyErr_Clear();
            return None;
        }
        release(getter);
        Some(getter)
    }
}

/// An item of a list or tuple, the first one if that is not there; for an iterator, of what it goes over; some value of a dict.
pub(super) fn item(container: *mut PyObject, index: i64) -> Option<u64> {
    // SAFETY: live objects of the types that are asked for; the GIL is held.
    unsafe {
        let mut container = container;
        if is_exact(container, &raw mut pyo3_ffi::PyListIter_Type) {
            container = get(container, list_iterator::IT_SEQ);
        } else if is_exact(container, &raw mut pyo3_ffi::PyTupleIter_Type) {
            container = get(container, tuple_iterator::IT_SEQ);
        } else if globals::set_iterator_type() == pyo3_ffi::Py_TYPE(container) as usize {
            container = get(container, set_iterator::SI_SET);
        }
        if container.is_null() {
            return None;
        }
        let place = |size: pyo3_ffi::Py_ssize_t| {
            let index = if (0..size as i64).contains(&index) { index } else { 0 };
            (size > 0).then_some(index as pyo3_ffi::Py_ssize_t)
        };
        let found = if is_exact(container, &raw mut pyo3_ffi::PyList_Type) {
            pyo3_ffi::PyList_GET_ITEM(container, place(pyo3_ffi::PyList_GET_SIZE(container))?)
        } else if is_exact(container, &raw mut pyo3_ffi::PyTuple_Type) {
            pyo3_ffi::PyTuple_GET_ITEM(container, place(pyo3_ffi::PyTuple_GET_SIZE(container))?)
        } else if is_exact(container, &raw mut pyo3_ffi::PyDict_Type) {
            let (mut at, mut value) = (0, std::ptr::null_mut());
            if pyo3_ffi::PyDict_Next(container, &raw mut at, std::ptr::null_mut(), &raw mut value) == 0 {
                return None;
            }
            value
        } else if pyo3_ffi::PyAnySet_CheckExact(container) != 0 {
            set_places(container).iter().find_map(key_of_place)?
        } else {
            return None;
        };
        (!found.is_null()).then_some(found as u64)
    }
}

/// Whether it is an `array.array`. The first one tells where that type is.
pub(super) fn is_array(value: *mut PyObject) -> bool {
    // SAFETY: live objects; the GIL is held. Exact dicts are looked up by strings of C, which runs nobody's code.
    unsafe {
        let class: *mut PyTypeObject = get(value, object::OB_TYPE);
        let known = globals::array_type();
        if known != 0 {
            return class as usize == known;
        }
        if (*class).tp_basicsize != layout::SIZEOF as isize || CStr::from_ptr((*class).tp_name) != c"array.array" {
            return false;
        }
        let item = |dict: *mut PyObject, key: &CStr| {
            (!dict.is_null() && is_exact(dict, &raw mut pyo3_ffi::PyDict_Type))
                .then(|| pyo3_ffi::PyDict_GetItemString(dict, key.as_ptr()))
                .filter(|found| !found.is_null())
        };
        let module = item(pyo3_ffi::PyImport_GetModuleDict(), c"array");
        let Some(module) = module.filter(|&module| pyo3_ffi::PyModule_CheckExact(module) != 0) else { return false };
        if item(pyo3_ffi::PyModule_GetDict(module), c"array") != Some(class.cast()) || !is_as_expected(value) {
            return false;
        }
        globals::set_array_type(class);
        true
    }
}

/// Whether an array's fields are where they are thought to be: its description begins with the type code.
unsafe fn is_as_expected(value: *mut PyObject) -> bool {
    // SAFETY: the caller's: an object as large as an array; its type's attribute is made in C.
    unsafe {
        let code = pyo3_ffi::PyObject_GetAttrString(value, c"typecode".as_ptr());
        if code.is_null() {
            pyo3_ffi::PyErr_Clear();
            return false;
        }
        let description: *const u8 = get(value, layout::OB_DESCR);
        let text = pyo3_ffi::PyUnicode_AsUTF8(code);
        let same = !text.is_null() && !description.is_null() && *text.cast::<u8>() == *description;
        release(code);
        same
    }
}

/// The type code of an array, and the address of what describes its items.
pub(super) fn array(value: *mut PyObject) -> Option<(u8, u64)> {
    if !is_array(value) {
        return None;
    }
    // SAFETY: an array, whose description is a constant of its module.
    unsafe {
        let description: *const u8 = get(value, layout::OB_DESCR);
        Some((*description, description as u64))
    }
}
