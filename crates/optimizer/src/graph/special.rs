//! Inlining of Python functions behind instructions that are no calls: `__getitem__`, and the getters of properties.
//!
//! The interpreter enters these as it enters calls, so that a frame that has to be pushed waits for the instruction as for a call.

use super::arguments::Places;
use super::blocks::Walk;
use super::body::{Entered, Wanted};
use crate::{Callee, Method, Purpose, Shim, Special};
use whipsnake_bytecode::Instr;
use whipsnake_cpython::class_version;
use whipsnake_cpython::layout::type_object;
use whipsnake_cpython::opcode as op;
use whipsnake_ir::{BinaryOp, Condition, FrameState, Global, Inlined, Known, MissReason, Slot, Type, Value};

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
        let class = self.likely_class_address(owner);
        let method = class.and_then(|class| match instr.base {
            op::BINARY_SUBSCR => world.special(class, Special::GetItem),
            _ => world.property(class, instr),
        });
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
        let world = self.body.world;
        // On a way for one of several classes, an object of another one is no guide.
        if let Some(class) = self.versions.get(&value).and_then(|&version| world.class_with(version)) {
            return Some(class);
        }
        match self.sample(value) {
            Some(sample) => world.class_of(sample),
            None => world.class_with(*self.guarded.get(&value)?),
        }
    }

    /// Inlines the method behind the store of an item or a test for being contained, which the interpreter calls from C; false if that can't be done, and
    /// then nothing was.
    pub(super) fn inline_container(&mut self, number: u32, instr: &Instr) -> bool {
        let stack = &self.knowledge().state.frame().stack;
        let values: Option<Vec<Value>> = stack.iter().rev().take(3).map(|slot| slot.value).collect();
        match (instr.base, values.as_deref()) {
            (op::STORE_SUBSCR, Some(&[key, container, value])) => {
                let arguments = &[container, key, value];
                self.inline_from_c(number, Special::SetItem, Purpose::Store, arguments, 3, Wanted::Nothing)
            }
            (op::CONTAINS_OP, Some(&[container, value, ..])) => {
                let wanted = Wanted::Truth { inverted: instr.oparg != 0 };
                self.inline_from_c(number, Special::Contains, Purpose::Contains, &[container, value], 2, wanted)
            }
            _ => false,
        }
    }

    /// Inlines a special method of the first argument, which the interpreter calls from C with these arguments, while so many operands of the instruction stay
    /// on the stack; false if that can't be done, and then nothing was.
    pub(super) fn inline_from_c(
        &mut self,
        number: u32,
        name: Special,
        purpose: Purpose,
        arguments: &[Value],
        operands: usize,
        wanted: Wanted,
    ) -> bool {
        let (owner, count) = (arguments[0], arguments.len());
        if self.is_general(number) || self.knowledge().known(owner).class.is_some() {
            return false;
        }
        let world = self.body.world;
        let Some(class) = self.likely_class_address(owner) else { return false };
        let Some(shim) = world.shim(purpose) else { return false };
        let Some(method) = world.special(class, name).filter(|method| self.may_inline(number, &method.callee, count))
        else {
            return false;
        };
        self.mark_exit();
        let (function, defaults) = self.guard_method(owner, &method, count);
        self.knowledge().learn(owner, |known| known.present = true);
        let mut arguments: Vec<Slot> = arguments.iter().copied().map(Slot::borrowed).collect();
        arguments.extend(self.owned_arguments(defaults));
        self.push_shim(shim);
        self.inline_call(number, function, arguments, &method.callee, Entered::Method { operands, wanted });
        true
    }

    /// Inlines the function at an address, which C code would call with those arguments, borrowed from the stack: the frame of `shim` is below it. Whoever has the
    /// function may lose it while it runs.
    #[expect(clippy::too_many_arguments, reason = "what is called, with what, and how")]
    pub(super) fn inline_above_shim(
        &mut self,
        number: u32,
        function: u64,
        callee: &Callee<'a>,
        places: &Places,
        arguments: Vec<Value>,
        shim: Shim,
        entered: Entered,
    ) {
        let function = self.b.iconst(Type::Obj, function as i64);
        self.knowledge().learn(function, |known| *known = Known::exactly(Global::FunctionType));
        self.guard_callee(function, callee);
        let defaults = self.default_arguments(function, callee, places.missing());
        self.b.retain(function);
        let mut arguments: Vec<Slot> = arguments.into_iter().map(Slot::borrowed).collect();
        let surplus: Vec<Value> = arguments.drain(places.surplus.clone()).filter_map(|slot| slot.value).collect();
        for &value in &surplus {
            self.b.retain(value);
        }
        let collected = self.collected(callee, surplus, vec![]);
        let defaults = self.owned_arguments(defaults);
        let mut arguments = places.in_order(arguments, defaults);
        arguments.extend(collected);
        self.push_shim(shim);
        self.inline_call(number, Slot::owned(function), arguments, callee, entered);
    }

    /// Pushes, in the abstract, the frame that stands in for C code below a method.
    pub(super) fn push_shim(&mut self, shim: Shim) {
        let purpose = self.b.iconst(Type::Obj, shim.purpose as i64);
        self.knowledge().learn(purpose, |known| (known.present, known.immortal) = (true, true));
        let inlined =
            Inlined { function: Slot::NULL, counted: false, globals: 0, builtins: 0, generator: None, memory: None };
        let stack = vec![Slot::owned(purpose)];
        let first_unit = shim.first_unit;
        let shim = FrameState { first_unit, unit: 0, locals: vec![], stack, inlined: Some(inlined) };
        self.knowledge().state.frames.push(shim);
    }

    /// Guards that the class of `owner` has the method that it had; the slot of the function, which the class holds, and the default arguments beyond `count`.
    pub(super) fn guard_method(&mut self, owner: Value, method: &Method<'a>, count: usize) -> (Slot, Vec<Value>) {
        let function = self.guard_method_of(owner, method.function, method.version);
        self.guard_callee(function, &method.callee);
        let defaults = self.default_arguments(function, &method.callee, count..method.callee.parameters as usize);
        // Its class may lose it while it runs.
        self.b.retain(function);
        (Slot::owned(function), defaults)
    }

    /// Guards that the class of `owner` has that version, and so the function.
    pub(super) fn guard_method_of(&mut self, owner: Value, function: u64, version: u32) -> Value {
        self.guard_version(owner, version);
        let function = self.b.iconst(Type::Obj, function as i64);
        let known = Known { itself: true, ..Known::exactly(Global::FunctionType) };
        self.knowledge().learn(function, |k| *k = known);
        function
    }

    /// Guards that the class of a value has that version.
    pub(super) fn guard_version(&mut self, value: Value, version: u32) {
        let class = self.b.type_of(value);
        self.guard_version_of(class, version);
    }

    /// Guards that a class has that version.
    pub(super) fn guard_version_of(&mut self, class: Value, version: u32) {
        let same = self.has_version(class, version);
        self.b.guard(same, MissReason::TypeVersion);
    }

    /// Whether a class has that version, or one of the same series.
    pub(super) fn has_version(&mut self, class: Value, version: u32) -> Value {
        let found = self.b.load(Type::I32, class, type_object::TP_VERSION_TAG);
        match class_version::varying_bits(version) {
            0 => self.b.compare_const(Condition::Eq, found, version.into()),
            bits => {
                let fixed = self.b.binary_const(BinaryOp::ShrU, found, bits.into());
                self.b.compare_const(Condition::Eq, fixed, (version >> bits).into())
            }
        }
    }
}
