//! Special methods: their names, and what classes have under them.

use super::class_variables::fixed_version;
use pyo3_ffi::{PyObject, PyTypeObject};
use std::cell::UnsafeCell;
use std::ffi::CStr;
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};
use whipsnake_cpython::class_version::place;
use whipsnake_cpython::live::symbols;

/// Names that helpers look up.
#[derive(Clone, Copy)]
pub(crate) enum Name {
    Enter,
    Exit,
    AsyncEnter,
    AsyncExit,
    Send,
    Iter,
    Call,
    GetItem,
    Init,
    Class,
    SetItem,
    Contains,
    New,
    Bool,
    Len,
    Next,
}

impl Name {
    const TEXTS: [&CStr; 16] = [
        c"__enter__",
        c"__exit__",
        c"__aenter__",
        c"__aexit__",
        c"send",
        c"__iter__",
        c"__call__",
        c"__getitem__",
        c"__init__",
        c"__class__",
        c"__setitem__",
        c"__contains__",
        c"__new__",
        c"__bool__",
        c"__len__",
        c"__next__",
    ];

    /// The interned string, which is kept forever; null with an exception set.
    ///
    /// # Safety
    /// The GIL is held.
    pub(super) unsafe fn object(self) -> *mut PyObject {
        static NAMES: [AtomicPtr<PyObject>; Name::TEXTS.len()] =
            [const { AtomicPtr::new(ptr::null_mut()) }; Name::TEXTS.len()];
        let known = NAMES[self as usize].load(Ordering::Relaxed);
        if !known.is_null() {
            return known;
        }
        // SAFETY: the caller's.
        let made = unsafe { pyo3_ffi::PyUnicode_InternFromString(Name::TEXTS[self as usize].as_ptr()) };
        NAMES[self as usize].store(made, Ordering::Relaxed);
        made
    }
}

/// What a class has under a name, as long as its version is this one; null if it has nothing.
#[derive(Clone, Copy)]
struct Entry {
    version: u32,
    found: *mut PyObject,
}

/// A method cache of our own: the interpreter's takes a call, and looks for the thread's state first.
struct Cache(UnsafeCell<[[Entry; Cache::SIZE]; Name::TEXTS.len()]>);

// SAFETY: only touched with the GIL held.
unsafe impl Sync for Cache {}

impl Cache {
    const SIZE: usize = 64;
}

static CACHE: Cache =
    Cache(UnsafeCell::new([[Entry { version: 0, found: ptr::null_mut() }; Cache::SIZE]; Name::TEXTS.len()]));

/// What a class or its bases have under a name; borrowed, good while nothing else runs. Null if there is nothing, or if memory is short; no
/// exception is set. Runs no Python code.
///
/// # Safety
/// A live class, the GIL held.
#[inline]
pub(crate) unsafe fn look_up(class: *mut PyTypeObject, name: Name) -> *mut PyObject {
    // SAFETY: the caller's. While a class has a version, it has the objects that were found under it.
    unsafe {
        let version = fixed_version(class);
        let entry = (*CACHE.0.get())[name as usize][place(version, Cache::SIZE)];
        if version != 0 && entry.version == version { entry.found } else { look_up_slowly(class, name) }
    }
}

#[cold]
unsafe fn look_up_slowly(class: *mut PyTypeObject, name: Name) -> *mut PyObject {
    // SAFETY: as `look_up`.
    unsafe {
        let text = name.object();
        if text.is_null() {
            pyo3_ffi::PyErr_Clear();
            return text;
        }
        let found = symbols::_PyType_Lookup(class, text);
        let version = fixed_version(class);
        if version != 0 {
            (*CACHE.0.get())[name as usize][place(version, Cache::SIZE)] = Entry { version, found };
        }
        found
    }
}

/// What a class or its bases have under any name, as `look_up`. Gives the class a version, if it has none.
///
/// # Safety
/// A live class, the GIL held.
pub(crate) unsafe fn look_up_text(class: *mut PyTypeObject, name: &CStr) -> Option<*mut PyObject> {
    // SAFETY: the caller's; the name is kept by whoever has a method of that name.
    unsafe {
        let name = pyo3_ffi::PyUnicode_InternFromString(name.as_ptr());
        if name.is_null() {
            pyo3_ffi::PyErr_Clear();
            return None;
        }
        let found = symbols::_PyType_Lookup(class, name);
        pyo3_ffi::Py_DECREF(name);
        (!found.is_null()).then_some(found)
    }
}

/// Whether nothing in the class tells the truth of its instances, so that all are true.
///
/// # Safety
/// A live class.
pub(crate) unsafe fn is_always_true(class: *mut PyTypeObject) -> bool {
    // SAFETY: the caller's; its tables of methods are live, too.
    unsafe {
        (*class).tp_as_number.as_ref().is_none_or(|number| number.nb_bool.is_none())
            && (*class).tp_as_mapping.as_ref().is_none_or(|mapping| mapping.mp_length.is_none())
            && (*class).tp_as_sequence.as_ref().is_none_or(|sequence| sequence.sq_length.is_none())
    }
}
