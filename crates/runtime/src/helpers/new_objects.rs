//! What a `__new__` in Python calls: `object.__new__` and `tuple.__new__`, which `super()` and named tuples lead to.

use super::derived_tuples;
use super::new_instances;
use super::special::{Name, look_up};
use crate::native::raw::{get, is_exact, release, retain};
use pyo3_ffi::{PyObject, PyTypeObject};
use std::sync::OnceLock;
use whipsnake_cpython::layout::{cfunction, tuple, type_object};
use whipsnake_cpython::live::Tuple;

/// Calls `object.__new__(class)` or `tuple.__new__(class, items)`, for a class that they make instances of in the usual way. Takes the references to
/// the callable and its arguments; `None` for everything else, and then nothing was done. NULL in the answer: an exception is set.
///
/// # Safety
/// Live objects, the GIL held.
#[inline]
pub(super) unsafe fn call_new(callable: *mut PyObject, args: &[*mut PyObject]) -> Option<*mut PyObject> {
    // SAFETY: the caller's; the fields of a built-in function. Those that are called in this way have no other.
    unsafe {
        if !is_exact(callable, &raw mut pyo3_ffi::PyCFunction_Type)
            || get::<usize>(callable, cfunction::VECTORCALL) != 0
            || method(callable) != *NEW.get_or_init(|| find_wrapper())
        {
            return None;
        }
        let made = make(get(callable, cfunction::M_SELF), args)?;
        release(callable);
        args.iter().for_each(|&argument| release(argument));
        Some(made)
    }
}

/// What is behind the built-in `__new__` of each type.
static NEW: OnceLock<usize> = OnceLock::new();

/// The address of the C function of a built-in function.
unsafe fn method(function: *mut PyObject) -> usize {
    // SAFETY: the caller's: a built-in function, whose definition lives as long.
    unsafe { (*(*function.cast::<pyo3_ffi::PyCFunctionObject>()).m_ml).ml_meth.PyCFunction as usize }
}

unsafe fn find_wrapper() -> usize {
    // SAFETY: the GIL is held; no Python code runs for this.
    unsafe {
        let found = look_up(&raw mut pyo3_ffi::PyBaseObject_Type, Name::New);
        if found.is_null() || !is_exact(found, &raw mut pyo3_ffi::PyCFunction_Type) {
            usize::MAX
        } else {
            method(found)
        }
    }
}

/// A new instance, by the `__new__` of `owner`.
unsafe fn make(owner: *mut PyTypeObject, args: &[*mut PyObject]) -> Option<*mut PyObject> {
    // SAFETY: the caller's; a class is read as one after the check.
    unsafe {
        let class: *mut PyTypeObject = args.first()?.cast();
        if pyo3_ffi::PyType_Check(class.cast()) == 0 || !inherits_new(class, owner) {
            return None;
        }
        let special = type_object::IS_ABSTRACT | type_object::HEAPTYPE;
        let usual = get::<u64>(class, type_object::TP_FLAGS) & special == type_object::HEAPTYPE
            && (*class).tp_alloc.map(|f| f as usize) == Some(pyo3_ffi::PyType_GenericAlloc as *const () as usize);
        if !usual {
            return None;
        }
        match args[1..] {
            [] if owner == &raw mut pyo3_ffi::PyBaseObject_Type => Some(new_instances::new_instance(class)),
            [items] if owner == &raw mut pyo3_ffi::PyTuple_Type && pyo3_ffi::PyTuple_CheckExact(items) != 0 => {
                Some(make_tuple(class, Tuple::new_unchecked(items)))
            }
            [items] if owner == &raw mut pyo3_ffi::PyTuple_Type => {
                // Which may run any code, and raise.
                let items = pyo3_ffi::PySequence_Tuple(items);
                if items.is_null() {
                    return Some(items);
                }
                let made = make_tuple(class, Tuple::new_unchecked(items));
                release(items);
                Some(made)
            }
            _ => None,
        }
    }
}

/// Whether the `__new__` of a built-in type is the one that a class inherits, below those that are written in Python.
unsafe fn inherits_new(class: *mut PyTypeObject, owner: *mut PyTypeObject) -> bool {
    // SAFETY: live types.
    unsafe {
        let new = |class: *mut PyTypeObject| (*class).tp_new.map(|f| f as usize);
        let (own, wanted) = (new(class), new(owner));
        let mut base = class;
        while !base.is_null() && new(base) == own && own != wanted {
            base = (*base).tp_base;
        }
        !base.is_null() && new(base) == wanted && pyo3_ffi::PyType_IsSubtype(class, owner) != 0
    }
}

/// An instance of a class derived from `tuple`.
unsafe fn make_tuple(class: *mut PyTypeObject, items: Tuple) -> *mut PyObject {
    // SAFETY: the caller's; a new instance has room for the items.
    unsafe {
        if let Some(made) = derived_tuples::make(class, items.items(), items.len()) {
            return made;
        }
        let made = pyo3_ffi::PyType_GenericAlloc(class, items.len() as isize);
        if !made.is_null() {
            let to = made.cast::<u8>().add(tuple::OB_ITEM as usize).cast::<*mut PyObject>();
            for index in 0..items.len() {
                to.add(index).write(retain(items.items().add(index).read()));
            }
        }
        made
    }
}
