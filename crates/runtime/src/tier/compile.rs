//! Compiling one code object: from the live object to machine code that hangs off it.

use super::refusal::Refusal;
use super::state::{Jit, Stage, jit};
use super::warm_up;
use crate::helpers::heaps;
use crate::helpers::pointers::CodeSource;
use crate::memory::Placed;
use crate::native::code::{self, CompiledCode};
use crate::native::tools;
use std::slice;
use std::time::Instant;
use whipsnake_bytecode::{CodeInput, LeaveOut};
use whipsnake_cpython::live::monitoring;
use whipsnake_cpython::live::{Code, ThreadState};
use whipsnake_stencils::{Destination, SLACK};

/// The parts of a live code object that the compiler reads.
///
/// # Safety
/// The code object outlives the result, and nothing changes its bytecode meanwhile.
pub(crate) unsafe fn input<'c>(code: Code) -> CodeInput<'c> {
    // SAFETY: the fields belong to the code object, which the caller keeps; the exception table is a bytes object.
    unsafe {
        let table = code.exception_table();
        CodeInput {
            units: slice::from_raw_parts(code.instructions().cast::<u16>(), code.len()),
            exception_table: slice::from_raw_parts(
                pyo3_ffi::PyBytes_AsString(table).cast::<u8>(),
                pyo3_ffi::PyBytes_Size(table) as usize,
            ),
            nlocalsplus: code.nlocalsplus() as u32,
            stacksize: code.stacksize() as u32,
            first_traceable: code.first_traceable() as u32,
            flags: code.flags(),
        }
    }
}

/// Compiles a code object, unless it is compiled or refused already; all of it if it is to be `whole`, else what has run.
///
/// # Safety
/// The GIL is held.
pub(crate) unsafe fn compile(code: Code, whole: bool) -> Result<(), Refusal> {
    // SAFETY: the GIL is held; the references to the compiler live between calls that can run Python code.
    unsafe {
        if code::find(code).is_some() {
            return Ok(());
        }
        let stage = super::entries::state_of(code).map(|s| s.as_ref().stage);
        if let Some(Stage::Refused(reason)) = stage
            && !reason.is_temporary()
        {
            return Err(reason);
        }
        super::osr::set_jump_events(code, false);
        let result = attempt(code, whole);
        let jit = jit().expect("enabled");
        if let Err(reason) = result {
            *jit.stats.refused.entry(reason.kind()).or_default() += 1;
        }
        if let Some(mut state) = super::entries::state_of(code) {
            state.as_mut().stage = match result {
                Ok(()) => Stage::Compiled,
                Err(reason) => Stage::Refused(reason),
            };
        }
        if result.is_ok() {
            super::osr::watch_resumes(code);
        }
        result
    }
}

/// Compiles a compiled code object again, with what has run since; all of it if it is to be `whole`. What is known of the machine code stays where it is.
/// False if that was not possible; then nothing has changed.
///
/// # Safety
/// The GIL is held; `compiled` is that of the code object, which native code may be running.
pub(super) unsafe fn compile_again(code: Code, compiled: *mut CompiledCode, whole: bool) -> bool {
    // SAFETY: the caller's.
    unsafe {
        let Ok((jit, thread)) = check(code) else { return false };
        let still_unreached = (*compiled).left_out.still_unreached();
        let leave_out = if whole { LeaveOut::Nothing } else { LeaveOut::UnreachedOf(&still_unreached) };
        let start = Instant::now();
        let Ok(new) = link(jit, code, thread, leave_out, Some(compiled)) else { return false };
        jit.stats.compile_time += start.elapsed();
        jit.stats.recompiled += 1;
        (*compiled).renew(code, new.into_inner());
        if (*compiled).left_out.blocks().is_empty() && !super::osr::is_body(code) {
            super::osr::set_jump_events(code, false);
        }
        true
    }
}

/// Whether the code object can be compiled now.
unsafe fn check<'j>(code: Code) -> Result<(&'j mut Jit, ThreadState), Refusal> {
    // SAFETY: the caller's contract.
    unsafe {
        if !super::selection::allows(code) {
            return Err(Refusal::NotSelected);
        }
        tools::notice();
        let thread = ThreadState::current();
        if thread.has_other_evaluator() || monitoring::other_tools(code, thread.interpreter()) != 0 {
            return Err(Refusal::Instrumented);
        }
        if !crate::reserve::keep() {
            return Err(Refusal::Memory);
        }
        // Machine code writes the low half of a frame's `instr_ptr` only.
        let units = code.instructions() as usize;
        if units >> 32 != (units + 2 * code.len()) >> 32 {
            return Err(Refusal::TooLarge);
        }
        Ok((jit().expect("enabled"), thread))
    }
}

unsafe fn attempt(code: Code, whole: bool) -> Result<(), Refusal> {
    // SAFETY: the caller's contract; no Python code runs until the compiled code is attached.
    let compiled = unsafe {
        let (jit, thread) = check(code)?;
        heaps::find();
        let leave_out = if whole || !jit.settings.leaves_out() { LeaveOut::Nothing } else { LeaveOut::Unreached };
        let start = Instant::now();
        let mut compiled = link(jit, code, thread, leave_out, None)?;
        if jit.settings.warms_up() && warm_up::is_for(code) {
            compiled.warm_up = Some(Box::default());
            tools::look_always(&mut compiled);
        }
        jit.stats.compiled += 1;
        jit.stats.compile_time += start.elapsed();
        compiled
    };
    // SAFETY: the GIL is held.
    if unsafe { code::attach(code, compiled) }.is_err() {
        // SAFETY: the GIL is held.
        unsafe { pyo3_ffi::PyErr_Clear() };
        return Err(Refusal::Memory);
    }
    super::selection::tell(code);
    Ok(())
}

/// Makes machine code; its data are `earlier`, if there are any, else what is returned.
unsafe fn link(
    jit: &mut Jit,
    code: Code,
    thread: ThreadState,
    leave_out: LeaveOut<'_>,
    earlier: Option<*mut CompiledCode>,
) -> Result<Placed<CompiledCode>, Refusal> {
    // SAFETY: the code object is alive, and nothing else runs.
    let mut planned = jit.baseline.plan(unsafe { input(code) }, leave_out)?;
    let size = planned.size();
    let counters = jit.stats.executed.as_deref_mut().map_or(0, |executed| executed.counters() as u64);
    let block = jit.memory.allocate(size + SLACK).map_err(|_| Refusal::CodeMemory)?;
    let mut compiled = Placed::new(CompiledCode::new(
        code,
        &planned,
        block.run(),
        // SAFETY: the caller's.
        unsafe { tools::trusted_version(thread) },
    ));
    let to = Destination {
        write: block.write(),
        run: block.run() as u64,
        code_data: earlier.unwrap_or(&raw mut *compiled) as u64,
        feedback: compiled.feedback.as_ptr() as u64,
        counters,
    };
    // SAFETY: the block has room for the code and the slack, and nothing runs in it yet.
    unsafe { planned.emit(&CodeSource::new(code), &jit.addresses, to) };
    block.seal().map_err(|_| Refusal::CodeMemory)?;
    jit.stats.bytes += size as u64;
    jit.stats.instructions += planned.code().instrs().len() as u64;
    compiled.set_block(block);
    Ok(compiled)
}
