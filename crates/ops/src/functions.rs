//! Making functions.

use crate::{Imm, operations};
use whipsnake_cpython::layout::function;
use whipsnake_cpython::opcode::operand;
use whipsnake_ir::{Builder, Helper, Value};

operations! {
    "MAKE_FUNCTION" (code) -> 1 => make_function;
    "SET_FUNCTION_ATTRIBUTE" (value, function) -> 1, borrows [0], imms [Imm::FunctionField] => set_function_attribute;
}

/// A function from a code object, with the frame's globals.
pub fn make_function(b: &mut Builder<'_>, code: Value) -> Value {
    let frame = b.frame();
    let function = b.call_checked(Helper::MakeFunction, &[frame, code]);
    b.release(code);
    function
}

/// Gives a new function its defaults, keyword defaults, annotations or cells.
pub fn set_function_attribute(b: &mut Builder<'_>, value: Value, function: Value) -> Value {
    let value = b.take(value);
    let field = b.param_offset(0, 0);
    b.store(value, function, field);
    b.hold(function)
}

/// The field of a function that `SET_FUNCTION_ATTRIBUTE` with this operand sets.
pub fn function_field(oparg: u32) -> i32 {
    match oparg {
        operand::MAKE_FUNCTION_DEFAULTS => function::DEFAULTS,
        operand::MAKE_FUNCTION_KWDEFAULTS => function::KWDEFAULTS,
        operand::MAKE_FUNCTION_ANNOTATIONS => function::ANNOTATIONS,
        _ => function::CLOSURE,
    }
}
