//! Destroying an object while others may look at the frames: what a region has in registers is shown in them until the object is gone.

use super::exit::{at, push_above};
use super::exit_objects::{Buffer, Made};
use super::recursion::{Below, Chain};
use super::{Region, frames};
use crate::helpers::new_instances;
use crate::helpers::objects::destroy;
use crate::native::raw::{get, release, retain};
use pyo3_ffi::{PyObject, PyThreadState};
use smallvec::SmallVec;
use std::ops::ControlFlow;
use std::ptr;
use whipsnake_codegen::{Exit, ExitField, ExitFrame, ExitSlot, Place, Unmade};
use whipsnake_cpython::layout::frame as layout;
use whipsnake_cpython::live::{_PyInterpreterFrame, Frame, Generator, ThreadState};

/// What of an exit's frames is shown.
struct Shown<'a> {
    exit: &'a Exit,
    buffer: Buffer<'a>,
    made: Made,
    /// The frames that are there, the innermost last, and what is done with them afterwards.
    frames: SmallVec<[(Frame, Then); 4]>,
}

/// What is done with a frame that was shown.
#[derive(Clone, Copy)]
enum Then {
    /// It stays, without what was written to it.
    Stays,
    /// It is popped.
    Popped,
    /// It is a generator's, which is suspended there.
    Suspended(frames::Place),
}

/// Destroys an object while the locals that a region has not stored are in the frames.
///
/// # Safety
/// As [`super::leave_region`]; nobody holds a reference to the object.
pub(super) unsafe extern "C" fn destroy_shown(
    object: *mut PyObject,
    number: i32,
    buffer: *const u64,
    region: *const Region,
    frame: *mut _PyInterpreterFrame,
    thread: *mut PyThreadState,
) {
    // SAFETY: the caller's. What is written is taken out again, with references of its own: the region goes on with its values.
    unsafe {
        let region = &*region;
        let exit = &region.exits[number as usize];
        let thread = ThreadState::new_unchecked(thread);
        let buffer = Buffer { words: buffer, exit, shows: true };
        let mut shown: SmallVec<[Shown<'_>; 1]> = SmallVec::new();
        let mut show_next = |below: &mut Below<'_>, exit, buffer| {
            let (next, is_whole) = show(thread, *below, exit, buffer);
            if let Some(&(frame, _)) = next.frames.last() {
                *below = Below::Caller(frame, &next.exit.frames[next.frames.len() - 1]);
            }
            shown.push(next);
            if is_whole { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        };
        let mut below;
        if exit.is_of_body {
            let chain = Chain::of(frame.cast());
            below = chain.lowest();
            let calls = chain.each(region, true, |exit, buffer| show_next(&mut below, exit, buffer));
            if calls.is_continue() {
                _ = show_next(&mut below, exit, buffer);
            }
        } else {
            below = Below::Own(Frame::new_unchecked(frame));
            _ = show_next(&mut below, exit, buffer);
        }
        match below {
            Below::Caller(innermost, described) => {
                innermost.set_instr_ptr(at(described));
                destroy(object);
            }
            // The first call of a recursive body returns: its frame is there, and gone for whoever looks.
            Below::Own(own) => {
                thread.set_current_frame(get(own.as_ptr(), layout::PREVIOUS));
                destroy(object);
                thread.set_current_frame(own.as_ptr());
            }
        }
        for shown in shown.into_iter().rev() {
            hide(thread, shown);
        }
    }
}

/// Shows what an exit describes, above what is below it. Gives also whether there was memory for all of it.
unsafe fn show<'a>(thread: ThreadState, below: Below<'_>, exit: &'a Exit, buffer: Buffer<'a>) -> (Shown<'a>, bool) {
    // SAFETY: the caller's.
    unsafe {
        let mut shown = Shown { exit, buffer, made: Made::of(exit, buffer), frames: SmallVec::new() };
        // The code of others may drop the last reference to a class whose instance is not made.
        for class in classes(exit) {
            retain(class);
        }
        let (mut below, mut is_whole) = (below, true);
        for described in &exit.frames {
            let mut then = Then::Stays;
            let frame = match (below, &described.call) {
                (Below::Caller(caller, waiting), Some(call)) => match (call.memory, call.generator) {
                    (Some(memory), _) => Frame::new(buffer.raw(memory) as *mut _PyInterpreterFrame),
                    (None, Some((generator, back))) => {
                        let generator = Generator::new_unchecked(buffer.raw(generator) as *mut PyObject);
                        then = Then::Suspended(frames::Place::of(generator.frame()));
                        Some(frames::link(thread, caller, at(waiting), generator, back))
                    }
                    (None, None) => {
                        then = Then::Popped;
                        let function = buffer.raw(call.function) as *mut PyObject;
                        push_above(thread, caller, waiting, described, function)
                    }
                },
                (Below::Own(frame) | Below::Caller(frame, _), _) => Some(frame),
            };
            let Some(frame) = frame else {
                is_whole = false;
                break;
            };
            // Nobody can look at the stack, where the object may still be.
            for slot in locals(frame, described) {
                let value = buffer.object(slot.place, false, &mut shown.made);
                frame.localsplus().add(slot.slot as usize).write(value);
            }
            shown.frames.push((frame, then));
            below = Below::Caller(frame, described);
        }
        for field in attributes(exit) {
            let value = buffer.object(field.value, false, &mut shown.made);
            new_instances::put_attribute(buffer.holder(field.object, &shown.made), field.offset, value);
        }
        (shown, is_whole)
    }
}

/// Takes out again what was shown.
unsafe fn hide(thread: ThreadState, shown: Shown<'_>) {
    let Shown { exit, buffer, made, frames: shown } = shown;
    // SAFETY: the caller's.
    unsafe {
        // Those that were made to be shown keep theirs.
        for field in attributes(exit).filter(|field| !matches!(field.object, Place::Made(_))) {
            let value = new_instances::take_attribute(buffer.holder(field.object, &made), field.offset);
            if !value.is_null() {
                release(value);
            }
        }
        for (&(frame, then), described) in shown.iter().zip(&exit.frames).rev() {
            if matches!(then, Then::Popped) {
                frames::pop_filled(thread, frame);
                continue;
            }
            for slot in locals(frame, described) {
                let at = frame.localsplus().add(slot.slot as usize);
                let value = at.replace(ptr::null_mut());
                if !value.is_null() {
                    release(value);
                }
            }
            if let Then::Suspended(place) = then {
                frames::unlink(thread, frame, place);
            }
        }
        made.done();
        // Nobody else's code runs until the instances are made, or these references are taken again: a class that only they would keep
        // has references to itself, and goes with a collection.
        for class in classes(exit) {
            release(class);
        }
    }
}

/// The classes of instances that an exit makes.
fn classes(exit: &Exit) -> impl Iterator<Item = *mut PyObject> {
    exit.made.iter().filter_map(|unmade| match *unmade {
        Unmade::Instance(class) => Some(class as *mut PyObject),
        Unmade::Empty(_) | Unmade::Iterator(_) => None,
    })
}

/// The attributes of instances that an exit writes.
fn attributes(exit: &Exit) -> impl Iterator<Item = &ExitField> {
    exit.fields.iter().filter(|field| field.attribute)
}

/// The locals among the slots that an exit writes.
unsafe fn locals(frame: Frame, described: &ExitFrame) -> impl Iterator<Item = &ExitSlot> {
    let count = frame.code().map_or(0, |code| code.nlocalsplus() as u32);
    described.slots.iter().filter(move |slot| slot.slot < count)
}
