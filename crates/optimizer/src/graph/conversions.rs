//! Calls of `float` and `int` with a number.

use super::blocks::Walk;
use whipsnake_bytecode::Instr;
use whipsnake_ir::{Global, Slot};

impl Walk<'_, '_> {
    /// Builds the call of a number's class with a number whose type is known, or likely; false if it is no such call, and then nothing was built.
    pub(super) fn convert_number(&mut self, number: u32, instr: &Instr) -> bool {
        let stack = &self.knowledge().state.frame().stack;
        let &[.., called, receiver, argument] = stack.as_slice() else { return false };
        let (Some(class), Some(value)) = (called.value, argument.value) else { return false };
        if instr.oparg != 1 || receiver.value.is_some_and(|it| self.constant_address(it) != Some(0)) {
            return false;
        }
        let Some(class) = self.constant_address(class).and_then(|address| self.body.world.number_class(address)) else {
            return false;
        };
        let from = self.likely_class(value);
        if self.is_general(number) {
            return false;
        }
        match (class, from) {
            (Global::FloatType, Some(Global::FloatType | Global::IntType))
            | (Global::IntType, Some(Global::FloatType | Global::IntType)) => {}
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

    /// Drops the class or function that was called, which lives on.
    pub(super) fn drop_class(&mut self) {
        let class = self.pop();
        if let Some(value) = class.value.filter(|_| class.owned) {
            self.b.release(value);
        }
    }
}
