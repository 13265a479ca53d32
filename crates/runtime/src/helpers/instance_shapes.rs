//! How attributes of the instances of a class are found: by what the class has of the name, and by where instances have their own.

use super::shapes::{Kind, Shape, descriptor_slots, fits, loads_generically, look_up, stores_generically};
use crate::native::raw::{get, is_exact};
use crate::region::is_own;
use pyo3_ffi::{PyMemberDescr_Type, PyObject, PyTypeObject};
use std::ffi::CStr;
use whipsnake_cpython::layout::{descriptor, field_of_tuples, member_def, object, tuple, type_object, unicode};
use whipsnake_cpython::live::{InlineValues, TypeObject, managed_dict};

/// How an attribute is found that is not there, as far as that can be told of all instances: as an entry without a class attribute.
pub(super) unsafe fn absent_shape(owner: *mut PyObject, class: TypeObject, name: *mut PyObject) -> Option<Shape> {
    // SAFETY: as in `learn_load`.
    unsafe {
        let (version, found) = look_up(class, name)?;
        let shape = Shape { kind: Kind::NoDict, index: 0, version, check: 0, descriptor: found };
        if !found.is_null() {
            return None;
        }
        if InlineValues::of(owner).is_some_and(|values| values.is_valid()) {
            return match shared_key(class, name) {
                SharedKey::Absent(keys) => Some(Shape { kind: Kind::Keys, check: keys, ..shape }),
                _ => None,
            };
        }
        (!class.has(type_object::MANAGED_DICT) && class.dictoffset() == 0).then_some(shape)
    }
}

pub(super) unsafe fn load_shape(owner: *mut PyObject, class: TypeObject, name: *mut PyObject) -> Option<Shape> {
    // SAFETY: as in `learn_load`.
    unsafe {
        let (version, found) = look_up(class, name)?;
        let shape = Shape { kind: Kind::NoDict, index: 0, version, check: 0, descriptor: found };
        if descriptor_slots(found) == (true, true) {
            return Some(match object_slot(found, class, false) {
                Some(offset) => Shape { kind: Kind::Slot, index: offset, ..shape },
                None => match item_of_tuple(found, class) {
                    Some(offset) => Shape { kind: Kind::Item, index: offset, ..shape },
                    None => Shape { kind: Kind::Data, ..shape },
                },
            });
        }
        instance_part(owner, class, name, shape)
    }
}

/// How loads or stores find an attribute of a class's instances that have their values inside, or no dict.
///
/// # Safety
/// Live objects, the GIL held.
pub(crate) unsafe fn shape_of_instances(class: TypeObject, name: *mut PyObject, stores: bool) -> Option<Shape> {
    // SAFETY: the caller's.
    unsafe {
        let is_general = if stores { stores_generically(class.as_ptr()) } else { loads_generically(class.as_ptr()) };
        if !class.has(type_object::READY) || !is_general {
            return None;
        }
        let (version, found) = look_up(class, name)?;
        let shape = Shape { kind: Kind::NoDict, index: 0, version, check: 0, descriptor: found };
        let (gets, sets) = descriptor_slots(found);
        if sets && (gets || stores) {
            return object_slot(found, class, stores).map(|index| Shape { kind: Kind::Slot, index, ..shape });
        }
        let of_class = !stores && !found.is_null();
        if class.has(type_object::INLINE_VALUES) {
            return match shared_key(class, name) {
                SharedKey::Number(index) => Some(Shape { kind: Kind::Value, index: index as i32, ..shape }),
                SharedKey::Absent(keys) if of_class => Some(Shape { kind: Kind::Keys, check: keys, ..shape }),
                _ => None,
            };
        }
        (of_class && !class.has(type_object::MANAGED_DICT) && class.dictoffset() == 0).then_some(shape)
    }
}

/// The offset of the object that a member descriptor stands for.
unsafe fn object_slot(found: *mut PyObject, class: TypeObject, store: bool) -> Option<i32> {
    // SAFETY: the descriptor is alive; its fields are read only after the type check.
    unsafe {
        if !is_exact(found, &raw mut PyMemberDescr_Type) {
            return None;
        }
        let of: *mut PyTypeObject = get(found, descriptor::D_TYPE);
        let member: *const u8 = get(found, descriptor::D_MEMBER);
        let offset: isize = get(member, member_def::OFFSET);
        let allowed = if store { 0 } else { member_def::READONLY };
        let plain = get::<i32>(member, member_def::TYPE) == member_def::OBJECT_EX
            && get::<i32>(member, member_def::FLAGS) & !allowed == 0
            && pyo3_ffi::PyType_IsSubtype(class.as_ptr(), of) != 0;
        fits(offset).filter(|_| plain)
    }
}

/// The offset of the item that a field of a named tuple stands for.
unsafe fn item_of_tuple(found: *mut PyObject, class: TypeObject) -> Option<i32> {
    // SAFETY: the descriptor is alive; its fields are read only after the type check.
    unsafe {
        if !class.has(type_object::TUPLE_SUBCLASS) || !is_field_of_tuples(get(found, object::OB_TYPE)) {
            return None;
        }
        let index: isize = get(found, field_of_tuples::INDEX);
        fits(index.checked_mul(8)?.checked_add(tuple::OB_ITEM as isize)?).filter(|_| index >= 0)
    }
}

/// Whether a class is `collections._tuplegetter`, of which `namedtuple` makes its fields. It is found by its name, and by its code being the interpreter's own.
unsafe fn is_field_of_tuples(class: *mut PyTypeObject) -> bool {
    // SAFETY: the caller's: a live class, whose name is a C string.
    unsafe {
        (*class).tp_basicsize == field_of_tuples::SIZEOF as isize
            && CStr::from_ptr((*class).tp_name) == c"collections._tuplegetter"
            && is_own(class)
    }
}

/// How the instance's own attributes come in, where the class has no data descriptor of the name.
unsafe fn instance_part(owner: *mut PyObject, class: TypeObject, name: *mut PyObject, shape: Shape) -> Option<Shape> {
    // SAFETY: as in `learn_load`; layouts are read as the class's flags say.
    unsafe {
        if InlineValues::of(owner).is_some_and(|values| values.is_valid()) {
            return match shared_key(class, name) {
                SharedKey::Number(index) => Some(Shape { kind: Kind::Value, index: index as i32, ..shape }),
                SharedKey::Absent(keys) if !shape.descriptor.is_null() => {
                    Some(Shape { kind: Kind::Keys, check: keys, ..shape })
                }
                _ => None,
            };
        }
        if class.has(type_object::MANAGED_DICT) {
            let elsewhere = class.has(type_object::INLINE_VALUES);
            if elsewhere && managed_dict(owner).is_null() {
                return None;
            }
            return Some(Shape {
                kind: Kind::Dict,
                index: object::MANAGED_DICT_OFFSET,
                check: elsewhere.into(),
                ..shape
            });
        }
        match class.dictoffset() {
            0 if shape.descriptor.is_null() => None,
            0 => Some(shape),
            // Negative: counted from the end of an object of variable size.
            offset if offset > 0 => Some(Shape { kind: Kind::Dict, index: fits(offset)?, ..shape }),
            _ => None,
        }
    }
}

/// Where a name is in the keys that the instances of a class share.
pub(crate) enum SharedKey {
    /// It is key number…
    Number(usize),
    /// It is not there, among so many keys. Keys are only ever added.
    Absent(u32),
    /// There are none, or telling would take more.
    Unknown,
}

pub(crate) unsafe fn shared_key(class: TypeObject, name: *mut PyObject) -> SharedKey {
    let Some(keys) = class.cached_keys() else { return SharedKey::Unknown };
    let count = keys.nentries();
    // SAFETY: keys of shared tables are strings.
    let hash = |string: *mut PyObject| unsafe { get::<isize>(string, unicode::HASH) };
    for index in 0..count {
        let Some((key, _)) = keys.entry(index) else { return SharedKey::Unknown };
        if key == name {
            return SharedKey::Number(index);
        }
        // The same text in another object: possible if somebody wrote to `__dict__`.
        if key.is_null() || hash(key) == hash(name) {
            return SharedKey::Unknown;
        }
    }
    SharedKey::Absent(count as u32)
}

pub(super) unsafe fn store_shape(owner: *mut PyObject, class: TypeObject, name: *mut PyObject) -> Option<Shape> {
    // SAFETY: as in `learn_store`.
    unsafe {
        let (version, found) = look_up(class, name)?;
        let shape = Shape { kind: Kind::Data, index: 0, version, check: 0, descriptor: found };
        if descriptor_slots(found).1 {
            return Some(match object_slot(found, class, true) {
                Some(offset) => Shape { kind: Kind::Slot, index: offset, ..shape },
                None => shape,
            });
        }
        let shape = instance_part(owner, class, name, shape)?;
        match shape.kind {
            // With a dict that shares the values, both have to be told.
            Kind::Value if managed_dict(owner).is_null() => Some(shape),
            Kind::Value => Some(Shape { kind: Kind::Dict, index: object::MANAGED_DICT_OFFSET, check: 1, ..shape }),
            Kind::Dict => Some(shape),
            _ => None,
        }
    }
}
