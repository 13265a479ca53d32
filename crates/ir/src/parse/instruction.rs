//! Reading one instruction: the inverse of `print::operation`.

use super::lexer::Token;
use super::{Parser, Result};
use crate::inst::Args;
use crate::print::{operand_number, pointer_number};
use crate::{
    BinaryOp, Block, Condition, Continuation, FloatCondition, Global, Helper, InstData, MissReason, Offset, Type,
    UnaryOp, Value,
};
use std::str::FromStr;

impl Parser {
    /// An instruction after its results, the first of which has type `ty`.
    pub(super) fn instruction(&mut self, ty: Option<Type>) -> Result<InstData> {
        use InstData::*;
        let place = self.place();
        let Token::Word(name) = self.peek().clone() else { return self.wanted("an instruction") };
        self.next();
        // Instructions whose type is written at their result.
        let typed = || ty.ok_or_else(|| place.error(format!("`{name}` has a result")));
        Ok(match name.as_str() {
            "iconst" => Iconst { ty: typed()?, value: self.number("an integer")? },
            "fconst" => Fconst { bits: self.float_bits()? },
            "operand" => Operand32 { operand: self.word("the name of an operand", operand_number)? },
            "pointer" => Pointer { pointer: self.word("the name of a pointer operand", pointer_number)?, ty: typed()? },
            "global" => Global { global: self.global()? },
            "frame" => Frame,
            "thread_state" => ThreadState,
            "activation" => ActivationField { offset: self.number("an offset")? },
            "input" => Input { index: self.number("the number of an input")? },
            "received" => Received,
            "argument" => Argument { index: self.number("the number of a parameter")?, ty: typed()? },
            "load" => {
                let (base, offset) = self.memory()?;
                Load { ty: typed()?, base, offset }
            }
            "store" => {
                let value = self.value()?;
                self.mark(',')?;
                let (base, offset) = self.memory()?;
                Store { value, base, offset }
            }
            "late_iterator" => LateIterator { sequence: self.value()? },
            "empty" => Empty { class: self.global()? },
            "instance" => Instance { class: self.value()? },
            "address" => {
                let (base, offset) = self.memory()?;
                Address { base, offset }
            }
            "overflowing" => {
                let op = self.word("an integer operation", BinaryOp::from_name)?;
                let (left, right) = self.pair()?;
                Overflowing { op, left, right }
            }
            "select" => {
                let condition = self.value()?;
                self.mark(',')?;
                let (then, otherwise) = self.pair()?;
                Select { condition, then, otherwise }
            }
            "retain" => Retain { value: self.value()? },
            "release" => Release { value: self.value()? },
            "release_plain" => ReleasePlain { value: self.value()? },
            "unbox_int" => UnboxInt { value: self.value()? },
            "guard" => {
                let condition = self.value()?;
                self.mark(',')?;
                Guard { condition, reason: self.word("a reason", MissReason::from_name)? }
            }
            "guard_exact" => {
                let value = self.value()?;
                self.mark(',')?;
                GuardExact { value, class: self.global()? }
            }
            "error_if" => ErrorIf { condition: self.value()? },
            "float_value" => FloatValue { value: self.value()? },
            "new_float" => {
                let (value, reuse) = self.reusing()?;
                NewFloat { value, reuse }
            }
            "int_value" => IntValue { value: self.value()? },
            "new_int" => {
                let (value, reuse) = self.reusing()?;
                NewInt { value, reuse }
            }
            "new_number" | "late_number" => {
                let value = self.value()?;
                self.mark(',')?;
                let is_int = self.value()?;
                if name == "new_number" { NewNumber { value, is_int } } else { LateNumber { value, is_int } }
            }
            "new_tuple" => NewTuple { class: crate::Global::TupleType, items: self.args()? },
            "new_method" => NewTuple { class: crate::Global::MethodType, items: self.args()? },
            "new_dict" => NewTuple { class: crate::Global::DictType, items: self.args()? },
            "late_tuple" | "late_method" | "late_dict" => {
                let class = match name.as_str() {
                    "late_tuple" => crate::Global::TupleType,
                    "late_dict" => crate::Global::DictType,
                    _ => crate::Global::MethodType,
                };
                let items = self.args()?;
                self.mark(',')?;
                self.word("`lent`", |word| (word == "lent").then_some(()))?;
                LateTuple { class, items, lent: self.number("bits")? }
            }
            "save_instr" => SaveInstr,
            "call" => Call { helper: self.word("the name of a helper", Helper::from_name)?, args: self.args()? },
            "call_pointer" => CallPointer { callee: self.value()?, args: self.args()?, ret: typed()? },
            "recurse" => Recurse { args: self.args()?, ret: typed()? },
            "jump" => {
                let (to, args) = self.destination()?;
                Jump { to, args }
            }
            "branch" => {
                let condition = self.value()?;
                self.mark(',')?;
                let (then, then_args) = self.destination()?;
                self.mark(',')?;
                let (otherwise, otherwise_args) = self.destination()?;
                Branch { condition, then, then_args, otherwise, otherwise_args }
            }
            "leave" => {
                let to = self.word("a continuation", Continuation::from_name)?;
                let arg = if self.accept_mark('(') { Some(self.value()?) } else { None };
                if arg.is_some() {
                    self.mark(')')?;
                }
                Leave { to, arg }
            }
            "enter" => {
                let (address, frame) = self.pair()?;
                let arg = if self.accept_mark(',') { Some(self.value()?) } else { None };
                Enter { address, frame, arg }
            }
            // Families of instructions that are called by their operation.
            name => {
                if let Some(op) = UnaryOp::from_name(name) {
                    Unary { op, arg: self.value()? }
                } else if let Some(op) = BinaryOp::from_name(name) {
                    let (left, right) = self.pair()?;
                    Binary { op, left, right }
                } else if let Some(condition) = Condition::from_name(name) {
                    let (left, right) = self.pair()?;
                    Compare { condition, left, right }
                } else if let Some(condition) = FloatCondition::from_name(name) {
                    let (left, right) = self.pair()?;
                    FloatCompare { condition, left, right }
                } else {
                    return Err(place.error(format!("there is no instruction `{name}`")));
                }
            }
        })
    }

    pub(super) fn global(&mut self) -> Result<Global> {
        self.word("the name of a global", Global::from_name)
    }

    pub(super) fn number<T: FromStr>(&mut self, what: &str) -> Result<T> {
        let read = match self.peek() {
            Token::Number(digits) => digits.parse().ok(),
            _ => None,
        };
        match read {
            Some(number) => {
                self.next();
                Ok(number)
            }
            None => self.wanted(what),
        }
    }

    /// A float in decimal, or its bits in hexadecimal.
    fn float_bits(&mut self) -> Result<u64> {
        let hexadecimal = match self.peek() {
            Token::Number(digits) => digits.strip_prefix("0x").and_then(|d| u64::from_str_radix(d, 16).ok()),
            _ => None,
        };
        match hexadecimal {
            Some(bits) => {
                self.next();
                Ok(bits)
            }
            None => self.number("a float").map(f64::to_bits),
        }
    }

    /// `v1, v2`
    fn pair(&mut self) -> Result<(Value, Value)> {
        let left = self.value()?;
        self.mark(',')?;
        Ok((left, self.value()?))
    }

    /// `(v1, v2)`
    fn args(&mut self) -> Result<Args> {
        let mut args = Args::new();
        self.mark('(')?;
        if !self.accept_mark(')') {
            loop {
                args.push(self.value()?);
                if !self.accept_mark(',') {
                    break;
                }
            }
            self.mark(')')?;
        }
        Ok(args)
    }

    /// `v1, reuse (v2, v3)`
    fn reusing(&mut self) -> Result<(Value, Args)> {
        let value = self.value()?;
        self.mark(',')?;
        self.expect(Token::Word("reuse".into()))?;
        Ok((value, self.args()?))
    }

    /// `block1(v1, v2)` or `block1`
    fn destination(&mut self) -> Result<(Block, Args)> {
        let block = Block(self.numbered("a block", "block")?);
        let mut args = Args::new();
        if self.accept_mark('(') {
            loop {
                args.push(self.argument()?);
                if !self.accept_mark(',') {
                    break;
                }
            }
            self.mark(')')?;
        }
        Ok((block, args))
    }

    /// `v1` or `v1 raw v2`; the number is kept for the instruction that is being read.
    fn argument(&mut self) -> Result<Value> {
        let value = self.value()?;
        if self.accept(&Token::Word("raw".into())) {
            let raw = self.value()?;
            self.raws.push((value, raw));
        }
        Ok(value)
    }

    /// `v1[16]`, `v1[local]`, `v1[param0 + 8]`
    fn memory(&mut self) -> Result<(Value, Offset)> {
        let base = self.value()?;
        self.mark('[')?;
        let offset = if let Token::Number(_) = self.peek() {
            Offset::Known(self.number("an offset")?)
        } else {
            let operand = self.word("an offset", operand_number)?;
            let add = if self.accept_mark('+') {
                self.number("an offset")?
            } else if self.accept_mark('-') {
                // `i32::MIN` has no positive counterpart.
                let place = self.place();
                let add: u32 = self.number("an offset")?;
                i32::try_from(-i64::from(add)).map_err(|_| place.error("the offset is too large"))?
            } else {
                0
            };
            Offset::Operand(operand, add)
        };
        self.mark(']')?;
        Ok((base, offset))
    }
}
