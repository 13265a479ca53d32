//! Calls of Python functions, and returns from them.
//!
//! A call of a compiled function pushes its frame and jumps to its code; the result comes back to the `RECEIVE` operation that the compiler places
//! after each call. Every other call hands its result on to the same place.

use crate::{Imm, Ptr, operations};
use whipsnake_cpython::layout::{code, code_extra, thread_state};
use whipsnake_ir::abi::{self, compiled};
use whipsnake_ir::{BinaryOp, Builder, Condition, Continuation, Global, Helper, Type, UnaryOp, Value};

operations! {
    "CALL" () -> 0, imms [Imm::Oparg(0), Imm::Length], ptrs [Ptr::NextCode] => |b| call(b, Helper::Call);
    "CALL_KW" () -> 0, imms [Imm::Oparg(0), Imm::Length], ptrs [Ptr::NextCode] => |b| call(b, Helper::CallKw);
    "CALL_FUNCTION_EX" () -> 0, imms [Imm::Oparg(0), Imm::Length], ptrs [Ptr::NextCode] => |b| call(b, Helper::CallFunctionEx);
    "CALL.whole" () -> 0, imms [Imm::Oparg(0)] => |b| whole(b, Helper::CallWhole);
    "CALL_KW.whole" () -> 0, imms [Imm::Oparg(0)] => |b| whole(b, Helper::CallKwWhole);
    "CALL_FUNCTION_EX.whole" () -> 0, imms [Imm::Oparg(0)] => |b| whole(b, Helper::CallFunctionExWhole);
    "RECEIVE" () -> 1, receives => receive;
    "RETURN_VALUE" (value) -> 0, borrows [0] => return_value;
    "RETURN_CONST" () -> 0, ptrs [Ptr::Const] => return_const;
}

/// A call of anything, by a helper that pushes the frame of a compiled function or calls everything else. The values stay in their slots until
/// the helper takes them.
pub fn call(b: &mut Builder<'_>, helper: Helper) {
    let (thread, frame, base) = (b.thread_state(), b.frame(), b.stack_base());
    let (count, length, back) = (b.param(0), b.param(1), b.pointer(0));
    let (address, result) = b.call_pair(helper, &[thread, frame, base, count, length, back]);
    enter_or_hand_on(b, address, result);
}

/// A call of anything, which has returned when it goes on: for code that can't be left and come back to, as a region.
pub fn whole(b: &mut Builder<'_>, helper: Helper) {
    let (thread, base, count) = (b.thread_state(), b.stack_base(), b.param(0));
    let result = b.call_checked(helper, &[thread, base, count]);
    b.leave_with(Continuation::Next, result);
}

/// Goes on as a helper says that may have pushed the frame of a compiled function, or done the call.
pub(crate) fn enter_or_hand_on(b: &mut Builder<'_>, address: Value, result: Value) {
    let entered = b.compare_const(Condition::Ne, address, 0);
    b.when(entered, |b| b.enter(address, result, None));
    b.error_if_null(result);
    b.leave_with(Continuation::Next, result);
}

/// The compiled code of a code object that has some.
pub(crate) fn compiled_code(b: &mut Builder<'_>, executable: Value) -> Value {
    let table = b.load(Type::I64, executable, code::CO_EXTRA);
    let slot = b.global(Global::CompiledSlot);
    let slot = b.unary(UnaryOp::AsInt, slot);
    let place = b.binary(BinaryOp::Add, table, slot);
    let place = b.unary(UnaryOp::AsPtr, place);
    b.load(Type::Ptr, place, code_extra::CE_EXTRAS)
}

/// Takes the result of a call. The callee may have run long and changed the world; what there is to be done about that is the same after every
/// call, so it is no part of the stencil.
///
/// The instruction is still the call: its handler is the one for an exception that was pending.
pub(crate) fn receive(b: &mut Builder<'_>) {
    let value = b.received();
    b.set_output(0, value);
    let thread = b.thread_state();
    let breaker = b.load(Type::I64, thread, thread_state::EVAL_BREAKER);
    let code = b.raw_pointer(abi::pointer::CODE);
    let valid = b.load(Type::I64, code, compiled::VALID_VERSION);
    let attention = b.compare(Condition::Ne, breaker, valid);
    b.when_cold(attention, |b| b.leave_saved(Continuation::Received));
    b.leave(Continuation::Next);
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
