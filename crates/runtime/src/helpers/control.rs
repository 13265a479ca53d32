//! Control flow: polls.

use crate::native::code::CompiledCode;
use crate::native::tools;
use crate::tier;
use pyo3_ffi::PyThreadState;
use std::ffi::c_int;
use whipsnake_cpython::live::{_PyInterpreterFrame, Frame, ThreadState, symbols};

/// `RESUME` operands from this on (after `yield from` and `await`) leave what is pending to later.
pub(crate) const AFTER_YIELD_FROM: c_int = 2;

/// What a poll does when the eval breaker is not what the code is valid for: handles what is pending, and looks whether anybody but us has
/// instrumented the code since. 0 to go on, 1 to leave to the interpreter, −1 with an exception set.
///
/// # Safety
/// Called by machine code: the current frame, which runs the compiled code.
pub unsafe extern "C" fn poll(
    thread: *mut PyThreadState,
    frame: *mut _PyInterpreterFrame,
    compiled: *mut CompiledCode,
    location: c_int,
) -> c_int {
    // SAFETY: the caller's; compiled code lives as long as its code object, which the frame keeps.
    unsafe {
        let state = ThreadState::new_unchecked(thread);
        let code = Frame::new_unchecked(frame).running_code();
        if !tools::is_current(state, code, compiled) {
            return 1;
        }
        if location < AFTER_YIELD_FROM && state.has_pending() {
            if symbols::_Py_HandlePending(thread) != 0 {
                return -1;
            }
            // What was handled may have run anything.
            tools::notice();
            if !tools::is_current(state, code, compiled) {
                return 1;
            }
        }
        c_int::from(
            (*compiled).warm_up.is_some()
                && tier::leaves_to_warm_up(state, Frame::new_unchecked(frame), code, compiled),
        )
    }
}
