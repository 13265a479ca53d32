//! Calls of `functools.partial` objects: what they call is called at once with the arguments that they hold, if it is compiled. Where they hold their parts their type says itself.

use super::calls::{Back, compiled_function, enter, entered};
use super::tuple_pool::tuple_of;
use crate::native::frames::Resume;
use crate::native::raw::{get, is_exact, release, release_or_null, retain};
use pyo3_ffi::{PyObject, PyThreadState, PyTypeObject};
use std::ffi::{CStr, c_int};
use std::ptr;
use std::sync::OnceLock;
use whipsnake_cpython::layout::{object, type_object};
use whipsnake_cpython::live::{_PyInterpreterFrame, Tuple};

/// More arguments are left to the interpreter.
const MOST: usize = 12;

/// Where an object has its function, arguments, and keywords.
struct Places {
    class: usize,
    function: i32,
    arguments: i32,
    keywords: i32,
}

/// The first such class that was met: that of the main interpreter.
static PLACES: OnceLock<Places> = OnceLock::new();

/// A partial object's function, and the arguments that come first: all borrowed.
struct Parts {
    function: *mut PyObject,
    arguments: Tuple,
    keywords: *mut PyObject,
}

/// What a partial object holds, if it is exactly one and calls a compiled function.
#[inline]
unsafe fn parts(callable: *mut PyObject) -> Option<Parts> {
    // SAFETY: the caller's: a live object; the fields of its class.
    unsafe {
        let class: *mut PyTypeObject = get(callable, object::OB_TYPE);
        let heap = type_object::HEAPTYPE | type_object::HAVE_VECTORCALL;
        if get::<u64>(class, type_object::TP_FLAGS) & heap != heap {
            return None;
        }
        let places = match PLACES.get() {
            Some(places) => places,
            None => {
                let found = find(class)?;
                PLACES.get_or_init(|| found)
            }
        };
        if places.class != class as usize {
            return None;
        }
        let part = |offset: i32| get::<*mut PyObject>(callable, offset);
        let (function, arguments, keywords) = (part(places.function), part(places.arguments), part(places.keywords));
        // A call has a reference to the object until it is done, so one that nobody else has would end too early.
        let usual = pyo3_ffi::Py_REFCNT(callable) > 1
            && is_exact(arguments, &raw mut pyo3_ffi::PyTuple_Type)
            && is_exact(keywords, &raw mut pyo3_ffi::PyDict_Type)
            && compiled_function(function).is_some();
        usual.then(|| Parts { function, arguments: Tuple::new_unchecked(arguments), keywords })
    }
}

/// Looks whether a class is `functools.partial`, as C code has it.
#[cold]
unsafe fn find(class: *mut PyTypeObject) -> Option<Places> {
    // SAFETY: a live class; its members end with one that has no name.
    unsafe {
        let named = (*class).tp_name;
        if named.is_null() || CStr::from_ptr(named) != c"functools.partial" || (*class).tp_members.is_null() {
            return None;
        }
        let place = |name: &CStr| {
            let mut member = (*class).tp_members;
            while !(*member).name.is_null() {
                if CStr::from_ptr((*member).name) == name && (*member).type_code == pyo3_ffi::Py_T_OBJECT_EX {
                    return i32::try_from((*member).offset).ok();
                }
                member = member.add(1);
            }
            None
        };
        let (function, arguments, keywords) = (place(c"func")?, place(c"args")?, place(c"keywords")?);
        Some(Places { class: class as usize, function, arguments, keywords })
    }
}

/// A call of a partial object without keywords of its own; `None` for others, and then nothing has changed.
///
/// # Safety
/// Called by machine code only: slots are the callable, null, `count` arguments.
pub(super) unsafe fn call_partial(
    thread: *mut PyThreadState,
    frame: *mut _PyInterpreterFrame,
    base: *mut *mut PyObject,
    count: c_int,
    back: Back,
) -> Option<Resume> {
    // SAFETY: the caller's; the references of the slots go to the callee.
    unsafe {
        let callable = base.read();
        let Parts { function, arguments, keywords } = parts(callable)?;
        let (first, count) = (arguments.len(), count as usize);
        if first + count > MOST || pyo3_ffi::PyDict_Size(keywords) != 0 {
            return None;
        }
        let found = compiled_function(function)?;
        let mut all = [ptr::null_mut(); MOST];
        for (index, place) in all.iter_mut().enumerate().take(first + count) {
            *place = match index.checked_sub(first) {
                None => retain(arguments.items().add(index).read()),
                Some(given) => base.add(2 + given).read(),
            };
        }
        retain(function);
        release(callable);
        let result = enter(thread, frame, found, all.as_ptr(), first + count, ptr::null_mut(), back);
        Some(entered(result, base, count + 2))
    }
}

/// Replaces a partial object in the slots of a `CALL_FUNCTION_EX` by its function, and its arguments and keywords in front of those that are there: a tuple, and
/// a dict or NULL. False if that is none, or fails, for which there is memory; then nothing has changed.
///
/// # Safety
/// The GIL is held; owned references, an exact tuple and an exact dict or NULL.
pub(super) unsafe fn spread_partial(
    callable: &mut *mut PyObject,
    positional: &mut *mut PyObject,
    keywords: &mut *mut PyObject,
) -> bool {
    // SAFETY: the caller's.
    unsafe {
        let Some(Parts { function, arguments, keywords: own }) = parts(*callable) else { return false };
        let given = Tuple::new_unchecked(*positional);
        let (first, count) = (arguments.len(), given.len());
        if first + count > MOST {
            return false;
        }
        let named = if pyo3_ffi::PyDict_Size(own) == 0 {
            *keywords
        } else if let Some(merged) = merge(own, *keywords) {
            merged
        } else {
            return false;
        };
        let mut all = [ptr::null_mut(); MOST];
        for (index, place) in all.iter_mut().enumerate().take(first + count) {
            *place = retain(match index.checked_sub(first) {
                None => arguments.items().add(index).read(),
                Some(index) => given.items().add(index).read(),
            });
        }
        let tuple = tuple_of(all.as_ptr(), first + count);
        if tuple.is_null() {
            pyo3_ffi::PyErr_Clear();
            all[..first + count].iter().for_each(|&object| release(object));
            if named != *keywords {
                release(named);
            }
            return false;
        }
        retain(function);
        if named != *keywords {
            release_or_null(std::mem::replace(keywords, named));
        }
        release(std::mem::replace(positional, tuple));
        release(std::mem::replace(callable, function));
        true
    }
}

/// A partial object's keywords with those of a call, which go before; `None` if that is for the interpreter.
unsafe fn merge(own: *mut PyObject, given: *mut PyObject) -> Option<*mut PyObject> {
    // SAFETY: the caller's: exact dicts, the second of which may be NULL. Strings are compared without running Python code.
    unsafe {
        let names = |dict: *mut PyObject| {
            whipsnake_cpython::live::Dict::new_unchecked(dict).keys().kind()
                != whipsnake_cpython::live::KeysKind::General
        };
        if !names(own) || !given.is_null() && !names(given) {
            return None;
        }
        let merged = pyo3_ffi::PyDict_Copy(own);
        if merged.is_null() || !given.is_null() && pyo3_ffi::PyDict_Update(merged, given) < 0 {
            pyo3_ffi::PyErr_Clear();
            release_or_null(merged);
            return None;
        }
        Some(merged)
    }
}
