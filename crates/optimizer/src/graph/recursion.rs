//! Functions that call themselves: the region has a *body* that calls itself with its arguments in registers, and makes no frames but where it is left.
//!
//! An attempt that meets a call of the function it builds starts over as such a body. What its arguments and its result are (objects, ints, floats) is found out in the first attempt and assumed in the
//! next. Something that needs the frame in memory, since it may run Python code that looks at it, is not done in a body: then the function is built as others are. Machine code and records of calls:
//! `whipsnake_codegen`'s `recursion`.

use super::blocks::{Attempt, Walk};
use super::{Choices, Request, Site, Start};
use crate::Callee;
use rustc_hash::FxHashMap;
use smallvec::SmallVec;
use whipsnake_cpython::layout::{frame, function, thread_state};
use whipsnake_cpython::opcode as op;
use whipsnake_ir::{
    BodySignature, Condition, Continuation, FrameState, Frames, Function, Global, Inlined, Known, MissReason, Slot,
    Type, Value, abi,
};

/// What an argument or the result of a body is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// An object, which may be known to be of exactly that type.
    Object(Option<Global>),
    /// An int of two digits at most, in a register.
    Int,
    /// A float, likewise.
    Float,
}

impl Kind {
    fn ty(self) -> Type {
        match self {
            Kind::Object(_) => Type::Obj,
            Kind::Int => Type::I64,
            Kind::Float => Type::F64,
        }
    }

    /// What an object of a type is best handed on as.
    fn of(class: Option<Global>) -> Kind {
        match class {
            Some(Global::IntType) => Kind::Int,
            Some(Global::FloatType) => Kind::Float,
            // A module can be given another type.
            other => Kind::Object(other.filter(|&class| class != Global::ModuleType)),
        }
    }

    fn is_object(self) -> bool {
        matches!(self, Kind::Object(_))
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
    /// The arguments, by their number, and results of calls of itself: what they are may depend on what others are.
    neutral: FxHashMap<Value, Option<usize>>,
}

fn meet(known: &mut Option<Kind>, other: Kind) {
    let same = known.is_none_or(|known| known == other);
    *known = Some(if same { other } else { Kind::Object(None) });
}

impl Assumed {
    /// The arguments are like these, and of the result nothing is known.
    fn like(params: Vec<Kind>) -> Assumed {
        Assumed { params, result: Kind::Object(None), is_first: true }
    }

    /// Whether it holds, as an attempt has found; else it is changed. What the first attempt finds is assumed; what does not hold then is given up.
    fn holds(&mut self, found: &Found) -> bool {
        let is_first = std::mem::take(&mut self.is_first);
        let pairs = self.params.iter_mut().zip(&found.params).chain([(&mut self.result, &found.result)]);
        let mut holds = true;
        for (assumed, found) in pairs {
            let Some(found) = *found else { continue };
            if *assumed != found && (is_first || *assumed != Kind::Object(None)) {
                (*assumed, holds) = (if is_first { found } else { Kind::Object(None) }, false);
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
    let assumed = choices.recursion.assumed()?.clone();
    let walk = Walk::new(request, &mut function, &mut plans, choices, most);
    walk.run_opening(arguments, &assumed)?;
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
        if callee.world.first_unit() != self.request.world.first_unit()
            || callee.collects()
            || callee.parameters != arguments
        {
            return false;
        }
        if self.is_recursive_body() || !matches!(self.choices.recursion, Recursion::Unmet) {
            return self.is_recursive_body();
        }
        self.choices.recursion = match self.own_callee() {
            Some(_) => {
                self.again = true;
                Recursion::Body(Assumed::like((0..arguments).map(|local| self.kind_of_local(local)).collect()))
            }
            None => Recursion::Inlined,
        };
        false
    }

    /// What a local of the frame that waits is, unless that was found to be no guide.
    fn kind_of_local(&self, local: u32) -> Kind {
        let world = self.request.world;
        let is_guide = !self.request.general.contains(&Site::from_slice(&[0]));
        let class = world.local(local).filter(|_| is_guide).and_then(|object| world.class(object));
        Kind::of(class)
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

    /// Whether it is the function that waits, of which each closure has a body's argument in its place.
    pub(super) fn is_own_closure(&self, address: u64) -> bool {
        self.is_recursive_body() && self.is_closure() && self.request.world.function() == Some(address)
    }

    /// Guards that the function which is called is the body's own, and has its code still.
    pub(super) fn guard_itself(&mut self, called: Value, callee: &Callee<'_>) {
        let own = self.own_function();
        let is_own = self.b.compare(Condition::Eq, called, own);
        self.b.guard(is_own, MissReason::Callable);
        self.guard_word(own, function::CODE, callee.executable);
    }

    /// The function of the body.
    fn own_function(&mut self) -> Value {
        let own = self.knowledge().state.frames[0].inlined;
        own.and_then(|own| own.function.value).expect("a body's frame has one")
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
        if self.knowledge().needs_frame && !assumed.is_first {
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
        } else if self.knowledge().needs_frame {
            return self.as_others();
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

    /// Notes what a parameter is given, or what is the result, as far as that does not depend on what others are.
    fn find(&mut self, value: Value, number: u32, param: Option<usize>) {
        let value = self.knowledge().resolve(value);
        let known = self.knowledge().known(value);
        let has_number = known.raw.is_some() || self.constant_address(value).is_none();
        let kind = match known.class.or_else(|| self.likely_class(value)) {
            _ if self.is_general(number) => Kind::Object(None),
            _ if param.is_some() && self.found.neutral.get(&value) == Some(&param) => return,
            None if self.found.neutral.contains_key(&value) => return,
            // If anything is assumed of the result, it is guarded.
            None if param.is_none() => return,
            Some(Global::IntType | Global::FloatType) if !has_number => Kind::Object(None),
            class => Kind::of(class),
        };
        let place = match param {
            Some(index) => &mut self.found.params[index],
            None => &mut self.found.result,
        };
        meet(place, kind);
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
