//! Where generators and coroutines come from that compiled code makes, and where those go that are done: their memory waits for the next one as large,
//! among that of dead instances.

use super::instance_ends::{MAX_DEPTH, drop_reference};
use super::instance_pool::{HEAD, POOL, Pool};
use crate::native::raw::{get, is_exact, retain, set};
use crate::native::{code as compiled, frames};
use pyo3_ffi::{PyObject, PyThreadState};
use std::ptr;
use whipsnake_cpython::CodeKind;
use whipsnake_cpython::layout::{code, exc_stack_item, frame, function, gc_head, generator, object, thread_state};
use whipsnake_cpython::live::{Frame, Function, Generator, ThreadState, Tuple, symbols};
use whipsnake_cpython::opcode;

/// Bytes of a generator for a code object, with the collector's head. It does not say itself how many slots its frame has.
unsafe fn size(executable: *mut PyObject) -> usize {
    // SAFETY: a code object.
    let words = unsafe { get::<i32>(executable, code::FRAMESIZE) } as usize;
    let slots = words - frame::LOCALSPLUS as usize / 8;
    HEAD + (generator::IFRAME + frame::LOCALSPLUS) as usize + 8 * slots
}

/// A generator or coroutine for a function, without a frame yet; NULL, without an exception, if the interpreter is to make it.
///
/// # Safety
/// A function of a generator or coroutine; the GIL is held.
pub(crate) unsafe fn make(thread: ThreadState, made_by: Function) -> *mut PyObject {
    // SAFETY: the caller's; the memory is ours and as large as wanted.
    unsafe {
        let class = match made_by.code().kind() {
            CodeKind::Generator => &raw mut pyo3_ffi::PyGen_Type,
            // Where a coroutine comes from is noted in it if somebody wants to know.
            CodeKind::Coroutine if get::<i32>(thread.as_ptr(), thread_state::COROUTINE_ORIGIN_TRACKING_DEPTH) == 0 => {
                &raw mut pyo3_ffi::PyCoro_Type
            }
            _ => return ptr::null_mut(),
        };
        let pool = POOL.0.get();
        let bytes = size(made_by.code().as_ptr().cast());
        let Some(memory) = (*pool).take(bytes) else { return ptr::null_mut() };
        // The frame comes later.
        let front = HEAD + generator::IFRAME as usize;
        let made = (*pool).start(memory, front, class);
        set(made, generator::NAME, retain(get(made_by.as_ptr(), function::NAME)));
        set(made, generator::QUALNAME, retain(get(made_by.as_ptr(), function::QUALNAME)));
        set(made, generator::FRAME_STATE, generator::FRAME_CLEARED);
        (*pool).track(memory);
        made
    }
}

/// Ends a generator or coroutine without references, if it is done, or a generator that nothing of is run to close it, and has no weak references.
///
/// # Safety
/// The GIL is held; nobody has a reference to it.
pub(super) unsafe fn end(dying: *mut PyObject, depth: u32) -> bool {
    const HANDLED: i32 = generator::EXC_STATE + exc_stack_item::EXC_VALUE;
    // SAFETY: the caller's.
    unsafe {
        let pool = POOL.0.get();
        let others: usize = get::<usize>(dying, generator::WEAKREFLIST)
            | get::<usize>(dying, HANDLED)
            | get::<usize>(dying, generator::ORIGIN_OR_FINALIZER);
        if others != 0 || !(*pool).is_usual() {
            return false;
        }
        let owner = Generator::new_unchecked(dying);
        if owner.state() != generator::FRAME_CLEARED {
            if !is_exact(dying, &raw mut pyo3_ffi::PyGen_Type) || !owner.closes_without_running() {
                return false;
            }
            if !close(owner, depth) {
                return true;
            }
            Pool::untrack(dying.cast::<u8>().sub(HEAD));
            owner.set_state(generator::FRAME_CLEARED);
            drop_reference(get(owner.frame().as_ptr(), frame::FUNCOBJ), depth);
        }
        let executable: *mut PyObject = get(dying, generator::IFRAME + frame::EXECUTABLE);
        let held = [executable, get(dying, generator::NAME), get(dying, generator::QUALNAME)];
        Pool::end_built_in(pool, dying, size(executable), held, depth);
        true
    }
}

/// Closes a generator without references that [`Generator::closes_without_running`]: drops what its frame's slots hold. False if somebody has got hold of it then. The collector
/// knows it meanwhile, so it has a reference, as where the interpreter finalizes it.
unsafe fn close(owner: Generator, depth: u32) -> bool {
    /// `_PyGC_PREV_MASK_FINALIZED`.
    const FINALIZED: usize = 1;
    // SAFETY: the caller's: the generator has the collector's head in front.
    unsafe {
        let (object, closed) = (owner.as_ptr(), owner.frame());
        let head = object.cast::<u8>().sub(HEAD);
        let (slots, used) = (closed.localsplus(), closed.stacktop());
        set(object, object::OB_REFCNT, 1u64);
        owner.set_state(generator::FRAME_COMPLETED);
        closed.set_stacktop(0);
        for index in 0..used as usize {
            let value = slots.add(index).read();
            if !value.is_null() {
                drop_reference(value, depth);
            }
        }
        let count = get::<u64>(object, object::OB_REFCNT) - 1;
        set(object, object::OB_REFCNT, count);
        if count != 0 {
            set(head, gc_head::GC_PREV, get::<usize>(head, gc_head::GC_PREV) | FINALIZED);
        }
        count == 0
    }
}

/// `Helper::NewGenerator`: what a call of `made_by` gives, whose only parameter gets `argument`; NULL with `MemoryError` set. It takes references of its own.
///
/// # Safety
/// Called by machine code: a function whose calls make generators, and which has no cells of its own; the GIL is held.
pub(super) unsafe extern "C" fn new_generator(
    thread: *mut PyThreadState,
    made_by: *mut PyObject,
    argument: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: the caller's: a new generator has room for the frame of its function's code, of which every field is written.
    unsafe {
        let maker = Function::new_unchecked(made_by.cast());
        let mut object = make(ThreadState::new_unchecked(thread), maker);
        if object.is_null() {
            object = symbols::_Py_MakeCoro(maker.as_ptr());
            if object.is_null() {
                return object;
            }
        }
        let owner = Generator::new_unchecked(object);
        let (new, code) = (owner.frame(), maker.code());
        retain(made_by);
        new.initialize(maker, ptr::null_mut(), 1);
        let slots = new.localsplus();
        slots.write(retain(argument));
        if let Some(cells) = Tuple::new(get(made_by, function::CLOSURE)) {
            let first = code.nlocalsplus() as usize - cells.len();
            for index in 0..cells.len() {
                let cell = cells.item(index).expect("it has so many");
                slots.add(first + index).write(retain(cell));
            }
        }
        // Behind the `RETURN_GENERATOR`, which is the first instruction or follows the one that copies the cells.
        let units = code.instructions();
        let copies = opcode::base((*units).op) == opcode::COPY_FREE_VARS;
        new.set_instr_ptr(units.add(1 + usize::from(copies)));
        new.set_previous(ptr::null_mut());
        set(new.as_ptr(), frame::OWNER, frame::OWNED_BY_GENERATOR);
        owner.set_state(generator::FRAME_CREATED);
        object
    }
}

/// What a call of `made_by` with one argument gives, if that is all that such a call does: no frame is made for it. NULL with `MemoryError` set. It takes references of its
/// own.
///
/// # Safety
/// A compiled generator function; the GIL is held.
pub(super) unsafe fn make_at_once(
    thread: ThreadState,
    made_by: Function,
    argument: *mut PyObject,
) -> Option<*mut PyObject> {
    // SAFETY: the caller's; a code object has an instruction after one that copies cells.
    unsafe {
        let code = made_by.code();
        let first = code.instructions();
        let copies = opcode::base((*first).op) == opcode::COPY_FREE_VARS;
        let starts = opcode::base((*first.add(usize::from(copies))).op) == opcode::RETURN_GENERATOR;
        // A call might be one too many.
        let may_call = thread.py_recursion_remaining() > 1;
        let is_simple = compiled::find(code).is_some_and(|compiled| compiled.exact_args == 1);
        (starts && may_call && is_simple).then(|| new_generator(thread.as_ptr(), made_by.as_ptr().cast(), argument))
    }
}

/// `Helper::FinishGenerator`: ends a generator whose frame is not linked.
///
/// # Safety
/// Called by machine code: a generator that does not run, with an empty value stack; the GIL is held.
pub(super) unsafe extern "C" fn finish(thread: *mut PyThreadState, generator: *mut PyObject) {
    const PREVIOUS_ITEM: i32 = generator::EXC_STATE + exc_stack_item::PREVIOUS_ITEM;
    // SAFETY: the caller's.
    unsafe {
        let thread = ThreadState::new_unchecked(thread);
        let owner = Generator::new_unchecked(generator);
        set(generator, PREVIOUS_ITEM, thread.exception_state());
        if !clear_frame(thread, owner.frame()) {
            let below = thread.current_frame().map_or(ptr::null_mut(), Frame::as_ptr);
            owner.link(thread, below);
            frames::unlink_and_pop(thread, owner.frame());
        }
        drop_reference(generator, MAX_DEPTH);
    }
}

/// Clears an unlinked frame of a generator that is done, with an empty value stack; false, and nothing is done, if somebody holds the frame or it
/// has locals in a dict.
///
/// # Safety
/// As said, and the GIL is held.
pub(crate) unsafe fn clear_frame(thread: ThreadState, done: Frame) -> bool {
    const PREVIOUS_ITEM: i32 = generator::EXC_STATE + exc_stack_item::PREVIOUS_ITEM;
    const HANDLED: i32 = generator::EXC_STATE + exc_stack_item::EXC_VALUE;
    // SAFETY: the caller's; what runs while locals go sees a generator that is done.
    unsafe {
        if !done.frame_object().is_null() || !done.locals().is_null() {
            return false;
        }
        let owner = Generator::of_frame(done);
        let locals: i32 = get(done.executable(), code::NLOCALSPLUS);
        owner.set_state(generator::FRAME_CLEARED);
        thread.set_exception_state(get(owner.as_ptr(), PREVIOUS_ITEM));
        set(owner.as_ptr(), PREVIOUS_ITEM, 0usize);
        done.set_stacktop(0);
        thread.set_c_recursion_remaining(thread.c_recursion_remaining() - 1);
        let slots = done.localsplus();
        let drop_or_null = |value: *mut PyObject| {
            if !value.is_null() {
                drop_reference(value, MAX_DEPTH);
            }
        };
        for index in 0..locals as usize {
            drop_or_null(slots.add(index).read());
        }
        drop_or_null(get(done.as_ptr(), frame::FUNCOBJ));
        let handled: *mut PyObject = get(owner.as_ptr(), HANDLED);
        set(owner.as_ptr(), HANDLED, 0usize);
        drop_or_null(handled);
        thread.set_c_recursion_remaining(thread.c_recursion_remaining() + 1);
        done.set_previous(ptr::null_mut());
        true
    }
}
