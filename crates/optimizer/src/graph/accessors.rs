//! Inlining of the Python functions that C code calls for an attribute: `__get__` and `__set__` of descriptors, setters of properties,
//! `__getattr__`, `__getattribute__` and `__setattr__`.
//!
//! The getter of a property the interpreter enters itself (`special.rs`); these it calls as it calls the methods of operators, so the same frame stands in for C
//! code below them. For `__getattr__`, that the instance has no such attribute is guarded, and the exception that would say so is never made.

use super::blocks::Walk;
use super::body::{Entered, Wanted};
use crate::{Accessor, Asked, Purpose};
use whipsnake_bytecode::Instr;
use whipsnake_cpython::opcode as op;
use whipsnake_ir::{Global, Known, Slot, Type, Value};

impl<'a> Walk<'a, '_> {
    /// Inlines what C code calls for the load or store of an attribute; false if that can't be done, and then nothing was.
    pub(super) fn inline_accessor(&mut self, number: u32, instr: &Instr) -> bool {
        let stores = instr.base == op::STORE_ATTR;
        if self.is_general(number) || !stores && instr.oparg & 1 != 0 {
            return false;
        }
        let Some(owner) = self.knowledge().state.frame().stack.last().and_then(|slot| slot.value) else { return false };
        if self.knowledge().known(owner).class.is_some() {
            return false;
        }
        let Some(class) = self.likely_class_address(owner) else { return false };
        let seen = self.sample(owner);
        let Some(accessor) = self.body.world.accessor(class, seen, instr) else { return false };
        let purpose = if stores { Purpose::Store } else { Purpose::Call };
        let Some(shim) = self.body.world.shim(purpose) else { return false };
        let stack = &self.knowledge().state.frame().stack;
        let value = if stores { stack[stack.len() - 2].value } else { None };
        if stores && value.is_none() || !self.may_inline(number, &accessor.method.callee, accessor.count(stores)) {
            return false;
        }
        self.mark_exit();
        let (function, defaults) = self.guard_accessor(owner, &accessor, stores);
        let mut arguments = self.accessor_arguments(owner, class, value, accessor.asked);
        arguments.extend(self.owned_arguments(defaults));
        self.push_shim(shim);
        let entered = match value {
            Some(_) => Entered::Method { operands: 2, wanted: Wanted::Nothing },
            None => Entered::Method { operands: 1, wanted: Wanted::Result },
        };
        self.inline_call(number, Slot::owned(function), arguments, &accessor.method.callee, entered);
        true
    }

    /// Guards that C code would call that function; the function, with a reference, and the default arguments.
    fn guard_accessor(&mut self, owner: Value, accessor: &Accessor<'a>, stores: bool) -> (Value, Vec<Value>) {
        let method = &accessor.method;
        self.guard_version(owner, method.version);
        self.learn_class(owner, method.version);
        self.ask_instance(owner, accessor.own, None);
        match accessor.asked {
            Asked::Descriptor { address, version } => {
                let descriptor = self.b.iconst(Type::Obj, address as i64);
                self.guard_version(descriptor, version);
                self.learn_class(descriptor, version);
            }
            Asked::Property { address, place } => {
                let property = self.b.iconst(Type::Obj, address as i64);
                self.guard_word(property, place, method.function);
            }
            Asked::Class { .. } => {}
        }
        let function = self.b.iconst(Type::Obj, method.function as i64);
        self.knowledge().learn(function, |known| *known = Known::exactly(Global::FunctionType));
        self.guard_callee(function, &method.callee);
        let parameters = method.callee.parameters as usize;
        let defaults = self.default_arguments(function, &method.callee, accessor.count(stores)..parameters);
        // Whoever has it may lose it while it runs.
        self.b.retain(function);
        (function, defaults)
    }

    /// What the function is called with.
    fn accessor_arguments(&mut self, owner: Value, class: u64, value: Option<Value>, asked: Asked) -> Vec<Slot> {
        let mut arguments = vec![];
        if let Asked::Descriptor { address, .. } = asked {
            arguments.push(Slot::owned(self.constant(address)));
        }
        arguments.push(Slot::borrowed(owner));
        if let Asked::Class { name } = asked {
            arguments.push(Slot::owned(self.constant(name)));
        }
        match (asked, value) {
            (_, Some(value)) => arguments.push(Slot::borrowed(value)),
            (Asked::Descriptor { .. }, None) => arguments.push(Slot::owned(self.constant(class))),
            (Asked::Property { .. } | Asked::Class { .. }, None) => {}
        }
        arguments
    }
}

impl Accessor<'_> {
    /// How many arguments the function is called with.
    fn count(&self, stores: bool) -> usize {
        match self.asked {
            Asked::Descriptor { .. } => 3,
            Asked::Property { .. } => 1 + usize::from(stores),
            Asked::Class { .. } => 2 + usize::from(stores),
        }
    }
}
