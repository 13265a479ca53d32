//! Attributes: stores.

use super::attention::Before;
use super::attributes::{has_inline_values, value_offset};
use super::class_variables::{self, fixed_version};
use super::shapes::{self, Kind, Shape};
use crate::native::raw::{get, release, release_or_null, retain, set};
use pyo3_ffi::{PyObject, PyTypeObject};
use std::ffi::c_int;
use std::ptr;
use std::sync::OnceLock;
use whipsnake_cpython::layout::{dict, dict_values, gc_head, interpreter_state, object, type_object};
use whipsnake_cpython::live::{TypeObject, symbols};
use whipsnake_cpython::opcode;
use whipsnake_ir::abi::{ATTRIBUTE_SHAPES, AttributeCell};

/// `owner.name = value`.
///
/// # Safety
/// Called by machine code: live objects, the site's own cell, the GIL held.
pub unsafe extern "C" fn store_attr(
    owner: *mut PyObject,
    name: *mut PyObject,
    value: *mut PyObject,
    cell: *mut AttributeCell,
) -> c_int {
    // SAFETY: the caller's contract.
    unsafe {
        if let Some(status) = cached_store(owner, name, value, cell) {
            return status;
        }
        shapes::learn_store(owner, name, cell);
        retain(owner);
        retain(value);
        let before = Before::now();
        let status = class_variables::store(owner, name, value)
            .unwrap_or_else(|| pyo3_ffi::PyObject_SetAttr(owner, name, value));
        release(value);
        release(owner);
        before.status(opcode::STORE_ATTR, status)
    }
}

/// `del owner.name`.
///
/// # Safety
/// Called by machine code: live objects, the GIL held.
pub unsafe extern "C" fn delete_attr(owner: *mut PyObject, name: *mut PyObject) -> c_int {
    // SAFETY: the caller's contract.
    unsafe {
        let before = Before::now();
        let status = match delete_value(owner, name) {
            Some(old) => {
                release(old);
                0
            }
            None => pyo3_ffi::PyObject_DelAttr(owner, name),
        };
        before.status(opcode::DELETE_ATTR, status)
    }
}

/// Takes a value out of an instance that has its values inside, where nothing but the instance has a say: the value, a reference that is now the caller's.
unsafe fn delete_value(owner: *mut PyObject, name: *mut PyObject) -> Option<*mut PyObject> {
    const VALUES: i32 = object::INLINE_VALUES_OFFSET;
    // SAFETY: the caller's: live objects. A value's index is one of the class's shared keys, and in the order as long as it is set.
    unsafe {
        let class = TypeObject::of(owner);
        let general = pyo3_ffi::PyObject_GenericSetAttr as pyo3_ffi::setattrofunc;
        let deletes = (*class.as_ptr()).tp_setattro.is_some_and(|own| ptr::fn_addr_eq(own, general));
        if !deletes
            || !class.has(type_object::INLINE_VALUES)
            || !get::<*mut PyObject>(owner, object::MANAGED_DICT_OFFSET).is_null()
            || !has_inline_values(owner)
        {
            return None;
        }
        let index = class.cached_keys()?.place_of(name)?;
        let in_class = symbols::_PyType_Lookup(class.as_ptr(), name);
        if !in_class.is_null() && (*get::<*mut PyTypeObject>(in_class, object::OB_TYPE)).tp_descr_set.is_some() {
            return None;
        }
        let old: *mut PyObject = get(owner, value_offset(index as i32));
        if old.is_null() {
            return None;
        }
        let capacity: u8 = get(owner, VALUES + dict_values::CAPACITY);
        let size: u8 = get(owner, VALUES + dict_values::SIZE);
        let order = owner.byte_offset(value_offset(capacity.into()) as isize).cast::<u8>();
        let order = std::slice::from_raw_parts_mut(order, size.into());
        let place = order.iter().position(|&set| usize::from(set) == index)?;
        order.copy_within(place + 1.., place);
        set(owner, VALUES + dict_values::SIZE, size - 1);
        set(owner, value_offset(index as i32), ptr::null_mut::<PyObject>());
        Some(old)
    }
}

/// Stores as the first entry says that holds for this object; its status.
#[inline]
unsafe fn cached_store(
    owner: *mut PyObject,
    name: *mut PyObject,
    value: *mut PyObject,
    cell: *mut AttributeCell,
) -> Option<c_int> {
    // SAFETY: as in `cached_load`.
    unsafe {
        let version = fixed_version(get(owner, object::OB_TYPE));
        (0..ATTRIBUTE_SHAPES)
            .filter(|&index| version != 0 && (*cell).versions[index] == version)
            .find_map(|index| store_shape(owner, name, value, Shape::read(cell, index)))
    }
}

/// Stores as an entry says; `None` if it does not hold for this object.
#[inline]
unsafe fn store_shape(owner: *mut PyObject, name: *mut PyObject, value: *mut PyObject, shape: Shape) -> Option<c_int> {
    // SAFETY: as in `load_shape`.
    unsafe {
        let setter = if shape.descriptor.is_null() {
            None
        } else {
            let class: *mut PyTypeObject = get(shape.descriptor, object::OB_TYPE);
            (*class).tp_descr_set
        };
        match shape.kind {
            Kind::Value => {
                let attributes: *mut PyObject = get(owner, object::MANAGED_DICT_OFFSET);
                if setter.is_some() || !attributes.is_null() || !has_inline_values(owner) {
                    return None;
                }
                store_value(owner, shape.index, value);
                Some(0)
            }
            Kind::Slot => {
                let old: *mut PyObject = get(owner, shape.index);
                set(owner, shape.index, retain(value));
                release_or_null(old);
                Some(0)
            }
            Kind::Dict => {
                let attributes: *mut PyObject = get(owner, shape.index);
                if setter.is_some() || attributes.is_null() {
                    return None;
                }
                Some(store_dict_attr(attributes, name, value))
            }
            Kind::Data => {
                let store = setter?;
                let held = [shape.descriptor, owner, value];
                for object in held {
                    retain(object);
                }
                let status = store(shape.descriptor, owner, value);
                for object in held {
                    release(object);
                }
                Some(status)
            }
            Kind::Keys | Kind::NoDict | Kind::Class | Kind::Variable | Kind::Module | Kind::Item => None,
        }
    }
}

/// Sets an instance's value that is inside it, and keeps the order in which its values were set.
unsafe fn store_value(owner: *mut PyObject, index: i32, value: *mut PyObject) {
    const VALUES: i32 = object::INLINE_VALUES_OFFSET;
    // SAFETY: the instance has its values inside and `index` is one of its class's shared keys, so there is room.
    unsafe {
        let old: *mut PyObject = get(owner, value_offset(index));
        set(owner, value_offset(index), retain(value));
        if old.is_null() {
            let capacity: u8 = get(owner, VALUES + dict_values::CAPACITY);
            let size: u8 = get(owner, VALUES + dict_values::SIZE);
            set(owner, value_offset(capacity.into()) + i32::from(size), index as u8);
            set(owner, VALUES + dict_values::SIZE, size + 1);
        } else {
            release(old);
        }
    }
}

/// `dict[name] = value` for the dict of an instance.
///
/// # Safety
/// Live objects, a dict; the GIL held.
pub unsafe extern "C" fn store_dict_attr(dict: *mut PyObject, name: *mut PyObject, value: *mut PyObject) -> c_int {
    // SAFETY: the caller's contract; the dict may lose its last other reference meanwhile.
    unsafe {
        retain(dict);
        let status = pyo3_ffi::PyDict_SetItem(dict, name, value);
        release(dict);
        status
    }
}

/// Replaces the value at `place` in the table of an instance's dict, which has `name` as its key.
///
/// # Safety
/// Live objects, an exact dict with that entry, the GIL held.
pub unsafe extern "C" fn replace_dict_value(
    dict: *mut PyObject,
    place: *mut *mut PyObject,
    name: *mut PyObject,
    value: *mut PyObject,
) -> c_int {
    // SAFETY: the caller's contract. The old value goes last: it may take the dict along.
    unsafe {
        match exchange_dict_value(dict, place, value) {
            Some(old) => release(old),
            None => return store_dict_attr(dict, name, value),
        }
        0
    }
}

/// Replaces the value at `place` in the table of a dict: the old one, a reference that is now the caller's. Nothing is done where watchers are to be told, or the
/// collector may have to learn of the dict.
///
/// # Safety
/// Live objects, a dict with that entry, the GIL held.
pub(super) unsafe fn exchange_dict_value(
    dict: *mut PyObject,
    place: *mut *mut PyObject,
    value: *mut PyObject,
) -> Option<*mut PyObject> {
    // SAFETY: the caller's contract.
    unsafe {
        let tag: u64 = get(dict, dict::MA_VERSION_TAG);
        let is_tracked = get::<usize>(dict, gc_head::GC_NEXT - gc_head::SIZEOF) != 0;
        let class: *mut PyTypeObject = get(value, object::OB_TYPE);
        let is_simple = get::<u64>(class, type_object::TP_FLAGS) & type_object::HAVE_GC == 0;
        let version = dict_version().filter(|_| (is_tracked || is_simple) && tag & dict::WATCHER_MASK == 0)?;
        *version = (*version).wrapping_add(dict::VERSION_INCREMENT);
        set(dict, dict::MA_VERSION_TAG, *version | tag & dict::WATCHER_AND_MODIFICATION_MASK);
        Some(place.replace(retain(value)))
    }
}

/// The interpreter's counter of modifications to dicts. It is in a part of the interpreter's state that may move between patch versions,
/// so what is there is compared with the version of a dict that was just modified.
pub(super) unsafe fn dict_version() -> Option<*mut u64> {
    static PLACE: OnceLock<Option<usize>> = OnceLock::new();
    // SAFETY: the GIL is held; the state is larger than the offset.
    let find = || unsafe {
        let probe = pyo3_ffi::PyDict_New();
        if probe.is_null() {
            pyo3_ffi::PyErr_Clear();
            return None;
        }
        let place = pyo3_ffi::PyInterpreterState_Get()
            .byte_offset(interpreter_state::DICT_GLOBAL_VERSION as isize)
            .cast::<u64>();
        let mut same = true;
        for value in [pyo3_ffi::Py_None(), pyo3_ffi::Py_True(), pyo3_ffi::Py_None()] {
            same &= pyo3_ffi::PyDict_SetItem(probe, pyo3_ffi::Py_None(), value) == 0;
            let tag: u64 = get(probe, dict::MA_VERSION_TAG);
            same &= *place == tag & !dict::WATCHER_AND_MODIFICATION_MASK;
        }
        release(probe);
        same.then_some(place as usize)
    };
    PLACE.get_or_init(find).map(|place| place as *mut u64)
}
