//! Calls, and returns from them.
//!
//! A call of a compiled function pushes its frame and jumps to its code; the result comes back to the `RECEIVE` operation that the compiler places
//! after each call. Every other call hands its result on to the same place.

use crate::{Imm, Ptr, operations};
use whipsnake_cpython::layout::thread_state;
use whipsnake_ir::{Builder, Condition, Continuation, Helper, Offset, Type, Value, abi};

operations! {
    "CALL" () -> 0, imms [Imm::Oparg(0), Imm::Length] => |b| call(b, Helper::Call);
    "CALL_KW" () -> 0, imms [Imm::Oparg(0), Imm::Length] => |b| call(b, Helper::CallKw);
    "CALL_FUNCTION_EX" () -> 0, imms [Imm::Oparg(0), Imm::Length] => |b| call(b, Helper::CallFunctionEx);
    "RECEIVE" () -> 1, receives, ptrs [Ptr::NextInstr] => receive;
    "RETURN_VALUE" (value) -> 0, borrows [0] => return_value;
    "RETURN_CONST" () -> 0, ptrs [Ptr::Const] => return_const;
}

/// A call of anything, by a helper that pushes the frame of a compiled function or calls everything else. The values stay in their slots until
/// the helper takes them.
pub fn call(b: &mut Builder<'_>, helper: Helper) {
    let (thread, frame, base) = (b.thread_state(), b.frame(), b.stack_base());
    let (count, length) = (b.param(0), b.param(1));
    let (address, result) = b.call_pair(helper, &[thread, frame, base, count, length]);
    let entered = b.compare_const(Condition::Ne, address, 0);
    b.when(entered, |b| b.enter(address, result, None));
    b.error_if_null(result);
    b.leave_with(Continuation::Next, result);
}

/// Takes the result of a call. The callee may have run long and changed the world: if code was instrumented meanwhile, the interpreter goes on.
pub fn receive(b: &mut Builder<'_>) -> Value {
    let thread = b.thread_state();
    let breaker = b.load(Type::I64, thread, thread_state::EVAL_BREAKER);
    let code = b.raw_pointer(abi::pointer::CODE);
    let valid = b.load(Type::I64, code, 0);
    let same = b.compare(Condition::Eq, breaker, valid);
    b.choose(
        same,
        Type::Obj,
        true,
        |b| b.received(),
        |b| {
            // The instruction is still the call: its handler is the one for an exception that was pending.
            let value = b.received();
            b.set_output(0, value);
            let (thread, frame, next) = (b.thread_state(), b.frame(), b.pointer(0));
            let verdict = b.call(Helper::ReceiveCheck, &[thread, frame, next, value]);
            b.error_if_negative(verdict);
            let instrumented = b.compare_const(Condition::Ne, verdict, 0);
            b.when_cold(instrumented, |b| {
                let (frame, next) = (b.frame(), b.pointer(0));
                b.store(next, frame, whipsnake_cpython::layout::frame::INSTR_PTR);
                b.leave_saved(Continuation::Exit);
            });
            let frame = b.frame();
            b.load(Type::Obj, frame, Offset::Operand(abi::operand::OUTPUT, 0))
        },
    )
}

/// Hands the value to the caller. The frame goes in a stub, outside the code that goes with it.
pub fn return_value(b: &mut Builder<'_>, value: Value) {
    // Somebody may hold the frame and ask for its line.
    b.save_instr();
    let value = b.take(value);
    b.leave_with(Continuation::Return, value);
}

/// Hands a constant to the caller.
pub fn return_const(b: &mut Builder<'_>) {
    b.save_instr();
    let value = b.object(0);
    b.retain(value);
    b.leave_with(Continuation::Return, value);
}
