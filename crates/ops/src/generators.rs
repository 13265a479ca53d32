//! Generators and coroutines.
//!
//! Compiled code enters a generator's compiled code by linking its frame and jumping, and the generator jumps back to what its consumer does with a
//! value: nothing is called. A generator that is not compiled, or is run by somebody else, goes through `tp_iternext` or `send`.

use crate::calls::compiled_code;
use crate::iteration::get_iter;
use crate::{Imm, Ptr, operations};
use whipsnake_cpython::layout::{self, code, code_extra, exc_stack_item, generator, thread_state};
use whipsnake_ir::abi::{self, compiled};
use whipsnake_ir::{BinaryOp, Builder, Condition, Continuation, Global, Helper, MissReason, Type, UnaryOp, Value};

operations! {
    "RETURN_GENERATOR" () -> 1 => return_generator;
    "YIELD_VALUE" (value) -> 1, imms [Imm::StackTop, Imm::Oparg(0)], ptrs [Ptr::InstrAt(1)] => yield_value;
    "YIELD_VALUE.delegating" (value) -> 1, imms [Imm::StackTop] => yield_through;
    "SEND" (receiver, value) -> 1, keeps 1, imms [Imm::TargetWord] => send;
    "SEND_GEN" (receiver, value) -> 1, keeps 1, imms [Imm::TargetWord] => send_gen;
    "END_SEND" (receiver, value) -> 1 => end_send;
    "GET_YIELD_FROM_ITER" (iterable) -> 1, ptrs [Ptr::NextCode] => |b, i| get_iter(b, Helper::GetYieldFromIter, i);
    "GET_AWAITABLE" (iterable) -> 1, imms [Imm::Oparg(0)] => get_awaitable;
    "GET_AITER" (iterable) -> 1 => get_aiter;
    "GET_ANEXT" (iterator) -> 1, keeps 1 => get_anext;
    "END_ASYNC_FOR" (awaitable, exception) -> 0 => end_async_for;
    "CLEANUP_THROW" (iterator, value, exception) -> 2 => cleanup_throw;
}

/// Resumes a generator or coroutine natively with `value`, which it takes: links its frame above this one and jumps. Falls through with everything as
/// it was if the generator runs or has ended, is not compiled, or would be one Python call too many.
///
/// Immediate 0 is the frame's word at `return_offset`: where this consumer goes on when the generator returns.
///
/// `usual` says that this is what the instruction does as a rule.
pub(crate) fn enter_generator(b: &mut Builder<'_>, generator: Value, value: Value, usual: bool) {
    let otherwise = b.block();
    if usual {
        b.set_cold(otherwise);
    }
    let require = |b: &mut Builder<'_>, condition: Value| {
        let next = b.block();
        b.branch(condition, next, otherwise);
        b.switch_to(next);
    };
    b.save_instr();
    let generator = b.hold(generator);
    let state = b.load(Type::I8, generator, layout::generator::FRAME_STATE);
    let suspended = b.compare_const(Condition::Lt, state, layout::generator::FRAME_EXECUTING.into());
    require(b, suspended);
    let inner = b.address(generator, layout::generator::IFRAME);
    let address = entry_address(b, inner, require);
    let thread = b.thread_state();
    let remaining = b.load(Type::I32, thread, thread_state::PY_RECURSION_REMAINING);
    let allowed = b.compare_const(Condition::Gt, remaining, 0);
    require(b, allowed);

    let (frame, back) = (b.frame(), b.param(0));
    b.store(back, frame, layout::frame::RETURN_OFFSET);
    let top = b.load(Type::I32, inner, layout::frame::STACKTOP);
    let top = b.unary(UnaryOp::ExtendU, top);
    let slot = b.element(inner, top, 3);
    b.store(value, slot, layout::frame::LOCALSPLUS);
    let delegates = b.compare_const(Condition::Eq, state, layout::generator::FRAME_SUSPENDED_YIELD_FROM.into());
    b.when(delegates, |b| b.leave_with(Continuation::SendThrough, inner));
    let remaining = b.binary_const(BinaryOp::Sub, remaining, 1);
    b.store(remaining, thread, thread_state::PY_RECURSION_REMAINING);
    let running = b.iconst(Type::I32, u32::MAX.into());
    b.store(running, inner, layout::frame::STACKTOP);
    let executing = b.iconst(Type::I8, layout::generator::FRAME_EXECUTING.into());
    b.store(executing, generator, layout::generator::FRAME_STATE);
    let handled = b.load(Type::Ptr, thread, thread_state::EXC_INFO);
    let own = b.address(generator, layout::generator::EXC_STATE);
    b.store(handled, own, exc_stack_item::PREVIOUS_ITEM);
    b.store(own, thread, thread_state::EXC_INFO);
    b.store(frame, inner, layout::frame::PREVIOUS);
    b.store(inner, thread, thread_state::CURRENT_FRAME);
    b.enter(address, inner, None);
    b.switch_to(otherwise);
}

/// Where a suspended frame goes on in its compiled code. `require` is told what must hold for that.
fn entry_address(b: &mut Builder<'_>, frame: Value, require: impl Fn(&mut Builder<'_>, Value)) -> Value {
    let executable = b.load(Type::Ptr, frame, layout::frame::EXECUTABLE);
    let table = b.load(Type::I64, executable, code::CO_EXTRA);
    let some = b.compare_const(Condition::Ne, table, 0);
    require(b, some);
    let slot = b.global(Global::CompiledSlot);
    let slot = b.unary(UnaryOp::AsInt, slot);
    let base = b.unary(UnaryOp::AsPtr, table);
    let slots = b.load(Type::I64, base, code_extra::CE_SIZE);
    let end = b.binary_const(BinaryOp::Shl, slots, 3);
    let inside = b.compare(Condition::GtU, end, slot);
    require(b, inside);
    let place = b.binary(BinaryOp::Add, table, slot);
    let place = b.unary(UnaryOp::AsPtr, place);
    let compiled_code = b.load(Type::Ptr, place, code_extra::CE_EXTRAS);
    let some = b.compare_const(Condition::Ne, compiled_code, 0);
    require(b, some);
    let entry = resume_point(b, executable, compiled_code, frame, 0, compiled::ENTRY_POINT);
    let some = b.compare_const(Condition::Ne, entry, 0);
    require(b, some);
    code_address(b, compiled_code, entry)
}

/// A field of the resume point `units` after the instruction of a frame: an offset from where machine code begins.
fn resume_point(
    b: &mut Builder<'_>,
    executable: Value,
    compiled_code: Value,
    frame: Value,
    units: i32,
    field: i32,
) -> Value {
    /// What to multiply an offset of code with for one of resume points.
    const SCALE: u32 = compiled::RESUME_POINT_SHIFT - code::UNIT_SIZE.trailing_zeros();
    let instruction = b.load(Type::I64, frame, layout::frame::INSTR_PTR);
    let start = b.unary(UnaryOp::AsInt, executable);
    let offset = b.binary(BinaryOp::Sub, instruction, start);
    let points = b.load(Type::Ptr, compiled_code, compiled::RESUME_POINTS);
    let point = b.element(points, offset, SCALE.into());
    b.load(Type::I32, point, ((units * code::UNIT_SIZE - code::CODE_ADAPTIVE) << SCALE) + field)
}

/// The address of an offset from where machine code begins.
fn code_address(b: &mut Builder<'_>, compiled_code: Value, offset: Value) -> Value {
    let offset = b.unary(UnaryOp::ExtendU, offset);
    let base = b.load(Type::I64, compiled_code, compiled::BASE);
    let address = b.binary(BinaryOp::Add, base, offset);
    b.unary(UnaryOp::AsPtr, address)
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
    let (top, operand, next) = (b.param(0), b.param(1), b.pointer(0));
    b.store(top, frame, layout::frame::STACKTOP);
    let base = b.activation_field(abi::ACTIVATION_BASE_FRAME);
    let is_base = b.compare(Condition::Eq, frame, base);
    b.when_cold(is_base, |b| {
        b.save_instr();
        b.leave_with(Continuation::FinishYield, value);
    });
    let consumer = b.load(Type::Ptr, frame, layout::frame::PREVIOUS);
    let address = yield_address(b, consumer);

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

/// The `YIELD_VALUE` of a `yield from` or `await`: what the inner generator yielded goes on to the consumer, which most often does the same.
///
/// Immediate 0 is the frame's `stacktop` without the value.
pub fn yield_through(b: &mut Builder<'_>, value: Value) {
    let (frame, top) = (b.frame(), b.param(0));
    b.store(top, frame, layout::frame::STACKTOP);
    b.save_instr();
    b.leave_with(Continuation::YieldThrough, value);
}

const _: () = assert!(generator::FRAME_STATE + 4 <= generator::IFRAME, "the state is followed by padding");

/// Where a consumer takes what its generator yields: after its instruction, which has one cache entry, both as `FOR_ITER` and as `SEND`.
fn yield_address(b: &mut Builder<'_>, consumer: Value) -> Value {
    let executable = b.load(Type::Ptr, consumer, layout::frame::EXECUTABLE);
    let compiled_code = compiled_code(b, executable);
    let receive = resume_point(b, executable, compiled_code, consumer, 2, compiled::RECEIVE);
    code_address(b, compiled_code, receive)
}

/// `receiver.send(value)` for any iterator; goes to the target with what it returns in the end.
pub fn send(b: &mut Builder<'_>, receiver: Value, value: Value) {
    let resumable = is_generator_or_coroutine(b, receiver);
    b.when(resumable, |b| enter_generator(b, receiver, value, false));
    call_send(b, receiver, value);
}

/// `receiver.send(value)` where the receiver is a generator or coroutine.
pub fn send_gen(b: &mut Builder<'_>, receiver: Value, value: Value) {
    let class = b.type_of(receiver);
    let is_other = is_kind(b, Condition::Ne, class, Global::GeneratorType);
    b.when_cold(is_other, |b| {
        let is_coroutine = is_kind(b, Condition::Eq, class, Global::CoroutineType);
        b.guard(is_coroutine, MissReason::Type);
    });
    enter_generator(b, receiver, value, true);
    call_send(b, receiver, value);
}

fn is_generator_or_coroutine(b: &mut Builder<'_>, object: Value) -> Value {
    let class = b.type_of(object);
    let [generator, coroutine] =
        [Global::GeneratorType, Global::CoroutineType].map(|kind| is_kind(b, Condition::Eq, class, kind));
    b.binary(BinaryOp::Or, generator, coroutine)
}

fn is_kind(b: &mut Builder<'_>, condition: Condition, class: Value, kind: Global) -> Value {
    let kind = b.global(kind);
    let kind = b.unary(UnaryOp::AsPtr, kind);
    b.compare(condition, class, kind)
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
