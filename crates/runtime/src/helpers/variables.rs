//! Global variables and built-ins.

use super::attribute_stores::exchange_dict_value;
use super::attributes::dict_entry;
use super::names::{global_or_builtin, not_defined, to_null};
use crate::native::raw::{get, is_exact, release, retain};
use crate::tier::jit;
use pyo3_ffi::{PyDict_Type, PyObject};
use std::ffi::c_int;
use std::ptr;
use whipsnake_cpython::layout::{dict, dict_keys};
use whipsnake_cpython::live::{_PyInterpreterFrame, Dict, Frame, KeysKind, symbols};
use whipsnake_ir::abi::GlobalCell;

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
        if version == cell.absent_version
            && version != 0
            && let Some(value) = entry_value(builtins, cell.builtin_entry, name)
        {
            return retain(value);
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
        // A site that has missed often looks for the entry seldom.
        if cell.misses < 4 || cell.misses.is_power_of_two() {
            if let Some(jit) = jit() {
                jit.namespaces.borrow_mut().give_back(globals, builtins);
            }
            cell.global_entry = entry_number(globals, name);
        }
        if entry_value(globals, cell.global_entry, name).is_none() {
            if entry_value(builtins, cell.builtin_entry, name) != Some(value) && cell.misses.is_power_of_two() {
                cell.builtin_entry = entry_number(builtins, name);
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

/// The value of the entry that a cell remembers, if it still has this very name.
#[inline]
unsafe fn entry_value(namespace: *mut PyObject, number: u64, name: *mut PyObject) -> Option<*mut PyObject> {
    // SAFETY: the caller passes an exact dict.
    if number == 0 { None } else { unsafe { dict_entry(namespace, number as usize - 1, name) } }
}

/// What a cell remembers of where a name is.
unsafe fn entry_number(namespace: *mut PyObject, name: *mut PyObject) -> u64 {
    // SAFETY: the caller passes an exact dict.
    let keys = unsafe { Dict::new_unchecked(namespace) }.keys();
    let found = (keys.kind() == KeysKind::Unicode).then(|| keys.place_of(name)).flatten();
    found.map_or(0, |index| index as u64 + 1)
}

/// Assigns a global variable.
///
/// # Safety
/// The current frame, live objects, the site's own cell, the GIL held.
pub unsafe extern "C" fn store_global(
    frame: *mut _PyInterpreterFrame,
    name: *mut PyObject,
    value: *mut PyObject,
    cell: *mut GlobalCell,
) -> c_int {
    // SAFETY: the caller's contract.
    unsafe { store_variable(Frame::new_unchecked(frame).globals(), name, value, &mut *cell) }
}

/// `namespace[name] = value`, where the cell remembers the entry of the name, if that is there already.
#[inline]
pub(super) unsafe fn store_variable(
    namespace: *mut PyObject,
    name: *mut PyObject,
    value: *mut PyObject,
    cell: &mut GlobalCell,
) -> c_int {
    // SAFETY: the caller passes live objects, a dict or an instance of a subclass of it; values that are not split off lie behind their keys.
    unsafe {
        if is_exact(namespace, &raw mut PyDict_Type)
            && let Some(place) = entry_place(namespace, cell.global_entry, name)
            && let Some(old) = exchange_dict_value(namespace, place, value)
        {
            release(old);
            return 0;
        }
        cell.misses = cell.misses.saturating_add(1);
        let status = pyo3_ffi::PyDict_SetItem(namespace, name, value);
        if status == 0
            && (cell.misses < 4 || cell.misses.is_power_of_two())
            && is_exact(namespace, &raw mut PyDict_Type)
        {
            cell.global_entry = entry_number(namespace, name);
        }
        status
    }
}

/// Where the value is of the entry that a cell remembers, if it still has this very name and a value.
#[inline]
unsafe fn entry_place(namespace: *mut PyObject, number: u64, name: *mut PyObject) -> Option<*mut *mut PyObject> {
    // SAFETY: the caller passes an exact dict; an entry that has a value is that of a key and its value.
    unsafe {
        entry_value(namespace, number, name)?;
        let entries = Dict::new_unchecked(namespace).keys().entries();
        let offset =
            (number as usize - 1) * dict_keys::UNICODE_ENTRY_SIZE as usize + dict_keys::UNICODE_ENTRY_VALUE as usize;
        Some(entries.add(offset).cast())
    }
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
