//! Exceptions of classes that make them as `Exception` does: made without the steps that a call of a class takes, and ended with what they hold. Their memory
//! waits for the next ones among that of dead instances.

use super::instance_ends::drop_reference;
use super::instance_pool::{HEAD, POOL, PREHEADER, Pool, WITH_PREHEADER};
use super::text::{ascii, joined};
use super::tuple_pool::tuple_of;
use crate::native::raw::{get, is_exact, release, release_or_null, retain, set};
use pyo3_ffi::{PyObject, PyTypeObject};
use std::ffi::CStr;
use std::ptr;
use whipsnake_cpython::layout::{exception, object, type_object};
use whipsnake_cpython::live::symbols;

/// The class all of these end as.
unsafe fn base() -> *mut PyTypeObject {
    // SAFETY: set before any Python code runs.
    unsafe { pyo3_ffi::PyExc_BaseException.cast() }
}

/// What is in front of the instances of a class, and how much they take in all, if that is no more than `BaseException` has, and maybe weak references.
unsafe fn layout(class: *mut PyTypeObject) -> Option<(usize, usize)> {
    // SAFETY: the caller's: a live class of exceptions.
    unsafe {
        let flags: u64 = get(class, type_object::TP_FLAGS);
        let inside = flags & (type_object::MANAGED_DICT | type_object::INLINE_VALUES) != 0;
        if inside || (*class).tp_basicsize != exception::SIZEOF as isize || (*class).tp_itemsize != 0 {
            return None;
        }
        let front = HEAD + if flags & WITH_PREHEADER != 0 { PREHEADER } else { 0 };
        Some((front, front + exception::SIZEOF as usize))
    }
}

/// Whether a class of `BaseException`'s layout makes its exceptions as that does.
unsafe fn makes_plainly(class: *mut PyTypeObject) -> bool {
    // SAFETY: the caller's: a live class.
    unsafe {
        let usual = base();
        (*class).tp_new.map(|f| f as usize) == (*usual).tp_new.map(|f| f as usize)
            && (*class).tp_init.map(|f| f as usize) == (*usual).tp_init.map(|f| f as usize)
            && (*class).tp_alloc.map(|f| f as usize) == Some(pyo3_ffi::PyType_GenericAlloc as *const () as usize)
    }
}

/// An exception of a class, with such arguments, whose references it takes; `None` if the class is to be called, and then nothing was done. NULL in the answer:
/// `MemoryError` is set, and the references are taken all the same.
///
/// # Safety
/// An exact `type`, live arguments; the GIL is held.
pub(super) unsafe fn make(class: *mut PyTypeObject, args: *const *mut PyObject, count: usize) -> Option<*mut PyObject> {
    // SAFETY: the caller's; the memory is ours and as large as wanted.
    unsafe {
        if (*class).tp_flags & pyo3_ffi::Py_TPFLAGS_BASE_EXC_SUBCLASS == 0 || !makes_plainly(class) {
            return None;
        }
        let (front, bytes) = layout(class)?;
        let pool = POOL.0.get();
        let memory = (*pool).take(bytes)?;
        let held = tuple_of(args, count);
        if held.is_null() {
            (*pool).put(memory, bytes);
            (0..count).for_each(|index| release(args.add(index).read()));
            return Some(held);
        }
        let preheader = front - HEAD;
        ptr::write_bytes(memory, 0, preheader);
        let head = memory.add(preheader);
        let made = (*pool).start(head, bytes - preheader, class);
        if get::<u64>(class, type_object::TP_FLAGS) & type_object::HEAPTYPE != 0 {
            retain(class.cast());
        }
        set(made, exception::ARGS, held);
        (*pool).track(head);
        Some(made)
    }
}

/// Raises the `AttributeError` of an object that has no attribute of that name, with the interpreter's text; false if the interpreter is to do it, and then
/// nothing was done.
///
/// # Safety
/// Live objects, the name an exact string; the GIL is held, and no exception is set.
pub(super) unsafe fn raise_attribute_error(owner: *mut PyObject, name: *mut PyObject) -> bool {
    /// What of a class's name the text has.
    const MOST: usize = 100;
    // SAFETY: the caller's; a class has a C string as its name. The memory is ours and as large as wanted.
    unsafe {
        let class: *mut PyTypeObject = pyo3_ffi::PyExc_AttributeError.cast();
        let of = CStr::from_ptr((*get::<*mut PyTypeObject>(owner, object::OB_TYPE)).tp_name).to_bytes();
        let Some(missing) = ascii(name).filter(|_| of.is_ascii() && of.len() <= MOST) else { return false };
        let pool = POOL.0.get();
        let bytes = HEAD + (*class).tp_basicsize as usize;
        let Some(memory) = (*pool).take(bytes) else { return false };
        let text = joined([b"'", of, b"' object has no attribute '", missing, b"'"]);
        let args = if text.is_null() { text } else { tuple_of(&text, 1) };
        if args.is_null() {
            pyo3_ffi::PyErr_Clear();
            release_or_null(text);
            (*pool).put(memory, bytes);
            return false;
        }
        let made = (*pool).start(memory, bytes, class);
        set(made, exception::ARGS, args);
        set(made, exception::ATTRIBUTE_ERROR_OBJ, retain(owner));
        set(made, exception::ATTRIBUTE_ERROR_NAME, retain(name));
        (*pool).track(memory);
        pyo3_ffi::PyErr_SetObject(class.cast(), made);
        release(made);
        true
    }
}

/// Raises the `KeyError` for a key that is not there.
///
/// # Safety
/// A live object; the GIL is held, and no exception is set.
pub(super) unsafe fn raise_key_error(key: *mut PyObject) {
    // SAFETY: the caller's.
    unsafe {
        let class = pyo3_ffi::PyExc_KeyError;
        let held = retain(key);
        match make(class.cast(), &raw const held, 1) {
            Some(made) if made.is_null() => {}
            Some(made) => {
                pyo3_ffi::PyErr_SetObject(class, made);
                release(made);
            }
            None => {
                symbols::_PyErr_SetKeyError(key);
                release(held);
            }
        }
    }
}

/// Ends an exception without references, if it ends as those of `BaseException` do, or is exactly an `AttributeError`, `StopIteration` (or such as hold as much).
///
/// # Safety
/// The GIL is held; nobody has a reference to the object, an exception.
pub(super) unsafe fn end(dying: *mut PyObject, depth: u32) -> bool {
    use exception::{ARGS, CAUSE, CONTEXT, DICT, NOTES, TRACEBACK};
    // SAFETY: the caller's.
    unsafe {
        let pool = POOL.0.get();
        if !(*pool).is_usual() {
            return false;
        }
        let class: *mut PyTypeObject = get(dying, object::OB_TYPE);
        let plain = (*pool).exception_ending(class, |pool| plain_ending(pool, class));
        let (front, bytes, own): (_, _, &[i32]) = if let Some(ending) = plain {
            (ending.count as usize, ending.bytes as usize, &[])
        } else if is_exact(dying, pyo3_ffi::PyExc_AttributeError.cast()) {
            let own = &[exception::ATTRIBUTE_ERROR_OBJ, exception::ATTRIBUTE_ERROR_NAME];
            (HEAD, HEAD + (*class).tp_basicsize as usize, own)
        } else if is_exact(dying, pyo3_ffi::PyExc_StopIteration.cast()) {
            (HEAD, HEAD + (*class).tp_basicsize as usize, &[exception::STOP_ITERATION_VALUE])
        } else {
            return false;
        };
        if front > HEAD && get::<usize>(dying, object::MANAGED_WEAKREF_OFFSET) != 0 {
            return false;
        }
        Pool::untrack(dying.cast::<u8>().sub(HEAD));
        for &field in own.iter().chain(&[DICT, ARGS, NOTES, TRACEBACK, CAUSE, CONTEXT]) {
            let value: *mut PyObject = get(dying, field);
            if !value.is_null() {
                drop_reference(value, depth);
            }
        }
        let memory = dying.cast::<u8>().sub(front);
        // Classes of the interpreter's own live for ever.
        if get::<u64>(class, type_object::TP_FLAGS) & type_object::HEAPTYPE != 0 {
            release(class.cast());
        }
        (*pool).finish(memory, bytes);
        true
    }
}

/// What is in front of the exceptions of a class, and what they take in all, if they end as those of `BaseException` do.
unsafe fn plain_ending(pool: &Pool, class: *mut PyTypeObject) -> Option<(u32, u32)> {
    // SAFETY: the caller's: a live class.
    unsafe {
        let (front, bytes) = layout(class)?;
        let ends = |class: *mut PyTypeObject| (*class).tp_dealloc.map(|f| f as usize);
        let plain = if get::<u64>(class, type_object::TP_FLAGS) & type_object::HEAPTYPE != 0 {
            ends_as_exception(pool, class)
        } else {
            ends(class) == ends(base())
        };
        plain.then_some((front as u32, bytes as u32))
    }
}

/// Whether the exceptions of a class in Python end as those of `BaseException` do, without a finalizer.
unsafe fn ends_as_exception(pool: &Pool, class: *mut PyTypeObject) -> bool {
    // SAFETY: the caller's: a live class, whose bases are alive.
    unsafe {
        let Some(python) = pool.subtype_dealloc else { return false };
        let freed = (*class).tp_free.map(|f| f as usize) == Some(pyo3_ffi::PyObject_GC_Del as *const () as usize);
        if !freed || (*class).tp_finalize.is_some() || (*class).tp_del.is_some() {
            return false;
        }
        let mut below = class;
        while (*below).tp_dealloc.is_some_and(|own| ptr::fn_addr_eq(own, python)) {
            below = (*below).tp_base;
        }
        below != class && (*below).tp_dealloc.map(|f| f as usize) == (*base()).tp_dealloc.map(|f| f as usize)
    }
}
