//! Functions of the module `math` in regions: what C's library computes, without objects.

use crate::number::{float_of_int, is_exactly};
use whipsnake_ir::{Builder, FloatCondition, Global, Helper, MissReason, Type, UnaryOp, Value};

/// A function of one number, whose result is the one of C's function of that name where that is finite. Else it may be an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MathFunction {
    /// The square root.
    Sqrt,
    /// The sine.
    Sin,
    /// The cosine.
    Cos,
    /// The tangent.
    Tan,
    /// The arc tangent.
    Atan,
    /// The exponential.
    Exp,
}

impl MathFunction {
    /// The function of that name.
    pub fn named(name: &[u8]) -> Option<MathFunction> {
        Some(match name {
            b"sqrt" => MathFunction::Sqrt,
            b"sin" => MathFunction::Sin,
            b"cos" => MathFunction::Cos,
            b"tan" => MathFunction::Tan,
            b"atan" => MathFunction::Atan,
            b"exp" => MathFunction::Exp,
            _ => return None,
        })
    }
}

/// The result for an exact `float` or `int`; the region is left for anything else, and where the result is not finite.
pub fn math_result(b: &mut Builder<'_>, function: MathFunction, argument: Value) -> Value {
    let x = float_of_number(b, argument);
    let result = match function {
        MathFunction::Sqrt => b.unary(UnaryOp::FSqrt, x),
        MathFunction::Sin => b.call(Helper::Sine, &[x]),
        MathFunction::Cos => b.call(Helper::Cosine, &[x]),
        MathFunction::Tan => b.call(Helper::Tangent, &[x]),
        MathFunction::Atan => b.call(Helper::ArcTangent, &[x]),
        MathFunction::Exp => b.call(Helper::Exponential, &[x]),
    };
    guard_finite(b, result);
    result
}

/// Leaves the region unless the number is neither infinite nor NaN.
pub(crate) fn guard_finite(b: &mut Builder<'_>, number: Value) {
    for (condition, limit) in [(FloatCondition::Lt, f64::INFINITY), (FloatCondition::Gt, f64::NEG_INFINITY)] {
        let limit = b.fconst(limit);
        let finite = b.float_compare(condition, number, limit);
        b.guard(finite, MissReason::Value);
    }
}

/// The value of an exact `float`, or of an exact `int` that is exact as a float.
fn float_of_number(b: &mut Builder<'_>, value: Value) -> Value {
    let (float, int, done) = (b.block(), b.block(), b.block());
    let result = b.func.add_param(done, Type::F64);
    let is_float = is_exactly(b, value, Global::FloatType);
    b.branch(is_float, float, int);
    b.switch_to(float);
    let x = b.float_value(value);
    b.jump(done, &[x]);
    b.switch_to(int);
    b.guard_exact(value, Global::IntType);
    let x = float_of_int(b, value);
    b.jump(done, &[x]);
    b.switch_to(done);
    result
}
