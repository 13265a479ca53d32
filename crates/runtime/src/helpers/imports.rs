//! Imports.

use super::names::{interned, optional_item};
use crate::native::raw::{get, is_exact, release, release_or_null};
use pyo3_ffi::{PyCFunction_Type, PyExc_ImportError, PyObject};
use std::ffi::{CStr, c_char, c_int};
use std::ptr;
use std::sync::OnceLock;
use whipsnake_cpython::layout::{cfunction, method_def};
use whipsnake_cpython::live::{_PyInterpreterFrame, Frame, symbols};

unsafe extern "C" {
    fn PyLong_AsInt(number: *mut PyObject) -> c_int;
}

/// `import name`, or the module of `from name import names`.
///
/// # Safety
/// The current frame, live objects; the GIL held.
pub unsafe extern "C" fn import_name(
    frame: *mut _PyInterpreterFrame,
    name: *mut PyObject,
    names: *mut PyObject,
    level: *mut PyObject,
) -> *mut PyObject {
    static IMPORT: OnceLock<usize> = OnceLock::new();
    // SAFETY: the caller's contract.
    unsafe {
        let frame = Frame::new_unchecked(frame);
        let Ok(import) = optional_item(frame.builtins(), interned(c"__import__", &IMPORT)) else {
            return ptr::null_mut();
        };
        if import.is_null() {
            pyo3_ffi::PyErr_SetString(PyExc_ImportError, c"__import__ not found".as_ptr());
            return import;
        }
        let none = pyo3_ffi::Py_None();
        let locals = if frame.locals().is_null() { none } else { frame.locals() };
        if is_builtin_import(import) {
            release(import);
            let level = PyLong_AsInt(level);
            if level == -1 && !pyo3_ffi::PyErr_Occurred().is_null() {
                return ptr::null_mut();
            }
            return pyo3_ffi::PyImport_ImportModuleLevelObject(name, frame.globals(), locals, names, level);
        }
        let arguments = [name, frame.globals(), locals, names, level];
        let module = pyo3_ffi::PyObject_Vectorcall(import, arguments.as_ptr(), arguments.len(), ptr::null_mut());
        release(import);
        module
    }
}

/// Whether the function is the built-in `__import__`, which does what `PyImport_ImportModuleLevelObject` does.
unsafe fn is_builtin_import(import: *mut PyObject) -> bool {
    static METHOD: OnceLock<usize> = OnceLock::new();
    // SAFETY: a live object; its fields are read only after the type check.
    unsafe {
        if !is_exact(import, &raw mut PyCFunction_Type) {
            return false;
        }
        let found: usize = get(import, cfunction::M_ML);
        // The method table of `builtins` has one entry of that name; nobody else can make a function of it.
        if let Some(&known) = METHOD.get() {
            return found == known;
        }
        let name: *const c_char = get(found as *const u8, method_def::ML_NAME);
        let owner: *mut PyObject = get(import, cfunction::M_SELF);
        let is_it = CStr::from_ptr(name) == c"__import__"
            && !owner.is_null()
            && is_exact(owner, &raw mut pyo3_ffi::PyModule_Type)
            && CStr::from_ptr(pyo3_ffi::PyModule_GetName(owner)) == c"builtins";
        if is_it {
            let _ = METHOD.set(found);
        }
        is_it
    }
}

/// `object.name` as a new reference, null if it is not there; an error if an exception is set.
unsafe fn optional_attribute(object: *mut PyObject, name: *mut PyObject) -> Result<*mut PyObject, ()> {
    let mut value = ptr::null_mut();
    // SAFETY: the caller passes live objects and holds the GIL.
    let status = unsafe { pyo3_ffi::PyObject_GetOptionalAttr(object, name, &mut value) };
    if status < 0 { Err(()) } else { Ok(value) }
}

/// `from module import name`, given the module.
///
/// # Safety
/// Live objects; the GIL held.
pub unsafe extern "C" fn import_from(module: *mut PyObject, name: *mut PyObject) -> *mut PyObject {
    // SAFETY: the caller's contract.
    unsafe { from_module(module, name).unwrap_or(ptr::null_mut()) }
}

unsafe fn from_module(module: *mut PyObject, name: *mut PyObject) -> Result<*mut PyObject, ()> {
    static NAME: OnceLock<usize> = OnceLock::new();
    // SAFETY: as `import_from`.
    unsafe {
        let value = optional_attribute(module, name)?;
        if !value.is_null() {
            return Ok(value);
        }
        // A module that is being imported is not yet an attribute of its package.
        let module_name = optional_attribute(module, interned(c"__name__", &NAME))?;
        if !module_name.is_null() && pyo3_ffi::PyUnicode_Check(module_name) != 0 {
            let full = pyo3_ffi::PyUnicode_FromFormat(c"%U.%U".as_ptr(), module_name, name);
            release(module_name);
            if full.is_null() {
                return Err(());
            }
            let found = pyo3_ffi::PyImport_GetModule(full);
            release(full);
            if !found.is_null() || !pyo3_ffi::PyErr_Occurred().is_null() {
                return Ok(found);
            }
        } else {
            release_or_null(module_name);
        }
        raise_cannot_import(module, name);
        Err(())
    }
}

/// Raises what the interpreter raises when a module does not have a name. The text depends on the module's spec and file and differs
/// between patch versions, so the interpreter makes it: it runs the same statement on a stand-in of the module.
#[cold]
unsafe fn raise_cannot_import(module: *mut PyObject, name: *mut PyObject) {
    const SOURCE: &CStr = c"exec(compile('from _ import x', '', 'exec').replace(co_names=('_', name)), \
        {'__builtins__': {'__import__': lambda *_: module}})";
    // SAFETY: as `import_from`; references are dropped on all ways.
    unsafe {
        let stand_in = stand_in(module);
        let namespace = pyo3_ffi::PyDict_New();
        if !stand_in.is_null() && !namespace.is_null() {
            let builtins = pyo3_ffi::PyEval_GetBuiltins();
            let set = pyo3_ffi::PyDict_SetItemString(namespace, c"name".as_ptr(), name) == 0
                && pyo3_ffi::PyDict_SetItemString(namespace, c"module".as_ptr(), stand_in) == 0
                && pyo3_ffi::PyDict_SetItemString(namespace, c"__builtins__".as_ptr(), builtins) == 0;
            if set {
                let thread = pyo3_ffi::PyThreadState_Get();
                symbols::PyThreadState_EnterTracing(thread);
                let done = pyo3_ffi::PyRun_String(SOURCE.as_ptr(), pyo3_ffi::Py_file_input, namespace, namespace);
                symbols::PyThreadState_LeaveTracing(thread);
                release_or_null(done);
            }
        }
        release_or_null(namespace);
        release_or_null(stand_in);
        let error = pyo3_ffi::PyErr_GetRaisedException();
        if error.is_null() {
            pyo3_ffi::PyErr_Format(PyExc_ImportError, c"cannot import name %R".as_ptr(), name);
            return;
        }
        // The traceback begins where the real statement is.
        pyo3_ffi::PyException_SetTraceback(error, pyo3_ffi::Py_None());
        pyo3_ffi::PyErr_SetRaisedException(error);
    }
}

/// A module with what the message is made from; null with an exception set. The real one could run code once more.
unsafe fn stand_in(module: *mut PyObject) -> *mut PyObject {
    // SAFETY: as `import_from`.
    unsafe {
        let is_module = pyo3_ffi::PyModule_Check(module) != 0;
        let made = if is_module {
            pyo3_ffi::PyModule_New(c"_".as_ptr())
        } else {
            let types = pyo3_ffi::PyImport_ImportModule(c"types".as_ptr());
            if types.is_null() {
                return types;
            }
            let class = pyo3_ffi::PyObject_GetAttrString(types, c"SimpleNamespace".as_ptr());
            release(types);
            if class.is_null() {
                return class;
            }
            let made = pyo3_ffi::PyObject_CallNoArgs(class);
            release(class);
            made
        };
        if made.is_null() {
            return made;
        }
        if is_module {
            // Asked of the dict alone, as the message does.
            pyo3_ffi::PyDict_Clear(pyo3_ffi::PyModule_GetDict(made));
            let file = pyo3_ffi::PyDict_GetItemString(pyo3_ffi::PyModule_GetDict(module), c"__file__".as_ptr());
            if !file.is_null() && pyo3_ffi::PyObject_SetAttrString(made, c"__file__".as_ptr(), file) < 0 {
                release(made);
                return ptr::null_mut();
            }
        }
        for attribute in [c"__name__", c"__spec__"] {
            let mut value = ptr::null_mut();
            let status = pyo3_ffi::PyObject_GetOptionalAttrString(module, attribute.as_ptr(), &mut value);
            let failed =
                status < 0 || (status > 0 && pyo3_ffi::PyObject_SetAttrString(made, attribute.as_ptr(), value) < 0);
            release_or_null(value);
            if failed {
                release(made);
                return ptr::null_mut();
            }
        }
        made
    }
}
