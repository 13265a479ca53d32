//! `getattr` and `hasattr`, and the loads of sites that meet too many classes for their cells: one table for the whole program, by the class's version and the
//! name's text.
//!
//! The interpreter's own cache of methods has only names that are the very string which the class has. `"visit_" + name` is a new one each time, for which it
//! goes through all bases; and a name that is not there, as most are that are asked for in this way, raises an exception inside. Here is what the classes' answer was, as
//! long as their version stays: what an entry says is what that of a site's cell does ([`shapes`]), but that it can also say that there is none.
//!
//! Attributes of classes (`getattr(kind, "__repr__")`) are in the same table, by the version of the class that is the owner.

use super::attributes::{bind, has_inline_values, takes_precedence, value_offset};
use super::class_shapes;
use super::class_variables::fixed_version;
use super::exception_pool;
use super::fallback::{self, bind_or_ask, binds_quietly};
use super::instance_shapes;
use super::shapes::{self, Kind, Shape};
use super::text::ascii;
use crate::native::raw::{get, is_exact, release, retain};
use pyo3_ffi::{PyObject, PyTypeObject};
use std::cell::UnsafeCell;
use std::ptr;
use whipsnake_cpython::layout::{dict_keys, object, type_object, unicode};
use whipsnake_cpython::live::{Dict, Lookup, TypeObject};

const ENTRIES: usize = 4096;

/// Entries that a place of the table may have in its life, and attempts at one.
const MAX_FILLS: u32 = 64;

/// What is known of a name and a class.
#[derive(Clone, Copy)]
struct Entry {
    /// An interned string, to which it has a reference; NULL in an empty entry.
    name: *mut PyObject,
    fills: u32,
    shape: Shape,
}

#[repr(transparent)]
struct Table(UnsafeCell<[Entry; ENTRIES]>);

// SAFETY: only touched with the GIL held.
unsafe impl Sync for Table {}

static TABLE: Table = Table(UnsafeCell::new(
    [Entry {
        name: ptr::null_mut(),
        fills: 0,
        shape: Shape { kind: Kind::NoDict, index: 0, version: 0, check: 0, descriptor: ptr::null_mut() },
    }; ENTRIES],
));

/// What an entry says of an object.
enum Found {
    /// A new reference.
    Value(*mut PyObject),
    /// A descriptor that comes before what the instance has tells, borrowed.
    Descriptor(*mut PyObject),
    /// It has no such attribute.
    Absent,
    /// The interpreter has to tell.
    Unknown,
}

/// The place for a name, which is an exact string, and the instances of a class that has a version.
unsafe fn place(name: *mut PyObject, version: u32) -> *mut Entry {
    // SAFETY: the caller's; the hash of an exact string runs no code.
    unsafe {
        let mut hash: isize = get(name, unicode::HASH);
        if hash == -1 {
            hash = pyo3_ffi::PyObject_Hash(name);
        }
        let spread = (hash as usize).wrapping_add((version as usize).wrapping_mul(0x9E37_79B1));
        TABLE.0.get().cast::<Entry>().add((spread ^ spread >> 16) % ENTRIES)
    }
}

/// Whether two exact strings are known to be equal.
unsafe fn is_same_text(one: *mut PyObject, other: *mut PyObject) -> bool {
    // SAFETY: the caller's.
    unsafe { one == other || matches!((ascii(one), ascii(other)), (Some(one), Some(other)) if one == other) }
}

/// What the table knows.
#[inline]
unsafe fn find(owner: *mut PyObject, name: *mut PyObject) -> Found {
    // SAFETY: the caller's: live objects, the GIL held; an entry is used only while its version is current. No code runs.
    unsafe {
        let class: *mut PyTypeObject = get(owner, object::OB_TYPE);
        if is_class(owner) {
            return find_in_class(owner, name);
        }
        let version = fixed_version(class);
        if version == 0 || !is_exact(name, &raw mut pyo3_ffi::PyUnicode_Type) {
            return Found::Unknown;
        }
        let Entry { name: known, shape, .. } = *place(name, version);
        if known.is_null() || shape.version != version || !is_same_text(name, known) {
            return Found::Unknown;
        }
        let descriptor = shape.descriptor;
        match shape.kind {
            Kind::Value => {
                if !has_inline_values(owner) || takes_precedence(descriptor) {
                    return Found::Unknown;
                }
                let value: *mut PyObject = get(owner, value_offset(shape.index));
                if value.is_null() { of_class(owner, class, descriptor) } else { Found::Value(retain(value)) }
            }
            Kind::Slot => {
                let value: *mut PyObject = get(owner, shape.index);
                if value.is_null() { Found::Unknown } else { Found::Value(retain(value)) }
            }
            Kind::Keys => {
                let keys: *mut u8 = get(class, type_object::HT_CACHED_KEYS);
                let holds = has_inline_values(owner) && get::<u32>(keys, dict_keys::DK_NENTRIES) == shape.check;
                if holds { of_class(owner, class, descriptor) } else { Found::Unknown }
            }
            Kind::NoDict => of_class(owner, class, descriptor),
            Kind::Dict => {
                let attributes: *mut PyObject = get(owner, shape.index);
                if (shape.check != 0 && attributes.is_null()) || takes_precedence(descriptor) {
                    return Found::Unknown;
                }
                if attributes.is_null() {
                    return of_class(owner, class, descriptor);
                }
                match Dict::new_unchecked(attributes).find(known) {
                    Lookup::Found(place) => Found::Value(retain(place.read())),
                    Lookup::Absent => of_class(owner, class, descriptor),
                    Lookup::Unknown => Found::Unknown,
                }
            }
            Kind::Data if takes_precedence(descriptor) => Found::Descriptor(descriptor),
            Kind::Data | Kind::Class | Kind::Variable | Kind::Module | Kind::Item => Found::Unknown,
        }
    }
}

/// The place for a name and what a class of that version has itself; another than for its instances.
unsafe fn place_of_class(name: *mut PyObject, version: u32) -> *mut Entry {
    // SAFETY: the caller's.
    unsafe { place(name, version.rotate_left(16)) }
}

unsafe fn is_class(owner: *mut PyObject) -> bool {
    // SAFETY: a live object.
    unsafe { TypeObject::of(owner) }.has(type_object::TYPE_SUBCLASS)
}

/// What the table knows of an attribute of a class.
unsafe fn find_in_class(owner: *mut PyObject, name: *mut PyObject) -> Found {
    // SAFETY: as in `find`.
    unsafe {
        let version = fixed_version(owner.cast());
        if version == 0 || !is_exact(name, &raw mut pyo3_ffi::PyUnicode_Type) {
            return Found::Unknown;
        }
        let Entry { name: known, shape, .. } = *place_of_class(name, version);
        if known.is_null() || shape.version != version || !is_same_text(name, known) {
            return Found::Unknown;
        }
        let metaclass: *mut PyTypeObject = get(owner, object::OB_TYPE);
        // Entries of instances have other kinds.
        if shape.kind != Kind::Class || fixed_version(metaclass) != shape.check {
            return Found::Unknown;
        }
        if shape.descriptor.is_null() { Found::Absent } else { Found::Value(retain(shape.descriptor)) }
    }
}

/// Writes what a class has under a name into the table, if loading it from the class gives just that object.
unsafe fn learn_of_class(owner: *mut PyObject, name: *mut PyObject) {
    // SAFETY: as in `learn`.
    unsafe {
        let version = fixed_version(owner.cast());
        if version != 0 {
            let at = &mut *place_of_class(name, version);
            if at.fills >= MAX_FILLS {
                return;
            }
            at.fills += 1;
        }
        let mut known = retain(name);
        pyo3_ffi::PyUnicode_InternInPlace(&mut known);
        let shape = class_shapes::class_or_absent_shape(owner.cast(), TypeObject::of(owner), known);
        let shape = shape.filter(|shape| shape.kind == Kind::Class && is_given_as_it_is(shape.descriptor));
        let Some(shape) = shape else { return release(known) };
        let of_class = Shape { version: shape.check, check: shape.version, ..shape };
        let entry = place_of_class(known, of_class.version);
        let old = (*entry).name;
        *entry = Entry { name: known, fills: (*entry).fills, shape: of_class };
        if !old.is_null() {
            release(old);
        }
    }
}

/// Whether an attribute of a class that is loaded from the class is the object itself, for good, or is not there.
unsafe fn is_given_as_it_is(attribute: *mut PyObject) -> bool {
    if attribute.is_null() {
        return true;
    }
    // SAFETY: a live object. A class of Python's may become a descriptor.
    unsafe {
        let class: *mut PyTypeObject = get(attribute, object::OB_TYPE);
        let descriptors = [
            &raw mut pyo3_ffi::PyFunction_Type,
            &raw mut pyo3_ffi::PyMethodDescr_Type,
            &raw mut pyo3_ffi::PyWrapperDescr_Type,
        ];
        let stays = get::<u64>(class, type_object::TP_FLAGS) & type_object::IMMUTABLETYPE != 0;
        descriptors.contains(&class) || stays && (*class).tp_descr_get.is_none()
    }
}

/// The class attribute of an instance that has none of its own.
unsafe fn of_class(owner: *mut PyObject, class: *mut PyTypeObject, descriptor: *mut PyObject) -> Found {
    // SAFETY: as in `find`; what is asked runs no code.
    unsafe {
        if descriptor.is_null() {
            return Found::Absent;
        }
        if !binds_quietly(descriptor) {
            return Found::Unknown;
        }
        let of: *mut PyTypeObject = get(descriptor, object::OB_TYPE);
        let Some(load) = (*of).tp_descr_get else { return Found::Value(retain(descriptor)) };
        let value = bind(load, descriptor, owner, class);
        if value.is_null() {
            pyo3_ffi::PyErr_Clear();
            return Found::Unknown;
        }
        Found::Value(value)
    }
}

/// Writes what the class has under a name into the table, if there is a way to have it there.
///
/// # Safety
/// As [`load`].
#[cold]
pub(super) unsafe fn learn(owner: *mut PyObject, name: *mut PyObject) {
    // SAFETY: the caller's: live objects, the GIL held; nothing here runs Python code.
    unsafe {
        let class = TypeObject::of(owner);
        let exact = is_exact(name, &raw mut pyo3_ffi::PyUnicode_Type);
        if exact && class.has(type_object::TYPE_SUBCLASS) && ascii(name).is_some() {
            return learn_of_class(owner, name);
        }
        let generic = shapes::loads_generically(class.as_ptr());
        if !exact
            || ascii(name).is_none()
            || !class.has(type_object::READY)
            || !generic && !fallback::comes_last(class.as_ptr())
        {
            return;
        }
        let version = fixed_version(class.as_ptr());
        if version != 0 {
            let at = &mut *place(name, version);
            // What is known to be a descriptor's to tell stays so as long as the class does.
            let told = at.shape.version == version
                && matches!(at.shape.kind, Kind::Data)
                && !at.name.is_null()
                && is_same_text(name, at.name);
            if told || at.fills >= MAX_FILLS {
                return;
            }
            at.fills += 1;
        }
        let mut known = retain(name);
        pyo3_ffi::PyUnicode_InternInPlace(&mut known);
        let shape = instance_shapes::load_shape(owner, class, known);
        let shape = if generic {
            shape.or_else(|| instance_shapes::absent_shape(owner, class, known))
        } else {
            shape.filter(|shape| fallback::asks_function_behind(shape, class.as_ptr()))
        };
        let entry = shape.map(|shape| (place(known, shape.version), shape));
        let Some((entry, shape)) = entry else { return release(known) };
        let old = (*entry).name;
        *entry = Entry { name: known, fills: (*entry).fills, shape };
        if !old.is_null() {
            release(old);
        }
    }
}

/// An attribute of an object of a class for which a site's cell has no room; NULL, without an exception, where the interpreter has to look.
///
/// # Safety
/// Live objects, the GIL held.
pub(super) unsafe fn load(owner: *mut PyObject, name: *mut PyObject) -> *mut PyObject {
    // SAFETY: the caller's.
    match unsafe { find(owner, name) } {
        Found::Value(value) => value,
        Found::Absent | Found::Unknown | Found::Descriptor(_) => ptr::null_mut(),
    }
}

/// `getattr(owner, name)`, `getattr(owner, name, other)`: what the interpreter's own function does, and in the same way called.
///
/// # Safety
/// Called by machine code, with the GIL held and two or three live arguments.
pub(crate) unsafe extern "C" fn getattr(_: *mut PyObject, args: *const *mut PyObject, count: isize) -> *mut PyObject {
    // SAFETY: the caller's; who holds the arguments keeps them.
    unsafe {
        let (owner, name) = (args.read(), args.add(1).read());
        match find(owner, name) {
            Found::Value(value) => return value,
            Found::Absent if count == 3 => return retain(args.add(2).read()),
            // Of classes, the text is another.
            Found::Absent if !is_class(owner) && exception_pool::raise_attribute_error(owner, name) => {
                return ptr::null_mut();
            }
            Found::Descriptor(descriptor) => {
                let load = (*get::<*mut PyTypeObject>(descriptor, object::OB_TYPE)).tp_descr_get;
                let value = bind_or_ask(load.expect("a data descriptor"), descriptor, owner, name);
                let missing = value.is_null()
                    && count == 3
                    && pyo3_ffi::PyErr_ExceptionMatches(pyo3_ffi::PyExc_AttributeError) != 0;
                if !missing {
                    return value;
                }
                pyo3_ffi::PyErr_Clear();
                return retain(args.add(2).read());
            }
            Found::Absent | Found::Unknown => {}
        }
        if count == 2 {
            let found = pyo3_ffi::PyObject_GetAttr(owner, name);
            if !found.is_null() {
                learn(owner, name);
            }
            return found;
        }
        let mut found = ptr::null_mut();
        if pyo3_ffi::PyObject_GetOptionalAttr(owner, name, &mut found) < 0 {
            return ptr::null_mut();
        }
        learn(owner, name);
        if found.is_null() { retain(args.add(2).read()) } else { found }
    }
}

/// `hasattr(owner, name)`, likewise.
///
/// # Safety
/// As [`getattr`], with two arguments.
pub(crate) unsafe extern "C" fn hasattr(_: *mut PyObject, args: *const *mut PyObject, _: isize) -> *mut PyObject {
    // SAFETY: as in `getattr`.
    unsafe {
        let (owner, name) = (args.read(), args.add(1).read());
        let has = match find(owner, name) {
            Found::Value(value) => {
                release(value);
                true
            }
            Found::Absent => false,
            Found::Unknown | Found::Descriptor(_) => {
                let status = pyo3_ffi::PyObject_HasAttrWithError(owner, name);
                if status < 0 {
                    return ptr::null_mut();
                }
                learn(owner, name);
                status != 0
            }
        };
        if has { pyo3_ffi::Py_True() } else { pyo3_ffi::Py_False() }
    }
}
