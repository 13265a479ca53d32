//! Which method an operator calls, where that is sure: a Python function that a class has for it, whose answer `NotImplemented` is an error, since
//! nobody else would be asked.

use crate::native::raw::{get, is_exact};
use pyo3_ffi::{PyObject, PyTypeObject};
use std::ffi::CStr;
use whipsnake_cpython::layout::type_object;
use whipsnake_cpython::live::symbols;

/// The methods of the binary operators, by their number in bytecode: on the left, on the right, in place. Powers take another way.
const METHODS: [Option<[&CStr; 3]>; 13] = [
    Some([c"__add__", c"__radd__", c"__iadd__"]),
    Some([c"__and__", c"__rand__", c"__iand__"]),
    Some([c"__floordiv__", c"__rfloordiv__", c"__ifloordiv__"]),
    Some([c"__lshift__", c"__rlshift__", c"__ilshift__"]),
    Some([c"__matmul__", c"__rmatmul__", c"__imatmul__"]),
    Some([c"__mul__", c"__rmul__", c"__imul__"]),
    Some([c"__mod__", c"__rmod__", c"__imod__"]),
    Some([c"__or__", c"__ror__", c"__ior__"]),
    None,
    Some([c"__rshift__", c"__rrshift__", c"__irshift__"]),
    Some([c"__sub__", c"__rsub__", c"__isub__"]),
    Some([c"__truediv__", c"__rtruediv__", c"__itruediv__"]),
    Some([c"__xor__", c"__rxor__", c"__ixor__"]),
];

/// The method of an operator.
pub(super) struct Found {
    /// The function.
    pub function: *mut PyObject,
    /// Whether the right operand has it.
    pub reflected: bool,
}

/// What operands of these types call for the operator; both keep that as long as their versions stay.
///
/// # Safety
/// Live types, the GIL held.
pub(super) unsafe fn method(left: *mut PyTypeObject, right: *mut PyTypeObject, oparg: u32) -> Option<Found> {
    let count = METHODS.len() as u32;
    let [forward, reflected, in_place] = METHODS[(oparg % count) as usize]?;
    // SAFETY: the caller's.
    unsafe {
        if is_number(left) {
            // It leaves what it does not know to the other, which is no number.
            return Some(Found { function: function(right, reflected)?, reflected: true });
        }
        let found = Found { function: function(left, forward)?, reflected: false };
        if oparg >= count && look_up(left, in_place).is_some() {
            return None;
        }
        let alone = left == right
            || is_number(right)
            || is_plain(right) && pyo3_ffi::PyType_IsSubtype(right, left) == 0 && look_up(right, reflected).is_none();
        alone.then_some(found)
    }
}

/// Whether it is exactly `int` or `float`, which know only themselves and each other.
fn is_number(class: *mut PyTypeObject) -> bool {
    class == &raw mut pyo3_ffi::PyLong_Type || class == &raw mut pyo3_ffi::PyFloat_Type
}

/// Whether it is a class of the program whose instances are no numbers or sequences of CPython's.
unsafe fn is_plain(class: *mut PyTypeObject) -> bool {
    // SAFETY: a live type; its sequence methods are part of it, if it is of the program.
    unsafe {
        let flags: u64 = get(class, type_object::TP_FLAGS);
        if flags & type_object::HEAPTYPE == 0 || (*class).tp_as_sequence.is_null() {
            return false;
        }
        let sequence = &*(*class).tp_as_sequence;
        let concatenates = sequence.sq_concat.is_some()
            || sequence.sq_repeat.is_some()
            || sequence.sq_inplace_concat.is_some()
            || sequence.sq_inplace_repeat.is_some();
        let numbers =
            [&raw mut pyo3_ffi::PyLong_Type, &raw mut pyo3_ffi::PyFloat_Type, &raw mut pyo3_ffi::PyComplex_Type];
        !concatenates && numbers.into_iter().all(|number| pyo3_ffi::PyType_IsSubtype(class, number) == 0)
    }
}

/// The function that a plain class has under a name.
unsafe fn function(class: *mut PyTypeObject, name: &CStr) -> Option<*mut PyObject> {
    // SAFETY: the caller's.
    unsafe {
        let found = look_up(class, name).filter(|_| is_plain(class))?;
        is_exact(found, &raw mut pyo3_ffi::PyFunction_Type).then_some(found)
    }
}

/// What a class has under a name. Gives it a version, if it has none.
unsafe fn look_up(class: *mut PyTypeObject, name: &CStr) -> Option<*mut PyObject> {
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
