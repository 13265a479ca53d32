//! Arguments of a call, bound to the new frame's locals: positional ones, keywords, defaults, `*args` and `**kwargs`. Errors, and what is stranger,
//! are left to the interpreter's own function.

use super::raw::{get, is_exact, release, retain};
use crate::helpers::{dict_pool, tuple_pool};
use pyo3_ffi::PyObject;
use std::ptr;
use whipsnake_cpython::layout::code::{CO_OPTIMIZED, CO_VARARGS, CO_VARKEYWORDS};
use whipsnake_cpython::layout::frame::LOCALSPLUS;
use whipsnake_cpython::layout::{dict_keys, unicode};
use whipsnake_cpython::live::{Code, Dict, Frame, Function, KeysKind, ThreadState, Tuple};

/// How many parameters a bit set describes.
const MAX_PARAMETERS: usize = 63;

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
    let flags = code.flags();
    let (parameters, collects) = (code.argcount() as usize, flags & CO_VARARGS != 0);
    let general = || {
        // SAFETY: the caller's.
        unsafe { push_bound(thread, function, code, args, count, ptr::null_mut(), collected) }
    };
    let words = code.framesize() as usize + 1;
    if flags & CO_OPTIMIZED == 0
        || code.kwonlyargcount() != 0
        || count > parameters && !collects
        || !thread.has_stack_space(words)
    {
        return general();
    }
    let given = count.min(parameters);
    let missing = parameters - given;
    // SAFETY: the caller's; there is room for the frame, and a slot for each parameter. `initialize` leaves the filled locals alone.
    unsafe {
        let defaults = if missing == 0 { None } else { function.defaults() };
        let Some(unused) = defaults.map_or(0, |defaults| defaults.len()).checked_sub(missing) else {
            return general();
        };
        let slots: *mut *mut PyObject = thread.stack_top().cast::<u8>().add(LOCALSPLUS as usize).cast();
        let mut filled = parameters;
        if collects {
            let made = tuple_pool::tuple_of(args.add(given), count - given);
            if made.is_null() {
                pyo3_ffi::PyErr_Clear();
                return None;
            }
            slots.add(filled).write(made);
            filled += 1;
        }
        if flags & CO_VARKEYWORDS != 0 {
            let named = if collected.is_null() { dict_pool::new_dict() } else { collected };
            if named.is_null() {
                pyo3_ffi::PyErr_Clear();
                if collects {
                    tuple_pool::give_back(slots.add(parameters).read());
                }
                return None;
            }
            slots.add(filled).write(named);
            filled += 1;
        }
        move_values(args, slots, given);
        if let Some(defaults) = defaults {
            for at in 0..missing {
                slots.add(given + at).write(retain(defaults.items().add(unused + at).read()));
            }
        }
        let frame = Frame::new(thread.allocate_frame(words))?;
        frame.initialize(function, ptr::null_mut(), filled);
        Some(frame)
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
    let words = code.framesize() as usize + 1;
    if code.flags() & CO_OPTIMIZED == 0 || !thread.has_stack_space(words) {
        return None;
    }
    // SAFETY: the caller's. Above the top of the data stack nothing lives; there is room. `initialize` leaves the filled locals alone.
    unsafe {
        let slots = thread.stack_top().cast::<u8>().add(LOCALSPLUS as usize).cast();
        let names = Tuple::new(kwnames.cast());
        let filled = Binding { function, code, slots, args, count, names, collected, given: 0 }.run()?;
        let frame = Frame::new(thread.allocate_frame(words))?;
        frame.initialize(function, ptr::null_mut(), filled);
        Some(frame)
    }
}

/// Copies a few words; calling `memcpy` for so few would take longer.
#[inline(always)]
unsafe fn move_values(from: *const *mut PyObject, to: *mut *mut PyObject, count: usize) {
    for index in 0..count {
        // SAFETY: the caller's. Volatile only so that this stays a loop.
        unsafe { to.add(index).write_volatile(from.add(index).read()) };
    }
}

/// Fills parameters' slots in memory where the next frame will be. Nothing here may run Python code, which would make frames there.
struct Binding {
    function: Function,
    code: Code,
    slots: *mut *mut PyObject,
    args: *const *mut PyObject,
    count: usize,
    names: Option<Tuple>,
    /// What becomes its `**kwargs`, or null.
    collected: *mut PyObject,
    /// Which parameters have their argument.
    given: u64,
}

impl Binding {
    /// Says how many slots it filled. The arguments are moved; `None` leaves them where they are.
    unsafe fn run(mut self) -> Option<usize> {
        let flags = self.code.flags();
        let positional = self.code.argcount() as usize;
        let total = positional + self.code.kwonlyargcount() as usize;
        let direct = self.count.min(positional);
        if total > MAX_PARAMETERS || (self.count > positional && flags & CO_VARARGS == 0) {
            return None;
        }
        // SAFETY: the maker's: room for all parameters, and as many arguments as said.
        unsafe {
            move_values(self.args, self.slots, direct);
            self.given = (1 << direct) - 1;
            let others = self.keywords(total, flags & CO_VARKEYWORDS != 0)?;
            let missing = !self.given & ((1 << total) - 1);
            for at in bits(missing) {
                self.slots.add(at).write(self.default(positional, at)?);
            }
            let mut filled = total;
            if flags & CO_VARARGS != 0 {
                self.slots.add(filled).write(self.rest(direct)?);
                filled += 1;
            }
            if flags & CO_VARKEYWORDS != 0 {
                let Some(dict) = self.dict(others) else {
                    if flags & CO_VARARGS != 0 {
                        tuple_pool::give_back(self.slots.add(filled - 1).read());
                    }
                    return None;
                };
                self.slots.add(filled).write(dict);
                filled += 1;
            }
            for at in bits(missing) {
                retain(self.slots.add(at).read());
            }
            Some(filled)
        }
    }

    /// The value of keyword number `index`.
    unsafe fn value(&self, index: usize) -> *mut PyObject {
        // SAFETY: keyword arguments follow the positional ones.
        unsafe { self.args.add(self.count + index).read() }
    }

    /// Stores keyword arguments in their parameters' slots; the set of those without one, if that is allowed.
    unsafe fn keywords(&mut self, total: usize, others_allowed: bool) -> Option<u64> {
        let mut others = 0;
        let Some(names) = self.names else { return Some(others) };
        if names.len() > MAX_PARAMETERS {
            return None;
        }
        let parameters = self.code.localsplus_names();
        let first = self.code.posonlyargcount() as usize;
        for index in 0..names.len() {
            let name = names.item(index)?;
            match (first..total).find(|&at| parameters.item(at) == Some(name)) {
                Some(at) if self.given >> at & 1 == 0 => {
                    self.given |= 1 << at;
                    // SAFETY: a parameter's slot.
                    unsafe { self.slots.add(at).write(self.value(index)) };
                }
                // SAFETY: names of keywords are strings.
                None if others_allowed && unsafe { is_interned(name) } => others |= 1 << index,
                _ => return None,
            }
        }
        Some(others)
    }

    /// The default of parameter `at`, borrowed.
    unsafe fn default(&self, positional: usize, at: usize) -> Option<*mut PyObject> {
        if at < positional {
            let defaults = self.function.defaults()?;
            return defaults.item(at.checked_sub(positional.checked_sub(defaults.len())?)?);
        }
        // SAFETY: null or a dict; a lookup among strings runs no Python code.
        unsafe {
            let defaults = Dict::new(self.function.kwdefaults()).filter(|d| d.keys().kind() != KeysKind::General)?;
            let name = self.code.localsplus_names().item(at)?;
            let found = pyo3_ffi::PyDict_GetItemWithError(defaults.as_ptr(), name);
            (!found.is_null()).then_some(found)
        }
    }

    /// The tuple of positional arguments from number `direct` on, which move there.
    unsafe fn rest(&self, direct: usize) -> Option<*mut PyObject> {
        let count = self.count - direct;
        // SAFETY: so many arguments are left.
        unsafe {
            let made = tuple_pool::tuple_of(self.args.add(direct), count);
            if made.is_null() {
                pyo3_ffi::PyErr_Clear();
                return None;
            }
            Some(made)
        }
    }

    /// The dict of the keyword arguments of a set, which move there.
    unsafe fn dict(&self, others: u64) -> Option<*mut PyObject> {
        if !self.collected.is_null() {
            return Some(self.collected);
        }
        // SAFETY: a new dict with interned strings as keys.
        unsafe {
            let mut numbers = [0; dict_pool::MOST_ITEMS];
            let count = others.count_ones() as usize;
            if let Some(names) = self.names.filter(|_| (1..=numbers.len()).contains(&count)) {
                numbers.iter_mut().zip(bits(others)).for_each(|(number, index)| *number = index);
                let item = |pair: usize| (names.items().add(numbers[pair]).read(), self.value(numbers[pair]));
                if let Some(made) = dict_pool::dict_of(count, item) {
                    (0..count).for_each(|pair| {
                        retain(item(pair).0);
                    });
                    return Some(made);
                }
            }
            let made = dict_pool::new_dict();
            let added = !made.is_null()
                && bits(others).all(|index| {
                    let name = self.names.and_then(|names| names.item(index)).unwrap_or(ptr::null_mut());
                    pyo3_ffi::PyDict_SetItem(made, name, self.value(index)) == 0
                });
            if !added {
                pyo3_ffi::PyErr_Clear();
                if !made.is_null() {
                    release(made);
                }
                return None;
            }
            // The dict has references of its own.
            bits(others).for_each(|index| release(self.value(index)));
            Some(made)
        }
    }
}

/// The numbers of the bits that are set.
fn bits(mut set: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let at = set.trailing_zeros() as usize;
        (set != 0).then(|| {
            set &= set - 1;
            at
        })
    })
}

/// Whether a string is interned: then it equals no other interned one.
unsafe fn is_interned(name: *mut PyObject) -> bool {
    // SAFETY: the caller's: a live object, read as a string after the check.
    unsafe {
        is_exact(name, &raw mut pyo3_ffi::PyUnicode_Type)
            && get::<u32>(name, unicode::STATE) & unicode::INTERNED_MASK != 0
    }
}
