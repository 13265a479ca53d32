//! Tools that Python code behind an operator, a subscript or a conversion switches on.
//!
//! The interpreter sees them at its next instruction, since they change its bytecode. Machine code would see them at its next poll. So a helper that ran
//! Python code compares the version of instrumentation, and where that has changed, says that it failed, without an exception. That
//! brings the operation to where errors are looked after, with its inputs in their slots. There it is completed, and the interpreter goes on with the next
//! instruction. Machine code knows nothing of this.

use crate::native::frames::compiled;
use crate::native::raw::{get, release, release_or_null};
use pyo3_ffi::{Py_False, Py_NewRef, Py_True, PyObject};
use std::ffi::c_int;
use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicU8, Ordering::Relaxed};
use whipsnake_cpython::live::{Code, Frame, ThreadState};
use whipsnake_cpython::{layout, opcode};

/// The opcode of an operation that is done but for its inputs and its result; 0 if there is none. Set and read with the GIL held, with nothing but
/// machine code in between.
static DONE: AtomicU8 = AtomicU8::new(0);

/// Its result, owned; null if it has none, or has put it in place.
static RESULT: AtomicPtr<PyObject> = AtomicPtr::new(ptr::null_mut());

/// The instrumentation before something that may run Python code.
#[derive(Clone, Copy)]
pub(super) struct Before(usize);

impl Before {
    /// What is in force now.
    ///
    /// # Safety
    /// The GIL is held.
    #[inline]
    pub unsafe fn now() -> Before {
        // SAFETY: the caller's.
        Before(unsafe { ThreadState::holder() }.instrumentation_version())
    }

    /// Whether it is not what is in force now.
    ///
    /// # Safety
    /// The GIL is held.
    #[inline]
    pub unsafe fn changed(self) -> bool {
        // SAFETY: the GIL is held.
        self.0 != unsafe { ThreadState::holder() }.instrumentation_version()
    }

    /// The result of the current frame's instruction, or null where that is to be completed elsewhere.
    ///
    /// # Safety
    /// Called at the end of the helper of that instruction, whose opcode is given, by machine code; the GIL is held.
    #[inline]
    pub unsafe fn object(self, op: u8, result: *mut PyObject) -> *mut PyObject {
        // SAFETY: the caller's.
        unsafe {
            if result.is_null() || !self.changed() || !hand_over(op, result) {
                return result;
            }
        }
        ptr::null_mut()
    }

    /// The same for a truth value that the instruction pushes.
    ///
    /// # Safety
    /// As [`Self::object`].
    #[inline]
    pub unsafe fn truth(self, op: u8, truth: c_int) -> c_int {
        // SAFETY: the caller's.
        unsafe {
            if truth < 0
                || !self.changed()
                || !hand_over(op, Py_NewRef(if truth != 0 { Py_True() } else { Py_False() }))
            {
                return truth;
            }
        }
        -1
    }

    /// The same for an instruction without a result.
    ///
    /// # Safety
    /// As [`Self::object`].
    #[inline]
    pub unsafe fn status(self, op: u8, status: c_int) -> c_int {
        // SAFETY: the caller's.
        unsafe {
            if status < 0 || !self.changed() || !hand_over(op, ptr::null_mut()) {
                return status;
            }
        }
        -1
    }
}

/// Keeps a result for [`complete`]. False if the current instruction is another one.
#[cold]
unsafe fn hand_over(op: u8, result: *mut PyObject) -> bool {
    // SAFETY: machine code runs the current frame.
    unsafe {
        let Some(frame) = ThreadState::holder().current_frame() else { return false };
        let found = (*frame.instr_ptr()).op;
        let hidden = matches!(found, opcode::INSTRUMENTED_LINE | opcode::INSTRUMENTED_INSTRUCTION);
        if !hidden && opcode::base(found) != op {
            return false;
        }
    }
    RESULT.store(result, Relaxed);
    DONE.store(op, Relaxed);
    true
}

/// If the instruction at which the frame stands has been done by a helper: drops its inputs, pushes its result, and sets `instr_ptr` to the next one.
///
/// # Safety
/// Where errors of machine code are looked after; the inputs are in their slots.
#[inline]
pub(crate) unsafe fn complete(frame: Frame) -> bool {
    if DONE.load(Relaxed) == 0 {
        return false;
    }
    let (op, result) = (DONE.swap(0, Relaxed), RESULT.swap(ptr::null_mut(), Relaxed));
    // SAFETY: the caller's.
    unsafe { finish(frame, op, result) };
    true
}

#[cold]
unsafe fn finish(frame: Frame, op: u8, mut result: *mut PyObject) {
    // SAFETY: the caller's; the slots of the frame's value stack.
    unsafe {
        let unit = frame.instruction_index();
        let compiled = compiled(frame);
        let before = compiled.depth_at(unit).expect("a depth at an instruction");
        let code = frame.running_code();
        if op == opcode::CONTAINS_OP && (*frame.instr_ptr()).arg & 1 != 0 {
            release(result);
            result = Py_NewRef(if result == Py_True() { Py_False() } else { Py_True() });
        }
        let next = unit + 1 + opcode::CACHES[op as usize] as usize;
        let (count, first) = inputs(op, code.unit(unit).arg);
        let slots = frame.stack_base().add(before - count);
        for index in first..first + count {
            release_or_null(slots.add(index % count).read());
        }
        let (now, then) = (code.unit(unit).op, code.unit(next).op);
        let long = unit > 0 && code.unit(unit - 1).op == opcode::EXTENDED_ARG;
        if !long
            && then == opcode::INSTRUMENTED_LINE
            && now != opcode::INSTRUMENTED_INSTRUCTION
            && put_stand_ins(op, slots, name(code, (*frame.instr_ptr()).arg))
        {
            // A line is reported where the interpreter comes from another one: it repeats the instruction.
            return;
        }
        if !result.is_null() {
            let after = compiled.depth_at(next).expect("a depth after an instruction");
            frame.stack_base().add(after - 1).write(result);
        }
        frame.set_instr_ptr(code.instructions().add(next));
    }
}

/// The name that an instruction with this operand is about; null if there is none.
unsafe fn name(code: Code, arg: u8) -> *mut PyObject {
    // SAFETY: the tuple of names of a live code object.
    unsafe {
        let names: *mut PyObject = get(code.as_ptr(), layout::code::NAMES);
        if (arg as isize) < pyo3_ffi::PyTuple_Size(names) {
            pyo3_ffi::PyTuple_GetItem(names, arg.into())
        } else {
            ptr::null_mut()
        }
    }
}

/// Gives an instruction without a result inputs of ours with which it does nothing that anybody sees. False if it has a result, or that fails.
unsafe fn put_stand_ins(op: u8, slots: *mut *mut PyObject, name: *mut PyObject) -> bool {
    use pyo3_ffi::{
        Py_None, PyDict_New, PyDict_SetItem, PyErr_Clear, PyList_New, PyModule_New, PyObject_SetAttr, PyTuple_New,
    };
    // SAFETY: the GIL is held; as many slots as the instruction has inputs; references are put there.
    unsafe {
        let none = Py_None();
        let (inputs, made): ([*mut PyObject; 4], usize) = match op {
            opcode::STORE_SUBSCR => ([none, PyDict_New(), none, none], 1),
            opcode::DELETE_SUBSCR => {
                let dict = PyDict_New();
                if !dict.is_null() && PyDict_SetItem(dict, none, none) < 0 {
                    release(dict);
                    PyErr_Clear();
                    return false;
                }
                ([dict, none, none, none], 0)
            }
            opcode::STORE_SLICE => ([PyTuple_New(0), PyList_New(0), none, none], 1),
            opcode::STORE_ATTR | opcode::DELETE_ATTR => {
                let module = PyModule_New(c"".as_ptr());
                if !module.is_null() && (name.is_null() || PyObject_SetAttr(module, name, none) < 0) {
                    release(module);
                    PyErr_Clear();
                    return false;
                }
                if op == opcode::STORE_ATTR { ([none, module, none, none], 1) } else { ([module, none, none, none], 0) }
            }
            _ => return false,
        };
        if inputs[made].is_null() {
            PyErr_Clear();
            return false;
        }
        slots.copy_from_nonoverlapping(inputs.as_ptr(), self::inputs(op, 0).0);
    }
    true
}

/// How many inputs are still to be dropped, and with which the interpreter begins.
fn inputs(op: u8, arg: u8) -> (usize, usize) {
    use opcode::{
        BINARY_OP, BINARY_SLICE, BINARY_SUBSCR, CALL, COMPARE_OP, CONTAINS_OP, DELETE_ATTR, DELETE_SUBSCR, DICT_MERGE,
        DICT_UPDATE, FORMAT_SIMPLE, FORMAT_WITH_SPEC, LIST_EXTEND, MATCH_CLASS, SET_UPDATE, STORE_ATTR, STORE_SLICE,
        STORE_SUBSCR, TO_BOOL, UNARY_INVERT, UNARY_NEGATIVE,
    };
    match op {
        UNARY_NEGATIVE | UNARY_INVERT | TO_BOOL | FORMAT_SIMPLE | DELETE_ATTR | LIST_EXTEND | SET_UPDATE
        | DICT_UPDATE | DICT_MERGE => (1, 0),
        BINARY_OP | BINARY_SUBSCR | COMPARE_OP | CONTAINS_OP | DELETE_SUBSCR | STORE_ATTR | FORMAT_WITH_SPEC => (2, 0),
        CALL => (arg as usize + 2, 0),
        BINARY_SLICE => (3, 1),
        STORE_SUBSCR | MATCH_CLASS => (3, 0),
        STORE_SLICE => (4, 2),
        // The helper has taken them.
        _ => (0, 0),
    }
}
