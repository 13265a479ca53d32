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
use whipsnake_ir::{Condition, FrameState, Global, Inlined, MissReason, Resumed, Slot, Type, Value};
use whipsnake_ops::inlined_generators;

/// Generators with more instructions than this are not inlined.
const MAX_GENERATOR: usize = 200;

/// Generators are inlined into each other, and calls around them, this deep.
pub(super) const MAX_DEPTH: usize = 5;

/// In the site of the way from where a generator is suspended: no code unit.
const RESUMED: u32 = u32::MAX >> 4;

impl<'a> Walk<'a, '_> {
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
