//! Ints and floats: guards and tests on their types, and computations that fall back to a general call.

use whipsnake_cpython::layout::long;
use whipsnake_ir::{BinaryOp, Block, Builder, Condition, Global, Helper, MissReason, Type, UnaryOp, Value};

/// An int of one digit at most has a smaller tag than this.
const COMPACT: i64 = long::COMPACT_LIMIT as i64;
/// The largest tag of a compact int that is not negative: one digit, positive. Zero's is smaller.
const ONE_POSITIVE_DIGIT: i64 = 1 << long::NON_SIZE_BITS;

/// The values of ints: guards that all are exactly `int`, and compact where numbers are not kept in registers.
pub(crate) fn guard_ints<const N: usize>(b: &mut Builder<'_>, values: [Value; N]) -> [Value; N] {
    for value in values {
        b.guard_exact(value, Global::IntType);
    }
    if b.in_region() {
        return values.map(|value| b.unbox_int(value));
    }
    let compact = are_compact(b, &values);
    b.guard(compact, MissReason::Int);
    values.map(|value| b.int_value(value))
}

/// `x OP y` for the values of two ints. Compact ones can't overflow; others may.
pub(crate) fn int_arithmetic(b: &mut Builder<'_>, op: BinaryOp, x: Value, y: Value) -> Value {
    if !b.in_region() {
        return b.binary(op, x, y);
    }
    let (result, overflow) = b.overflowing(op, x, y);
    let no = b.iconst(Type::Bool, 0);
    let fits = b.compare(Condition::Eq, overflow, no);
    b.guard(fits, MissReason::Int);
    result
}

/// The value of an index: guards that it is exactly `int`, compact and not negative.
pub fn guard_index(b: &mut Builder<'_>, value: Value) -> Value {
    b.guard_exact(value, Global::IntType);
    if b.in_region() {
        let index = b.unbox_int(value);
        let fits = b.compare_const(Condition::Ge, index, 0);
        b.guard(fits, MissReason::Int);
        return index;
    }
    let tag = b.load(Type::I64, value, long::LV_TAG);
    let fits = b.compare_const(Condition::LeU, tag, ONE_POSITIVE_DIGIT);
    b.guard(fits, MissReason::Int);
    let digit = b.load(Type::I32, value, long::OB_DIGIT);
    b.unary(UnaryOp::ExtendU, digit)
}

/// Whether ints are all compact. Tags of compact ints have four bits, so one comparison of their union does.
fn are_compact(b: &mut Builder<'_>, values: &[Value]) -> Value {
    let mut union = b.load(Type::I64, values[0], long::LV_TAG);
    for &value in &values[1..] {
        let tag = b.load(Type::I64, value, long::LV_TAG);
        union = b.binary(BinaryOp::Or, union, tag);
    }
    b.compare_const(Condition::LtU, union, COMPACT)
}

/// Inputs as they are used in several blocks, in each of which an operation alone would read them from their slots again. In a region they are values anyway,
/// and ones that need an object where they are numbers.
fn for_several_blocks<const N: usize>(b: &mut Builder<'_>, values: [Value; N]) -> [Value; N] {
    if b.in_region() { values } else { values.map(|value| b.hold(value)) }
}

/// Whether the value's type is exactly the named one.
pub(crate) fn is_exactly(b: &mut Builder<'_>, value: Value, class: Global) -> Value {
    if let (Some((_, is_int)), Global::FloatType | Global::IntType) = (b.mixed(value), class) {
        let wanted = b.iconst(Type::Bool, i64::from(class == Global::IntType));
        return b.compare(Condition::Eq, is_int, wanted);
    }
    let found = b.type_of(value);
    let class = b.global(class);
    b.compare(Condition::Eq, found, class)
}

/// A computation with fast ways to its result and one general way, which is seldom taken.
pub(crate) struct Ways {
    general: Block,
    done: Block,
    result: Value,
}

impl Ways {
    /// Starts a computation of an object.
    pub(crate) fn new(b: &mut Builder<'_>) -> Ways {
        let (general, done) = (b.block(), b.block());
        b.set_cold(general);
        let result = b.func.add_param(done, Type::Obj);
        Ways { general, done, result }
    }

    /// Takes the general way unless the condition holds. A region does not have the general way, but is left.
    pub(crate) fn need(&self, b: &mut Builder<'_>, condition: Value) {
        if b.in_region() {
            b.guard(condition, MissReason::Value);
            return;
        }
        let next = b.block();
        b.branch(condition, next, self.general);
        b.switch_to(next);
    }

    /// Takes the general way unless the value's type is exactly the named one.
    pub(crate) fn need_exact(&self, b: &mut Builder<'_>, value: Value, class: Global) {
        if b.in_region() {
            b.guard_exact(value, class);
            return;
        }
        let same = is_exactly(b, value, class);
        self.need(b, same);
    }

    /// Takes the general way unless all values, known to be exact ints, are compact.
    pub(crate) fn need_compact(&self, b: &mut Builder<'_>, values: &[Value]) {
        let compact = are_compact(b, values);
        self.need(b, compact);
    }

    /// The values of exact compact ints; else takes the general way.
    ///
    /// In a region, numbers that are in registers may be larger: callers check what they need with [`Ways::need_bits`].
    pub(crate) fn compact_ints<const N: usize>(&self, b: &mut Builder<'_>, values: [Value; N]) -> [Value; N] {
        let values = for_several_blocks(b, values);
        for value in values {
            self.need_exact(b, value, Global::IntType);
        }
        if b.in_region() {
            return values.map(|value| b.unbox_int(value));
        }
        self.need_compact(b, &values);
        values.map(|value| b.int_value(value))
    }

    /// Takes the general way unless values have at most so many bits, and a sign. Compact ints have 30.
    pub(crate) fn need_bits(&self, b: &mut Builder<'_>, bits: i64, values: &[Value]) {
        if !b.in_region() {
            return;
        }
        for &value in values {
            let high = b.binary_const(BinaryOp::ShrS, value, bits);
            let sign = b.binary_const(BinaryOp::ShrS, value, 63);
            let fits = b.compare(Condition::Eq, high, sign);
            self.need(b, fits);
        }
    }

    /// Ends a fast way: its result is known, its inputs are consumed.
    pub(crate) fn found(&self, b: &mut Builder<'_>, result: Value) {
        b.jump(self.done, &[result]);
    }

    /// Ends the computation with the general way, on inputs that are untouched.
    pub(crate) fn or_else(self, b: &mut Builder<'_>, general: impl FnOnce(&mut Builder<'_>) -> Value) -> Value {
        b.switch_to(self.general);
        let value = general(b);
        b.jump(self.done, &[value]);
        b.switch_to(self.done);
        self.result
    }
}

/// Every int up to this is exact as a double.
pub(crate) const EXACT: i64 = 1 << 53;

/// The value of an exact int as a float; in regions only. Leaves where that would not be the same number.
pub fn float_of_int(b: &mut Builder<'_>, value: Value) -> Value {
    let int = b.unbox_int(value);
    if let Some(known) = b.constant(int).filter(|known| known.abs() <= EXACT) {
        return b.fconst(known as f64);
    }
    let shifted = b.binary_const(BinaryOp::Add, int, EXACT);
    let fits = b.compare_const(Condition::LeU, shifted, 2 * EXACT);
    b.guard(fits, MissReason::Value);
    b.unary(UnaryOp::IntToFloat, int)
}

/// `left OP right` on two numbers, with fast ways for two floats, a float and a compact int, and, if `ints`, two compact ints.
///
/// `compute` may send operands to the general way. Two floats are the way whose result takes over the storage of an operand.
pub(crate) fn float_ways(
    b: &mut Builder<'_>,
    ways: &Ways,
    left: Value,
    right: Value,
    ints: bool,
    compute: impl Fn(&mut Builder<'_>, &Ways, Value, Value) -> Value,
) {
    let (left_float, left_other, both, mixed, make) = (b.block(), b.block(), b.block(), b.block(), b.block());
    let made = b.func.add_param(make, Type::F64);
    let inputs = [left, right];
    let [left, right] = for_several_blocks(b, inputs);
    let from_int = |b: &mut Builder<'_>, value: Value| {
        let [int] = ways.compact_ints(b, [value]);
        // Both a mixed operation and the division of ints are right if the conversion is exact.
        ways.need_bits(b, 53, &[int]);
        b.unary(UnaryOp::IntToFloat, int)
    };
    let is_float = is_exactly(b, left, Global::FloatType);
    b.branch(is_float, left_float, left_other);
    b.switch_to(left_float);
    let is_float = is_exactly(b, right, Global::FloatType);
    b.branch(is_float, both, mixed);

    b.switch_to(both);
    let (x, y) = (b.float_value(left), b.float_value(right));
    let value = compute(b, ways, x, y);
    let result = b.new_float(value, &inputs);
    ways.found(b, result);

    b.switch_to(mixed);
    let y = from_int(b, right);
    let x = b.float_value(left);
    let value = compute(b, ways, x, y);
    b.jump(make, &[value]);

    b.switch_to(left_other);
    let x = from_int(b, left);
    let y = if ints {
        let (float, int, join) = (b.block(), b.block(), b.block());
        let y = b.func.add_param(join, Type::F64);
        let is_float = is_exactly(b, right, Global::FloatType);
        b.branch(is_float, float, int);
        b.switch_to(float);
        let value = b.float_value(right);
        b.jump(join, &[value]);
        b.switch_to(int);
        let value = from_int(b, right);
        b.jump(join, &[value]);
        b.switch_to(join);
        y
    } else {
        ways.need_exact(b, right, Global::FloatType);
        b.float_value(right)
    };
    let value = compute(b, ways, x, y);
    b.jump(make, &[value]);

    b.switch_to(make);
    let owned = |b: &mut Builder<'_>, value: Value| if b.is_borrowed(value) { b.null() } else { value };
    if b.in_region() {
        let result = b.new_float(made, &inputs);
        return ways.found(b, result);
    }
    let [left, right] = inputs.map(|value| owned(b, value));
    let result = b.call_checked(Helper::NewFloatFrom, &[made, left, right]);
    ways.found(b, result);
}
