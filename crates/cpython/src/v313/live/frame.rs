//! Frames.

use std::ffi::{c_char, c_int};

use pyo3_ffi::{Py_IS_TYPE, PyCode_Type, PyObject};

use super::handle::handle;
use super::{Code, CodeUnit, Function};
use crate::layout::frame;

pub use pyo3_ffi::_PyInterpreterFrame;

handle! {
    /// An interpreter frame: `_PyInterpreterFrame`.
    ///
    /// `stacktop` counts the slots in use from the start of the locals; it is -1 while code runs on the frame, and then
    /// the accessors that need it must not be used.
    Frame, _PyInterpreterFrame
}

impl Frame {
    /// What the frame runs: a code object, or `None` for the frame at the bottom of a C call.
    pub fn executable(self) -> *mut PyObject {
        self.get(frame::EXECUTABLE)
    }

    /// The code object, of a frame that has one.
    ///
    /// # Safety
    /// The frame runs Python code.
    #[inline]
    pub unsafe fn running_code(self) -> Code {
        // SAFETY: the caller's.
        unsafe { Code::new_unchecked(self.executable().cast()) }
    }

    /// The code object, if the frame has one.
    pub fn code(self) -> Option<Code> {
        let executable = self.executable();
        // SAFETY: the executable is a live object; the type is checked before the handle is made.
        unsafe {
            if executable.is_null() || Py_IS_TYPE(executable, &raw mut PyCode_Type) == 0 {
                return None;
            }
            Code::new(executable.cast())
        }
    }

    /// The frame below.
    pub fn previous(self) -> Option<Frame> {
        // SAFETY: frames below a live frame are alive.
        unsafe { Frame::new(self.get(frame::PREVIOUS)) }
    }

    /// Sets the frame below.
    ///
    /// # Safety
    /// `previous` is null or outlives this frame on the thread's stack.
    pub unsafe fn set_previous(self, previous: *mut _PyInterpreterFrame) {
        // SAFETY: passed on to the caller.
        unsafe { self.set(frame::PREVIOUS, previous) }
    }

    /// The function (for the module's frame too), owned by the frame.
    pub fn function(self) -> Function {
        // SAFETY: frames that run code have a function.
        unsafe { Function::new_unchecked(self.get(frame::FUNCOBJ)) }
    }

    /// `globals()`, borrowed.
    pub fn globals(self) -> *mut PyObject {
        self.get(frame::GLOBALS)
    }

    /// The builtins, borrowed.
    pub fn builtins(self) -> *mut PyObject {
        self.get(frame::BUILTINS)
    }

    /// The mapping of names of a class body or module; null in functions.
    pub fn locals(self) -> *mut PyObject {
        self.get(frame::LOCALS)
    }

    /// The frame object Python code sees; null until it is asked for.
    pub fn frame_object(self) -> *mut pyo3_ffi::PyFrameObject {
        self.get(frame::FRAME_OBJ)
    }

    /// The instruction that runs, or is about to.
    pub fn instr_ptr(self) -> *mut CodeUnit {
        self.get(frame::INSTR_PTR)
    }

    /// Sets the instruction.
    ///
    /// # Safety
    /// `instruction` is in the bytecode of [`code`](Self::code), at the start of an instruction.
    pub unsafe fn set_instr_ptr(self, instruction: *mut CodeUnit) {
        // SAFETY: passed on to the caller.
        unsafe { self.set(frame::INSTR_PTR, instruction) }
    }

    /// The instruction as an index in code units. The frame must run a code object.
    pub fn instruction_index(self) -> usize {
        // SAFETY: a frame whose instruction is asked for runs code.
        let code = unsafe { Code::new_unchecked(self.get(frame::EXECUTABLE)) };
        (self.instr_ptr() as usize - code.instructions() as usize) / size_of::<CodeUnit>()
    }

    /// Slots in use, counted from the first local; -1 while the frame runs.
    pub fn stacktop(self) -> c_int {
        self.get(frame::STACKTOP)
    }

    /// Sets the number of slots in use.
    ///
    /// # Safety
    /// That many slots hold references (or null where CPython allows it), or -1 and the frame runs.
    pub unsafe fn set_stacktop(self, slots: c_int) {
        // SAFETY: passed on to the caller.
        unsafe { self.set(frame::STACKTOP, slots) }
    }

    /// Where the caller goes on after a call, in code units from its instruction.
    pub fn return_offset(self) -> u16 {
        self.get(frame::RETURN_OFFSET)
    }

    /// Sets where this frame goes on when a call returns.
    ///
    /// # Safety
    /// The instruction it names exists.
    pub unsafe fn set_return_offset(self, units: u16) {
        // SAFETY: passed on to the caller.
        unsafe { self.set(frame::RETURN_OFFSET, units) }
    }

    /// Who owns the frame's memory: one of `layout::frame::OWNED_BY_…`.
    pub fn owner(self) -> u8 {
        self.get::<c_char>(frame::OWNER) as u8
    }

    /// The first slot: locals, cells and free variables, then the value stack.
    pub fn localsplus(self) -> *mut *mut PyObject {
        self.field(frame::LOCALSPLUS)
    }

    /// The first slot of the value stack.
    pub fn stack_base(self) -> *mut *mut PyObject {
        // SAFETY: frames with a value stack run code.
        let code = unsafe { Code::new_unchecked(self.get(frame::EXECUTABLE)) };
        self.localsplus().wrapping_add(code.nlocalsplus() as usize)
    }

    /// Pushes a value, taking the reference.
    ///
    /// # Safety
    /// `stacktop` is valid and the stack has room.
    pub unsafe fn push(self, value: *mut PyObject) {
        let top = self.stacktop();
        // SAFETY: the caller promises a free slot at `top`.
        unsafe {
            self.localsplus().add(top as usize).write(value);
            self.set_stacktop(top + 1);
        }
    }

    /// Pops a value and hands its reference out.
    ///
    /// # Safety
    /// `stacktop` is valid and the stack is not empty.
    pub unsafe fn pop(self) -> *mut PyObject {
        let top = self.stacktop() - 1;
        // SAFETY: the caller promises a used slot below the top.
        unsafe {
            self.set_stacktop(top);
            self.localsplus().add(top as usize).read()
        }
    }

    /// Whether Python code must not see the frame: it has not come to its first traceable instruction.
    pub fn is_incomplete(self) -> bool {
        if self.owner() == frame::OWNED_BY_CSTACK {
            return true;
        }
        // SAFETY: frames not owned by a C call run code.
        let code = unsafe { Code::new_unchecked(self.get(frame::EXECUTABLE)) };
        self.owner() != frame::OWNED_BY_GENERATOR
            && (self.instr_ptr() as usize)
                < code.instructions() as usize + code.first_traceable() as usize * size_of::<CodeUnit>()
    }

    /// Fills in a new frame for `function`, as the interpreter's own calls do: nothing on the stack, the first
    /// instruction next, locals from `first_null` on null. Not linked yet: `previous` is the caller's business.
    ///
    /// Takes the reference to `function` (and to `locals`, which may be null).
    ///
    /// # Safety
    /// The frame's memory is at least `framesize` words of the thread's data stack.
    pub unsafe fn initialize(self, function: Function, locals: *mut PyObject, first_null: usize) {
        let code = function.code();
        // SAFETY: the memory is ours to fill; each field is written once, with the type it has.
        unsafe {
            pyo3_ffi::Py_INCREF(code.as_ptr().cast());
            self.set(frame::EXECUTABLE, code.as_ptr());
            self.set(frame::FUNCOBJ, function.as_ptr());
            self.set(frame::GLOBALS, function.globals());
            self.set(frame::BUILTINS, function.builtins());
            self.set(frame::LOCALS, locals);
            self.set(frame::FRAME_OBJ, std::ptr::null_mut::<PyObject>());
            self.set(frame::INSTR_PTR, code.instructions());
            self.set(frame::STACKTOP, code.nlocalsplus());
            self.set(frame::RETURN_OFFSET, 0u16);
            self.set(frame::OWNER, frame::OWNED_BY_THREAD);
            for slot in first_null..code.nlocalsplus() as usize {
                self.localsplus().add(slot).write(std::ptr::null_mut());
            }
        }
    }
}
