//! Entering loops while they run (OSR): counting back-edges through local JUMP events.

use super::compile::compile;
use super::entries::{state_of, state_or_new};
use super::state::{Stage, jit};
use super::stats::Event;
use crate::native::code;
use crate::native::takeover::{osr_take_over, resume_take_over};
use whipsnake_cpython::live::monitoring::{Events, Verdict, local_events};
use whipsnake_cpython::live::{Code, ThreadState};
use whipsnake_cpython::{CodeKind, layout, opcode};

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
        set_events(jit, code, Events::JUMP, on);
    }
}

/// Sets or removes some of our events. Without them compiled code is merely not entered in some ways, so failures are dropped.
unsafe fn set_events(jit: *const super::state::Jit, code: Code, which: Events, on: bool) {
    // SAFETY: the GIL is held; the compiler is never freed.
    unsafe {
        let exception = pyo3_ffi::PyErr_GetRaisedException();
        let mut events = local_events(code);
        events.set(which, on);
        if (*jit).monitoring.set_local_events(code, events).is_err() {
            pyo3_ffi::PyErr_Clear();
        }
        if !exception.is_null() {
            pyo3_ffi::PyErr_SetRaisedException(exception);
        }
    }
}

/// Has the bodies of a compiled generator or coroutine taken over when the interpreter resumes them.
///
/// # Safety
/// The GIL is held. A set exception is kept.
pub(crate) unsafe fn watch_resumes(code: Code) {
    if code.kind() == CodeKind::Plain || !pays_to_resume(code) {
        return;
    }
    // SAFETY: the GIL is held.
    unsafe {
        if let Some(jit) = jit() {
            set_events(jit, code, Events::PY_START | Events::PY_RESUME, true);
        }
    }
}

/// Takes all our events off a code object that stays interpreted.
///
/// # Safety
/// The GIL is held. A set exception is kept.
pub(crate) unsafe fn unwatch(code: Code) {
    // SAFETY: the GIL is held.
    unsafe {
        set_jump_events(code, false);
        if let Some(jit) = jit()
            && !local_events(code).is_empty()
        {
            set_events(jit, code, Events::all(), false);
        }
    }
}

/// Whether there is enough between two yields to make up for the callback: a coroutine that waits for others, which then run natively too and
/// seldom suspend, or code units enough. A generator expression of a few instructions is left to the interpreter when C code consumes it.
fn pays_to_resume(code: Code) -> bool {
    /// Code units for each yield from which on a take-over was faster (found with generator expressions and the `nqueens` and `coroutines`
    /// programs).
    const UNITS_PER_YIELD: usize = 48;
    let waits = code.kind() != CodeKind::Generator;
    let mut yields = 0;
    let mut index = 0;
    while index < code.len() {
        let base = opcode::base(code.unit(index).op);
        match base {
            opcode::SEND if waits => return true,
            opcode::YIELD_VALUE => yields += 1,
            _ => {}
        }
        index += 1 + opcode::CACHES[base as usize] as usize;
    }
    code.len() >= UNITS_PER_YIELD * yields.max(1)
}

/// The callback for what the interpreter starts.
pub(crate) unsafe fn started(code: Code, _unit: usize) -> Verdict {
    // SAFETY: CPython calls with the GIL.
    unsafe { resumed_by(code, Event::Call) }
}

/// The callback for a generator or coroutine that the interpreter resumes.
pub(crate) unsafe fn resumed(code: Code, _unit: usize) -> Verdict {
    // SAFETY: CPython calls with the GIL.
    unsafe { resumed_by(code, Event::Resume) }
}

/// Runs the body of a compiled generator or coroutine natively up to where it is suspended or ends.
unsafe fn resumed_by(code: Code, event: Event) -> Verdict {
    // SAFETY: CPython calls with the GIL, in the frame that is started or resumed.
    unsafe {
        let taken = (!counts_events() || local_events(code).contains(Events::PY_RESUME)) && take_over_body();
        if let Some(jit) = jit() {
            jit.stats.resumes_entered += u64::from(taken);
            if let Some(executed) = jit.stats.executed.as_deref_mut() {
                executed.note(code, event, taken);
            }
        }
    }
    Verdict::Continue
}

/// Whether events are reported also where nothing is to be taken over, for the statistics.
unsafe fn counts_events() -> bool {
    // SAFETY: the GIL is held.
    unsafe { jit() }.is_some_and(|jit| jit.counts_events)
}

unsafe fn take_over_body() -> bool {
    // SAFETY: the caller's.
    unsafe {
        let thread = ThreadState::holder();
        thread.current_frame().is_some_and(|frame| {
            jit().is_some_and(|jit| jit.enabled) && resume_take_over(thread.as_ptr(), frame.as_ptr())
        })
    }
}

/// Whether a code object is the body of a module or class, which runs without a call of its function: machine code is entered in its loops only.
pub(super) fn is_body(code: Code) -> bool {
    code.flags() & layout::code::CO_OPTIMIZED == 0
}

/// Counts the loops of a module or class body, which is about to run; if it has run before and was compiled, the first of them to jump back is taken over.
///
/// # Safety
/// The GIL is held.
pub(crate) unsafe fn watch_body(code: Code) {
    // SAFETY: the GIL is held.
    unsafe {
        if let Some(state) = state_or_new(code)
            && matches!(state.as_ref().stage, Stage::Counting | Stage::Compiled)
        {
            set_jump_events(code, true);
        }
    }
}

/// Has the loops of a compiled code object, if it has any, counted again, while the interpreter runs them; they are taken over after so many rounds.
///
/// # Safety
/// The GIL is held.
pub(crate) unsafe fn count_again(code: Code, rounds: u32) {
    // SAFETY: the GIL is held.
    unsafe {
        if let Some(mut state) = state_or_new(code)
            && state.as_ref().has_loop
            && let Some(jit) = jit()
        {
            state.as_mut().jumps = i64::from(jit.settings.rounds_to_compile(code.len())) - i64::from(rounds);
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
        if counts_events() {
            if let Some(executed) = jit().and_then(|jit| jit.stats.executed.as_deref_mut()) {
                executed.note(code, Event::BackEdge, false);
            }
            if state_of(code).is_some_and(|state| state.as_ref().jump_events) {
                count_jump(code, to);
            }
            return Verdict::Continue;
        }
        count_jump(code, to)
    }
}

unsafe fn count_jump(code: Code, to: usize) -> Verdict {
    // SAFETY: as `jumped`.
    unsafe {
        let Some(mut state) = state_of(code) else { return Verdict::Disable };
        let state = state.as_mut();
        let Some(jit) = jit() else { return Verdict::Disable };
        if !jit.enabled || matches!(state.stage, Stage::Refused(_)) {
            return Verdict::Disable;
        }
        let rounds = jit.settings.rounds_to_compile(code.len());
        // The jumps about which there is nothing to be done but to count them.
        if state.stage == Stage::Counting && state.jumps + 1 < rounds.into() {
            state.jumps += 1;
            return Verdict::Continue;
        }
        let compiled = code::find(code);
        // A loop that never ran before the code was compiled is counted like one of code that is not.
        if compiled.is_some_and(|compiled| compiled.leaves_out(to)) {
            state.unreached_jumps += 1;
            if state.unreached_jumps < rounds {
                return Verdict::Continue;
            }
            state.unreached_jumps = 0;
            if !super::again::for_loop(code) {
                return Verdict::Disable;
            }
        } else {
            state.jumps += 1;
            if state.jumps < rounds.into() {
                return Verdict::Continue;
            }
            if compiled.is_none() {
                if state.waits.rounds(jit.settings.loop_threshold) {
                    state.jumps = 0;
                    return Verdict::Continue;
                }
                if compile(code, false).is_err() {
                    return Verdict::Disable;
                }
            }
        }
        // Where code is left out, the interpreter may come to a loop again, and so when a body runs again: setting events takes longer than having them.
        let lasting = is_body(code) || code::find(code).is_some_and(|compiled| !compiled.left_out.blocks().is_empty());
        if !lasting {
            set_jump_events(code, false);
        }
        let thread = ThreadState::holder();
        let taken =
            thread.current_frame().is_some_and(|frame| osr_take_over(thread.as_ptr(), frame.as_ptr(), to as u32));
        if let Some(jit) = super::state::jit().filter(|_| taken) {
            jit.stats.loops_entered += 1;
        }
        if lasting && taken {
            return Verdict::Continue;
        }
        set_jump_events(code, false);
        Verdict::Disable
    }
}
