//! Classes whose calls do no more than call a `__new__` in Python, as those of named tuples do.
//!
//! Regions ask for that function to inline it. Baseline code, and a call that stays one in a region, call it here, without the argument tuple and the lookup of C code.

use super::calls::compiled_function;
use super::class_calls::is_called_as_class;
use super::class_variables::{fixed_version, holder};
use super::special::{Name, look_up};
use crate::native::code;
use crate::native::entry::call_compiled;
use crate::native::raw::{get, is_exact, release, release_or_null, retain};
use pyo3_ffi::{PyObject, PyThreadState, PyTypeObject};
use smallvec::SmallVec;
use std::ffi::c_int;
use std::sync::OnceLock;
use std::{ptr, slice};
use whipsnake_cpython::layout::{method_wrapper, object, type_object};
use whipsnake_cpython::live::{ThreadState, Tuple, symbols};

/// Such a `__new__`.
pub(crate) struct Found {
    pub function: *mut PyObject,
    pub wrapper: *mut PyObject,
    /// The version of the class of the class; 0 if it has none.
    pub metaclass: u32,
}

/// That of a class without an `__init__` of its own, if it is called as classes are. The class has a version then, if it can have one.
///
/// # Safety
/// A live class, the GIL held.
pub(crate) unsafe fn new_in_python(class: *mut PyTypeObject) -> Option<Found> {
    // SAFETY: the caller's.
    unsafe {
        let metaclass: *mut PyTypeObject = get(class, object::OB_TYPE);
        let called_generally = is_called_as_class(class.cast()) && (*class).tp_vectorcall.is_none();
        let of_program = get::<u64>(class, type_object::TP_FLAGS) & type_object::HEAPTYPE != 0;
        // C code asks the class for its `__new__` as for any attribute.
        let general = (&raw const pyo3_ffi::PyType_Type).read().tp_getattro.map(|f| f as usize);
        let is_plainly_asked = (*metaclass).tp_getattro.map(|f| f as usize) == general;
        if !called_generally || !of_program || !is_plainly_asked || !is_without_init(class) {
            return None;
        }
        let wrapper = look_up(class, Name::New);
        if wrapper.is_null() || !is_exact(wrapper, &raw mut symbols::PyStaticMethod_Type) {
            return None;
        }
        let function: *mut PyObject = get(wrapper, method_wrapper::CALLABLE);
        let is_function = !function.is_null() && is_exact(function, &raw mut pyo3_ffi::PyFunction_Type);
        (is_function && asks_for_new(class)).then(|| Found { function, wrapper, metaclass: fixed_version(metaclass) })
    }
}

/// Whether a class that inherits a `__new__` in Python is one whose calls come to it: a class that C code has made may have another way to make instances.
unsafe fn asks_for_new(class: *mut PyTypeObject) -> bool {
    static WAY: OnceLock<usize> = OnceLock::new();
    // SAFETY: live classes; the GIL is held.
    unsafe {
        let of = |class: *mut PyTypeObject| (*class).tp_new.map(|f| f as usize);
        // A class that has such a function itself goes that way.
        let known = WAY.get().copied().or_else(|| {
            let found = of(holder(class, Name::New.object())?)?;
            Some(*WAY.get_or_init(|| found))
        });
        known.is_some() && of(class) == known
    }
}

/// Whether instances of a class are initialized by `object` only, which does nothing where the class has a `__new__`.
unsafe fn is_without_init(class: *mut PyTypeObject) -> bool {
    let base = &raw const pyo3_ffi::PyBaseObject_Type;
    // SAFETY: a live class.
    unsafe { (*class).tp_init.map(|f| f as usize) == (*base).tp_init.map(|f| f as usize) }
}

/// Calls such a class, with `count` arguments of which the last have the names, if there are any. Takes what is in the slots but the names; `None` if it has to be called as any other
/// object, and then nothing has changed.
///
/// # Safety
/// The slots of a call instruction of the current frame, from `base` up: a class, nothing, the arguments; the GIL is held.
pub(super) unsafe fn construct_by_new(
    thread: *mut PyThreadState,
    base: *mut *mut PyObject,
    count: c_int,
    names: Option<Tuple>,
) -> Option<*mut PyObject> {
    // SAFETY: the caller's.
    unsafe {
        let class = base.read();
        let new = new_in_python(class.cast())?.function;
        let (function, _) = compiled_function(new)?;
        let compiled = code::find(function.code())?;
        // As with C code, which has them in a tuple, they live until the call is over.
        let arguments = SmallVec::<[_; 8]>::from_slice(slice::from_raw_parts(base.add(2), count as usize));
        for &argument in arguments.iter().chain([&new]) {
            retain(argument);
        }
        base.add(1).write(retain(class));
        let positional = count as usize + 1 - names.map_or(0, Tuple::len);
        let kwnames = names.map_or(ptr::null_mut(), |names| names.as_ptr().cast());
        let called =
            call_compiled(ThreadState::new_unchecked(thread), function, compiled, base.add(1), positional, kwnames);
        let made = match called {
            Some(made) => initialized(class.cast(), made, &arguments, names),
            None => {
                base.add(1).write(ptr::null_mut());
                release(new);
                ptr::null_mut()
            }
        };
        release(class);
        arguments.iter().for_each(|&argument| release(argument));
        called.map(|_| made)
    }
}

/// What the `__new__` of a class has made, or NULL, after its `__init__`, which it has if it is an instance of a derived class, or has got one meanwhile.
unsafe fn initialized(
    class: *mut PyTypeObject,
    made: *mut PyObject,
    arguments: &[*mut PyObject],
    names: Option<Tuple>,
) -> *mut PyObject {
    // SAFETY: the caller's: live objects, or NULL with an exception set.
    unsafe {
        if made.is_null() {
            return made;
        }
        let own: *mut PyTypeObject = get(made, object::OB_TYPE);
        if own == class && is_without_init(own) || pyo3_ffi::PyType_IsSubtype(own, class) == 0 {
            return made;
        }
        let Some(init) = (*own).tp_init else { return made };
        let (positional, named) = arguments.split_at(arguments.len() - names.map_or(0, Tuple::len));
        let args = pyo3_ffi::PyTuple_New(positional.len() as isize);
        let kwargs = if names.is_some() { pyo3_ffi::PyDict_New() } else { ptr::null_mut() };
        let mut is_done = !args.is_null() && (names.is_none() || !kwargs.is_null());
        if is_done {
            for (index, &argument) in (0..).zip(positional) {
                pyo3_ffi::PyTuple_SET_ITEM(args, index, retain(argument));
            }
            for (index, &argument) in named.iter().enumerate() {
                let name = names.and_then(|names| names.item(index)).unwrap_or(ptr::null_mut());
                is_done = is_done && pyo3_ffi::PyDict_SetItem(kwargs, name, argument) == 0;
            }
            is_done = is_done && init(made, args, kwargs) == 0;
        }
        release_or_null(args);
        release_or_null(kwargs);
        if is_done {
            return made;
        }
        release(made);
        ptr::null_mut()
    }
}
