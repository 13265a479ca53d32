//! Classes whose calls do no more than call a `__new__` in Python.

use crate::helpers::class_calls::is_called_as_class;
use crate::helpers::class_variables::fixed_version;
use crate::helpers::special::{self, Name};
use crate::native::raw::{get, is_exact};
use pyo3_ffi::{PyObject, PyTypeObject};
use whipsnake_cpython::layout::{method_wrapper, object, type_object};
use whipsnake_cpython::live::symbols;

/// Such a `__new__`.
pub(super) struct Found {
    pub function: *mut PyObject,
    pub wrapper: *mut PyObject,
    /// The version of the class of the class.
    pub metaclass: u32,
}

/// That of a class without an `__init__` of its own, if it is called as classes are. The class has a version then, if it can have one.
///
/// # Safety
/// A live class, the GIL held.
pub(super) unsafe fn new_in_python(class: *mut PyTypeObject) -> Option<Found> {
    // SAFETY: the caller's.
    unsafe {
        let base = &raw const pyo3_ffi::PyBaseObject_Type;
        let metaclass: *mut PyTypeObject = get(class, object::OB_TYPE);
        let called_generally = is_called_as_class(class.cast()) && (*class).tp_vectorcall.is_none();
        let without_init = (*class).tp_init.map(|f| f as usize) == (*base).tp_init.map(|f| f as usize);
        let of_program = get::<u64>(class, type_object::TP_FLAGS) & type_object::HEAPTYPE != 0;
        if !called_generally || !without_init || !of_program {
            return None;
        }
        let wrapper = special::look_up(class, Name::New);
        if wrapper.is_null() || !is_exact(wrapper, &raw mut symbols::PyStaticMethod_Type) {
            return None;
        }
        let function: *mut PyObject = get(wrapper, method_wrapper::CALLABLE);
        let is_function = !function.is_null() && is_exact(function, &raw mut pyo3_ffi::PyFunction_Type);
        let version = fixed_version(metaclass);
        (is_function && version != 0).then_some(Found { function, wrapper, metaclass: version })
    }
}
