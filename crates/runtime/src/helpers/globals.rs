//! The addresses of named objects of the host.

use super::{heaps, identities, named_attributes};
use crate::native::generator_entry;
use crate::native::raw::get;
use pyo3_ffi::PyObject;
use std::sync::atomic::{AtomicUsize, Ordering};
use whipsnake_cpython::layout::{list_iterator, set_iterator};
use whipsnake_cpython::live::{ThreadState, monitoring, singletons, symbols};
use whipsnake_ir::Global;

/// The address of a global.
///
/// # Safety
/// The GIL is held.
pub unsafe fn address(global: Global) -> usize {
    macro_rules! type_of {
        ($name:ident) => {
            &raw const pyo3_ffi::$name as usize
        };
    }
    /// Looked for once: graphs ask for dozens.
    macro_rules! builtin {
        ($name:literal, $attribute:expr) => {{
            static FOUND: AtomicUsize = AtomicUsize::new(0);
            match FOUND.load(Ordering::Relaxed) {
                0 => {
                    let found = builtin($name, $attribute);
                    FOUND.store(found, Ordering::Relaxed);
                    found
                }
                found => found,
            }
        }};
    }
    // SAFETY: the GIL is held.
    let found = unsafe { singletons::get() }.expect("preallocated objects can be asked for");
    match global {
        Global::None => found.none,
        // SAFETY: an object that is never freed.
        Global::NotImplemented => unsafe { pyo3_ffi::Py_NotImplemented() as usize },
        Global::True => found.true_,
        Global::False => found.false_,
        Global::BoolType => type_of!(PyBool_Type),
        Global::IntType => type_of!(PyLong_Type),
        Global::FloatType => type_of!(PyFloat_Type),
        Global::StrType => type_of!(PyUnicode_Type),
        Global::BytesType => type_of!(PyBytes_Type),
        Global::ListType => type_of!(PyList_Type),
        Global::TupleType => type_of!(PyTuple_Type),
        Global::DictType => type_of!(PyDict_Type),
        Global::SetType => type_of!(PySet_Type),
        Global::FrozenSetType => type_of!(PyFrozenSet_Type),
        Global::SliceType => type_of!(PySlice_Type),
        Global::TypeType => type_of!(PyType_Type),
        Global::FunctionType => type_of!(PyFunction_Type),
        Global::MethodType => &raw const symbols::PyMethod_Type as usize,
        Global::BuiltinType => type_of!(PyCFunction_Type),
        Global::MethodDescriptorType => &raw const symbols::PyMethodDescr_Type as usize,
        Global::EnumerateType => type_of!(PyEnum_Type),
        Global::ZipType => type_of!(PyZip_Type),
        Global::DictItemIteratorType => type_of!(PyDictIterItem_Type),
        Global::DictKeyIteratorType => type_of!(PyDictIterKey_Type),
        Global::DictValueIteratorType => type_of!(PyDictIterValue_Type),
        Global::SetIteratorType => set_iterator_type(),
        // SAFETY: the GIL is held.
        Global::DictItemsMethod => unsafe { builtin!(c"dict", Some(c"items")) },
        // SAFETY: as above.
        Global::DictKeysMethod => unsafe { builtin!(c"dict", Some(c"keys")) },
        // SAFETY: as above.
        Global::DictValuesMethod => unsafe { builtin!(c"dict", Some(c"values")) },
        Global::RangeType => type_of!(PyRange_Type),
        Global::RangeIteratorType => type_of!(PyRangeIter_Type),
        Global::ListIteratorType => type_of!(PyListIter_Type),
        Global::TupleIteratorType => type_of!(PyTupleIter_Type),
        // SAFETY: the GIL is held.
        Global::AsciiIteratorType => unsafe { ascii_iterator_type() },
        Global::GeneratorType => type_of!(PyGen_Type),
        Global::CoroutineType => type_of!(PyCoro_Type),
        Global::ModuleType => type_of!(PyModule_Type),
        Global::SmallInts => found.first_small_int,
        Global::AsciiStrings => found.ascii,
        Global::CompiledEntry => crate::native::compiled_entry::compiled_entry as *const () as usize,
        Global::CompiledSlot => crate::native::code::slot_index() * size_of::<usize>(),
        // SAFETY: the GIL is held; the compiler runs in one interpreter only.
        Global::OtherEvaluator => unsafe { ThreadState::current() }.other_evaluator() as usize,
        Global::Watchful => crate::native::tools::watchful_address(),
        Global::UseToolIdFunction => monitoring::use_tool_id() as usize,
        // SAFETY: the GIL is held.
        Global::GetattrFunction => unsafe { builtin!(c"getattr", None) },
        // SAFETY: as above.
        Global::HasattrFunction => unsafe { builtin!(c"hasattr", None) },
        Global::QuickGetattr => named_attributes::getattr as *const () as usize,
        // SAFETY: as above.
        Global::IdFunction => unsafe { builtin!(c"id", None) },
        Global::QuickId => identities::identity as *const () as usize,
        Global::QuickHasattr => named_attributes::hasattr as *const () as usize,
        Global::SelfIterFunction => pyo3_ffi::PyObject_SelfIter as *const () as usize,
        // SAFETY: as above.
        Global::SendFunction => unsafe { generator_entry::send_function() },
        Global::QuickSend => generator_entry::send_method as *const () as usize,
        Global::HeapPushPlace => heaps::PUSH.as_ptr() as usize,
        Global::HeapPopPlace => heaps::POP.as_ptr() as usize,
        Global::QuickHeapPush => heaps::push as *const () as usize,
        Global::QuickHeapPop => heaps::pop as *const () as usize,
        // SAFETY: as above.
        Global::LenFunction => unsafe { builtin!(c"len", None) },
        // SAFETY: as above.
        Global::IsInstanceFunction => unsafe { builtin!(c"isinstance", None) },
        // SAFETY: as above.
        Global::ListAppendMethod => unsafe { builtin!(c"list", Some(c"append")) },
        // SAFETY: as above.
        Global::DictGetMethod => unsafe { builtin!(c"dict", Some(c"get")) },
        // SAFETY: as above.
        Global::StrJoinMethod => unsafe { builtin!(c"str", Some(c"join")) },
        Global::EmptyString => empty_string(),
        Global::EmptyTuple => empty_tuple(),
        Global::SuperType => type_of!(PySuper_Type),
        // SAFETY: set when the interpreter started, never changed.
        Global::AssertionError => unsafe { pyo3_ffi::PyExc_AssertionError as usize },
        Global::ByteArrayType => type_of!(PyByteArray_Type),
        Global::ArrayType => array_type(),
    }
}

/// `array.array`: its module may be imported at any time, or never.
static ARRAY_TYPE: AtomicUsize = AtomicUsize::new(0);

/// `array.array`; 0 if nobody has said where that is.
pub fn array_type() -> usize {
    ARRAY_TYPE.load(Ordering::Relaxed)
}

/// Says what `array.array` is. The type is kept for good.
pub fn set_array_type(class: *mut pyo3_ffi::PyTypeObject) {
    // SAFETY: a live object; the reference is never given back.
    unsafe { pyo3_ffi::Py_INCREF(class.cast()) };
    ARRAY_TYPE.store(class as usize, Ordering::Relaxed);
}

/// A built-in function, or an attribute of a built-in type. It is kept for good, so that its address stays its own.
unsafe fn builtin(name: &std::ffi::CStr, attribute: Option<&std::ffi::CStr>) -> usize {
    // SAFETY: the caller holds the GIL; the references are never given back.
    unsafe {
        let mut found = pyo3_ffi::PyImport_ImportModule(c"builtins".as_ptr());
        for part in std::iter::once(name).chain(attribute) {
            if !found.is_null() {
                found = pyo3_ffi::PyObject_GetAttrString(found, part.as_ptr());
            }
        }
        if found.is_null() {
            // A program took it away; then nothing is it.
            pyo3_ffi::PyErr_Clear();
        }
        found as usize
    }
}

/// The empty tuple is preallocated, too.
fn empty_tuple() -> usize {
    // SAFETY: called with the GIL; the object is immortal.
    unsafe { pyo3_ffi::PyTuple_New(0) as usize }
}

/// The type of iterators over ASCII strings, which has no name outside the interpreter; 0 if they are not like those of lists.
///
/// # Safety
/// The GIL is held.
#[inline]
pub(super) unsafe fn ascii_iterator_type() -> usize {
    match ASCII_ITERATOR_TYPE.load(Ordering::Relaxed) {
        // SAFETY: the caller's.
        1 => unsafe { find_ascii_iterator_type() },
        found => found,
    }
}

/// The type of iterators over sets, if an iterator has its fields where they are expected, as far as its size tells: no header has them.
pub(crate) fn set_iterator_type() -> usize {
    let class = &raw const pyo3_ffi::PySetIter_Type;
    // SAFETY: a static type.
    if unsafe { (*class).tp_basicsize == set_iterator::SIZEOF as isize } { class as usize } else { 0 }
}

/// 1 as long as nobody has asked.
static ASCII_ITERATOR_TYPE: AtomicUsize = AtomicUsize::new(1);

#[cold]
unsafe fn find_ascii_iterator_type() -> usize {
    // SAFETY: the caller's; fields are read from an object of the size that has them.
    unsafe {
        let text = pyo3_ffi::PyUnicode_FromStringAndSize(c"of a few characters".as_ptr(), 19);
        let iterator = if text.is_null() { text } else { pyo3_ffi::PyObject_GetIter(text) };
        if iterator.is_null() {
            pyo3_ffi::PyErr_Clear();
            pyo3_ffi::Py_XDECREF(text);
            return 0;
        }
        let class = pyo3_ffi::Py_TYPE(iterator);
        let as_known = (*class).tp_basicsize == list_iterator::SIZEOF as isize
            && get::<*mut PyObject>(iterator, list_iterator::IT_SEQ) == text
            && get::<isize>(iterator, list_iterator::IT_INDEX) == 0;
        pyo3_ffi::Py_DECREF(iterator);
        pyo3_ffi::Py_DECREF(text);
        let found = if as_known { class as usize } else { 0 };
        ASCII_ITERATOR_TYPE.store(found, Ordering::Relaxed);
        found
    }
}

/// The empty string is preallocated and immortal.
fn empty_string() -> usize {
    // SAFETY: called with the GIL; the object outlives the reference.
    unsafe {
        let empty = pyo3_ffi::PyUnicode_FromStringAndSize(std::ptr::null(), 0);
        pyo3_ffi::Py_DECREF(empty);
        empty as usize
    }
}
