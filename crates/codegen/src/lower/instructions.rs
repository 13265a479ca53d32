//! One instruction after the other.

use super::{Form, Lowering, Region, clif_type};
use crate::raw::Symbol;
use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::{self, AbiParam, BlockArg, InstBuilder, MemFlagsData, types};
use cranelift_codegen::isa::CallConv;
use whipsnake_cpython::layout;
use whipsnake_ir::{BinaryOp, Condition, Continuation, FloatCondition, Inst, InstData, UnaryOp, Value};

pub(super) fn int_cc(condition: Condition) -> IntCC {
    match condition {
        Condition::Eq => IntCC::Equal,
        Condition::Ne => IntCC::NotEqual,
        Condition::Lt => IntCC::SignedLessThan,
        Condition::Le => IntCC::SignedLessThanOrEqual,
        Condition::Gt => IntCC::SignedGreaterThan,
        Condition::Ge => IntCC::SignedGreaterThanOrEqual,
        Condition::LtU => IntCC::UnsignedLessThan,
        Condition::LeU => IntCC::UnsignedLessThanOrEqual,
        Condition::GtU => IntCC::UnsignedGreaterThan,
        Condition::GeU => IntCC::UnsignedGreaterThanOrEqual,
    }
}

pub(super) fn float_cc(condition: FloatCondition) -> FloatCC {
    match condition {
        FloatCondition::Eq => FloatCC::Equal,
        FloatCondition::Ne => FloatCC::NotEqual,
        FloatCondition::Lt => FloatCC::LessThan,
        FloatCondition::Le => FloatCC::LessThanOrEqual,
        FloatCondition::Gt => FloatCC::GreaterThan,
        FloatCondition::Ge => FloatCC::GreaterThanOrEqual,
    }
}

impl Lowering<'_, '_> {
    pub(super) fn inst(&mut self, inst: Inst) {
        use InstData::*;
        match self.func.inst(inst) {
            // Made at each use, or by exits.
            Iconst { .. }
            | Instance { .. }
            | Empty { .. }
            | LateIterator { .. }
            | Operand32 { .. }
            | Pointer { .. }
            | Global { .. }
            | Frame
            | ThreadState
            | ActivationField { .. }
            | Input { .. }
            | Received
            | Argument { .. } => {}
            Fconst { bits } => {
                // Through an integer: a float constant would go to a constant pool.
                let word = self.b.ins().iconst(types::I64, *bits as i64);
                let value = self.b.ins().bitcast(types::F64, MemFlagsData::new(), word);
                self.define(inst, &[value]);
            }
            Load { ty, base, offset } => {
                let (region, offset) = (self.region_of(*base), self.offset(*offset));
                let base = self.use_value(*base);
                let value = self.load(clif_type(*ty), region, base, offset);
                self.define(inst, &[value]);
            }
            Store { value, base, offset } => {
                let (region, offset) = (self.region_of(*base), self.offset(*offset));
                let value = self.use_value(*value);
                let base = self.use_value(*base);
                self.store(region, value, base, offset);
            }
            Address { base, offset } => {
                let offset = self.offset(*offset);
                let base = self.use_value(*base);
                let value = self.b.ins().iadd_imm_s(base, i64::from(offset));
                self.define(inst, &[value]);
            }
            Unary { op, arg } => {
                let arg = self.use_value(*arg);
                let value = self.unary(*op, arg);
                self.define(inst, &[value]);
            }
            Binary { op, left, right } => {
                let (left, right) = (self.use_value(*left), self.use_value(*right));
                let value = self.binary(*op, left, right);
                self.define(inst, &[value]);
            }
            Overflowing { op, left, right } => {
                let (left, right) = (self.use_value(*left), self.use_value(*right));
                let (value, overflow) = match op {
                    BinaryOp::Add => self.b.ins().sadd_overflow(left, right),
                    BinaryOp::Sub => self.b.ins().ssub_overflow(left, right),
                    BinaryOp::Mul => self.b.ins().smul_overflow(left, right),
                    other => unreachable!("{other:?} has no overflowing form"),
                };
                self.define(inst, &[value, overflow]);
            }
            Compare { condition, left, right } => {
                let (left, right) = (self.use_value(*left), self.use_value(*right));
                let value = self.b.ins().icmp(int_cc(*condition), left, right);
                self.define(inst, &[value]);
            }
            FloatCompare { condition, left, right } => {
                let (left, right) = (self.use_value(*left), self.use_value(*right));
                let value = self.b.ins().fcmp(float_cc(*condition), left, right);
                self.define(inst, &[value]);
            }
            Select { condition, then, otherwise } => {
                let condition = self.use_value(*condition);
                let (then, otherwise) = (self.use_value(*then), self.use_value(*otherwise));
                let value = self.b.ins().select(condition, then, otherwise);
                self.define(inst, &[value]);
            }
            Retain { value } => self.retain(*value),
            Release { value } => {
                let value = self.use_value(*value);
                self.release(value);
            }
            ReleasePlain { value } => {
                let value = self.use_value(*value);
                self.release_plain(value);
            }
            UnboxInt { value } => {
                let value = self.use_value(*value);
                let value = self.unbox_int(value);
                self.define(inst, &[value]);
            }
            Guard { condition, .. } => self.guard(*condition),
            GuardExact { value, class } => {
                let value = self.use_value(*value);
                let found = self.load(types::I64, Region::Heap, value, layout::object::OB_TYPE);
                let class = self.symbol(Symbol::Global(*class as u16));
                let other = self.b.ins().icmp(IntCC::NotEqual, found, class);
                self.leave_if(other, Continuation::Miss);
            }
            ErrorIf { condition } => {
                let condition = self.use_value(*condition);
                self.leave_if(condition, Continuation::Error);
            }
            FloatValue { value } => {
                let value = self.use_value(*value);
                let value = self.load(types::F64, Region::Heap, value, layout::float::OB_FVAL);
                self.define(inst, &[value]);
            }
            IntValue { value } => {
                let value = self.use_value(*value);
                let value = self.int_value(value);
                self.define(inst, &[value]);
            }
            NewFloat { value, reuse } => {
                let value = self.use_value(*value);
                let object = self.new_float(value, reuse);
                self.define(inst, &[object]);
            }
            NewInt { value, reuse } => {
                let value = self.use_value(*value);
                let object = self.new_int(value, reuse);
                self.define(inst, &[object]);
            }
            NewNumber { value, is_int } => {
                let (value, is_int) = (self.use_value(*value), self.use_value(*is_int));
                let object = self.new_mixed(value, is_int);
                self.define(inst, &[object]);
            }
            NewTuple { class, items } => {
                let tuple = self.new_tuple(*class, items);
                self.define(inst, &[tuple]);
            }
            // Exits know what it is made of.
            LateTuple { .. } | LateNumber { .. } => {}
            SaveInstr => self.save_instr(),
            Call { helper, args } => {
                let args: Vec<ir::Value> = args.iter().map(|&v| self.use_value(v)).collect();
                let results = self.call(*helper, &args);
                self.define(inst, &results);
            }
            CallPointer { callee, args, ret } => {
                let mut signature = ir::Signature::new(CallConv::SystemV);
                signature.params.extend(args.iter().map(|&v| AbiParam::new(clif_type(self.func.ty(v)))));
                signature.returns.push(AbiParam::new(clif_type(*ret)));
                let signature = self.b.import_signature(signature);
                let args: Vec<ir::Value> = args.iter().map(|&v| self.use_value(v)).collect();
                let callee = self.use_value(*callee);
                let call = self.b.ins().call_indirect(signature, callee, &args);
                self.inputs = [None; 4];
                let results = self.b.inst_results(call).to_vec();
                self.define(inst, &results);
            }
            Recurse { args, ret } => self.recurse(inst, args, *ret),
            Jump { to, args } => {
                let args = self.block_args(args);
                self.b.ins().jump(self.blocks[to.index()], &args);
            }
            Branch { condition, then, then_args, otherwise, otherwise_args } => {
                self.branch(*condition, (*then, then_args), (*otherwise, otherwise_args));
            }
            Leave { arg: Some(value), .. } if matches!(self.form, Form::Region(_)) => {
                let value = self.use_value(*value);
                self.return_from_region(value);
            }
            Leave { to, .. } if matches!(self.form, Form::Region(_)) => self.leave_region(*to),
            Leave { to, arg } => {
                let arg = arg.map(|v| self.use_value(v));
                self.leave(*to, arg);
            }
            Enter { address, frame, arg } => {
                let mut signature = ir::Signature::new(CallConv::Tail);
                signature.params.extend(arg.map(|_| AbiParam::new(types::I64)));
                let signature = self.b.import_signature(signature);
                let args: Vec<ir::Value> = arg.iter().map(|&v| self.use_value(v)).collect();
                let (address, frame) = (self.use_value(*address), self.use_value(*frame));
                self.b.ins().set_pinned_reg(frame);
                self.b.ins().return_call_indirect(signature, address, &args);
            }
        }
    }

    pub(super) fn block_args(&mut self, args: &[Value]) -> Vec<BlockArg> {
        args.iter().map(|&v| self.use_value(v).into()).collect()
    }

    fn unary(&mut self, op: UnaryOp, arg: ir::Value) -> ir::Value {
        match op {
            UnaryOp::Neg => self.b.ins().ineg(arg),
            UnaryOp::Not => self.b.ins().bnot(arg),
            UnaryOp::FNeg => self.b.ins().fneg(arg),
            UnaryOp::FSqrt => self.b.ins().sqrt(arg),
            UnaryOp::FAbs => self.b.ins().fabs(arg),
            UnaryOp::ExtendU => self.b.ins().uextend(types::I64, arg),
            UnaryOp::ExtendS => self.b.ins().sextend(types::I64, arg),
            UnaryOp::Truncate => self.b.ins().ireduce(types::I32, arg),
            UnaryOp::TruncateByte => self.b.ins().ireduce(types::I8, arg),
            UnaryOp::FloatToInt => self.b.ins().fcvt_to_sint_sat(types::I64, arg),
            UnaryOp::IntToFloat => self.b.ins().fcvt_from_sint(types::F64, arg),
            UnaryOp::AsPtr | UnaryOp::AsObj | UnaryOp::AsInt | UnaryOp::Hold => arg,
        }
    }

    fn binary(&mut self, op: BinaryOp, left: ir::Value, right: ir::Value) -> ir::Value {
        match op {
            BinaryOp::Add => self.b.ins().iadd(left, right),
            BinaryOp::Sub => self.b.ins().isub(left, right),
            BinaryOp::Mul => self.b.ins().imul(left, right),
            BinaryOp::And => self.b.ins().band(left, right),
            BinaryOp::Or => self.b.ins().bor(left, right),
            BinaryOp::Xor => self.b.ins().bxor(left, right),
            BinaryOp::Shl => self.b.ins().ishl(left, right),
            BinaryOp::ShrU => self.b.ins().ushr(left, right),
            BinaryOp::ShrS => self.b.ins().sshr(left, right),
            BinaryOp::DivS => self.b.ins().sdiv(left, right),
            BinaryOp::FAdd => self.b.ins().fadd(left, right),
            BinaryOp::FSub => self.b.ins().fsub(left, right),
            BinaryOp::FMul => self.b.ins().fmul(left, right),
            BinaryOp::FDiv => self.b.ins().fdiv(left, right),
        }
    }
}
