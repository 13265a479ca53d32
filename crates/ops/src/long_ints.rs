//! Operators of ints that are too large for a register, for which the interpreter has specialised `+`, `-` and `*` only.

use crate::{Imm, Ptr, operations};
use whipsnake_ir::{Builder, Global, Helper, Value};

operations! {
    "BINARY_OP.ints" (left, right) -> 1, borrows [0, 1], imms [Imm::Oparg(0)], ptrs [Ptr::BinaryFunction] => combined;
}

/// `left OP right` for an operator that can't fail of ints. It runs no code.
fn combined(b: &mut Builder<'_>, left: Value, right: Value) -> Value {
    b.guard_exact(left, Global::IntType);
    b.guard_exact(right, Global::IntType);
    let (function, operator) = (b.pointer(0), b.param(0));
    let result = b.call_checked(Helper::CombineInts, &[function, left, right, operator]);
    b.learn_class(result, Global::IntType);
    b.release_all(&[left, right]);
    result
}
