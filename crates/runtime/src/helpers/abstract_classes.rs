//! `isinstance` with abstract base classes.
//!
//! `ABCMeta.__instancecheck__` is a function in Python around one in C, which makes a weak reference to the object's class and searches sets of the abstract class
//! for it: some 2,100 machine instructions. What it has answered is remembered here, by the versions of the three classes that have a say, for as long as the
//! abstract class would answer from its own sets: a positive answer until these are emptied, a negative one until some class is registered anywhere.

use super::class_variables::fixed_version;
use super::instances::has_plain_class;
use super::names::interned;
use super::special::look_up_text;
use crate::native::raw::{get, is_exact, release};
use pyo3_ffi::{PyObject, PyTypeObject};
use std::cell::UnsafeCell;
use std::ffi::CStr;
use std::ptr;
use std::sync::OnceLock;
use whipsnake_cpython::class_version;
use whipsnake_cpython::layout::{dict, function, object, set};
use whipsnake_cpython::live::symbols;

/// Where `_abc._abc_data` has its sets, and the number that the negative answers are good for. The type is private to its module; [`sets_of`] looks whether it is
/// what we take it for.
mod data {
    pub(super) const REGISTRY: i32 = 16;
    pub(super) const POSITIVE: i32 = 24;
    pub(super) const NEGATIVE: i32 = 32;
    pub(super) const NEGATIVE_VERSION: i32 = 40;
    pub(super) const SIZE: isize = 48;
}

/// Where the state of the module `_abc` has the number of registrations, and its size.
const COUNTER: isize = 8;
const STATE_SIZE: isize = 16;

/// What `ABCMeta` goes by.
#[derive(Clone, Copy)]
struct Rules {
    /// `ABCMeta.__instancecheck__` and `__subclasscheck__`, with references that are never given back.
    checks: [*mut PyObject; 2],
    codes: [*mut PyObject; 2],
    /// The variables of the module `abc`, and the version that they had.
    globals: *mut PyObject,
    version: u64,
    /// The number of registrations.
    counter: *const u64,
}

impl Rules {
    /// Those that hold now, if they are the ones that are known here.
    unsafe fn find() -> Option<Rules> {
        // SAFETY: the GIL is held. Modules and what is taken from them are kept for good.
        unsafe {
            let (outer, inner) = (module(c"abc")?, module(c"_abc")?);
            for name in [c"_abc_instancecheck", c"_abc_subclasscheck"] {
                if attribute(outer, name)? != attribute(inner, name)? {
                    return None;
                }
            }
            let meta = attribute(outer, c"ABCMeta")?;
            if pyo3_ffi::PyType_Check(meta) == 0 {
                return None;
            }
            let check = |name| {
                look_up_text(meta.cast(), name).filter(|&found| is_exact(found, &raw mut pyo3_ffi::PyFunction_Type))
            };
            let checks = [check(c"__instancecheck__")?, check(c"__subclasscheck__")?];
            let globals = pyo3_ffi::PyModule_GetDict(outer);
            if checks.iter().any(|&check| get::<*mut PyObject>(check, function::GLOBALS) != globals) {
                return None;
            }
            let (definition, state) = (pyo3_ffi::PyModule_GetDef(inner), pyo3_ffi::PyModule_GetState(inner));
            if definition.is_null() || (*definition).m_size != STATE_SIZE || state.is_null() {
                return None;
            }
            let counter: *const u64 = state.byte_offset(COUNTER).cast_const().cast();
            let token = pyo3_ffi::PyObject_CallNoArgs(attribute(inner, c"get_cache_token")?);
            if token.is_null() {
                pyo3_ffi::PyErr_Clear();
                return None;
            }
            let now = pyo3_ffi::PyLong_AsUnsignedLongLongMask(token);
            release(token);
            checks.iter().for_each(|&check| pyo3_ffi::Py_INCREF(check));
            (now == counter.read()).then(|| Rules {
                checks,
                codes: checks.map(|check| get(check, function::CODE)),
                globals,
                version: get::<u64>(globals, dict::MA_VERSION_TAG) & !dict::WATCHER_AND_MODIFICATION_MASK,
                counter,
            })
        }
    }

    /// Whether they still hold: nobody has changed the functions or the variables of their module.
    #[inline]
    unsafe fn hold(&self) -> bool {
        // SAFETY: live functions and a live dict.
        unsafe {
            let version = get::<u64>(self.globals, dict::MA_VERSION_TAG) & !dict::WATCHER_AND_MODIFICATION_MASK;
            version == self.version
                && get::<*mut PyObject>(self.checks[0], function::CODE) == self.codes[0]
                && get::<*mut PyObject>(self.checks[1], function::CODE) == self.codes[1]
        }
    }
}

/// A module that has been imported; kept for good.
unsafe fn module(name: &CStr) -> Option<*mut PyObject> {
    // SAFETY: the GIL is held.
    unsafe {
        let modules = pyo3_ffi::PyImport_GetModuleDict();
        let found = pyo3_ffi::PyDict_GetItemString(modules, name.as_ptr());
        if found.is_null() || pyo3_ffi::PyModule_CheckExact(found) == 0 {
            return None;
        }
        pyo3_ffi::Py_INCREF(found);
        Some(found)
    }
}

/// A variable of a module, borrowed.
unsafe fn attribute(module: *mut PyObject, name: &CStr) -> Option<*mut PyObject> {
    // SAFETY: a live module; the GIL is held.
    let found = unsafe { pyo3_ffi::PyDict_GetItemString(pyo3_ffi::PyModule_GetDict(module), name.as_ptr()) };
    (!found.is_null()).then_some(found)
}

/// The versions of an object's class, of the abstract class, and of that one's class.
type Versions = [u32; 3];

#[inline]
unsafe fn versions(own: *mut PyTypeObject, class: *mut PyObject) -> Versions {
    // SAFETY: live classes.
    unsafe {
        let meta: *mut PyTypeObject = get(class, object::OB_TYPE);
        [own, class.cast(), meta].map(|class| fixed_version(class))
    }
}

/// One answer.
#[derive(Clone, Copy)]
struct Answer {
    versions: Versions,
    is: bool,
    /// The abstract class's data, which it holds as long as it has its version.
    data: *mut PyObject,
    /// Which of its sets has the class, and how many it had.
    set: i32,
    used: isize,
}

const SIZE: usize = 256;

struct Memory {
    rules: Option<Rules>,
    /// How often rules were looked for in vain, or not held any more.
    failures: u32,
    answers: [Option<Answer>; SIZE],
    /// What can't be remembered, so that it is not tried at each question: an abstract class that asks its hook or has checks of its own.
    refused: [Versions; SIZE],
}

struct Shared(UnsafeCell<Memory>);

// SAFETY: only touched with the GIL held.
unsafe impl Sync for Shared {}

static MEMORY: Shared =
    Shared(UnsafeCell::new(Memory { rules: None, failures: 0, answers: [None; SIZE], refused: [[0; 3]; SIZE] }));

fn place(versions: Versions) -> usize {
    class_version::place(versions[0].wrapping_mul(31) ^ versions[1], SIZE)
}

/// The answer that an abstract class would give for an object of a class, if that is known. Runs no code.
///
/// # Safety
/// Live classes, the GIL held.
pub(super) unsafe fn recall(own: *mut PyTypeObject, class: *mut PyObject) -> Option<bool> {
    // SAFETY: the caller's. What was found under a version is there as long as the class has it.
    unsafe {
        if !is_class(class) {
            return None;
        }
        let memory = &*MEMORY.0.get();
        let now = versions(own, class);
        let answer = memory.answers[place(now)].as_ref()?;
        let rules = memory.rules.as_ref()?;
        if answer.versions != now || !rules.hold() || used(answer.data, answer.set)? < answer.used {
            return None;
        }
        let holds = answer.is || get::<u64>(answer.data, data::NEGATIVE_VERSION) == rules.counter.read();
        holds.then_some(answer.is)
    }
}

unsafe fn is_class(object: *mut PyObject) -> bool {
    // SAFETY: a live object.
    unsafe { pyo3_ffi::PyType_Check(object) != 0 }
}

/// How many members a set of an abstract class has, if there is one.
unsafe fn used(data: *mut PyObject, at: i32) -> Option<isize> {
    // SAFETY: the data of an abstract class.
    unsafe {
        let members: *mut PyObject = get(data, at);
        (!members.is_null() && is_exact(members, &raw mut pyo3_ffi::PySet_Type)).then(|| get(members, set::USED))
    }
}

/// Remembers what an abstract class has just answered for an object of a class, if it would now answer from its sets.
///
/// # Safety
/// As [`recall`]; no exception is set.
#[cold]
pub(super) unsafe fn learn(own: *mut PyTypeObject, class: *mut PyObject, is: bool) {
    const FAILURES: u32 = 20;
    // SAFETY: the caller's. Rules are looked for without running Python code.
    unsafe {
        let memory = &mut *MEMORY.0.get();
        if !is_class(class) || memory.failures >= FAILURES {
            return;
        }
        let now = versions(own, class);
        if now.contains(&0) || memory.refused[place(now)] == now {
            return;
        }
        if !memory.rules.is_some_and(|rules| rules.hold()) {
            memory.failures += 1;
            memory.answers = [None; SIZE];
            memory.refused = [[0; 3]; SIZE];
            memory.rules = Rules::find();
        }
        let Some(rules) = memory.rules else { return };
        match Answer::of(&rules, now, own, class, is) {
            Some(answer) => memory.answers[place(now)] = Some(answer),
            None => memory.refused[place(now)] = now,
        }
    }
}

impl Answer {
    /// What an abstract class has just answered, if it would now answer from its sets.
    unsafe fn of(
        rules: &Rules,
        versions: Versions,
        own: *mut PyTypeObject,
        class: *mut PyObject,
        is: bool,
    ) -> Option<Answer> {
        // SAFETY: the caller's: live classes that have these versions.
        unsafe {
            let meta: *mut PyTypeObject = get(class, object::OB_TYPE);
            let checks = [c"__instancecheck__", c"__subclasscheck__"].map(|name| look_up_text(meta, name));
            if checks != rules.checks.map(Some) || !has_plain_class(own) {
                return None;
            }
            let data = sets_of(class)?;
            let set = set_with(own, class, data, is)?;
            Some(Answer { versions, is, data, set, used: used(data, set)? })
        }
    }
}

/// The data of an abstract class, if it is of the form that is known here.
unsafe fn sets_of(class: *mut PyObject) -> Option<*mut PyObject> {
    static NAME: OnceLock<usize> = OnceLock::new();
    // SAFETY: a live class; a type's name is a C string.
    unsafe {
        let found = symbols::_PyType_Lookup(class.cast(), interned(c"_abc_impl", &NAME));
        if found.is_null() {
            return None;
        }
        let kind: *mut PyTypeObject = get(found, object::OB_TYPE);
        (CStr::from_ptr((*kind).tp_name) == c"_abc._abc_data" && (*kind).tp_basicsize == data::SIZE).then_some(found)
    }
}

/// Which set of an abstract class has a class, from which it answers without asking anybody. It asks its `__subclasshook__` before the registry.
unsafe fn set_with(own: *mut PyTypeObject, class: *mut PyObject, data: *mut PyObject, is: bool) -> Option<i32> {
    // SAFETY: live classes; classes that hash as `type` does run no code for it.
    unsafe {
        let meta: *mut PyTypeObject = get(own, object::OB_TYPE);
        let of_type = pyo3_ffi::PyType_Type.tp_hash?;
        if !(*meta).tp_hash.is_some_and(|own| ptr::fn_addr_eq(own, of_type)) {
            return None;
        }
        let reference = pyo3_ffi::PyWeakref_NewRef(own.cast(), ptr::null_mut());
        if reference.is_null() {
            pyo3_ffi::PyErr_Clear();
            return None;
        }
        let hook = |class: *mut PyTypeObject| look_up_text(class, c"__subclasshook__");
        let candidates: &[i32] = match is {
            false => &[data::NEGATIVE],
            true if hook(class.cast()) == hook(&raw mut pyo3_ffi::PyBaseObject_Type) => {
                &[data::POSITIVE, data::REGISTRY]
            }
            true => &[data::POSITIVE],
        };
        let found = candidates.iter().copied().find(|&at| {
            used(data, at).is_some()
                && match pyo3_ffi::PySet_Contains(get(data, at), reference) {
                    1 => true,
                    0 => false,
                    _ => {
                        pyo3_ffi::PyErr_Clear();
                        false
                    }
                }
        });
        release(reference);
        found
    }
}
