//! Random functions print, read back and verify; damaged texts are refused without a panic.

use proptest::prelude::*;
use whipsnake_ir::{
    BinaryOp, Builder, Condition, Continuation, FloatCondition, Function, Global, Helper, MissReason, OperationShape,
    Type, UnaryOp, Value, parse, verify, verify_operation,
};

/// Builds a function from random numbers: whatever they are, the function is right.
struct Maker<'n> {
    numbers: std::slice::Iter<'n, u32>,
    /// Values that may be used here.
    values: Vec<Value>,
}

impl Maker<'_> {
    fn number(&mut self) -> u32 {
        self.numbers.next().copied().unwrap_or(0)
    }

    fn choice<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.number() as usize % all.len()]
    }

    /// A value of the type that may be used here, or a constant.
    fn value(&mut self, b: &mut Builder<'_>, ty: Type) -> Value {
        let of_type: Vec<Value> = self.values.iter().copied().filter(|&v| b.func.ty(v) == ty).collect();
        if !of_type.is_empty() && !self.number().is_multiple_of(4) {
            return self.choice(&of_type);
        }
        let number = self.number();
        match ty {
            Type::F64 => b.fconst(f64::from_bits(u64::from(number) << 33 | 5)),
            Type::Bool => b.iconst(ty, i64::from(number & 1)),
            Type::I8 => b.iconst(ty, i64::from(number as i8)),
            Type::I32 => b.iconst(ty, i64::from(number as i32)),
            Type::I64 => b.iconst(ty, i64::from(number).wrapping_mul(-0x1_2345_6789)),
            Type::Ptr => b.frame(),
            Type::Obj => b.object((number % 4) as u8),
        }
    }

    fn offset(&mut self, b: &Builder<'_>) -> whipsnake_ir::Offset {
        let number = self.number();
        if number & 1 == 0 { (number as i32).into() } else { b.param_offset((number % 7) as u8, number as i32) }
    }

    fn step(&mut self, b: &mut Builder<'_>, depth: u32) {
        match self.number() % 19 {
            0 => {
                let op = self.choice(BinaryOp::ALL);
                let ty = if op.name().starts_with('f') { Type::F64 } else { self.choice(&[Type::I32, Type::I64]) };
                let (left, right) = (self.value(b, ty), self.value(b, ty));
                let value = b.binary(op, left, right);
                self.values.push(value);
            }
            1 => {
                let (op, ty) = self.choice(&[
                    (UnaryOp::Neg, Type::I32),
                    (UnaryOp::FNeg, Type::F64),
                    (UnaryOp::FAbs, Type::F64),
                    (UnaryOp::FloatToInt, Type::F64),
                    (UnaryOp::ExtendU, Type::Bool),
                    (UnaryOp::ExtendS, Type::I32),
                    (UnaryOp::Truncate, Type::I64),
                    (UnaryOp::AsPtr, Type::I64),
                    (UnaryOp::AsInt, Type::Obj),
                    (UnaryOp::Hold, Type::Obj),
                ]);
                let arg = self.value(b, ty);
                let value = b.unary(op, arg);
                self.values.push(value);
            }
            2 => {
                let condition = self.choice(Condition::ALL);
                let ty = self.choice(&[Type::I32, Type::I64, Type::Obj]);
                let (left, right) = (self.value(b, ty), self.value(b, ty));
                let value = b.compare(condition, left, right);
                self.values.push(value);
            }
            3 => {
                let condition = self.choice(FloatCondition::ALL);
                let (left, right) = (self.value(b, Type::F64), self.value(b, Type::F64));
                let value = b.float_compare(condition, left, right);
                self.values.push(value);
            }
            4 => {
                let (ty, base, offset) = (self.choice(&Type::ALL), self.value(b, Type::Ptr), self.offset(b));
                let value = b.load(ty, base, offset);
                self.values.push(value);
            }
            5 => {
                let ty = self.choice(&Type::ALL);
                let (value, base, offset) = (self.value(b, ty), self.value(b, Type::Ptr), self.offset(b));
                b.store(value, base, offset);
            }
            6 => {
                let value = self.value(b, Type::Obj);
                b.retain(value);
            }
            7 => {
                let value = self.value(b, Type::Obj);
                b.release(value);
            }
            8 => {
                let (condition, reason) = (self.value(b, Type::Bool), self.choice(MissReason::ALL));
                b.guard(condition, reason);
            }
            9 => {
                let value = self.value(b, Type::Obj);
                b.guard_exact(value, Global::FloatType);
            }
            10 => {
                let (x, old) = (self.value(b, Type::F64), self.value(b, Type::Obj));
                let value = b.new_float(x, &[old]);
                self.values.push(value);
            }
            11 => {
                let (left, right) = (self.value(b, Type::I64), self.value(b, Type::I64));
                let op = self.choice(&[BinaryOp::Add, BinaryOp::Sub, BinaryOp::Mul]);
                let (value, overflow) = b.overflowing(op, left, right);
                self.values.extend([value, overflow]);
            }
            12 => {
                let helper = self.choice(Helper::ALL);
                let signature = helper.signature();
                let args: Vec<Value> = signature.params.iter().map(|&ty| self.value(b, ty)).collect();
                match signature.results.len() {
                    0 => b.call_void(helper, &args),
                    1 => self.values.push(b.call(helper, &args)),
                    _ => {
                        let (first, second) = b.call_pair(helper, &args);
                        self.values.extend([first, second]);
                    }
                }
            }
            13 => {
                let callee = self.value(b, Type::Ptr);
                let args = [self.value(b, Type::Obj), self.value(b, Type::I64)];
                let ret = self.choice(&[Type::Obj, Type::I32]);
                self.values.push(b.call_pointer(callee, &args, ret));
            }
            14 if depth < 4 => {
                let condition = self.value(b, Type::Bool);
                let known = self.values.len();
                let cold = self.number() & 1 == 0;
                let body = |b: &mut Builder<'_>, this: &mut Self| {
                    this.steps(b, depth + 1);
                    if this.number().is_multiple_of(4) {
                        b.leave(Continuation::Exit);
                    }
                };
                if cold {
                    b.when_cold(condition, |b| body(b, self));
                } else {
                    b.when(condition, |b| body(b, self));
                }
                self.values.truncate(known);
            }
            15 if depth < 4 => {
                let condition = self.value(b, Type::Bool);
                let known = self.values.len();
                let (ty, cold) = (self.choice(&Type::ALL), self.number() & 1 == 0);
                let this = std::cell::RefCell::new(&mut *self);
                let arm = |b: &mut Builder<'_>| {
                    let mut this = this.borrow_mut();
                    this.steps(b, depth + 1);
                    let value = this.value(b, ty);
                    this.values.truncate(known);
                    value
                };
                let value = b.choose(condition, ty, cold, arm, arm);
                self.values.push(value);
            }
            16 => {
                let (condition, ty) = (self.value(b, Type::Bool), self.choice(&Type::ALL));
                let (then, otherwise) = (self.value(b, ty), self.value(b, ty));
                self.values.push(b.select(condition, then, otherwise));
            }
            17 => {
                let condition = self.value(b, Type::Bool);
                b.error_if(condition);
            }
            _ => {
                let (base, offset) = (self.value(b, Type::Ptr), self.offset(b));
                let value = b.address(base, offset);
                self.values.push(value);
            }
        }
    }

    fn steps(&mut self, b: &mut Builder<'_>, depth: u32) {
        for _ in 0..self.number() % 12 {
            self.step(b, depth);
        }
    }
}

fn random_function(numbers: &[u32]) -> Function {
    let mut function = Function::new("random");
    let mut b = Builder::new(&mut function);
    let mut maker = Maker { numbers: numbers.iter(), values: Vec::new() };
    for index in 0..4 {
        maker.values.push(b.input(index, index % 2 == 0));
    }
    // Until the numbers run out.
    while maker.numbers.len() > 0 {
        maker.step(&mut b, 0);
    }
    b.leave(Continuation::Next);
    function
}

proptest! {
    #[test]
    fn random_functions_verify_and_read_back(numbers in prop::collection::vec(any::<u32>(), 0..300)) {
        let function = random_function(&numbers);
        let text = function.to_string();
        if let Err(errors) = verify(&function) {
            panic!("{}\n{text}", errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"));
        }
        let read = parse(&text).unwrap_or_else(|e| panic!("{e}\n{text}"));
        prop_assert_eq!(read.to_string(), text);
        prop_assert_eq!(verify(&read), Ok(()));
        for block in function.block_ids() {
            let data = |f: &Function| f.blocks[block.index()].insts.iter().map(|&i| f.inst(i).clone()).collect::<Vec<_>>();
            prop_assert_eq!(data(&read), data(&function));
        }
        // Random functions break the rules of operations, but the check ends.
        let _ = verify_operation(&function, OperationShape { keeps: 1, borrowed: 0b0101 });
    }

    #[test]
    fn damaged_texts_do_no_harm(
        numbers in prop::collection::vec(any::<u32>(), 0..100),
        damage in prop::collection::vec((any::<prop::sample::Index>(), "[ -~\n]{0,3}", 0..4usize), 1..4),
    ) {
        let mut text: Vec<char> = random_function(&numbers).to_string().chars().collect();
        for (at, insert, remove) in damage {
            let start = at.index(text.len() + 1);
            let end = (start + remove).min(text.len());
            text.splice(start..end, insert.chars());
        }
        let text: String = text.into_iter().collect();
        if let Ok(function) = parse(&text) {
            let printed = function.to_string();
            prop_assert_eq!(parse(&printed).map(|f| f.to_string()), Ok(printed));
            let _ = verify_operation(&function, OperationShape::default());
        }
    }
}
