//! Ranges, whose struct no header has: its fields are where the type says that the attributes of its instances are.

use std::sync::OnceLock;

use pyo3_ffi::{PyMemberDef, PyObject, PyRange_Type};

use super::handle::handle;

handle! {
    /// A `range`: `rangeobject`.
    Range, PyObject
}

/// `start`, `stop`, `step`, behind an object's head; then the length, which is no attribute.
const FIELDS: [i32; 4] = [16, 24, 32, 40];

impl Range {
    /// The object as a range, if it is one, and ranges are as they should be.
    ///
    /// # Safety
    /// A live object, the GIL held.
    #[inline]
    pub unsafe fn of(object: *mut PyObject) -> Option<Range> {
        // SAFETY: the caller's.
        unsafe {
            let is_range = pyo3_ffi::Py_TYPE(object) == &raw mut PyRange_Type && is_known();
            is_range.then(|| Range::new_unchecked(object))
        }
    }

    /// Its start, step and length: ints.
    #[inline]
    pub fn parts(self) -> [*mut PyObject; 3] {
        [self.get(FIELDS[0]), self.get(FIELDS[2]), self.get(FIELDS[3])]
    }

    /// A new range of a start, a stop, a step and the length that follows from them, whose references it takes; `None` with `MemoryError` set.
    ///
    /// # Safety
    /// Ranges are known: there [was one](Self::of). The objects are ints, the GIL is held.
    pub unsafe fn new_of(parts: [*mut PyObject; 4]) -> Option<Range> {
        // SAFETY: an object of this type has these fields, which the caller fills.
        unsafe {
            let range = Range::new(pyo3_ffi::PyObject_New::<PyObject>(&raw mut PyRange_Type))?;
            for (offset, part) in FIELDS.into_iter().zip(parts) {
                range.set(offset, part);
            }
            Some(range)
        }
    }
}

/// Whether the type has its attributes at the places that we know, and one field more.
#[inline]
fn is_known() -> bool {
    static KNOWN: OnceLock<bool> = OnceLock::new();
    *KNOWN.get_or_init(|| {
        // SAFETY: a static type, whose members end with one that has no name.
        unsafe {
            let members = PyRange_Type.tp_members;
            let member = |index: usize| -> Option<&PyMemberDef> {
                (*members.add(index)).name.as_ref().map(|_| &*members.add(index))
            };
            let attributes = [c"start", c"stop", c"step"];
            PyRange_Type.tp_basicsize == FIELDS[3] as isize + size_of::<usize>() as isize
                && PyRange_Type.tp_itemsize == 0
                && !members.is_null()
                && attributes.into_iter().zip(FIELDS).enumerate().all(|(index, (name, offset))| {
                    member(index).is_some_and(|member| {
                        std::ffi::CStr::from_ptr(member.name) == name && member.offset == offset as isize
                    })
                })
        }
    })
}
