//! Strings.
//!
//! # Safety
//! All functions here are called by machine code, with the GIL held and live objects.

#![allow(clippy::missing_safety_doc, reason = "the contract is the same for all, above")]

use super::arith::wide_int;
use super::attention::Before;
use super::build::drop_slots;
use super::held::Held;
use super::number_texts::{self, Spec, Text};
use crate::native::raw::{get, retain};
use pyo3_ffi::PyObject;
use std::ffi::c_int;
use std::ptr::null;
use std::slice;
use whipsnake_cpython::layout::unicode;
use whipsnake_cpython::live::{Float, Tuple, symbols};
use whipsnake_cpython::opcode;

/// Appends to the string in `local`: in place if the local variable holds the only reference. `right` is another string.
pub unsafe extern "C" fn append_string(local: *mut *mut PyObject, right: *mut PyObject) -> c_int {
    // SAFETY: both are live exact strings.
    unsafe {
        pyo3_ffi::PyUnicode_Append(local, right);
        if (*local).is_null() {
            // Out of memory: the old value is gone. The variable stays set, since the way out may read it.
            *local = empty();
            return -1;
        }
        0
    }
}

/// The empty string, which is immortal.
fn empty() -> *mut PyObject {
    // SAFETY: no memory is needed for it, so this works at any time with the GIL held.
    unsafe { pyo3_ffi::PyUnicode_FromStringAndSize(null(), 0) }
}

/// Joins the strings in `count` slots, whose references are consumed unless it fails.
pub unsafe extern "C" fn build_string(base: *mut *mut PyObject, count: c_int) -> *mut PyObject {
    // SAFETY: as many live strings as that.
    unsafe {
        let strings = slice::from_raw_parts(base, count as usize);
        let joined = match join_ascii(strings) {
            Some(joined) => joined,
            None => symbols::_PyUnicode_JoinArray(empty(), base, count as isize),
        };
        if !joined.is_null() {
            drop_slots(base, count as usize);
        }
        joined
    }
}

/// Strings one after the other, if all are plain ASCII; null with `MemoryError` set.
unsafe fn join_ascii(strings: &[*mut PyObject]) -> Option<*mut PyObject> {
    // SAFETY: live exact strings. A new ASCII string has room for as many characters, which nobody sees before they are there.
    unsafe {
        let mut length = 0;
        for &string in strings {
            length += ascii(string)?.len();
        }
        if length < 2 {
            return None;
        }
        let joined = pyo3_ffi::PyUnicode_New(length as isize, MAX_ASCII);
        if !joined.is_null() {
            let mut end = joined.byte_offset(unicode::ASCII_DATA as isize).cast::<u8>();
            for &string in strings {
                let text = ascii(string)?;
                end.copy_from_nonoverlapping(text.as_ptr(), text.len());
                end = end.add(text.len());
            }
        }
        Some(joined)
    }
}

const MAX_ASCII: u32 = 127;

/// The characters of an exact string that is plain ASCII, as long as it lives.
pub(crate) unsafe fn ascii<'a>(string: *mut PyObject) -> Option<&'a [u8]> {
    const PLAIN: u32 = unicode::COMPACT_MASK | unicode::ASCII_MASK;
    // SAFETY: an exact string; one of this form has its characters, a byte each, behind the head.
    unsafe {
        let state: u32 = get(string, unicode::STATE);
        (state & PLAIN == PLAIN).then(|| {
            let length: usize = get(string, unicode::LENGTH);
            slice::from_raw_parts(string.byte_offset(unicode::ASCII_DATA as isize).cast::<u8>(), length)
        })
    }
}

/// Texts one after the other, all ASCII and longer than a character together; null with `MemoryError` set.
pub(super) unsafe fn joined<const N: usize>(texts: [&[u8]; N]) -> *mut PyObject {
    // SAFETY: the GIL is held; as in `join_ascii`.
    unsafe {
        let length: usize = texts.iter().map(|text| text.len()).sum();
        let joined = pyo3_ffi::PyUnicode_New(length as isize, MAX_ASCII);
        if !joined.is_null() {
            let mut end = joined.byte_offset(unicode::ASCII_DATA as isize).cast::<u8>();
            for text in texts {
                end.copy_from_nonoverlapping(text.as_ptr(), text.len());
                end = end.add(text.len());
            }
        }
        joined
    }
}

/// A string of ASCII characters; null with `MemoryError` set.
unsafe fn new_ascii(text: &[u8]) -> *mut PyObject {
    // SAFETY: the GIL is held; as in `join_ascii`.
    unsafe {
        if text.len() < 2 {
            return pyo3_ffi::PyUnicode_FromStringAndSize(text.as_ptr().cast(), text.len() as isize);
        }
        let string = pyo3_ffi::PyUnicode_New(text.len() as isize, MAX_ASCII);
        if !string.is_null() {
            let data = string.byte_offset(unicode::ASCII_DATA as isize).cast::<u8>();
            data.copy_from_nonoverlapping(text.as_ptr(), text.len());
        }
        string
    }
}

/// `str` of an exact int of up to two digits or an exact finite float, which is what `format` makes of it, too, without a format.
unsafe fn number(value: *mut PyObject) -> Option<*mut PyObject> {
    // SAFETY: a live object.
    unsafe {
        if let Some(int) = wide_int(value) {
            return Some(new_ascii(itoa::Buffer::new().format(int).as_bytes()));
        }
        finite(value).map(|float| new_ascii(&number_texts::shortest(float)))
    }
}

/// The value of an exact float that is finite.
unsafe fn finite(value: *mut PyObject) -> Option<f64> {
    // SAFETY: a live object; an exact float.
    unsafe {
        (pyo3_ffi::PyFloat_CheckExact(value) != 0)
            .then(|| Float::new_unchecked(value).value())
            .filter(|float| float.is_finite())
    }
}

/// A number or string in a format, if both are among the usual.
unsafe fn formatted(value: *mut PyObject, spec: *mut PyObject) -> Option<*mut PyObject> {
    // SAFETY: live objects; exact strings where they are read as such.
    unsafe {
        if pyo3_ffi::PyUnicode_CheckExact(spec) == 0 {
            return None;
        }
        let spec = Spec::parse(ascii(spec)?)?;
        let mut text = Text::new();
        if let Some(int) = wide_int(value) {
            spec.int(int, &mut text)?;
        } else if let Some(float) = finite(value) {
            spec.float(float, &mut text)?;
        } else if pyo3_ffi::PyUnicode_CheckExact(value) != 0 {
            let own = ascii(value)?;
            spec.string(own, &mut text)?;
            // A string that the format leaves as it is, is the result itself.
            if text.len() == own.len() {
                return Some(retain(value));
            }
        } else {
            return None;
        }
        Some(new_ascii(&text))
    }
}

/// `format(value, spec)`; NULL stands for an empty `spec`.
pub unsafe extern "C" fn format(value: *mut PyObject, spec: *mut PyObject) -> *mut PyObject {
    // SAFETY: live objects, or NULL for `spec`, which is never borrowed.
    unsafe {
        let usual = if spec.is_null() { number(value) } else { formatted(value, spec) };
        if let Some(text) = usual {
            return text;
        }
        let (_held, before) = (Held::new([value]), Before::now());
        let op = if spec.is_null() { opcode::FORMAT_SIMPLE } else { opcode::FORMAT_WITH_SPEC };
        before.object(op, pyo3_ffi::PyObject_Format(value, spec))
    }
}

/// `format % value` for an ASCII string with the usual formats, and a tuple of as many values, or one value; `None` for everything else, errors among it.
///
/// # Safety
/// Live objects, an exact string; the GIL is held.
pub(super) unsafe fn percent(format: *mut PyObject, value: *mut PyObject) -> Option<*mut PyObject> {
    // SAFETY: the caller's; exact types where objects are read as such.
    unsafe {
        let mut rest = ascii(format).filter(|text| text.contains(&b'%'))?;
        let single = [value];
        let mut values = if pyo3_ffi::PyTuple_CheckExact(value) != 0 {
            let tuple = Tuple::new_unchecked(value);
            slice::from_raw_parts(tuple.items().cast_const(), tuple.len())
        } else {
            &single[..]
        };
        let (mut text, mut whole) = (Text::new(), None);
        while let Some(at) = rest.iter().position(|&character| character == b'%') {
            text.extend_from_slice(&rest[..at]);
            rest = &rest[at + 1..];
            if let [b'%', after @ ..] = rest {
                text.push(b'%');
                rest = after;
                continue;
            }
            let (spec, after) = Spec::parse_old(rest)?;
            let (&value, others) = values.split_first()?;
            (rest, values) = (after, others);
            if pyo3_ffi::PyUnicode_CheckExact(value) != 0 {
                let own = ascii(value)?;
                spec.string(own, &mut text)?;
                // A string that is all of the text is the result itself.
                whole = Some((value, own.len()));
            } else if let Some(int) = wide_int(value) {
                if spec.is_text() {
                    spec.string(itoa::Buffer::new().format(int).as_bytes(), &mut text)?;
                } else {
                    spec.int(int, &mut text)?;
                }
            } else {
                let float = finite(value)?;
                if spec.is_text() {
                    spec.string(&number_texts::shortest(float), &mut text)?;
                } else {
                    spec.float(float, &mut text)?;
                }
            }
        }
        text.extend_from_slice(rest);
        if !values.is_empty() {
            return None;
        }
        Some(match whole {
            Some((own, length)) if length == text.len() => retain(own),
            _ => new_ascii(&text),
        })
    }
}

/// `str(value)`.
pub unsafe extern "C" fn string_of(value: *mut PyObject) -> *mut PyObject {
    // SAFETY: a live object.
    unsafe { number(value).unwrap_or_else(|| pyo3_ffi::PyObject_Str(value)) }
}
