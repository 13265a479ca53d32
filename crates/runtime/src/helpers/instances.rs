//! `isinstance`.

use super::abstract_classes;
use super::attention::Before;
use super::special::{Name, look_up};
use crate::native::raw::{get, is_exact};
use pyo3_ffi::{PyObject, PyTypeObject};
use std::ffi::c_int;
use std::ptr;
use whipsnake_cpython::layout::object;
use whipsnake_cpython::live::Tuple;
use whipsnake_cpython::opcode;

/// `isinstance(value, class)`: 1, 0, or −1 with an exception set.
///
/// # Safety
/// Called by machine code, with the GIL held and live objects.
pub unsafe extern "C" fn is_instance(value: *mut PyObject, class: *mut PyObject) -> c_int {
    // SAFETY: the caller's.
    unsafe {
        match answer_for_all(value, class) {
            Some(answer) => answer.into(),
            None => {
                let before = Before::now();
                let answer = pyo3_ffi::PyObject_IsInstance(value, class);
                if answer >= 0 {
                    learn(value, class, answer != 0);
                }
                before.truth(opcode::CALL, answer)
            }
        }
    }
}

/// Remembers answers of abstract classes; of several, those that were asked first and said no, and the one that said yes if it is the last.
unsafe fn learn(value: *mut PyObject, class: *mut PyObject, is: bool) {
    // SAFETY: the caller's; no exception is set.
    unsafe {
        let own: *mut PyTypeObject = get(value, object::OB_TYPE);
        if !is_exact(class, &raw mut pyo3_ffi::PyTuple_Type) {
            return abstract_classes::learn(own, class, is);
        }
        let classes = Tuple::new_unchecked(class);
        for index in 0..classes.len() {
            let class = classes.items().add(index).read();
            if answer(value, class).is_none() {
                // Where somebody said yes, who that was is not known but of the last.
                let is_last = index + 1 == classes.len();
                if !is || is_last {
                    abstract_classes::learn(own, class, is);
                }
            }
        }
    }
}

/// `isinstance(value, class)`: 1, 0, or −1 where Python code has a say.
///
/// # Safety
/// As [`is_instance`].
pub unsafe extern "C" fn try_is_instance(value: *mut PyObject, class: *mut PyObject) -> c_int {
    // SAFETY: the caller's.
    unsafe { answer_for_all(value, class) }.map_or(-1, c_int::from)
}

/// The answer for a class or a tuple of classes, where no Python code has a say.
unsafe fn answer_for_all(value: *mut PyObject, class: *mut PyObject) -> Option<bool> {
    // SAFETY: the caller's; an exact tuple's items are alive.
    unsafe {
        if !is_exact(class, &raw mut pyo3_ffi::PyTuple_Type) {
            return answer(value, class);
        }
        let classes = Tuple::new_unchecked(class);
        for index in 0..classes.len() {
            if answer(value, classes.items().add(index).read())? {
                return Some(true);
            }
        }
        Some(false)
    }
}

/// The answer for a class that is an instance of `type` itself, or an abstract one that has answered before.
unsafe fn answer(value: *mut PyObject, class: *mut PyObject) -> Option<bool> {
    // SAFETY: the caller's.
    unsafe {
        let own: *mut PyTypeObject = get(value, object::OB_TYPE);
        if own.cast() == class {
            return Some(true);
        }
        if !is_exact(class, &raw mut pyo3_ffi::PyType_Type) {
            return abstract_classes::recall(own, class);
        }
        if pyo3_ffi::PyType_IsSubtype(own, class.cast()) != 0 {
            return Some(true);
        }
        has_plain_class(own).then_some(false)
    }
}

/// Whether the `__class__` of instances is their type for sure.
pub(super) unsafe fn has_plain_class(class: *mut PyTypeObject) -> bool {
    // SAFETY: a live type.
    unsafe {
        let generic = pyo3_ffi::PyObject_GenericGetAttr as pyo3_ffi::getattrofunc;
        if !(*class).tp_getattro.is_some_and(|own| ptr::fn_addr_eq(own, generic)) {
            return false;
        }
        let of_object = look_up(&raw mut pyo3_ffi::PyBaseObject_Type, Name::Class);
        !of_object.is_null() && look_up(class, Name::Class) == of_object
    }
}
