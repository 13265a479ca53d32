//! What suspends or ends a generator: `yield` and `return` in the body of an inlined one, and `yield` in the code that is a region itself.

use super::blocks::Walk;
use super::body::InlinedGenerator;
use whipsnake_bytecode::Instr;
use whipsnake_cpython::layout::{frame, generator as layout};
use whipsnake_ir::{Helper, Slot, Value};
use whipsnake_ops::inlined_generators;

impl Walk<'_, '_> {
    /// Whether the code that is being built is the body of a generator that was inlined.
    pub(super) fn is_generator(&self) -> bool {
        self.body.generator.is_some()
    }

    /// Whether the instruction yields to the loop that the generator was inlined into.
    pub(super) fn may_yield(&self, instr: &Instr) -> bool {
        self.is_generator() && instr.oparg == 0
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
