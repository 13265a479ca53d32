//! Attributes.
//!
//! Loads and stores at sites that the interpreter's specialised instructions don't serve go through a polymorphic inline cache of a few
//! shapes, the site's [`AttributeCell`]: [`shapes`](super::shapes) says what an entry means and when it may be written.

use super::shapes::{self, Kind, Shape};
use crate::native::raw::{get, release, release_or_null, retain, set};
use pyo3_ffi::{PyObject, PyTypeObject};
use std::ffi::c_int;
use std::ptr;
use whipsnake_cpython::layout::{dict_keys, dict_values, object, type_object};
use whipsnake_cpython::live::symbols;
use whipsnake_ir::abi::{ATTRIBUTE_SHAPES, AttributeCell};

/// What loading an attribute to be called gives: a method and its `self` (which has no reference of its own), or another
/// attribute and null; null and null on error.
#[repr(C)]
pub struct Method {
    attribute: *mut PyObject,
    this: *mut PyObject,
}

impl Method {
    fn plain(attribute: *mut PyObject) -> Method {
        Method { attribute, this: ptr::null_mut() }
    }
}

/// `owner.name`.
///
/// # Safety
/// Called by machine code: live objects, the site's own cell, the GIL held.
pub unsafe extern "C" fn load_attr(
    owner: *mut PyObject,
    name: *mut PyObject,
    cell: *mut AttributeCell,
) -> *mut PyObject {
    // SAFETY: the caller's contract.
    unsafe {
        match cached_load::<false>(owner, name, cell) {
            Some(found) => found.attribute,
            None => {
                shapes::learn_load(owner, name, cell);
                pyo3_ffi::PyObject_GetAttr(owner, name)
            }
        }
    }
}

/// `owner.name`, to be called.
///
/// # Safety
/// As [`load_attr`].
pub unsafe extern "C" fn load_method(owner: *mut PyObject, name: *mut PyObject, cell: *mut AttributeCell) -> Method {
    // SAFETY: the caller's contract.
    unsafe {
        if let Some(found) = cached_load::<true>(owner, name, cell) {
            return found;
        }
        shapes::learn_load(owner, name, cell);
        let mut attribute = ptr::null_mut();
        let is_method = symbols::_PyObject_GetMethod(owner, name, &mut attribute) != 0;
        Method { attribute, this: if is_method { owner } else { ptr::null_mut() } }
    }
}

/// `owner.name = value`.
///
/// # Safety
/// As [`load_attr`].
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
        pyo3_ffi::PyObject_SetAttr(owner, name, value)
    }
}

/// The answer of the first entry for this type that holds for this object.
#[inline]
unsafe fn cached_load<const METHOD: bool>(
    owner: *mut PyObject,
    name: *mut PyObject,
    cell: *mut AttributeCell,
) -> Option<Method> {
    // SAFETY: the caller's contract; an entry is used only while its version is current.
    unsafe {
        let class: *mut PyTypeObject = get(owner, object::OB_TYPE);
        let version: u32 = get(class, type_object::TP_VERSION_TAG);
        (0..ATTRIBUTE_SHAPES)
            .filter(|&index| version != 0 && (*cell).versions[index] == version)
            .find_map(|index| load_shape::<METHOD>(owner, class, name, Shape::read(cell, index)))
    }
}

/// Loads as an entry says; `None` if it does not hold for this object.
#[inline]
unsafe fn load_shape<const METHOD: bool>(
    owner: *mut PyObject,
    class: *mut PyTypeObject,
    name: *mut PyObject,
    shape: Shape,
) -> Option<Method> {
    let descriptor = shape.descriptor;
    // SAFETY: the entry's version is current, so it describes the class of `owner`, and `descriptor` is alive while nothing else runs.
    unsafe {
        match shape.kind {
            Kind::Value => {
                if !has_inline_values(owner) || takes_precedence(descriptor) {
                    return None;
                }
                let value: *mut PyObject = get(owner, value_offset(shape.index));
                if value.is_null() {
                    return class_part::<METHOD>(owner, class, descriptor);
                }
                Some(Method::plain(retain(value)))
            }
            Kind::Slot => {
                let value: *mut PyObject = get(owner, shape.index);
                (!value.is_null()).then(|| Method::plain(retain(value)))
            }
            Kind::Keys => {
                let keys: *mut u8 = get(class, type_object::HT_CACHED_KEYS);
                let holds = has_inline_values(owner) && get::<u32>(keys, dict_keys::DK_NENTRIES) == shape.check;
                if holds { class_part::<METHOD>(owner, class, descriptor) } else { None }
            }
            Kind::NoDict => class_part::<METHOD>(owner, class, descriptor),
            Kind::Dict => {
                let attributes: *mut PyObject = get(owner, shape.index);
                if (shape.check != 0 && attributes.is_null()) || takes_precedence(descriptor) {
                    return None;
                }
                if !attributes.is_null() {
                    let mut value = ptr::null_mut();
                    retain(attributes);
                    let status = pyo3_ffi::PyDict_GetItemRef(attributes, name, &mut value);
                    release(attributes);
                    if status != 0 {
                        return Some(Method::plain(value));
                    }
                    if get::<u32>(class, type_object::TP_VERSION_TAG) != shape.version {
                        // A key's comparison changed the class.
                        return None;
                    }
                }
                class_part::<METHOD>(owner, class, descriptor)
            }
            Kind::Data => {
                let descriptor_class: *mut PyTypeObject = get(descriptor, object::OB_TYPE);
                let load = (*descriptor_class).tp_descr_get.filter(|_| takes_precedence(descriptor))?;
                retain(descriptor);
                let value = load(descriptor, owner, class.cast());
                release(descriptor);
                Some(Method::plain(value))
            }
            Kind::Class => {
                // The owner is a class, and `class` its metaclass.
                if get::<u32>(owner, type_object::TP_VERSION_TAG) != shape.check {
                    return None;
                }
                let descriptor_class: *mut PyTypeObject = get(descriptor, object::OB_TYPE);
                let Some(load) = (*descriptor_class).tp_descr_get else {
                    return Some(Method::plain(retain(descriptor)));
                };
                retain(descriptor);
                let value = load(descriptor, ptr::null_mut(), owner);
                release(descriptor);
                Some(Method::plain(value))
            }
        }
    }
}

/// Whether a class attribute is a data descriptor, which an instance's own attributes don't hide. Asked each time: descriptors
/// written in Python can become one.
#[inline]
unsafe fn takes_precedence(descriptor: *mut PyObject) -> bool {
    // SAFETY: null or alive.
    unsafe {
        if descriptor.is_null() {
            return false;
        }
        let class: *mut PyTypeObject = get(descriptor, object::OB_TYPE);
        (*class).tp_descr_set.is_some() && (*class).tp_descr_get.is_some()
    }
}

/// The class attribute for an instance that has none of its own; `None` if there is no class attribute either.
#[inline]
unsafe fn class_part<const METHOD: bool>(
    owner: *mut PyObject,
    class: *mut PyTypeObject,
    descriptor: *mut PyObject,
) -> Option<Method> {
    // SAFETY: as in `load_shape`.
    unsafe {
        if descriptor.is_null() {
            return None;
        }
        let descriptor_class: *mut PyTypeObject = get(descriptor, object::OB_TYPE);
        retain(descriptor);
        if METHOD && get::<u64>(descriptor_class, type_object::TP_FLAGS) & type_object::METHOD_DESCRIPTOR != 0 {
            return Some(Method { attribute: descriptor, this: owner });
        }
        let Some(load) = (*descriptor_class).tp_descr_get else {
            return Some(Method::plain(descriptor));
        };
        let value = load(descriptor, owner, class.cast());
        release(descriptor);
        Some(Method::plain(value))
    }
}

#[inline]
fn value_offset(index: i32) -> i32 {
    object::INLINE_VALUES_OFFSET + dict_values::VALUES + 8 * index
}

/// Whether an instance of a class with inline values still has them.
#[inline]
unsafe fn has_inline_values(owner: *mut PyObject) -> bool {
    // SAFETY: the caller knows that the class has that layout.
    unsafe { get::<u8>(owner, object::INLINE_VALUES_OFFSET + dict_values::VALID) != 0 }
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
        let class: *mut PyTypeObject = get(owner, object::OB_TYPE);
        let version: u32 = get(class, type_object::TP_VERSION_TAG);
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
                retain(shape.descriptor);
                let status = store(shape.descriptor, owner, value);
                release(shape.descriptor);
                Some(status)
            }
            Kind::Keys | Kind::NoDict | Kind::Class => None,
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

/// `function(class, this).name`, or `function().name` where `arguments` is 0.
///
/// # Safety
/// Live objects, the GIL held.
pub unsafe extern "C" fn load_super_attr(
    function: *mut PyObject,
    class: *mut PyObject,
    this: *mut PyObject,
    name: *mut PyObject,
    arguments: c_int,
) -> *mut PyObject {
    // SAFETY: the caller's contract.
    unsafe {
        let stack = [class, this];
        let proxy = pyo3_ffi::PyObject_Vectorcall(function, stack.as_ptr(), arguments as usize, ptr::null_mut());
        if proxy.is_null() {
            return proxy;
        }
        let attribute = pyo3_ffi::PyObject_GetAttr(proxy, name);
        release(proxy);
        attribute
    }
}

/// `super(class, this).name`.
///
/// # Safety
/// Live objects, `class` a type; the GIL held.
pub unsafe extern "C" fn super_attr(class: *mut PyObject, this: *mut PyObject, name: *mut PyObject) -> *mut PyObject {
    // SAFETY: the caller's contract.
    unsafe { symbols::_PySuper_Lookup(class.cast(), this, name, ptr::null_mut()) }
}

/// `super(class, this).name`, to be called.
///
/// # Safety
/// As [`super_attr`].
pub unsafe extern "C" fn super_method(class: *mut PyObject, this: *mut PyObject, name: *mut PyObject) -> Method {
    // SAFETY: the caller's contract.
    unsafe {
        let owner: *mut PyTypeObject = get(this, object::OB_TYPE);
        let mut found = 0;
        let generic = shapes::loads_generically(owner);
        let asked = if generic { &raw mut found } else { ptr::null_mut() };
        let attribute = symbols::_PySuper_Lookup(class.cast(), this, name, asked);
        Method { attribute, this: if found != 0 { this } else { ptr::null_mut() } }
    }
}
