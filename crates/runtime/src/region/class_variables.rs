//! What the optimizer asks of a class's variables that vary.

use super::alive::Alive;
use crate::helpers::class_variables::{fixed_version, goes_by_rule, holder, varies};
use crate::native::raw::get;
use pyo3_ffi::{PyObject, PyTypeObject};
use whipsnake_cpython::layout::object;
use whipsnake_optimizer::ClassVariable;

/// How a class has a variable that varies, if it is one.
pub(super) fn of_class(class: u64, name: *mut PyObject, alive: &Alive) -> Option<ClassVariable> {
    if !alive.has(class) {
        return None;
    }
    let class = class as *mut PyTypeObject;
    // SAFETY: a live object, and a class after the check; the GIL is held.
    unsafe {
        let metaclass: *mut PyTypeObject = get(class, object::OB_TYPE);
        if pyo3_ffi::PyType_Check(class.cast()) == 0 || !goes_by_rule(metaclass, name) {
            return None;
        }
        let version = fixed_version(class);
        let holder = holder(class, name).filter(|_| varies(version, name))?;
        alive.note(name as u64);
        alive.note(holder as u64);
        let metaclass = fixed_version(metaclass);
        (metaclass != 0).then_some(ClassVariable { metaclass, version, holder: holder as u64, name: name as u64 })
    }
}
