//! Attributes: loads.
//!
//! Loads and stores at sites that the interpreter's specialised instructions don't serve go through a polymorphic inline cache of a few
//! shapes, the site's [`AttributeCell`]: [`shapes`](super::shapes) says what an entry means and when it may be written.
//!
//! Owners and values may be borrowed from local variables, which Python code can assign while it runs: whatever can run such code holds
//! references of its own meanwhile.

use super::class_variables::{self, fixed_version};
use super::exception_pool;
use super::fallback::bind_or_ask;
use super::instance_shapes;
use super::instances::has_plain_class;
use super::named_attributes;
use super::shapes::{self, Kind, Shape};
use super::special::Name;
use crate::native::raw::{get, is_exact, release, release_or_null, retain, retain_or_null};
use pyo3_ffi::{PyObject, PyTypeObject};
use std::ffi::c_int;
use std::ptr;
use whipsnake_cpython::layout::{dict_keys, dict_values, module, object, property, tuple, type_object};
use whipsnake_cpython::live::{Dict, KeysKind, Lookup, TypeObject, symbols};
use whipsnake_ir::abi::{ATTRIBUTE_SHAPES, AttributeCell};

/// What loading an attribute to be called gives: a method and its `self`, or another attribute and null; null and null on error.
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
            None => load_unanswered(owner, name, cell),
        }
    }
}

/// [`load_attr`] where no entry of the cell holds.
///
/// # Safety
/// As [`load_attr`].
#[inline(never)]
pub(super) unsafe fn load_unanswered(
    owner: *mut PyObject,
    name: *mut PyObject,
    cell: *mut AttributeCell,
) -> *mut PyObject {
    // SAFETY: the caller's contract.
    unsafe {
        // Where many classes meet, this one needs no cell.
        if name == Name::Class.object() && has_plain_class(get(owner, object::OB_TYPE)) {
            return retain(get(owner, object::OB_TYPE));
        }
        let has_room = shapes::has_room(cell);
        if !has_room {
            let found = named_attributes::load(owner, name);
            if !found.is_null() {
                return found;
            }
        }
        let found = load_generally::<false>(owner, name);
        // Learning looks the name up again, which user code can notice: after the access, as if it were the next one.
        if !found.attribute.is_null() {
            if has_room {
                shapes::learn_load(owner, name, cell);
            } else {
                named_attributes::learn(owner, name);
            }
        }
        found.attribute
    }
}

/// What a site's cell knows of an attribute of an object.
pub(super) enum Known {
    /// The value, with a reference; null where a descriptor raised.
    Value(*mut PyObject),
    /// The Python function of a property, which gets it; borrowed.
    Getter(*mut PyObject),
    /// No entry holds.
    Nothing,
}

/// What the first entry that holds for the owner says of the attribute.
///
/// # Safety
/// As [`load_attr`].
#[inline]
pub(super) unsafe fn known(owner: *mut PyObject, name: *mut PyObject, cell: *mut AttributeCell) -> Known {
    // SAFETY: the caller's contract; an entry is used only while its version is current.
    unsafe {
        let class: *mut PyTypeObject = get(owner, object::OB_TYPE);
        let version = fixed_version(class);
        if version == 0 {
            return Known::Nothing;
        }
        for index in 0..ATTRIBUTE_SHAPES {
            if (*cell).versions[index] != version {
                continue;
            }
            let shape = Shape::read(cell, index);
            if shape.kind == Kind::Data && is_exact(shape.descriptor, &raw mut pyo3_ffi::PyProperty_Type) {
                let getter: *mut PyObject = get(shape.descriptor, property::PROP_GET);
                if !getter.is_null() && is_exact(getter, &raw mut pyo3_ffi::PyFunction_Type) {
                    return Known::Getter(getter);
                }
            }
            if let Some(found) = load_shape::<false>(owner, class, name, shape) {
                return Known::Value(found.attribute);
            }
        }
        Known::Nothing
    }
}

/// `owner.name`, to be called.
///
/// # Safety
/// As [`load_attr`].
pub unsafe extern "C" fn load_method(owner: *mut PyObject, name: *mut PyObject, cell: *mut AttributeCell) -> Method {
    // SAFETY: the caller's contract.
    unsafe {
        match cached_load::<true>(owner, name, cell) {
            Some(found) => found,
            None => {
                let found = load_generally::<true>(owner, name);
                if !found.attribute.is_null() {
                    shapes::learn_load(owner, name, cell);
                }
                found
            }
        }
    }
}

/// The attribute by the general functions.
unsafe fn load_generally<const METHOD: bool>(owner: *mut PyObject, name: *mut PyObject) -> Method {
    // SAFETY: as `load_attr`.
    unsafe {
        if raised_absent(owner, name) {
            return Method::plain(ptr::null_mut());
        }
        retain(owner);
        let mut attribute = ptr::null_mut();
        if !METHOD {
            attribute = pyo3_ffi::PyObject_GetAttr(owner, name);
        } else if symbols::_PyObject_GetMethod(owner, name, &mut attribute) != 0 {
            return Method { attribute, this: owner };
        }
        release(owner);
        Method::plain(attribute)
    }
}

/// Raises `AttributeError` where it is known that there is no such attribute, and that nobody is to be asked for it: as the general functions do, but without
/// their way from a format to an exception. False if they are to look, and then nothing was done.
unsafe fn raised_absent(owner: *mut PyObject, name: *mut PyObject) -> bool {
    // SAFETY: as `load_attr`; the class attribute is asked for first, and mostly there.
    unsafe {
        let class = TypeObject::of(owner);
        if !class.has(type_object::READY)
            || !is_exact(name, &raw mut pyo3_ffi::PyUnicode_Type)
            || !shapes::loads_generically(class.as_ptr())
            || !symbols::_PyType_Lookup(class.as_ptr(), name).is_null()
        {
            return false;
        }
        instance_shapes::absent_shape(owner, class, name).is_some()
            && exception_pool::raise_attribute_error(owner, name)
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
        let version = fixed_version(class);
        (0..ATTRIBUTE_SHAPES)
            .filter(|&index| version != 0 && (*cell).versions[index] == version)
            .find_map(|index| load_shape::<METHOD>(owner, class, name, Shape::read(cell, index)))
    }
}

/// Loads as an entry says; `None` if it does not hold for this object.
#[inline(always)]
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
            Kind::Item => {
                let count: isize = get(owner, tuple::OB_SIZE);
                let there = ((shape.index - tuple::OB_ITEM) as isize) < 8 * count;
                there.then(|| Method::plain(retain(get(owner, shape.index))))
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
                retain(owner);
                let found = dict_part::<METHOD>(owner, class, name, attributes, shape);
                release(owner);
                found
            }
            Kind::Data => {
                let descriptor_class: *mut PyTypeObject = get(descriptor, object::OB_TYPE);
                let load = (*descriptor_class).tp_descr_get.filter(|_| takes_precedence(descriptor))?;
                Some(Method::plain(bind_or_ask(load, descriptor, owner, name)))
            }
            Kind::Class => {
                // The owner is a class, and `class` its metaclass.
                if fixed_version(owner.cast()) != shape.check {
                    return None;
                }
                let descriptor_class: *mut PyTypeObject = get(descriptor, object::OB_TYPE);
                let Some(load) = (*descriptor_class).tp_descr_get else {
                    return Some(Method::plain(retain(descriptor)));
                };
                retain(owner);
                let value = bind(load, descriptor, ptr::null_mut(), owner.cast());
                release(owner);
                Some(Method::plain(value))
            }
            Kind::Variable => {
                let same = fixed_version(owner.cast()) == shape.check;
                let value = if same { class_variables::find(descriptor.cast(), name) } else { None };
                value.map(|value| Method::plain(retain(value)))
            }
            Kind::Module => {
                let namespace: *mut PyObject = get(owner, module::MD_DICT);
                dict_entry(namespace, shape.index as usize, name).map(|value| Method::plain(retain(value)))
            }
        }
    }
}

/// Loads from an instance's dict, or, if that is null or does not have the name, from its class. The caller holds the instance.
unsafe fn dict_part<const METHOD: bool>(
    owner: *mut PyObject,
    class: *mut PyTypeObject,
    name: *mut PyObject,
    attributes: *mut PyObject,
    shape: Shape,
) -> Option<Method> {
    // SAFETY: as in `load_shape`.
    unsafe {
        let found = if attributes.is_null() { Lookup::Absent } else { Dict::new_unchecked(attributes).find(name) };
        if let Lookup::Found(place) = found {
            return Some(Method::plain(retain(place.read())));
        }
        if let Lookup::Unknown = found {
            let mut value = ptr::null_mut();
            retain(attributes);
            let status = pyo3_ffi::PyDict_GetItemRef(attributes, name, &mut value);
            release(attributes);
            if status != 0 {
                return Some(Method::plain(value));
            }
            if fixed_version(class) != shape.version {
                // A key's comparison changed the class.
                return Some(load_generally::<METHOD>(owner, name));
            }
        }
        class_part::<METHOD>(owner, class, shape.descriptor)
    }
}

/// Whether a class attribute is a data descriptor, which an instance's own attributes don't hide. Asked each time: descriptors
/// written in Python can become one.
#[inline]
pub(super) unsafe fn takes_precedence(descriptor: *mut PyObject) -> bool {
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
        if METHOD && get::<u64>(descriptor_class, type_object::TP_FLAGS) & type_object::METHOD_DESCRIPTOR != 0 {
            return Some(Method { attribute: retain(descriptor), this: retain(owner) });
        }
        Some(Method::plain(match (*descriptor_class).tp_descr_get {
            Some(load) => bind(load, descriptor, owner, class),
            None => retain(descriptor),
        }))
    }
}

/// Asks a descriptor, holding it and the instance.
pub(super) unsafe fn bind(
    load: pyo3_ffi::descrgetfunc,
    descriptor: *mut PyObject,
    owner: *mut PyObject,
    class: *mut PyTypeObject,
) -> *mut PyObject {
    // SAFETY: live objects; `load` is the descriptor's own.
    unsafe {
        retain(descriptor);
        retain_or_null(owner);
        let value = load(descriptor, owner, class.cast());
        release_or_null(owner);
        release(descriptor);
        value
    }
}

/// The value of entry `index` of an exact dict that has only strings as keys, if that entry has this very name.
#[inline]
pub(super) unsafe fn dict_entry(namespace: *mut PyObject, index: usize, name: *mut PyObject) -> Option<*mut PyObject> {
    // SAFETY: the caller passes an exact dict.
    let keys = unsafe { Dict::new_unchecked(namespace) }.keys();
    if keys.kind() != KeysKind::Unicode {
        return None;
    }
    let (key, value) = keys.entry(index)?;
    (key == name && !value.is_null()).then_some(value)
}

/// Where value number `index` is in an instance.
#[inline]
pub(crate) fn value_offset(index: i32) -> i32 {
    object::INLINE_VALUES_OFFSET + dict_values::VALUES + 8 * index
}

/// Whether an instance of a class with inline values still has them.
#[inline]
pub(crate) unsafe fn has_inline_values(owner: *mut PyObject) -> bool {
    // SAFETY: the caller knows that the class has that layout.
    unsafe { get::<u8>(owner, object::INLINE_VALUES_OFFSET + dict_values::VALID) != 0 }
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
        Method { attribute, this: if found != 0 { retain(this) } else { ptr::null_mut() } }
    }
}
