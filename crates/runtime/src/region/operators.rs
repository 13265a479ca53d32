//! Which method an operator calls, where that is sure: a Python function that a class has for it, whose answer `NotImplemented` is an error, since
//! nobody else would be asked. And which one a comparison calls first.

use crate::helpers::special::look_up_text;
use crate::native::raw::{get, is_exact};
use pyo3_ffi::{PyObject, PyTypeObject};
use std::ffi::CStr;
use whipsnake_cpython::layout::type_object;
use whipsnake_cpython::live::symbols;
use whipsnake_cpython::opcode::compare;
use whipsnake_optimizer::{Identity, Purpose};

/// The methods of the binary operators, by their number in bytecode: on the left, on the right, in place. Powers take another way.
const METHODS: [Option<[&CStr; 3]>; 13] = [
    Some([c"__add__", c"__radd__", c"__iadd__"]),
    Some([c"__and__", c"__rand__", c"__iand__"]),
    Some([c"__floordiv__", c"__rfloordiv__", c"__ifloordiv__"]),
    Some([c"__lshift__", c"__rlshift__", c"__ilshift__"]),
    Some([c"__matmul__", c"__rmatmul__", c"__imatmul__"]),
    Some([c"__mul__", c"__rmul__", c"__imul__"]),
    Some([c"__mod__", c"__rmod__", c"__imod__"]),
    Some([c"__or__", c"__ror__", c"__ior__"]),
    None,
    Some([c"__rshift__", c"__rrshift__", c"__irshift__"]),
    Some([c"__sub__", c"__rsub__", c"__isub__"]),
    Some([c"__truediv__", c"__rtruediv__", c"__itruediv__"]),
    Some([c"__xor__", c"__rxor__", c"__ixor__"]),
];

/// The method of an operator.
pub(super) struct Found {
    /// The function.
    pub function: *mut PyObject,
    /// Whether the right operand has it.
    pub reflected: bool,
}

/// What operands of these types call for the operator; both keep that as long as their versions stay.
///
/// # Safety
/// Live types, the GIL held.
pub(super) unsafe fn method(left: *mut PyTypeObject, right: *mut PyTypeObject, oparg: u32) -> Option<Found> {
    let count = METHODS.len() as u32;
    let [forward, reflected, in_place] = METHODS[(oparg % count) as usize]?;
    // SAFETY: the caller's.
    unsafe {
        if is_number(left) {
            // It leaves what it does not know to the other, which is no number.
            return Some(Found { function: function(right, reflected)?, reflected: true });
        }
        let found = Found { function: function(left, forward)?, reflected: false };
        if oparg >= count && look_up_text(left, in_place).is_some() {
            return None;
        }
        let alone = left == right
            || is_number(right)
            || is_plain(right)
                && pyo3_ffi::PyType_IsSubtype(right, left) == 0
                && look_up_text(right, reflected).is_none();
        alone.then_some(found)
    }
}

/// The methods of comparisons, by their number.
const COMPARISONS: [&CStr; 6] = [c"__lt__", c"__le__", c"__eq__", c"__ne__", c"__gt__", c"__ge__"];

/// What operands of these types call first for a comparison, of the left one; both keep that as long as their versions stay.
///
/// # Safety
/// As [`method`].
pub(super) unsafe fn comparison(
    left: *mut PyTypeObject,
    right: *mut PyTypeObject,
    number: u32,
) -> Option<(*mut PyObject, Purpose)> {
    let name = *COMPARISONS.get(number as usize)?;
    // SAFETY: the caller's.
    unsafe {
        // A version, too, for the right one.
        look_up_text(right, name);
        if left != right && pyo3_ffi::PyType_IsSubtype(right, left) != 0 {
            // It is asked first.
            return None;
        }
        let found = look_up_text(left, name)?;
        if is_function(found, left) {
            return Some((found, Purpose::Comparison));
        }
        let inherited =
            number == compare::NE && Some(found) == look_up_text(&raw mut pyo3_ffi::PyBaseObject_Type, name);
        let equal = look_up_text(left, c"__eq__").filter(|&equal| inherited && is_function(equal, left))?;
        Some((equal, Purpose::Unequal))
    }
}

/// Whether objects of these types are equal if they are one object, without anybody's being asked.
///
/// # Safety
/// As [`method`].
pub(super) unsafe fn identity(left: *mut PyTypeObject, right: *mut PyTypeObject) -> Option<Identity> {
    // SAFETY: the caller's.
    unsafe {
        let of = |class: *mut PyTypeObject| (*class).tp_richcompare.map(|f| f as usize);
        let object = of(&raw mut pyo3_ffi::PyBaseObject_Type)?;
        let is_plain = |class| of(class).is_none_or(|compares| compares == object);
        let never = match (is_plain(left), is_plain(right)) {
            (true, true) => false,
            (true, false) => knows_its_own_only(right).then_some(true)?,
            (false, true) => knows_its_own_only(left).then_some(true)?,
            (false, false) => return None,
        };
        Some(Identity { compares: object as u64, never })
    }
}

/// The Python function that a class has under a name behind one of its bases, in the order in which they are asked. The class has a version then.
pub(super) fn behind(class: *mut PyTypeObject, base: *mut PyObject, name: *mut PyObject) -> Option<*mut PyObject> {
    // SAFETY: live types, whose bases are in a tuple; dicts of classes have strings as keys, which are found without running code. The GIL is held.
    unsafe {
        let order = (*class).tp_mro;
        if pyo3_ffi::PyType_IsSubtype(class, &raw mut pyo3_ffi::PyType_Type) != 0 || order.is_null() {
            return None;
        }
        symbols::_PyType_Lookup(class, name);
        let bases = (0..pyo3_ffi::PyTuple_GET_SIZE(order)).map(|index| pyo3_ffi::PyTuple_GET_ITEM(order, index));
        for next in bases.skip_while(|&next| next != base).skip(1) {
            let attributes = (*next.cast::<PyTypeObject>()).tp_dict;
            if attributes.is_null() {
                return None;
            }
            let found = pyo3_ffi::PyDict_GetItemWithError(attributes, name);
            if !found.is_null() {
                return is_exact(found, &raw mut pyo3_ffi::PyFunction_Type).then_some(found);
            }
        }
        None
    }
}

/// Whether it is a built-in type that is equal to nothing but objects of such types that compare as it does.
fn knows_its_own_only(class: *mut PyTypeObject) -> bool {
    let known = [
        &raw mut pyo3_ffi::PyLong_Type,
        &raw mut pyo3_ffi::PyFloat_Type,
        &raw mut pyo3_ffi::PyBool_Type,
        &raw mut pyo3_ffi::PyUnicode_Type,
        &raw mut pyo3_ffi::PyBytes_Type,
        &raw mut pyo3_ffi::PyTuple_Type,
        &raw mut pyo3_ffi::PyList_Type,
        &raw mut pyo3_ffi::PyDict_Type,
    ];
    known.contains(&class)
}

/// Whether a class has a Python function called by what is special to it.
unsafe fn is_function(found: *mut PyObject, class: *mut PyTypeObject) -> bool {
    // SAFETY: the caller's.
    unsafe {
        let flags: u64 = get(class, type_object::TP_FLAGS);
        flags & type_object::HEAPTYPE != 0 && is_exact(found, &raw mut pyo3_ffi::PyFunction_Type)
    }
}

/// Whether it is exactly `int` or `float`, which know only themselves and each other.
fn is_number(class: *mut PyTypeObject) -> bool {
    class == &raw mut pyo3_ffi::PyLong_Type || class == &raw mut pyo3_ffi::PyFloat_Type
}

/// Whether it is a class of the program whose instances are no numbers or sequences of CPython's.
unsafe fn is_plain(class: *mut PyTypeObject) -> bool {
    // SAFETY: a live type; its sequence methods are part of it, if it is of the program.
    unsafe {
        let flags: u64 = get(class, type_object::TP_FLAGS);
        if flags & type_object::HEAPTYPE == 0 || (*class).tp_as_sequence.is_null() {
            return false;
        }
        let sequence = &*(*class).tp_as_sequence;
        let concatenates = sequence.sq_concat.is_some()
            || sequence.sq_repeat.is_some()
            || sequence.sq_inplace_concat.is_some()
            || sequence.sq_inplace_repeat.is_some();
        let numbers =
            [&raw mut pyo3_ffi::PyLong_Type, &raw mut pyo3_ffi::PyFloat_Type, &raw mut pyo3_ffi::PyComplex_Type];
        !concatenates && numbers.into_iter().all(|number| pyo3_ffi::PyType_IsSubtype(class, number) == 0)
    }
}

/// The function that a plain class has under a name.
unsafe fn function(class: *mut PyTypeObject, name: &CStr) -> Option<*mut PyObject> {
    // SAFETY: the caller's.
    unsafe {
        let found = look_up_text(class, name).filter(|_| is_plain(class))?;
        is_exact(found, &raw mut pyo3_ffi::PyFunction_Type).then_some(found)
    }
}
