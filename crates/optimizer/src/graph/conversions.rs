//! Calls of `float` and `int` with a number, and bools that are counted.

use super::blocks::Walk;
use whipsnake_bytecode::Instr;
use whipsnake_cpython::opcode as op;
use whipsnake_cpython::opcode::binary::{ADD, INPLACE_ADD, MATRIX_MULTIPLY, MULTIPLY, SUBTRACT};
use whipsnake_ir::{Condition, Failure, Global, Helper, MissReason, Slot, UnaryOp, Value};

impl Walk<'_, '_> {
    /// Builds the call of a number's class with a number whose type is known, or likely; false if it is no such call, and then nothing was built.
    pub(super) fn convert_number(&mut self, number: u32, instr: &Instr) -> bool {
        let Some((address, arguments)) = self.plain_call(instr) else { return false };
        let &[value] = &arguments[..] else { return false };
        let Some(class) = self.body.world.named_object(address) else { return false };
        let from = self.likely_class(value);
        if self.is_general(number) {
            return false;
        }
        match (class, from) {
            (Global::FloatType, Some(Global::FloatType | Global::IntType))
            | (Global::IntType, Some(Global::FloatType | Global::IntType)) => {}
            (Global::IntType, Some(Global::StrType)) => {
                self.read_number(number, value);
                return true;
            }
            _ => return false,
        }
        self.mark_exit();
        let from = from.expect("one of these");
        self.b.guard_exact(value, from);
        let depth = self.knowledge().depth;
        self.cost.add(depth, false);
        if from == class {
            // It is its own result.
            let argument = self.pop();
            let value = self.owned(argument);
            self.pop();
            self.drop_class();
            self.push(Slot { value, owned: true, dirty: true });
            return true;
        }
        let result = if class == Global::FloatType {
            let float = whipsnake_ops::float_of_int(&mut self.b, value);
            self.b.new_float(float, &[])
        } else {
            let float = self.b.float_value(value);
            let int = whipsnake_ops::int_of_float(&mut self.b, float);
            self.b.new_int(int, &[])
        };
        self.finish_call(1, result);
        true
    }

    /// Builds `int(text)`.
    fn read_number(&mut self, number: u32, text: Value) {
        self.mark_exit();
        self.b.guard_exact(text, Global::StrType);
        let depth = self.knowledge().depth;
        self.cost.add(depth, false);
        let catch = self.catch(number, 0);
        let (value, status) = self.b.call_pair(Helper::NumberOfText, &[text]);
        if let Some(wrong) = self.b.caught(Failure::Value) {
            let is_wrong = self.b.compare_const(Condition::Lt, status, 0);
            self.b.branch_out(is_wrong, wrong);
        }
        self.stop_catching();
        let is_number = self.b.compare_const(Condition::Gt, status, 0);
        self.b.guard(is_number, MissReason::Value);
        let int = self.b.new_int(value, &[]);
        self.finish_call(1, int);
        if let Some(catch) = catch {
            self.caught(number, catch);
        }
    }

    /// Makes ints of the bools among the operands of arithmetic and comparisons that treat them so: those with an int, and sums of bools. Where the
    /// region is left at the instruction, an int gives the same as the bool would.
    pub(super) fn count_bools(&mut self, instr: &Instr) {
        let is_sum = match instr.base {
            // Its error names the types.
            op::BINARY_OP if instr.oparg % INPLACE_ADD == MATRIX_MULTIPLY => return,
            op::BINARY_OP => matches!(instr.oparg % INPLACE_ADD, ADD | MULTIPLY | SUBTRACT),
            op::COMPARE_OP => false,
            _ => return,
        };
        let stack = &self.knowledge().state.frame().stack;
        let &[.., left, right] = stack.as_slice() else { return };
        let first = stack.len() - 2;
        let (Some(a), Some(b)) = (left.value, right.value) else { return };
        let is_bool = [a, b].map(|value| self.knowledge().known(value).class == Some(Global::BoolType));
        let counted = match is_bool {
            [true, true] => is_sum,
            [true, false] => self.is_likely_int(b),
            [false, true] => self.is_likely_int(a),
            [false, false] => false,
        };
        let operands = [(left, a), (right, b)].into_iter().zip(is_bool).enumerate();
        for (index, ((slot, value), _)) in operands.filter(|(_, (_, is_bool))| counted && *is_bool) {
            self.mark_exit();
            let yes = self.b.global(Global::True);
            let is_true = self.b.compare(Condition::Eq, value, yes);
            let number = self.b.unary(UnaryOp::ExtendU, is_true);
            let int = self.b.new_int(number, &[]);
            self.knowledge().state.frame().stack[first + index] = Slot::owned(int);
            if slot.owned {
                self.mark_exit();
                self.b.release(value);
            }
        }
    }

    /// Whether a value is likely to be an int; then it is guarded to be one.
    fn is_likely_int(&mut self, value: Value) -> bool {
        let likely = self.likely_class(value) == Some(Global::IntType);
        if likely {
            self.mark_exit();
            self.b.guard_exact(value, Global::IntType);
        }
        likely
    }

    /// Drops the class or function that was called, which lives on.
    pub(super) fn drop_class(&mut self) {
        let class = self.pop();
        if let Some(value) = class.value.filter(|_| class.owned) {
            self.b.release(value);
        }
    }
}
