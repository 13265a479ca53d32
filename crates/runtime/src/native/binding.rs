//! Which argument of a call is the value of which parameter, if that takes more than copying them: those with names, defaults, `*args` and `**kwargs`.

use super::raw::{get, is_exact, release, retain};
use crate::helpers::{dict_pool, new_dicts, tuple_pool};
use pyo3_ffi::PyObject;
use std::ptr;
use whipsnake_cpython::layout::code::{CO_VARARGS, CO_VARKEYWORDS};
use whipsnake_cpython::layout::{dict_keys, unicode};
use whipsnake_cpython::live::{Code, Dict, Function, KeysKind, Tuple};

/// How many parameters a bit set describes.
const MAX_PARAMETERS: usize = 63;

/// Fills parameters' slots in memory where the next frame will be. Nothing here may run Python code, which would make frames there.
pub(super) struct Binding {
    pub function: Function,
    pub code: Code,
    pub slots: *mut *mut PyObject,
    pub args: *const *mut PyObject,
    pub count: usize,
    pub names: Option<Tuple>,
    /// What becomes its `**kwargs`, or null.
    pub collected: *mut PyObject,
    /// Which parameters have their argument.
    pub given: u64,
}

impl Binding {
    /// Says how many slots it filled. The arguments are moved; `None` leaves them where they are.
    pub unsafe fn run(mut self) -> Option<usize> {
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
            let (mut named, names) = (NamedDefaults::of(self.function), self.code.localsplus_names());
            for at in bits(missing) {
                let default = if at < positional { self.default(positional, at) } else { named.find(names.item(at)?) };
                self.slots.add(at).write(default?);
            }
            let filled = self.collect(total, direct, others)?;
            for at in bits(missing) {
                retain(self.slots.add(at).read());
            }
            Some(filled)
        }
    }

    /// Fills the slots behind so many others with what is collected: the positional arguments from number `direct` on, and the keyword arguments of a set. Says how many are filled then.
    pub unsafe fn collect(&self, filled: usize, direct: usize, others: u64) -> Option<usize> {
        let flags = self.code.flags();
        let (mut end, mut rest) = (filled, None);
        // SAFETY: the maker's: room for all parameters.
        unsafe {
            if flags & CO_VARARGS != 0 {
                let made = self.rest(direct)?;
                rest = Some(made);
                self.slots.add(end).write(made);
                end += 1;
            }
            if flags & CO_VARKEYWORDS != 0 {
                let Some(dict) = self.dict(others) else {
                    rest.inspect(|&made| tuple_pool::give_back(made));
                    return None;
                };
                self.slots.add(end).write(dict);
                end += 1;
            }
        }
        Some(end)
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

    /// The default of positional parameter `at`, borrowed.
    fn default(&self, positional: usize, at: usize) -> Option<*mut PyObject> {
        let defaults = self.function.defaults()?;
        defaults.item(at.checked_sub(positional.checked_sub(defaults.len())?)?)
    }

    /// The tuple of positional arguments from number `direct` on, which move there.
    unsafe fn rest(&self, direct: usize) -> Option<*mut PyObject> {
        let count = self.count - direct;
        // SAFETY: so many arguments are left.
        unsafe { made_or_none(tuple_pool::tuple_of(self.args.add(direct), count)) }
    }

    /// The dict of the keyword arguments of a set, which move there.
    unsafe fn dict(&self, others: u64) -> Option<*mut PyObject> {
        if !self.collected.is_null() {
            return Some(self.collected);
        }
        // SAFETY: a new dict with interned strings as keys.
        unsafe {
            if others == 0 {
                return made_or_none(new_dicts::new_dict());
            }
            let mut numbers = [0; dict_pool::MOST_ITEMS];
            let count = others.count_ones() as usize;
            if let Some(names) = self.names.filter(|_| count <= numbers.len()) {
                numbers.iter_mut().zip(bits(others)).for_each(|(number, index)| *number = index);
                let item = |pair: usize| (names.items().add(numbers[pair]).read(), self.value(numbers[pair]));
                if let Some(made) = new_dicts::dict_of(count, item) {
                    (0..count).for_each(|pair| {
                        retain(item(pair).0);
                    });
                    return Some(made);
                }
            }
            let made = new_dicts::new_dict();
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

/// The defaults of a function's parameters for keywords only. The dict mostly has them in the order of the parameters, so each is looked for behind the one before.
pub(super) struct NamedDefaults {
    defaults: Option<Dict>,
    /// The entries, if all keys are strings, and how many there are.
    entries: *const u8,
    count: usize,
    /// The entry behind the last one that was found.
    next: usize,
}

impl NamedDefaults {
    /// # Safety
    /// A live function; nothing runs Python code while the defaults are looked for.
    #[inline]
    pub unsafe fn of(function: Function) -> NamedDefaults {
        // SAFETY: null or a dict.
        let defaults = unsafe { Dict::new(function.kwdefaults()) };
        let keys = defaults.map(|defaults| defaults.keys()).filter(|keys| keys.kind() == KeysKind::Unicode);
        let (entries, count) = keys.map_or((ptr::null(), 0), |keys| (keys.entries().cast_const(), keys.nentries()));
        NamedDefaults { defaults, entries, count, next: 0 }
    }

    /// The default of the parameter with that name, borrowed; `None` if there is none, or nobody knows without running Python code.
    ///
    /// # Safety
    /// As [`NamedDefaults::of`]; a live string.
    #[inline]
    pub unsafe fn find(&mut self, name: *mut PyObject) -> Option<*mut PyObject> {
        while self.next < self.count {
            // SAFETY: the entry is in bounds and of this layout.
            let (key, value) = unsafe {
                let entry = self.entries.add(self.next * dict_keys::UNICODE_ENTRY_SIZE as usize);
                let part = |offset: i32| entry.add(offset as usize).cast::<*mut PyObject>().read();
                (part(dict_keys::UNICODE_ENTRY_KEY), part(dict_keys::UNICODE_ENTRY_VALUE))
            };
            self.next += 1;
            if key == name && !value.is_null() {
                return Some(value);
            }
        }
        // Others may stand before it.
        self.next = 0;
        let defaults = self.defaults.filter(|defaults| defaults.keys().kind() != KeysKind::General)?;
        // SAFETY: a lookup among strings runs no Python code.
        let found = unsafe { pyo3_ffi::PyDict_GetItemWithError(defaults.as_ptr(), name) };
        (!found.is_null()).then_some(found)
    }
}

/// Nothing where there was no memory, for which nobody need know that: whoever does it instead finds out.
unsafe fn made_or_none(made: *mut PyObject) -> Option<*mut PyObject> {
    if made.is_null() {
        // SAFETY: the caller's: the GIL is held.
        unsafe { pyo3_ffi::PyErr_Clear() };
        return None;
    }
    Some(made)
}

/// Copies a few words; calling `memcpy` for so few would take longer.
#[inline(always)]
pub(super) unsafe fn move_values(from: *const *mut PyObject, to: *mut *mut PyObject, count: usize) {
    for index in 0..count {
        // SAFETY: the caller's. Volatile only so that this stays a loop.
        unsafe { to.add(index).write_volatile(from.add(index).read()) };
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
pub(super) unsafe fn is_interned(name: *mut PyObject) -> bool {
    // SAFETY: the caller's: a live object, read as a string after the check.
    unsafe {
        is_exact(name, &raw mut pyo3_ffi::PyUnicode_Type)
            && get::<u32>(name, unicode::STATE) & unicode::INTERNED_MASK != 0
    }
}
