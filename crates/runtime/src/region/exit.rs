//! Leaving a region: the frame is written as its exit describes, and the baseline tier goes on.

use super::exit_objects::{Buffer, Made};
use super::recursion::{Below, Chain};
use super::{FAILURES_TO_TELL, Region, dump, frames};
use crate::helpers::new_instances;
use crate::native::code::attached;
use crate::native::frames::{Resume, compiled};
use crate::native::raw::release;
use crate::native::tools;
use crate::native::trampoline::{stub_error, stub_exit, stub_unreached};
use crate::tier::jit;
use pyo3_ffi::{PyObject, PyThreadState};
use std::ptr;
use whipsnake_bytecode::find_in_table;
use whipsnake_codegen::{Exit, ExitFrame};
use whipsnake_cpython::live::{_PyInterpreterFrame, CodeUnit, Frame, Function, Generator, ThreadState};
use whipsnake_cpython::opcode;
use whipsnake_ir::Continuation;

/// `Helper::LeaveRegion`.
///
/// # Safety
/// Called by a region's machine code, with the number of one of its exits and what that stored.
pub unsafe extern "C" fn leave_region(
    thread: *mut PyThreadState,
    frame: *mut _PyInterpreterFrame,
    _activation: *mut u8,
    region: *const Region,
    number: i32,
    buffer: *const u64,
) -> Resume {
    // SAFETY: the caller's.
    unsafe {
        let region = &*region;
        let exit = &region.exits[number as usize];
        if dump::is_on() {
            let units: Vec<u32> = exit.frames.iter().map(|frame| frame.unit).collect();
            let text = format!("{number}, {:?}, at {units:?}", exit.to);
            dump::tell(&region.function, region.header, "exits", &text);
        }
        // What a body passes is the record of its call.
        let chain = exit.is_of_body.then(|| Chain::of(frame.cast()));
        let own = chain.as_ref().map_or(Frame::new_unchecked(frame), Chain::own);
        // That something is pending, or that there is no room for more calls, says nothing about the region, but where it could not make one.
        let is_disturbed = exit.to == Continuation::Exit && chain.as_ref().is_some_and(Chain::has_calls);
        if !is_disturbed {
            region.note_exit(own);
        }
        let thread = ThreadState::new_unchecked(thread);
        // Memory that runs out while the exit makes objects must not take the exception's place.
        let raises = exit.to == Continuation::Error;
        let raised = if raises { pyo3_ffi::PyErr_GetRaisedException() } else { ptr::null_mut() };
        let below = chain.as_ref().map_or(Below::Own(own), |chain| chain.restore(thread, region));
        let frame = restore(thread, below, exit, Buffer { words: buffer, exit, shows: false });
        if raises {
            pyo3_ffi::PyErr_SetRaisedException(raised);
        }
        // A body that has no memory for its result has popped its frame.
        let Some(described) = exit.frames.last() else {
            return Resume { address: stub_error as *const u8, frame: frame.as_ptr() };
        };
        let code = frame.code().expect("a frame of Python code");
        frame.set_instr_ptr(code.instructions().add(described.unit as usize));
        match exit.to {
            Continuation::Error => {
                if region.is_new_to_raise(number as usize) {
                    if is_handled(frame, own, exit) {
                        region.close_gate();
                    } else {
                        region.taken[number as usize].set(0);
                    }
                }
                return Resume { address: stub_error as *const u8, frame: frame.as_ptr() };
            }
            Continuation::Miss => {
                let base = opcode::base(code.unit(described.unit as usize).op);
                // A new variable is nobody's fault.
                let is_none = base == opcode::JUMP_BACKWARD || base == opcode::LOAD_GLOBAL && gave_back_version(frame);
                if !is_none {
                    let taken = &region.taken[number as usize];
                    taken.set(taken.get() + 1);
                    if taken.get() == FAILURES_TO_TELL
                        && let Some(compiled) = attached(code)
                    {
                        region.tell_failure(exit, base, compiled);
                    }
                    if taken.get() > region.patience {
                        region.close_gate();
                    }
                }
            }
            _ => {}
        }
        resume(thread, frame, described)
    }
}

/// Whether a guard has failed because a new variable took its version away from the keys of a frame's globals, and they have it again.
unsafe fn gave_back_version(frame: Frame) -> bool {
    // SAFETY: the caller's: a live frame; no reference to the compiler is alive.
    unsafe {
        let (globals, builtins) = (frame.globals(), frame.builtins());
        jit().is_some_and(|jit| jit.namespaces.borrow_mut().give_back(globals, builtins))
    }
}

/// Whether one of the frames that an exit has restored, the lowest of which is the region's own, has a handler for what its innermost one raises.
unsafe fn is_handled(frame: Frame, own: Frame, exit: &Exit) -> bool {
    let mut current = Some(frame);
    let mut innermost = exit.frames.last().map(|described| described.unit);
    loop {
        // SAFETY: the caller's: live frames of code objects, whose tables are `bytes`.
        unsafe {
            let Some(frame) = current else { return false };
            if let Some(code) = frame.code() {
                let table: *mut pyo3_ffi::PyBytesObject = code.exception_table().cast();
                let length = (*table).ob_base.ob_size as usize;
                let bytes = std::slice::from_raw_parts((&raw const (*table).ob_sval).cast::<u8>(), length);
                let unit = innermost.take().unwrap_or_else(|| frame.instruction_index() as u32);
                if find_in_table(bytes, unit).is_some() {
                    return true;
                }
            }
            if frame.as_ptr() == own.as_ptr() {
                return false;
            }
            current = frame.previous();
        }
    }
}

/// Writes the frames' slots and the objects' fields; frames of inlined calls are pushed first. Gives the innermost frame.
///
/// # Safety
/// Everything is as the exit's description says, and nothing else is done with what it stored.
pub(super) unsafe fn restore(thread: ThreadState, below: Below<'_>, exit: &Exit, buffer: Buffer<'_>) -> Frame {
    // SAFETY: the caller's.
    unsafe {
        let mut made = Made::of(exit, buffer);
        for field in &exit.fields {
            let object = buffer.holder(field.object, &made).cast::<u8>();
            if field.attribute {
                let value = buffer.object(field.value, true, &mut made);
                new_instances::put_attribute(object.cast(), field.offset, value);
                continue;
            }
            object.offset(field.offset as isize).cast::<u64>().write(buffer.raw(field.value));
        }
        let mut below = below;
        for described in &exit.frames {
            let current = match (below, &described.call) {
                (Below::Caller(caller, waiting), Some(call)) => {
                    let function = buffer.raw(call.function) as *mut PyObject;
                    let current = match (call.memory, call.generator) {
                        (Some(memory), _) => Frame::new_unchecked(buffer.raw(memory) as *mut _PyInterpreterFrame),
                        (None, Some((generator, back))) => {
                            let generator = Generator::new_unchecked(buffer.raw(generator) as *mut PyObject);
                            frames::link(thread, caller, at(waiting), generator, back)
                        }
                        (None, None) => push_above(thread, caller, waiting, described, function).unwrap_or_else(|| {
                            pyo3_ffi::Py_FatalError(c"no memory for the frame of an inlined call".as_ptr())
                        }),
                    };
                    if call.owned && !function.is_null() {
                        release(function);
                    }
                    current
                }
                (Below::Own(frame) | Below::Caller(frame, _), _) => frame,
            };
            for slot in &described.slots {
                let value = buffer.object(slot.place, slot.owned, &mut made);
                current.localsplus().add(slot.slot as usize).write(value);
            }
            below = Below::Caller(current, described);
        }
        made.done();
        match below {
            Below::Own(frame) | Below::Caller(frame, _) => frame,
        }
    }
}

/// The instruction at which a frame waits.
pub(super) fn at(waiting: &ExitFrame) -> *mut CodeUnit {
    (waiting.first_unit as *mut CodeUnit).wrapping_add(waiting.unit as usize)
}

/// Pushes the frame of an inlined call of `function`, or one that stands in for C code below it, above `caller`.
pub(super) unsafe fn push_above(
    thread: ThreadState,
    caller: Frame,
    waiting: &ExitFrame,
    pushed: &ExitFrame,
    function: *mut PyObject,
) -> Option<Frame> {
    let at = at(waiting);
    // SAFETY: the caller's.
    unsafe {
        match Function::new(function.cast()) {
            Some(function) => frames::push(thread, caller, function, at),
            None => {
                let counted = pushed.call.is_some_and(|call| call.counted);
                let first_unit = pushed.first_unit as *mut CodeUnit;
                frames::push_init(thread, caller, first_unit, ptr::null_mut(), at, counted)
            }
        }
    }
}

/// Goes on in the baseline tier at the instruction. What that has on the stack without its being in slots is dropped from there. Where the instruction has no
/// start of its own, the interpreter goes on, until a loop comes around.
unsafe fn resume(thread: ThreadState, frame: Frame, described: &ExitFrame) -> Resume {
    // SAFETY: the caller's: everything is in memory.
    unsafe {
        let (machine, code) = (compiled(frame), frame.code().expect("a frame of Python code"));
        let unit = machine.start_of(code, described.unit as usize);
        // A tool that was switched on in a call wants to see the next instruction.
        if !tools::is_current(thread, code, ptr::from_ref(machine).cast_mut()) {
            frame.set_instr_ptr(code.instructions().add(unit));
            return Resume { address: stub_exit as *const u8, frame: frame.as_ptr() };
        }
        let pending = machine.entry_at(unit).map(|address| (address, 0)).or_else(|| machine.pending_entry_at(unit));
        let Some((address, pending)) = pending else {
            frame.set_instr_ptr(code.instructions().add(unit));
            if machine.leaves_out(unit) {
                return Resume { address: stub_unreached as *const u8, frame: frame.as_ptr() };
            }
            crate::tier::count_again(code, 1);
            return Resume { address: stub_exit as *const u8, frame: frame.as_ptr() };
        };
        let depth = described.depth as usize;
        for index in depth - pending..depth {
            let value = frame.stack_base().add(index).read();
            if !value.is_null() {
                release(value);
            }
        }
        Resume { address, frame: frame.as_ptr() }
    }
}
