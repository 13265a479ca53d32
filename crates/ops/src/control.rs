//! Control flow: jumps, and the polls at function starts and back-edges.

use crate::{Imm, Ptr, operations};
use whipsnake_cpython::layout::thread_state;
use whipsnake_ir::{BinaryOp, Builder, Condition, Continuation, Global, Helper, Type, UnaryOp, Value, abi};

/// The bits of `RESUME`'s operand that say what it comes after (`RESUME_OPARG_LOCATION_MASK`).
const LOCATION_MASK: u32 = 3;

/// What [`Helper::Poll`] is told where pending events must wait.
pub(crate) const AFTER_YIELD_FROM: i64 = 2;

operations! {
    "RESUME" () -> 0, imms [Imm::OpargMasked(LOCATION_MASK)] => resume;
    "RESUME_CHECK" () -> 0, imms [Imm::OpargMasked(LOCATION_MASK)] => resume;
    "RESUME.counted" () -> 0, imms [Imm::OpargMasked(LOCATION_MASK)] => resume_counted;
    "RESUME.delegating" () -> 0 => resume_delegating;
    "JUMP_FORWARD" () -> 0 => |b: &mut Builder<'_>| b.leave(Continuation::Target);
    "JUMP_BACKWARD" () -> 0 => jump_backward;
    "JUMP_BACKWARD.counted" () -> 0, ptrs [Ptr::TargetInstr] => jump_backward_counted;
    "JUMP_BACKWARD_NO_INTERRUPT" () -> 0 => |b: &mut Builder<'_>| b.leave(Continuation::Target);
    "UNREACHED" () -> 0 => |b: &mut Builder<'_>| b.leave(Continuation::Unreached);
    "COUNT" () -> 0, ptrs [Ptr::Counter] => count;
    "COUNT_OUTSIDE" () -> 0, ptrs [Ptr::Counter] => count_outside;
}

/// For statistics: counts that this place was passed.
pub fn count(b: &mut Builder<'_>) {
    let counter = b.pointer(0);
    let old = b.load(Type::I64, counter, 0);
    let new = b.binary_const(BinaryOp::Add, old, 1);
    b.store(new, counter, 0);
}

/// For statistics: counts that this place was passed in a frame that native code was entered with.
pub fn count_outside(b: &mut Builder<'_>) {
    let (frame, base) = (b.frame(), b.activation_field(abi::ACTIVATION_BASE_FRAME));
    let outside = b.compare(Condition::Eq, frame, base);
    b.when(outside, count);
}

/// The start of a function, or of what follows a `yield` or `await`: looks whether anything is pending and whether the code is still
/// good. After `yield from` and `await` what is pending waits: an exception there would look as if the inner iterator had raised it.
pub fn resume(b: &mut Builder<'_>) {
    let location = b.param(0);
    poll(b, location);
}

/// The start of a function where there is an optimizing tier: counts, too. The first half of the feedback cell's first word counts down to when the function
/// is worth optimizing, or is looked at again. Calls of a function that is optimized do not come here.
pub fn resume_counted(b: &mut Builder<'_>) {
    resume(b);
    count_down(b, |b| {
        let (thread, frame) = (b.thread_state(), b.frame());
        let (code, cell) = (b.raw_pointer(abi::pointer::CODE), b.raw_pointer(abi::pointer::FEEDBACK));
        b.call_void(Helper::HotFunction, &[thread, frame, code, cell]);
    });
}

/// The middle of `yield from` or `await`. What is pending, and events of the whole process, are not looked for: who resumes the generator has just done
/// it, or what it waits for will. Only a tool may have set events for this code object since.
pub fn resume_delegating(b: &mut Builder<'_>) {
    let watchful = b.global(Global::Watchful);
    let watchful = b.unary(UnaryOp::AsPtr, watchful);
    let watchful = b.load(Type::I8, watchful, 0);
    let watchful = b.compare_const(Condition::Ne, watchful, 0);
    b.when_cold(watchful, |b| {
        let location = b.iconst(Type::I32, AFTER_YIELD_FROM);
        poll(b, location);
    });
}

/// The end of a loop's body: polls, then jumps.
pub fn jump_backward(b: &mut Builder<'_>) {
    let anywhere = b.iconst(Type::I32, 0);
    poll(b, anywhere);
    b.leave(Continuation::Target);
}

/// The same where there is an optimizing tier: counts, too. The first half of the feedback cell's first word counts down to when the loop is worth
/// optimizing, or is looked at again. The second word is where the optimized loop is entered, once that is known to be worth it: the count stays at 0 then.
pub fn jump_backward_counted(b: &mut Builder<'_>) {
    let anywhere = b.iconst(Type::I32, 0);
    poll(b, anywhere);
    count_down(b, |b| {
        let cell = b.raw_pointer(abi::pointer::FEEDBACK);
        let gate = b.load(Type::Ptr, cell, abi::LOOP_GATE);
        let known = b.compare_const(Condition::Ne, gate, 0);
        b.when(known, |b| {
            let (frame, count) = (b.frame(), b.iconst(Type::I32, 0));
            b.store(count, cell, 0);
            b.enter(gate, frame, None);
        });
        let (thread, frame, target) = (b.thread_state(), b.frame(), b.pointer(0));
        let code = b.raw_pointer(abi::pointer::CODE);
        let (address, frame) = b.call_pair(Helper::HotLoop, &[thread, frame, code, cell, target]);
        let entered = b.compare_const(Condition::Ne, address, 0);
        b.when(entered, |b| b.enter(address, frame, None));
    });
    b.leave(Continuation::Target);
}

/// Counts down in the first half of the feedback cell's first word; below 0, does what is said.
fn count_down(b: &mut Builder<'_>, when_over: impl FnOnce(&mut Builder<'_>)) {
    let cell = b.raw_pointer(abi::pointer::FEEDBACK);
    let count = b.load(Type::I32, cell, 0);
    let less = b.binary_const(BinaryOp::Sub, count, 1);
    b.store(less, cell, 0);
    let over = b.compare_const(Condition::Lt, less, 0);
    b.when_cold(over, when_over);
}

/// Compares the eval breaker with what the code is valid for. `location` is `RESUME`'s operand, 0 elsewhere.
fn poll(b: &mut Builder<'_>, location: Value) {
    let thread = b.thread_state();
    let breaker = b.load(Type::I64, thread, thread_state::EVAL_BREAKER);
    let code = b.raw_pointer(abi::pointer::CODE);
    let valid = b.load(Type::I64, code, 0);
    let attention = b.compare(Condition::Ne, breaker, valid);
    b.when_cold(attention, |b| {
        let (thread, frame) = (b.thread_state(), b.frame());
        let code = b.raw_pointer(abi::pointer::CODE);
        let verdict = b.call_status(Helper::Poll, &[thread, frame, code, location]);
        let leave = b.compare_const(Condition::Ne, verdict, 0);
        b.when_cold(leave, |b| b.leave(Continuation::Exit));
    });
}
