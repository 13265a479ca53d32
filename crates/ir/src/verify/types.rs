//! Types of operands and results: one arm an instruction.

use super::Report;
use crate::{
    BinaryOp, Block, BodySignature, Continuation, Effects, ExitState, FrameState, Function, Global, InstData, Type,
    UnaryOp, Value, abi,
};
use Type::{Bool, F64, I32, I64, Obj, Ptr};

const WORDS: &[Type] = &[I64, Ptr, Obj];
const ADDRESSES: &[Type] = &[Ptr, Obj];

pub(super) fn check(func: &Function, report: &mut Report<'_>) {
    for block in func.block_ids() {
        for &inst in &func.blocks[block.index()].insts {
            let mut rules = Rules { func, problems: Vec::new() };
            let expected = rules.inst(func.inst(inst));
            let found: Vec<Type> = func.results(inst).iter().map(|&r| func.ty(r)).collect();
            if found != expected {
                rules.problems.push(format!("results are ({}), expected ({})", join(&found), join(&expected)));
            }
            if let Some(state) = func.state_of(inst).filter(|_| func.inst(inst).can_exit()) {
                rules.state(&func.states[state.index()]);
            }
            for problem in rules.problems {
                report.inst(block, inst, problem);
            }
        }
    }
}

fn join(types: &[Type]) -> String {
    types.iter().map(|t| t.name()).collect::<Vec<_>>().join(", ")
}

struct Rules<'f> {
    func: &'f Function,
    problems: Vec<String>,
}

impl Rules<'_> {
    fn require(&mut self, holds: bool, message: impl FnOnce() -> String) {
        if !holds {
            self.problems.push(message());
        }
    }

    /// The value has one of the types.
    fn one_of(&mut self, value: Value, types: &[Type]) {
        let ty = self.func.ty(value);
        self.require(types.contains(&ty), || {
            let names: Vec<&str> = types.iter().map(|t| t.name()).collect();
            format!("{value} is {ty}, expected {}", names.join(" or "))
        });
    }

    fn is(&mut self, value: Value, ty: Type) {
        self.one_of(value, &[ty]);
    }

    /// Both have the same type; or both are addresses, since comparing a pointer with an object is common.
    fn alike(&mut self, left: Value, right: Value) {
        let (l, r) = (self.func.ty(left), self.func.ty(right));
        let addresses = ADDRESSES.contains(&l) && ADDRESSES.contains(&r);
        self.require(l == r || addresses, || format!("{left} is {l}, but {right} is {r}"));
    }

    fn all(&mut self, values: &[Value], ty: Type) {
        for &value in values {
            self.is(value, ty);
        }
    }

    fn type_object(&mut self, class: Global) {
        self.require(class.name().ends_with("Type"), || format!("{} is not a type", class.name()));
    }

    /// Arguments fit the parameters of a block.
    fn destination(&mut self, block: Block, args: &[Value]) {
        let params: Vec<Type> = self.func.blocks[block.index()].params.iter().map(|&p| self.func.ty(p)).collect();
        self.arguments(block, args, &params);
    }

    fn arguments(&mut self, of: impl std::fmt::Display, args: &[Value], params: &[Type]) {
        self.require(args.len() == params.len(), || {
            format!("{of} takes {} arguments, not {}", params.len(), args.len())
        });
        for (&arg, &ty) in args.iter().zip(params) {
            self.is(arg, ty);
        }
    }

    /// Slots hold objects, or the numbers to make them of.
    fn state(&mut self, state: &ExitState) {
        for slot in state.frames.iter().flat_map(FrameState::slots).filter(|s| s.dirty) {
            if let Some(value) = slot.value {
                self.one_of(value, &[I64, F64, Obj]);
            }
        }
        for memory in state.frames.iter().filter_map(FrameState::memory) {
            self.is(memory, Ptr);
        }
        for field in &state.fields {
            self.is(field.object, Obj);
        }
    }

    /// Checks operands; gives the types that the results must have.
    fn inst(&mut self, data: &InstData) -> Vec<Type> {
        use InstData::*;
        match data {
            Iconst { ty, value } => {
                let fits = match ty {
                    Bool => (0..=1).contains(value),
                    Type::I8 => (i64::from(i8::MIN)..=i64::from(u8::MAX)).contains(value),
                    // Both readings of 32 bits.
                    I32 => (i64::from(i32::MIN)..=i64::from(u32::MAX)).contains(value),
                    I64 | Ptr | Obj => true,
                    F64 => false,
                };
                self.require(fits, || format!("{value} is no {ty}"));
                vec![*ty]
            }
            Fconst { .. } => vec![F64],
            Operand32 { operand } => {
                self.require(usize::from(*operand) < abi::operand::COUNT, || format!("there is no operand {operand}"));
                vec![I32]
            }
            Pointer { pointer, ty } => {
                self.require(usize::from(*pointer) < abi::pointer::COUNT, || {
                    format!("there is no pointer operand {pointer}")
                });
                self.require(ADDRESSES.contains(ty), || format!("a pointer operand cannot be {ty}"));
                vec![*ty]
            }
            Global { .. } => vec![Obj],
            Frame | ThreadState | ActivationField { .. } => vec![Ptr],
            Input { index } => {
                self.require(abi::operand::INPUT + index < abi::operand::OUTPUT, || {
                    format!("there is no input {index}")
                });
                vec![Obj]
            }
            Received => vec![Obj],
            Argument { index, ty } => vec![self.argument(*index, *ty)],
            Load { ty, base, .. } => {
                self.one_of(*base, ADDRESSES);
                vec![*ty]
            }
            Store { base, .. } => {
                self.one_of(*base, ADDRESSES);
                vec![]
            }
            Instance { class } | LateIterator { sequence: class } => {
                self.is(*class, Obj);
                vec![Obj]
            }
            Empty { .. } => vec![Obj],
            Address { base, .. } => {
                self.one_of(*base, ADDRESSES);
                vec![Ptr]
            }
            Unary { op, arg } => vec![self.unary(*op, *arg)],
            Binary { op, left, right } => {
                self.binary(*op, *left, *right);
                vec![self.func.ty(*left)]
            }
            Overflowing { op, left, right } => {
                let known = matches!(op, BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mul);
                self.require(known, || format!("`{}` has no overflowing form", op.name()));
                self.all(&[*left, *right], I64);
                vec![I64, Bool]
            }
            Compare { left, right, .. } => {
                self.one_of(*left, &[Bool, Type::I8, I32, I64, Ptr, Obj]);
                self.alike(*left, *right);
                vec![Bool]
            }
            FloatCompare { left, right, .. } => {
                self.all(&[*left, *right], F64);
                vec![Bool]
            }
            Select { condition, then, otherwise } => {
                self.is(*condition, Bool);
                let ty = self.func.ty(*then);
                self.is(*otherwise, ty);
                vec![ty]
            }
            Retain { value } | Release { value } | ReleasePlain { value } => {
                self.is(*value, Obj);
                vec![]
            }
            Guard { condition, .. } | ErrorIf { condition } => {
                self.is(*condition, Bool);
                vec![]
            }
            GuardExact { value, class } => {
                self.is(*value, Obj);
                self.type_object(*class);
                vec![]
            }
            FloatValue { value } => {
                self.is(*value, Obj);
                vec![F64]
            }
            IntValue { value } | UnboxInt { value } => {
                self.is(*value, Obj);
                vec![I64]
            }
            NewFloat { value, reuse } => {
                self.is(*value, F64);
                self.all(reuse, Obj);
                vec![Obj]
            }
            NewInt { value, reuse } => {
                self.is(*value, I64);
                self.all(reuse, Obj);
                vec![Obj]
            }
            NewNumber { value, is_int } | LateNumber { value, is_int } => {
                self.is(*value, F64);
                self.is(*is_int, Bool);
                vec![Obj]
            }
            NewTuple { items, .. } => {
                self.all(items, Obj);
                vec![Obj]
            }
            LateTuple { items, .. } => {
                for &item in items {
                    self.one_of(item, &[Obj, F64, I64]);
                }
                vec![Obj]
            }
            SaveInstr => vec![],
            Call { helper, args } => {
                let signature = helper.signature();
                self.arguments(helper.name(), args, signature.params);
                if signature.effects.contains(Effects::PRESERVE) {
                    self.require(!signature.params.contains(&F64), || {
                        "a helper that preserves registers takes no floats".into()
                    });
                }
                signature.results.to_vec()
            }
            CallPointer { callee, args, ret } => {
                self.is(*callee, Ptr);
                for &arg in args {
                    self.one_of(arg, &[I32, I64, F64, Ptr, Obj]);
                }
                vec![*ret]
            }
            Recurse { args, ret } => {
                self.recurse(args, *ret);
                vec![*ret]
            }
            Jump { to, args } => {
                self.destination(*to, args);
                vec![]
            }
            Branch { condition, then, then_args, otherwise, otherwise_args } => {
                self.is(*condition, Bool);
                self.destination(*then, then_args);
                self.destination(*otherwise, otherwise_args);
                vec![]
            }
            Leave { to, arg } => {
                self.leave(*to, *arg);
                vec![]
            }
            Enter { address, frame, arg } => {
                self.one_of(*address, &[I64, Ptr]);
                self.is(*frame, Ptr);
                if let Some(arg) = arg {
                    self.one_of(*arg, WORDS);
                }
                vec![]
            }
        }
    }

    /// A parameter of a recursive body; the first is a number.
    fn argument(&mut self, index: u8, ty: Type) -> Type {
        let params = self.func.signature.as_ref().map_or(&[][..], |signature| &signature.params);
        let expected = if index == 0 { Some(&I64) } else { params.get(usize::from(index) - 1) };
        self.require(expected == Some(&ty), || format!("there is no parameter {index} of type {ty}"));
        ty
    }

    /// Arguments and result are those of the recursive body: this function, or the one that it opens.
    fn recurse(&mut self, args: &[Value], ret: Type) {
        let body = self.func.body.as_deref().unwrap_or(self.func);
        let Some(BodySignature { params, result }) = &body.signature else {
            return self.require(false, || "there is no recursive body".into());
        };
        self.arguments("the body", args, params);
        self.require(ret == *result, || format!("the body gives {result}, not {ret}"));
    }

    fn unary(&mut self, op: UnaryOp, arg: Value) -> Type {
        let ty = self.func.ty(arg);
        let (from, to): (&[Type], Type) = match op {
            // On a bool, the complement of 1 would still be true.
            UnaryOp::Neg | UnaryOp::Not => (&[I32, I64], ty),
            UnaryOp::FNeg | UnaryOp::FSqrt | UnaryOp::FAbs => (&[F64], F64),
            UnaryOp::ExtendU => (&[Bool, Type::I8, I32], I64),
            UnaryOp::ExtendS => (&[Type::I8, I32], I64),
            UnaryOp::Truncate => (WORDS, I32),
            UnaryOp::TruncateByte => (&[I32, I64, Ptr, Obj], Type::I8),
            UnaryOp::IntToFloat => (&[I64], F64),
            UnaryOp::FloatToInt => (&[F64], I64),
            UnaryOp::AsPtr => (WORDS, Ptr),
            UnaryOp::AsObj => (WORDS, Obj),
            UnaryOp::AsInt => (WORDS, I64),
            UnaryOp::Hold => (&Type::ALL, ty),
        };
        self.one_of(arg, from);
        to
    }

    fn binary(&mut self, op: BinaryOp, left: Value, right: Value) {
        let types: &[Type] = match op {
            BinaryOp::FAdd | BinaryOp::FSub | BinaryOp::FMul | BinaryOp::FDiv => &[F64],
            BinaryOp::And | BinaryOp::Or | BinaryOp::Xor => &[Bool, I32, I64, Ptr],
            BinaryOp::Add | BinaryOp::Sub => &[I32, I64, Ptr],
            _ => &[I32, I64],
        };
        self.one_of(left, types);
        let ty = self.func.ty(left);
        self.is(right, ty);
    }

    fn leave(&mut self, to: Continuation, arg: Option<Value>) {
        match to {
            Continuation::Miss | Continuation::Error | Continuation::Exit | Continuation::Unreached => {
                self.require(arg.is_none(), || format!("`{}` takes no value", to.name()));
            }
            Continuation::FinishReturn
            | Continuation::FinishYield
            | Continuation::YieldThrough
            | Continuation::SendThrough
            | Continuation::Return
            | Continuation::Reraise => {
                self.require(arg.is_some(), || format!("`{}` takes a value", to.name()));
            }
            // With or without.
            _ => {}
        }
        if let Some(arg) = arg {
            self.one_of(arg, WORDS);
        }
    }
}
