//! Formatting.

use crate::number::is_exactly;
use crate::{Ptr, operations};
use whipsnake_ir::{Builder, Global, Helper, Type, Value};

operations! {
    "CONVERT_VALUE" (value) -> 1, ptrs [Ptr::Conversion] => convert;
    "FORMAT_SIMPLE" (value) -> 1, borrows [0] => format_simple;
    "FORMAT_WITH_SPEC" (value, spec) -> 1 => format_with_spec;
}

/// `str(value)`, `repr(value)` or `ascii(value)`.
pub fn convert(b: &mut Builder<'_>, value: Value) -> Value {
    let function = b.pointer(0);
    let result = b.call_pointer(function, &[value], Type::Obj);
    b.error_if_null(result);
    b.release(value);
    result
}

/// `format(value)`; a string is its own.
pub fn format_simple(b: &mut Builder<'_>, value: Value) -> Value {
    let is_string = is_exactly(b, value, Global::StrType);
    b.choose(
        is_string,
        Type::Obj,
        false,
        |b| {
            let value = b.take(value);
            b.hold(value)
        },
        |b| {
            let null = b.null();
            let result = b.call_checked(Helper::Format, &[value, null]);
            b.release(value);
            result
        },
    )
}

/// `format(value, spec)`.
pub fn format_with_spec(b: &mut Builder<'_>, value: Value, spec: Value) -> Value {
    let result = b.call_checked(Helper::Format, &[value, spec]);
    b.release_all(&[value, spec]);
    result
}
