//! Whether a module is being imported: then what gets warm waits longer.
//!
//! A program begins with its imports, and most of what they run they run a few hundred times: the parts of importlib, the methods that make enumerations and dataclasses, the parser
//! of regular expressions. To compile all of that takes about as long as it saves, and each region of the optimizing tier a few times as long, before the program has done
//! anything. What goes on being called is compiled a little later, or with the first call after the import.

use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};
use whipsnake_cpython::live::{Function, ThreadState};

/// With a lower threshold nothing waits: whoever set it wants to see code compiled soon.
const LEAST: u32 = 50;

/// How often a function's calls are counted anew while a module is being imported.
const CALLS: u8 = 3;

/// The same for the rounds of loops, which are dearer to count.
const ROUNDS: u8 = 1;

/// How many times as much a place has to have taken then before it is optimized.
pub(crate) const TIMES_AS_MUCH: u32 = 4;

/// Frames that are looked at: imports that are further down than this belong to a program that runs below them.
const FRAMES: usize = 40;

/// The code object of importlib's function that runs the bodies of modules, of which we own a reference; null if it was not found.
static RUNS_MODULES: AtomicPtr<pyo3_ffi::PyObject> = AtomicPtr::new(ptr::null_mut());

/// How often a code object has waited because of imports.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Waits {
    calls: u8,
    rounds: u8,
}

impl Waits {
    /// Whether a function that was called as often as `threshold` says is counted anew.
    ///
    /// # Safety
    /// The GIL is held.
    pub unsafe fn calls(&mut self, threshold: u32) -> bool {
        // SAFETY: the caller's.
        unsafe { wait(&mut self.calls, CALLS, threshold) }
    }

    /// The same for a loop.
    ///
    /// # Safety
    /// The GIL is held.
    pub unsafe fn rounds(&mut self, threshold: u32) -> bool {
        // SAFETY: the caller's.
        unsafe { wait(&mut self.rounds, ROUNDS, threshold) }
    }
}

unsafe fn wait(waited: &mut u8, most: u8, threshold: u32) -> bool {
    // SAFETY: the caller's.
    let waits = threshold >= LEAST && *waited < most && unsafe { is_importing() };
    *waited += u8::from(waits);
    waits
}

/// Finds out what runs the bodies of modules.
///
/// # Safety
/// The GIL is held; no exception is set.
pub(super) unsafe fn initialise() {
    if !RUNS_MODULES.load(Ordering::Relaxed).is_null() {
        return;
    }
    // SAFETY: ordinary calls under the GIL; what is found is released, but for the code object.
    unsafe {
        let module = pyo3_ffi::PyImport_ImportModule(c"_frozen_importlib".as_ptr());
        if !module.is_null() {
            let found = pyo3_ffi::PyObject_GetAttrString(module, c"_call_with_frames_removed".as_ptr());
            if !found.is_null() && pyo3_ffi::PyFunction_Check(found) != 0 {
                let code = Function::new_unchecked(found.cast()).code().as_ptr().cast();
                RUNS_MODULES.store(pyo3_ffi::Py_NewRef(code), Ordering::Relaxed);
            }
            pyo3_ffi::Py_XDECREF(found);
            pyo3_ffi::Py_DECREF(module);
        }
        pyo3_ffi::PyErr_Clear();
    }
}

/// Whether a module is being imported by this thread, a few frames down.
///
/// # Safety
/// The GIL is held.
pub(crate) unsafe fn is_importing() -> bool {
    let runs_modules = RUNS_MODULES.load(Ordering::Relaxed);
    // SAFETY: the caller's.
    let mut next = unsafe { ThreadState::holder() }.current_frame();
    for _ in 0..FRAMES {
        let Some(frame) = next else { return false };
        if frame.executable() == runs_modules {
            return true;
        }
        next = frame.previous();
    }
    false
}
