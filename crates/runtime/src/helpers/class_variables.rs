//! Variables of classes that change again and again, as counters do: `Task.count += 1`.
//!
//! Compiled code stores such a variable without the class losing what is known of its other attributes: the class gets the next version of a series of its own
//! ([`whipsnake_cpython::class_version`]), and so do the classes derived from it. What is known of a class in a series never includes the variables that vary in it.

use super::attribute_stores::exchange_dict_value;
use super::class_series::{begin_series, begins_to_vary, first_size, has_name, known_candidate, series, size_of};
use super::instance_ends::is_plain;
use super::lookups::{Put, dict_put};
use crate::native::raw::{get, is_exact, release_or_null, set};
use pyo3_ffi::{PyObject, PyTypeObject};
use smallvec::SmallVec;
use std::ffi::c_int;
use whipsnake_cpython::class_version::{FIRST, fixed};
use whipsnake_cpython::layout::{object, type_object};
use whipsnake_cpython::live::{Dict, Lookup, TypeObject, symbols};

/// The version of a class, as far as it does not change with its variables; 0 if it has none.
///
/// # Safety
/// A live class, the GIL held.
#[inline]
pub(crate) unsafe fn fixed_version(class: *mut PyTypeObject) -> u32 {
    // SAFETY: the caller's.
    fixed(unsafe { get(class, type_object::TP_VERSION_TAG) })
}

/// Whether what the classes of a version have under a name changes while the fixed part of that stays.
///
/// # Safety
/// An exact string, the GIL held.
#[inline]
pub(crate) unsafe fn varies(version: u32, name: *mut PyObject) -> bool {
    // SAFETY: the caller's.
    version >= FIRST && unsafe { series(version).is_some_and(|series| has_name(series, name)) }
}

/// The class that has a name in itself: the first one, of the class and those that it inherits from.
///
/// # Safety
/// A live class, an exact string, the GIL held.
pub(crate) unsafe fn holder(class: *mut PyTypeObject, name: *mut PyObject) -> Option<*mut PyTypeObject> {
    // SAFETY: the caller's; the order of classes is a tuple of classes.
    unsafe { in_order(class).find(|&class| find(class, name).is_some()) }
}

/// The value of a variable that a class has in itself; borrowed.
///
/// # Safety
/// A live class, an exact string, the GIL held.
#[inline]
pub(super) unsafe fn find(class: *mut PyTypeObject, name: *mut PyObject) -> Option<*mut PyObject> {
    // SAFETY: the caller's.
    unsafe { find_place(class, name).map(|place| place.read()) }
}

/// Where the dict of a class has that.
#[inline]
unsafe fn find_place(class: *mut PyTypeObject, name: *mut PyObject) -> Option<*mut *mut PyObject> {
    // SAFETY: the caller's: a class of the program has an exact dict.
    unsafe {
        let namespace: *mut PyObject = get(class, type_object::TP_DICT);
        if namespace.is_null() || !is_exact(namespace, &raw mut pyo3_ffi::PyDict_Type) {
            return None;
        }
        match Dict::new_unchecked(namespace).find(name) {
            Lookup::Found(place) => Some(place),
            _ => None,
        }
    }
}

/// `class.name = value`, where the class has had the variable before, and it varies or will from now on; the status. `None` if the class is to be changed by the general function.
///
/// # Safety
/// Live objects, the GIL held. The caller holds them.
#[inline]
pub(super) unsafe fn store(class: *mut PyObject, name: *mut PyObject, value: *mut PyObject) -> Option<c_int> {
    // SAFETY: the caller's; a class after the check.
    unsafe {
        let metaclass: *mut PyTypeObject = get(class, object::OB_TYPE);
        if !is_exact(name, &raw mut pyo3_ffi::PyUnicode_Type) || !goes_by_rule(metaclass, name) {
            return None;
        }
        let class: *mut PyTypeObject = class.cast();
        let version: u32 = get(class, type_object::TP_VERSION_TAG);
        if !varies(version, name) && !begins_to_vary(class, version, name) {
            return None;
        }
        let put = exchange(class, name, value, |_| true);
        release_or_null(put.old);
        match put.status {
            0 => None,
            status => Some(if status < 0 { -1 } else { 0 }),
        }
    }
}

/// Whether attributes of a metaclass's classes are loaded and stored as those of classes are, and the metaclass has no say in this one.
///
/// # Safety
/// A live class, an exact string, the GIL held.
#[inline]
pub(crate) unsafe fn goes_by_rule(metaclass: *mut PyTypeObject, name: *mut PyObject) -> bool {
    let general = &raw mut pyo3_ffi::PyType_Type;
    // SAFETY: the caller's. `type` has nothing but special names, which have not been found to vary, and methods, which don't come first.
    unsafe {
        metaclass == general
            || (*metaclass).tp_setattro.map(|f| f as usize) == (*general).tp_setattro.map(|f| f as usize)
                && (*metaclass).tp_getattro.map(|f| f as usize) == (*general).tp_getattro.map(|f| f as usize)
                && symbols::_PyType_Lookup(metaclass, name).is_null()
    }
}

/// [`store`] of a variable that is known to vary and whose old value runs no code at its end.
///
/// # Safety
/// Called by machine code: live objects, a class and a name, the GIL held.
pub unsafe extern "C" fn put_variable(class: *mut PyObject, name: *mut PyObject, value: *mut PyObject) -> Put {
    // SAFETY: the caller's; a class.
    unsafe {
        let class: *mut PyTypeObject = class.cast();
        if !varies(get(class, type_object::TP_VERSION_TAG), name) {
            return Put::NOTHING;
        }
        let put = exchange(class, name, value, |old| is_immortal(old) || is_plain(old));
        if put.status < 0 {
            pyo3_ffi::PyErr_Clear();
            return Put::NOTHING;
        }
        put
    }
}

unsafe fn is_immortal(object: *mut PyObject) -> bool {
    // SAFETY: a live object. Immortal counts are negative.
    unsafe { get::<i32>(object, object::OB_REFCNT) < 0 }
}

/// Stores a variable, if its old value is plain and as wanted, and its new one and the classes that have it are plain, too.
unsafe fn exchange(
    class: *mut PyTypeObject,
    name: *mut PyObject,
    value: *mut PyObject,
    is_wanted: impl Fn(*mut PyObject) -> bool,
) -> Put {
    // SAFETY: `store`'s.
    unsafe {
        let mut derived = Classes::new();
        let is_replaced = |old| is_plain_value(old) && is_plain_value(value) && is_wanted(old);
        let place = find_place(class, name).filter(|place| is_replaced(place.read()));
        let Some(place) = place.filter(|_| is_plain_class(class) && collect_derived(class, &mut derived)) else {
            return Put::NOTHING;
        };
        // The end of the old value may run code, which must not find it where it was remembered.
        let namespace = get(class, type_object::TP_DICT);
        let put = match exchange_dict_value(namespace, place, value) {
            Some(old) => Put { old, status: 1 },
            None => dict_put(namespace, name, value),
        };
        if put.status > 0 {
            advance(class, name);
            derived.iter().for_each(|&class| advance(class, name));
        }
        put
    }
}

type Classes = SmallVec<[*mut PyTypeObject; 8]>;

/// Classes with more derived ones are changed in the general way.
const MOST_DERIVED: usize = 24;

/// Finds what is derived from a class, those it is derived from first; false if that is too much, or not plain.
unsafe fn collect_derived(class: *mut PyTypeObject, found: &mut Classes) -> bool {
    // SAFETY: a live class.
    unsafe {
        let mut from = found.len();
        for subclass in TypeObject::new_unchecked(class).derived_classes().map(TypeObject::as_ptr) {
            if found.contains(&subclass) {
                continue;
            }
            if found.len() == MOST_DERIVED || !is_plain_class(subclass) {
                return false;
            }
            found.push(subclass);
        }
        let end = found.len();
        while from < end && collect_derived(found[from], found) {
            from += 1;
        }
        from == end
    }
}

/// Whether a class is one of the program's, whose changes nobody else is told of.
unsafe fn is_plain_class(class: *mut PyTypeObject) -> bool {
    // SAFETY: a live class.
    unsafe {
        let kinds = type_object::HEAPTYPE | type_object::IMMUTABLETYPE;
        get::<u64>(class, type_object::TP_FLAGS) & kinds == type_object::HEAPTYPE
            && get::<u8>(class, type_object::TP_WATCHED) == 0
    }
}

/// Whether a value in a class is the attribute itself: its type is in C, for good, and no descriptor.
unsafe fn is_plain_value(value: *mut PyObject) -> bool {
    // SAFETY: a live object.
    unsafe {
        let class: *mut PyTypeObject = get(value, object::OB_TYPE);
        get::<u64>(class, type_object::TP_FLAGS) & type_object::HEAPTYPE == 0
            && (*class).tp_descr_get.is_none()
            && (*class).tp_descr_set.is_none()
    }
}

/// A class and what it inherits from, in the order in which attributes are looked for.
unsafe fn in_order(class: *mut PyTypeObject) -> impl Iterator<Item = *mut PyTypeObject> {
    // SAFETY: a live class: null, or a tuple of classes.
    unsafe {
        let order: *mut PyObject = get(class, type_object::TP_MRO);
        let count = if order.is_null() { 0 } else { pyo3_ffi::PyTuple_GET_SIZE(order) };
        (0..count).map(move |index| pyo3_ffi::PyTuple_GET_ITEM(order, index).cast())
    }
}

/// Gives a class, whose variable has changed, the next version: nothing that knew the one it had holds any more.
unsafe fn advance(class: *mut PyTypeObject, name: *mut PyObject) {
    // SAFETY: a live class.
    unsafe {
        let version: u32 = get(class, type_object::TP_VERSION_TAG);
        let next = version.wrapping_add(1);
        if varies(version, name) && fixed(next) == fixed(version) {
            set(class, type_object::TP_VERSION_TAG, next);
            return;
        }
        // The variables that have varied so far go on to.
        let mut names = series(version).cloned().unwrap_or_default();
        // So do those that were stored while the class had no series.
        let known = known_candidate(class).map_or(&[][..], |candidate| &candidate.names);
        for &name in known.iter().chain([&name]) {
            if !has_name(&names, name) {
                names.push(name);
            }
        }
        pyo3_ffi::PyType_Modified(class);
        // The interpreter asks a class's bases for versions before it gives one to the class: they are told of changes only then.
        let have_versions = in_order(class).skip(1).all(|base| TypeObject::new_unchecked(base).assign_version_tag());
        // A series that is used up is followed by a larger one.
        let is_used_up = fixed(next) != fixed(version);
        let size = size_of(version).map_or_else(first_size, |size| size + usize::from(is_used_up));
        if have_versions && let Some(first) = begin_series(names, size) {
            set(class, type_object::TP_VERSION_TAG, first);
        }
    }
}
