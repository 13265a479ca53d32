//! Functions that call themselves: the region has a *body* that calls itself with its arguments in registers, and makes no frames but where it is left.
//!
//! An attempt that meets a call of the function it builds starts over as such a body. What its arguments and its result are (objects, ints, floats) is found out in the first attempt and assumed in the
//! next. Something that needs the frame in memory, since it may run Python code that looks at it, is not done in a body: then the function is built as others are. Machine code and records of calls:
//! `whipsnake_codegen`'s `recursion`.

use super::blocks::{Attempt, Walk};
use super::{Choices, Request, Start};
use crate::Callee;
use rustc_hash::FxHashSet;
use smallvec::SmallVec;
use whipsnake_cpython::layout::{frame, thread_state};
use whipsnake_cpython::opcode as op;
use whipsnake_ir::{
    BodySignature, Condition, Continuation, FrameState, Frames, Function, Global, Inlined, Known, MissReason, Slot, Type,
    Value, abi,
};

/// What an argument or the result of a body is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Kind {
    #[default]
    Object,
    Int,
    Float,
}

impl Kind {
    fn ty(self) -> Type {
        match self {
            Kind::Object => Type::Obj,
            Kind::Int => Type::I64,
            Kind::Float => Type::F64,
        }
    }
}

/// What is assumed of a body until an attempt finds that it does not hold.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Assumed {
    params: Vec<Kind>,
    result: Kind,
    /// Nothing has been found out yet.
    is_first: bool,
}

/// What an attempt has found.
#[derive(Debug, Default)]
pub(super) struct Found {
    params: Vec<Option<Kind>>,
    result: Option<Kind>,
    /// Results of calls of itself, and the arguments: what they are depends on what others are.
    neutral: FxHashSet<Value>,
}

fn meet(known: &mut Option<Kind>, other: Kind) {
    let joined = known.is_none_or(|known| known == other);
    *known = Some(if joined { other } else { Kind::Object });
}

impl Assumed {
    fn nothing(arguments: u32) -> Assumed {
        Assumed { params: vec![Kind::Object; arguments as usize], result: Kind::Object, is_first: true }
    }

    /// Whether it holds, as an attempt has found; else it is changed.
    fn holds(&mut self, found: &Found) -> bool {
        let is_first = std::mem::take(&mut self.is_first);
        let pairs = self.params.iter_mut().zip(&found.params).chain([(&mut self.result, &found.result)]);
        let mut holds = true;
        for (assumed, found) in pairs {
            let found = found.unwrap_or_default();
            if is_first && *assumed != found {
                (*assumed, holds) = (found, false);
            } else if *assumed != Kind::Object && *assumed != found {
                (*assumed, holds) = (Kind::Object, false);
            }
        }
        holds
    }
}

/// How a function that calls itself is built.
#[derive(Debug, Default)]
pub(super) enum Recursion {
    /// No such call was met.
    #[default]
    Unmet,
    /// As a body.
    Body(Assumed),
    /// As other functions are.
    Inlined,
}

impl Recursion {
    /// What is assumed of the body, if it is one.
    pub(super) fn assumed(&self) -> Option<&Assumed> {
        match self {
            Recursion::Body(assumed) => Some(assumed),
            Recursion::Unmet | Recursion::Inlined => None,
        }
    }
}

/// Builds what opens a body that was built.
pub(super) fn open(request: &Request<'_>, body: Function, choices: &mut Choices, most: usize) -> Option<Function> {
    let Start::Function(arguments) = request.start else { return None };
    let mut function = Function::new("function");
    let mut plans = super::Plans::default();
    let walk = Walk::new(request, &mut function, &mut plans, choices, most);
    walk.run_opening(arguments, body.signature.as_ref()?)?;
    function.body = Some(Box::new(body));
    Some(function)
}

impl<'a> Walk<'a, '_> {
    /// Whether the function is built as a body.
    pub(super) fn is_recursive_body(&self) -> bool {
        self.assumed.is_some()
    }

    /// Whether it is a body that is being built, not one that is inlined into it.
    pub(super) fn returns_from_body(&self) -> bool {
        self.is_recursive_body() && self.returns_from_function()
    }

    /// Whether a call is one of the body itself. If the function should be built as one, the attempt is lost.
    pub(super) fn calls_itself(&mut self, callee: &Callee<'_>) -> bool {
        let Start::Function(arguments) = self.request.start else { return false };
        if callee.world.first_unit() != self.request.world.first_unit() || callee.collects() || callee.parameters != arguments
        {
            return false;
        }
        if self.is_recursive_body() || !matches!(self.choices.recursion, Recursion::Unmet) {
            return self.is_recursive_body();
        }
        self.choices.recursion = match self.own_callee() {
            Some(_) => {
                self.again = true;
                Recursion::Body(Assumed::nothing(arguments))
            }
            None => Recursion::Inlined,
        };
        false
    }

    /// The function that is built, and what the program knows of it.
    fn own_callee(&self) -> Option<(u64, Callee<'a>)> {
        let world = self.request.world;
        let function = world.function()?;
        Some((function, world.callee(function)?))
    }

    /// Whether each closure of the code has a body of its own: then it is an argument.
    fn is_closure(&self) -> bool {
        self.request.code.instrs().iter().any(|instr| instr.base == op::COPY_FREE_VARS)
    }

    /// Builds the body; `arguments` locals have values at its start.
    pub(super) fn run_body(mut self, arguments: u32, assumed: Assumed) -> Attempt {
        let Some(callee) = self.own_callee() else { return self.as_others() };
        self.assumed = Some(assumed.clone());
        self.found.params = vec![None; assumed.params.len()];
        self.enter_body(arguments, &assumed, callee);
        let start = self.block_at(0, 0);
        self.b.jump(start, &[]);
        self.whole_function();
        if self.knowledge().needs_frame {
            return self.as_others();
        }
        let mut params: Vec<Type> = assumed.params.iter().map(|kind| kind.ty()).collect();
        params.extend(self.is_closure().then_some(Type::Obj));
        self.b.func.signature = Some(BodySignature { params, result: assumed.result.ty() });
        "recursive body".clone_into(&mut self.b.func.name);
        if let Recursion::Body(assumed) = &mut self.choices.recursion
            && !assumed.holds(&self.found)
        {
            self.again = true;
        }
        if self.again {
            Attempt::Again(self.cost)
        } else if self.returns {
            Attempt::Done(self.cost)
        } else {
            Attempt::NoWayAround(self.left_at)
        }
    }

    /// The function is built as others are, from the next attempt on.
    fn as_others(self) -> Attempt {
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
                Kind::Object => value,
                Kind::Int => self.b.new_int(value, &[]),
                Kind::Float => self.b.new_float(value, &[]),
            };
            self.knowledge().learn(object, |known| known.present = true);
            self.found.neutral.insert(object);
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
        let thread = self.b.thread_state();
        let breaker = self.b.load(Type::I64, thread, thread_state::EVAL_BREAKER);
        let data = self.request.world.code_data();
        let data = self.b.iconst(Type::Ptr, data as i64);
        let valid = self.b.load(Type::I64, data, abi::compiled::VALID_VERSION);
        let quiet = self.b.compare(Condition::Eq, breaker, valid);
        for condition in [may_call, quiet] {
            let (on, out) = (self.b.block(), self.b.block());
            self.b.set_cold(out);
            self.b.branch(condition, on, out);
            self.b.switch_to(out);
            self.b.leave_saved(Continuation::Next);
            self.b.switch_to(on);
        }
    }

    /// Calls the body with arguments that were taken off the stack, as the callable was.
    pub(super) fn recurse(&mut self, number: u32, called: Slot, arguments: &[Slot]) {
        let assumed = self.assumed.clone().expect("it is built as a body");
        let values: SmallVec<[Value; 8]> = arguments.iter().map(|slot| slot.value.expect("an argument")).collect();
        for (index, &value) in values.iter().enumerate() {
            self.find(value, number, |found| &mut found.params[index]);
        }
        // Nothing was done yet: here the call may still be left to the baseline tier.
        let own = self.knowledge().state.frames[0].inlined.and_then(|own| own.function.value).expect("a body's");
        let callable = called.value.expect("a function");
        let is_own = self.b.compare(Condition::Eq, callable, own);
        self.b.guard(is_own, MissReason::Callable);
        let mut words: SmallVec<[Value; 8]> =
            values.iter().zip(&assumed.params).map(|(&value, &kind)| self.unboxed(value, kind)).collect();
        for ((slot, &value), kind) in arguments.iter().zip(&values).zip(&assumed.params) {
            match (kind, slot.owned) {
                (Kind::Object, false) => self.b.retain(value),
                (Kind::Object, true) | (_, false) => {}
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
        self.found.neutral.insert(result);
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
        self.find(value, number, |found| &mut found.result);
        let word = self.unboxed(value, kind);
        self.pop();
        // It is gone while its locals end, as in the interpreter.
        let own = self.knowledge().state.frames.pop().expect("its frame");
        let mut ending: Vec<Slot> = own.locals;
        match kind {
            Kind::Object if !slot.owned => {
                match ending.iter_mut().find(|local| local.owned && local.value == Some(value)) {
                    Some(owner) => *owner = Slot::NULL,
                    None => self.b.retain(value),
                }
            }
            Kind::Object => {}
            Kind::Int | Kind::Float => ending.push(slot),
        }
        self.mark_exit();
        for value in ending.into_iter().filter(|slot| slot.owned).filter_map(|slot| slot.value) {
            self.b.release_or_null(value);
        }
        self.b.expose_value(word);
        self.b.return_from_region(word);
    }

    /// Notes what a value is, as far as that does not depend on what others are.
    fn find(&mut self, value: Value, number: u32, place: impl FnOnce(&mut Found) -> &mut Option<Kind>) {
        let value = self.knowledge().resolve(value);
        let known = self.knowledge().known(value);
        let has_number = known.raw.is_some() || self.constant_address(value).is_none();
        let kind = match known.class {
            _ if self.is_general(number) => Kind::Object,
            Some(Global::IntType) if has_number => Kind::Int,
            Some(Global::FloatType) if has_number => Kind::Float,
            _ if self.found.neutral.contains(&value) => return,
            _ => Kind::Object,
        };
        meet(place(&mut self.found), kind);
    }

    /// The number that a value is, guarded; or the object.
    fn unboxed(&mut self, value: Value, kind: Kind) -> Value {
        match kind {
            Kind::Object => value,
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
            Kind::Object => {
                self.knowledge().learn(word, |known| known.present = true);
                word
            }
            Kind::Int => self.b.new_int(word, &[]),
            Kind::Float => self.b.new_float(word, &[]),
        }
    }

    /// What opens the body: takes the arguments out of the frame, and returns what the body gives. `None` if there is no function any more.
    fn run_opening(mut self, arguments: u32, signature: &BodySignature) -> Option<()> {
        let (address, _) = self.own_callee()?;
        self.enter_function(arguments);
        let memory = self.b.region_frame();
        let function = self.b.load(Type::Obj, memory, frame::FUNCOBJ);
        if !self.is_closure() {
            let own = self.b.iconst(Type::Obj, address as i64);
            let same = self.b.compare(Condition::Eq, function, own);
            self.b.guard(same, MissReason::Callable);
        }
        let slots: Vec<Value> = self.knowledge().state.frame().locals[..arguments as usize]
            .iter()
            .map(|slot| slot.value.expect("an argument"))
            .collect();
        let kind = |ty: &Type| match ty {
            Type::I64 => Kind::Int,
            Type::F64 => Kind::Float,
            _ => Kind::Object,
        };
        let kinds: Vec<Kind> = signature.params.iter().map(kind).collect();
        let mut words: SmallVec<[Value; 8]> =
            slots.iter().zip(&kinds).map(|(&value, &kind)| self.unboxed(value, kind)).collect();
        let null = self.b.null();
        for index in 0..arguments as usize {
            self.b.store(null, memory, frame::LOCALSPLUS + 8 * index as i32);
            self.knowledge().state.frame().locals[index] = Slot { dirty: false, ..Slot::NULL };
        }
        self.mark_exit();
        for (&value, &kind) in slots.iter().zip(&kinds) {
            if kind != Kind::Object {
                self.b.release(value);
            }
        }
        words.extend(self.is_closure().then_some(function));
        let result = self.b.recurse(&words, signature.result);
        self.push(Slot::owned(result));
        self.mark_exit();
        let result = self.boxed(result, kind(&signature.result));
        self.pop();
        self.b.return_from_region(result);
        Some(())
    }
}
