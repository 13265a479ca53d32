//! Control flow: jumps, and the polls at function starts and back-edges.

use crate::{Imm, operations};
use whipsnake_cpython::layout::thread_state;
use whipsnake_ir::{Builder, Condition, Continuation, Helper, Type, Value, abi};

/// The bits of `RESUME`'s operand that say what it comes after (`RESUME_OPARG_LOCATION_MASK`).
const LOCATION_MASK: u32 = 3;

operations! {
    "RESUME" () -> 0, imms [Imm::OpargMasked(LOCATION_MASK)] => resume;
    "RESUME_CHECK" () -> 0, imms [Imm::OpargMasked(LOCATION_MASK)] => resume;
    "JUMP_FORWARD" () -> 0 => |b: &mut Builder<'_>| b.leave(Continuation::Target);
    "JUMP_BACKWARD" () -> 0 => jump_backward;
    "JUMP_BACKWARD_NO_INTERRUPT" () -> 0 => |b: &mut Builder<'_>| b.leave(Continuation::Target);
}

/// The start of a function, or of what follows a `yield` or `await`: looks whether anything is pending and whether the code is still
/// good. After `yield from` and `await` what is pending waits: an exception there would look as if the inner iterator had raised it.
pub fn resume(b: &mut Builder<'_>) {
    let location = b.param(0);
    poll(b, location);
}

/// The end of a loop's body: polls, then jumps.
pub fn jump_backward(b: &mut Builder<'_>) {
    let anywhere = b.iconst(Type::I32, 0);
    poll(b, anywhere);
    b.leave(Continuation::Target);
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
