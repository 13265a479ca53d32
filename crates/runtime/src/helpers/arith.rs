//! Operators on any objects, comparisons, truth.
//!
//! # Safety
//! All functions here are called by machine code, with the GIL held and live objects.

#![allow(clippy::missing_safety_doc, reason = "the contract is the same for all, above")]

use super::attention::Before;
use super::held::Held;
use super::special::is_always_true;
use super::{long_ints, pools, text};
use crate::native::raw::get;
use pyo3_ffi::{Py_DECREF, Py_False, Py_NewRef, Py_True, PyObject, PyThreadState_Get, binaryfunc};
use std::ffi::c_int;
use whipsnake_cpython::layout::long;
use whipsnake_cpython::live::{_PyInterpreterFrame, Float, Frame, Long, are_equal_items, symbols};
use whipsnake_cpython::opcode;

/// Raises `UnboundLocalError` for a local variable.
pub unsafe extern "C" fn unbound_local(frame: *mut _PyInterpreterFrame, index: c_int) {
    // SAFETY: the frame is running, so it has a code object with a name for each local.
    unsafe {
        let code = Frame::new_unchecked(frame).executable();
        let names: *mut PyObject = *code.byte_add(whipsnake_cpython::layout::code::LOCALSPLUSNAMES as usize).cast();
        symbols::_PyEval_FormatExcCheckArg(
            PyThreadState_Get(),
            pyo3_ffi::PyExc_UnboundLocalError,
            c"cannot access local variable '%s' where it is not associated with a value".as_ptr(),
            pyo3_ffi::PyTuple_GetItem(names, index as isize),
        );
    }
}

/// Calls the C function of a binary operator, which has the number `operator` in bytecode. Ints of up to two digits are done at once.
pub unsafe extern "C" fn call_binary(
    function: binaryfunc,
    left: *mut PyObject,
    right: *mut PyObject,
    operator: c_int,
) -> *mut PyObject {
    // SAFETY: a function of CPython's table, on live objects.
    unsafe {
        // Of other objects nothing is known here.
        if pyo3_ffi::PyLong_CheckExact(left) != 0 || pyo3_ffi::PyFloat_CheckExact(left) != 0 {
            if let (Some(x), Some(y)) = (wide_int(left), wide_int(right))
                && let Some(value) = int_result(operator, x, y)
            {
                return pools::int(value);
            }
            if let Some(result) = long_ints::arithmetic(operator, left, right) {
                return result;
            }
            if let Some(value) = float_result(operator, left, right) {
                return pools::new_float(value);
            }
        }
        if operator % 13 == 6
            && pyo3_ffi::PyUnicode_CheckExact(left) != 0
            && let Some(formatted) = text::percent(left, right)
        {
            return formatted;
        }
        let (_held, before) = (Held::new([left, right]), Before::now());
        before.object(opcode::BINARY_OP, function(left, right))
    }
}

/// `+`, `-` or `*` of two floats, or of a float and a compact int; `None` for anything else.
#[inline]
unsafe fn float_result(operator: c_int, left: *mut PyObject, right: *mut PyObject) -> Option<f64> {
    // SAFETY: live objects. Two ints have been tried before.
    let numbers = || unsafe { Some((number(left)?, number(right)?)) };
    match operator % 13 {
        0 => numbers().map(|(x, y)| x + y),
        5 => numbers().map(|(x, y)| x * y),
        10 => numbers().map(|(x, y)| x - y),
        _ => None,
    }
}

/// The value of an exact int of up to two digits.
#[inline]
pub(super) unsafe fn wide_int(object: *mut PyObject) -> Option<i64> {
    // SAFETY: a live object; the fields of an exact int.
    unsafe {
        if pyo3_ffi::PyLong_CheckExact(object) == 0 {
            return None;
        }
        let tag: u64 = get(object, long::LV_TAG);
        let digits = object.cast::<u8>().offset(long::OB_DIGIT as isize).cast::<u32>();
        let magnitude = match tag >> long::NON_SIZE_BITS {
            0 => 0,
            1 => i64::from(digits.read()),
            2 => i64::from(digits.read()) | i64::from(digits.add(1).read()) << long::SHIFT,
            _ => return None,
        };
        Some(if tag & long::SIGN_MASK == long::SIGN_NEGATIVE { -magnitude } else { magnitude })
    }
}

/// An operator on numbers of up to 60 bits and a sign; `None` if the result is no int of 64 bits.
#[inline]
fn int_result(operator: c_int, x: i64, y: i64) -> Option<i64> {
    // The operand's numbers of `BINARY_OP`; the in-place forms follow in the same order.
    match operator % 13 {
        0 => Some(x + y),
        1 => Some(x & y),
        2 if y != 0 => Some(x.div_euclid(y) - i64::from(y < 0 && x.rem_euclid(y) != 0)),
        3 if (0..=62).contains(&y) => Some(x << y).filter(|shifted| shifted >> y == x),
        5 => x.checked_mul(y),
        6 if y != 0 => Some(x.rem_euclid(y)).map(|rest| if y < 0 && rest != 0 { rest + y } else { rest }),
        7 => Some(x | y),
        9 if y >= 0 => Some(x >> y.min(63)),
        10 => Some(x - y),
        12 => Some(x ^ y),
        _ => None,
    }
}

/// The number in an exact float or a compact exact int.
unsafe fn number(object: *mut PyObject) -> Option<f64> {
    // SAFETY: a live object; the types are exact.
    unsafe {
        if pyo3_ffi::PyFloat_CheckExact(object) != 0 {
            Some(Float::new_unchecked(object).value())
        } else if pyo3_ffi::PyLong_CheckExact(object) != 0 {
            Long::new_unchecked(object).compact_value().map(|value| value as f64)
        } else {
            None
        }
    }
}

unsafe extern "C" {
    /// The C library's, which Python's `**` uses: results must not differ in the last bit.
    fn pow(base: f64, exponent: f64) -> f64;
}

/// `left ** right`. A positive float to a finite power needs no special case as long as the result neither overflows nor vanishes.
pub unsafe extern "C" fn power(function: binaryfunc, left: *mut PyObject, right: *mut PyObject) -> *mut PyObject {
    // SAFETY: live objects; the function is of CPython's table.
    unsafe {
        if pyo3_ffi::PyFloat_CheckExact(left) != 0 {
            let base = Float::new_unchecked(left).value();
            if base > 0.0
                && base.is_finite()
                && let Some(exponent) = number(right).filter(|e| e.is_finite())
            {
                let result = pow(base, exponent);
                if result.is_normal() {
                    return pyo3_ffi::PyFloat_FromDouble(result);
                }
            }
        }
        let (_held, before) = (Held::new([left, right]), Before::now());
        before.object(opcode::BINARY_OP, function(left, right))
    }
}

/// `-value`.
pub unsafe extern "C" fn negative(value: *mut PyObject) -> *mut PyObject {
    // SAFETY: a live object.
    unsafe {
        let (_held, before) = (Held::new([value]), Before::now());
        before.object(opcode::UNARY_NEGATIVE, pyo3_ffi::PyNumber_Negative(value))
    }
}

/// `~value`.
pub unsafe extern "C" fn invert(value: *mut PyObject) -> *mut PyObject {
    // SAFETY: a live object.
    unsafe {
        let before = Before::now();
        before.object(opcode::UNARY_INVERT, pyo3_ffi::PyNumber_Invert(value))
    }
}

/// A comparison by its number (`Py_LT` and so on).
pub unsafe extern "C" fn rich_compare(left: *mut PyObject, right: *mut PyObject, comparison: c_int) -> *mut PyObject {
    // SAFETY: live objects.
    unsafe {
        if let Some(answer) = compare_numbers(left, right, comparison) {
            return if answer { Py_NewRef(Py_True()) } else { Py_NewRef(Py_False()) };
        }
        let (_held, before) = (Held::new([left, right]), Before::now());
        before.object(opcode::COMPARE_OP, pyo3_ffi::PyObject_RichCompare(left, right, comparison))
    }
}

/// A comparison of exact ints of up to two digits and exact floats, also mixed where the int is exact as a float.
#[inline]
pub(super) unsafe fn compare_numbers(left: *mut PyObject, right: *mut PyObject, comparison: c_int) -> Option<bool> {
    // SAFETY: live objects.
    unsafe {
        if let (Some(x), Some(y)) = (wide_int(left), wide_int(right)) {
            return Some(holds(comparison, x, y));
        }
        Some(holds(comparison, exact_float(left)?, exact_float(right)?))
    }
}

/// `==` or `!=` of objects that are equal to nothing but themselves.
#[inline]
unsafe fn compare_identity(left: *mut PyObject, right: *mut PyObject, comparison: c_int) -> Option<bool> {
    // SAFETY: live objects.
    unsafe {
        let compares = |class: *mut pyo3_ffi::PyTypeObject| (*class).tp_richcompare.map(|f| f as usize);
        let object = compares(&raw mut pyo3_ffi::PyBaseObject_Type);
        let plain = |of: *mut PyObject| {
            let own = compares(pyo3_ffi::Py_TYPE(of));
            own.is_none() || own == object
        };
        match comparison {
            pyo3_ffi::Py_EQ if plain(left) && plain(right) => Some(left == right),
            pyo3_ffi::Py_NE if plain(left) && plain(right) => Some(left != right),
            _ => None,
        }
    }
}

/// The value of an exact float, or of an exact int that is exact as a float.
unsafe fn exact_float(object: *mut PyObject) -> Option<f64> {
    // SAFETY: a live object; an exact float.
    unsafe {
        if pyo3_ffi::PyFloat_CheckExact(object) != 0 {
            return Some(Float::new_unchecked(object).value());
        }
        wide_int(object).filter(|value| value.unsigned_abs() <= 1 << f64::MANTISSA_DIGITS).map(|value| value as f64)
    }
}

fn holds<T: PartialOrd>(comparison: c_int, left: T, right: T) -> bool {
    match comparison {
        pyo3_ffi::Py_LT => left < right,
        pyo3_ffi::Py_LE => left <= right,
        pyo3_ffi::Py_EQ => left == right,
        pyo3_ffi::Py_NE => left != right,
        pyo3_ffi::Py_GT => left > right,
        _ => left >= right,
    }
}

/// Whether two strings, also of subclasses, are equal (or not, as is asked), where they compare as strings do.
#[inline]
unsafe fn compare_strings(left: *mut PyObject, right: *mut PyObject, comparison: c_int) -> Option<bool> {
    // SAFETY: live objects.
    unsafe {
        if !matches!(comparison, pyo3_ffi::Py_EQ | pyo3_ffi::Py_NE)
            || pyo3_ffi::PyUnicode_Check(left) == 0
            || pyo3_ffi::PyUnicode_Check(right) == 0
        {
            return None;
        }
        are_equal_items(left, right).map(|equal| equal == (comparison == pyo3_ffi::Py_EQ))
    }
}

/// The truth of a comparison. Not `PyObject_RichCompareBool`: that one takes identical objects for equal.
pub unsafe extern "C" fn rich_compare_bool(left: *mut PyObject, right: *mut PyObject, comparison: c_int) -> c_int {
    // SAFETY: live objects.
    unsafe {
        if let Some(answer) = compare_numbers(left, right, comparison) {
            return answer.into();
        }
        if let Some(answer) = compare_strings(left, right, comparison) {
            return answer.into();
        }
        if let Some(same) = compare_identity(left, right, comparison) {
            return same.into();
        }
        let (_held, before) = (Held::new([left, right]), Before::now());
        let result = pyo3_ffi::PyObject_RichCompare(left, right, comparison);
        if result.is_null() {
            return -1;
        }
        let truth = truth_of(result);
        Py_DECREF(result);
        before.truth(opcode::COMPARE_OP, truth)
    }
}

unsafe fn truth_of(value: *mut PyObject) -> c_int {
    // SAFETY: a live object.
    unsafe {
        if value == Py_True() {
            1
        } else if value == Py_False() {
            0
        } else {
            pyo3_ffi::PyObject_IsTrue(value)
        }
    }
}

/// The truth of a value.
pub unsafe extern "C" fn is_true(value: *mut PyObject) -> c_int {
    // SAFETY: a live object.
    unsafe {
        let (_held, before) = (Held::new([value]), Before::now());
        before.truth(opcode::TO_BOOL, truth_of(value))
    }
}

/// The truth of a value, if no Python code tells it: 1, 0, or −1.
pub unsafe extern "C" fn quiet_truth(value: *mut PyObject) -> c_int {
    // SAFETY: a live object; the functions of these types run no code.
    unsafe {
        if value == Py_True() {
            return 1;
        }
        if value == Py_False() || value == pyo3_ffi::Py_None() {
            return 0;
        }
        let class = pyo3_ffi::Py_TYPE(value);
        let built_in = [
            &raw mut pyo3_ffi::PyLong_Type,
            &raw mut pyo3_ffi::PyUnicode_Type,
            &raw mut pyo3_ffi::PyList_Type,
            &raw mut pyo3_ffi::PyTuple_Type,
            &raw mut pyo3_ffi::PyDict_Type,
            &raw mut pyo3_ffi::PyFloat_Type,
            &raw mut pyo3_ffi::PyBytes_Type,
            &raw mut pyo3_ffi::PySet_Type,
            &raw mut pyo3_ffi::PyFrozenSet_Type,
        ];
        if built_in.contains(&class) {
            return pyo3_ffi::PyObject_IsTrue(value);
        }
        if is_always_true(class) { 1 } else { -1 }
    }
}
