//! Entries of functions: counting, compiled, original.

use super::compile::compile;
use super::importing::Waits;
use super::refusal::Refusal;
use super::small;
use super::state::{Stage, TierState, jit};
use crate::memory::Placed;
use crate::native::compiled_entry::compiled_entry;
use crate::native::entry::call_interpreted;
use crate::native::{code, tools};
use pyo3_ffi::PyObject;
use std::ptr::NonNull;
use whipsnake_cpython::live::watch::FunctionEvent;
use whipsnake_cpython::live::{Code, Function, entry};
use whipsnake_cpython::opcode;

/// What tiering knows of a code object, if it was ever counted.
///
/// # Safety
/// The GIL is held.
pub(crate) unsafe fn state_of(code: Code) -> Option<NonNull<TierState>> {
    // SAFETY: the GIL is held, and the reference ends here.
    unsafe { jit() }?.states.get(code)
}

/// The same, made if it is not there yet; `None` without memory.
///
/// # Safety
/// The GIL is held.
pub(crate) unsafe fn state_or_new(code: Code) -> Option<NonNull<TierState>> {
    // SAFETY: the GIL is held; setting extra data runs no Python code.
    unsafe {
        let states = jit()?.states;
        if let Some(state) = states.get(code) {
            return Some(state);
        }
        let state = TierState {
            stage: Stage::Counting,
            calls: 0,
            jumps: 0,
            unreached_jumps: 0,
            has_loop: has_loop(code),
            is_small: small::is_small(code),
            jump_events: false,
            waits: Waits::default(),
        };
        match states.set(code, Placed::new(state)) {
            Ok(state) => Some(state),
            Err(_) => {
                pyo3_ffi::PyErr_Clear();
                None
            }
        }
    }
}

/// Whether the bytecode has a backward jump.
fn has_loop(code: Code) -> bool {
    // SAFETY: the code units live as long as the code object.
    let units = unsafe { std::slice::from_raw_parts(code.instructions(), code.len()) };
    let mut index = 0;
    while let Some(unit) = units.get(index) {
        match SCAN[unit.op as usize] {
            BACKWARD => return true,
            length => index += usize::from(length),
        }
    }
    false
}

/// For each opcode as found in code: how many code units it takes with its caches, or [`BACKWARD`].
static SCAN: [u8; 256] = {
    let mut table = [1; 256];
    let mut op = 0;
    while op < 256 {
        let base = opcode::base(op as u8);
        table[op] = match base {
            opcode::JUMP_BACKWARD | opcode::JUMP_BACKWARD_NO_INTERRUPT => BACKWARD,
            _ => 1 + opcode::CACHES[base as usize],
        };
        op += 1;
    }
    table
};

const BACKWARD: u8 = 0;

/// Gives a function the entry that fits its code object: called when it is made, when its `__code__` changes, and for all
/// functions at `enable`.
///
/// # Safety
/// The GIL is held. May be called with an exception set; raises none.
pub(crate) unsafe fn adopt(function: Function, code: Code) {
    // SAFETY: the GIL is held.
    unsafe {
        let refused = state_of(code).is_some_and(|state| matches!(state.as_ref().stage, Stage::Refused(_)));
        if !refused && !tools::watchful() {
            let entry: Entry = if code::find(code).is_some() { compiled_entry } else { counting_entry };
            install(function, code, entry);
        }
    }
}

type Entry = unsafe extern "C" fn(*mut PyObject, *const *mut PyObject, usize, *mut PyObject) -> *mut PyObject;

unsafe fn install(function: Function, code: Code, new: Entry) {
    if tools::watchful() {
        return;
    }
    // SAFETY: the GIL is held.
    unsafe {
        // Without a version nothing is to be kept.
        let is_small = || state_of(code).map_or_else(|| small::is_small(code), |state| state.as_ref().is_small);
        if code.version() != 0 && super::is_specialised() && is_small() {
            return entry::set_keeping_version(function, new);
        }
        // A function made by MAKE_FUNCTION gets the code object's version *after* it was reported as made; with a version the
        // interpreter would specialise call sites to skip the entry.
        code.clear_version();
        entry::set(function, new);
    }
}

/// Gives a function back to the interpreter.
unsafe fn give_back(function: Function) {
    // SAFETY: the GIL is held.
    unsafe { entry::restore(function) };
}

/// Whether a function's entry is one of ours.
pub(crate) fn is_ours(function: Function) -> bool {
    !entry::is_original(function)
        && function.vectorcall().is_some_and(|e| {
            e as usize == counting_entry as *const () as usize || e as usize == compiled_entry as *const () as usize
        })
}

/// Restores the original entry if it is one of ours.
///
/// # Safety
/// The GIL is held.
pub(crate) unsafe fn release(function: Function) {
    if is_ours(function) {
        // SAFETY: the caller's contract.
        unsafe { give_back(function) };
    }
}

/// The entry of functions that are counted: calls the original one, until the threshold.
unsafe extern "C" fn counting_entry(
    callable: *mut PyObject,
    args: *const *mut PyObject,
    nargsf: usize,
    kwnames: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: CPython calls this as the entry of a function, with the GIL.
    unsafe {
        let function = Function::new_unchecked(callable.cast());
        let code = function.code();
        tools::notice();
        if let Some(jit) = jit()
            && let Some(mut state) = jit.states.get(code)
        {
            let state = state.as_mut();
            // The calls about which there is nothing to be done but to count them.
            if state.stage == Stage::Counting && state.calls + 1 < jit.settings.call_threshold && jit.enabled {
                state.calls += 1;
                return call_interpreted(callable, args, nargsf, kwnames);
            }
        }
        count(function, code);
        if code::find(code).is_some() {
            return compiled_entry(callable, args, nargsf, kwnames);
        }
        call_interpreted(callable, args, nargsf, kwnames)
    }
}

/// Counts a call of a function: the first one, or one that may be the last.
#[cold]
unsafe fn count(function: Function, code: Code) {
    // SAFETY: `counting_entry`'s; references to the state and the compiler end before Python code can run.
    unsafe {
        let Some(mut state) = state_or_new(code) else { return };
        let state = state.as_mut();
        match state.stage {
            Stage::Counting => {}
            Stage::Compiled => return install(function, code, compiled_entry),
            Stage::Refused(_) => return give_back(function),
        }
        state.calls += 1;
        let events = state.has_loop && !state.jump_events;
        let calls = state.calls;
        let jit = jit().expect("enabled");
        if !jit.enabled {
            give_back(function);
        } else if calls >= jit.settings.calls_to_compile(code.len()) {
            if state.waits.calls(jit.settings.call_threshold) {
                state.calls = 0;
                return;
            }
            match compile(code, false) {
                Ok(()) => install(function, code, compiled_entry),
                Err(reason) if reason.is_temporary() => {
                    if let Some(mut state) = state_of(code) {
                        state.as_mut().stage = Stage::Counting;
                        state.as_mut().calls = 0;
                    }
                }
                Err(_) => give_back(function),
            }
        } else if events {
            super::osr::set_jump_events(code, true);
        }
    }
}

/// The function watcher's callback.
#[inline]
pub(crate) unsafe fn function_changed(event: FunctionEvent, function: Function, value: *mut PyObject) {
    if event == FunctionEvent::Destroy {
        return;
    }
    // SAFETY: CPython reports with the GIL held; `jit` references end before anything else runs.
    unsafe {
        if !jit().is_some_and(|jit| jit.enabled) {
            return;
        }
        tools::notice_end();
        match event {
            FunctionEvent::Create => {
                let code = function.code();
                if !super::osr::is_body(code) {
                    adopt(function, code);
                } else if has_loop(code) {
                    // Module and class bodies run without a call of their function.
                    super::osr::watch_body(code);
                }
            }
            FunctionEvent::ModifyCode => {
                if let Some(code) = Code::new(value.cast()) {
                    release(function);
                    adopt(function, code);
                }
            }
            FunctionEvent::Destroy | FunctionEvent::ModifyDefaults | FunctionEvent::ModifyKwdefaults => {}
        }
    }
}

/// Keeps a code object with the interpreter for good. Frames that run its machine code leave it at their next poll.
///
/// # Safety
/// The GIL is held.
pub unsafe fn never(code: Code) {
    // SAFETY: the GIL is held.
    unsafe {
        if let Some(mut state) = state_or_new(code) {
            state.as_mut().stage = Stage::Refused(Refusal::Never);
        }
        if code::find(code).is_some() {
            code::detach(code);
            // Machine code takes our entry for the sign of code that may be entered.
            super::control::release_all(code);
        }
        super::osr::unwatch(code);
    }
}

/// Compiles a function now.
///
/// # Safety
/// The GIL is held; the compiler is enabled.
pub unsafe fn compile_now(function: Function) -> Result<(), Refusal> {
    // SAFETY: the GIL is held.
    unsafe {
        let code = function.code();
        state_or_new(code).ok_or(Refusal::Memory)?;
        compile(code, true)?;
        install(function, code, compiled_entry);
        Ok(())
    }
}

/// Whether calls of a function run machine code.
///
/// # Safety
/// The GIL is held.
pub unsafe fn is_compiled(function: Function) -> bool {
    // SAFETY: the GIL is held.
    is_ours(function) && code::find(function.code()).is_some()
}
