//! The frame below a generator that a region has inlined into the built-in function that goes through it, while that is finished outside of the region.
//!
//! The interpreter calls `sum` and its like from C, and they resume the generator. A frame below the generator stands in for that: nobody sees it, and the
//! generator yields to it. It has what the function has so far. The rest is done here, by one loop, as the function does it.

use super::frames::Resume;
use super::operator_shim::end_instruction;
use super::raw::{is_exact, release, release_or_null};
use crate::helpers::consumers::cut_list;
use crate::region::consumer_at;
use pyo3_ffi::{PyObject, PyThreadState};
use std::ptr;
use whipsnake_cpython::live::{_PyInterpreterFrame, Frame, Generator, ThreadState};
use whipsnake_ir::abi::Activation;
use whipsnake_ops::consumers::Consumer;

/// `stub_consumed`: the generator above such a frame has yielded or returned `value`.
///
/// # Safety
/// Called by the stub only.
pub(super) unsafe extern "C" fn consumed(
    thread: *mut PyThreadState,
    frame: *mut _PyInterpreterFrame,
    activation: *mut Activation,
    value: *mut PyObject,
) -> Resume {
    // SAFETY: the stub passes the live thread state, the current frame and its activation; the frame that waits is at a call with the generator as the
    // last argument.
    unsafe {
        let (state, below) = (ThreadState::new_unchecked(thread), Frame::new_unchecked(frame));
        let slots = below.localsplus();
        let gathered = [0, 1].map(|index| slots.add(index).replace(ptr::null_mut()));
        end_instruction(state, below, activation, 1, |instruction, operands| {
            let count = usize::from(instruction.arg);
            let (called, receiver) = (*operands, *operands.add(1));
            let generator = *operands.add(1 + count);
            let consumer = consumer_at(called).expect("a function that regions know");
            let mut items = Items { generator, next: ptr::null_mut() };
            if Generator::new_unchecked(generator).is_suspended() {
                items.next = value;
            } else {
                release(value);
            }
            let result = finish(consumer, &mut items, gathered);
            if consumer != Consumer::Join {
                return result;
            }
            let list = result?;
            let nothing: *mut PyObject = ptr::null_mut();
            let result = pyo3_ffi::PyObject_CallFunctionObjArgs(called, receiver, list, nothing);
            release(list);
            (!result.is_null()).then_some(result)
        })
    }
}

/// What is left of a generator: an item that it has yielded already, if not NULL, and those that it will.
struct Items {
    generator: *mut PyObject,
    next: *mut PyObject,
}

impl Items {
    /// The next, with a reference; NULL at the end, or with an exception set.
    unsafe fn next(&mut self) -> *mut PyObject {
        let next = std::mem::replace(&mut self.next, ptr::null_mut());
        // SAFETY: a live iterator, the GIL held.
        if next.is_null() { unsafe { pyo3_ffi::PyIter_Next(self.generator) } } else { next }
    }

    /// The next, likewise; `Err` with an exception set.
    unsafe fn try_next(&mut self) -> Result<Option<*mut PyObject>, ()> {
        // SAFETY: as above.
        unsafe {
            let next = self.next();
            if !next.is_null() {
                return Ok(Some(next));
            }
            if pyo3_ffi::PyErr_Occurred().is_null() { Ok(None) } else { Err(()) }
        }
    }
}

/// Goes through the rest of the items, from what there is so far, whose references it takes; `None` with an exception set.
unsafe fn finish(consumer: Consumer, items: &mut Items, gathered: [*mut PyObject; 2]) -> Option<*mut PyObject> {
    let [main, other] = gathered;
    // SAFETY: the caller's: live objects, the GIL is held.
    unsafe {
        let result = match consumer {
            Consumer::Any | Consumer::All => truth(items, consumer == Consumer::Any),
            Consumer::Sum => sum(items, main, other),
            Consumer::Set => fill(items, main, |set, item| pyo3_ffi::PySet_Add(set, item)),
            _ => {
                let filled = fill(items, main, |list, item| pyo3_ffi::PyList_Append(list, item));
                match (consumer, filled) {
                    (Consumer::Tuple, Some(list)) => {
                        let tuple = pyo3_ffi::PyList_AsTuple(list);
                        release(list);
                        (!tuple.is_null()).then_some(tuple)
                    }
                    (Consumer::List | Consumer::Sorted, Some(list)) => {
                        cut_list(list);
                        if consumer == Consumer::Sorted && pyo3_ffi::PyList_Sort(list) < 0 {
                            release(list);
                            return None;
                        }
                        Some(list)
                    }
                    (_, filled) => filled,
                }
            }
        };
        release_or_null(other);
        result
    }
}

unsafe fn fill(
    items: &mut Items,
    into: *mut PyObject,
    add: impl Fn(*mut PyObject, *mut PyObject) -> i32,
) -> Option<*mut PyObject> {
    // SAFETY: as above.
    unsafe {
        loop {
            match items.try_next() {
                Ok(None) => return Some(into),
                Ok(Some(item)) => {
                    let status = add(into, item);
                    release(item);
                    if status < 0 {
                        break;
                    }
                }
                Err(()) => break,
            }
        }
        release(into);
        None
    }
}

unsafe fn truth(items: &mut Items, wanted: bool) -> Option<*mut PyObject> {
    // SAFETY: as above.
    unsafe {
        let found = loop {
            let Some(item) = items.try_next().ok()? else { break !wanted };
            let truth = pyo3_ffi::PyObject_IsTrue(item);
            release(item);
            if truth < 0 {
                return None;
            }
            if (truth > 0) == wanted {
                break wanted;
            }
        };
        Some(if found { pyo3_ffi::Py_True() } else { pyo3_ffi::Py_False() })
    }
}

/// What `sum` computes: ints as machine words, then floats with what is lost by rounding, then anything.
unsafe fn sum(items: &mut Items, total: *mut PyObject, lost: *mut PyObject) -> Option<*mut PyObject> {
    // SAFETY: as above; the total is an int of 64 bits or a float, and what is lost a float.
    unsafe {
        let mut total = total;
        let mut rest = pyo3_ffi::PyFloat_AsDouble(lost);
        if pyo3_ffi::PyLong_Check(total) != 0 {
            let mut number = pyo3_ffi::PyLong_AsLongLong(total);
            release(total);
            loop {
                let Some(item) = items.try_next().ok()? else { return made(pyo3_ffi::PyLong_FromLongLong(number)) };
                if let Some(sum) = whole_number(item).and_then(|item| number.checked_add(item)) {
                    number = sum;
                    release(item);
                    continue;
                }
                total = add(made(pyo3_ffi::PyLong_FromLongLong(number))?, item)?;
                break;
            }
            rest = 0.0;
        }
        if is_exact(total, &raw mut pyo3_ffi::PyFloat_Type) {
            let mut number = pyo3_ffi::PyFloat_AsDouble(total);
            release(total);
            let corrected =
                |number: f64, rest: f64| if rest != 0.0 && rest.is_finite() { number + rest } else { number };
            loop {
                let Some(item) = items.try_next().ok()? else {
                    return made(pyo3_ffi::PyFloat_FromDouble(corrected(number, rest)));
                };
                if is_exact(item, &raw mut pyo3_ffi::PyFloat_Type) {
                    let added = pyo3_ffi::PyFloat_AsDouble(item);
                    let sum = number + added;
                    rest += if number.abs() >= added.abs() { (number - sum) + added } else { (added - sum) + number };
                    number = sum;
                    release(item);
                    continue;
                }
                if pyo3_ffi::PyLong_Check(item) != 0 {
                    let mut overflow = 0;
                    let added = pyo3_ffi::PyLong_AsLongLongAndOverflow(item, &mut overflow);
                    if overflow == 0 {
                        number += added as f64;
                        release(item);
                        continue;
                    }
                }
                total = add(made(pyo3_ffi::PyFloat_FromDouble(corrected(number, rest)))?, item)?;
                break;
            }
        }
        loop {
            match items.try_next() {
                Ok(None) => return Some(total),
                Ok(Some(item)) => total = add(total, item)?,
                Err(()) => {
                    release(total);
                    return None;
                }
            }
        }
    }
}

/// An int or bool of 64 bits.
unsafe fn whole_number(item: *mut PyObject) -> Option<i64> {
    // SAFETY: as above.
    unsafe {
        if !is_exact(item, &raw mut pyo3_ffi::PyLong_Type) && !is_exact(item, &raw mut pyo3_ffi::PyBool_Type) {
            return None;
        }
        let mut overflow = 0;
        let number = pyo3_ffi::PyLong_AsLongLongAndOverflow(item, &mut overflow);
        (overflow == 0).then_some(number)
    }
}

/// `total + item`, whose references are taken.
unsafe fn add(total: *mut PyObject, item: *mut PyObject) -> Option<*mut PyObject> {
    // SAFETY: as above.
    unsafe {
        let sum = pyo3_ffi::PyNumber_Add(total, item);
        release(total);
        release(item);
        made(sum)
    }
}

fn made(object: *mut PyObject) -> Option<*mut PyObject> {
    (!object.is_null()).then_some(object)
}
