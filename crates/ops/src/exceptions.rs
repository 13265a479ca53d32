//! Exceptions and `with`.

use crate::{Imm, Place, Ptr, operations};
use whipsnake_cpython::layout::{exc_stack_item, thread_state};
use whipsnake_ir::{Builder, Condition, Continuation, Global, Helper, Type, UnaryOp, Value, abi};

operations! {
    "RAISE_VARARGS" () -> 0, imms [Imm::Oparg(0)] => raise_varargs;
    "RERAISE" (exception) -> 0, place Place::Below(1), imms [Imm::Oparg(0)] => reraise;
    "PUSH_EXC_INFO" (exception) -> 2 => push_exc_info;
    "POP_EXCEPT" (previous) -> 0 => pop_except;
    "CHECK_EXC_MATCH" (exception, class) -> 1, keeps 1 => check_exc_match;
    "CHECK_EG_MATCH" (exception, class) -> 2 => check_eg_match;
    "BEFORE_WITH" () -> 0, ptrs [Ptr::NextCode] => |b| before_with(b, Helper::BeforeWith);
    "BEFORE_WITH.whole" (manager) -> 2 => enter_whole;
    "BEFORE_ASYNC_WITH" () -> 0, ptrs [Ptr::NextCode] => |b| before_with(b, Helper::BeforeAsyncWith);
    "WITH_EXCEPT_START" (exit, lasti, previous, exception) -> 1, keeps 4 => with_except_start;
}

/// Goes on with an exception that was set again by this instruction: the traceback has this frame already.
pub(crate) fn reraise_here(b: &mut Builder<'_>) {
    let here = b.raw_pointer(abi::pointer::INSTR);
    b.leave_with(Continuation::Reraise, here);
}

/// `raise`, `raise exception`, `raise exception from cause`.
pub fn raise_varargs(b: &mut Builder<'_>) {
    let (thread, base, count) = (b.thread_state(), b.stack_base(), b.param(0));
    let again = b.call(Helper::Raise, &[thread, base, count]);
    let again = b.compare_const(Condition::Ne, again, 0);
    b.when(again, reraise_here);
    b.leave(Continuation::Error);
}

/// The end of a handler or `finally` block. With an operand, a stack slot says which instruction raised first: the traceback entry that is there
/// and the line of the frame stay with it.
pub fn reraise(b: &mut Builder<'_>, exception: Value) {
    let (thread, frame, raised_at, count) = (b.thread_state(), b.frame(), b.local(), b.param(0));
    b.call_status(Helper::Reraise, &[thread, frame, exception, raised_at, count]);
    reraise_here(b);
}

/// The top entry of the stack of handled exceptions.
fn handled(b: &mut Builder<'_>) -> Value {
    let thread = b.thread_state();
    b.load(Type::Ptr, thread, thread_state::EXC_INFO)
}

/// The start of `with`, done before anything else happens.
pub fn enter_whole(b: &mut Builder<'_>, manager: Value) -> [Value; 2] {
    let (exit, result) = b.call_pair(Helper::EnterWhole, &[manager]);
    b.error_if_null(exit);
    b.release(manager);
    [exit, result]
}

/// The start of a handler: the exception becomes the handled one, the one before is kept on the stack.
pub fn push_exc_info(b: &mut Builder<'_>, exception: Value) -> [Value; 2] {
    let exception = b.hold(exception);
    let info = handled(b);
    let before = b.load(Type::Obj, info, exc_stack_item::EXC_VALUE);
    let nothing = b.is_null(before);
    let none = b.global(Global::None);
    let before = b.select(nothing, none, before);
    b.retain(exception);
    b.store(exception, info, exc_stack_item::EXC_VALUE);
    [before, exception]
}

/// The end of a handler: what was handled before is handled again.
pub fn pop_except(b: &mut Builder<'_>, previous: Value) {
    let previous = b.hold(previous);
    let info = handled(b);
    let old = b.load(Type::Obj, info, exc_stack_item::EXC_VALUE);
    let none = b.global(Global::None);
    let is_none = b.compare(Condition::Eq, previous, none);
    // Most handlers are not inside another one.
    let new = b.choose(is_none, Type::Obj, true, |b| b.null(), |_| previous);
    b.store(new, info, exc_stack_item::EXC_VALUE);
    b.release_or_null(old);
}

/// Whether an exception matches `except class`. Its own class does, of course; the helper does what else there is.
pub fn check_exc_match(b: &mut Builder<'_>, exception: Value, class: Value) -> Value {
    let own = b.type_of(exception);
    let wanted = b.unary(UnaryOp::AsPtr, class);
    let same = b.compare(Condition::Eq, own, wanted);
    let matches = b.choose(
        same,
        Type::Obj,
        false,
        |b| b.global(Global::True),
        |b| {
            let thread = b.thread_state();
            let matches = b.call_status(Helper::ExceptionMatches, &[thread, exception, class]);
            let matches = b.compare_const(Condition::Ne, matches, 0);
            b.bool_object(matches)
        },
    );
    b.release(class);
    matches
}

/// Splits an exception for `except* class`: what does not match, and what does (`None` if nothing), which is then the handled exception.
pub fn check_eg_match(b: &mut Builder<'_>, exception: Value, class: Value) -> [Value; 2] {
    let thread = b.thread_state();
    let (matching, rest) = b.call_pair(Helper::ExceptionGroupMatch, &[thread, exception, class]);
    b.error_if_null(matching);
    b.release_all(&[exception, class]);
    let none = b.global(Global::None);
    let some = b.compare(Condition::Ne, matching, none);
    b.when(some, |b| b.call_void(Helper::SetHandledException, &[matching]));
    [rest, matching]
}

/// The start of `with` and `async with`: the manager's bound exit method takes its slot, what its enter method returns comes above. An enter method
/// that is compiled is entered like any call.
pub fn before_with(b: &mut Builder<'_>, helper: Helper) {
    let (thread, frame, slot, back) = (b.thread_state(), b.frame(), b.stack_base(), b.pointer(0));
    let (address, result) = b.call_pair(helper, &[thread, frame, slot, back]);
    let entered = b.compare_const(Condition::Ne, address, 0);
    b.when(entered, |b| b.enter(address, result, None));
    b.error_if_null(result);
    b.leave_with(Continuation::Next, result);
}

/// An exception leaves a `with` block: calls `exit(type, exception, traceback)`.
pub fn with_except_start(b: &mut Builder<'_>, exit: Value, _lasti: Value, _previous: Value, exception: Value) -> Value {
    b.call_checked(Helper::WithExceptStart, &[exit, exception])
}
