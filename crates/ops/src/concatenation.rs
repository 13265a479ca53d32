//! Lists joined, for which the interpreter has no specialised instruction.

use crate::operations;
use whipsnake_ir::{Builder, Global, Helper, Value};

operations! {
    "BINARY_OP.lists" (left, right) -> 1, borrows [0, 1] => joined;
}

/// `left + right`. It runs no code.
fn joined(b: &mut Builder<'_>, left: Value, right: Value) -> Value {
    b.guard_exact(left, Global::ListType);
    b.guard_exact(right, Global::ListType);
    let result = b.call_checked(Helper::JoinLists, &[left, right]);
    b.learn_class(result, Global::ListType);
    b.release_all(&[left, right]);
    result
}
