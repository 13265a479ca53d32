//! Global variables, built-ins, and names in class bodies and modules.

use crate::native::raw::{get, is_exact, release, retain};
use pyo3_ffi::{PyDict_CheckExact, PyDict_Type, PyExc_NameError, PyExc_SystemError, PyObject};
use std::ffi::{CStr, c_int};
use std::ptr;
use std::sync::OnceLock;
use whipsnake_cpython::layout::dict;
use whipsnake_cpython::live::{_PyInterpreterFrame, Dict, Frame, KeysKind, symbols};
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
unsafe fn not_defined(name: *mut PyObject) -> *mut PyObject {
    // SAFETY: the GIL is held; the format takes one string.
    unsafe {
        let thread = pyo3_ffi::PyThreadState_Get();
        symbols::_PyEval_FormatExcCheckArg(thread, PyExc_NameError, NOT_DEFINED.as_ptr(), name);
    }
    ptr::null_mut()
}

fn to_null(result: Result<*mut PyObject, ()>) -> *mut PyObject {
    result.unwrap_or(ptr::null_mut())
}

/// A global variable or built-in.
///
/// # Safety
/// Called by machine code: the current frame, a live name, the site's own cell, the GIL held.
pub unsafe extern "C" fn load_global(
    frame: *mut _PyInterpreterFrame,
    name: *mut PyObject,
    cell: *mut GlobalCell,
) -> *mut PyObject {
    // SAFETY: the caller's contract.
    unsafe {
        let frame = Frame::new_unchecked(frame);
        let (globals, builtins) = (frame.globals(), frame.builtins());
        if !is_exact(globals, &raw mut PyDict_Type) || !is_exact(builtins, &raw mut PyDict_Type) {
            return to_null(global_or_builtin(globals, builtins, name));
        }
        let cell = &mut *cell;
        if let Some(value) = entry_value(globals, cell.global_entry, name) {
            return retain(value);
        }
        let version = get::<u64>(globals, dict::MA_VERSION_TAG) & !dict::WATCHER_AND_MODIFICATION_MASK;
        if version == cell.absent_version && version != 0 {
            if let Some(value) = entry_value(builtins, cell.builtin_entry, name) {
                return retain(value);
            }
        }
        look_up_global(globals, builtins, name, version, cell)
    }
}

/// Looks a name up and remembers where it was.
#[cold]
unsafe fn look_up_global(
    globals: *mut PyObject,
    builtins: *mut PyObject,
    name: *mut PyObject,
    version: u64,
    cell: &mut GlobalCell,
) -> *mut PyObject {
    // SAFETY: exact dicts and a live name; the cell's site is ours alone.
    unsafe {
        cell.misses = cell.misses.saturating_add(1);
        let value = symbols::_PyDict_LoadGlobal(globals, builtins, name);
        if value.is_null() {
            if pyo3_ffi::PyErr_Occurred().is_null() {
                return not_defined(name);
            }
            return value;
        }
        // Looking for the entry is linear: a site that has missed often does so seldom.
        if cell.misses < 4 || cell.misses.is_power_of_two() {
            cell.global_entry = find_entry(globals, name);
        }
        if entry_value(globals, cell.global_entry, name).is_none() {
            if entry_value(builtins, cell.builtin_entry, name) != Some(value) && cell.misses.is_power_of_two() {
                cell.builtin_entry = find_entry(builtins, name);
            }
            // Only if the globals are as they were and really don't have the name.
            let now = get::<u64>(globals, dict::MA_VERSION_TAG) & !dict::WATCHER_AND_MODIFICATION_MASK;
            let is_builtin = entry_value(builtins, cell.builtin_entry, name) == Some(value);
            cell.absent_version = 0;
            if is_builtin && now == version && pyo3_ffi::PyDict_Contains(globals, name) == 0 {
                cell.absent_version = version;
            }
        }
        value
    }
}

/// The value of entry `number` − 1 of an exact dict of strings, if that entry has this very name.
#[inline]
unsafe fn entry_value(namespace: *mut PyObject, number: u64, name: *mut PyObject) -> Option<*mut PyObject> {
    if number == 0 {
        return None;
    }
    // SAFETY: the caller passes an exact dict.
    let keys = unsafe { Dict::new_unchecked(namespace) }.keys();
    if keys.kind() != KeysKind::Unicode {
        return None;
    }
    let (key, value) = keys.entry(number as usize - 1)?;
    (key == name && !value.is_null()).then_some(value)
}

/// The number of the entry that has this very name, plus 1; 0 if there is none.
unsafe fn find_entry(namespace: *mut PyObject, name: *mut PyObject) -> u64 {
    // SAFETY: the caller passes an exact dict.
    let keys = unsafe { Dict::new_unchecked(namespace) }.keys();
    if keys.kind() != KeysKind::Unicode {
        return 0;
    }
    (0..keys.nentries()).find(|&i| keys.entry(i).is_some_and(|(key, _)| key == name)).map_or(0, |i| i as u64 + 1)
}

/// A name in globals or builtins of any type.
unsafe fn global_or_builtin(
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

/// Assigns a global variable.
///
/// # Safety
/// The current frame, live objects, the GIL held.
pub unsafe extern "C" fn store_global(
    frame: *mut _PyInterpreterFrame,
    name: *mut PyObject,
    value: *mut PyObject,
) -> c_int {
    // SAFETY: the caller's contract.
    unsafe { pyo3_ffi::PyDict_SetItem(Frame::new_unchecked(frame).globals(), name, value) }
}

/// Deletes a global variable.
///
/// # Safety
/// As [`store_global`].
pub unsafe extern "C" fn delete_global(frame: *mut _PyInterpreterFrame, name: *mut PyObject) -> c_int {
    // SAFETY: the caller's contract.
    unsafe {
        match pyo3_ffi::PyDict_Pop(Frame::new_unchecked(frame).globals(), name, ptr::null_mut()) {
            0 => {
                not_defined(name);
                -1
            }
            status => status,
        }
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

/// A name in locals, globals or builtins.
///
/// # Safety
/// As [`store_global`].
pub unsafe extern "C" fn load_name(frame: *mut _PyInterpreterFrame, name: *mut PyObject) -> *mut PyObject {
    // SAFETY: the caller's contract.
    to_null(unsafe {
        let frame = Frame::new_unchecked(frame);
        if frame.locals().is_null() {
            raise_no_locals();
            return ptr::null_mut();
        }
        load_name_from([frame.locals(), frame.globals(), frame.builtins()], name)
    })
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
/// As [`store_global`].
pub unsafe extern "C" fn store_name(
    frame: *mut _PyInterpreterFrame,
    name: *mut PyObject,
    value: *mut PyObject,
) -> c_int {
    // SAFETY: the caller's contract.
    unsafe {
        let locals = Frame::new_unchecked(frame).locals();
        if locals.is_null() {
            pyo3_ffi::PyErr_Format(PyExc_SystemError, c"no locals found when storing %R".as_ptr(), name);
            -1
        } else if PyDict_CheckExact(locals) != 0 {
            pyo3_ffi::PyDict_SetItem(locals, name, value)
        } else {
            pyo3_ffi::PyObject_SetItem(locals, name, value)
        }
    }
}

/// Deletes a name in locals.
///
/// # Safety
/// As [`store_global`].
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
/// As [`store_global`].
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
/// As [`store_global`].
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
/// As [`store_global`].
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
