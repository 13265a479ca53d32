//! Calls of functions of the module `math` with one number.

use super::blocks::Walk;
use whipsnake_bytecode::Instr;
use whipsnake_ir::Global;
use whipsnake_ops::math_result;

impl Walk<'_, '_> {
    /// Builds the call of a function of `math` that C's library computes; false if it is no such call, and then nothing was built.
    pub(super) fn call_math(&mut self, number: u32, instr: &Instr) -> bool {
        let Some((address, arguments)) = self.plain_call(instr) else { return false };
        let &[value] = &arguments[..] else { return false };
        let Some(function) = self.body.world.math_function(address).filter(|_| !self.is_general(number)) else {
            return false;
        };
        if !matches!(self.knowledge().known(value).class, None | Some(Global::FloatType | Global::IntType)) {
            return false;
        }
        self.mark_exit();
        if let Some(class @ (Global::FloatType | Global::IntType)) = self.likely_class(value)
            && !self.has_mixed_numbers()
        {
            self.b.guard_exact(value, class);
        }
        let depth = self.knowledge().depth;
        self.cost.add(depth, false);
        let result = math_result(&mut self.b, function, value);
        let result = self.b.new_float(result, &[]);
        self.finish_call(1, result);
        true
    }
}
