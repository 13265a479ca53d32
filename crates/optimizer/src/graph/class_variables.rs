//! Variables of classes that change again and again, as counters do: loads and stores that nobody notices, and that leave what is known of the class as it is.

use super::blocks::Walk;
use crate::ClassVariable;
use whipsnake_bytecode::Instr;
use whipsnake_cpython::layout::type_object;
use whipsnake_cpython::opcode as op;
use whipsnake_ir::{Condition, Helper, MissReason, Slot, Type, Value};

impl Walk<'_, '_> {
    /// Loads or stores a variable of a class; false if it is none that varies, or is to be accessed in the general way, and then nothing was built.
    pub(super) fn access_class_variable(&mut self, number: u32, instr: &Instr) -> bool {
        let stores = instr.base == op::STORE_ATTR;
        if self.is_general(number) || !stores && instr.oparg & 1 != 0 {
            return false;
        }
        let stack = &self.knowledge().state.frame().stack;
        let Some(owner) = stack.last().and_then(|slot| slot.value) else { return false };
        let value = if stores { stack[stack.len() - 2].value } else { None };
        let Some(class) = self.constant_address(owner) else { return false };
        let Some(variable) = self.body.world.class_variable(class, instr) else { return false };
        match value {
            Some(value) if variable.holder == class => self.store_variable(owner, value, &variable),
            None if !stores => self.load_variable(owner, &variable),
            _ => return false,
        }
        let depth = self.knowledge().depth;
        self.cost.add(depth, false);
        true
    }

    /// Guards that the class still has the variable in that way; its name.
    fn guard_variable(&mut self, class: Value, variable: &ClassVariable) -> Value {
        self.mark_exit();
        self.guard_version(class, variable.metaclass);
        self.guard_version_of(class, variable.version);
        self.b.iconst(Type::Obj, variable.name as i64)
    }

    fn load_variable(&mut self, class: Value, variable: &ClassVariable) {
        let name = self.guard_variable(class, variable);
        let holder = self.b.iconst(Type::Obj, variable.holder as i64);
        let namespace = self.b.load(Type::Obj, holder, type_object::TP_DICT);
        let value = self.b.call(Helper::DictFind, &[namespace, name]);
        let there = self.b.compare_const(Condition::Ne, value, 0);
        self.b.guard(there, MissReason::Missing);
        self.b.retain(value);
        self.knowledge().learn(value, |known| known.present = true);
        let slot = self.pop();
        self.push(Slot::owned(value));
        self.drop_slots(vec![slot]);
    }

    fn store_variable(&mut self, class: Value, value: Value, variable: &ClassVariable) {
        let name = self.guard_variable(class, variable);
        let (old, stored) = self.b.call_pair(Helper::PutVariable, &[class, name, value]);
        let stored = self.b.compare_const(Condition::Ne, stored, 0);
        self.b.guard(stored, MissReason::Value);
        // Nobody may rely any longer on the reference that the class had.
        let slots = vec![Slot::owned(old), self.pop(), self.pop()];
        self.drop_slots(slots);
    }
}
