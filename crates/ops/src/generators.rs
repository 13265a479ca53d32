//! Generators and coroutines.
//!
//! Compiled code enters a generator's compiled code by linking its frame and jumping, and the generator jumps back to what its consumer does with a
//! value: nothing is called. A generator that is not compiled, or is run by somebody else, goes through `tp_iternext` or `send`.

use crate::calls::compiled_code;
use crate::iteration::get_iter;
use crate::{Imm, Ptr, operations};
use whipsnake_cpython::layout::{self, code, exc_stack_item, generator, thread_state};
use whipsnake_ir::abi::{self, compiled};
use whipsnake_ir::{BinaryOp, Builder, Condition, Continuation, Global, Helper, MissReason, Type, UnaryOp, Value};

operations! {
    "RETURN_GENERATOR" () -> 1 => return_generator;
    "YIELD_VALUE" (value) -> 1, imms [Imm::StackTop, Imm::Oparg(0)], ptrs [Ptr::InstrAt(1)] => yield_value;
    "SEND" (receiver, value) -> 1, keeps 1, imms [Imm::ToTarget] => send;
    "SEND_GEN" (receiver, value) -> 1, keeps 1, imms [Imm::ToTarget] => send_gen;
    "END_SEND" (receiver, value) -> 1 => end_send;
    "GET_YIELD_FROM_ITER" (iterable) -> 1, ptrs [Ptr::NextCode] => |b, i| get_iter(b, Helper::GetYieldFromIter, i);
    "GET_AWAITABLE" (iterable) -> 1, imms [Imm::Oparg(0)] => get_awaitable;
    "GET_AITER" (iterable) -> 1 => get_aiter;
    "GET_ANEXT" (iterator) -> 1, keeps 1 => get_anext;
    "END_ASYNC_FOR" (awaitable, exception) -> 0 => end_async_for;
    "CLEANUP_THROW" (iterator, value, exception) -> 2 => cleanup_throw;
}

/// Resumes a generator or coroutine natively with `value`, which the generator takes; falls through with everything as it was if that can't be.
/// Immediate 0 is where the consumer goes on when the generator returns.
pub(crate) fn enter_generator(b: &mut Builder<'_>, generator: Value, value: Value) {
    let (thread, frame, back) = (b.thread_state(), b.frame(), b.param(0));
    let (address, inner) = b.call_pair(Helper::GeneratorResume, &[thread, frame, generator, value, back]);
    let entered = b.compare_const(Condition::Ne, address, 0);
    b.when(entered, |b| b.enter(address, inner, None));
}

/// The start of a generator function: the frame moves into a new generator, which is the result of the call.
pub fn return_generator(b: &mut Builder<'_>) {
    b.save_instr();
    b.leave(Continuation::ReturnGenerator);
}

/// Suspends the generator and hands a value to its consumer, which is in native code unless this is the base frame.
///
/// Immediate 0 is the frame's `stacktop` without the value, 1 the operand; pointer 0 is the `RESUME` where the generator goes on.
pub fn yield_value(b: &mut Builder<'_>, value: Value) {
    let frame = b.frame();
    let base = b.activation_field(abi::ACTIVATION_BASE_FRAME);
    let is_base = b.compare(Condition::Eq, frame, base);
    b.when_cold(is_base, |b| {
        b.save_instr();
        b.leave_with(Continuation::FinishYield, value);
    });
    let consumer = b.load(Type::Ptr, frame, layout::frame::PREVIOUS);
    let address = yield_address(b, consumer);

    let (top, operand, next) = (b.param(0), b.param(1), b.pointer(0));
    b.store(top, frame, layout::frame::STACKTOP);
    b.store(next, frame, layout::frame::INSTR_PTR);
    // The state is one byte; three unused ones follow.
    let state = b.binary_const(BinaryOp::Add, operand, generator::FRAME_SUSPENDED.into());
    b.store(state, frame, generator::FRAME_STATE - generator::IFRAME);
    const PREVIOUS_ITEM: i32 = generator::EXC_STATE + exc_stack_item::PREVIOUS_ITEM - generator::IFRAME;
    let thread = b.thread_state();
    let handled = b.load(Type::Ptr, frame, PREVIOUS_ITEM);
    let nothing = b.iconst(Type::Ptr, 0);
    b.store(handled, thread, thread_state::EXC_INFO);
    b.store(nothing, frame, PREVIOUS_ITEM);
    b.store(nothing, frame, layout::frame::PREVIOUS);
    b.store(consumer, thread, thread_state::CURRENT_FRAME);
    let remaining = b.load(Type::I32, thread, thread_state::PY_RECURSION_REMAINING);
    let remaining = b.binary_const(BinaryOp::Add, remaining, 1);
    b.store(remaining, thread, thread_state::PY_RECURSION_REMAINING);
    b.enter(address, consumer, Some(value));
}

const _: () = assert!(generator::FRAME_STATE + 4 <= generator::IFRAME, "the state is followed by padding");

/// Where a consumer takes what its generator yields: after its instruction, which has one cache entry, both as `FOR_ITER` and as `SEND`.
fn yield_address(b: &mut Builder<'_>, consumer: Value) -> Value {
    /// Bytes of the instruction and its cache entry.
    const LENGTH: i32 = 2 * code::UNIT_SIZE;
    /// What to multiply an offset of code with for one of resume points.
    const SCALE: u32 = compiled::RESUME_POINT_SHIFT - code::UNIT_SIZE.trailing_zeros();
    let executable = b.load(Type::Ptr, consumer, layout::frame::EXECUTABLE);
    let compiled_code = compiled_code(b, executable);
    let instruction = b.load(Type::I64, consumer, layout::frame::INSTR_PTR);
    let start = b.unary(UnaryOp::AsInt, executable);
    let offset = b.binary(BinaryOp::Sub, instruction, start);
    let points = b.load(Type::Ptr, compiled_code, compiled::RESUME_POINTS);
    let point = b.element(points, offset, SCALE.into());
    let receive = b.load(Type::I32, point, ((LENGTH - code::CODE_ADAPTIVE) << SCALE) + compiled::RECEIVE);
    let receive = b.unary(UnaryOp::ExtendU, receive);
    let base = b.load(Type::I64, compiled_code, compiled::BASE);
    let address = b.binary(BinaryOp::Add, base, receive);
    b.unary(UnaryOp::AsPtr, address)
}

/// `receiver.send(value)` for any iterator; goes to the target with what it returns in the end.
pub fn send(b: &mut Builder<'_>, receiver: Value, value: Value) {
    let resumable = is_generator_or_coroutine(b, receiver);
    b.when(resumable, |b| enter_generator(b, receiver, value));
    call_send(b, receiver, value);
}

/// `receiver.send(value)` where the receiver is a generator or coroutine that can go on.
pub fn send_gen(b: &mut Builder<'_>, receiver: Value, value: Value) {
    let either = is_generator_or_coroutine(b, receiver);
    b.guard(either, MissReason::Type);
    let state = b.load(Type::I8, receiver, generator::FRAME_STATE);
    let ready = b.compare_const(Condition::Lt, state, generator::FRAME_EXECUTING.into());
    b.guard(ready, MissReason::Generator);
    enter_generator(b, receiver, value);
    call_send(b, receiver, value);
}

fn is_generator_or_coroutine(b: &mut Builder<'_>, object: Value) -> Value {
    let class = b.type_of(object);
    let [generator, coroutine] = [Global::GeneratorType, Global::CoroutineType].map(|kind| {
        let kind = b.global(kind);
        let kind = b.unary(UnaryOp::AsPtr, kind);
        b.compare(Condition::Eq, class, kind)
    });
    b.binary(BinaryOp::Or, generator, coroutine)
}

/// Sends through the C functions.
fn call_send(b: &mut Builder<'_>, receiver: Value, value: Value) {
    let (thread, frame) = (b.thread_state(), b.frame());
    let (result, returned) = b.call_pair(Helper::Send, &[thread, frame, receiver, value]);
    b.error_if_null(result);
    let sent = b.hold(value);
    b.release(sent);
    let returned = b.compare_const(Condition::Ne, returned, 0);
    b.when(returned, |b| {
        b.set_output(0, result);
        b.leave(Continuation::Target);
    });
    b.leave_with(Continuation::Next, result);
}

/// Drops the exhausted iterator of `yield from` or `await` and keeps its result.
pub fn end_send(b: &mut Builder<'_>, receiver: Value, value: Value) -> Value {
    let value = b.hold(value);
    b.release(receiver);
    value
}

/// The iterator of `await`; the operand says what is awaited, for messages.
pub fn get_awaitable(b: &mut Builder<'_>, iterable: Value) -> Value {
    let (thread, place) = (b.thread_state(), b.param(0));
    let iterator = b.call_checked(Helper::GetAwaitable, &[thread, iterable, place]);
    b.release(iterable);
    iterator
}

/// The asynchronous iterator of `async for`.
pub fn get_aiter(b: &mut Builder<'_>, iterable: Value) -> Value {
    let thread = b.thread_state();
    let iterator = b.call_checked(Helper::GetAiter, &[thread, iterable]);
    b.release(iterable);
    iterator
}

/// The awaitable for the next value of an asynchronous iterator.
pub fn get_anext(b: &mut Builder<'_>, iterator: Value) -> Value {
    let thread = b.thread_state();
    b.call_checked(Helper::GetAnext, &[thread, iterator])
}

/// Ends `async for` at `StopAsyncIteration`; raises any other exception again.
pub fn end_async_for(b: &mut Builder<'_>, awaitable: Value, exception: Value) {
    let ended = b.call(Helper::EndAsyncFor, &[exception]);
    let raised = b.compare_const(Condition::Eq, ended, 0);
    b.when_cold(raised, crate::exceptions::reraise_here);
    b.release_all(&[awaitable, exception]);
}

/// After an exception that `throw` brought into an inner iterator: `StopIteration` gives the result, any other is raised again.
pub fn cleanup_throw(b: &mut Builder<'_>, iterator: Value, sent: Value, exception: Value) -> [Value; 2] {
    let value = b.call(Helper::CleanupThrow, &[exception]);
    let raised = b.is_null(value);
    b.when_cold(raised, crate::exceptions::reraise_here);
    b.release_all(&[iterator, sent, exception]);
    [b.global(Global::None), value]
}
