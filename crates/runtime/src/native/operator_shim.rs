//! The frame below a method that a region has inlined for an operator, a store of an item or a test for being contained, while that is finished outside of
//! the region.
//!
//! The interpreter calls such methods from C, which looks at what they return. A frame below the method stands in for that: nobody sees it, and the
//! method returns to it. The operands are still on the stack of the frame that waits, whose instruction ends here.

use super::exit_reason::ExitReason;
use super::frames::{Resume, compiled, unlink_and_pop};
use super::raw::release_or_null;
use super::{exit, shim, tools, unwind};
use pyo3_ffi::{PyObject, PyThreadState, PyTypeObject};
use std::ffi::CStr;
use std::ptr;
use whipsnake_cpython::layout::object;
use whipsnake_cpython::live::{_PyInterpreterFrame, CodeUnit, Frame, ThreadState};
use whipsnake_cpython::opcode;
use whipsnake_ir::abi::Activation;

/// How error messages name the operators, by their number in bytecode.
const OPERATORS: [&CStr; 13] =
    [c"+", c"&", c"//", c"<<", c"@", c"*", c"%", c"|", c"** or pow()", c">>", c"-", c"/", c"^"];

/// Whether an instruction with this base opcode calls such methods, rather than functions.
pub fn calls_from_c(base: u8) -> bool {
    matches!(base, opcode::BINARY_OP | opcode::STORE_SUBSCR | opcode::CONTAINS_OP)
}

/// `stub_operator_return`: the method of an operator returned `value` to such a frame.
///
/// # Safety
/// Called by the stub only.
pub(super) unsafe extern "C" fn operator_return(
    thread: *mut PyThreadState,
    frame: *mut _PyInterpreterFrame,
    activation: *mut Activation,
    value: *mut PyObject,
) -> Resume {
    // SAFETY: the stub passes the live thread state, the current frame and its activation; operands are on the stack of the frame that waits.
    unsafe {
        let state = ThreadState::new_unchecked(thread);
        end_instruction(state, Frame::new_unchecked(frame), activation, |instruction, operands| {
            finish(instruction, value, operands)
        })
    }
}

/// Pops the frame `below` what an instruction has called, and ends that instruction: `finish` is given the instruction and its operands, which are
/// dropped then, and gives the result; `None` with an exception set.
///
/// # Safety
/// `below` is the current frame, which stands in for C code, without references in its slots; the GIL is held.
pub(super) unsafe fn end_instruction(
    state: ThreadState,
    below: Frame,
    activation: *mut Activation,
    finish: impl FnOnce(CodeUnit, *mut *mut PyObject) -> Option<*mut PyObject>,
) -> Resume {
    // SAFETY: the caller's; operands are on the stack of the frame that waits.
    unsafe {
        let thread = state.as_ptr();
        shim::settle(state, below);
        unlink_and_pop(state, below);
        let caller = state.current_frame().expect("a frame waits");
        let at = caller.instruction_index();
        let next = at + usize::from(caller.return_offset());
        caller.set_return_offset(0);
        let instruction = *caller.instr_ptr();
        let base = opcode::base(instruction.op);
        let (count, pushed) = match base {
            opcode::STORE_SUBSCR => (3, 0),
            opcode::CALL => (usize::from(instruction.arg) + 2, 1),
            _ => (2, 1),
        };
        let lowest = compiled(caller).depth_at(next).expect("a depth behind an instruction") - pushed;
        let operands = caller.stack_base().add(lowest);
        let Some(result) = finish(instruction, operands) else {
            return unwind::error(thread, caller.as_ptr(), activation, ptr::null_mut());
        };
        for index in 0..count {
            release_or_null(operands.add(index).replace(ptr::null_mut()));
        }
        if pushed > 0 {
            operands.write(result);
        }
        caller.set_instr_ptr(caller.instr_ptr().add(next - at).cast::<CodeUnit>());
        let (machine, code) = (compiled(caller), caller.running_code());
        let current = tools::is_current(state, code, ptr::from_ref(machine).cast_mut());
        match machine.entry_at(next).filter(|_| current) {
            Some(address) => Resume { address, frame: caller.as_ptr() },
            None => {
                let reason = if current { ExitReason::NoResumePoint } else { ExitReason::Instrumented };
                reason.note();
                exit::leave(thread, caller, activation)
            }
        }
    }
}

/// What the instruction pushes, if anything, after its method has returned `value`, whose reference is taken; `None` with an exception set.
unsafe fn finish(instruction: CodeUnit, value: *mut PyObject, operands: *mut *mut PyObject) -> Option<*mut PyObject> {
    // SAFETY: the caller's: operands are live objects, the GIL is held.
    unsafe {
        match opcode::base(instruction.op) {
            opcode::STORE_SUBSCR => {
                release_or_null(value);
                Some(ptr::null_mut())
            }
            opcode::CONTAINS_OP => {
                let truth = pyo3_ffi::PyObject_IsTrue(value);
                release_or_null(value);
                let holds = (truth != 0) == (instruction.arg == 0);
                (truth >= 0).then(|| if holds { pyo3_ffi::Py_True() } else { pyo3_ffi::Py_False() })
            }
            _ if value == pyo3_ffi::Py_NotImplemented() => {
                complain(instruction.arg, operands.read(), operands.add(1).read());
                None
            }
            _ => Some(value),
        }
    }
}

/// Raises that no method knows what to do with the operands.
unsafe fn complain(oparg: u8, left: *mut PyObject, right: *mut PyObject) {
    let number = usize::from(oparg);
    let (sign, in_place) = (OPERATORS[number % OPERATORS.len()], number >= OPERATORS.len());
    // SAFETY: live objects, the GIL is held.
    unsafe {
        let name = |of: *mut PyObject| (*(*of.byte_add(object::OB_TYPE as usize).cast::<*mut PyTypeObject>())).tp_name;
        let text = if in_place {
            c"unsupported operand type(s) for %.100s=: '%.100s' and '%.100s'"
        } else {
            c"unsupported operand type(s) for %.100s: '%.100s' and '%.100s'"
        };
        pyo3_ffi::PyErr_Format(pyo3_ffi::PyExc_TypeError, text.as_ptr(), sign.as_ptr(), name(left), name(right));
    }
}
