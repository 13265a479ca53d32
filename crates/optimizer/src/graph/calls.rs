//! Inlining: a call of a Python function becomes the body of that function.
//!
//! Its frame is part of the abstract state. Memory gets it when the region is left, or when something is called that may look at it
//! (`whipsnake_ir::Builder::frame`), so most calls cost nothing but their guards.

use super::Start;
use super::arguments::Places;
use super::blocks::Walk;
use super::body::{Body, Entered, Wanted};
use crate::{Callee, Constructor, Method, Special};
use whipsnake_bytecode::Instr;
use whipsnake_cpython::layout::{frame, function, tuple};
use whipsnake_cpython::opcode as op;
use whipsnake_ir::{
    Condition, FrameState, Global, Helper, Inlined, InstData, Keeps, Known, MissReason, Slot, Type, Value,
};

/// Functions with more instructions than this are not inlined.
const MAX_CALLEE: usize = 120;

/// The same, in a region that got too large.
const MAX_SMALL_CALLEE: usize = 30;

/// Calls are inlined into each other this deep.
const MAX_DEPTH: usize = 5;

/// Functions with more instructions than this are not inlined into themselves.
const MAX_RECURSIVE: usize = 60;

/// How often a function is inlined into itself.
const RECURSIVE_LEVELS: usize = 2;

/// How many instructions inlining may add to a region, copies of loops included.
const MAX_INLINED: u32 = 3_000;

impl<'a> Walk<'a, '_> {
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
                world.free_variable(function, instr.oparg)?
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

    /// Inlines a `CALL` or `CALL_KW`; false if that can't be done, and then nothing was.
    pub(super) fn inline(&mut self, number: u32, instr: &Instr) -> bool {
        let given = instr.oparg as usize;
        let names = usize::from(instr.base == op::CALL_KW);
        let stack = &self.knowledge().state.frame().stack;
        let bottom = stack.len() - given - names - 2;
        let (called, receiver, names) = (stack[bottom], stack[bottom + 1], stack.last().filter(|_| names > 0).copied());
        let Some(called_value) = called.value else { return false };
        let Some(has_receiver) = self.is_there(receiver) else { return false };
        let world = self.body.world;
        let known = self.constant_address(called_value).or_else(|| self.function_called(number, called_value));
        let Some(address) = known else {
            return if has_receiver {
                names.is_none() && self.inline_bound(number, given, called_value, bottom)
            } else {
                self.inline_instance(number, given, names, called_value, bottom)
            };
        };
        let constructor = if has_receiver { None } else { world.constructor(address) };
        if constructor.is_none() && !has_receiver && names.is_none() && self.inline_new(number, given, address) {
            return true;
        }
        let Some(callee) = constructor.as_ref().map(|c| c.init.clone()).or_else(|| world.callee(address)) else {
            return false;
        };
        let count = given + usize::from(has_receiver || constructor.is_some());
        let function = constructor.as_ref().map_or(address, |constructor| constructor.function);
        let Some(places) = self.places(function, names, count, &callee) else { return false };
        if constructor.is_some() && callee.collects() || !self.may_inline(number, &callee, places.count()) {
            return false;
        }
        self.mark_exit();
        match constructor {
            Some(constructor) => self.inline_construction(number, called_value, &places, names.is_some(), &constructor),
            None => {
                self.guard_callee(called_value, &callee);
                let defaults = self.default_arguments(called_value, &callee, places.missing());
                self.inline_placed(number, bottom, names.is_some(), count, &places, defaults, &callee);
            }
        }
        true
    }

    /// The function that a variable held, an argument or an attribute, when the region was built. That the one that is called has its code is guarded.
    pub(super) fn function_called(&mut self, number: u32, called: Value) -> Option<u64> {
        let sample = self.sample(called).filter(|_| !self.is_general(number))?;
        (self.body.world.class(sample) == Some(Global::FunctionType)).then_some(sample)
    }

    /// Inlines a call of an instance with a `__call__` that is a Python function; false if that can't be done, and then nothing was.
    fn inline_instance(
        &mut self,
        number: u32,
        given: usize,
        names: Option<Slot>,
        instance: Value,
        bottom: usize,
    ) -> bool {
        if self.is_general(number) || self.knowledge().known(instance).class.is_some() {
            return false;
        }
        let Some(class) = self.likely_class_address(instance) else { return false };
        let Some(Method { version, function, callee }) = self.body.world.special(class, Special::Call) else {
            return false;
        };
        let count = given + 1;
        let Some(places) = self.places(function, names, count, &callee) else { return false };
        if !self.may_inline(number, &callee, places.count()) {
            return false;
        }
        self.mark_exit();
        let function = self.guard_method_of(instance, function, version);
        self.guard_callee(function, &callee);
        let defaults = self.default_arguments(function, &callee, places.missing());
        // Its class may lose it while it runs.
        self.b.retain(function);
        let stack = &mut self.knowledge().state.frame().stack;
        stack[bottom + 1] = Slot { dirty: true, ..stack[bottom] };
        stack[bottom] = Slot::owned(function);
        self.inline_placed(number, bottom, names.is_some(), count, &places, defaults, &callee);
        true
    }

    /// Goes on in a function that is on the stack with its arguments.
    #[expect(clippy::too_many_arguments, reason = "what a call has, and what was found out about it")]
    fn inline_placed(
        &mut self,
        number: u32,
        bottom: usize,
        names: bool,
        count: usize,
        places: &Places,
        defaults: Vec<Value>,
        callee: &Callee<'a>,
    ) {
        let called = self.knowledge().state.frame().stack[bottom];
        let first = self.knowledge().state.frame().stack.len() - usize::from(names) - count;
        self.own_elements(first + places.surplus.start..first + places.surplus.end);
        for &(argument, _) in &places.named {
            self.own_elements(first + argument..first + argument + 1);
        }
        let surplus = self.surplus(first, places);
        let named = self.named_arguments(first, places);
        let collected = self.collected(callee, surplus, named);
        self.drop_names(names);
        let stack = &mut self.knowledge().state.frame().stack;
        let mut arguments = stack.split_off(stack.len() - count);
        places.leave(&mut arguments);
        stack.truncate(bottom);
        let defaults = self.owned_arguments(defaults);
        let mut arguments = places.in_order(arguments, defaults);
        arguments.extend(collected);
        self.inline_call(number, called, arguments, callee, Entered::Call);
    }

    /// Whether a call with so many arguments is to be inlined. If so, its instructions are counted.
    pub(super) fn may_inline(&mut self, number: u32, callee: &Callee<'_>, count: usize) -> bool {
        let site = self.site(number);
        if self.is_general(number) || self.choices.not_inlined.contains(&site) || self.body.calls.len() >= MAX_DEPTH {
            return false;
        }
        let is_call =
            matches!(self.body.code.instrs()[number as usize].base, op::CALL | op::CALL_KW | op::CALL_FUNCTION_EX);
        let missing = match (callee.parameters as usize).checked_sub(count) {
            None if callee.takes_more => Some(0),
            missing => missing,
        };
        let instructions = callee.reached as usize;
        if missing.is_none_or(|missing| missing > callee.default_values.len())
            || callee.collects() && !is_call
            || !is_simple(callee, self.largest_callee(self.body.ways))
            || self.is_recursive(callee)
        {
            return false;
        }
        if !self.may_add(instructions) {
            // In no copy of a loop, so that there is room for others.
            self.choices.not_inlined.insert(site);
            self.again = true;
            return false;
        }
        let depth = self.knowledge().depth;
        self.cost.add_inlined(depth);
        true
    }

    /// Whether so many instructions may be inlined yet. If so, they are counted.
    pub(super) fn may_add(&mut self, instructions: usize) -> bool {
        if self.inlined + instructions as u32 > MAX_INLINED {
            return false;
        }
        self.inlined += instructions as u32;
        true
    }

    /// How many instructions a function may have that is inlined where so many others are, too.
    pub(super) fn largest_callee(&self, ways: usize) -> usize {
        if self.choices.sparing { MAX_SMALL_CALLEE } else { (MAX_CALLEE / ways).max(MAX_SMALL_CALLEE) }
    }

    /// Whether the slot holds something; `None` if that is not known.
    pub(super) fn is_there(&mut self, slot: Slot) -> Option<bool> {
        let Some(value) = slot.value else { return Some(false) };
        if self.knowledge().known(value).present {
            return Some(true);
        }
        self.constant_address(value).map(|address| address != 0)
    }

    /// Whether the function is being inlined already, as deep as is worth it. That of a function that is a region saves a call with every level.
    fn is_recursive(&mut self, callee: &Callee<'_>) -> bool {
        let first = callee.world.first_unit();
        let levels = self.knowledge().state.frames.iter().filter(|frame| frame.first_unit == first).count();
        let small = callee.reached as usize <= MAX_RECURSIVE && !self.choices.sparing;
        let most = if matches!(self.request.start, Start::Function(_)) && small { RECURSIVE_LEVELS } else { 0 };
        levels > most
    }

    /// Makes an instance, and goes on in `__init__`, below which is a frame that holds the instance. The first place is that of `self`.
    fn inline_construction(
        &mut self,
        number: u32,
        class: Value,
        places: &Places,
        names: bool,
        constructor: &Constructor<'a>,
    ) {
        self.guard_version_of(class, constructor.version);
        let function = self.b.iconst(Type::Obj, constructor.function as i64);
        self.knowledge().learn(function, |k| *k = Known { itself: true, ..Known::exactly(Global::FunctionType) });
        self.guard_callee(function, &constructor.init);
        let defaults = self.default_arguments(function, &constructor.init, places.missing());
        let instance = self.b.call_checked(Helper::NewInstance, &[class]);
        self.knowledge().learn(instance, |known| known.present = true);
        self.versions.insert(instance, constructor.version);
        if let Some(inside) = constructor.keeps_values {
            self.b.keep_instance(instance, class, if inside { Keeps::Inside } else { Keeps::Slots });
        }
        if let Some(class) = self.constant_address(class) {
            self.classes.insert(instance, class);
        }

        let defaults = self.owned_arguments(defaults);
        self.drop_names(names);
        let stack = &mut self.knowledge().state.frame().stack;
        let mut arguments = vec![Slot::borrowed(instance)];
        arguments.extend(stack.split_off(stack.len() - (places.given.len() - 1)));
        let arguments = places.in_order(arguments, defaults);
        let stack = &mut self.knowledge().state.frame().stack;
        stack.pop();
        let class_slot = stack.pop().expect("the class");
        let counted = !names && places.missing().next().is_none();
        let inlined = Inlined { function: Slot::NULL, counted, globals: 0, builtins: 0, generator: None, memory: None };
        let stack = vec![Slot::owned(instance)];
        let first_unit = constructor.shim_unit;
        let shim = FrameState { first_unit, unit: 0, locals: vec![], stack, inlined: Some(inlined) };
        self.knowledge().state.frames.push(shim);
        // The class holds its `__init__` as long as it has that version.
        let entered = Entered::Init(class_slot);
        self.inline_call(number, Slot::borrowed(function), arguments, &constructor.init, entered);
    }

    /// Goes on in the callee, and behind the call when it has returned.
    pub(super) fn inline_call(
        &mut self,
        number: u32,
        called: Slot,
        mut arguments: Vec<Slot>,
        callee: &Callee<'a>,
        entered: Entered,
    ) {
        for argument in &mut arguments {
            argument.dirty = true;
        }
        // A new frame has nothing in its locals.
        let empty = Slot { dirty: false, ..Slot::NULL };
        arguments.resize(callee.code.input().nlocalsplus as usize, empty);
        let function = Slot { dirty: true, ..called };
        let (globals, builtins) = (callee.globals, callee.builtins);
        let inlined = Inlined { function, counted: true, globals, builtins, generator: None, memory: None };
        let first_unit = callee.world.first_unit();
        let state = FrameState { first_unit, unit: 0, locals: arguments, stack: vec![], inlined: Some(inlined) };
        self.knowledge().state.frames.push(state);

        let site = self.site(number);
        let after = self.b.block();
        let copy = self.current_copy();
        let pushed = self.choices.pushed.contains(&site);
        let mut body = Body::new(callee.code, callee.world, site, Some(after), copy);
        body.entered = entered;
        let is_next = matches!(entered, Entered::Method { wanted: Wanted::Item { .. }, .. });
        // What `StopIteration` does there is the loop's business.
        body.caught_outside = if is_next { None } else { self.clauses_around(number) };
        if is_next {
            // The way to the end of the loop goes on behind it, however seldom it was taken.
            body.observed = false;
        }
        body.next = self.body.code.instrs()[number as usize].next;
        let caller = std::mem::replace(&mut self.body, body);
        self.mark_exit();
        if let Entered::Init(Slot { value: Some(class), owned: true, .. }) = entered {
            // The instance holds it.
            self.b.release(class);
        }
        if pushed {
            self.b.frame();
        }
        let start = self.block_at(0, copy);
        self.b.jump(start, &[]);
        self.whole_function();
        let leaving = self.body.take_leaving();
        self.body = caller;
        self.after_leaving(number, leaving);
        if self.knowledge().is_reached(after) {
            self.b.switch_to(after);
            // None of the returns' exits will do.
            self.mark_exit();
        }
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

    /// The cells of the function's closure become locals.
    pub(super) fn copy_free_vars(&mut self) {
        let frame = self.knowledge().state.frame();
        let function = frame.inlined.and_then(|inlined| inlined.function.value);
        let locals = frame.locals.len();
        let unit = frame.unit;
        let number = self.body.code.at_unit(unit).expect("an instruction");
        let count = self.body.code.instrs()[number as usize].oparg as usize;
        let function = function.unwrap_or_else(|| {
            let memory = self.b.region_frame();
            self.b.load(Type::Obj, memory, frame::FUNCOBJ)
        });
        let cells = self.b.load(Type::Ptr, function, function::CLOSURE);
        for index in 0..count {
            let cell = self.b.load(Type::Obj, cells, tuple::OB_ITEM + 8 * index as i32);
            self.knowledge().learn(cell, |known| known.present = true);
            // The function holds them as long as it runs.
            self.knowledge().state.frame().locals[locals - count + index] = Slot::borrowed(cell);
        }
    }

    /// Returns the value on top of the stack from an inlined call.
    pub(super) fn return_inlined(&mut self) {
        self.mark_exit();
        self.guard_unseen_innermost();
        let is_init = matches!(self.body.entered, Entered::Init(_));
        if let Entered::Method { wanted, .. } = self.body.entered {
            self.guard_wanted(wanted);
        }
        if is_init {
            // Anything else than None is an error, which the baseline tier raises.
            let value = self.knowledge().state.frame().stack.last().and_then(|slot| slot.value);
            let value = value.unwrap_or_else(|| self.b.null());
            let none = self.b.global(Global::None);
            let is_none = self.b.compare(Condition::Eq, value, none);
            self.b.guard(is_none, MissReason::Value);
        }
        let mut result = self.pop();
        let frame = self.b.pop_inlined();
        if frame.memory().is_some() {
            let depth = self.knowledge().depth;
            self.cost.add_pushed(depth);
        }
        let inlined = frame.inlined.expect("an inlined call");
        let mut ending: Vec<Slot> = frame.locals;
        // What was lent to the result goes along with it, unless the caller owns it anyway.
        if !result.owned
            && let Some(owner) = ending.iter_mut().find(|slot| slot.owned && slot.value == result.value)
        {
            *owner = Slot::NULL;
            result.owned = true;
        }
        result.dirty = true;
        if !result.owned {
            // Results of other ways through the callee may meet this one.
            result.owned = true;
            self.own(result);
        }
        ending.push(inlined.function);
        let mut pushes = true;
        if let Entered::Method { operands, wanted } = self.body.entered {
            self.b.pop_inlined();
            pushes = wanted != Wanted::Nothing;
            result = self.make_wanted(wanted, result, &mut ending);
            ending.extend(self.operands_done(operands));
        }
        if is_init {
            // What is on the stack of the frame below is the result.
            ending.push(result);
            result = Slot { dirty: true, ..self.b.pop_inlined().stack[0] };
        }
        if pushes {
            self.push(result);
        }
        self.mark_exit();
        for slot in ending.into_iter().filter(|slot| slot.owned) {
            if let Some(value) = slot.value {
                self.b.release_or_null(value);
            }
        }
        let after = self.body.after.expect("only inlined calls return");
        self.knowledge().state.frame().unit = self.body.next;
        self.mark_exit();
        self.b.jump(after, &[]);
    }

    fn own(&mut self, slot: Slot) {
        if let Some(value) = slot.value {
            self.b.retain(value);
        }
    }

    /// Leaves if somebody has got hold of the innermost frame, which was pushed.
    pub(super) fn guard_unseen_innermost(&mut self) {
        if let Some(memory) = self.knowledge().state.frame().memory() {
            self.guard_frame_unseen(memory);
        }
    }

    /// Leaves if somebody has got hold of one of the frames.
    pub(super) fn guard_unseen(&mut self) {
        let pushed: Vec<Value> = self.knowledge().state.frames.iter().filter_map(FrameState::memory).collect();
        let own = self.b.region_frame();
        self.guard_frame_unseen(own);
        for memory in pushed {
            self.guard_frame_unseen(memory);
        }
    }

    fn guard_frame_unseen(&mut self, memory: Value) {
        let seen = self.b.load(Type::Obj, memory, frame::FRAME_OBJ);
        let unseen = self.b.is_null(seen);
        self.b.guard(unseen, MissReason::Value);
    }
}

/// Whether the function can be inlined: what ever ran of it is small, and it has no cells of its own.
pub(super) fn is_simple(callee: &Callee<'_>, most: usize) -> bool {
    let makes_cells = callee.code.instrs().iter().any(|instr| instr.base == op::MAKE_CELL);
    callee.reached as usize <= most && !makes_cells
}
