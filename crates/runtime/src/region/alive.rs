//! Which addresses that the optimizer finds are those of live objects.
//!
//! An inline cache refers to an attribute of a class without a reference: as long as the class has the version that the cache names, the class holds it, and the
//! interpreter looks at the version first. Whoever reads caches at another time must find out whether a class has that version still.

use crate::native::raw::get;
use pyo3_ffi::{PyObject, PyTypeObject};
use rustc_hash::{FxHashMap, FxHashSet};
use std::cell::RefCell;
use whipsnake_cpython::layout::type_object::TP_VERSION_TAG;

/// What is known of addresses while a region is built.
#[derive(Debug, Default)]
pub(super) struct Alive {
    /// Live objects.
    objects: RefCell<FxHashSet<u64>>,
    /// Attributes from inline caches: the versions of the classes that hold them.
    cached: RefCell<FxHashMap<u64, Vec<u32>>>,
    classes: RefCell<Classes>,
}

impl Alive {
    /// Notes a live object.
    pub(super) fn note(&self, address: u64) {
        self.objects.borrow_mut().insert(address);
    }

    /// Notes an attribute from an inline cache, which a class holds as long as it has that version.
    pub(super) fn note_cached(&self, address: u64, version: u32) {
        self.cached.borrow_mut().entry(address).or_default().push(version);
    }

    /// Whether a class has the version.
    pub(super) fn has_class(&self, version: u32) -> bool {
        version != 0 && self.classes.borrow_mut().have(version)
    }

    /// The class that has the version, by its address.
    pub(super) fn class_with(&self, version: u32) -> Option<u64> {
        let found = self.has_class(version).then(|| self.classes.borrow().versions.get(&version).copied()).flatten();
        if let Some(class) = found {
            self.note(class);
        }
        found
    }

    /// Whether a live object is at the address. The GIL is held, and nothing has run since the object was noted.
    pub(super) fn has(&self, address: u64) -> bool {
        if self.objects.borrow().contains(&address) {
            return true;
        }
        let is_held = |&version: &u32| self.has_class(version);
        let held = self.cached.borrow().get(&address).is_some_and(|versions| versions.iter().any(is_held));
        if held {
            self.note(address);
        }
        held
    }
}

/// The classes of the program, as far as they were visited: the newest first, since those of the interpreter are the oldest.
#[derive(Debug)]
struct Classes {
    waiting: Vec<*mut PyTypeObject>,
    visited: FxHashSet<usize>,
    versions: FxHashMap<u32, u64>,
}

impl Default for Classes {
    fn default() -> Classes {
        Classes {
            waiting: vec![&raw mut pyo3_ffi::PyBaseObject_Type],
            visited: FxHashSet::default(),
            versions: FxHashMap::default(),
        }
    }
}

impl Classes {
    /// Whether a class has the version.
    fn have(&mut self, version: u32) -> bool {
        while !self.versions.contains_key(&version) {
            let Some(class) = self.waiting.pop() else { return false };
            if self.visited.insert(class as usize) {
                // SAFETY: a live class: nothing runs while a region is built, and the GIL is held.
                unsafe {
                    self.versions.insert(get(class, TP_VERSION_TAG), class as u64);
                    self.add_subclasses(class);
                }
            }
        }
        true
    }

    unsafe fn add_subclasses(&mut self, class: *mut PyTypeObject) {
        // SAFETY: a live class. The method of `type` makes a list of what weak references refer to: it runs no code of anybody.
        unsafe {
            if (*class).tp_subclasses.is_null() {
                return;
            }
            let of_type = (&raw mut pyo3_ffi::PyType_Type).cast::<PyObject>();
            let method = pyo3_ffi::PyObject_GetAttrString(of_type, c"__subclasses__".as_ptr());
            let list = if method.is_null() { method } else { pyo3_ffi::PyObject_CallOneArg(method, class.cast()) };
            pyo3_ffi::Py_XDECREF(method);
            if list.is_null() {
                // No memory: these classes are not known.
                pyo3_ffi::PyErr_Clear();
                return;
            }
            let found = (0..pyo3_ffi::PyList_GET_SIZE(list)).map(|index| pyo3_ffi::PyList_GET_ITEM(list, index));
            self.waiting.extend(found.map(|subclass| subclass.cast::<PyTypeObject>()));
            // The classes are held by whoever held them before.
            pyo3_ffi::Py_DECREF(list);
        }
    }
}
