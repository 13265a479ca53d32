//! Functions that call themselves: the region has a *body* that calls itself with its arguments in registers, and makes no frames but where it is left.
//!
//! An attempt that meets a call of the function it builds starts over as such a body. What its arguments and its result are (objects, ints, floats) is found out in the first attempt and assumed in the
//! next. Something that needs the frame in memory, since it may run Python code that looks at it, is not done in a body: then the function is built as others are. Machine code and records of calls:
//! `whipsnake_codegen`'s `recursion`.

use super::blocks::Walk;
use super::{Site, Start};
use crate::Callee;
use rustc_hash::FxHashMap;
use whipsnake_cpython::layout::function;
use whipsnake_cpython::opcode as op;
use whipsnake_ir::{Condition, Global, MissReason, Type, Value};

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
    pub(super) fn ty(self) -> Type {
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

    pub(super) fn is_object(self) -> bool {
        matches!(self, Kind::Object(_))
    }
}

/// What is assumed of a body until an attempt finds that it does not hold.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Assumed {
    pub(super) params: Vec<Kind>,
    pub(super) result: Kind,
    /// Nothing has been found out yet.
    pub(super) is_first: bool,
}

/// What an attempt has found.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) params: Vec<Option<Kind>>,
    result: Option<Kind>,
    /// The arguments, by their number, and results of calls of itself: what they are may depend on what others are.
    pub(super) neutral: FxHashMap<Value, Option<usize>>,
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
    pub(super) fn holds(&mut self, found: &Found) -> bool {
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
    pub(super) fn own_callee(&self) -> Option<(u64, Callee<'a>)> {
        let world = self.request.world;
        let function = world.function()?;
        Some((function, world.callee(function)?))
    }

    /// Whether each closure of the code has a body of its own: then it is an argument.
    pub(super) fn is_closure(&self) -> bool {
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
    pub(super) fn own_function(&mut self) -> Value {
        let own = self.knowledge().state.frames[0].inlined;
        own.and_then(|own| own.function.value).expect("a body's frame has one")
    }

    /// Notes what a parameter is given, or what is the result, as far as that does not depend on what others are.
    pub(super) fn find(&mut self, value: Value, number: u32, param: Option<usize>) {
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
}
