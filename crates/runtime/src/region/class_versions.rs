//! Which class has a version, as far as its [fixed part](whipsnake_cpython::class_version::fixed) goes: the interpreter tells the version of a class, but not the way back.
//!
//! A graph asks for some dozen versions, most of them of classes whose objects it has seen. Only for what is left are the classes of the program visited, of which an application has
//! thousands. Nothing of them is kept: a class that is gone leaves no trace here, not even the weak reference to it.

use crate::helpers::class_variables::fixed_version;
use crate::native::raw::get;
use pyo3_ffi::{PyObject, PyTypeObject};
use rustc_hash::{FxHashMap, FxHashSet};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use whipsnake_cpython::layout::{object, type_object};
use whipsnake_cpython::live::TypeObject;

/// The classes of the program, as far as they were visited while a graph is built: the newest first, since those of the interpreter are the oldest.
#[derive(Debug)]
pub(super) struct Classes {
    /// By the versions that were found.
    versions: FxHashMap<u32, u64>,
    /// Live objects whose classes were not looked at.
    objects: Vec<u64>,
    waiting: Vec<*mut PyTypeObject>,
    visited: FxHashSet<usize>,
}

/// Versions that no class has, as the graphs before have found out. None gets them again.
static MISSING: LazyLock<Mutex<FxHashSet<u32>>> = LazyLock::new(Mutex::default);

/// So many are remembered.
const MOST_MISSING: usize = 4096;

fn missing() -> MutexGuard<'static, FxHashSet<u32>> {
    MISSING.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Default for Classes {
    fn default() -> Classes {
        Classes {
            versions: FxHashMap::default(),
            objects: vec![],
            waiting: vec![&raw mut pyo3_ffi::PyBaseObject_Type],
            visited: FxHashSet::default(),
        }
    }
}

impl Classes {
    /// Notes a live object, whose class may be asked for.
    pub fn look_at(&mut self, object: u64) {
        self.objects.push(object);
    }

    /// The class with that version, if it was found.
    pub fn with(&self, version: u32) -> Option<u64> {
        self.versions.get(&version).copied()
    }

    /// Whether a class has the version.
    pub fn have(&mut self, version: u32) -> bool {
        if self.versions.contains_key(&version) || self.have_among_objects(version) {
            return true;
        }
        !missing().contains(&version) && self.visit(version)
    }

    fn have_among_objects(&mut self, version: u32) -> bool {
        while let Some(found) = self.objects.pop() {
            // SAFETY: a live object: nothing runs while a region is built, and the GIL is held.
            unsafe {
                let class: *mut PyTypeObject = get(found as *mut PyObject, object::OB_TYPE);
                self.versions.insert(fixed_version(class), class as u64);
            }
            if self.versions.contains_key(&version) {
                return true;
            }
        }
        false
    }

    fn visit(&mut self, version: u32) -> bool {
        while !self.versions.contains_key(&version) {
            let Some(class) = self.waiting.pop() else {
                let mut missing = missing();
                if missing.len() >= MOST_MISSING {
                    missing.clear();
                }
                missing.insert(version);
                return false;
            };
            if self.visited.insert(class as usize) {
                // SAFETY: a live class: nothing runs while a region is built, and the GIL is held.
                unsafe {
                    self.versions.insert(fixed_version(class), class as u64);
                    self.add_subclasses(class);
                }
            }
        }
        true
    }

    unsafe fn add_subclasses(&mut self, class: *mut PyTypeObject) {
        // SAFETY: a live class.
        unsafe {
            let handle = TypeObject::new_unchecked(class);
            if handle.has(type_object::HEAPTYPE) {
                self.waiting.extend(handle.derived_classes().map(TypeObject::as_ptr));
            } else if !(*class).tp_subclasses.is_null() {
                self.add_subclasses_of_static(class);
            }
        }
    }

    /// Those of a static class are asked for.
    unsafe fn add_subclasses_of_static(&mut self, class: *mut PyTypeObject) {
        // SAFETY: a live class. The method of `type` makes a list of what weak references refer to: it runs no code of anybody.
        unsafe {
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
