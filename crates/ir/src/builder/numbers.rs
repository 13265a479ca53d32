//! Memory and arithmetic.

use crate::{BinaryOp, Builder, Condition, FloatCondition, Global, InstData, Offset, Type, UnaryOp, Value};

impl Builder<'_> {
    /// Reads memory.
    pub fn load(&mut self, ty: Type, base: Value, offset: impl Into<Offset>) -> Value {
        let offset = self.known_offset(offset.into());
        if let Some(known) = self.known_load(ty, base, offset) {
            return known;
        }
        let value = self.value(InstData::Load { ty, base, offset }, ty);
        self.remember_load(base, offset, value);
        value
    }

    /// Writes memory.
    pub fn store(&mut self, value: Value, base: Value, offset: impl Into<Offset>) {
        let offset = offset.into();
        if !self.put_off_store(value, base, offset) {
            self.push(InstData::Store { value, base, offset }, &[]);
        }
    }

    /// `base + offset`.
    pub fn address(&mut self, base: Value, offset: impl Into<Offset>) -> Value {
        self.value(InstData::Address { base, offset: offset.into() }, Type::Ptr)
    }

    /// The address of element `index` (a word) of an array of `1 << shift` bytes an element.
    pub fn element(&mut self, base: Value, index: Value, shift: i64) -> Value {
        let amount = self.iconst(Type::I64, shift);
        let bytes = self.binary(BinaryOp::Shl, index, amount);
        let base = if self.func.ty(base) == Type::I64 { base } else { self.unary(UnaryOp::AsInt, base) };
        let sum = self.binary(BinaryOp::Add, base, bytes);
        self.unary(UnaryOp::AsPtr, sum)
    }

    /// One-operand arithmetic; the result type follows from the operation.
    pub fn unary(&mut self, op: UnaryOp, arg: Value) -> Value {
        if let Some(folded) = self.fold_unary(op, arg) {
            return folded;
        }
        let ty = match op {
            UnaryOp::ExtendU | UnaryOp::ExtendS | UnaryOp::AsInt => Type::I64,
            UnaryOp::Truncate => Type::I32,
            UnaryOp::TruncateByte => Type::I8,
            UnaryOp::IntToFloat => Type::F64,
            UnaryOp::FloatToInt => Type::I64,
            UnaryOp::AsPtr => Type::Ptr,
            UnaryOp::AsObj => Type::Obj,
            UnaryOp::Neg | UnaryOp::Not | UnaryOp::FNeg | UnaryOp::FSqrt | UnaryOp::FAbs | UnaryOp::Hold => {
                self.func.ty(arg)
            }
        };
        self.value(InstData::Unary { op, arg }, ty)
    }

    /// The same value, read once here: needed for an input that is used after its slot was overwritten or its frame popped.
    pub fn hold(&mut self, value: Value) -> Value {
        self.unary(UnaryOp::Hold, value)
    }

    /// Two-operand arithmetic on values of one type.
    pub fn binary(&mut self, op: BinaryOp, left: Value, right: Value) -> Value {
        if let Some(folded) = self.fold_binary(op, left, right) {
            return folded;
        }
        let ty = self.func.ty(left);
        self.value(InstData::Binary { op, left, right }, ty)
    }

    /// Two-operand arithmetic with a constant.
    pub fn binary_const(&mut self, op: BinaryOp, left: Value, right: i64) -> Value {
        let ty = self.func.ty(left);
        let right = self.iconst(ty, right);
        self.binary(op, left, right)
    }

    /// Signed i64 arithmetic: the wrapped result, and whether it overflowed.
    pub fn overflowing(&mut self, op: BinaryOp, left: Value, right: Value) -> (Value, Value) {
        let inst = self.push(InstData::Overflowing { op, left, right }, &[Type::I64, Type::Bool]);
        let results = self.func.results(inst);
        (results[0], results[1])
    }

    /// Integer comparison.
    pub fn compare(&mut self, condition: Condition, left: Value, right: Value) -> Value {
        if let Some(folded) = self.fold_compare(condition, left, right) {
            return folded;
        }
        self.value(InstData::Compare { condition, left, right }, Type::Bool)
    }

    /// Integer comparison with a constant.
    pub fn compare_const(&mut self, condition: Condition, left: Value, right: i64) -> Value {
        let ty = self.func.ty(left);
        let right = self.iconst(ty, right);
        self.compare(condition, left, right)
    }

    /// Whether a reference or pointer is NULL.
    pub fn is_null(&mut self, value: Value) -> Value {
        self.compare_const(Condition::Eq, value, 0)
    }

    /// Float comparison.
    pub fn float_compare(&mut self, condition: FloatCondition, left: Value, right: Value) -> Value {
        if let Some(folded) = self.fold_float_compare(condition, left, right) {
            return folded;
        }
        self.value(InstData::FloatCompare { condition, left, right }, Type::Bool)
    }

    /// `condition ? then : otherwise`, without a branch.
    pub fn select(&mut self, condition: Value, then: Value, otherwise: Value) -> Value {
        if let Some(known) = self.constant(condition) {
            return if known != 0 { then } else { otherwise };
        }
        let ty = self.func.ty(then);
        let both = self.region.as_ref().map(|r| r.known(then).join(r.known(otherwise)));
        let result = self.value(InstData::Select { condition, then, otherwise }, ty);
        if let Some(both) = both {
            self.learn(result, |known| *known = both);
        }
        result
    }

    /// `True` or `False`.
    pub fn bool_object(&mut self, condition: Value) -> Value {
        let yes = self.global(Global::True);
        let no = self.global(Global::False);
        self.select(condition, yes, no)
    }
}
