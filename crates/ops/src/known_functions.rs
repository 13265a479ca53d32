//! Built-in functions in regions that know the types of their arguments: no call, and no objects for numbers.

use crate::containers::{ascii_code, ascii_string, immortal_string};
use whipsnake_cpython::layout::{unicode, var_object};
use whipsnake_ir::{BinaryOp, Builder, Condition, FloatCondition, Global, MissReason, Type, UnaryOp, Value};

/// A built-in function, or one of the module `math`, that a region computes by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KnownFunction {
    /// `len` of a list, tuple, string or dict.
    Len,
    /// `abs` of a number.
    Abs,
    /// `min` of two numbers of one type.
    Min,
    /// `max` of two numbers of one type.
    Max,
    /// `ord` of a string.
    Ord,
    /// `chr` of an int.
    Chr,
    /// `math.floor` of a float.
    Floor,
    /// `math.ceil` of a float.
    Ceil,
    /// `math.trunc` of a float.
    Trunc,
}

impl KnownFunction {
    /// The built-in function of that name.
    pub fn builtin(name: &[u8]) -> Option<KnownFunction> {
        Some(match name {
            b"len" => KnownFunction::Len,
            b"abs" => KnownFunction::Abs,
            b"min" => KnownFunction::Min,
            b"max" => KnownFunction::Max,
            b"ord" => KnownFunction::Ord,
            b"chr" => KnownFunction::Chr,
            _ => return None,
        })
    }

    /// The function of that name of the module `math`.
    pub fn of_math(name: &[u8]) -> Option<KnownFunction> {
        Some(match name {
            b"floor" => KnownFunction::Floor,
            b"ceil" => KnownFunction::Ceil,
            b"trunc" => KnownFunction::Trunc,
            _ => return None,
        })
    }

    /// How many arguments it has here.
    pub fn arguments(self) -> usize {
        if matches!(self, KnownFunction::Min | KnownFunction::Max) { 2 } else { 1 }
    }

    /// Whether it is known here for arguments that are all exactly of this type.
    pub fn takes(self, class: Global) -> bool {
        match self {
            KnownFunction::Len => {
                matches!(class, Global::ListType | Global::TupleType | Global::StrType | Global::DictType)
            }
            KnownFunction::Ord => class == Global::StrType,
            KnownFunction::Chr => class == Global::IntType,
            KnownFunction::Abs | KnownFunction::Min | KnownFunction::Max => {
                matches!(class, Global::IntType | Global::FloatType)
            }
            KnownFunction::Floor | KnownFunction::Ceil | KnownFunction::Trunc => class == Global::FloatType,
        }
    }

    /// The result, a reference of its own, for arguments that are guarded to be exactly of a type that it takes. They are borrowed.
    pub fn result(self, b: &mut Builder<'_>, class: Global, arguments: &[Value]) -> Value {
        let is_float = class == Global::FloatType;
        match (self, arguments) {
            (KnownFunction::Ord, &[x]) => {
                let length = b.load(Type::I64, x, unicode::LENGTH);
                let is_one = b.compare_const(Condition::Eq, length, 1);
                b.guard(is_one, MissReason::Value);
                let first = b.iconst(Type::I64, 0);
                let code = ascii_code(b, x, first);
                b.new_int(code, &[])
            }
            (KnownFunction::Chr, &[x]) => {
                let code = b.unbox_int(x);
                let is_ascii = b.compare_const(Condition::LtU, code, 128);
                b.guard(is_ascii, MissReason::Value);
                let string = ascii_string(b, code);
                immortal_string(b, string)
            }
            (KnownFunction::Abs, &[x]) if is_float => {
                let x = b.float_value(x);
                let positive = b.unary(UnaryOp::FAbs, x);
                b.new_float(positive, &[])
            }
            (KnownFunction::Abs, &[x]) => absolute(b, x),
            (KnownFunction::Min | KnownFunction::Max, &[x, y]) => {
                extreme(b, self == KnownFunction::Max, is_float, x, y)
            }
            (KnownFunction::Floor | KnownFunction::Ceil | KnownFunction::Trunc, &[x]) => {
                let x = b.float_value(x);
                let rounded = self.rounded(b, x);
                b.new_int(rounded, &[])
            }
            // All that have a length here have it at the same place.
            (_, arguments) => {
                let length = b.load(Type::I64, arguments[0], var_object::OB_SIZE);
                b.new_int(length, &[])
            }
        }
    }

    fn rounded(self, b: &mut Builder<'_>, x: Value) -> Value {
        let whole = int_of_float(b, x);
        let (condition, step) = match self {
            KnownFunction::Floor => (FloatCondition::Gt, -1),
            KnownFunction::Ceil => (FloatCondition::Lt, 1),
            _ => return whole,
        };
        let back = b.unary(UnaryOp::IntToFloat, whole);
        let beyond = b.float_compare(condition, back, x);
        let next = b.binary_const(BinaryOp::Add, whole, step);
        b.select(beyond, next, whole)
    }
}

/// A float rounded toward zero; in regions only. Leaves for what is too large, and for what is no number.
pub fn int_of_float(b: &mut Builder<'_>, x: Value) -> Value {
    /// One power below the limit, so that rounding to the next int is possible.
    const LIMIT: f64 = (1u64 << 62) as f64;
    for (condition, limit) in [(FloatCondition::Lt, LIMIT), (FloatCondition::Gt, -LIMIT)] {
        let limit = b.fconst(limit);
        let fits = b.float_compare(condition, x, limit);
        b.guard(fits, MissReason::Value);
    }
    b.unary(UnaryOp::FloatToInt, x)
}

/// `abs` of an int: the object itself unless it is negative.
fn absolute(b: &mut Builder<'_>, x: Value) -> Value {
    let number = b.unbox_int(x);
    let fits = b.compare_const(Condition::Ne, number, i64::MIN);
    b.guard(fits, MissReason::Value);
    let negative = b.compare_const(Condition::Lt, number, 0);
    b.choose(
        negative,
        Type::Obj,
        false,
        |b| {
            let positive = b.unary(UnaryOp::Neg, number);
            b.new_int(positive, &[])
        },
        |b| {
            b.retain(x);
            x
        },
    )
}

/// The smaller or larger of two numbers: the second one if that is smaller (larger) than the first, which no number is than NaN.
fn extreme(b: &mut Builder<'_>, larger: bool, is_float: bool, x: Value, y: Value) -> Value {
    let second = if is_float {
        let (x, y) = (b.float_value(x), b.float_value(y));
        b.float_compare(if larger { FloatCondition::Gt } else { FloatCondition::Lt }, y, x)
    } else {
        let (x, y) = (b.unbox_int(x), b.unbox_int(y));
        b.compare(if larger { Condition::Gt } else { Condition::Lt }, y, x)
    };
    let kept = |value| {
        move |b: &mut Builder<'_>| {
            b.retain(value);
            value
        }
    };
    b.choose(second, Type::Obj, false, kept(y), kept(x))
}
