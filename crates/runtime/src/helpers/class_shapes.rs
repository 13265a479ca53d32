//! How attributes of classes and variables of modules are found.

use super::class_variables::{holder, varies};
use super::shapes::{Kind, Shape, descriptor_slots, fits, look_up, version_of};
use crate::native::raw::get;
use pyo3_ffi::{PyObject, PyType_Type, PyTypeObject};
use std::ptr;
use whipsnake_cpython::class_version::fixed;
use whipsnake_cpython::layout::{module, type_object};
use whipsnake_cpython::live::{Dict, KeysKind, TypeObject};

/// For an attribute of a class, found in the class itself or its bases.
pub(super) unsafe fn class_shape(
    owner: *mut PyTypeObject,
    metaclass: TypeObject,
    name: *mut PyObject,
) -> Option<Shape> {
    // SAFETY: as in `learn_load`; `owner` is a type.
    unsafe { class_or_absent_shape(owner, metaclass, name) }.filter(|shape| !shape.descriptor.is_null())
}

/// As [`class_shape`]; where neither the class nor its metaclass has the name, the descriptor is null.
///
/// # Safety
/// Live objects, the GIL held; `owner` is a type.
pub(super) unsafe fn class_or_absent_shape(
    owner: *mut PyTypeObject,
    metaclass: TypeObject,
    name: *mut PyObject,
) -> Option<Shape> {
    // SAFETY: the caller's.
    unsafe {
        let general = PyType_Type.tp_getattro;
        let loads = (*metaclass.as_ptr()).tp_getattro;
        if !loads.zip(general).is_some_and(|(f, g)| ptr::fn_addr_eq(f, g)) {
            return None;
        }
        let (version, in_metaclass) = look_up(metaclass, name)?;
        if let (true, true) = descriptor_slots(in_metaclass) {
            // It comes before what the class has itself.
            return Some(Shape { kind: Kind::Data, index: 0, version, check: 0, descriptor: in_metaclass });
        }
        let class = TypeObject::new(owner)?;
        let varying = version_of(class).filter(|&check| in_metaclass.is_null() && varies(check, name));
        if let Some(check) = varying {
            let descriptor = holder(owner, name)?.cast();
            return Some(Shape { kind: Kind::Variable, index: 0, version, check, descriptor });
        }
        let (check, found) = look_up(class, name)?;
        let usable = in_metaclass.is_null() || !found.is_null() && never_precedes(in_metaclass);
        let stays = usable && fixed(metaclass.version_tag()) == version;
        stays.then_some(Shape { kind: Kind::Class, index: 0, version, check, descriptor: found })
    }
}

/// Whether what a metaclass has under a name, which is no data descriptor now, never comes before what its classes have: a class of Python's may become one.
unsafe fn never_precedes(in_metaclass: *mut PyObject) -> bool {
    // SAFETY: a live object.
    unsafe { TypeObject::of(in_metaclass) }.has(type_object::IMMUTABLETYPE)
}

/// For a variable of a module, where no attribute of modules hides it.
pub(super) unsafe fn module_shape(owner: *mut PyObject, class: TypeObject, name: *mut PyObject) -> Option<Shape> {
    // SAFETY: as in `learn_load`; `owner` is a module.
    unsafe {
        let (version, found) = look_up(class, name)?;
        let index = find_entry(get(owner, module::MD_DICT), name)?;
        let index = fits(index as isize)?;
        found.is_null().then_some(Shape { kind: Kind::Module, index, version, check: 0, descriptor: found })
    }
}

/// The number of the entry that has this very name, in an exact dict that has only strings as keys.
pub(super) unsafe fn find_entry(namespace: *mut PyObject, name: *mut PyObject) -> Option<usize> {
    // SAFETY: the caller passes an exact dict.
    let keys = unsafe { Dict::new_unchecked(namespace) }.keys();
    if keys.kind() != KeysKind::Unicode {
        return None;
    }
    (0..keys.nentries()).find(|&i| keys.entry(i).is_some_and(|(key, _)| key == name))
}
