//! Memory for a frame of ours where the data stack has to grow.
//!
//! The interpreter does that only as it pushes the frame of a function. So there is a function, which nobody sees or calls, whose frame is as large as ours.

use super::raw::{get, release, retain, set};
use super::shim::FRAME_WORDS;
use pyo3_ffi::PyObject;
use std::ptr;
use std::sync::OnceLock;
use whipsnake_cpython::layout::{code as code_layout, frame as layout};
use whipsnake_cpython::live::{_PyInterpreterFrame, Code, ThreadState, symbols};

struct Spare(*mut PyObject);

// SAFETY: the function is never freed, and only used with the GIL held.
unsafe impl Send for Spare {}
// SAFETY: as above.
unsafe impl Sync for Spare {}

static SPARE: OnceLock<Spare> = OnceLock::new();

/// Makes the function, unless it is there; false without memory.
///
/// # Safety
/// The GIL is held.
pub(super) unsafe fn prepare() -> bool {
    if SPARE.get().is_some() {
        return true;
    }
    // SAFETY: the code object is new, and nobody else has it. The function lasts forever.
    unsafe {
        let code = pyo3_ffi::PyCode_NewEmpty(c"<frozen>".as_ptr(), c"spare".as_ptr(), 1);
        let globals = pyo3_ffi::PyDict_New();
        let function = match Code::new(code.cast()) {
            Some(code) if !globals.is_null() => {
                let slots = FRAME_WORDS as i32 - layout::SPECIALS_SIZE;
                set(code.as_ptr(), code_layout::STACKSIZE, slots);
                set(code.as_ptr(), code_layout::FRAMESIZE, FRAME_WORDS as i32);
                pyo3_ffi::PyFunction_New(code.as_ptr().cast(), globals)
            }
            _ => ptr::null_mut(),
        };
        if !code.is_null() {
            release(code.cast());
        }
        if !globals.is_null() {
            release(globals);
        }
        if function.is_null() {
            pyo3_ffi::PyErr_Clear();
            return false;
        }
        // Whoever asks the collector for all objects does not get it.
        pyo3_ffi::PyObject_GC_UnTrack(function.cast());
        SPARE.get_or_init(|| Spare(function));
    }
    true
}

/// Memory for a frame of [`FRAME_WORDS`], at the start of a new chunk; the frame is popped as any other. `None` without memory.
///
/// # Safety
/// [`prepare`] was called; the GIL is held, and every field is written before anything may look at the frame.
#[cold]
pub(super) unsafe fn frame(thread: ThreadState) -> Option<*mut _PyInterpreterFrame> {
    // SAFETY: the caller's. The frame takes the function's reference, and one to its code; ours has neither.
    unsafe {
        let function = retain(SPARE.get()?.0);
        let nothing = ptr::null_mut();
        let frame =
            symbols::_PyEvalFramePushAndInit(thread.as_ptr(), function.cast(), nothing, ptr::null(), 0, nothing);
        if frame.is_null() {
            pyo3_ffi::PyErr_Clear();
            return None;
        }
        release(get(frame, layout::FUNCOBJ));
        release(get(frame, layout::EXECUTABLE));
        Some(frame)
    }
}
