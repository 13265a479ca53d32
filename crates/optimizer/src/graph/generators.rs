//! Inlining: the body of a generator that a loop goes over becomes part of the loop, from where it is suspended to where it yields.
//!
//! The generator is there all the time, and so is its frame: what the body has changed is stored when it yields. In between it is a frame as that of an
//! inlined call: it is linked above the one that waits for it when somebody may look, or when the region is left. Until then the generator
//! looks suspended, and what its frame has in memory is stale. A generator that is suspended elsewhere (it has just begun, or has several `yield`s) is resumed by a call.

use super::blocks::Walk;
use super::body::{Back, Body, InlinedGenerator, Scope};
use crate::select::named;
use crate::{Callee, Suspended};
use whipsnake_bytecode::Instr;
use whipsnake_cpython::CodeKind;
use whipsnake_cpython::layout::{frame, generator as layout};
use whipsnake_cpython::opcode as op;
use whipsnake_ir::{Condition, FrameState, Global, Helper, Inlined, MissReason, Resumed, Slot, Type, Value};
use whipsnake_ops::{guard_iterates_itself, inlined_generators};

/// Generators with more instructions than this are not inlined.
const MAX_GENERATOR: usize = 200;

/// Generators are inlined into each other, and calls around them, this deep.
pub(super) const MAX_DEPTH: usize = 5;

/// In the site of the way from where a generator is suspended: no code unit.
const RESUMED: u32 = u32::MAX >> 4;

/// What an instruction makes.
pub(super) enum Made<'a> {
    /// A function that makes generators.
    Maker(Callee<'a>),
    /// A generator, and objects that its parameters are like.
    Generator(Callee<'a>, Vec<Option<u64>>),
}

impl<'a> Walk<'a, '_> {
    /// Whether the code that is being built is the body of a generator that was inlined.
    pub(super) fn is_generator(&self) -> bool {
        self.body.generator.is_some()
    }

    /// Whether the instruction yields to the loop that the generator was inlined into.
    pub(super) fn may_yield(&self, instr: &Instr) -> bool {
        self.is_generator() && instr.oparg == 0
    }

    /// Inlines what a `FOR_ITER` resumes; false if that can't be done, and then nothing was.
    pub(super) fn inline_generator(&mut self, number: u32, instr: &Instr) -> bool {
        let Some(iterator) = self.knowledge().state.frame().stack.last().and_then(|slot| slot.value) else {
            return false;
        };
        let site = self.site(number);
        if self.is_general(number) || self.choices.not_inlined.contains(&site) || self.body.calls.len() >= MAX_DEPTH {
            return false;
        }
        let Some(found) = self.likely_generator(iterator) else { return false };
        let Some(resumed) = resume_point(&found) else { return false };
        let size = found.callee.code.instrs().len();
        if size > self.largest_generator() || !self.may_add(size) {
            return false;
        }
        self.resume_inlined(number, instr, iterator, &found, resumed);
        true
    }

    /// What a value was, or is about to be, if that is a generator.
    fn likely_generator(&mut self, value: Value) -> Option<Suspended<'a>> {
        let origin = self.origin(value);
        if let Some(callee) = self.generators.get(&origin) {
            return Some(Suspended { callee: callee.clone(), unit: u32::MAX });
        }
        let world = self.body.world;
        self.sample(value).and_then(|sample| world.generator(sample))
    }

    /// What the instruction makes a generator of, or a function that makes generators.
    pub(super) fn generator_made(&mut self, instr: &Instr) -> Option<Made<'a>> {
        let world = self.body.world;
        let stack = &self.knowledge().state.frame().stack;
        let depth = stack.len();
        let from_top = match instr.base {
            op::MAKE_FUNCTION | op::SET_FUNCTION_ATTRIBUTE => 1,
            op::CALL => instr.oparg as usize + 2,
            _ => return None,
        };
        let called = depth.checked_sub(from_top)?;
        let value = stack[called].value?;
        let arguments: Vec<Option<Value>> = stack[called + 1..].iter().map(|slot| slot.value).collect();
        let origin = self.origin(value);
        let maker = self.makers.get(&origin).cloned();
        match instr.base {
            op::SET_FUNCTION_ATTRIBUTE => maker.map(Made::Maker),
            op::CALL => {
                let callee = match maker {
                    Some(maker) => maker,
                    None => self.constant_address(value).and_then(|address| world.generator_function(address))?,
                };
                let mut arguments = arguments.into_iter().flatten().collect::<Vec<_>>();
                arguments.retain(|&argument| self.constant_address(argument) != Some(0));
                let samples = arguments.into_iter().map(|argument| self.sample(argument)).collect();
                Some(Made::Generator(callee, samples))
            }
            _ => self.constant_address(value).and_then(|code| world.generator_code(code)).map(Made::Maker),
        }
    }

    /// The call of a function that was just made for a generator expression, without the call; false if it is none, and then nothing was done.
    pub(super) fn make_generator(&mut self, number: u32, instr: &Instr) -> bool {
        let stack = &self.knowledge().state.frame().stack;
        let &[.., called, argument] = stack.as_slice() else { return false };
        let (Some(function), Some(iterator)) = (called.value, argument.value) else { return false };
        if instr.oparg != 0 || self.is_general(number) || !called.owned || self.is_there(argument) != Some(true) {
            return false;
        }
        let origin = self.origin(function);
        if !self.makers.contains_key(&origin) {
            return false;
        }
        let Some(Made::Generator(callee, samples)) = self.generator_made(instr) else { return false };
        let instrs = callee.code.instrs();
        let first = usize::from(instrs[0].base == op::COPY_FREE_VARS);
        if callee.parameters != 1 || instrs.get(first).is_none_or(|instr| instr.base != op::RETURN_GENERATOR) {
            return false;
        }
        self.own_stack();
        self.mark_exit();
        self.guard_callee(function, &callee);
        let thread = self.b.thread_state();
        let generator = self.b.call_checked(Helper::NewGenerator, &[thread, function, iterator]);
        self.b.learn_class(generator, Global::GeneratorType);
        self.knowledge().learn(generator, |known| known.runs = Some(callee.executable));
        self.pop();
        self.pop();
        self.push(Slot::owned(generator));
        self.note_made(Made::Generator(callee, samples));
        let class = self.knowledge().known(iterator).class;
        let made = self.origin(generator);
        self.iterators.insert(made, class);
        // The generator holds both.
        self.mark_exit();
        self.b.release(iterator);
        self.b.release(function);
        let depth = self.knowledge().depth;
        self.cost.add(depth, false);
        true
    }

    /// Notes what the top of the stack is.
    pub(super) fn note_made(&mut self, made: Made<'a>) {
        let Some(value) = self.knowledge().state.frame().stack.last().and_then(|slot| slot.value) else { return };
        let value = self.origin(value);
        match made {
            Made::Maker(callee) => {
                self.makers.insert(value, callee);
            }
            Made::Generator(callee, samples) => {
                self.generators.insert(value, callee);
                self.parameters.insert(value, samples);
            }
        }
    }

    /// Whether the top of the stack is its own iterator: an `enumerate`, a `zip`, or a generator, which is guarded, as is what a generator expression goes
    /// over. That is an iterator already, but later versions of the interpreter ask for one of that once more.
    pub(super) fn is_iterator_itself(&mut self, number: u32) -> bool {
        let Some(value) = self.knowledge().state.frame().stack.last().and_then(|slot| slot.value) else { return false };
        if matches!(self.b.known_class(value), Some(Global::EnumerateType | Global::ZipType)) {
            return true;
        }
        let origin = self.origin(value);
        if let Some(&class) = self.iterators.get(&origin).filter(|_| !self.is_general(number)) {
            self.mark_exit();
            match class {
                Some(class) => self.b.guard_exact(value, class),
                None => guard_iterates_itself(&mut self.b, value),
            }
            return true;
        }
        if self.likely_generator(value).is_none() {
            return false;
        }
        self.mark_exit();
        self.b.guard_exact(value, Global::GeneratorType);
        true
    }

    pub(super) fn largest_generator(&self) -> usize {
        if self.choices.sparing { self.largest_callee(1) } else { MAX_GENERATOR }
    }

    fn resume_inlined(&mut self, number: u32, instr: &Instr, iterator: Value, found: &Suspended<'a>, resumed: u32) {
        let depth = self.knowledge().depth;
        self.cost.add_inlined(depth);
        self.own_stack();
        self.mark_exit();
        self.guard_generator(iterator, &found.callee);

        let (slow, fast) = (self.b.block(), self.b.block());
        let (yielded, ended) = (self.b.block(), self.b.block());
        self.b.set_cold(slow);
        let callee = &found.callee;
        let unit = callee.code.instrs()[resumed as usize].index;
        let resume = callee.world.first_unit() + 2 * u64::from(unit);
        inlined_generators::require_suspended_at(&mut self.b, iterator, resume, slow);
        self.b.jump(fast, &[]);

        self.b.switch_to(slow);
        let next = named("FOR_ITER.next").expect("one of the operations for regions");
        self.apply(number, instr, next, 0);
        if !self.b.is_ended() {
            self.own_stack();
            self.knowledge().state.frame().unit = instr.next;
            self.mark_exit();
            self.b.jump(yielded, &[]);
        }

        self.b.switch_to(fast);
        let generator = Resumed { object: iterator, back: self.word_at_return_offset(instr) };
        let site = self.site(number);
        let pushed = self.choices.pushed.contains(&site);
        let copy = self.current_copy();
        let mut body = Body::new(callee.code, callee.world, site, Some(yielded), copy);
        body.generator = Some(InlinedGenerator { object: iterator, resumed_at: resume, ended, consumer: None });
        body.next = instr.next;
        let state = self.suspended_frame(found, resumed, generator);
        self.knowledge().state.frames.push(state);
        let consumer = std::mem::replace(&mut self.body, body);
        self.mark_exit();
        if pushed {
            self.b.frame();
        }
        self.walk_from(resumed);
        self.body = consumer;

        if self.knowledge().is_reached(ended) {
            self.b.switch_to(ended);
            self.pop();
            self.mark_exit();
            self.b.release(iterator);
            self.after_iteration(instr.target);
            self.jump_to(instr.exhausted().unwrap_or(instr.target));
        }
        if self.knowledge().is_reached(yielded) {
            self.b.switch_to(yielded);
            // That of neither way will do.
            self.mark_exit();
        }
    }

    /// Guards that it is a generator with the code that was seen.
    pub(super) fn guard_generator(&mut self, iterator: Value, callee: &Callee<'_>) {
        self.b.guard_exact(iterator, Global::GeneratorType);
        if self.knowledge().known(iterator).runs == Some(callee.executable) {
            return;
        }
        for (offset, expected) in [
            (frame::EXECUTABLE, callee.executable),
            (frame::GLOBALS, callee.globals),
            (frame::BUILTINS, callee.builtins),
        ] {
            let found = self.b.load(Type::Ptr, iterator, layout::IFRAME + offset);
            let expected = self.b.iconst(Type::Ptr, expected as i64);
            let same = self.b.compare(Condition::Eq, found, expected);
            self.b.guard(same, MissReason::Callable);
        }
        self.knowledge().learn(iterator, |known| known.runs = Some(callee.executable));
    }

    /// What the word at `return_offset` of a frame is that waits at such an instruction.
    fn word_at_return_offset(&self, instr: &Instr) -> i32 {
        let code = &self.body.code;
        let units = code.instrs()[instr.target as usize].start - instr.index;
        let owner = CodeKind::of(code.input().flags).frame_owner();
        units as i32 | i32::from(owner) << 16
    }

    /// The frame of a generator that goes on at instruction number `resumed`: memory has all of it but what is sent.
    pub(super) fn suspended_frame(&mut self, found: &Suspended<'a>, resumed: u32, generator: Resumed) -> FrameState {
        let callee = &found.callee;
        let locals = callee.code.input().nlocalsplus;
        let unit = callee.code.instrs()[resumed as usize].index;
        let depth = callee.code.depth(resumed).map_or(0, |depth| depth - 1);
        let origin = self.origin(generator.object);
        let parameters = self.parameters.get(&origin).cloned().unwrap_or_default();
        let iterator = self.iterators.get(&origin).copied();
        let mut slots = Vec::new();
        for index in 0..locals + depth {
            let offset = layout::IFRAME + frame::LOCALSPLUS + 8 * index as i32;
            let value = self.b.load(Type::Obj, generator.object, offset);
            let sample = match index.checked_sub(locals) {
                None => parameters.get(index as usize).copied().flatten().or_else(|| callee.world.local(index)),
                Some(element) => {
                    self.knowledge().learn(value, |known| known.present = true);
                    (found.unit == unit).then(|| callee.world.stack(element)).flatten()
                }
            };
            if let Some(sample) = sample {
                self.samples.insert(value, sample);
            }
            if let Some(class) = iterator.filter(|_| index == 0) {
                self.iterators.insert(value, class);
            }
            slots.push(Slot { value: Some(value), owned: true, dirty: false });
        }
        let mut stack = slots.split_off(locals as usize);
        let none = self.b.global(Global::None);
        stack.push(Slot::borrowed(none));
        let (globals, builtins) = (callee.globals, callee.builtins);
        let generator = Some(generator);
        let inlined = Inlined { function: Slot::NULL, counted: true, globals, builtins, generator, memory: None };
        FrameState { first_unit: callee.world.first_unit(), unit, locals: slots, stack, inlined: Some(inlined) }
    }

    /// Builds what follows an instruction, which starts a block, on the ways that come from there. It may be in the midst of loops: what is left of
    /// their current rounds is built first.
    pub(super) fn walk_from(&mut self, number: u32) {
        let first = self.body.code.block_of(number);
        let around = self.body.loops.around(first);
        let mut calls = self.body.calls.clone();
        calls.push(RESUMED);
        let mut copies = vec![self.body.copy];
        for &extent in &around {
            let outer = copies[copies.len() - 1];
            let copy = self.plans.copy(&calls, outer, extent.header, true);
            let next = self.block_at(extent.header, outer);
            self.body.scopes.push(Scope { extent, copy, back: Back::Next(next), closed: false });
            copies.push(copy);
        }
        self.block(first);
        let mut from = first + 1;
        for &extent in around.iter().rev() {
            let copy = copies.pop().expect("one for each loop");
            self.blocks(from, extent.last, copy);
            self.body.scopes.pop();
            let outer = copies[copies.len() - 1];
            let header = self.block_at(extent.header, outer);
            if self.knowledge().is_reached(header) {
                self.whole_loop(extent, outer);
            }
            from = extent.last + 1;
        }
        let last = self.body.code.blocks().len() as u32 - 1;
        self.blocks(from, last, self.body.copy);
    }

    /// Suspends the inlined generator, and goes on with its consumer.
    pub(super) fn yield_inlined(&mut self, number: u32) {
        let resume = self.body.world.first_unit() + 2 * u64::from(self.body.code.instrs()[number as usize].next);
        let Some(InlinedGenerator { object, resumed_at, .. }) = self.body.generator else { return };
        self.mark_exit();
        self.own_stack();
        let result = self.pop();
        let used = self.store_generator(object);
        let frame = self.knowledge().state.frames.pop();
        if frame.is_some_and(|frame| frame.memory().is_some()) {
            let below = self.b.frame();
            inlined_generators::suspend(&mut self.b, object, below, resume, used);
        } else if resume != resumed_at {
            inlined_generators::move_to(&mut self.b, object, resume, used);
        }
        self.push(Slot { dirty: true, ..result });
        self.knowledge().state.frame().unit = self.body.next;
        self.mark_exit();
        let after = self.body.after.expect("where the consumer goes on");
        self.b.jump(after, &[]);
    }

    /// Whether the instruction yields from the code that is a region itself.
    pub(super) fn yields_itself(&self, instr: &Instr) -> bool {
        self.body.calls.is_empty() && !self.is_generator() && instr.oparg == 0
    }

    /// Leaves the region to yield what is on top of the stack. Such a loop may be left in each round, and comes back to its region with the next.
    pub(super) fn leave_to_yield(&mut self, number: u32) {
        self.yields = true;
        let depth = self.knowledge().depth;
        self.cost.add(depth, false);
        self.mark_exit();
        // Made here, it takes no more than in other code; an exit would have the run time make a tuple.
        if self.knowledge().state.frame().stack.last().is_some_and(|slot| slot.owned) {
            self.store_top(1);
        }
        self.leave_at(number);
    }

    /// Ends the inlined generator with `constant`, or with the value on top of its stack.
    pub(super) fn end_generator(&mut self, constant: Option<u32>) {
        let Some(InlinedGenerator { object, ended, .. }) = self.body.generator else { return };
        self.mark_exit();
        let memory = self.b.frame();
        if let Some(constant) = constant {
            self.load_constant(constant);
        }
        self.own_stack();
        let result = self.pop();
        self.store_generator(object);
        self.knowledge().state.frames.pop();
        self.mark_exit();
        let thread = self.b.thread_state();
        self.b.call_void(Helper::EndInlinedGenerator, &[thread, memory]);
        if let Some(value) = result.value {
            self.b.release(value);
        }
        self.b.jump(ended, &[]);
    }

    /// Stores what memory does not have yet of the innermost frame, which is the generator's; the number of its slots that are in use.
    pub(super) fn store_generator(&mut self, object: Value) -> usize {
        let frame = self.knowledge().state.frame();
        let slots: Vec<Slot> = frame.locals.iter().chain(&frame.stack).copied().collect();
        for slot in &slots {
            if let Some(value) = slot.value {
                self.b.expose_value(value);
            }
        }
        for (index, slot) in slots.iter().enumerate().filter(|(_, slot)| slot.dirty) {
            let value = slot.value.unwrap_or_else(|| self.b.null());
            if !slot.owned {
                self.b.retain(value);
            }
            self.b.store(value, object, layout::IFRAME + frame::LOCALSPLUS + 8 * index as i32);
        }
        slots.len()
    }
}

/// The number of the instruction from which on a generator is inlined: that of the most deeply nested `yield`, and the one where the generator was if there are several.
fn resume_point(found: &Suspended<'_>) -> Option<u32> {
    let code = &found.callee.code;
    let loops = super::loops::Loops::of(code);
    let instrs = code.instrs();
    let plain = (0..instrs.len() as u32)
        .filter(|&number| instrs[number as usize].base == op::YIELD_VALUE && instrs[number as usize].oparg == 0)
        .map(|number| number + 1)
        .filter(|&number| instrs.get(number as usize).is_some_and(|instr| instr.base == op::RESUME));
    plain.max_by_key(|&number| {
        let nested = loops.around(code.block_of(number)).len();
        (nested, instrs[number as usize].index == found.unit)
    })
}
