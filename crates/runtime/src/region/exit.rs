//! Leaving a region: the frame is written as its exit describes, and the baseline tier goes on.

use super::{FAILURES_TO_TELL, Region, dump, frames};
use crate::helpers::build::build_named;
use crate::helpers::exit_numbers;
use crate::helpers::globals;
use crate::helpers::iteration::{iter, new_range_iterator};
use crate::helpers::new_dicts;
use crate::helpers::new_instances;
use crate::helpers::objects::destroy;
use crate::helpers::with::build_method;
use crate::native::code::attached;
use crate::native::frames::{Resume, compiled};
use crate::native::raw::{release, retain};
use crate::native::tools;
use crate::native::trampoline::{stub_error, stub_exit, stub_unreached};
use crate::tier::jit;
use pyo3_ffi::{PyObject, PyThreadState, PyTypeObject};
use smallvec::SmallVec;
use std::ffi::c_int;
use std::ptr;
use whipsnake_bytecode::find_in_table;
use whipsnake_codegen::{Exit, ExitFrame, ExitSlot, Place, Unmade};
use whipsnake_cpython::live::allocator::with_memory_of_c;
use whipsnake_cpython::live::{_PyInterpreterFrame, CodeUnit, Frame, Function, Generator, ThreadState};
use whipsnake_cpython::{layout, opcode};
use whipsnake_ir::{Continuation, Global, Type};

/// Objects that an exit has made: what several variables hold is one object.
#[derive(Default)]
struct Made {
    /// Those of numbers, by where these are in the buffer, and tuples.
    objects: SmallVec<[(Place, *mut PyObject); 4]>,
    /// Those that had nothing in them, each with a reference of ours.
    empty: SmallVec<[*mut PyObject; 4]>,
}

impl Made {
    /// What the exit makes before anything is written to fields.
    unsafe fn of(exit: &Exit, buffer: Buffer<'_>) -> Made {
        let make = |&unmade: &Unmade| {
            // SAFETY: the caller's: a class that makes its instances as `object` does.
            unsafe {
                insist(|| match unmade {
                    Unmade::Instance(class) => new_instances::new_instance(class as *mut PyTypeObject),
                    Unmade::Iterator(sequence) => iter(buffer.raw(sequence) as *mut PyObject),
                    Unmade::Empty(Global::DictType) => new_dicts::new_dict(),
                    Unmade::Empty(Global::RangeIteratorType) => new_range_iterator(),
                    Unmade::Empty(other) => unreachable!("{other:?} is not made by exits"),
                })
            }
        };
        Made { objects: SmallVec::new(), empty: exit.made.iter().map(make).collect() }
    }

    /// Drops our references.
    unsafe fn done(self) {
        for object in self.empty {
            // SAFETY: as above.
            unsafe { release(object) };
        }
    }
}

/// Makes an object of which the program knows nothing, so that there is no way to fail: where the allocators have no memory, C has to have some. Where that fails, too, nothing is taken.
unsafe fn insist(mut make: impl FnMut() -> *mut PyObject) -> *mut PyObject {
    let made = make();
    if !made.is_null() {
        return made;
    }
    // SAFETY: the caller's: the GIL is held, and objects are made that run no code.
    unsafe {
        pyo3_ffi::PyErr_Clear();
        let made = with_memory_of_c(&mut make);
        if made.is_null() {
            pyo3_ffi::Py_FatalError(c"no memory for an object that a region put off".as_ptr());
        }
        made
    }
}

/// Reads what an exit stored.
#[derive(Clone, Copy)]
struct Buffer<'a> {
    words: *const u64,
    exit: &'a Exit,
    /// Whether the region goes on, so that all references that it has stay its own.
    shows: bool,
}

impl Buffer<'_> {
    unsafe fn word(self, index: u16) -> u64 {
        // SAFETY: the exit stored as many words as its description names.
        unsafe { self.words.add(usize::from(index)).read() }
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
                Place::Made(_) => unreachable!("an object that nobody has made is no word"),
                Place::Number(..) => unreachable!("a number that nobody has made is no word"),
                Place::Tuple(_) => unreachable!("a tuple that nobody has made is in a slot only"),
            }
        }
    }

    /// The object that has a field.
    unsafe fn holder(self, place: Place, made: &Made) -> *mut PyObject {
        match place {
            Place::Made(number) => made.empty[usize::from(number)],
            // SAFETY: the caller's.
            place => unsafe { self.raw(place) as *mut PyObject },
        }
    }

    /// Whether what stands in two places is one object.
    unsafe fn is_one(self, known: Place, place: Place) -> bool {
        if known == place {
            return true;
        }
        let (Place::Buffer(a, _), Place::Buffer(b, _)) = (known, place) else { return false };
        // SAFETY: the caller's.
        self.exit.twins.contains(&(a.min(b), a.max(b))) && unsafe { self.word(a) == self.word(b) }
    }

    /// An owned reference to what a slot holds; `owned` says that there is one already.
    unsafe fn object(self, place: Place, owned: bool, made: &mut Made) -> *mut PyObject {
        // SAFETY: the caller's.
        unsafe {
            match place {
                Place::Buffer(_, Type::F64 | Type::I64) | Place::Number(..) | Place::Tuple(_) => {
                    if let Some(&(_, object)) = made.objects.iter().find(|&&(known, _)| self.is_one(known, place)) {
                        retain(object);
                        return object;
                    }
                    let object = match place {
                        Place::Tuple(number) => self.tuple(number, made),
                        Place::Number(value, is_int) => {
                            let number = f64::from_bits(self.word(value));
                            if self.word(is_int) != 0 {
                                exit_numbers::int_for_exit(number as i64)
                            } else {
                                exit_numbers::float_for_exit(number)
                            }
                        }
                        Place::Buffer(index, Type::F64) => {
                            exit_numbers::float_for_exit(f64::from_bits(self.word(index)))
                        }
                        place => exit_numbers::int_for_exit(self.raw(place) as i64),
                    };
                    made.objects.push((place, object));
                    object
                }
                Place::Made(number) => {
                    let number = usize::from(number);
                    let object = retain(made.empty[number]);
                    if let Unmade::Iterator(sequence) = self.exit.made[number]
                        && owned
                        && !self.shows
                    {
                        // The iterator holds it now.
                        release(self.raw(sequence) as *mut PyObject);
                    }
                    object
                }
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

impl Buffer<'_> {
    /// Makes a tuple or a bound method.
    unsafe fn tuple(self, number: u16, made: &mut Made) -> *mut PyObject {
        let described = &self.exit.tuples[usize::from(number)];
        // SAFETY: the caller's; the references move into the tuple.
        unsafe {
            if described.class == Global::MethodType {
                let items = described.items.iter();
                let mut items: Vec<_> =
                    items.map(|item| self.object(item.place, item.owned && !self.shows, made)).collect();
                return insist(|| build_method(items.as_mut_ptr(), items.len() as c_int));
            }
            if described.class == Global::DictType {
                let items = described.items.iter();
                let mut items: Vec<_> =
                    items.map(|item| self.object(item.place, item.owned && !self.shows, made)).collect();
                return insist(|| build_named(items.as_mut_ptr(), items.len() as c_int));
            }
            let tuple = insist(|| pyo3_ffi::PyTuple_New(described.items.len() as isize));
            let items: *mut *mut PyObject = tuple.byte_add(layout::tuple::OB_ITEM as usize).cast();
            for (index, item) in described.items.iter().enumerate() {
                items.add(index).write(self.object(item.place, item.owned && !self.shows, made));
            }
            tuple
        }
    }
}

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
        region.note_exit(Frame::new_unchecked(frame));
        let thread = ThreadState::new_unchecked(thread);
        // Memory that runs out while the exit makes objects must not take the exception's place.
        let raises = exit.to == Continuation::Error;
        let raised = if raises { pyo3_ffi::PyErr_GetRaisedException() } else { ptr::null_mut() };
        let frame = restore(thread, Frame::new_unchecked(frame), exit, Buffer { words: buffer, exit, shows: false });
        if raises {
            pyo3_ffi::PyErr_SetRaisedException(raised);
        }
        let described = exit.frames.last().expect("an exit has a frame");
        let code = frame.code().expect("a frame of Python code");
        frame.set_instr_ptr(code.instructions().add(described.unit as usize));
        match exit.to {
            Continuation::Error => {
                if region.is_new_to_raise(number as usize) {
                    if is_handled(frame, exit) {
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

/// Whether one of the frames that an exit has restored has a handler for what its innermost one raises.
unsafe fn is_handled(frame: Frame, exit: &Exit) -> bool {
    let mut current = Some(frame);
    for described in exit.frames.iter().rev() {
        // SAFETY: the caller's: live frames of code objects, whose tables are `bytes`.
        unsafe {
            let Some(frame) = current else { return false };
            if let Some(code) = frame.code() {
                let table: *mut pyo3_ffi::PyBytesObject = code.exception_table().cast();
                let length = (*table).ob_base.ob_size as usize;
                let bytes = std::slice::from_raw_parts((&raw const (*table).ob_sval).cast::<u8>(), length);
                if find_in_table(bytes, described.unit).is_some() {
                    return true;
                }
            }
            current = frame.previous();
        }
    }
    false
}

/// Writes the frames' slots and the objects' fields; frames of inlined calls are pushed first. Gives the innermost frame.
unsafe fn restore(thread: ThreadState, frame: Frame, exit: &Exit, buffer: Buffer<'_>) -> Frame {
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
        let mut current = frame;
        for (index, described) in exit.frames.iter().enumerate() {
            if let Some(call) = &described.call {
                let function = buffer.raw(call.function) as *mut PyObject;
                let waiting = &exit.frames[index - 1];
                current = match (call.memory, call.generator) {
                    (Some(memory), _) => Frame::new_unchecked(buffer.raw(memory) as *mut _PyInterpreterFrame),
                    (None, Some((generator, back))) => {
                        let generator = Generator::new_unchecked(buffer.raw(generator) as *mut PyObject);
                        frames::link(thread, current, at(waiting), generator, back)
                    }
                    (None, None) => push_above(thread, current, waiting, described, function).unwrap_or_else(|| {
                        pyo3_ffi::Py_FatalError(c"no memory for the frame of an inlined call".as_ptr())
                    }),
                };
                if call.owned && !function.is_null() {
                    release(function);
                }
            }
            for slot in &described.slots {
                let value = buffer.object(slot.place, slot.owned, &mut made);
                current.localsplus().add(slot.slot as usize).write(value);
            }
        }
        made.done();
        current
    }
}

/// The instruction at which a frame waits.
fn at(waiting: &ExitFrame) -> *mut CodeUnit {
    (waiting.first_unit as *mut CodeUnit).wrapping_add(waiting.unit as usize)
}

/// Pushes the frame of an inlined call of `function`, or one that stands in for C code below it, above `caller`.
unsafe fn push_above(
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

/// Destroys an object while the locals that a region has not stored are in the frames.
///
/// # Safety
/// As [`leave_region`]; nobody holds a reference to the object.
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
        let mut shown: SmallVec<[(Frame, Option<frames::Place>); 4]> = SmallVec::new();
        let (mut current, mut made) = (Frame::new_unchecked(frame), Made::of(exit, buffer));
        // The code of others may drop the last reference to a class whose instance is not made.
        let classes = || {
            exit.made.iter().filter_map(|unmade| match *unmade {
                Unmade::Instance(class) => Some(class as *mut PyObject),
                Unmade::Empty(_) | Unmade::Iterator(_) => None,
            })
        };
        for class in classes() {
            retain(class);
        }
        for (index, described) in exit.frames.iter().enumerate() {
            let mut suspended = None;
            if let Some(call) = &described.call {
                let function = buffer.raw(call.function) as *mut PyObject;
                let waiting = &exit.frames[index - 1];
                let frame = match (call.memory, call.generator) {
                    (Some(memory), _) => Frame::new(buffer.raw(memory) as *mut _PyInterpreterFrame),
                    (None, Some((generator, back))) => {
                        let generator = Generator::new_unchecked(buffer.raw(generator) as *mut PyObject);
                        suspended = Some(frames::Place::of(generator.frame()));
                        Some(frames::link(thread, current, at(waiting), generator, back))
                    }
                    (None, None) => push_above(thread, current, waiting, described, function),
                };
                let Some(frame) = frame else { break };
                current = frame;
            }
            // Nobody can look at the stack, where the object may still be.
            for slot in locals(current, described) {
                let value = buffer.object(slot.place, false, &mut made);
                current.localsplus().add(slot.slot as usize).write(value);
            }
            shown.push((current, suspended));
        }
        let innermost = &exit.frames[shown.len() - 1];
        current.set_instr_ptr((innermost.first_unit as *mut CodeUnit).add(innermost.unit as usize));
        let attributes = || exit.fields.iter().filter(|field| field.attribute);
        for field in attributes() {
            let value = buffer.object(field.value, false, &mut made);
            new_instances::put_attribute(buffer.holder(field.object, &made), field.offset, value);
        }
        destroy(object);
        // Those that were made to be shown keep theirs.
        for field in attributes().filter(|field| !matches!(field.object, Place::Made(_))) {
            let value = new_instances::take_attribute(buffer.holder(field.object, &made), field.offset);
            if !value.is_null() {
                release(value);
            }
        }
        for (&(frame, suspended), described) in shown.iter().zip(&exit.frames).rev() {
            if described.call.is_some_and(|call| call.memory.is_none() && call.generator.is_none()) {
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
            if let Some(place) = suspended {
                frames::unlink(thread, frame, place);
            }
        }
        made.done();
        // Nobody else's code runs until the instances are made, or these references are taken again: a class that only they would keep
        // has references to itself, and goes with a collection.
        for class in classes() {
            release(class);
        }
    }
}

/// The locals among the slots that an exit writes.
unsafe fn locals(frame: Frame, described: &ExitFrame) -> impl Iterator<Item = &ExitSlot> {
    let count = frame.code().map_or(0, |code| code.nlocalsplus() as u32);
    described.slots.iter().filter(move |slot| slot.slot < count)
}
