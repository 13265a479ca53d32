//! Is this the Python we were built for?
//!
//! Layouts are private to CPython. They are stable between patch versions by policy, but not by promise, so nothing is
//! taken on trust: [`host`] compares ours with what the running interpreter says about itself
//! (`_PyRuntime.debug_offsets`), and tries out the rest.

use std::ffi::{CStr, c_ulong};

use pyo3_ffi::{Py_DECREF, PyInterpreterState, PyObject};

use super::{Code, Dict, Long, Raised, ThreadState, TypeObject, singletons, symbols};
use crate::layout::{self, interpreter_state};

/// Why Whipsnake cannot run in this process.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HostError {
    /// The minor version is another one, or this is an early pre-release of it.
    #[error(
        "this Whipsnake was built for CPython {built} and cannot run on {running}: install the build for that version"
    )]
    Version {
        /// What we were built for.
        built: &'static str,
        /// What we run on.
        running: String,
    },
    /// A debug or free-threaded build, whose objects are larger.
    #[error(
        "this Whipsnake was built for the default build of CPython {built} and cannot run on a {kind} build ({running})"
    )]
    Build {
        /// What kind of build this is.
        kind: &'static str,
        /// What we were built for.
        built: &'static str,
        /// What we run on.
        running: String,
    },
    /// Only the main interpreter is supported.
    #[error("Whipsnake works only in the main interpreter, not in subinterpreters")]
    SubInterpreter,
    /// Something else runs frames (PEP 523): another JIT, a debugger, or the support for `perf`.
    #[error(
        "something else runs this interpreter's frames (a debugger, another JIT, or -X perf), so Whipsnake stays off"
    )]
    FrameEvaluation,
    /// A struct is not as the headers had it.
    #[error(
        "the layout of CPython {running} differs from that of {built}, which this Whipsnake was built for: {item} is {theirs}, not {ours}"
    )]
    Layout {
        /// What differs.
        item: &'static str,
        /// Our value.
        ours: u64,
        /// The running interpreter's value.
        theirs: u64,
        /// What we were built for.
        built: &'static str,
        /// What we run on.
        running: String,
    },
    /// A call failed.
    #[error(transparent)]
    Raised(#[from] Raised),
}

unsafe extern "C" {
    static Py_Version: c_ulong;
}

/// Checks everything. To be called once at import, before anything else of this module is used.
///
/// # Safety
/// The GIL is held.
pub unsafe fn host() -> Result<(), HostError> {
    // SAFETY: the GIL is held; each check relies on those before it.
    unsafe {
        version()?;
        build()?;
        debug_offsets()?;
        let interpreter = pyo3_ffi::PyInterpreterState_Get();
        if interpreter != main_interpreter() {
            return Err(HostError::SubInterpreter);
        }
        states(interpreter)?;
        frame_evaluation(interpreter)?;
        singletons_lie_in_rows()?;
        float_free_list(interpreter)?;
        function_versions(interpreter)?;
        dict_keys()
    }
}

/// Version of the running interpreter, as text.
fn running() -> String {
    // SAFETY: a static string, available before initialisation even.
    let text = unsafe { CStr::from_ptr(pyo3_ffi::Py_GetVersion()) }.to_string_lossy();
    text.split(' ').next().unwrap_or("an unknown version").to_owned()
}

fn version() -> Result<(), HostError> {
    // SAFETY: a constant.
    let running_version = unsafe { Py_Version } as u32;
    let release_candidate = 0xC0;
    if running_version >> 16 == layout::HEXVERSION >> 16 && running_version & 0xF0 >= release_candidate {
        return Ok(());
    }
    Err(HostError::Version { built: layout::VERSION, running: running() })
}

unsafe fn build() -> Result<(), HostError> {
    // SAFETY: ordinary calls under the GIL; `flags` is borrowed.
    let flags = unsafe {
        let flags = pyo3_ffi::PySys_GetObject(c"abiflags".as_ptr());
        let text = if flags.is_null() {
            std::ptr::null()
        } else {
            pyo3_ffi::PyUnicode_AsUTF8AndSize(flags, std::ptr::null_mut())
        };
        if text.is_null() {
            pyo3_ffi::PyErr_Clear();
            String::new()
        } else {
            CStr::from_ptr(text).to_string_lossy().into_owned()
        }
    };
    let kind = if flags.contains('t') || debug_offset(layout::debug_offsets::FREE_THREADED) != 0 {
        "free-threaded"
    } else if flags.contains('d') {
        "debug"
    } else {
        return Ok(());
    };
    Err(HostError::Build { kind, built: layout::VERSION, running: running() })
}

/// The 64-bit word at `offset` of `_PyRuntime.debug_offsets`.
pub(super) fn debug_offset(offset: i32) -> u64 {
    // SAFETY: the table is at the very start of the runtime state, initialised statically, and never changes.
    unsafe {
        (&raw const symbols::_PyRuntime)
            .byte_offset((layout::runtime::DEBUG_OFFSETS + offset) as isize)
            .cast::<u64>()
            .read()
    }
}

/// `Ok` if both values are the same.
fn compare(item: &'static str, ours: u64, theirs: u64) -> Result<(), HostError> {
    if ours == theirs {
        return Ok(());
    }
    Err(HostError::Layout { item, ours, theirs, built: layout::VERSION, running: running() })
}

fn debug_offsets() -> Result<(), HostError> {
    let cookie = u64::from_le_bytes(*b"xdebugpy");
    compare("debug_offsets.cookie", cookie, debug_offset(0))?;
    for &(item, offset, ours) in &layout::debug_offsets::EXPECTED {
        compare(item, ours, debug_offset(offset))?;
    }
    Ok(())
}

unsafe fn main_interpreter() -> *mut PyInterpreterState {
    unsafe extern "C" {
        fn PyInterpreterState_Main() -> *mut PyInterpreterState;
    }
    // SAFETY: always callable.
    unsafe { PyInterpreterState_Main() }
}

/// Reads a field of the interpreter's state.
unsafe fn field<T: Copy>(interpreter: *mut PyInterpreterState, offset: i32) -> T {
    // SAFETY: the caller passes a live interpreter and an offset from its layout.
    unsafe { interpreter.cast::<u8>().offset(offset as isize).cast::<T>().read() }
}

unsafe fn states(interpreter: *mut PyInterpreterState) -> Result<(), HostError> {
    // SAFETY: the GIL is held.
    let thread = unsafe { ThreadState::current() };
    compare("thread_state.interp", interpreter as u64, thread.interpreter() as u64)?;
    // SAFETY: a live interpreter, the main one, whose GIL lies in its own state.
    unsafe {
        let gil = interpreter as u64 + interpreter_state::GIL as u64;
        compare("interpreter_state.ceval.gil", gil, field::<u64>(interpreter, interpreter_state::CEVAL_GIL))?;
        let holder = field::<u64>(interpreter, interpreter_state::GIL_LAST_HOLDER);
        compare("interpreter_state.gil.last_holder", thread.as_ptr() as u64, holder)?;
        ThreadState::set_holder_place(interpreter.cast::<u8>().add(interpreter_state::GIL_LAST_HOLDER as usize).cast());
    }
    Ok(())
}

unsafe fn frame_evaluation(interpreter: *mut PyInterpreterState) -> Result<(), HostError> {
    // SAFETY: a live interpreter.
    let (evaluate, set) = unsafe {
        (
            symbols::_PyInterpreterState_GetEvalFrameFunc(interpreter),
            field::<usize>(interpreter, interpreter_state::EVAL_FRAME),
        )
    };
    let default = symbols::_PyEval_EvalFrameDefault as symbols::FrameEvalFunction;
    if !std::ptr::fn_addr_eq(evaluate, default) {
        return Err(HostError::FrameEvaluation);
    }
    if set != 0 {
        compare("interpreter_state.eval_frame", default as usize as u64, set as u64)?;
    }
    Ok(())
}

unsafe fn singletons_lie_in_rows() -> Result<(), HostError> {
    // SAFETY: ordinary calls under the GIL; the objects are immortal.
    unsafe {
        let found = singletons::get()?;
        for value in [-5, -1, 1, 2, 256] {
            let object = pyo3_ffi::PyLong_FromLongLong(value);
            let ours = found.small_int(value).unwrap_or_default();
            compare("small_ints", ours as u64, object as u64)?;
            compare(
                "long_object",
                value as u64,
                Long::new_unchecked(object).compact_value().unwrap_or_default() as u64,
            )?;
        }
        for character in [b'a', 0x7F, 0x81, 0xFF] {
            let object = pyo3_ffi::PyUnicode_FromOrdinal(character.into());
            compare("strings", found.character(character) as u64, object as u64)?;
        }
    }
    Ok(())
}

/// A freed float is the first in the free list, and makes it one longer.
unsafe fn float_free_list(interpreter: *mut PyInterpreterState) -> Result<(), HostError> {
    // SAFETY: ordinary calls under the GIL; the fields are compared, not followed.
    unsafe {
        let float = pyo3_ffi::PyFloat_FromDouble(0.5);
        if float.is_null() {
            return Err(Raised.into());
        }
        let before = field::<i32>(interpreter, interpreter_state::FLOAT_NUMFREE);
        let address = float as u64;
        Py_DECREF(float);
        let after = field::<i32>(interpreter, interpreter_state::FLOAT_NUMFREE);
        let head = field::<u64>(interpreter, interpreter_state::FLOAT_FREELIST);
        compare("interpreter_state.floats.items", address, head)?;
        compare("interpreter_state.floats.numfree", before as u64 + 1, after as u64)
    }
}

/// Code that is made takes the next version of functions.
unsafe fn function_versions(interpreter: *mut PyInterpreterState) -> Result<(), HostError> {
    // SAFETY: ordinary calls under the GIL; what is made here is released here.
    unsafe {
        let made = pyo3_ffi::PyCode_NewEmpty(c"".as_ptr(), c"".as_ptr(), 1);
        if made.is_null() {
            return Err(Raised.into());
        }
        let version = Code::new_unchecked(made).version();
        Py_DECREF(made.cast());
        let next = field::<u32>(interpreter, interpreter_state::NEXT_FUNCTION_VERSION);
        compare("interpreter_state.func_state.next_version", u64::from(version) + 1, next.into())
    }
}

/// A dict's first entry is the one that was put in; a type has the flags and the version it should.
unsafe fn dict_keys() -> Result<(), HostError> {
    // SAFETY: ordinary calls under the GIL; what is made here is released here.
    unsafe {
        let dict = pyo3_ffi::PyDict_New();
        if dict.is_null() {
            return Err(Raised.into());
        }
        let none: *mut PyObject = pyo3_ffi::Py_None();
        let set = pyo3_ffi::PyDict_SetItemString(dict, c"key".as_ptr(), none);
        let handle = Dict::new_unchecked(dict);
        let value = handle.keys().entry(0).map_or(0, |(_, value)| value as u64);
        let (entries, dict_type) = (handle.keys().nentries(), TypeObject::of(dict));
        Py_DECREF(dict);
        super::status(set)?;
        compare("dict_keys.nentries", 1, entries as u64)?;
        compare("dict_keys.entry", none as u64, value)?;
        let flags = pyo3_ffi::PyType_GetFlags(dict_type.as_ptr());
        compare("type_object.tp_flags", dict_type.flags(), flags)
    }
}
