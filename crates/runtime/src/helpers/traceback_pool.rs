//! Entries of tracebacks, and the frame objects that go with them: made where an exception leaves compiled code, and ended with it. Their memory waits for the next
//! ones among that of dead instances.
//!
//! The interpreter makes each of the two by a call of the collector's allocator, takes the exception out of the thread and puts it back for both, and moves a
//! frame that ends into its object by a function that does all of this again for the caller's.

use super::instance_ends::{MAX_DEPTH, drop_reference};
use super::instance_pool::{HEAD, POOL, Pool};
use crate::native::raw::{get, retain, set};
use pyo3_ffi::PyObject;
use std::ptr;
use whipsnake_cpython::layout::{code, exception, frame, frame_object, gc_head, object, traceback};
use whipsnake_cpython::live::{CodeUnit, Frame, ThreadState};

/// Bytes of an entry with the collector's head.
const ENTRY: usize = HEAD + traceback::SIZEOF as usize;

/// Bytes of a frame object with the collector's head, up to the frame that it may own.
const FRONT: usize = HEAD + frame_object::F_FRAME_DATA as usize;

/// So many entries are ended one after the other; what is behind them is left to the interpreter.
const MOST_ENTRIES: usize = 16;

/// Adds the current frame to the traceback of the exception that is set. False, and nothing has changed, if the interpreter is to do that.
///
/// # Safety
/// The GIL is held; a complete frame of compiled code; an exception is set.
pub(crate) unsafe fn add_entry(thread: ThreadState, current: Frame) -> bool {
    // SAFETY: the caller's; the memory is ours and as large as an entry.
    unsafe {
        let pool = POOL.0.get();
        let Some(seen) = object_of(current) else { return false };
        let Some(memory) = (*pool).take(ENTRY) else { return false };
        let raised = thread.current_exception();
        let entry = (*pool).start(memory, ENTRY, &raw mut pyo3_ffi::PyTraceBack_Type);
        set(entry, traceback::TB_NEXT, get::<*mut PyObject>(raised, exception::TRACEBACK));
        set(entry, traceback::TB_FRAME, retain(seen));
        set(entry, traceback::TB_LASTI, (current.instruction_index() * size_of::<CodeUnit>()) as i32);
        // The line is looked up when somebody asks.
        set(entry, traceback::TB_LINENO, -1i32);
        (*pool).track(memory);
        set(raised, exception::TRACEBACK, entry);
        true
    }
}

/// Bytes of the frame object of a code object's frames.
unsafe fn size(executable: *mut PyObject) -> usize {
    // SAFETY: a code object.
    let words = unsafe { get::<i32>(executable, code::FRAMESIZE) } - frame::SPECIALS_SIZE;
    FRONT + frame::LOCALSPLUS as usize + 8 * words as usize
}

/// What Python code sees of a frame, borrowed; it is made if nobody has asked for it yet. `None` if the interpreter is to make it.
unsafe fn object_of(seen: Frame) -> Option<*mut PyObject> {
    // SAFETY: a live, complete frame; the memory is ours and as large as wanted. What the object may own comes later.
    unsafe {
        let known: *mut PyObject = seen.frame_object().cast();
        if !known.is_null() {
            return Some(known);
        }
        let pool = POOL.0.get();
        let memory = (*pool).take(size(seen.executable()))?;
        let made = (*pool).start(memory, FRONT, &raw mut pyo3_ffi::PyFrame_Type);
        set(made, frame_object::F_FRAME, seen.as_ptr());
        set(made, frame_object::F_TRACE_LINES, 1u8);
        set(seen.as_ptr(), frame::FRAME_OBJ, made);
        Some(made)
    }
}

/// What became of a frame that ended and had an object.
pub(crate) enum Left {
    /// Somebody has the object, which has what was in the frame now, with the frame's references to its function and code.
    Taken,
    /// Nobody had it; the frame is as it was, without it.
    Alone,
    /// The interpreter is to see to it; nothing was done.
    Unknown,
}

/// Takes the object from an unlinked frame with an empty value stack, as the interpreter does before it clears a frame.
///
/// # Safety
/// The GIL is held; the thread owns the frame, which has an object, no mapping of locals, and so many locals.
pub(crate) unsafe fn leave(ended: Frame, locals: i32) -> Left {
    // SAFETY: the caller's. A frame object has room for the frame of its code.
    unsafe {
        let pool = POOL.0.get();
        if !(*pool).is_usual() || ended.is_incomplete() {
            return Left::Unknown;
        }
        let own: *mut PyObject = ended.frame_object().cast();
        let references: u64 = get(own, object::OB_REFCNT);
        if references == 1 {
            set(ended.as_ptr(), frame::FRAME_OBJ, ptr::null_mut::<PyObject>());
            Pool::end_built_in(pool, own, size(ended.executable()), others(own), MAX_DEPTH);
            return Left::Alone;
        }
        let mut below = ended.previous();
        while let Some(caller) = below.filter(|caller| caller.is_incomplete()) {
            below = caller.previous();
        }
        let back = match below {
            Some(caller) => match object_of(caller) {
                Some(back) => retain(back),
                None => return Left::Unknown,
            },
            None => ptr::null_mut(),
        };
        let data = own.cast::<u8>().add(frame_object::F_FRAME_DATA as usize);
        let words = frame::LOCALSPLUS as usize / 8 + locals as usize;
        ptr::copy_nonoverlapping(ended.as_ptr().cast::<u64>(), data.cast::<u64>(), words);
        set(data, frame::FRAME_OBJ, ptr::null_mut::<PyObject>());
        set(data, frame::PREVIOUS, ptr::null_mut::<u8>());
        set(data, frame::STACKTOP, locals);
        set(data, frame::OWNER, frame::OWNED_BY_FRAME_OBJECT);
        set(own, frame_object::F_FRAME, data);
        set(own, frame_object::F_BACK, back);
        let head = own.cast::<u8>().sub(HEAD);
        if get::<usize>(head, gc_head::GC_NEXT) == 0 {
            (*pool).track(head);
        }
        // Somebody else has it: this is not the last reference.
        set(own, object::OB_REFCNT, references - 1);
        Left::Taken
    }
}

/// What a frame object holds besides a frame, in the order in which it is dropped.
unsafe fn others(seen: *mut PyObject) -> [*mut PyObject; 4] {
    use frame_object::{F_BACK, F_EXTRA_LOCALS, F_LOCALS_CACHE, F_TRACE};
    // SAFETY: the caller's: a frame object.
    [F_BACK, F_TRACE, F_EXTRA_LOCALS, F_LOCALS_CACHE].map(|field| unsafe { get(seen, field) })
}

/// Ends a frame object without references that owns its frame.
///
/// # Safety
/// The GIL is held; nobody has a reference to the object, which is exactly a frame.
pub(super) unsafe fn end_frame(dying: *mut PyObject, depth: u32) -> bool {
    // SAFETY: the caller's; whoever the end of what it holds runs can't reach it.
    unsafe {
        let pool = POOL.0.get();
        let data = dying.cast::<u8>().add(frame_object::F_FRAME_DATA as usize);
        // Another frame may be gone.
        let owns = get::<*mut u8>(dying, frame_object::F_FRAME) == data
            && get::<u8>(data, frame::OWNER) == frame::OWNED_BY_FRAME_OBJECT;
        if !owns || !(*pool).is_usual() {
            return false;
        }
        let executable: *mut PyObject = get(data, frame::EXECUTABLE);
        let slots = data.add(frame::LOCALSPLUS as usize).cast::<*mut PyObject>();
        let count = get::<i32>(data, frame::STACKTOP) as usize;
        let held = [get(data, frame::FUNCOBJ), get(data, frame::LOCALS)]
            .into_iter()
            .chain((0..count).map(|index| slots.add(index).read()))
            .chain(others(dying));
        Pool::end_built_in(pool, dying, size(executable), held, depth);
        drop_reference(executable, depth);
        true
    }
}

/// Ends an entry of a traceback without references, and those behind it that nobody else has: the innermost first, with its frame.
///
/// # Safety
/// The GIL is held; nobody has a reference to the object, which is exactly an entry.
pub(super) unsafe fn end_entry(dying: *mut PyObject, depth: u32) -> bool {
    // SAFETY: the caller's; whoever the end of a frame runs can't reach the entries.
    unsafe {
        let pool = POOL.0.get();
        if !(*pool).is_usual() {
            return false;
        }
        let (mut entries, mut count) = ([dying; MOST_ENTRIES], 1);
        let mut next: *mut PyObject = get(dying, traceback::TB_NEXT);
        while count < MOST_ENTRIES && !next.is_null() && get::<u64>(next, object::OB_REFCNT) == 1 {
            entries[count] = next;
            count += 1;
            next = get(next, traceback::TB_NEXT);
        }
        entries[..count].iter().for_each(|entry| Pool::untrack(entry.cast::<u8>().sub(HEAD)));
        if !next.is_null() {
            drop_reference(next, 0);
        }
        for &entry in entries[..count].iter().rev() {
            drop_reference(get(entry, traceback::TB_FRAME), depth);
            (*pool).finish(entry.cast::<u8>().sub(HEAD), ENTRY);
        }
        true
    }
}
