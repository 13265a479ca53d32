//! Which Python function C code calls for an attribute of an instance: that of a descriptor, or the class's `__getattr__`.

use crate::helpers::attributes::{has_inline_values, value_offset};
use crate::helpers::class_variables::fixed_version;
use crate::helpers::instance_shapes::{SharedKey, shared_key};
use crate::helpers::shapes;
use crate::helpers::{fallback, special};
use crate::native::raw::{get, is_exact};
use pyo3_ffi::{PyObject, PyTypeObject};
use std::ffi::CStr;
use whipsnake_cpython::layout::{object, property, type_object};
use whipsnake_cpython::live::{Dict, TypeObject, symbols};
use whipsnake_optimizer::{Asked, Own};

/// Such a function.
pub(super) struct Found {
    pub function: *mut PyObject,
    pub asked: Asked,
    pub own: Own,
}

/// What is called for the load of an attribute that instances of the class have under a name. The class has a version then, if it can have one.
///
/// # Safety
/// Live objects, the GIL held.
pub(super) unsafe fn load(class: *mut PyTypeObject, name: *mut PyObject) -> Option<Found> {
    // SAFETY: the caller's; the method caches of types run nobody's code.
    unsafe {
        let found = symbols::_PyType_Lookup(class, name);
        let generic = shapes::loads_generically(class);
        if found.is_null() && !generic && fallback::comes_last(class) {
            let function = look_up(class, c"__getattr__")?;
            return Some(Found { function, asked: Asked::Class { name: name as u64 }, own: own(class, name)? });
        }
        if !generic && !fallback::comes_last(class) && special::look_up_text(class, c"__getattr__").is_none() {
            let function = look_up(class, c"__getattribute__").filter(|_| is_of_program(class))?;
            return Some(Found { function, asked: Asked::Class { name: name as u64 }, own: Own::None });
        }
        // Where a descriptor raises `AttributeError`, `__getattr__` is asked.
        if found.is_null() || !generic {
            return None;
        }
        if is_exact(found, &raw mut pyo3_ffi::PyProperty_Type) {
            return of_property(found, property::PROP_GET);
        }
        let kind: *mut PyTypeObject = get(found, object::OB_TYPE);
        let function = look_up(kind, c"__get__").filter(|_| (*kind).tp_descr_get.is_some())?;
        // What can be set comes first.
        let own = if (*kind).tp_descr_set.is_some() { Own::None } else { own(class, name)? };
        Some(Found { function, asked: descriptor(found, kind)?, own })
    }
}

/// The same for the store of an attribute.
///
/// # Safety
/// As [`load`].
pub(super) unsafe fn store(class: *mut PyTypeObject, name: *mut PyObject) -> Option<Found> {
    // SAFETY: as in `load`.
    unsafe {
        let found = symbols::_PyType_Lookup(class, name);
        if !shapes::stores_generically(class) {
            let function = look_up(class, c"__setattr__").filter(|_| is_of_program(class))?;
            return Some(Found { function, asked: Asked::Class { name: name as u64 }, own: Own::None });
        }
        if found.is_null() {
            return None;
        }
        if is_exact(found, &raw mut pyo3_ffi::PyProperty_Type) {
            return of_property(found, property::PROP_SET);
        }
        let kind: *mut PyTypeObject = get(found, object::OB_TYPE);
        let function = look_up(kind, c"__set__").filter(|_| (*kind).tp_descr_set.is_some())?;
        Some(Found { function, asked: descriptor(found, kind)?, own: Own::None })
    }
}

unsafe fn of_property(found: *mut PyObject, place: i32) -> Option<Found> {
    // SAFETY: a property.
    let function: *mut PyObject = unsafe { get(found, place) };
    let asked = Asked::Property { address: found as u64, place };
    (!function.is_null()).then_some(Found { function, asked, own: Own::None })
}

unsafe fn descriptor(found: *mut PyObject, kind: *mut PyTypeObject) -> Option<Asked> {
    // SAFETY: live objects.
    let (of_program, version) = unsafe { (is_of_program(kind), fixed_version(kind)) };
    (of_program && version != 0).then_some(Asked::Descriptor { address: found as u64, version })
}

/// Whether what a class has in Python for something special is what C code calls.
unsafe fn is_of_program(class: *mut PyTypeObject) -> bool {
    // SAFETY: a live class.
    unsafe { get::<u64>(class, type_object::TP_FLAGS) & type_object::HEAPTYPE != 0 }
}

/// What tells that an instance has no attribute of a name itself; `None` where that takes a search.
unsafe fn own(class: *mut PyTypeObject, name: *mut PyObject) -> Option<Own> {
    // SAFETY: live objects.
    unsafe {
        let of = TypeObject::new(class)?;
        if of.has(type_object::INLINE_VALUES) {
            return match shared_key(of, name) {
                SharedKey::Number(index) => Some(Own::Unset(value_offset(index as i32))),
                SharedKey::Absent(count) => Some(Own::KeyCount(count)),
                SharedKey::Unknown => None,
            };
        }
        let in_dict = |offset| Own::Dict { offset, name: name as u64, keys: None };
        match of.dictoffset() {
            _ if of.has(type_object::MANAGED_DICT) => Some(in_dict(object::MANAGED_DICT_OFFSET)),
            0 => Some(Own::None),
            // Negative: counted from the end of an object of variable size.
            offset if offset > 0 => Some(in_dict(i32::try_from(offset).ok()?)),
            _ => None,
        }
    }
}

/// Whether an object, if it is of that class, has such an attribute itself.
///
/// # Safety
/// Live objects; `own` is what [`load`] says of the class.
pub(super) unsafe fn has_own(object: *mut PyObject, class: *mut PyTypeObject, own: Own) -> bool {
    // SAFETY: the caller's: instances of the class have their values there, if they are inside.
    unsafe {
        match own {
            _ if get::<*mut PyTypeObject>(object, object::OB_TYPE) != class => false,
            Own::Unset(offset) => !has_inline_values(object) || !get::<*mut PyObject>(object, offset).is_null(),
            Own::KeyCount(_) | Own::KeysVersion(_) => !has_inline_values(object),
            Own::Dict { offset, name, .. } => {
                let dict: *mut PyObject = get(object, offset);
                !dict.is_null() && !Dict::new_unchecked(dict).keys().lacks(name as *mut PyObject)
            }
            Own::None => false,
        }
    }
}

/// What a class has under a name, if that is a Python function. The class has a version then, if it can have one.
unsafe fn look_up(class: *mut PyTypeObject, name: &CStr) -> Option<*mut PyObject> {
    // SAFETY: the caller's.
    unsafe { special::look_up_text(class, name).filter(|&found| is_exact(found, &raw mut pyo3_ffi::PyFunction_Type)) }
}
