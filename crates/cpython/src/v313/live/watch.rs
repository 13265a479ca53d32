//! Watchers: being told when functions, types, dicts and code objects change.
//!
//! CPython's callbacks carry no data of their own, so there is one Rust callback of each kind in a process.
//!
//! A callback runs in the middle of the change, with the GIL, possibly with an exception set and possibly while the
//! object is being deallocated. It must not raise, must leave a set exception alone, and must not keep the object.

use std::ffi::c_int;
use std::sync::OnceLock;

use pyo3_ffi::{PyCodeObject, PyFunctionObject, PyObject, PyTypeObject};

use super::{Code, Dict, Function, Raised, TypeObject, status};

unsafe extern "C" {
    fn PyFunction_AddWatcher(callback: extern "C" fn(c_int, *mut PyFunctionObject, *mut PyObject) -> c_int) -> c_int;
    fn PyFunction_ClearWatcher(id: c_int) -> c_int;
    fn PyType_AddWatcher(callback: extern "C" fn(*mut PyTypeObject) -> c_int) -> c_int;
    fn PyType_ClearWatcher(id: c_int) -> c_int;
    fn PyType_Watch(id: c_int, watched: *mut PyObject) -> c_int;
    fn PyType_Unwatch(id: c_int, watched: *mut PyObject) -> c_int;
    fn PyDict_AddWatcher(callback: extern "C" fn(c_int, *mut PyObject, *mut PyObject, *mut PyObject) -> c_int)
    -> c_int;
    fn PyDict_ClearWatcher(id: c_int) -> c_int;
    fn PyDict_Watch(id: c_int, watched: *mut PyObject) -> c_int;
    fn PyDict_Unwatch(id: c_int, watched: *mut PyObject) -> c_int;
    fn PyCode_AddWatcher(callback: extern "C" fn(c_int, *mut PyCodeObject) -> c_int) -> c_int;
    fn PyCode_ClearWatcher(id: c_int) -> c_int;
}

/// What happens to a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FunctionEvent {
    /// It has been made.
    Create,
    /// It is about to be freed.
    Destroy,
    /// `__code__` is about to be replaced.
    ModifyCode,
    /// `__defaults__` is about to be replaced.
    ModifyDefaults,
    /// `__kwdefaults__` is about to be replaced (changes inside the dict are not reported).
    ModifyKwdefaults,
}

/// What happens to a dict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DictEvent {
    /// A key is added.
    Added,
    /// The value of a key is replaced by another object.
    Modified,
    /// A key is deleted.
    Deleted,
    /// The dict was empty and becomes a copy of another one, which is passed as the key.
    Cloned,
    /// All keys are deleted.
    Cleared,
    /// The dict is freed.
    Deallocated,
}

/// What happens to a code object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeEvent {
    /// It has been made.
    Create,
    /// It is about to be freed.
    Destroy,
}

/// Gets event, function and the new value (null for `Create` and `Destroy`).
pub type FunctionCallback = fn(FunctionEvent, Function, *mut PyObject);
/// Gets the type, whose version tag is still the old one. Not called while the tag is 0.
pub type TypeCallback = fn(TypeObject);
/// Gets event, dict, key and new value (null where there is none). The dict has not been changed yet.
pub type DictCallback = fn(DictEvent, Dict, *mut PyObject, *mut PyObject);
/// Gets event and code object.
pub type CodeCallback = fn(CodeEvent, Code);

static ON_FUNCTION: OnceLock<FunctionCallback> = OnceLock::new();
static ON_TYPE: OnceLock<TypeCallback> = OnceLock::new();
static ON_DICT: OnceLock<DictCallback> = OnceLock::new();
static ON_CODE: OnceLock<CodeCallback> = OnceLock::new();

extern "C" fn function_changed(event: c_int, function: *mut PyFunctionObject, new_value: *mut PyObject) -> c_int {
    let event = match event {
        0 => FunctionEvent::Create,
        1 => FunctionEvent::Destroy,
        2 => FunctionEvent::ModifyCode,
        3 => FunctionEvent::ModifyDefaults,
        4 => FunctionEvent::ModifyKwdefaults,
        _ => return 0,
    };
    if let Some(callback) = ON_FUNCTION.get() {
        // SAFETY: CPython passes a live function, under the GIL.
        callback(event, unsafe { Function::new_unchecked(function) }, new_value);
    }
    0
}

extern "C" fn type_changed(changed: *mut PyTypeObject) -> c_int {
    if let Some(callback) = ON_TYPE.get() {
        // SAFETY: CPython passes a live type, under the GIL.
        callback(unsafe { TypeObject::new_unchecked(changed) });
    }
    0
}

extern "C" fn dict_changed(event: c_int, dict: *mut PyObject, key: *mut PyObject, new_value: *mut PyObject) -> c_int {
    let event = match event {
        0 => DictEvent::Added,
        1 => DictEvent::Modified,
        2 => DictEvent::Deleted,
        3 => DictEvent::Cloned,
        4 => DictEvent::Cleared,
        5 => DictEvent::Deallocated,
        _ => return 0,
    };
    if let Some(callback) = ON_DICT.get() {
        // SAFETY: CPython passes a live dict, under the GIL.
        callback(event, unsafe { Dict::new_unchecked(dict) }, key, new_value);
    }
    0
}

extern "C" fn code_changed(event: c_int, code: *mut PyCodeObject) -> c_int {
    let event = match event {
        0 => CodeEvent::Create,
        1 => CodeEvent::Destroy,
        _ => return 0,
    };
    if let Some(callback) = ON_CODE.get() {
        // SAFETY: CPython passes a live code object, under the GIL.
        callback(event, unsafe { Code::new_unchecked(code) });
    }
    0
}

/// Puts the callback where the trampoline finds it. It can be the same one again, but not another one.
fn claim<F: Copy + PartialEq>(slot: &OnceLock<F>, callback: F) -> Result<(), Raised> {
    if *slot.get_or_init(|| callback) == callback {
        return Ok(());
    }
    // SAFETY: those who install watchers hold the GIL.
    unsafe {
        pyo3_ffi::PyErr_SetString(
            pyo3_ffi::PyExc_RuntimeError,
            c"another callback is installed for this watcher".as_ptr(),
        );
    }
    Err(Raised)
}

/// Declares a watcher: its type, and how it is installed and removed.
macro_rules! watcher {
    ($(#[$doc:meta])* $name:ident, $callback:ty, $slot:ident, $trampoline:ident, $add:ident, $clear:ident) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name(c_int);

        impl $name {
            /// Installs the watcher. Fails when CPython has no watcher left, or when another callback of this kind has
            /// been installed.
            ///
            /// # Safety
            /// The GIL is held, and the callback keeps to the rules of this [module](self).
            pub unsafe fn install(callback: $callback) -> Result<$name, Raised> {
                claim(&$slot, callback)?;
                // SAFETY: the trampoline is a function of this program.
                let id = unsafe { $add($trampoline) };
                status(id)?;
                Ok($name(id))
            }

            /// Removes the watcher.
            ///
            /// # Safety
            /// The GIL is held.
            pub unsafe fn remove(self) -> Result<(), Raised> {
                // SAFETY: the id is ours.
                status(unsafe { $clear(self.0) })
            }

            /// The id CPython gave.
            pub fn id(&self) -> c_int {
                self.0
            }
        }
    };
}

watcher! {
    /// Reports what happens to all functions.
    FunctionWatcher, FunctionCallback, ON_FUNCTION, function_changed, PyFunction_AddWatcher, PyFunction_ClearWatcher
}
watcher! {
    /// Reports changes of the types it was asked to watch.
    TypeWatcher, TypeCallback, ON_TYPE, type_changed, PyType_AddWatcher, PyType_ClearWatcher
}
watcher! {
    /// Reports changes of the dicts it was asked to watch.
    DictWatcher, DictCallback, ON_DICT, dict_changed, PyDict_AddWatcher, PyDict_ClearWatcher
}
watcher! {
    /// Reports what happens to all code objects.
    CodeWatcher, CodeCallback, ON_CODE, code_changed, PyCode_AddWatcher, PyCode_ClearWatcher
}

impl TypeWatcher {
    /// Watches a type, and gives it a version tag if it can have one: without, changes are not reported. Has to be called
    /// again after each report, since a change takes the tag away.
    pub fn watch(&self, watched: TypeObject) -> Result<(), Raised> {
        // SAFETY: the handle promises a live type and the GIL.
        status(unsafe { PyType_Watch(self.0, watched.as_ptr().cast()) })
    }

    /// Stops watching a type.
    pub fn unwatch(&self, watched: TypeObject) -> Result<(), Raised> {
        // SAFETY: as in `watch`.
        status(unsafe { PyType_Unwatch(self.0, watched.as_ptr().cast()) })
    }
}

impl DictWatcher {
    /// Watches a dict.
    pub fn watch(&self, watched: Dict) -> Result<(), Raised> {
        // SAFETY: the handle promises a live dict and the GIL.
        status(unsafe { PyDict_Watch(self.0, watched.as_ptr()) })
    }

    /// Stops watching a dict.
    pub fn unwatch(&self, watched: Dict) -> Result<(), Raised> {
        // SAFETY: as in `watch`.
        status(unsafe { PyDict_Unwatch(self.0, watched.as_ptr()) })
    }
}
