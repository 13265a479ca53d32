//! Entering loops while they run (OSR): counting back-edges through local JUMP events.

use super::compile::compile;
use super::entries::{state_of, state_or_new};
use super::state::{Stage, jit};
use crate::native::code;
use crate::native::takeover::osr_take_over;
use whipsnake_cpython::live::monitoring::{Events, Verdict, local_events};
use whipsnake_cpython::live::{Code, ThreadState};

/// Sets or removes our JUMP events on a code object.
///
/// # Safety
/// The GIL is held. A set exception is kept.
pub(crate) unsafe fn set_jump_events(code: Code, on: bool) {
    // SAFETY: the GIL is held; the state is looked up again after the call that may run Python code.
    unsafe {
        let Some(mut state) = state_of(code) else { return };
        if state.as_ref().jump_events == on {
            return;
        }
        state.as_mut().jump_events = on;
        let Some(jit) = jit() else { return };
        let monitoring: *const _ = &jit.monitoring;
        let exception = pyo3_ffi::PyErr_GetRaisedException();
        let mut events = local_events(code);
        events.set(Events::JUMP, on);
        if (*monitoring).set_local_events(code, events).is_err() {
            // Without the events the loop is merely not entered while it runs.
            pyo3_ffi::PyErr_Clear();
        }
        if !exception.is_null() {
            pyo3_ffi::PyErr_SetRaisedException(exception);
        }
    }
}

/// Counts the loops of a module or class body, which is about to run.
///
/// # Safety
/// The GIL is held.
pub(crate) unsafe fn watch_body(code: Code) {
    // SAFETY: the GIL is held.
    unsafe {
        if let Some(state) = state_or_new(code)
            && state.as_ref().stage == Stage::Counting
        {
            set_jump_events(code, true);
        }
    }
}

/// The JUMP callback: counts back-edges; at the threshold compiles the code and runs the loop natively on the frame that is running it.
pub(crate) unsafe fn jumped(code: Code, from: usize, to: usize) -> Verdict {
    if to > from {
        return Verdict::Disable;
    }
    // SAFETY: CPython calls with the GIL; `jit` and state references end before anything that runs Python code.
    unsafe {
        let Some(mut state) = state_of(code) else { return Verdict::Disable };
        let state = state.as_mut();
        let Some(jit) = jit() else { return Verdict::Disable };
        if !jit.enabled || matches!(state.stage, Stage::Refused(_)) {
            return Verdict::Disable;
        }
        state.jumps += 1;
        jit.stats.counted_jumps += 1;
        if state.jumps < jit.settings.loop_threshold {
            return Verdict::Continue;
        }
        if code::find(code).is_none() && compile(code).is_err() {
            return Verdict::Disable;
        }
        let thread = ThreadState::current();
        if let Some(frame) = thread.current_frame()
            && osr_take_over(thread.as_ptr(), frame.as_ptr(), to as u32)
            && let Some(jit) = super::state::jit()
        {
            jit.stats.loops_entered += 1;
        }
        Verdict::Disable
    }
}
