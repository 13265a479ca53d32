//! Moving values between locals, constants and the stack.

use crate::{Place, Ptr, operations};
use whipsnake_ir::{Builder, Value};

operations! {
    "LOAD_FAST" () -> 1, place Place::Local => load_fast;
    "LOAD_CONST" () -> 1, ptrs [Ptr::Const] => load_const;
    "STORE_FAST" (value) -> 0, place Place::Local, borrows [0] => store_fast;
    "POP_TOP" (value) -> 0 => |b: &mut Builder<'_>, value| b.release(value);
}

/// A local variable that is known to be set.
pub fn load_fast(b: &mut Builder<'_>) -> Value {
    let value = b.local();
    b.retain(value);
    value
}

/// A constant of the code object.
pub fn load_const(b: &mut Builder<'_>) -> Value {
    let value = b.object(0);
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
