//! Loops as regions: what is loaded and guarded where one is entered, and behind its first round.

use super::blocks::{Attempt, Walk};
use super::cost::Cost;
use super::loop_copies::MAX_TWICE;
use super::loops::Extent;
use super::{Start, locals};
use crate::operands;
use whipsnake_cpython::layout::frame;
use whipsnake_ir::{Condition, FrameState, Frames, Global, MissReason, Slot, Type};

impl Walk<'_, '_> {
    pub(super) fn run(mut self, extent: Extent) -> Attempt {
        self.enter(extent);
        let blocks = self.body.code.blocks();
        let range = blocks[extent.header as usize].first..blocks[extent.last as usize].end;
        self.body.observed = operands::is_observed(&self.body.code, range);
        let start = self.block_at(extent.header, 0);
        self.b.jump(start, &[]);
        let closed = self.whole_loop(extent, 0);
        // What a round counts for: it may be built twice, the second time in a loop.
        let weight = match (extent.innermost && extent.instructions <= MAX_TWICE && !self.choices.single, closed) {
            (true, true) => 1 + Cost::LOOP,
            (true, false) => 1,
            (false, _) => Cost::LOOP,
        };
        let gains_in_one_round = self.yields && self.cost.gains_in_one_round(weight);
        self.b.func.gains_in_one_round = gains_in_one_round;
        if self.again {
            Attempt::Again(self.cost)
        } else if closed || gains_in_one_round {
            Attempt::Done(self.cost)
        } else {
            Attempt::NoWayAround(self.left_at)
        }
    }

    /// The state at the header of the region's loop: everything is in memory.
    fn enter(&mut self, extent: Extent) {
        let header = self.body.code.blocks()[extent.header as usize].first;
        let locals = self.body.code.input().nlocalsplus;
        let depth = self.body.code.depth(header).unwrap_or(0);
        let memory = self.b.frame();
        let mut slots = Vec::new();
        for index in 0..locals + depth {
            let value = self.b.load(Type::Obj, memory, frame::LOCALSPLUS + 8 * index as i32);
            if index >= locals {
                self.knowledge().learn(value, |k| k.present = true);
                if let Some(sample) = self.request.world.stack(index - locals) {
                    self.samples.insert(value, sample);
                }
            }
            slots.push(Slot { value: Some(value), owned: true, dirty: false });
        }
        let stack = slots.split_off(locals as usize);
        let unit = self.body.code.instrs()[header as usize].index;
        let values: Vec<_> = slots.iter().map(|s| s.value.expect("just loaded")).collect();
        let first_unit = self.body.world.first_unit();
        self.knowledge().state.frames =
            Frames::from_iter([FrameState { first_unit, unit, locals: slots, stack, inlined: None }]);
        let used = locals::read(&self.body.code, extent);
        let assigned = locals::assigned(&self.body.code, extent);
        self.mark_exit();
        // Locals that were of other types, too, are those that the loop assigns.
        let varies = self.request.general.contains(&self.site_in_machine_code(header));
        if !extent.innermost && used.iter().any(|local| assigned.contains(local)) {
            self.entry = Some(header);
        }
        for (local, value) in values.into_iter().enumerate() {
            let local = local as u32;
            if let Some(class) = self.request.world.local(local).and_then(|sample| self.request.world.class(sample))
                && used.contains(&local)
                && (!assigned.contains(&local) || !extent.innermost && !varies)
            {
                // Another time the variable may not be set.
                let set = self.b.compare_const(Condition::Ne, value, 0);
                self.b.guard(set, MissReason::Missing);
                self.b.guard_exact(value, class);
            }
        }
    }

    /// Behind the first round of the region's own loop: variables that only some ways through it assign, and that hold numbers as a rule, are guarded to
    /// hold them, so that the rounds that follow need no objects for them.
    pub(super) fn expect_numbers(&mut self, extent: Extent) {
        let first = self.body.code.blocks()[extent.header as usize].first;
        let own = matches!(self.request.start, Start::Loop(_)) && self.body.calls.is_empty();
        if !own || !self.body.scopes.is_empty() || self.is_general(first) {
            return;
        }
        let assigned = locals::assigned(&self.body.code, extent);
        let world = self.request.world;
        let mut numbers = Vec::new();
        for local in locals::read(&self.body.code, extent).into_iter().filter(|local| assigned.contains(local)) {
            let sample = world.local(local).and_then(|sample| world.class(sample));
            let value = self.knowledge().state.frame().locals[local as usize].value;
            if let (Some(class @ (Global::IntType | Global::FloatType)), Some(value)) = (sample, value)
                && self.knowledge().known(value).class.is_none()
            {
                numbers.push((local, value, class));
            }
        }
        if numbers.is_empty() {
            return;
        }
        numbers.sort_unstable_by_key(|&(local, ..)| local);
        self.knowledge().state.frame().unit = self.body.code.instrs()[first as usize].index;
        self.mark_exit();
        for (_, value, class) in numbers {
            let set = self.b.compare_const(Condition::Ne, value, 0);
            self.b.guard(set, MissReason::Missing);
            self.b.guard_exact(value, class);
            if class == Global::IntType {
                self.b.unbox_int(value);
            }
        }
    }
}
