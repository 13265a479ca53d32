//! Building a recursive body, and what opens it. What it is, [`recursion`](super::recursion) tells.

use super::blocks::{Attempt, Walk};
use super::loops::Plans;
use super::recursion::{Assumed, Kind, Recursion};
use super::{Choices, Request, Start};
use crate::Callee;
use smallvec::SmallVec;
use whipsnake_cpython::layout::{frame, function};
use whipsnake_ir::{
    BodySignature, Condition, Continuation, FrameState, Frames, Function, Global, Inlined, Known, MissReason, Slot,
    Type, Value,
};

/// Builds what opens a body that was built.
pub(super) fn open(request: &Request<'_>, body: Function, choices: &mut Choices, most: usize) -> Option<Function> {
    let Start::Function(arguments) = request.start else { return None };
    let mut function = Function::new("function");
    let mut plans = Plans::default();
    let assumed = choices.recursion.assumed()?.clone();
    let walk = Walk::new(request, &mut function, &mut plans, choices, most);
    walk.run_opening(arguments, &assumed)?;
    function.body = Some(Box::new(body));
    Some(function)
}

impl Walk<'_, '_> {
    /// Builds the body; `arguments` locals have values at its start.
    pub(super) fn run_body(mut self, arguments: u32, assumed: Assumed) -> Attempt {
        let Some(callee) = self.own_callee() else { return self.built_as_others() };
        self.assumed = Some(assumed.clone());
        self.found.params = vec![None; assumed.params.len()];
        self.enter_body(arguments, &assumed, callee);
        let start = self.block_at(0, 0);
        self.b.jump(start, &[]);
        self.whole_function();
        if self.is_lost() {
            return self.built_as_others();
        }
        let mut params: Vec<Type> = assumed.params.iter().map(|kind| kind.ty()).collect();
        params.extend(self.is_closure().then_some(Type::Obj));
        self.b.func.signature = Some(BodySignature { params, result: assumed.result.ty() });
        "recursive body".clone_into(&mut self.b.func.name);
        if let Recursion::Body(assumed) = &mut self.choices.recursion
            && !assumed.holds(&self.found)
        {
            self.again = true;
        } else if self.knowledge().needs_frame {
            return self.built_as_others();
        }
        self.end_of_function()
    }

    /// Whether it is of no use to go on with the attempt: something needs a frame. The first one goes on all the same, since that may be for want of what it finds out.
    pub(super) fn is_lost(&mut self) -> bool {
        self.assumed.as_ref().is_some_and(|assumed| !assumed.is_first) && self.knowledge().needs_frame
    }

    /// The function is built as others are, from the next attempt on.
    fn built_as_others(self) -> Attempt {
        self.choices.recursion = Recursion::Inlined;
        Attempt::Again(self.cost)
    }

    /// The state at the start: the arguments are there, and no frame.
    fn enter_body(&mut self, arguments: u32, assumed: &Assumed, (address, callee): (u64, Callee<'_>)) {
        let locals = self.body.code.input().nlocalsplus;
        let params: SmallVec<[Value; 8]> =
            (1..).zip(&assumed.params).map(|(index, kind)| self.b.argument(index, kind.ty())).collect();
        let function = if self.is_closure() {
            let function = self.b.argument(params.len() as u8 + 1, Type::Obj);
            self.samples.insert(function, address);
            function
        } else {
            self.b.iconst(Type::Obj, address as i64)
        };
        self.knowledge().learn(function, |k| *k = Known::exactly(Global::FunctionType));
        let inlined = Inlined {
            function: Slot::borrowed(function),
            counted: true,
            globals: callee.globals,
            builtins: callee.builtins,
            generator: None,
            memory: None,
        };
        let mut slots: Vec<Slot> = params.iter().map(|&value| Slot::owned(value)).collect();
        slots.resize(locals as usize, Slot { dirty: false, ..Slot::NULL });
        let first_unit = self.body.world.first_unit();
        let state = FrameState { first_unit, unit: 0, locals: slots, stack: vec![], inlined: Some(inlined) };
        self.knowledge().state.frames = Frames::from_iter([state]);
        self.mark_exit();
        self.leave_if_disturbed();
        for (index, (&value, kind)) in params.iter().zip(&assumed.params).enumerate() {
            let object = match kind {
                Kind::Object(class) => {
                    self.learn_kind(value, *class);
                    value
                }
                Kind::Int => self.b.new_int(value, &[]),
                Kind::Float => self.b.new_float(value, &[]),
            };
            self.found.neutral.insert(object, Some(index));
            if let Some(sample) = self.request.world.local(index as u32).filter(|_| (index as u32) < arguments) {
                self.samples.insert(object, sample);
            }
            self.knowledge().state.frame().locals[index] = Slot::owned(object);
        }
        self.mark_exit();
    }

    /// Where no more calls may be made, something is pending or tools were switched on, the baseline tier goes on with the call's first instruction.
    fn leave_if_disturbed(&mut self) {
        let levels = self.b.argument(0, Type::I64);
        let may_call = self.b.compare_const(Condition::Gt, levels, 0);
        let quiet = self.is_quiet();
        for condition in [may_call, quiet] {
            let (on, out) = (self.b.block(), self.b.block());
            self.b.set_cold(out);
            self.b.branch(condition, on, out);
            self.b.switch_to(out);
            self.b.leave_saved(Continuation::Exit);
            self.b.switch_to(on);
        }
    }

    /// Calls the body with arguments that were taken off the stack, as the callable was.
    pub(super) fn recurse(&mut self, number: u32, called: Slot, arguments: &[Slot]) {
        let assumed = self.assumed.clone().expect("it is built as a body");
        let values: SmallVec<[Value; 8]> = arguments.iter().map(|slot| slot.value.expect("an argument")).collect();
        for (index, &value) in values.iter().enumerate() {
            self.find(value, number, Some(index));
        }
        // Nothing was done yet: here the call may still be left to the baseline tier.
        let own = self.own_function();
        let callable = called.value.expect("a function");
        let is_own = self.b.compare(Condition::Eq, callable, own);
        self.b.guard(is_own, MissReason::Callable);
        let mut words: SmallVec<[Value; 8]> =
            values.iter().zip(&assumed.params).map(|(&value, &kind)| self.unboxed(value, kind)).collect();
        for ((slot, &value), kind) in arguments.iter().zip(&values).zip(&assumed.params) {
            match (kind, slot.owned) {
                (Kind::Object(_), false) => self.b.retain(value),
                (Kind::Object(_), true) | (_, false) => {}
                (_, true) => self.b.release(value),
            }
        }
        if called.owned {
            // The first call's frame holds it.
            self.b.release(callable);
        }
        words.extend(self.is_closure().then_some(own));
        let depth = self.knowledge().depth;
        self.cost.add_inlined(depth);
        self.mark_exit();
        let result = self.b.recurse(&words, assumed.result.ty());
        let next = self.body.code.instrs()[number as usize].next;
        self.knowledge().state.frame().unit = next;
        self.push(Slot::owned(result));
        self.mark_exit();
        let result = self.boxed(result, assumed.result);
        self.found.neutral.insert(result, None);
        *self.knowledge().state.frame().stack.last_mut().expect("just pushed") = Slot::owned(result);
        self.mark_exit();
    }

    /// Returns `constant`, or the value on top of the stack, from the body.
    pub(super) fn return_from_body(&mut self, number: u32, constant: Option<u32>) {
        if let Some(constant) = constant {
            self.load_constant(constant);
        }
        self.mark_exit();
        self.returns = true;
        let kind = self.assumed.as_ref().expect("it is built as a body").result;
        let slot = *self.knowledge().state.frame().stack.last().expect("a result");
        let value = slot.value.expect("a result");
        self.find(value, number, None);
        let word = self.unboxed(value, kind);
        self.pop();
        // It is gone while its locals end, as in the interpreter.
        let own = self.knowledge().state.frames.pop().expect("its frame");
        let mut ending: Vec<Slot> = own.locals;
        match kind {
            Kind::Object(_) if !slot.owned => {
                match ending.iter_mut().find(|local| local.owned && local.value == Some(value)) {
                    Some(owner) => *owner = Slot::NULL,
                    None => self.b.retain(value),
                }
            }
            Kind::Object(_) => {}
            Kind::Int | Kind::Float => ending.push(slot),
        }
        self.mark_exit();
        for value in ending.into_iter().filter(|slot| slot.owned).filter_map(|slot| slot.value) {
            self.b.release_or_null(value);
        }
        self.b.expose_value(word);
        self.b.return_from_region(word);
    }

    /// The number that a value is, guarded; or the object.
    fn unboxed(&mut self, value: Value, kind: Kind) -> Value {
        match kind {
            Kind::Object(class) => {
                if let Some(class) = class {
                    self.b.guard_exact(value, class);
                }
                value
            }
            Kind::Int => {
                self.b.guard_exact(value, Global::IntType);
                self.b.unbox_int(value)
            }
            Kind::Float => {
                self.b.guard_exact(value, Global::FloatType);
                self.b.float_value(value)
            }
        }
    }

    fn boxed(&mut self, word: Value, kind: Kind) -> Value {
        match kind {
            Kind::Object(class) => {
                self.learn_kind(word, class);
                word
            }
            Kind::Int => self.b.new_int(word, &[]),
            Kind::Float => self.b.new_float(word, &[]),
        }
    }

    /// What holds of an argument or a result: it is there, and of that type.
    fn learn_kind(&mut self, value: Value, class: Option<Global>) {
        match class {
            Some(class) => self.b.learn_class(value, class),
            None => self.knowledge().learn(value, |known| known.present = true),
        }
    }

    /// What opens the body: takes the arguments out of the frame, and returns what the body gives. `None` if there is no function any more.
    fn run_opening(mut self, arguments: u32, assumed: &Assumed) -> Option<()> {
        let (address, callee) = self.own_callee()?;
        self.enter_function(arguments);
        let memory = self.b.region_frame();
        let function = self.b.load(Type::Obj, memory, frame::FUNCOBJ);
        if self.is_closure() {
            // Another function of this code may have other surroundings.
            self.guard_word(function, function::GLOBALS, callee.globals);
            self.guard_word(function, function::BUILTINS, callee.builtins);
        } else {
            let own = self.b.iconst(Type::Obj, address as i64);
            let same = self.b.compare(Condition::Eq, function, own);
            self.b.guard(same, MissReason::Callable);
        }
        let slots: Vec<Value> = self.knowledge().state.frame().locals[..arguments as usize]
            .iter()
            .map(|slot| slot.value.expect("an argument"))
            .collect();
        let mut words: SmallVec<[Value; 8]> =
            slots.iter().zip(&assumed.params).map(|(&value, &kind)| self.unboxed(value, kind)).collect();
        let null = self.b.null();
        for index in 0..arguments as usize {
            self.b.store(null, memory, frame::LOCALSPLUS + 8 * index as i32);
            self.knowledge().state.frame().locals[index] = Slot { dirty: false, ..Slot::NULL };
        }
        self.mark_exit();
        for (&value, kind) in slots.iter().zip(&assumed.params) {
            if !kind.is_object() {
                self.b.release(value);
            }
        }
        words.extend(self.is_closure().then_some(function));
        let result = self.b.recurse(&words, assumed.result.ty());
        self.push(Slot::owned(result));
        self.mark_exit();
        let result = self.boxed(result, assumed.result);
        self.pop();
        self.b.return_from_region(result);
        Some(())
    }
}
