//! What C code makes of the results of methods that it calls.

use super::raw::{get, release, retain};
use pyo3_ffi::{PyObject, PyTypeObject};
use std::ffi::{CStr, c_int};
use std::ptr;
use whipsnake_cpython::layout::object;
use whipsnake_cpython::opcode::compare;
use whipsnake_optimizer::Purpose;

/// How error messages name the operators, by their number in bytecode.
const OPERATORS: [&CStr; 13] =
    [c"+", c"&", c"//", c"<<", c"@", c"*", c"%", c"|", c"** or pow()", c">>", c"-", c"/", c"^"];

/// The same of comparisons, with the one that asks the other operand.
const COMPARISONS: [(&CStr, u32); 6] = [
    (c"<", compare::GT),
    (c"<=", compare::GE),
    (c"==", compare::EQ),
    (c"!=", compare::NE),
    (c">", compare::LT),
    (c">=", compare::LE),
];

/// What an instruction pushes, if anything, after its method has returned `value`, whose reference is taken; `None` with an exception set.
///
/// # Safety
/// `operands` are live objects, those of an instruction with this operand that calls methods for this purpose; the GIL is held.
pub(super) unsafe fn finish(
    purpose: Purpose,
    oparg: u8,
    value: *mut PyObject,
    operands: *mut *mut PyObject,
) -> Option<*mut PyObject> {
    // SAFETY: the caller's.
    unsafe {
        match purpose {
            Purpose::Store => {
                release(value);
                Some(ptr::null_mut())
            }
            Purpose::Iter => {
                if pyo3_ffi::PyIter_Check(value) != 0 {
                    return Some(value);
                }
                let name = (*get::<*mut PyTypeObject>(value, object::OB_TYPE)).tp_name;
                let text = c"iter() returned non-iterator of type '%.100s'".as_ptr();
                pyo3_ffi::PyErr_Format(pyo3_ffi::PyExc_TypeError, text, name);
                release(value);
                None
            }
            Purpose::Contains => truth(value, oparg != 0),
            Purpose::Operator if value == pyo3_ffi::Py_NotImplemented() => {
                complain(oparg, operands.read(), operands.add(1).read());
                None
            }
            Purpose::Operator | Purpose::Call | Purpose::Next => Some(value),
            Purpose::New => initialise(operands.read().cast(), value, operands.add(2), oparg.into()),
            Purpose::Comparison | Purpose::Unequal => {
                let result = if value == pyo3_ffi::Py_NotImplemented() {
                    release(value);
                    ask_other(u32::from(oparg) >> compare::OP_SHIFT, operands.read(), operands.add(1).read())?
                } else if purpose == Purpose::Unequal {
                    truth(value, true)?
                } else {
                    value
                };
                if u32::from(oparg) & compare::TO_BOOL == 0 { Some(result) } else { truth(result, false) }
            }
            Purpose::Truth => {
                let class = get::<*mut PyTypeObject>(value, object::OB_TYPE);
                if class == &raw mut pyo3_ffi::PyBool_Type {
                    return Some(value);
                }
                let text = c"__bool__ should return bool, returned %s".as_ptr();
                pyo3_ffi::PyErr_Format(pyo3_ffi::PyExc_TypeError, text, (*class).tp_name);
                release(value);
                None
            }
            Purpose::Emptiness => {
                let length = length(value)?;
                Some(if length > 0 { pyo3_ffi::Py_True() } else { pyo3_ffi::Py_False() })
            }
            Purpose::Length => {
                let result = pyo3_ffi::PyLong_FromSsize_t(length(value)?);
                (!result.is_null()).then_some(result)
            }
        }
    }
}

/// What a call of a class gives whose `__new__` has given `value`: the `__init__` of that is called, if it is an instance of the class.
unsafe fn initialise(
    class: *mut PyTypeObject,
    value: *mut PyObject,
    args: *mut *mut PyObject,
    count: usize,
) -> Option<*mut PyObject> {
    // SAFETY: the caller's: live objects; the tuple gets references of its own.
    unsafe {
        let of_value: *mut PyTypeObject = get(value, object::OB_TYPE);
        let Some(init) = (*of_value).tp_init.filter(|_| pyo3_ffi::PyType_IsSubtype(of_value, class) != 0) else {
            return Some(value);
        };
        let tuple = pyo3_ffi::PyTuple_New(count as isize);
        if tuple.is_null() {
            release(value);
            return None;
        }
        for index in 0..count {
            pyo3_ffi::PyTuple_SET_ITEM(tuple, index as isize, retain(args.add(index).read()));
        }
        let status = init(value, tuple, ptr::null_mut());
        release(tuple);
        if status < 0 {
            release(value);
            return None;
        }
        Some(value)
    }
}

/// The truth of a value, whose reference is taken, or the opposite.
unsafe fn truth(value: *mut PyObject, inverted: bool) -> Option<*mut PyObject> {
    // SAFETY: the caller's: a live object.
    unsafe {
        let truth = pyo3_ffi::PyObject_IsTrue(value);
        release(value);
        let holds = (truth != 0) != inverted;
        (truth >= 0).then(|| if holds { pyo3_ffi::Py_True() } else { pyo3_ffi::Py_False() })
    }
}

/// The length that a `__len__` has returned, whose reference is taken.
unsafe fn length(value: *mut PyObject) -> Option<isize> {
    // SAFETY: the caller's: a live object.
    unsafe {
        let index = pyo3_ffi::PyNumber_Index(value);
        release(value);
        if index.is_null() {
            return None;
        }
        let mut overflow: c_int = 0;
        pyo3_ffi::PyLong_AsLongLongAndOverflow(index, &raw mut overflow);
        let length = if overflow < 0 { -1 } else { pyo3_ffi::PyNumber_AsSsize_t(index, pyo3_ffi::PyExc_OverflowError) };
        release(index);
        if !pyo3_ffi::PyErr_Occurred().is_null() {
            return None;
        }
        if length < 0 {
            pyo3_ffi::PyErr_SetString(pyo3_ffi::PyExc_ValueError, c"__len__() should return >= 0".as_ptr());
            return None;
        }
        Some(length)
    }
}

/// A comparison whose left operand does not know the answer.
unsafe fn ask_other(comparison: u32, left: *mut PyObject, right: *mut PyObject) -> Option<*mut PyObject> {
    let (sign, swapped) = COMPARISONS[comparison as usize];
    // SAFETY: the caller's: live objects, which are held.
    unsafe {
        let class = |of: *mut PyObject| get::<*mut PyTypeObject>(of, object::OB_TYPE);
        if let Some(compare) = (*class(right)).tp_richcompare {
            let result = compare(right, left, swapped as c_int);
            if result != pyo3_ffi::Py_NotImplemented() {
                return (!result.is_null()).then_some(result);
            }
            release(result);
        }
        let same = match comparison {
            compare::EQ => left == right,
            compare::NE => left != right,
            _ => {
                let text = c"'%s' not supported between instances of '%.100s' and '%.100s'".as_ptr();
                let (left, right) = ((*class(left)).tp_name, (*class(right)).tp_name);
                pyo3_ffi::PyErr_Format(pyo3_ffi::PyExc_TypeError, text, sign.as_ptr(), left, right);
                return None;
            }
        };
        Some(if same { pyo3_ffi::Py_True() } else { pyo3_ffi::Py_False() })
    }
}

/// Raises that no method knows what to do with the operands.
unsafe fn complain(oparg: u8, left: *mut PyObject, right: *mut PyObject) {
    let number = usize::from(oparg);
    let (sign, in_place) = (OPERATORS[number % OPERATORS.len()], number >= OPERATORS.len());
    // SAFETY: live objects, the GIL is held.
    unsafe {
        let name = |of: *mut PyObject| (*(*of.byte_add(object::OB_TYPE as usize).cast::<*mut PyTypeObject>())).tp_name;
        let text = if in_place {
            c"unsupported operand type(s) for %.100s=: '%.100s' and '%.100s'"
        } else {
            c"unsupported operand type(s) for %.100s: '%.100s' and '%.100s'"
        };
        pyo3_ffi::PyErr_Format(pyo3_ffi::PyExc_TypeError, text.as_ptr(), sign.as_ptr(), name(left), name(right));
    }
}
