//! Names in class bodies and modules, where the local namespace is a mapping.

use super::variables::{load_global, store_variable};
use crate::native::raw::release;
use pyo3_ffi::{PyDict_CheckExact, PyExc_NameError, PyExc_SystemError, PyObject};
use std::ffi::{CStr, c_int};
use std::ptr;
use std::sync::OnceLock;
use whipsnake_cpython::live::{_PyInterpreterFrame, Frame, symbols};
use whipsnake_ir::abi::GlobalCell;

const NOT_DEFINED: &CStr = c"name '%.200s' is not defined";

/// A string that lives as long as the process.
pub(super) fn interned(text: &'static CStr, place: &'static OnceLock<usize>) -> *mut PyObject {
    // SAFETY: called with the GIL held; the reference is never dropped.
    *place.get_or_init(|| unsafe { pyo3_ffi::PyUnicode_InternFromString(text.as_ptr()) as usize }) as *mut PyObject
}

/// `mapping[name]` as a new reference, null if it is not there; an error if an exception is set.
pub(super) unsafe fn optional_item(mapping: *mut PyObject, name: *mut PyObject) -> Result<*mut PyObject, ()> {
    let mut value = ptr::null_mut();
    // SAFETY: the caller passes live objects and holds the GIL.
    let status = unsafe { pyo3_ffi::PyMapping_GetOptionalItem(mapping, name, &mut value) };
    if status < 0 { Err(()) } else { Ok(value) }
}

/// Raises `NameError` for a name. Null.
pub(super) unsafe fn not_defined(name: *mut PyObject) -> *mut PyObject {
    // SAFETY: the GIL is held; the format takes one string.
    unsafe {
        let thread = pyo3_ffi::PyThreadState_Get();
        symbols::_PyEval_FormatExcCheckArg(thread, PyExc_NameError, NOT_DEFINED.as_ptr(), name);
    }
    ptr::null_mut()
}

pub(super) fn to_null(result: Result<*mut PyObject, ()>) -> *mut PyObject {
    result.unwrap_or(ptr::null_mut())
}

/// A name in globals or builtins of any type.
pub(super) unsafe fn global_or_builtin(
    globals: *mut PyObject,
    builtins: *mut PyObject,
    name: *mut PyObject,
) -> Result<*mut PyObject, ()> {
    // SAFETY: the caller passes live objects and holds the GIL.
    unsafe {
        if PyDict_CheckExact(globals) != 0 && PyDict_CheckExact(builtins) != 0 {
            let value = symbols::_PyDict_LoadGlobal(globals, builtins, name);
            if !value.is_null() || !pyo3_ffi::PyErr_Occurred().is_null() {
                return Ok(value);
            }
            return Ok(not_defined(name));
        }
        for namespace in [globals, builtins] {
            let value = optional_item(namespace, name)?;
            if !value.is_null() {
                return Ok(value);
            }
        }
        Ok(not_defined(name))
    }
}

/// Raises the error of a frame without a local namespace.
///
/// # Safety
/// The GIL is held.
pub unsafe extern "C" fn raise_no_locals() {
    // SAFETY: the caller's contract.
    unsafe { pyo3_ffi::PyErr_SetString(PyExc_SystemError, c"no locals found".as_ptr()) }
}

/// A name in locals, globals or builtins. The locals of a module are its globals.
///
/// # Safety
/// The current frame, live objects, the site's own cell, the GIL held.
pub unsafe extern "C" fn load_name(
    frame: *mut _PyInterpreterFrame,
    name: *mut PyObject,
    cell: *mut GlobalCell,
) -> *mut PyObject {
    // SAFETY: the caller's contract.
    unsafe {
        let handle = Frame::new_unchecked(frame);
        if handle.locals() == handle.globals() {
            return load_global(frame, name, cell);
        }
        if handle.locals().is_null() {
            raise_no_locals();
            return ptr::null_mut();
        }
        to_null(load_name_from([handle.locals(), handle.globals(), handle.builtins()], name))
    }
}

unsafe fn load_name_from(namespaces: [*mut PyObject; 3], name: *mut PyObject) -> Result<*mut PyObject, ()> {
    // SAFETY: the caller passes live objects and holds the GIL.
    unsafe {
        let [locals, globals, builtins] = namespaces;
        let value = optional_item(locals, name)?;
        if !value.is_null() {
            return Ok(value);
        }
        let mut value = ptr::null_mut();
        if pyo3_ffi::PyDict_GetItemRef(globals, name, &mut value) < 0 {
            return Err(());
        }
        if value.is_null() {
            value = optional_item(builtins, name)?;
        }
        Ok(if value.is_null() { not_defined(name) } else { value })
    }
}

/// Assigns a name in locals.
///
/// # Safety
/// The current frame, live objects, the site's own cell, the GIL held.
pub unsafe extern "C" fn store_name(
    frame: *mut _PyInterpreterFrame,
    name: *mut PyObject,
    value: *mut PyObject,
    cell: *mut GlobalCell,
) -> c_int {
    // SAFETY: the caller's contract.
    unsafe {
        let locals = Frame::new_unchecked(frame).locals();
        if locals.is_null() {
            pyo3_ffi::PyErr_Format(PyExc_SystemError, c"no locals found when storing %R".as_ptr(), name);
            -1
        } else if PyDict_CheckExact(locals) != 0 {
            store_variable(locals, name, value, &mut *cell)
        } else {
            pyo3_ffi::PyObject_SetItem(locals, name, value)
        }
    }
}

/// Deletes a name in locals.
///
/// # Safety
/// The current frame, live objects, the GIL held.
pub unsafe extern "C" fn delete_name(frame: *mut _PyInterpreterFrame, name: *mut PyObject) -> c_int {
    // SAFETY: the caller's contract.
    unsafe {
        let locals = Frame::new_unchecked(frame).locals();
        if locals.is_null() {
            pyo3_ffi::PyErr_Format(PyExc_SystemError, c"no locals when deleting %R".as_ptr(), name);
            return -1;
        }
        let status = pyo3_ffi::PyObject_DelItem(locals, name);
        if status != 0 {
            not_defined(name);
        }
        status
    }
}

/// A name in a class's namespace, globals or builtins.
///
/// # Safety
/// The current frame, live objects, the GIL held.
pub unsafe extern "C" fn load_from_dict_or_globals(
    frame: *mut _PyInterpreterFrame,
    namespace: *mut PyObject,
    name: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: the caller's contract.
    unsafe {
        let frame = Frame::new_unchecked(frame);
        to_null(match optional_item(namespace, name) {
            Ok(value) if value.is_null() => global_or_builtin(frame.globals(), frame.builtins(), name),
            found => found,
        })
    }
}

/// `__build_class__`.
///
/// # Safety
/// The current frame, live objects, the GIL held.
pub unsafe extern "C" fn load_build_class(frame: *mut _PyInterpreterFrame) -> *mut PyObject {
    static NAME: OnceLock<usize> = OnceLock::new();
    // SAFETY: the caller's contract.
    unsafe {
        match optional_item(Frame::new_unchecked(frame).builtins(), interned(c"__build_class__", &NAME)) {
            Ok(value) if value.is_null() => {
                pyo3_ffi::PyErr_SetString(PyExc_NameError, c"__build_class__ not found".as_ptr());
                ptr::null_mut()
            }
            found => to_null(found),
        }
    }
}

/// Makes `__annotations__` in locals unless it is there.
///
/// # Safety
/// The current frame, live objects, the GIL held.
pub unsafe extern "C" fn setup_annotations(frame: *mut _PyInterpreterFrame) -> c_int {
    static NAME: OnceLock<usize> = OnceLock::new();
    // SAFETY: the caller's contract.
    unsafe {
        let locals = Frame::new_unchecked(frame).locals();
        if locals.is_null() {
            let message = c"no locals found when setting up annotations";
            pyo3_ffi::PyErr_SetString(PyExc_SystemError, message.as_ptr());
            return -1;
        }
        let name = interned(c"__annotations__", &NAME);
        match optional_item(locals, name) {
            Err(()) => -1,
            Ok(found) if !found.is_null() => {
                release(found);
                0
            }
            Ok(_) => {
                let annotations = pyo3_ffi::PyDict_New();
                if annotations.is_null() {
                    return -1;
                }
                let status = pyo3_ffi::PyObject_SetItem(locals, name, annotations);
                release(annotations);
                status
            }
        }
    }
}
