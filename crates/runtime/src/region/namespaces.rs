//! Global variables that come after code was specialised.
//!
//! The interpreter notes with an instruction where in a dict's table it has found a name, and the version that the table's keys had. Machine code has both
//! in its instructions. Any new key takes the version away, although all that was noted is still true: keys keep their places, and a name is hidden
//! only if it is new and a built-in's. A script makes new variables all the time, and each would have cost it the regions of all its functions.
//!
//! So for each dict of global variables that a region relies on, this remembers the keys that had the version. Where these are still there, each at its place,
//! and what came behind them hides no built-in, the version is given back: nothing that was noted under it has become false. What the interpreter has noted under
//! another version meanwhile is searched for again.
//!
//! A copy of a dict has the version, too, until it is changed, and so may have fewer keys under it than the dict that it was given back to. What was noted of a later key then is an entry
//! that is empty in the copy, as long as both tables have the same size; and no second dict is given a version back that was another's once, whose later keys were others.

use pyo3_ffi::PyObject;
use rustc_hash::FxHashMap;
use whipsnake_cpython::live::{Code, Dict, Keys, KeysKind};
use whipsnake_cpython::opcode::{self, cache};

/// The keys of dicts of global variables that had a version, by the address of the dict. It may be another dict by now: what counts are the keys.
#[derive(Debug, Default)]
pub(crate) struct Namespaces {
    known: FxHashMap<usize, Namespace>,
    /// The address of the dict that each version was ever remembered for.
    owners: FxHashMap<u32, usize>,
}

/// Larger ones are left to themselves: each new key has all of them looked at.
const MAX_KEYS: usize = 2000;

/// How many dicts are remembered.
const MAX_NAMESPACES: usize = 500;

/// How often the version is given back: a program that goes on adding variables in a hot loop would have them compared again and again.
const MAX_RETURNS: u32 = 500;

/// Keys that had a version.
#[derive(Debug)]
struct Namespace {
    /// What comes behind the globals where a name is not there. Only its address counts.
    builtins: *mut PyObject,
    version: u32,
    log2_size: u8,
    /// Each with a reference of ours; null where one was deleted.
    keys: Vec<*mut PyObject>,
    returns: u32,
}

impl Namespace {
    /// The keys of a table that has a version.
    fn of(keys: Keys, builtins: *mut PyObject) -> Namespace {
        let (version, log2_size) = (keys.version(), keys.log2_size());
        let mut new = Namespace { builtins, version, log2_size, keys: vec![], returns: 0 };
        new.extend(keys);
        new
    }

    /// Remembers keys that have come behind the others.
    fn extend(&mut self, keys: Keys) {
        for (key, _) in keys.all().skip(self.keys.len()) {
            if !key.is_null() {
                // SAFETY: a live string.
                unsafe { pyo3_ffi::Py_INCREF(key) };
            }
            self.keys.push(key);
        }
    }

    /// Whether all that was noted under the version is true of a table: no key has another place, and what is new hides no built-in.
    fn describes(&self, keys: Keys, builtins: Keys) -> bool {
        let known = self.keys.len();
        keys.log2_size() == self.log2_size
            && (known..=MAX_KEYS).contains(&keys.nentries())
            && keys.all().enumerate().all(|(index, (key, _))| {
                key.is_null() || if index < known { self.keys[index] == key } else { builtins.lacks(key) }
            })
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        for &key in self.keys.iter().filter(|key| !key.is_null()) {
            // SAFETY: a string and our reference; its end runs no code.
            unsafe { pyo3_ffi::Py_DECREF(key) };
        }
    }
}

/// The table of a dict that has strings as keys, and its values in it.
unsafe fn table(namespace: *mut PyObject) -> Option<Keys> {
    // SAFETY: the caller's.
    unsafe {
        if pyo3_ffi::PyDict_CheckExact(namespace) == 0 {
            return None;
        }
        let dict = Dict::new_unchecked(namespace);
        (dict.split_values().is_none() && dict.keys().kind() == KeysKind::Unicode).then(|| dict.keys())
    }
}

impl Namespaces {
    /// Gives global variables the version back that is remembered, if that is right. Whether that was so, and they had another version or none.
    ///
    /// # Safety
    /// The GIL is held; live objects, the globals and builtins of one function.
    pub(crate) unsafe fn give_back(&mut self, globals: *mut PyObject, builtins: *mut PyObject) -> bool {
        // SAFETY: the caller's.
        let (Some(keys), Some(theirs)) = (unsafe { (table(globals), table(builtins)) }) else { return false };
        let Some(known) = self.known.get_mut(&(globals as usize)) else { return false };
        if known.version == keys.version() || known.builtins != builtins || known.returns >= MAX_RETURNS {
            return false;
        }
        known.returns += 1;
        if !known.describes(keys, theirs) {
            return false;
        }
        known.extend(keys);
        // SAFETY: what was specialised under this version is true of the keys.
        unsafe { keys.set_version(known.version) };
        true
    }

    /// Remembers the keys that global variables have now, if they have a version, and nothing better is remembered.
    ///
    /// # Safety
    /// As [`give_back`](Self::give_back).
    unsafe fn remember(&mut self, globals: *mut PyObject, builtins: *mut PyObject) {
        // SAFETY: the caller's.
        let (Some(keys), Some(_)) = (unsafe { (table(globals), table(builtins)) }) else { return };
        let known = self.known.get(&(globals as usize));
        if keys.version() == 0
            || keys.nentries() > MAX_KEYS
            || known.is_some_and(|known| known.version == keys.version() && known.builtins == builtins)
        {
            return;
        }
        let is_new = known.is_none();
        let owner = *self.owners.entry(keys.version()).or_insert(globals as usize);
        if owner == globals as usize && (!is_new || self.known.len() < MAX_NAMESPACES) {
            self.known.insert(globals as usize, Namespace::of(keys, builtins));
        }
    }

    /// Brings up to date what the interpreter has noted of the global variables of code that a region is to be built from.
    ///
    /// # Safety
    /// The GIL is held, and nobody refers to the code's units; the globals and builtins are those of a function or frame of that code.
    pub(super) unsafe fn bring_up_to_date(&mut self, code: Code, globals: *mut PyObject, builtins: *mut PyObject) {
        // SAFETY: the caller's.
        unsafe {
            self.give_back(globals, builtins);
            self.remember(globals, builtins);
            let (Some(globals), Some(builtins)) = (table(globals), table(builtins)) else { return };
            let Some(versions) = Versions::of(globals, builtins) else { return };
            let (mut unit, mut extended) = (0, 0);
            while unit < code.len() {
                let at = code.unit(unit);
                let oparg = extended << 8 | usize::from(at.arg);
                extended = if at.op == opcode::EXTENDED_ARG { oparg } else { 0 };
                let wanted = match at.op {
                    opcode::LOAD_GLOBAL_MODULE => Versions { builtins: 0, ..versions },
                    opcode::LOAD_GLOBAL_BUILTIN if versions.builtins != 0 => versions,
                    _ => Versions::default(),
                };
                if wanted != Versions::default() && Versions::noted(code, unit, wanted.builtins != 0) != wanted {
                    note_again(code, unit, oparg >> 1, wanted, globals, builtins);
                }
                unit += 1 + usize::from(opcode::CACHES[usize::from(opcode::base(at.op))]);
            }
        }
    }
}

/// The versions of the keys of globals and builtins, as inline caches have them; 0 for none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Versions {
    globals: u16,
    builtins: u16,
}

impl Versions {
    /// Those of two tables, if that of the globals has one.
    fn of(globals: Keys, builtins: Keys) -> Option<Versions> {
        let version = |keys: Keys| u16::try_from(keys.version()).unwrap_or(0);
        let versions = Versions { globals: version(globals), builtins: version(builtins) };
        (versions.globals != 0).then_some(versions)
    }

    /// Those in the inline cache of an instruction.
    fn noted(code: Code, unit: usize, is_builtin: bool) -> Versions {
        Versions {
            globals: code.cache(unit, cache::LOAD_GLOBAL_MODULE_KEYS_VERSION),
            builtins: if is_builtin { code.cache(unit, cache::LOAD_GLOBAL_BUILTIN_KEYS_VERSION) } else { 0 },
        }
    }
}

/// Searches for what a specialised `LOAD_GLOBAL` loads, and notes with it where that is now; does nothing where it is elsewhere than it was.
unsafe fn note_again(code: Code, unit: usize, name: usize, wanted: Versions, globals: Keys, builtins: Keys) {
    let Some(name) = code.names().item(name) else { return };
    let found = if wanted.builtins == 0 {
        globals.place_of(name)
    } else if globals.lacks(name) {
        builtins.place_of(name)
    } else {
        None
    };
    let Some(index) = found.and_then(|index| u16::try_from(index).ok()) else { return };
    // SAFETY: the caller's; that is what the interpreter itself would note there.
    unsafe {
        code.set_cache(unit, cache::LOAD_GLOBAL_MODULE_KEYS_VERSION, wanted.globals);
        if wanted.builtins != 0 {
            code.set_cache(unit, cache::LOAD_GLOBAL_BUILTIN_KEYS_VERSION, wanted.builtins);
        }
        code.set_cache(unit, cache::LOAD_GLOBAL_INDEX, index);
    }
}
