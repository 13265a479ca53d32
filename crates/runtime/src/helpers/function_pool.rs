//! Where functions come from that are made while the program runs (generator expressions, lambdas, closures), and where dead ones go.
//!
//! The interpreter looks two names up in the globals for each, and goes to the allocator. Most live no longer than one call; their memory waits
//! for the next one among that of dead instances. Who watches functions is told of them as ever: if that is not us alone, the interpreter makes
//! and ends them.

use super::instance_pool::{HEAD, POOL, Pool};
use crate::native::raw::{get, is_exact, retain, set};
use crate::tier;
use pyo3_ffi::PyObject;
use std::cell::UnsafeCell;
use std::ptr;
use whipsnake_cpython::layout::{code, dict, function, interpreter_state};
use whipsnake_cpython::live::watch::{FunctionEvent, FunctionWatcher};
use whipsnake_cpython::live::{Frame, Function, ThreadState, Tuple, entry};

/// Bytes of a function with the collector's head.
const BYTES: usize = HEAD + function::SIZEOF as usize;

/// Versions from this on are in the interpreter's table of functions.
const FIRST_VERSION: u32 = 2;

struct Functions {
    /// Which watchers of functions are there, in the interpreter's state; NULL if that was not found.
    watchers: *const u8,
    /// Ours.
    own: u8,
    /// `"__name__"` and `"__builtins__"`.
    names: [*mut PyObject; 2],
    /// What the globals said that were asked last.
    last: Module,
}

/// What a function has from the globals it is made with.
#[derive(Clone, Copy)]
struct Module {
    /// The version of the dict, which no other dict ever has.
    version: u64,
    builtins: *mut PyObject,
    /// Its `__name__`, or NULL.
    name: *mut PyObject,
}

#[repr(transparent)]
struct Slot(UnsafeCell<Functions>);

// SAFETY: only touched with the GIL held.
unsafe impl Sync for Slot {}

static FUNCTIONS: Slot = Slot(UnsafeCell::new(Functions {
    watchers: ptr::null(),
    own: 0,
    names: [ptr::null_mut(); 2],
    last: Module { version: 0, builtins: ptr::null_mut(), name: ptr::null_mut() },
}));

/// Finds where the interpreter notes its watchers of functions. The field may move between patch releases: it is the right one if it shows another
/// watcher come and go.
///
/// # Safety
/// The GIL is held, by the main interpreter. `watcher` is installed with `again`'s callback.
pub(crate) unsafe fn initialise(watcher: &FunctionWatcher, again: impl FnOnce() -> Option<FunctionWatcher>) {
    // SAFETY: the caller's; the field is inside the interpreter's state.
    unsafe {
        let functions = &mut *FUNCTIONS.0.get();
        let place = ThreadState::current().interpreter().cast::<u8>();
        let place = place.offset(interpreter_state::ACTIVE_FUNC_WATCHERS as isize).cast_const();
        let bit = |watcher: &FunctionWatcher| 1u8 << watcher.id();
        functions.watchers = ptr::null();
        functions.own = bit(watcher);
        let before = place.read_volatile();
        let Some(other) = again() else { return pyo3_ffi::PyErr_Clear() };
        let shown = place.read_volatile() == before | bit(&other) && before & bit(watcher) != 0;
        if other.remove().is_err() {
            return pyo3_ffi::PyErr_Clear();
        }
        for (name, text) in functions.names.iter_mut().zip([c"__name__", c"__builtins__"]) {
            if name.is_null() {
                *name = pyo3_ffi::PyUnicode_InternFromString(text.as_ptr());
                if name.is_null() {
                    return pyo3_ffi::PyErr_Clear();
                }
            }
        }
        if shown && place.read_volatile() == before {
            functions.watchers = place;
        }
    }
}

/// Our watcher is gone: whoever comes next may have its number.
///
/// # Safety
/// The GIL is held.
pub(crate) unsafe fn stop() {
    // SAFETY: as said.
    unsafe { (*FUNCTIONS.0.get()).watchers = ptr::null() };
}

impl Functions {
    /// Whether nobody but us is told of functions.
    #[inline]
    unsafe fn is_ours(&self) -> bool {
        // SAFETY: the interpreter's state stays where it is.
        !self.watchers.is_null() && unsafe { self.watchers.read() } == self.own
    }

    /// What a function has from a frame's globals; `None` if the interpreter is to find out.
    #[inline]
    unsafe fn module(&mut self, frame: Frame) -> Option<Module> {
        // SAFETY: the frame's globals and builtins are alive.
        unsafe {
            let globals = frame.globals();
            if !is_exact(globals, &raw mut pyo3_ffi::PyDict_Type) {
                return None;
            }
            let version = get::<u64>(globals, dict::MA_VERSION_TAG) & !dict::WATCHER_AND_MODIFICATION_MASK;
            if version == 0 || version != self.last.version || frame.builtins() != self.last.builtins {
                self.last = self.look_up(frame, version)?;
            }
            Some(self.last)
        }
    }

    #[cold]
    unsafe fn look_up(&self, frame: Frame, version: u64) -> Option<Module> {
        // SAFETY: the names are strings, whose comparison with other keys may run code: so the version is looked at again.
        unsafe {
            let globals = frame.globals();
            let found = self.names.map(|name| {
                let found = pyo3_ffi::PyDict_GetItemWithError(globals, name);
                (found, found.is_null() && !pyo3_ffi::PyErr_Occurred().is_null())
            });
            if found.iter().any(|&(_, failed)| failed) {
                pyo3_ffi::PyErr_Clear();
                return None;
            }
            let [name, builtins] = found.map(|(value, _)| value);
            let now = get::<u64>(globals, dict::MA_VERSION_TAG) & !dict::WATCHER_AND_MODIFICATION_MASK;
            if builtins.is_null() || now != version {
                return None;
            }
            let builtins = match pyo3_ffi::PyModule_Check(builtins) {
                0 => builtins,
                _ => pyo3_ffi::PyModule_GetDict(builtins),
            };
            (builtins == frame.builtins()).then_some(Module { version, builtins, name })
        }
    }
}

/// A function of a code object, with the frame's globals and no version; NULL, without an exception, if the interpreter is to make it.
///
/// # Safety
/// A code object and the current frame; the GIL is held.
pub(super) unsafe fn make(frame: Frame, source: *mut PyObject) -> *mut PyObject {
    // SAFETY: the caller's; the memory is ours and as large as a function.
    unsafe {
        let pool = POOL.0.get();
        let functions = &mut *FUNCTIONS.0.get();
        if !functions.is_ours() {
            return ptr::null_mut();
        }
        let (Some(module), Ok(original)) = (functions.module(frame), entry::original()) else {
            return ptr::null_mut();
        };
        let Some(memory) = (*pool).take(BYTES) else { return ptr::null_mut() };
        let made = (*pool).start(memory, BYTES, &raw mut pyo3_ffi::PyFunction_Type);
        let hold = |offset: i32, value: *mut PyObject| set(made, offset, retain(value));
        hold(function::GLOBALS, frame.globals());
        hold(function::BUILTINS, module.builtins);
        hold(function::NAME, get(source, code::NAME));
        hold(function::QUALNAME, get(source, code::QUALNAME));
        hold(function::CODE, source);
        hold(function::DOC, documentation(source));
        if !module.name.is_null() {
            hold(function::MODULE, module.name);
        }
        set(made, function::VECTORCALL, Some(original));
        (*pool).track(memory);
        tier::function_changed(FunctionEvent::Create, Function::new_unchecked(made.cast()), ptr::null_mut());
        made
    }
}

/// The documentation of a function: its code's first constant, if that is a string.
unsafe fn documentation(source: *mut PyObject) -> *mut PyObject {
    // SAFETY: a code object has a tuple of constants.
    unsafe {
        let constants = Tuple::new_unchecked(get(source, code::CONSTS));
        match constants.len() {
            0 => pyo3_ffi::Py_None(),
            _ => Some(constants.items().read())
                .filter(|&first| pyo3_ffi::PyUnicode_Check(first) != 0)
                .unwrap_or(pyo3_ffi::Py_None()),
        }
    }
}

/// Ends a function without references, if it has no weak references and is in no table.
///
/// # Safety
/// The GIL is held; nobody has a reference to the function.
pub(super) unsafe fn end(dying: *mut PyObject, depth: u32) -> bool {
    use function::{
        ANNOTATIONS, BUILTINS, CLOSURE, CODE, DEFAULTS, DICT, DOC, GLOBALS, KWDEFAULTS, MODULE, NAME, QUALNAME,
        TYPEPARAMS, VERSION, WEAKREFLIST,
    };
    // SAFETY: the caller's.
    unsafe {
        let pool = POOL.0.get();
        let is_plain = get::<u32>(dying, VERSION) < FIRST_VERSION && get::<usize>(dying, WEAKREFLIST) == 0;
        if !is_plain || !(*pool).is_usual() || !(*FUNCTIONS.0.get()).is_ours() {
            return false;
        }
        let held = [
            GLOBALS,
            BUILTINS,
            MODULE,
            DEFAULTS,
            KWDEFAULTS,
            DOC,
            DICT,
            CLOSURE,
            ANNOTATIONS,
            TYPEPARAMS,
            CODE,
            NAME,
            QUALNAME,
        ];
        Pool::end_built_in(pool, dying, BYTES, held.map(|offset| get(dying, offset)), depth);
        true
    }
}
