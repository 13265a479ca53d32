//! Objects whose end nobody can notice: no frame has to be shown for it.

use super::kinds::class_of;
use super::own_types::is_own;
use crate::helpers::derived_tuples::is_derived_tuple;
use crate::helpers::instance_ends::{all_values, is_plain};
use crate::native::raw::get;
use pyo3_ffi::{PyObject, PyTypeObject};
use std::ffi::{c_int, c_void};
use std::{ptr, slice};
use whipsnake_cpython::layout::{list_iterator, method, tuple_iterator, type_object};
use whipsnake_cpython::live::{Dict, Generator, KeysKind, List, Tuple, set_places, symbols};
use whipsnake_ir::Global;

/// So many objects are looked at, that end with one or are held by what ends.
const MAX_OBJECTS: usize = 32;
/// So many items of a container, entries of a dict or places of a set are looked at when all may be plain; what else there is to do takes longer.
const MAX_ENTRIES: usize = 64;
/// In a container of so many items they are compared with each other.
const MAX_COUNTED: usize = 6;
/// Objects in objects are looked through this deep.
const MAX_DEPTH: u32 = 3;

/// Whether the end of an object runs no Python code: nothing ends with it that has a finalizer, or a weak reference with a callback.
///
/// What it holds tells its class's own `tp_traverse`. That need not show what is no part of a cycle, numbers and strings for one; those end quietly.
pub(crate) unsafe fn ends_quietly(object: *mut PyObject) -> bool {
    // SAFETY: the caller's: a live object, the GIL held.
    unsafe {
        is_plain(object)
            || ends_plainly(object)
            || Walk { left: MAX_OBJECTS, depth: MAX_DEPTH, shared: [ptr::null_mut(); MAX_OBJECTS], count: 0 }
                .ends(object)
    }
}

/// Whether it is one of the objects that end most often, and ends quietly: an iterator whose sequence lives on, a container, a bound method or an instance that holds
/// plain objects, and such as live on.
unsafe fn ends_plainly(object: *mut PyObject) -> bool {
    // SAFETY: the caller's; the casts and offsets are those of its class.
    unsafe {
        let class = pyo3_ffi::Py_TYPE(object);
        if class == &raw mut pyo3_ffi::PyTuple_Type {
            let tuple = Tuple::new_unchecked(object.cast());
            return all_stay(tuple.items(), tuple.len());
        }
        if class == &raw mut pyo3_ffi::PyList_Type {
            let list = List::new_unchecked(object.cast());
            return all_stay(list.items(), list.len());
        }
        if class == &raw mut symbols::PyMethod_Type {
            return get::<usize>(object, method::IM_WEAKREFLIST) == 0
                && stays(get(object, method::IM_FUNC), 2)
                && stays(get(object, method::IM_SELF), 2);
        }
        if is_derived_tuple(class) {
            let tuple = Tuple::new_unchecked(object.cast());
            return all_stay(tuple.items(), tuple.len());
        }
        if (*class).tp_flags & type_object::HEAPTYPE != 0 {
            return all_values(object, |value, count| stays(value, count));
        }
        if class == &raw mut pyo3_ffi::PyDict_Type {
            let dict = Dict::new_unchecked(object.cast());
            let keys = dict.keys();
            let are_names = keys.kind() != KeysKind::General;
            return dict.split_values().is_none()
                && keys.nentries() <= MAX_ENTRIES
                && keys.all().all(|(key, value)| (are_names || ends_nothing(key)) && ends_nothing(value));
        }
        if class == &raw mut pyo3_ffi::PySet_Type || class == &raw mut pyo3_ffi::PyFrozenSet_Type {
            let places = set_places(object);
            return is_quiet_class(class, object)
                && places.len() <= MAX_ENTRIES
                && places.iter().all(|&(key, _)| ends_nothing(key));
        }
        let sequence: *mut PyObject = if class == &raw mut pyo3_ffi::PyListIter_Type {
            get(object, list_iterator::IT_SEQ)
        } else if class == &raw mut pyo3_ffi::PyTupleIter_Type {
            get(object, tuple_iterator::IT_SEQ)
        } else {
            // Over a string: that ends quietly.
            return class_of(object) == Some(Global::AsciiIteratorType);
        };
        sequence.is_null() || pyo3_ffi::Py_REFCNT(sequence) > 1
    }
}

/// Whether nothing that a sequence holds ends with it but what is plain, as far as it is looked at.
unsafe fn all_stay(items: *const *mut PyObject, count: usize) -> bool {
    // SAFETY: the caller's: so many items.
    unsafe {
        if count > MAX_ENTRIES {
            return false;
        }
        let all = slice::from_raw_parts(items, count);
        // One that has fewer references may still have more than it has places here.
        let places = |object| all.iter().filter(|&&other| ptr::eq(other, object)).count();
        all.iter().all(|&object| {
            stays(object, count)
                || count <= MAX_COUNTED
                    && pyo3_ffi::Py_REFCNT(object) > 1
                    && pyo3_ffi::Py_REFCNT(object) > places(object) as isize
        })
    }
}

/// Whether nothing, a plain object, or one that lives on when so many references to it are dropped.
#[inline]
unsafe fn stays(object: *mut PyObject, references: usize) -> bool {
    // SAFETY: the caller's: null or a live object.
    unsafe { object.is_null() || pyo3_ffi::Py_REFCNT(object) > references as isize || ends_nothing(object) }
}

/// Whether nothing, a plain object, or one that never ends.
#[inline]
unsafe fn ends_nothing(object: *mut PyObject) -> bool {
    // SAFETY: the caller's: null or a live object. Immortal counts are negative.
    unsafe { object.is_null() || (pyo3_ffi::Py_REFCNT(object) as i32) < 0 || is_plain(object) }
}

struct Walk {
    left: usize,
    depth: u32,
    /// Objects that have a few other references than the one that was met: they live on, unless those are met, too.
    shared: [*mut PyObject; MAX_OBJECTS],
    count: usize,
}

impl Walk {
    /// Whether an object ends quietly that is not plain.
    unsafe fn ends(&mut self, object: *mut PyObject) -> bool {
        // SAFETY: a live object; the casts are those that its class says.
        unsafe {
            let class = pyo3_ffi::Py_TYPE(object);
            if class == &raw mut pyo3_ffi::PyTuple_Type || is_derived_tuple(class) {
                let tuple = Tuple::new_unchecked(object.cast());
                return self.all(tuple.items(), tuple.len());
            }
            if class == &raw mut pyo3_ffi::PyList_Type {
                let list = List::new_unchecked(object.cast());
                return self.all(list.items(), list.len());
            }
            if !is_own(class) {
                return all_values(object, |value, _| self.drops(value));
            }
            if !is_quiet_class(class, object) {
                return false;
            }
            match (*class).tp_traverse {
                Some(traverse) => traverse(object, visit, ptr::from_mut(self).cast()) == 0,
                None => true,
            }
        }
    }

    unsafe fn all(&mut self, items: *const *mut PyObject, count: usize) -> bool {
        // SAFETY: the caller's: so many items.
        count <= self.left && (0..count).all(|index| unsafe { self.drops(items.add(index).read()) })
    }

    /// Whether nothing is noticed of it when a reference to an object is dropped.
    unsafe fn drops(&mut self, object: *mut PyObject) -> bool {
        // SAFETY: null or a live object.
        unsafe {
            if object.is_null() {
                return true;
            }
            let Some(left) = self.left.checked_sub(1) else { return false };
            self.left = left;
            if ends_nothing(object) {
                return true;
            }
            let references = pyo3_ffi::Py_REFCNT(object);
            if references > MAX_OBJECTS as isize {
                return true;
            }
            if references > 1 {
                let seen = self.shared[..self.count].contains(&object);
                self.shared[self.count] = object;
                self.count += 1;
                return !seen;
            }
            let Some(depth) = self.depth.checked_sub(1) else { return false };
            self.depth = depth;
            let quietly = self.ends(object);
            self.depth += 1;
            quietly
        }
    }
}

/// Whether an object of a class of the interpreter's ends without running code, but for what it holds.
unsafe fn is_quiet_class(class: *mut PyTypeObject, object: *mut PyObject) -> bool {
    // SAFETY: the caller's: a live object of that class.
    unsafe {
        // Buffers are given back by methods, capsules by anybody's function; frames and modules clear what they hold step by step, and classes are known to others.
        let others = [
            &raw mut pyo3_ffi::PyCapsule_Type,
            &raw mut pyo3_ffi::PyFrame_Type,
            &raw mut pyo3_ffi::PyModule_Type,
            &raw mut pyo3_ffi::PyType_Type,
            &raw mut pyo3_ffi::PyCode_Type,
        ];
        let has_buffer = (*class).tp_as_buffer.as_ref().is_some_and(|buffer| buffer.bf_getbuffer.is_some());
        if has_buffer || (*class).tp_del.is_some() || others.contains(&class) {
            return false;
        }
        let weak = (*class).tp_weaklistoffset;
        if weak < 0 || weak > 0 && !object.cast::<u8>().offset(weak).cast::<*mut PyObject>().read().is_null() {
            return false;
        }
        let managed = type_object::MANAGED_WEAKREF | type_object::MANAGED_DICT;
        let finished = || {
            let generator = Generator::new_unchecked(object);
            class == &raw mut pyo3_ffi::PyGen_Type && (generator.is_finished() || generator.closes_without_running())
        };
        (*class).tp_flags & managed == 0 && ((*class).tp_finalize.is_none() || finished())
    }
}

/// What `tp_traverse` calls for each object that one holds: 0 if nothing is noticed of its end.
unsafe extern "C" fn visit(object: *mut PyObject, walk: *mut c_void) -> c_int {
    // SAFETY: called for what an object holds, with the walk that `ends` passes.
    unsafe { c_int::from(!(*walk.cast::<Walk>()).drops(object)) }
}
