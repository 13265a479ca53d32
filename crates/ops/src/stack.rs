//! Moving values between locals, constants and the stack.

use crate::{Imm, Place, Ptr, operations};
use whipsnake_ir::{Builder, Continuation, Global, Helper, Value};

operations! {
    "NOP" () -> 0 => |_: &mut Builder<'_>| ();
    "LOAD_FAST" () -> 1, place Place::Local => load_fast;
    "LOAD_FAST_CHECK" () -> 1, place Place::Local, imms [Imm::Oparg(0)] => load_fast_check;
    "LOAD_FAST_AND_CLEAR" () -> 1, place Place::Local => load_fast_and_clear;
    "LOAD_CONST" () -> 1, ptrs [Ptr::Const] => load_const;
    "LOAD_ASSERTION_ERROR" () -> 1 => load_assertion_error;
    "STORE_FAST" (value) -> 0, place Place::Local, borrows [0] => store_fast;
    "DELETE_FAST" () -> 0, place Place::Local, imms [Imm::Oparg(0)] => delete_fast;
    "POP_TOP" (value) -> 0 => |b: &mut Builder<'_>, value| b.release(value);
    "PUSH_NULL" () -> 1 => |b: &mut Builder<'_>| b.null();
    "COPY" () -> 1, place Place::Below(0) => load_fast;
    "SWAP" (top) -> 1, place Place::Below(0), borrows [0] => swap;
}

/// A local variable that is known to be set, or a value further down the stack.
pub fn load_fast(b: &mut Builder<'_>) -> Value {
    let value = b.local();
    b.retain(value);
    value
}

/// Goes to `error` with `UnboundLocalError` if the local's value is NULL.
fn check_bound(b: &mut Builder<'_>, value: Value) {
    let unbound = b.is_null(value);
    b.when_cold(unbound, |b| {
        let (frame, index) = (b.frame(), b.param(0));
        b.call_void(Helper::UnboundLocal, &[frame, index]);
        b.leave(Continuation::Error);
    });
}

/// A local variable that may be unset.
pub fn load_fast_check(b: &mut Builder<'_>) -> Value {
    let value = b.local();
    check_bound(b, value);
    b.retain(value);
    value
}

/// A local variable, which is unset; its value may be NULL.
pub fn load_fast_and_clear(b: &mut Builder<'_>) -> Value {
    let value = b.local();
    let null = b.null();
    b.set_local(null);
    value
}

/// A constant of the code object.
pub fn load_const(b: &mut Builder<'_>) -> Value {
    let value = b.object(0);
    b.retain(value);
    value
}

/// `AssertionError`, whatever that name means in the program.
pub fn load_assertion_error(b: &mut Builder<'_>) -> Value {
    let value = b.global(Global::AssertionError);
    b.retain(value);
    value
}

/// Assigns a local variable. The old value goes last: its finalizer may look at the frame.
pub fn store_fast(b: &mut Builder<'_>, value: Value) {
    let old = b.local();
    let value = b.take(value);
    b.set_local(value);
    b.release_or_null(old);
}

/// Unsets a local variable.
pub fn delete_fast(b: &mut Builder<'_>) {
    let old = b.local();
    check_bound(b, old);
    let null = b.null();
    b.set_local(null);
    b.release(old);
}

/// Exchanges the top of the stack with a value further down.
pub fn swap(b: &mut Builder<'_>, top: Value) -> Value {
    let bottom = b.local();
    let top = b.take(top);
    b.set_local(top);
    bottom
}
