//! Numbers that are now a float and now an int, in regions: a double, and whether it is an int.
//!
//! Vectors with whole numbers in some places are made of such, and sums that begin with 0. An int is computed with as a double where it is exact as one, so that
//! there is one way for all pairs of types, and no object between one operation and the next.

use crate::number::{EXACT, float_of_int, guard_ints, int_arithmetic, is_exactly};
use whipsnake_ir::{BinaryOp, Builder, Condition, FloatCondition, Global, MissReason, Type, Value};

/// A number as a double, and whether it is an int; `None` if it is known to be a float. Leaves with anything else, and with ints that no double is.
pub(crate) fn number(b: &mut Builder<'_>, value: Value) -> (Value, Option<Value>) {
    match b.known_class(value) {
        Some(Global::FloatType) => return (b.float_value(value), None),
        Some(_) => {
            b.guard_exact(value, Global::IntType);
            return (float_of_int(b, value), Some(b.iconst(Type::Bool, 1)));
        }
        None => {}
    }
    if let Some((number, is_int)) = b.mixed(value) {
        return (number, Some(is_int));
    }
    let is_float = is_exactly(b, value, Global::FloatType);
    let number = b.choose(
        is_float,
        Type::F64,
        false,
        |b| b.float_value(value),
        |b| {
            b.guard_exact(value, Global::IntType);
            float_of_int(b, value)
        },
    );
    let no = b.iconst(Type::Bool, 0);
    let is_int = b.compare(Condition::Eq, is_float, no);
    b.learn(value, |known| known.mixed = Some((number, is_int)));
    (number, Some(is_int))
}

/// `left OP right` in a region that meets floats and ints here.
pub(crate) fn mixed_numbers(b: &mut Builder<'_>, op: BinaryOp, left: Value, right: Value) -> Value {
    if [left, right].iter().all(|&value| b.known_class(value) == Some(Global::IntType)) {
        let [x, y] = guard_ints(b, [left, right]);
        let op = match op {
            BinaryOp::FAdd => BinaryOp::Add,
            BinaryOp::FSub => BinaryOp::Sub,
            _ => BinaryOp::Mul,
        };
        let result = int_arithmetic(b, op, x, y);
        return b.new_int(result, &[left, right]);
    }
    let (x, left_int) = number(b, left);
    let (y, right_int) = number(b, right);
    let result = b.binary(op, x, y);
    let (Some(left_int), Some(right_int)) = (left_int, right_int) else {
        return b.new_float(result, &[left, right]);
    };
    let no = b.iconst(Type::Bool, 0);
    let is_int = match [left_int, right_int].map(|is_int| b.constant(is_int)) {
        [Some(1), _] => right_int,
        [_, Some(1)] => left_int,
        _ => b.select(left_int, right_int, no),
    };
    let exact = |b: &mut Builder<'_>| {
        // What is rounded is not smaller than that.
        for (op, limit) in [(FloatCondition::Lt, EXACT as f64), (FloatCondition::Gt, -EXACT as f64)] {
            let limit = b.fconst(limit);
            let fits = b.float_compare(op, result, limit);
            b.guard(fits, MissReason::Int);
        }
        // There is one zero only.
        let zero = b.fconst(0.0);
        if op == BinaryOp::FMul { b.binary(BinaryOp::FAdd, result, zero) } else { result }
    };
    let result = b.choose(is_int, Type::F64, false, exact, |_| result);
    b.new_mixed(result, is_int, &[left, right])
}
