//! Variables of classes that change again and again, as counters do: `Task.count += 1`.
//!
//! Compiled code stores such a variable without the class losing what is known of its other attributes: the class gets the next version of a series of its own
//! ([`class_version`]), and so do the classes derived from it. What is known of a class in a series never includes the variables that vary in it.

use super::text::ascii;
use crate::native::raw::{get, is_exact, release, retain, set};
use pyo3_ffi::{PyObject, PyTypeObject};
use smallvec::SmallVec;
use std::cell::UnsafeCell;
use std::ffi::c_int;
use std::ptr;
use whipsnake_cpython::class_version::{FIRST, SIZES, fixed, varying_bits};
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

/// The class that has a variable which varies in itself, of those that a class inherits from, or the class itself.
///
/// # Safety
/// A live class, an exact string, the GIL held.
pub(crate) unsafe fn holder(class: *mut PyTypeObject, name: *mut PyObject) -> Option<*mut PyTypeObject> {
    // SAFETY: the caller's; the order of classes is a tuple of classes.
    unsafe { in_order(class) }.find(|&class| unsafe { find(class, name) }.is_some())
}

/// The value of a variable that a class has in itself; borrowed.
///
/// # Safety
/// A live class, an exact string, the GIL held.
#[inline]
pub(super) unsafe fn find(class: *mut PyTypeObject, name: *mut PyObject) -> Option<*mut PyObject> {
    // SAFETY: the caller's: a class of the program has an exact dict.
    unsafe {
        let namespace: *mut PyObject = get(class, type_object::TP_DICT);
        if namespace.is_null() || !is_exact(namespace, &raw mut pyo3_ffi::PyDict_Type) {
            return None;
        }
        match Dict::new_unchecked(namespace).find(name) {
            Lookup::Found(place) => Some(place.read()),
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
        store_varying(class, name, value)
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

/// [`store`] of a variable that is known to vary, unless that may run code: 1; 0 if nothing was done.
///
/// # Safety
/// Called by machine code: live objects, a class and a name, the GIL held.
pub unsafe extern "C" fn try_store_variable(class: *mut PyObject, name: *mut PyObject, value: *mut PyObject) -> c_int {
    // SAFETY: the caller's; a class.
    unsafe {
        let class: *mut PyTypeObject = class.cast();
        let is_known = varies(get(class, type_object::TP_VERSION_TAG), name);
        // The store ends the old value, or drops one of several references.
        if !is_known || !find(class, name).is_some_and(|old| ends_quietly(old)) {
            return 0;
        }
        match store_varying(class, name, value) {
            Some(0) => 1,
            Some(_) => {
                pyo3_ffi::PyErr_Clear();
                0
            }
            None => 0,
        }
    }
}

/// Whether the end of an object runs no code.
unsafe fn ends_quietly(object: *mut PyObject) -> bool {
    // SAFETY: a live object.
    unsafe {
        let class: *mut PyTypeObject = get(object, object::OB_TYPE);
        let quiet = [
            &raw mut pyo3_ffi::PyLong_Type,
            &raw mut pyo3_ffi::PyFloat_Type,
            &raw mut pyo3_ffi::PyUnicode_Type,
            &raw mut pyo3_ffi::PyBytes_Type,
            &raw mut pyo3_ffi::PyBool_Type,
        ];
        quiet.contains(&class) || object == pyo3_ffi::Py_None()
    }
}

/// Stores a variable, if its old value and its new one are plain, and so are the classes that have it.
#[inline(never)]
unsafe fn store_varying(class: *mut PyTypeObject, name: *mut PyObject, value: *mut PyObject) -> Option<c_int> {
    // SAFETY: `store`'s.
    unsafe {
        let old = find(class, name).filter(|&old| is_plain_value(old) && is_plain_value(value))?;
        let mut derived = Classes::new();
        let namespace: *mut PyObject = get(class, type_object::TP_DICT);
        let is_unwatched = Dict::new_unchecked(namespace).watchers() == 0;
        if !is_unwatched || !is_plain_class(class) || !collect_derived(class, &mut derived) {
            return None;
        }
        // Its end may run code, which must not find it where it was remembered.
        retain(old);
        let status = pyo3_ffi::PyDict_SetItem(namespace, name, value);
        if status == 0 {
            advance(class, name);
            derived.iter().for_each(|&class| advance(class, name));
        }
        release(old);
        Some(status)
    }
}

type Classes = SmallVec<[*mut PyTypeObject; 8]>;

/// Classes with more derived ones are changed in the general way.
const MOST_DERIVED: usize = 24;

/// Finds what is derived from a class, those it is derived from first; false if that is too much, or not plain.
unsafe fn collect_derived(class: *mut PyTypeObject, found: &mut Classes) -> bool {
    // SAFETY: a live class. Those derived from a class in Python are in a dict of its own, by their addresses; weak references are asked without running code.
    unsafe {
        let subclasses = (*class).tp_subclasses.cast::<PyObject>();
        if subclasses.is_null() {
            return true;
        }
        let mut from = found.len();
        let (mut position, mut reference) = (0, ptr::null_mut());
        while pyo3_ffi::PyDict_Next(subclasses, &raw mut position, ptr::null_mut(), &raw mut reference) != 0 {
            #[expect(deprecated, reason = "nothing runs that could end what is borrowed")]
            let subclass = pyo3_ffi::PyWeakref_GetObject(reference).cast::<PyTypeObject>();
            if subclass.cast() == pyo3_ffi::Py_None() || found.contains(&subclass) {
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

/// The variables that vary in a series: strings that are kept for good.
type Names = Vec<*mut PyObject>;

/// With more variables than this that vary, a class is somebody's table of variables.
const MOST_NAMES: usize = 16;

/// How often compiled code stores variables of a class before that gets a series.
const OFTEN: u32 = 8;

/// Each time that the class has lost its series again it takes twice as many, up to so many times: others change it in between, perhaps until more is compiled.
const MOST_PATIENT: u32 = 10;

/// How many classes are counted at a time.
const COUNTED: usize = 128;

/// A class whose variables compiled code stores in the general way. The class at the address may be another by now: then that comes to a series sooner.
struct Candidate {
    class: usize,
    /// How often, since it last had a series.
    times: u32,
    /// How many series it has had.
    series: u32,
    /// Which variables; references of our own.
    names: Names,
}

struct Tables {
    /// The series of each size.
    series: [Vec<Names>; SIZES.len()],
    candidates: [Candidate; COUNTED],
}

struct State(UnsafeCell<Tables>);

// SAFETY: only touched with the GIL held.
unsafe impl Sync for State {}

static STATE: State = State(UnsafeCell::new(Tables {
    series: [const { Vec::new() }; SIZES.len()],
    candidates: [const { Candidate { class: 0, times: 0, series: 0, names: Names::new() } }; COUNTED],
}));

/// Which size the series of a version has; `None` for a version of the interpreter's own.
fn size_of(version: u32) -> Option<usize> {
    SIZES.iter().rposition(|&(first, _)| version >= first)
}

/// The variables that vary in the series of a version, if it is in one.
unsafe fn series(version: u32) -> Option<&'static Names> {
    let size = size_of(version)?;
    let number = version - SIZES[size].0 >> varying_bits(version);
    // SAFETY: the GIL is held, and who has this does not begin another.
    unsafe { (&(*STATE.0.get()).series)[size].get(number as usize) }
}

/// How many series have begun: a class is in another then, of which guards may know nothing.
///
/// Called with the GIL held.
pub(crate) fn series_begun() -> usize {
    // SAFETY: the GIL is held.
    unsafe { (&(*STATE.0.get()).series).iter().map(Vec::len).sum() }
}

/// Which size the first series of a class has. As long as they are plenty that is one for a million changes.
fn first_size() -> usize {
    const PLENTY: usize = 384;
    // SAFETY: the GIL is held.
    unsafe { usize::from((&(*STATE.0.get()).series)[1].len() < PLENTY) }
}

/// The first version of a new series; `None` if there are no more of that size, or the class changes in too many ways.
unsafe fn begin_series(names: Names, size: usize) -> Option<u32> {
    let &(first, bits) = SIZES.get(size).filter(|_| names.len() <= MOST_NAMES)?;
    let end = SIZES.get(size + 1).map_or(1 << 32, |&(end, _)| u64::from(end));
    // SAFETY: the GIL is held; nobody has a reference into the tables.
    unsafe {
        let list = &mut (*STATE.0.get()).series[size];
        let version = u64::from(first) + ((list.len() as u64) << bits);
        if version >= end {
            return None;
        }
        for &name in &names {
            retain(name);
        }
        list.push(names);
        Some(version as u32)
    }
}

unsafe fn has_name(names: &Names, name: *mut PyObject) -> bool {
    // SAFETY: exact strings, which compare without running code.
    names.iter().any(|&known| known == name || unsafe { pyo3_ffi::PyUnicode_Compare(known, name) } == 0)
}

/// Counts a store in a class that has this version; whether the variable is to vary from now on. None does that the interpreter looks for itself.
#[cold]
unsafe fn begins_to_vary(class: *mut PyTypeObject, version: u32, name: *mut PyObject) -> bool {
    // SAFETY: a live string; the GIL is held.
    unsafe {
        if ascii(name).is_none_or(|text| text.starts_with(b"__")) {
            return false;
        }
        let candidate = candidate(class);
        if !has_name(&candidate.names, name) {
            if candidate.names.len() > MOST_NAMES {
                return false;
            }
            candidate.names.push(retain(name));
        }
        if version >= FIRST {
            // It would lose its series.
            return true;
        }
        candidate.times += 1;
        let is_often = candidate.times >= OFTEN << candidate.series.min(MOST_PATIENT);
        if is_often {
            (candidate.times, candidate.series) = (0, candidate.series + 1);
        }
        is_often
    }
}

/// What is known of a class; nothing, at first, in the place of another.
unsafe fn candidate(class: *mut PyTypeObject) -> &'static mut Candidate {
    let candidate = place_of(class);
    // SAFETY: the GIL is held, and nobody has a reference to that; names end without running code.
    unsafe {
        if (*candidate).class != class as usize {
            let new = Candidate { class: class as usize, times: 0, series: 0, names: Names::new() };
            let old = std::mem::replace(&mut *candidate, new);
            old.names.into_iter().for_each(|name| release(name));
        }
        &mut *candidate
    }
}

/// What is known of a class, if anything is.
unsafe fn known_candidate(class: *mut PyTypeObject) -> Option<&'static Candidate> {
    // SAFETY: the GIL is held, and nobody changes that meanwhile.
    unsafe { Some(&*place_of(class)).filter(|candidate| candidate.class == class as usize) }
}

fn place_of(class: *mut PyTypeObject) -> *mut Candidate {
    let number = (class as usize >> 5 ^ class as usize >> 12) % COUNTED;
    // SAFETY: within the table.
    unsafe { (&raw mut (*STATE.0.get()).candidates).cast::<Candidate>().add(number) }
}
