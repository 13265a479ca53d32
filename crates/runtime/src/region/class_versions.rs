//! Which class has a version: the interpreter tells the version of a class, but not the way back.
//!
//! A graph asks for some dozen versions, most of them of classes whose objects it has seen, or that another graph has asked for. Only for what is left are the classes of the program
//! visited, of which an application has thousands.

use crate::native::raw::get;
use pyo3_ffi::{PyObject, PyTypeObject};
use rustc_hash::{FxHashMap, FxHashSet};
use std::ptr;
use std::sync::{Mutex, PoisonError};
use whipsnake_cpython::layout::{object, type_object::TP_VERSION_TAG};

/// The classes of the program, as far as they were visited while a graph is built: the newest first, since those of the interpreter are the oldest.
#[derive(Debug)]
pub(super) struct Classes {
    /// By the versions that were found.
    versions: FxHashMap<u32, u64>,
    /// Live objects whose classes were not looked at.
    objects: Vec<u64>,
    waiting: Vec<*mut PyTypeObject>,
    visited: FxHashSet<usize>,
    known: Known,
}

/// What the graphs before have found out.
#[derive(Debug, Default)]
struct Known {
    /// Classes by their versions.
    classes: FxHashMap<u32, Seen>,
    /// Versions that no class has. None gets them again.
    missing: FxHashSet<u32>,
    /// How many there may be before those are looked for that are gone.
    room: usize,
}

/// A class that had a version.
#[derive(Debug)]
struct Seen {
    class: usize,
    /// The weak reference that tells whether it is still there, which its bases have, too; null for classes that are never freed.
    reference: usize,
}

static KNOWN: Mutex<Option<Known>> = Mutex::new(None);

impl Default for Classes {
    fn default() -> Classes {
        let known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner).take().unwrap_or_default();
        Classes {
            versions: FxHashMap::default(),
            objects: vec![],
            waiting: vec![&raw mut pyo3_ffi::PyBaseObject_Type],
            visited: FxHashSet::default(),
            known,
        }
    }
}

impl Drop for Classes {
    fn drop(&mut self) {
        let mut known = std::mem::take(&mut self.known);
        for (version, class) in self.versions.drain() {
            known.classes.entry(version).or_insert_with(|| Seen::new(class as usize));
        }
        known.forget_what_is_gone();
        *KNOWN.lock().unwrap_or_else(PoisonError::into_inner) = Some(known);
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
        if let Some(seen) = self.known.classes.get(&version) {
            if seen.has(version) {
                self.versions.insert(version, seen.class as u64);
                return true;
            }
            return false;
        }
        !self.known.missing.contains(&version) && self.visit(version)
    }

    fn have_among_objects(&mut self, version: u32) -> bool {
        while let Some(found) = self.objects.pop() {
            // SAFETY: a live object: nothing runs while a region is built, and the GIL is held.
            unsafe {
                let class: *mut PyTypeObject = get(found as *mut PyObject, object::OB_TYPE);
                self.versions.insert(get(class, TP_VERSION_TAG), class as u64);
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
                self.known.missing.insert(version);
                return false;
            };
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
        // SAFETY: a live class. Weak references are asked for what they refer to, which runs no code of anybody.
        unsafe {
            let subclasses = (*class).tp_subclasses.cast::<PyObject>();
            if subclasses.is_null() {
                return;
            }
            if !is_of_heap(class) {
                self.add_subclasses_of_static(class);
                return;
            }
            // Those of a class in Python are in a dict of its own, by their addresses.
            let (mut position, mut reference) = (0, ptr::null_mut());
            while pyo3_ffi::PyDict_Next(subclasses, &raw mut position, ptr::null_mut(), &raw mut reference) != 0 {
                #[expect(deprecated, reason = "nothing runs that could end what is borrowed")]
                let subclass = pyo3_ffi::PyWeakref_GetObject(reference);
                if subclass != pyo3_ffi::Py_None() {
                    self.waiting.push(subclass.cast());
                }
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

/// Whether a class was made at run time, so that it may be freed.
unsafe fn is_of_heap(class: *mut PyTypeObject) -> bool {
    // SAFETY: the caller's: a live class.
    unsafe { (*class).tp_flags & pyo3_ffi::Py_TPFLAGS_HEAPTYPE != 0 }
}

impl Seen {
    /// Of a live class.
    fn new(class: usize) -> Seen {
        let address = class as *mut PyTypeObject;
        // SAFETY: the GIL is held. Each class has a weak reference already, which its bases know it by: this is the same one.
        let reference = unsafe {
            if is_of_heap(address) {
                pyo3_ffi::PyWeakref_NewRef(address.cast(), ptr::null_mut())
            } else {
                ptr::null_mut()
            }
        };
        if reference.is_null() {
            // SAFETY: the GIL is held.
            unsafe { pyo3_ffi::PyErr_Clear() };
        }
        Seen { class, reference: reference as usize }
    }

    /// Whether the class is there.
    fn is_alive(&self) -> bool {
        let reference = self.reference as *mut PyObject;
        if reference.is_null() {
            return true;
        }
        // SAFETY: the reference is held; the GIL is held, and what it refers to is compared only.
        #[expect(deprecated, reason = "as above")]
        unsafe {
            pyo3_ffi::PyWeakref_GetObject(reference) as usize == self.class
        }
    }

    /// Whether it is there, and has the version.
    fn has(&self, version: u32) -> bool {
        // SAFETY: a live class; the GIL is held.
        self.is_alive() && unsafe { get::<u32>(self.class as *mut PyTypeObject, TP_VERSION_TAG) } == version
    }
}

impl Known {
    /// Makes room once there are twice as many as were there before.
    fn forget_what_is_gone(&mut self) {
        /// As many are kept in any case.
        const FEW: usize = 4096;
        if self.classes.len() + self.missing.len() <= self.room.max(FEW) {
            return;
        }
        self.missing.clear();
        self.classes.retain(|&version, seen| {
            let there = seen.has(version);
            if !there {
                // SAFETY: the reference is ours; the GIL is held.
                unsafe { pyo3_ffi::Py_XDECREF(seen.reference as *mut PyObject) };
            }
            there
        });
        self.room = 2 * self.classes.len();
    }
}
