//! Arguments of a call, copied into the new frame's locals: positional ones, keywords, defaults. What is less simple is left to the interpreter's
//! own function, and so are errors.

use super::raw::retain;
use pyo3_ffi::PyObject;
use std::ptr;
use whipsnake_cpython::layout::code::{CO_OPTIMIZED, CO_VARARGS, CO_VARKEYWORDS};
use whipsnake_cpython::layout::frame::LOCALSPLUS;
use whipsnake_cpython::live::{Code, Dict, Frame, Function, KeysKind, ThreadState, Tuple};

/// How many parameters a bit set describes.
const MAX_PARAMETERS: usize = 63;

/// Whether a call with `count` positional arguments and nothing else needs no more than copying them.
#[inline]
pub fn takes_exactly(code: Code, count: usize) -> bool {
    is_plain(code) && code.argcount() as usize == count && code.kwonlyargcount() == 0
}

/// Whether all of the code's parameters are named ones.
#[inline]
fn is_plain(code: Code) -> bool {
    code.flags() & (CO_OPTIMIZED | CO_VARARGS | CO_VARKEYWORDS) == CO_OPTIMIZED
}

/// Pushes and fills a frame, followed by a spare word. Takes the references to the function and the arguments. `None` if that needs more than
/// this knows; then nothing has changed.
///
/// # Safety
/// As [`frames::push`](super::frames::push).
#[inline]
pub(super) unsafe fn push(
    thread: ThreadState,
    function: Function,
    code: Code,
    args: *const *mut PyObject,
    count: usize,
    kwnames: *mut PyObject,
) -> Option<Frame> {
    let words = code.framesize() as usize + 1;
    let filled = if kwnames.is_null() && takes_exactly(code, count) {
        count
    } else {
        if !is_plain(code) || !thread.has_stack_space(words) {
            return None;
        }
        // SAFETY: the caller's. Above the top of the data stack nothing lives; there is room.
        unsafe {
            let slots = thread.stack_top().cast::<u8>().add(LOCALSPLUS as usize).cast();
            bind(function, code, slots, args, count, kwnames)?
        }
    };
    // SAFETY: the frame's memory is as long as the code says; `initialize` leaves the filled locals alone.
    unsafe {
        let frame = Frame::new(thread.allocate_frame(words))?;
        frame.initialize(function, ptr::null_mut(), filled);
        if kwnames.is_null() && filled == count {
            ptr::copy_nonoverlapping(args, frame.localsplus(), count);
        }
        Some(frame)
    }
}

/// Fills the parameters' slots; says how many there are.
unsafe fn bind(
    function: Function,
    code: Code,
    slots: *mut *mut PyObject,
    args: *const *mut PyObject,
    count: usize,
    kwnames: *mut PyObject,
) -> Option<usize> {
    let positional = code.argcount() as usize;
    let total = positional + code.kwonlyargcount() as usize;
    if count > positional || total > MAX_PARAMETERS {
        return None;
    }
    let mut given: u64 = (1u64 << count) - 1;
    // SAFETY: the caller's: room for all parameters, and as many arguments as said.
    unsafe {
        ptr::copy_nonoverlapping(args, slots, count);
        if let Some(names) = Tuple::new(kwnames.cast()) {
            let parameters = code.localsplus_names();
            let first = code.posonlyargcount() as usize;
            for index in 0..names.len() {
                // Names are interned, but for those made at run time.
                let name = names.item(index)?;
                let at = (first..total).find(|&at| parameters.item(at) == Some(name))?;
                if given >> at & 1 != 0 {
                    return None;
                }
                given |= 1 << at;
                slots.add(at).write(args.add(count + index).read());
            }
        }
        let mut missing = !given & ((1u64 << total) - 1);
        // Nothing is retained before all of them are found.
        let mut rest = missing;
        while rest != 0 {
            let at = rest.trailing_zeros() as usize;
            rest &= rest - 1;
            slots.add(at).write(default(function, code, positional, at)?);
        }
        while missing != 0 {
            let at = missing.trailing_zeros() as usize;
            missing &= missing - 1;
            retain(slots.add(at).read());
        }
    }
    Some(total)
}

/// The default of parameter `at`, borrowed.
unsafe fn default(function: Function, code: Code, positional: usize, at: usize) -> Option<*mut PyObject> {
    if at < positional {
        let defaults = function.defaults()?;
        return defaults.item(at.checked_sub(positional.checked_sub(defaults.len())?)?);
    }
    // SAFETY: null or a dict; a lookup among strings runs no Python code, which would make frames where the slots are.
    unsafe {
        let defaults = Dict::new(function.kwdefaults()).filter(|dict| dict.keys().kind() != KeysKind::General)?;
        let name = code.localsplus_names().item(at)?;
        let found = pyo3_ffi::PyDict_GetItemWithError(defaults.as_ptr(), name);
        (!found.is_null()).then_some(found)
    }
}
