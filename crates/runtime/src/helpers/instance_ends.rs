//! The end of instances of classes in Python: what they hold is dropped, and their memory put into the list that new ones come from.

use super::instance_pool::{HEAD, POOL, PREHEADER, Pool, WITH_PREHEADER};
use super::new_instances::inline_bytes;
use super::{
    derived_tuples, dict_pool, exception_pool, function_pool, generator_pool, globals, iterator_pool, list_pool, pools,
    traceback_pool, tuple_pool,
};
use crate::native::raw::{get, release, set};
use pyo3_ffi::{PyObject, PyTypeObject};
use std::cell::UnsafeCell;
use std::ptr;
use whipsnake_cpython::layout::{dict_values, object, type_object};
use whipsnake_cpython::live::symbols;

/// Instances and lists in each other are ended here this deep; the interpreter, which does not let the C stack grow for it, ends what is deeper.
pub(super) const MAX_DEPTH: u32 = 3;

/// Flags of classes that are derived from one of the interpreter's own with a layout of its own: ints, lists, tuples, `bytes`, strings, dicts, exceptions, classes.
const OF_BUILT_IN_BASE: u64 = pyo3_ffi::Py_TPFLAGS_LONG_SUBCLASS
    | pyo3_ffi::Py_TPFLAGS_LIST_SUBCLASS
    | pyo3_ffi::Py_TPFLAGS_TUPLE_SUBCLASS
    | pyo3_ffi::Py_TPFLAGS_BYTES_SUBCLASS
    | pyo3_ffi::Py_TPFLAGS_UNICODE_SUBCLASS
    | pyo3_ffi::Py_TPFLAGS_DICT_SUBCLASS
    | pyo3_ffi::Py_TPFLAGS_BASE_EXC_SUBCLASS
    | pyo3_ffi::Py_TPFLAGS_TYPE_SUBCLASS;

/// Where the values of an instance are.
struct Values {
    first: *mut *mut PyObject,
    count: usize,
    /// Where its memory starts, and how much that is at least.
    memory: *mut u8,
    bytes: usize,
}

impl Pool {
    /// Ends an instance without references.
    unsafe fn end_at(pool: *mut Pool, instance: *mut PyObject, values: &Values, depth: u32) {
        // SAFETY: the caller's; whoever a value's end runs can't reach the instance.
        unsafe {
            Pool::untrack(instance.cast::<u8>().sub(HEAD));
            for index in 0..values.count {
                let value = values.first.add(index).replace(ptr::null_mut());
                if !value.is_null() {
                    drop_reference(value, depth);
                }
            }
            release(get::<*mut PyObject>(instance, object::OB_TYPE));
            (*pool).finish(values.memory, values.bytes);
        }
    }

    /// Ends an object of a type of the interpreter's own, which takes so many bytes, and drops what it holds.
    #[inline]
    pub(super) unsafe fn end_built_in(
        pool: *mut Pool,
        dying: *mut PyObject,
        bytes: usize,
        held: impl IntoIterator<Item = *mut PyObject>,
        depth: u32,
    ) {
        // SAFETY: the caller's; whoever is run by the end of what it holds can't reach the object.
        unsafe {
            let memory = dying.cast::<u8>().sub(HEAD);
            Pool::untrack(memory);
            // Not by a loop, which asks iterators that are joined at each step where it is.
            held.into_iter().filter(|value| !value.is_null()).for_each(|value| drop_reference(value, depth));
            (*pool).finish(memory, bytes);
        }
    }

    /// The values of an instance that has nothing else to end with it: no finalizer, no weak references, no dict.
    #[inline]
    unsafe fn values(&mut self, instance: *mut PyObject) -> Option<Values> {
        // SAFETY: a live object; what is read is there in instances of types that end so.
        unsafe {
            let class: *mut PyTypeObject = get(instance, object::OB_TYPE);
            let flags: u64 = get(class, type_object::TP_FLAGS);
            if flags & (type_object::HEAPTYPE | OF_BUILT_IN_BASE) != type_object::HEAPTYPE || !self.allocator.is_usual()
            {
                return None;
            }
            let ending = self.ending(class, |pool| pool.ask_ending(class))?;
            let first = instance.cast::<u8>().add(object::SIZEOF as usize);
            if ending.bytes != 0 {
                return Some(Values {
                    first: first.cast(),
                    count: ending.count as usize,
                    memory: instance.cast::<u8>().sub(HEAD),
                    bytes: ending.bytes as usize,
                });
            }
            let valid: u8 = get(first, dict_values::VALID);
            let dict: usize = get(instance, object::MANAGED_DICT_OFFSET);
            let weak: usize = get(instance, object::MANAGED_WEAKREF_OFFSET);
            let count = usize::from(get::<u8>(first, dict_values::CAPACITY));
            let front = HEAD + PREHEADER;
            (valid != 0 && dict == 0 && weak == 0).then(|| Values {
                first: first.add(dict_values::VALUES as usize).cast(),
                count,
                memory: instance.cast::<u8>().sub(front),
                bytes: front + object::SIZEOF as usize + inline_bytes(count),
            })
        }
    }

    /// How many slots the instances of a class have, and what they take, or zeros if their values are inside; `None` if other things may end with them.
    unsafe fn ask_ending(&self, class: *mut PyTypeObject) -> Option<(u32, u32)> {
        use type_object::{HAVE_GC, HEAPTYPE, INLINE_VALUES};
        // SAFETY: the caller's: a live class.
        unsafe {
            let flags: u64 = get(class, type_object::TP_FLAGS);
            if flags & (HAVE_GC | HEAPTYPE) != HAVE_GC | HEAPTYPE || !self.is_plain(class) {
                return None;
            }
            if flags & INLINE_VALUES != 0 {
                return Some((0, 0));
            }
            let basic = get::<isize>(class, type_object::TP_BASICSIZE) as usize;
            let others = get::<isize>(class, type_object::TP_DICTOFFSET)
                | get::<isize>(class, type_object::TP_WEAKLISTOFFSET)
                | get::<isize>(class, type_object::TP_ITEMSIZE);
            let slots = (basic - object::SIZEOF as usize) / 8;
            (flags & WITH_PREHEADER == 0 && others == 0).then_some((slots as u32, (HEAD + basic) as u32))
        }
    }

    /// Whether the instances of a class end as those of classes in Python do, without a finalizer.
    #[inline]
    pub(super) unsafe fn is_plain(&self, class: *mut PyTypeObject) -> bool {
        // SAFETY: a live class, whose bases are alive.
        unsafe {
            let Some(expected) = self.subtype_dealloc else { return false };
            let freed = (*class).tp_free.map(|f| f as usize) == Some(pyo3_ffi::PyObject_GC_Del as *const () as usize);
            if self.young.is_null() || !freed || (*class).tp_finalize.is_some() || (*class).tp_del.is_some() {
                return false;
            }
            let mut base = class;
            while (*base).tp_dealloc.is_some_and(|own| ptr::fn_addr_eq(own, expected)) {
                base = (*base).tp_base;
            }
            base == &raw mut pyo3_ffi::PyBaseObject_Type
        }
    }
}

/// Whether a function is what ends instances of classes in Python; where that is not known, every function may be.
pub(crate) unsafe fn is_end_of_python_instance(end: pyo3_ffi::destructor) -> bool {
    // SAFETY: the caller's: the GIL is held.
    unsafe { (*POOL.0.get()).subtype_dealloc.is_none_or(|known| ptr::fn_addr_eq(known, end)) }
}

/// Whether it is of a type whose end runs no Python code.
///
/// # Safety
/// A live object.
pub(crate) unsafe fn is_plain(value: *mut PyObject) -> bool {
    // SAFETY: the caller's.
    let class: *mut PyTypeObject = unsafe { get(value, object::OB_TYPE) };
    [
        &raw mut pyo3_ffi::PyLong_Type,
        &raw mut pyo3_ffi::PyFloat_Type,
        &raw mut pyo3_ffi::PyUnicode_Type,
        &raw mut pyo3_ffi::PyBytes_Type,
    ]
    .contains(&class)
}

/// Whether it is an instance that has no finalizer and no weak references, and `all` of its values, of which there are so many, are as wanted: those are all that ends with it.
///
/// # Safety
/// A live object, the GIL held.
pub(crate) unsafe fn all_values(object: *mut PyObject, mut wanted: impl FnMut(*mut PyObject, usize) -> bool) -> bool {
    // SAFETY: the caller's; each value is null or a live object.
    unsafe {
        let Some(values) = (*POOL.0.get()).values(object) else { return false };
        (0..values.count).all(|index| wanted(values.first.add(index).read(), values.count))
    }
}

/// Drops a reference that an instance or list had which ends.
///
/// # Safety
/// The GIL is held; the reference is given up.
#[inline]
pub(super) unsafe fn drop_reference(value: *mut PyObject, depth: u32) {
    // SAFETY: the caller's.
    unsafe {
        let count: i32 = get(value, object::OB_REFCNT);
        if count < 0 {
            return;
        }
        set(value, object::OB_REFCNT, count - 1);
        if count == 1 {
            end_at_depth(value, depth);
        }
    }
}

/// Ends what an instance or list was the last to hold.
unsafe fn end_at_depth(value: *mut PyObject, depth: u32) {
    // SAFETY: the caller's: an object without references.
    unsafe {
        if is_plain(value) {
            if !pools::end_number(value) && !pools::end_text(value) {
                symbols::_Py_Dealloc(value);
            }
            return;
        }
        let Some(depth) = depth.checked_sub(1) else { return symbols::_Py_Dealloc(value) };
        let pool = POOL.0.get();
        match (*pool).values(value) {
            Some(values) => Pool::end_at(pool, value, &values, depth),
            None if end_built_in(value, depth) => {}
            None => symbols::_Py_Dealloc(value),
        }
    }
}

/// Ends what an instance was the last to hold, and drops what comes after that, for the hand-written end of one.
pub(super) unsafe extern "C" fn end_held(value: *mut PyObject, next: *mut *mut PyObject, end: *mut *mut PyObject) {
    // SAFETY: the caller's: an object without references, and the values that the instance still has.
    unsafe {
        end_at_depth(value, MAX_DEPTH);
        let mut next = next;
        while next < end {
            let value = next.replace(ptr::null_mut());
            if !value.is_null() {
                drop_reference(value, MAX_DEPTH);
            }
            next = next.add(1);
        }
    }
}

/// Ends an object without references, if it is one of the interpreter's own classes of which dead ones are kept.
#[inline]
unsafe fn end_built_in(value: *mut PyObject, depth: u32) -> bool {
    // SAFETY: the caller's; what is called goes with the object's class.
    unsafe {
        let class: *mut PyTypeObject = get(value, object::OB_TYPE);
        let flags = (*class).tp_flags;
        if flags & pyo3_ffi::Py_TPFLAGS_TUPLE_SUBCLASS != 0 {
            if class == &raw mut pyo3_ffi::PyTuple_Type {
                tuple_pool::end(value, depth)
            } else {
                derived_tuples::end(value, depth)
            }
        } else if flags & pyo3_ffi::Py_TPFLAGS_DICT_SUBCLASS != 0 {
            class == &raw mut pyo3_ffi::PyDict_Type && dict_pool::end(value, depth)
        } else if flags & pyo3_ffi::Py_TPFLAGS_LIST_SUBCLASS != 0 {
            class == &raw mut pyo3_ffi::PyList_Type && list_pool::end(value, depth)
        } else if flags & pyo3_ffi::Py_TPFLAGS_BASE_EXC_SUBCLASS != 0 {
            exception_pool::end(value, depth)
        } else if class == &raw mut pyo3_ffi::PyFunction_Type {
            function_pool::end(value, depth)
        } else if class == &raw mut pyo3_ffi::PyFrame_Type {
            traceback_pool::end_frame(value, depth)
        } else if class == &raw mut pyo3_ffi::PyTraceBack_Type {
            traceback_pool::end_entry(value, depth)
        } else if class == &raw mut pyo3_ffi::PyGen_Type || class == &raw mut pyo3_ffi::PyCoro_Type {
            generator_pool::end(value, depth)
        } else if class == &raw mut pyo3_ffi::PyListIter_Type
            || class == &raw mut pyo3_ffi::PyTupleIter_Type
            || class as usize == globals::ascii_iterator_type()
        {
            iterator_pool::end(value, depth)
        } else {
            if !is_subtype(class) {
                *left(class) = class;
            }
            false
        }
    }
}

/// Classes whose instances are left to the interpreter, by their addresses: sets, matches, whatever other types written in C make. Those of Python's own are not among them, since
/// their instances end here or there, as it comes. A class that is long gone only makes the instances of one with its address end in the interpreter's way.
struct Left(UnsafeCell<[*mut PyTypeObject; Left::SIZE]>);

// SAFETY: only touched with the GIL held.
unsafe impl Sync for Left {}

impl Left {
    const SIZE: usize = 64;
}

static LEFT: Left = Left(UnsafeCell::new([ptr::null_mut(); Left::SIZE]));

/// Where a class stands if its instances are left to the interpreter.
#[inline]
fn left(class: *mut PyTypeObject) -> *mut *mut PyTypeObject {
    // Static types are some hundred bytes long.
    LEFT.0.get().cast::<*mut PyTypeObject>().wrapping_add((class as usize >> 5) % Left::SIZE)
}

/// Whether its instances end as those of classes in Python do.
unsafe fn is_subtype(class: *mut PyTypeObject) -> bool {
    // SAFETY: a live class; the GIL is held.
    unsafe { (*class).tp_dealloc.is_none_or(|own| is_end_of_python_instance(own)) }
}

/// Ends an object without references, if it is an instance that has nothing but values, a short tuple or list, a dict, a function, a generator that is done, an iterator
/// of a list or tuple, an exception, an entry of a traceback, or a frame object.
///
/// # Safety
/// The GIL is held; nobody has a reference to the object.
#[inline]
pub(crate) unsafe fn end(object: *mut PyObject) -> bool {
    // SAFETY: the caller's.
    unsafe {
        let class: *mut PyTypeObject = get(object, object::OB_TYPE);
        if *left(class) == class {
            return false;
        }
        let pool = POOL.0.get();
        let Some(values) = (*pool).values(object) else { return end_built_in(object, MAX_DEPTH) };
        Pool::end_at(pool, object, &values, MAX_DEPTH);
        true
    }
}
