//! Calls of built-in functions that are computed without a call.

use super::blocks::Walk;
use smallvec::SmallVec;
use whipsnake_bytecode::Instr;
use whipsnake_cpython::opcode as op;
use whipsnake_ir::{Global, Slot, Value};
use whipsnake_ops::KnownFunction;

impl<'a> Walk<'a, '_> {
    /// The address of what a `CALL` without a receiver calls, if that is known, and its arguments.
    pub(super) fn plain_call(&mut self, instr: &Instr) -> Option<(u64, SmallVec<[Value; 4]>)> {
        let stack = &self.knowledge().state.frame().stack;
        let base = stack.len().checked_sub(instr.oparg as usize + 2).filter(|_| instr.base == op::CALL)?;
        let (called, receiver) = (stack[base].value?, stack[base + 1].value);
        let arguments = stack[base + 2..].iter().map(|slot| slot.value).collect::<Option<_>>()?;
        if receiver.is_some_and(|it| self.constant_address(it) != Some(0)) {
            return None;
        }
        Some((self.constant_address(called)?, arguments))
    }

    /// Builds the call of a known function with arguments of types that it is known for; false if it is no such call, and then nothing was built.
    pub(super) fn call_known(&mut self, number: u32, instr: &Instr) -> bool {
        let Some((address, values)) = self.plain_call(instr).filter(|_| !self.is_general(number)) else { return false };
        let Some(function) = self.body.world.known_function(address) else { return false };
        let Some(class) = self.common_class(function, &values) else { return false };
        // What a container holds may end with it, with whatever that does.
        let stack = &self.knowledge().state.frame().stack;
        let ends = stack[stack.len() - values.len()..].iter().any(|slot| slot.owned);
        if ends && function == KnownFunction::Len && class != Global::StrType {
            if self.is_recursive_body() {
                // Of that type the length is there; for any other, code would have to be called that may look at the frame.
                self.mark_exit();
                self.b.guard_exact(values[0], class);
            }
            return false;
        }
        self.mark_exit();
        for &value in &values {
            self.b.guard_exact(value, class);
        }
        let depth = self.knowledge().depth;
        self.cost.add(depth, false);
        let result = function.result(&mut self.b, class, &values);
        self.finish_call(values.len(), result);
        true
    }

    /// The type that all arguments are likely to have, if the function is known for such.
    fn common_class(&mut self, function: KnownFunction, values: &[Value]) -> Option<Global> {
        let (&first, others) = values.split_first()?;
        let class = self.likely_class(first).filter(|&class| function.takes(class))?;
        let same = others.iter().all(|&value| self.likely_class(value) == Some(class));
        (same && values.len() == function.arguments()).then_some(class)
    }

    /// The operation for a call of a method of a built-in type that is known, on an object of that type.
    pub(super) fn known_method(&mut self, instr: &Instr) -> Option<&'static str> {
        if instr.base != op::CALL {
            return None;
        }
        let stack = &self.knowledge().state.frame().stack;
        let base = stack.len().checked_sub(instr.oparg as usize + 2)?;
        let (called, receiver) = (stack[base].value?, stack[base + 1].value?);
        if self.likely_class(receiver)? != Global::DictType {
            return None;
        }
        let method = self.body.world.named_object(self.constant_address(called)?)?;
        match (method, instr.oparg) {
            (Global::DictGetMethod, 1) => Some("CALL.dict_get_1"),
            (Global::DictGetMethod, 2) => Some("CALL.dict_get_2"),
            _ => None,
        }
    }

    /// Pops what was called with so many arguments, whose ends run no code, and pushes the result.
    pub(super) fn finish_call(&mut self, count: usize, result: Value) {
        let arguments: Vec<Slot> = (0..count).map(|_| self.pop()).collect();
        self.pop();
        self.drop_class();
        self.push(Slot::owned(result));
        for argument in arguments {
            if let Some(value) = argument.value.filter(|&value| argument.owned && !self.hand_over(value)) {
                self.mark_exit();
                self.b.release(value);
            }
        }
    }
}
