//! Operators and comparisons of sets, as far as anybody knows the types of the operands.

use super::blocks::Walk;
use whipsnake_bytecode::Instr;
use whipsnake_cpython::opcode as op;
use whipsnake_cpython::opcode::binary::{AND, INPLACE_ADD, OR, SUBTRACT, XOR};
use whipsnake_cpython::opcode::compare;
use whipsnake_ir::{Global, Slot};

impl Walk<'_, '_> {
    /// The operation for two sets. What a set is subtracted from, or ordered with, is another one if nothing else is known.
    pub(super) fn of_sets(&mut self, instr: &Instr) -> Option<&'static str> {
        let (name, both) = match instr.base {
            op::BINARY_OP if matches!(instr.oparg % INPLACE_ADD, AND | OR | SUBTRACT | XOR) => {
                ("BINARY_OP.sets", false)
            }
            op::COMPARE_OP => {
                ("COMPARE_OP.sets", matches!(instr.oparg >> compare::OP_SHIFT, compare::EQ | compare::NE))
            }
            _ => return None,
        };
        let stack = &self.knowledge().state.frame().stack;
        let &[.., Slot { value: Some(left), .. }, Slot { value: Some(right), .. }] = stack.as_slice() else {
            return None;
        };
        let classes = [left, right].map(|value| self.likely_class(value));
        let of_set = |class: &&Option<Global>| matches!(class, Some(Global::SetType | Global::FrozenSetType));
        let sets = classes.iter().filter(of_set).count();
        let unknown = classes.iter().filter(|class| class.is_none()).count();
        (sets == 2 || !both && sets == 1 && unknown == 1).then_some(name)
    }
}
