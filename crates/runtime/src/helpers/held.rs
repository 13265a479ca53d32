//! References for the length of a call.

use pyo3_ffi::{Py_DECREF, Py_INCREF, PyObject};

/// References of our own to arguments that may be borrowed from local variables: Python code that the call runs can assign those.
pub(super) struct Held<const N: usize>([*mut PyObject; N]);

impl<const N: usize> Held<N> {
    /// Takes the references; they are dropped with the value.
    ///
    /// # Safety
    /// The objects are live, and the GIL is held until the value is dropped.
    #[must_use]
    pub(super) unsafe fn new(objects: [*mut PyObject; N]) -> Self {
        for object in objects {
            // SAFETY: the caller's contract.
            unsafe { Py_INCREF(object) };
        }
        Held(objects)
    }
}

impl<const N: usize> Drop for Held<N> {
    fn drop(&mut self) {
        for object in self.0 {
            // SAFETY: `new` took this reference.
            unsafe { Py_DECREF(object) };
        }
    }
}
