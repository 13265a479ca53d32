//! Leaving a region: the frame is written as its exit describes, and the baseline tier goes on.

use super::{Region, dump};
use crate::helpers::globals;
use crate::helpers::objects;
use crate::native::frames::{Resume, compiled};
use crate::native::raw::{release, retain};
use crate::native::trampoline::{stub_error, stub_exit};
use pyo3_ffi::{PyObject, PyThreadState};
use std::ptr;
use whipsnake_codegen::{Exit, ExitFrame, Place};
use whipsnake_cpython::live::{_PyInterpreterFrame, Frame};
use whipsnake_cpython::opcode;
use whipsnake_ir::{Continuation, Type};

/// Reads what an exit stored.
#[derive(Clone, Copy)]
struct Buffer(*const u64);

impl Buffer {
    unsafe fn word(self, index: u16) -> u64 {
        // SAFETY: the exit stored as many words as its description names.
        unsafe { self.0.add(usize::from(index)).read() }
    }

    /// A word as it is.
    unsafe fn raw(self, place: Place) -> u64 {
        // SAFETY: the caller's.
        unsafe {
            match place {
                Place::Null => 0,
                Place::Address(address) => address,
                Place::Global(global) => globals::address(global) as u64,
                Place::Buffer(index, _) => self.word(index),
            }
        }
    }

    /// An owned reference to what a slot holds; `owned` says that there is one already.
    unsafe fn object(self, place: Place, owned: bool) -> *mut PyObject {
        // SAFETY: the caller's.
        unsafe {
            match place {
                Place::Buffer(index, Type::F64) => objects::new_float(f64::from_bits(self.word(index))),
                Place::Buffer(index, Type::I64) => objects::new_int(self.word(index) as i64),
                place => {
                    let object = self.raw(place) as *mut PyObject;
                    if !owned && !object.is_null() {
                        retain(object);
                    }
                    object
                }
            }
        }
    }
}

/// `Helper::LeaveRegion`.
///
/// # Safety
/// Called by a region's machine code, with the number of one of its exits and what that stored.
pub unsafe extern "C" fn leave_region(
    _thread: *mut PyThreadState,
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
        let frame = Frame::new_unchecked(frame);
        if dump::is_on() {
            let unit = exit.frames.last().map_or(0, |frame| frame.unit);
            dump::write("exit", format_args!("{number}, {:?}, at {unit}", exit.to));
        }
        restore(frame, exit, Buffer(buffer));
        let described = exit.frames.last().expect("an exit has a frame");
        let code = frame.code().expect("a frame of Python code");
        frame.set_instr_ptr(code.instructions().add(described.unit as usize));
        match exit.to {
            Continuation::Error => return Resume { address: stub_error as *const u8, frame: frame.as_ptr() },
            Continuation::Miss => {
                let base = opcode::base(code.unit(described.unit as usize).op);
                if base != opcode::JUMP_BACKWARD {
                    let taken = &region.taken[number as usize];
                    taken.set(taken.get() + 1);
                }
            }
            _ => {}
        }
        resume(frame, described)
    }
}

/// Writes the frame's slots and the objects' fields.
unsafe fn restore(frame: Frame, exit: &Exit, buffer: Buffer) {
    // SAFETY: the caller's.
    unsafe {
        for field in &exit.fields {
            let object = buffer.raw(field.object) as *mut u8;
            object.offset(field.offset as isize).cast::<u64>().write(buffer.raw(field.value));
        }
        let described = exit.frames.last().expect("an exit has a frame");
        // Borrowed values are read before owned ones are written over.
        for slot in &described.slots {
            let value = buffer.object(slot.place, slot.owned);
            frame.localsplus().add(slot.slot as usize).write(value);
        }
    }
}

/// Goes on in the baseline tier at the instruction, or at the pushes in front of it that it does along; else in the interpreter.
unsafe fn resume(frame: Frame, described: &ExitFrame) -> Resume {
    // SAFETY: the caller's: everything is in memory.
    unsafe {
        let code = frame.code().expect("a frame of Python code");
        let machine = compiled(frame);
        let mut unit = described.unit as usize;
        let interpreter = Resume { address: stub_exit as *const u8, frame: frame.as_ptr() };
        loop {
            if let Some(address) = machine.entry_at(unit) {
                let depth = machine.depth_at(unit).expect("an entry is an instruction");
                for index in depth..described.depth as usize {
                    let value = frame.stack_base().add(index).read();
                    if !value.is_null() {
                        release(value);
                    }
                }
                frame.set_instr_ptr(code.instructions().add(unit));
                return Resume { address, frame: frame.as_ptr() };
            }
            // Back to the instruction before.
            loop {
                if unit == 0 {
                    return interpreter;
                }
                unit -= 1;
                if machine.depth_at(unit).is_some() {
                    break;
                }
            }
            let pushes = matches!(
                opcode::base(code.unit(unit).op),
                opcode::LOAD_FAST
                    | opcode::LOAD_CONST
                    | opcode::LOAD_FAST_LOAD_FAST
                    | opcode::NOP
                    | opcode::EXTENDED_ARG
            );
            if !pushes {
                return interpreter;
            }
        }
    }
}

/// `Helper::DestroyInRegion`.
///
/// # Safety
/// As [`leave_region`]; nobody holds a reference to the object.
pub unsafe extern "C" fn destroy_in_region(
    _thread: *mut PyThreadState,
    frame: *mut _PyInterpreterFrame,
    region: *const Region,
    number: i32,
    buffer: *const u64,
    object: *mut PyObject,
) {
    // SAFETY: the caller's. What is written is taken out again, with references of its own: the region goes on with its values.
    unsafe {
        let region = &*region;
        let exit = &region.exits[number as usize];
        let frame = Frame::new_unchecked(frame);
        let described = exit.frames.last().expect("an exit has a frame");
        let code = frame.code().expect("a frame of Python code");
        frame.set_instr_ptr(code.instructions().add(described.unit as usize));
        let buffer = Buffer(buffer);
        // Nobody can look at the stack, where the object may still be.
        let locals = || described.slots.iter().filter(|slot| (slot.slot as i32) < code.nlocalsplus());
        for slot in locals() {
            let value = buffer.object(slot.place, false);
            frame.localsplus().add(slot.slot as usize).write(value);
        }
        whipsnake_cpython::live::symbols::_Py_Dealloc(object);
        for slot in locals() {
            let at = frame.localsplus().add(slot.slot as usize);
            let value = at.replace(ptr::null_mut());
            if !value.is_null() {
                release(value);
            }
        }
    }
}
