//! Loops and their copies: the first round of an innermost one is peeled off, and what it establishes holds for those that follow.

use super::blocks::Walk;
use super::body::{Back, Scope};
use super::locals;
use super::loops::Extent;

/// Loops with more instructions than this are not built twice.
pub(super) const MAX_TWICE: u32 = 300;

impl Walk<'_, '_> {
    /// Builds a loop to which something has jumped; whether a way leads around it.
    pub(super) fn whole_loop(&mut self, extent: Extent, outer: u32) -> bool {
        let entry = self.block_at(extent.header, outer);
        self.b.switch_to(entry);
        let mut before = None;
        if extent.innermost && extent.instructions <= MAX_TWICE && !self.choices.single {
            before = Some(self.knowledge().state.clone());
            let copy = self.plans.copy(&self.body.calls, outer, extent.header, true);
            let next = self.b.block();
            self.body.scopes.push(Scope { extent, copy, back: Back::Next(next), closed: false });
            self.body(extent, copy);
            self.body.scopes.pop();
            if !self.knowledge().is_reached(next) {
                return false;
            }
            self.b.switch_to(next);
            self.expect_numbers(extent);
        }
        let copy = self.plans.copy(&self.body.calls, outer, extent.header, false);
        let header = self.b.block();
        self.b.show_all_instances();
        self.b.jump(header, &[]);
        if self.plans.is_new(copy) {
            let state = &self.b.knowledge().expect("a region is being built").state;
            match before {
                Some(before) => self.plans.plan(copy).expect(&before, state),
                None => self.plans.plan(copy).expect_locals(state, locals::assigned(&self.body.code, extent)),
            }
        }
        let plan = self.plans.plan(copy);
        let Some(open) = self.b.open_loop(header, plan) else { return false };
        self.body.scopes.push(Scope { extent, copy, back: Back::Loop(Box::new(open)), closed: false });
        self.knowledge().depth += 1;
        self.b.func.blocks[header.index()].depth += 1;
        self.body(extent, copy);
        self.knowledge().depth -= 1;
        self.body.scopes.pop().is_some_and(|scope| scope.closed)
    }

    /// The copy of a loop that is being built.
    pub(super) fn current_copy(&self) -> u32 {
        self.body.scopes.last().map_or(self.body.copy, |scope| scope.copy)
    }

    /// Builds the blocks of a loop, the header where the builder is.
    fn body(&mut self, extent: Extent, copy: u32) {
        self.block(extent.header);
        self.blocks(extent.header + 1, extent.last, copy);
    }

    pub(super) fn jump_back(&mut self, index: usize, unit: u32) {
        if !self.knowledge().dead {
            self.body.scopes[index].closed = true;
        }
        if let Back::Next(block) = self.body.scopes[index].back {
            self.b.jump(block, &[]);
            return;
        }
        self.knowledge().state.frame().unit = unit;
        self.poll();
        let copy = self.body.scopes[index].copy;
        let plan = self.plans.plan(copy);
        let Back::Loop(open) = &self.body.scopes[index].back else { unreachable!("seen above") };
        if !self.b.close_loop(open, plan) {
            self.again = true;
        }
        if self.knowledge().unsupported {
            // A state that can't be merged: give the loop up.
            self.knowledge().unsupported = false;
            self.again = true;
        }
    }

    /// Leaves at the jump back, where the baseline tier polls, if anything is pending.
    fn poll(&mut self) {
        self.mark_exit();
        self.guard_quiet();
    }
}
