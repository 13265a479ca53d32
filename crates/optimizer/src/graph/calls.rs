//! Inlining: a call of a Python function becomes the body of that function.
//!
//! Its frame is part of the abstract state. Memory gets it when the region is left, or when something is called that may look at it
//! (`whipsnake_ir::Builder::frame`), so most calls cost nothing but their guards.

use super::arguments::Places;
use super::blocks::Walk;
use super::body::{Body, Entered, Wanted};
use crate::{Callee, Constructor, Method, Special};
use whipsnake_bytecode::Instr;
use whipsnake_cpython::layout::{frame, function, tuple};
use whipsnake_cpython::opcode as op;
use whipsnake_ir::{FrameState, Global, Helper, Inlined, Keeps, Known, Slot, Type, Value};

impl<'a> Walk<'a, '_> {
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
        let calls_itself = constructor.is_none() && self.calls_itself(&callee);
        if constructor.is_some() && callee.collects()
            || !(calls_itself || self.may_inline(number, &callee, places.count()))
        {
            return false;
        }
        self.mark_exit();
        match constructor {
            Some(constructor) => self.inline_construction(number, called_value, &places, names.is_some(), &constructor),
            None => {
                if calls_itself {
                    self.guard_itself(called_value, &callee);
                } else {
                    self.guard_callee(called_value, &callee);
                }
                let defaults = self.default_arguments(called_value, &callee, places.missing());
                self.inline_placed(number, bottom, names.is_some(), count, &places, defaults, &callee);
            }
        }
        true
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
        if entered == Entered::Call && self.calls_itself(callee) {
            return self.recurse(number, called, &arguments);
        }
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
}
