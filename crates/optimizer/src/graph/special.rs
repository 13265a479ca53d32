//! Inlining of Python functions behind instructions that are no calls: `__getitem__`, and the getters of properties.
//!
//! The interpreter enters these as it enters calls, so that a frame that has to be pushed waits for the instruction as for a call.

use super::blocks::Walk;
use super::body::Entered;
use crate::{Method, Special};
use whipsnake_bytecode::Instr;
use whipsnake_cpython::layout::type_object;
use whipsnake_cpython::opcode as op;
use whipsnake_ir::{Condition, FrameState, Global, Inlined, Known, MissReason, Slot, Type, Value};

impl<'a> Walk<'a, '_> {
    /// Inlines what a subscript or the load of an attribute calls; false if that can't be done, and then nothing was.
    pub(super) fn inline_special(&mut self, number: u32, instr: &Instr) -> bool {
        if self.is_general(number) {
            return false;
        }
        let count = match instr.base {
            op::BINARY_SUBSCR => 2,
            op::LOAD_ATTR if instr.oparg & 1 == 0 => 1,
            _ => return false,
        };
        let stack = &self.knowledge().state.frame().stack;
        let Some(owner) = stack[stack.len() - count].value else { return false };
        if self.knowledge().known(owner).class.is_some() {
            return false;
        }
        let world = self.body.world;
        let method = match instr.base {
            op::BINARY_SUBSCR => {
                self.likely_class_address(owner).and_then(|class| world.special(class, Special::GetItem))
            }
            _ => self.sample(owner).and_then(|sample| world.property(sample, instr)),
        };
        let Some(method) = method.filter(|method| self.may_inline(number, &method.callee, count)) else { return false };
        self.mark_exit();
        let (function, defaults) = self.guard_method(owner, &method, count);
        let defaults = self.owned_arguments(defaults);
        let stack = &mut self.knowledge().state.frame().stack;
        let mut arguments = stack.split_off(stack.len() - count);
        arguments.extend(defaults);
        self.inline_call(number, function, arguments, &method.callee, Entered::Call);
        true
    }

    /// The address of the class of a value, known or guessed.
    pub(super) fn likely_class_address(&mut self, value: Value) -> Option<u64> {
        let value = self.origin(value);
        if let Some(&class) = self.classes.get(&value) {
            return Some(class);
        }
        let sample = self.sample(value)?;
        self.body.world.class_of(sample)
    }

    /// Inlines the method behind the store of an item or a test for being contained, which the interpreter calls from C; false if that can't be done, and
    /// then nothing was. What the method returns is the business of the frame below it, as with operators.
    pub(super) fn inline_container(&mut self, number: u32, instr: &Instr) -> bool {
        if self.is_general(number) {
            return false;
        }
        let stack = &self.knowledge().state.frame().stack;
        let values: Option<Vec<Value>> = stack.iter().rev().take(3).map(|slot| slot.value).collect();
        let (name, arguments, entered) = match (instr.base, values.as_deref()) {
            (op::STORE_SUBSCR, Some(&[key, container, value])) => {
                (Special::SetItem, vec![container, key, value], Entered::Store)
            }
            (op::CONTAINS_OP, Some(&[container, value, ..])) => {
                (Special::Contains, vec![container, value], Entered::Test { inverted: instr.oparg != 0 })
            }
            _ => return false,
        };
        let owner = arguments[0];
        if self.knowledge().known(owner).class.is_some() {
            return false;
        }
        let (world, count) = (self.body.world, arguments.len());
        let Some(class) = self.likely_class_address(owner) else { return false };
        let Some(shim_unit) = world.shim_unit() else { return false };
        let Some(method) = world.special(class, name).filter(|method| self.may_inline(number, &method.callee, count))
        else {
            return false;
        };
        self.mark_exit();
        self.guard_room();
        let (function, defaults) = self.guard_method(owner, &method, count);
        self.knowledge().learn(owner, |known| known.present = true);
        let mut arguments: Vec<Slot> = arguments.into_iter().map(Slot::borrowed).collect();
        arguments.extend(self.owned_arguments(defaults));
        self.push_shim(shim_unit);
        self.inline_call(number, function, arguments, &method.callee, entered);
        true
    }

    /// Pushes, in the abstract, the frame that stands in for C code below a method.
    pub(super) fn push_shim(&mut self, first_unit: u64) {
        let none = self.b.global(Global::None);
        let inlined =
            Inlined { function: Slot::NULL, counted: false, globals: 0, builtins: 0, generator: None, memory: None };
        let stack = vec![Slot::owned(none)];
        let shim = FrameState { first_unit, unit: 0, locals: vec![], stack, inlined: Some(inlined) };
        self.knowledge().state.frames.push(shim);
    }

    /// The method is about to return the value on top of its stack, of which a test wants the truth: that is sure of a `bool` only.
    pub(super) fn guard_truth(&mut self) {
        if let Some(value) = self.knowledge().state.frame().stack.last().and_then(|slot| slot.value) {
            self.b.guard_exact(value, Global::BoolType);
        }
    }

    /// What a test pushes, whose method has returned a `bool`.
    pub(super) fn tested(&mut self, result: Slot, inverted: bool) -> Slot {
        let Some(value) = result.value.filter(|_| inverted) else { return result };
        let (yes, no) = (self.b.global(Global::True), self.b.global(Global::False));
        let truth = self.b.compare(Condition::Eq, value, yes);
        let opposite = self.b.select(truth, no, yes);
        self.knowledge().learn(opposite, |known| *known = Known::exactly(Global::BoolType));
        Slot::owned(opposite)
    }

    /// Guards that the class of `owner` has the method that it had; the slot of the function, which the class holds, and the default arguments beyond `count`.
    pub(super) fn guard_method(&mut self, owner: Value, method: &Method<'a>, count: usize) -> (Slot, Vec<Value>) {
        let class = self.b.type_of(owner);
        let version = self.b.load(Type::I32, class, type_object::TP_VERSION_TAG);
        let same = self.b.compare_const(Condition::Eq, version, method.version.into());
        self.b.guard(same, MissReason::TypeVersion);
        let function = self.b.iconst(Type::Obj, method.function as i64);
        self.knowledge().learn(function, |known| *known = Known::exactly(Global::FunctionType));
        self.guard_callee(function, &method.callee);
        let defaults = self.default_arguments(function, &method.callee, count..method.callee.parameters as usize);
        // Its class may lose it while it runs.
        self.b.retain(function);
        (Slot::owned(function), defaults)
    }
}
