//! Arguments of a call, bound to the new frame's locals: positional ones, keywords, defaults, `*args` and `**kwargs`. Errors, and what is stranger,
//! are left to the interpreter's own function.

use super::binding::{Binding, NamedDefaults, is_interned, move_values};
use super::raw::{get, retain};
use pyo3_ffi::PyObject;
use std::ptr;
use whipsnake_cpython::layout::code::{CO_OPTIMIZED, CO_VARARGS, CO_VARKEYWORDS};
use whipsnake_cpython::layout::dict_keys;
use whipsnake_cpython::layout::frame::LOCALSPLUS;
use whipsnake_cpython::live::{Code, Dict, Frame, Function, KeysKind, ThreadState, Tuple};

/// Whether a call with `count` positional arguments and nothing else needs no more than copying them.
#[inline]
fn takes_exactly(code: Code, count: usize) -> bool {
    code.flags() & (CO_OPTIMIZED | CO_VARARGS | CO_VARKEYWORDS) == CO_OPTIMIZED
        && code.argcount() as usize == count
        && code.kwonlyargcount() == 0
}

/// Pushes and fills a frame, followed by a spare word. Takes the references to the function and the arguments. `None` if that needs more than
/// this knows; then nothing has changed.
///
/// # Safety
/// As [`frames::push`](super::frames::push).
#[inline(always)]
pub(super) unsafe fn push(
    thread: ThreadState,
    function: Function,
    code: Code,
    args: *const *mut PyObject,
    count: usize,
    kwnames: *mut PyObject,
) -> Option<Frame> {
    // SAFETY: the caller's; the frame's memory is as long as the code says.
    unsafe {
        if !kwnames.is_null() {
            return push_bound(thread, function, code, args, count, kwnames, ptr::null_mut());
        }
        if !takes_exactly(code, count) {
            return push_positional(thread, function, code, args, count, ptr::null_mut());
        }
        let frame = Frame::new(thread.allocate_frame(code.framesize() as usize + 1))?;
        move_values(args, frame.localsplus(), count);
        frame.initialize(function, ptr::null_mut(), count);
        Some(frame)
    }
}

/// [`push`] with a dict that becomes the `**kwargs` of a function that [`collects_all`].
///
/// # Safety
/// As [`push`]; nobody else has the dict, to which the reference is taken.
pub(super) unsafe fn push_collected(
    thread: ThreadState,
    function: Function,
    code: Code,
    args: *const *mut PyObject,
    count: usize,
    collected: *mut PyObject,
) -> Option<Frame> {
    // SAFETY: the caller's.
    unsafe { push_positional(thread, function, code, args, count, collected) }
}

/// [`push`] without names, for a function that takes more than just so many arguments: the last parameters have their defaults, or what is too much is collected.
#[inline(never)]
unsafe fn push_positional(
    thread: ThreadState,
    function: Function,
    code: Code,
    args: *const *mut PyObject,
    count: usize,
    collected: *mut PyObject,
) -> Option<Frame> {
    let (parameters, collects) = (code.argcount() as usize, code.flags() & CO_VARARGS != 0);
    let given = count.min(parameters);
    let missing = parameters - given;
    let defaults = if missing == 0 { None } else { function.defaults() };
    let unused = defaults.map_or(0, |defaults| defaults.len()).checked_sub(missing);
    let filled = parameters + code.kwonlyargcount() as usize;
    // SAFETY: the caller's; there is a slot for each parameter.
    unsafe {
        let Some(unused) = unused.filter(|_| collects || given == count) else {
            return push_bound(thread, function, code, args, count, ptr::null_mut(), collected);
        };
        push_filled(thread, function, code, |slots| {
            let names = None;
            let binding = Binding { function, code, slots, args, count, names, collected, given: 0 };
            if filled > parameters {
                let (mut named, names) = (NamedDefaults::of(function), code.localsplus_names());
                for at in parameters..filled {
                    slots.add(at).write(named.find(names.item(at)?)?);
                }
            }
            let end = binding.collect(filled, given, 0)?;
            for at in parameters..filled {
                retain(slots.add(at).read());
            }
            move_values(args, slots, given);
            if let Some(defaults) = defaults {
                for at in 0..missing {
                    slots.add(given + at).write(retain(defaults.items().add(unused + at).read()));
                }
            }
            Some(end)
        })
    }
}

/// Whether all items of a dict would go to a function's `**kwargs`, in one that is like this: with interned strings, none of which is a parameter's name, in
/// a table that is as small as can be.
///
/// # Safety
/// The GIL is held.
pub(super) unsafe fn collects_all(code: Code, named: Dict) -> bool {
    /// The logarithm of how many places the smallest table has; an empty dict has none.
    const SMALLEST: u8 = 3;
    let keys = named.keys();
    let smallest = if named.is_empty() { 0 } else { SMALLEST };
    // SAFETY: the table of a dict.
    let is_small = unsafe { get::<u8>(keys.as_ptr(), dict_keys::DK_LOG2_SIZE) } == smallest;
    let wanted = CO_OPTIMIZED | CO_VARKEYWORDS;
    if code.flags() & wanted != wanted
        || !is_small
        || keys.kind() != KeysKind::Unicode
        || keys.nentries() != named.len()
        || named.watchers() != 0
    {
        return false;
    }
    let parameters = code.localsplus_names();
    let named_parameters = code.posonlyargcount() as usize..code.argcount() as usize + code.kwonlyargcount() as usize;
    keys.all().all(|(key, _)| {
        // SAFETY: keys of such a table are strings.
        let interned = unsafe { is_interned(key) };
        interned && !named_parameters.clone().any(|at| parameters.item(at) == Some(key))
    })
}

/// [`push`] for arguments that are not just copied.
#[inline(never)]
unsafe fn push_bound(
    thread: ThreadState,
    function: Function,
    code: Code,
    args: *const *mut PyObject,
    count: usize,
    kwnames: *mut PyObject,
    collected: *mut PyObject,
) -> Option<Frame> {
    // SAFETY: the caller's.
    unsafe {
        push_filled(thread, function, code, |slots| {
            let names = Tuple::new(kwnames.cast());
            Binding { function, code, slots, args, count, names, collected, given: 0 }.run()
        })
    }
}

/// Pushes a frame whose first slots `fill` fills, and says how many they are: `None` if it leaves them as they are.
#[inline(always)]
unsafe fn push_filled(
    thread: ThreadState,
    function: Function,
    code: Code,
    fill: impl FnOnce(*mut *mut PyObject) -> Option<usize>,
) -> Option<Frame> {
    let words = code.framesize() as usize + 1;
    if code.flags() & CO_OPTIMIZED == 0 || !thread.has_stack_space(words) {
        return None;
    }
    // SAFETY: the caller's. Above the top of the data stack nothing lives; there is room. `initialize` leaves the filled locals alone.
    unsafe {
        let filled = fill(thread.stack_top().cast::<u8>().add(LOCALSPLUS as usize).cast())?;
        let frame = Frame::new(thread.allocate_frame(words))?;
        frame.initialize(function, ptr::null_mut(), filled);
        Some(frame)
    }
}
