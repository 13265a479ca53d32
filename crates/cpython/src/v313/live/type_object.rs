//! Types.

use pyo3_ffi::{PyObject, PyTypeObject};
use std::ptr;

use super::handle::handle;
use super::{Function, Keys};
use crate::layout::type_object;

handle! {
    /// A type: `PyTypeObject`, and `PyHeapTypeObject` for classes.
    TypeObject, PyTypeObject
}

impl TypeObject {
    /// The type of an object.
    ///
    /// # Safety
    /// `object` is alive, and the GIL is held while the handle is used.
    pub unsafe fn of(object: *mut PyObject) -> TypeObject {
        // SAFETY: every object has a type.
        unsafe { TypeObject::new_unchecked(pyo3_ffi::Py_TYPE(object)) }
    }

    /// Changes whenever an attribute of the type or of one of its bases does; 0 when no version is assigned.
    pub fn version_tag(self) -> u32 {
        self.get(type_object::TP_VERSION_TAG)
    }

    /// Gives the type a version if it has none. False when it cannot get one: it was changed too often.
    pub fn assign_version_tag(self) -> bool {
        // SAFETY: the handle promises a live type and the GIL.
        unsafe { super::symbols::PyUnstable_Type_AssignVersionTag(self.as_ptr()) != 0 }
    }

    /// Bits of [`layout::type_object`](crate::layout::type_object).
    pub fn flags(self) -> u64 {
        self.get(type_object::TP_FLAGS)
    }

    /// Whether all bits of `flags` are set.
    pub fn has(self, flags: u64) -> bool {
        self.flags() & flags == flags
    }

    /// The classes that are derived from it, if it was made at run time. Those of a static type are kept elsewhere, and none is told.
    pub fn derived_classes(self) -> impl Iterator<Item = TypeObject> {
        let is_of_heap = self.has(type_object::HEAPTYPE);
        // SAFETY: the handle's: a live type. A class has them in a dict of its own: weak references, by the addresses.
        let references = unsafe { (*self.as_ptr()).tp_subclasses.cast::<PyObject>() };
        let mut position = 0;
        std::iter::from_fn(move || {
            let mut reference = ptr::null_mut();
            // SAFETY: as above; weak references are asked for what they refer to, which runs no code of anybody.
            unsafe {
                while is_of_heap
                    && !references.is_null()
                    && pyo3_ffi::PyDict_Next(references, &raw mut position, ptr::null_mut(), &raw mut reference) != 0
                {
                    #[expect(deprecated, reason = "nothing runs that could end what is borrowed")]
                    let class = pyo3_ffi::PyWeakref_GetObject(reference);
                    if class != pyo3_ffi::Py_None() {
                        return Some(TypeObject::new_unchecked(class.cast()));
                    }
                }
                None
            }
        })
    }

    /// Size of an instance.
    pub fn basicsize(self) -> isize {
        self.get(type_object::TP_BASICSIZE)
    }

    /// Where instances have their `__dict__` pointer; negative or 0 in special cases.
    pub fn dictoffset(self) -> isize {
        self.get(type_object::TP_DICTOFFSET)
    }

    /// The keys that instances' dicts and inline values share; only classes have them.
    pub fn cached_keys(self) -> Option<Keys> {
        if !self.has(type_object::HEAPTYPE) {
            return None;
        }
        // SAFETY: heap types have the longer layout.
        unsafe { Keys::new(self.get(type_object::HT_CACHED_KEYS)) }
    }

    /// `__getitem__` as the specialiser cached it, and the function version it is good for.
    pub fn cached_getitem(self) -> Option<(Function, u32)> {
        if !self.has(type_object::HEAPTYPE) {
            return None;
        }
        // SAFETY: heap types have the longer layout; the cache holds null or a function the type keeps alive.
        let function = unsafe { Function::new(self.get(type_object::SPEC_CACHE_GETITEM)) }?;
        Some((function, self.get(type_object::SPEC_CACHE_GETITEM_VERSION)))
    }

    /// `__init__` as the specialiser cached it; good for the current [`version_tag`](Self::version_tag).
    pub fn cached_init(self) -> Option<Function> {
        if !self.has(type_object::HEAPTYPE) {
            return None;
        }
        // SAFETY: as in `cached_getitem`.
        unsafe { Function::new(self.get(type_object::SPEC_CACHE_INIT)) }
    }
}
