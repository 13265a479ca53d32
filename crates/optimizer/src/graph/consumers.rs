//! Inlining of built-in functions that go through a generator which is made for them: `sum(x * x for x in values)`.
//!
//! The body of the generator is built as a loop of its own. Its frame is above one that stands in for the function, and has in its slots what that has so far. What the function does
//! with an item runs no Python code, so the generator is not suspended in between: where it yields, the item is taken, and it goes on.

use super::blocks::Walk;
use super::body::{Body, InlinedGenerator};
use super::generators::MAX_DEPTH;
use crate::Suspended;
use whipsnake_bytecode::Instr;
use whipsnake_cpython::layout::generator as layout;
use whipsnake_cpython::opcode as op;
use whipsnake_ir::{Condition, FrameState, Global, Helper, Inlined, MissReason, Resumed, Slot, Type, Value};
use whipsnake_ops::consumers::{self, Consumer, Gathered};
use whipsnake_ops::inlined_generators;

impl<'a> Walk<'a, '_> {
    /// The function that goes through the generator whose body is being built.
    pub(super) fn consumer(&self) -> Option<Consumer> {
        self.body.generator.and_then(|generator| generator.consumer)
    }

    /// Inlines a call of such a function with a generator that was just made; false if that can't be done, and then nothing was.
    pub(super) fn inline_consumer(&mut self, number: u32, instr: &Instr) -> bool {
        let instrs = self.body.code.instrs();
        let made_before = number.checked_sub(1).is_some_and(|before| instrs[before as usize].base == op::CALL);
        let site = self.site(number);
        if instr.oparg != 1
            || !made_before
            || self.is_general(number)
            || self.choices.not_inlined.contains(&site)
            || self.body.calls.len() >= MAX_DEPTH
        {
            return false;
        }
        let stack = &self.knowledge().state.frame().stack;
        let &[.., called, receiver, argument] = stack.as_slice() else { return false };
        let (Some(called), Some(generator)) = (called.value, argument.value) else { return false };
        if !argument.owned {
            return false;
        }
        let Some(has_receiver) = self.is_there(receiver) else { return false };
        let origin = self.origin(generator);
        let Some(callee) = self.generators.get(&origin).cloned() else { return false };
        let Some(address) = self.constant_address(called) else { return false };
        let world = self.body.world;
        let Some((consumer, shim_unit)) = world.consumer(address) else { return false };
        if has_receiver != (consumer == Consumer::Join) {
            return false;
        }
        if let Some(receiver) = receiver.value.filter(|_| has_receiver)
            && self.likely_class(receiver) != Some(Global::StrType)
        {
            return false;
        }
        let code = &callee.code;
        let maker = code.instrs().iter().position(|instr| instr.base == op::RETURN_GENERATOR);
        let Some(first) = maker.map(|maker| maker as u32 + 1) else { return false };
        let size = code.instrs().len();
        if size > self.largest_generator() || !self.may_add(size) {
            return false;
        }
        let depth = self.knowledge().depth;
        self.cost.add_inlined(depth);
        self.own_stack();
        self.mark_exit();
        if let Some(receiver) = receiver.value.filter(|_| has_receiver) {
            self.b.guard_exact(receiver, Global::StrType);
        }
        let found = Suspended { callee, unit: u32::MAX };
        self.enter_consumer(number, instr, generator, &found, first, (consumer, shim_unit));
        true
    }

    fn enter_consumer(
        &mut self,
        number: u32,
        instr: &Instr,
        object: Value,
        found: &Suspended<'a>,
        first: u32,
        (consumer, shim_unit): (Consumer, u64),
    ) {
        self.guard_generator(object, &found.callee);
        let state = self.b.load(Type::I8, object, layout::FRAME_STATE);
        let fresh = self.b.compare_const(Condition::Eq, state, layout::FRAME_CREATED.into());
        self.b.guard(fresh, MissReason::Generator);
        let gathered = consumer.start(&mut self.b);
        let after = self.b.block();
        let callee = &found.callee;
        let (site, copy) = (self.site(number), self.current_copy());
        let pushed = self.choices.pushed.contains(&site);
        let mut body = Body::new(callee.code, callee.world, site, Some(after), copy);
        let resumed_at = callee.world.first_unit() + 2 * u64::from(callee.code.instrs()[first as usize].index);
        body.generator = Some(InlinedGenerator { object, resumed_at, ended: after, consumer: Some(consumer) });
        body.next = if consumer.goes_on_with_list() { instr.index } else { instr.next };
        // What is returned is received at the first unit behind the one where the frame below waits.
        let state = self.suspended_frame(found, first, Resumed { object, back: 1 });
        let inlined =
            Inlined { function: Slot::NULL, counted: false, globals: 0, builtins: 0, generator: None, memory: None };
        let slots = gathered.map(|value| value.map_or(Slot::NULL, Slot::owned));
        let below = FrameState {
            first_unit: shim_unit,
            unit: 0,
            locals: vec![],
            stack: slots.to_vec(),
            inlined: Some(inlined),
        };
        self.knowledge().state.frames.push(below);
        self.knowledge().state.frames.push(state);
        let caller = std::mem::replace(&mut self.body, body);
        self.mark_exit();
        if pushed {
            self.b.frame();
        }
        self.walk_from(first);
        self.body = caller;
        if self.knowledge().is_reached(after) {
            self.b.switch_to(after);
            // That of no way will do.
            self.mark_exit();
            match consumer {
                Consumer::Join => self.general(number, instr),
                Consumer::Sorted => self.sort(number, instr),
                _ => self.after_call(number),
            }
        }
    }

    /// The end of `sorted`, whose list is where its argument was.
    fn sort(&mut self, number: u32, instr: &Instr) {
        let Some(list) = self.knowledge().state.frame().stack.last().and_then(|slot| slot.value) else { return };
        self.b.call_status(Helper::SortList, &[list]);
        let (result, _, called) = (self.pop(), self.pop(), self.pop());
        self.push(result);
        if let Some(value) = called.value.filter(|_| called.owned) {
            self.knowledge().state.frame().unit = instr.next;
            self.mark_exit();
            self.b.release(value);
        }
        self.after_call(number);
    }

    /// What the function has so far.
    fn gathered(&mut self) -> Gathered {
        let frames = &self.knowledge().state.frames;
        let below = &frames[frames.len() - 2].stack;
        [below[0].value, below[1].value]
    }

    /// The function can't be inlined here: the next attempt calls it.
    fn give_consumer_up(&mut self, number: u32) {
        let calls = self.body.calls.clone();
        self.choices.not_inlined.insert(calls);
        self.again = true;
        self.leave_at(number);
    }

    /// A `yield` to such a function.
    pub(super) fn consume(&mut self, number: u32) {
        let Some(consumer) = self.consumer() else { return };
        let item = self.knowledge().state.frame().stack.last().and_then(|slot| slot.value);
        let Some(item) = item.filter(|_| !self.is_general(number)) else {
            self.give_consumer_up(number);
            return;
        };
        let class = self.likely_class(item).or(consumer.usual_class());
        if !consumer.takes(class) {
            self.give_consumer_up(number);
            return;
        }
        self.mark_exit();
        let depth = self.knowledge().depth;
        self.cost.add(depth, false);
        match (consumer, class) {
            (Consumer::Any | Consumer::All, Some(class)) => {
                self.b.guard_exact(item, class);
                let goes_on = consumer.goes_on(&mut self.b, class, item);
                let (on, stop) = (self.b.block(), self.b.block());
                self.b.branch(goes_on, on, stop);
                if self.knowledge().is_reached(stop) {
                    self.b.switch_to(stop);
                    self.next_item(number);
                    self.stop(number, consumer);
                }
                if !self.knowledge().is_reached(on) {
                    return;
                }
                self.b.switch_to(on);
            }
            (Consumer::Sum, Some(class)) => {
                self.b.guard_exact(item, class);
                if !self.sum_up(item, class) {
                    self.give_consumer_up(number);
                    return;
                }
            }
            (Consumer::Set, _) => {
                let gathered = self.gathered();
                consumer.add(&mut self.b, gathered, Global::SetType, item, None);
            }
            _ => {
                if let [Some(list), _] = self.gathered() {
                    self.collect(list, item);
                    self.resume_at_next(number);
                    return;
                }
            }
        }
        self.next_item(number);
    }

    /// Puts the item into the list, which takes its reference, from the stack.
    fn collect(&mut self, list: Value, item: Value) {
        let depth = self.knowledge().state.frame().stack.len();
        self.own_elements(depth - 1..depth);
        self.mark_exit();
        consumers::collect(&mut self.b, list, item);
        self.pop();
    }

    /// Adds a number to the sum so far; false if its type is not known.
    fn sum_up(&mut self, item: Value, class: Global) -> bool {
        let gathered = self.gathered();
        let [Some(sum), Some(lost)] = gathered else { return false };
        let of = match self.knowledge().known(sum).class {
            Some(of @ (Global::IntType | Global::FloatType)) => of,
            _ => return false,
        };
        if self.knowledge().known(lost).class != Some(Global::FloatType) {
            return false;
        }
        let new = Consumer::Sum.add(&mut self.b, gathered, of, item, Some(class));
        let frames = &mut self.knowledge().state.frames;
        let index = frames.len() - 2;
        for (slot, value) in frames[index].stack.iter_mut().zip(new) {
            *slot = value.map_or(Slot::NULL, Slot::owned);
        }
        for (old, new) in [sum, lost].into_iter().zip(new) {
            if Some(old) != new {
                self.b.release(old);
            }
        }
        true
    }

    /// Drops the item, and goes on behind the `yield`, which gives `None`.
    fn next_item(&mut self, number: u32) {
        let item = self.pop();
        self.resume_at_next(number);
        if let Some(value) = item.value.filter(|&value| item.owned && !self.hand_over(value)) {
            self.mark_exit();
            self.b.release(value);
        }
    }

    fn resume_at_next(&mut self, number: u32) {
        let none = self.b.global(Global::None);
        self.push(Slot::borrowed(none));
        let next = self.body.code.instrs()[number as usize].next;
        self.knowledge().state.frame().unit = next;
        self.mark_exit();
    }

    /// The function needs no item more: the generator stays suspended where it is, behind the `yield` at `number`.
    fn stop(&mut self, number: u32, consumer: Consumer) {
        let Some(InlinedGenerator { object, .. }) = self.body.generator else { return };
        let resume = self.body.world.first_unit() + 2 * u64::from(self.body.code.instrs()[number as usize].next);
        self.own_stack();
        self.pop();
        let used = self.store_generator(object);
        let frame = self.knowledge().state.frames.pop();
        if frame.is_some_and(|frame| frame.memory().is_some()) {
            let below = self.b.frame();
            inlined_generators::suspend(&mut self.b, object, below, resume, used);
        } else {
            inlined_generators::suspend_unlinked(&mut self.b, object, resume, used);
        }
        self.b.pop_inlined();
        let result = self.b.global(if consumer == Consumer::Any { Global::True } else { Global::False });
        self.leave_consumer(consumer, result, false);
    }

    /// The generator returns: the function has all items.
    pub(super) fn end_consumed(&mut self, base: u8) {
        let Some(InlinedGenerator { object, consumer: Some(consumer), .. }) = self.body.generator else { return };
        self.mark_exit();
        self.own_stack();
        if base == op::RETURN_VALUE {
            let returned = self.pop();
            if let Some(value) = returned.value {
                self.mark_exit();
                self.b.release(value);
            }
        }
        self.store_generator(object);
        let gathered = self.gathered();
        let of = gathered[0].and_then(|value| self.knowledge().known(value).class);
        let frame = self.knowledge().state.frames.pop();
        let pushed = frame.and_then(|frame| frame.memory());
        if let Some(memory) = pushed {
            self.mark_exit();
            let thread = self.b.thread_state();
            self.b.call_void(Helper::EndInlinedGenerator, &[thread, memory]);
        }
        self.b.pop_inlined();
        self.mark_exit();
        let result = consumer.end(&mut self.b, gathered, of);
        self.leave_consumer(consumer, result, pushed.is_none());
    }

    /// Goes on in the caller with a result, or with the list that is to take the place of the generator. That is `finish`ed, if it is done and is still to be.
    fn leave_consumer(&mut self, consumer: Consumer, result: Value, finish: bool) {
        let generator = self.pop().value;
        let mut dropped = vec![generator.filter(|_| !finish)];
        if !consumer.goes_on_with_list() {
            self.pop();
            let called = self.pop();
            dropped.extend(called.owned.then_some(called.value));
        }
        self.push(Slot::owned(result));
        self.knowledge().state.frame().unit = self.body.next;
        self.mark_exit();
        if let Some(generator) = generator.filter(|_| finish) {
            let thread = self.b.thread_state();
            self.b.call_void(Helper::FinishGenerator, &[thread, generator]);
        }
        for value in dropped.into_iter().flatten() {
            self.b.release(value);
        }
        let after = self.body.after.expect("where the caller goes on");
        self.b.jump(after, &[]);
    }
}
