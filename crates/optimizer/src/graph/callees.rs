//! What is called, as far as that is known while the region is built, and the guards that it still is.

use super::blocks::Walk;
use crate::Callee;
use whipsnake_bytecode::Instr;
use whipsnake_cpython::layout::function;
use whipsnake_cpython::opcode as op;
use whipsnake_ir::{Condition, Global, InstData, Known, MissReason, Slot, Type, Value};

impl Walk<'_, '_> {
    /// What the instruction loads, if that is an object that the program has there now and that seldom changes.
    pub(super) fn expected(&mut self, number: u32, instr: &Instr, inputs: &[Value]) -> Option<(u64, Known)> {
        let world = self.body.world;
        let found = match (instr.base, instr.opcode, inputs) {
            (op::LOAD_GLOBAL, ..) => world.global(instr)?,
            // Functions of one code may have different objects there.
            (op::LOAD_DEREF, ..) if self.is_general(number) => return None,
            (op::LOAD_DEREF, ..) => {
                let function = match self.knowledge().state.frame().inlined {
                    Some(inlined) => {
                        let function = inlined.function.value?;
                        Some(self.constant_address(function).or_else(|| self.sample(function))?)
                    }
                    None => None,
                };
                let found = world.free_variable(function, instr.oparg)?;
                // Each closure has itself there.
                if self.is_own_closure(found.address) {
                    return None;
                }
                found
            }
            (_, op::LOAD_ATTR_MODULE, &[module]) => world.module_attribute(self.constant_address(module)?, instr)?,
            _ => return None,
        };
        Some((found.address, found.known()))
    }

    /// The address of an object that is known when the region is built.
    pub(super) fn constant_address(&mut self, value: Value) -> Option<u64> {
        let value = self.knowledge().resolve(value);
        let whipsnake_ir::ValueDef::Result(inst, _) = self.b.func.def(value) else { return None };
        match *self.b.func.inst(inst) {
            InstData::Iconst { ty: Type::Obj, value } => Some(value as u64),
            _ => None,
        }
    }

    /// The function that a variable held, an argument or an attribute, when the region was built. That the one that is called has its code is guarded.
    pub(super) fn function_called(&mut self, number: u32, called: Value) -> Option<u64> {
        let sample = self.sample(called).filter(|_| !self.is_general(number))?;
        (self.body.world.class(sample) == Some(Global::FunctionType)).then_some(sample)
    }

    /// Whether the slot holds something; `None` if that is not known.
    pub(super) fn is_there(&mut self, slot: Slot) -> Option<bool> {
        let Some(value) = slot.value else { return Some(false) };
        if self.knowledge().known(value).present {
            return Some(true);
        }
        self.constant_address(value).map(|address| address != 0)
    }

    /// Guards that the function is what it was when the region was built.
    pub(super) fn guard_callee(&mut self, called: Value, callee: &Callee<'_>) {
        let itself = self.knowledge().known(called).itself;
        self.b.guard_exact(called, Global::FunctionType);
        self.guard_word(called, function::CODE, callee.executable);
        if !itself {
            self.guard_word(called, function::GLOBALS, callee.globals);
            self.guard_word(called, function::BUILTINS, callee.builtins);
        }
    }

    pub(super) fn guard_word(&mut self, base: Value, offset: i32, expected: u64) {
        let found = self.b.load(Type::Ptr, base, offset);
        let expected = self.b.iconst(Type::Ptr, expected as i64);
        let same = self.b.compare(Condition::Eq, found, expected);
        self.b.guard(same, MissReason::Callable);
    }
}
