//! Branches of regions, the seldom way first.
//!
//! Cranelift's register allocator sees blocks in reverse postorder: behind a branch come the blocks that its second way leads to, and those of the first way
//! come after them. What is named first is therefore out of the way: exits stand behind all else, and what follows a loop behind the loop, so that values
//! that a loop carries keep their registers although there are calls behind it.

use super::instructions::{float_cc, int_cc};
use super::{Form, Lowering};
use cranelift_codegen::ir::condcodes::{CondCode, IntCC};
use cranelift_codegen::ir::{self, InstBuilder};
use whipsnake_ir::{Block, Continuation, InstData, Type, Value, ValueDef};

impl Lowering<'_, '_> {
    /// Leaves unless the condition holds.
    pub(super) fn guard(&mut self, condition: Value) {
        match self.inverse(condition) {
            Some(inverse) => self.leave_if(inverse, Continuation::Miss),
            None => {
                let condition = self.use_value(condition);
                self.leave_unless(condition, Continuation::Miss);
            }
        }
    }

    /// Goes on with one of two blocks.
    pub(super) fn branch(&mut self, condition: Value, then: (Block, &[Value]), otherwise: (Block, &[Value])) {
        let swapped = self.stays(then.0) > self.stays(otherwise.0);
        let inverse = if swapped { self.inverse(condition) } else { None };
        let (first, second) = if inverse.is_some() { (otherwise, then) } else { (then, otherwise) };
        let condition = inverse.unwrap_or_else(|| self.use_value(condition));
        let (first_args, second_args) = (self.block_args(first.1), self.block_args(second.1));
        let (first, second) = (self.blocks[first.0.index()], self.blocks[second.0.index()]);
        self.b.ins().brif(condition, first, &first_args, second, &second_args);
    }

    /// How much a block belongs to where the branch is: one that is often run in the same loop does most.
    fn stays(&self, block: Block) -> (bool, u32) {
        let data = &self.func.blocks[block.index()];
        (!data.cold, data.depth)
    }

    /// The opposite of a condition, if there is one that costs nothing, and it makes a difference: an operation alone has no loops.
    fn inverse(&mut self, condition: Value) -> Option<ir::Value> {
        let Form::Region(_) = self.form else { return None };
        let ValueDef::Result(inst, _) = self.func.def(condition) else { return None };
        match *self.func.inst(inst) {
            InstData::Compare { condition: whipsnake_ir::Condition::Eq, left, right }
                if self.func.ty(left) == Type::Bool && self.is_false(right) =>
            {
                Some(self.use_value(left))
            }
            InstData::Compare { condition, left, right } => {
                let (left, right) = (self.use_value(left), self.use_value(right));
                Some(self.b.ins().icmp(int_cc(condition).complement(), left, right))
            }
            InstData::FloatCompare { condition, left, right } => {
                let (left, right) = (self.use_value(left), self.use_value(right));
                Some(self.b.ins().fcmp(float_cc(condition).complement(), left, right))
            }
            _ => {
                let condition = self.use_value(condition);
                Some(self.b.ins().icmp_imm_u(IntCC::Equal, condition, 0))
            }
        }
    }

    fn is_false(&self, value: Value) -> bool {
        let ValueDef::Result(inst, _) = self.func.def(value) else { return false };
        matches!(self.func.inst(inst), InstData::Iconst { value: 0, .. })
    }
}
