//! Exceptions that are raised and caught in one region, by handlers that are done with them before anybody sees them (`graph/handlers.rs`).
//!
//! From where one is raised to the end of its handler nothing happens that can be seen. A guard that fails in between leaves the region where it was raised: before
//! the instruction that would make it, or in the unwinder with the one that is set.

use super::blocks::Walk;
use super::body::{Body, Entered};
use super::handlers::{ClauseBody, Handler, Raised};
use smallvec::SmallVec;
use whipsnake_bytecode::Instr;
use whipsnake_cpython::layout::object;
use whipsnake_cpython::opcode as op;
use whipsnake_ir::{
    Block, Condition, Continuation, Failure, FrameState, Global, Helper, InstData, MissReason, PutOff, Slot, Type,
    Unwinding, Value, ValueDef,
};

/// So many handlers are built in a region at most, copies included.
pub(super) const MAX_HANDLERS: u32 = 24;

/// Tuples in tuples are looked through this deep.
const MAX_TUPLES: u32 = 3;

/// An exception that leaves an inlined call.
pub(super) struct Leaving {
    /// Where it goes on, in the code that called.
    block: Block,
    raised: Raised,
    unwinding: Unwinding,
}

impl Walk<'_, '_> {
    /// Raises what nobody will see: `raise` of a class or of what a call of it gives, if a handler in the region catches it. False if that can't be done, and then
    /// nothing was.
    pub(super) fn raise_unseen(&mut self, number: u32, instr: &Instr) -> bool {
        let instrs = self.body.code.instrs();
        let base = |number: u32| instrs.get(number as usize).map(|instr| (instr.base, instr.oparg));
        let (called, raise) = match instr.base {
            op::RAISE_VARARGS if instr.oparg == 1 => (0, number),
            op::CALL if base(number + 1) == Some((op::RAISE_VARARGS, 1)) => (instr.oparg as usize + 1, number + 1),
            op::CALL if base(number + 2) == Some((op::RAISE_VARARGS, 2)) => {
                let Some((op::LOAD_CONST, cause)) = base(number + 1) else { return false };
                if !self.body.world.constant(cause).is_none {
                    return false;
                }
                (instr.oparg as usize + 1, number + 2)
            }
            _ => return false,
        };
        if self.is_general(number) || self.handlers_built >= MAX_HANDLERS {
            return false;
        }
        let stack = &self.knowledge().state.frame().stack;
        let bottom = stack.len() - 1 - called;
        let (class, receiver) = (stack[bottom], stack.get(bottom + 1).copied());
        let is_called_alone = called == 0 || receiver.is_some_and(|slot| self.is_there(slot) == Some(false));
        let Some(value) = class.value.filter(|_| is_called_alone) else { return false };
        let Some(address) = self.constant_address(value) else { return false };
        let Some(made) = self.body.world.plain_exception(address) else { return false };
        if !self.will_catch(raise, Raised::Of(address)) {
            return false;
        }
        self.mark_exit();
        if let Some(version) = made.version {
            self.guard_version_of(value, version);
        }
        let Some(pin) = self.knowledge().exit else { return false };
        self.knowledge().unwinding = Some(Unwinding::new(pin));
        self.unwind(raise, raise, Raised::Of(address));
        true
    }

    /// Takes an exception of instruction `number` to the handler of the one at `at`, or out of the inlined call.
    pub(super) fn unwind(&mut self, at: u32, number: u32, raised: Raised) {
        if self.body.code.handler_of(at).is_some() {
            match self.handler(at, number) {
                Some(handler) => self.handle(number, &handler, raised),
                None => self.stop_unwinding(),
            }
            return;
        }
        if self.body.caught_outside.is_none() {
            return self.stop_unwinding();
        }
        self.leave_frame();
        let block = self.b.block();
        self.b.jump(block, &[]);
        if let Some(unwinding) = self.knowledge().unwinding.take() {
            self.body.leaving.push(Leaving { block, raised, unwinding });
        }
    }

    /// Goes on with the exceptions that leave a call, which has been built.
    pub(super) fn after_leaving(&mut self, number: u32, leaving: Vec<Leaving>) {
        for Leaving { block, raised, unwinding } in leaving {
            self.knowledge().unwinding = Some(unwinding);
            self.b.switch_to(block);
            self.knowledge().state.frame().unit = self.body.code.instrs()[number as usize].index;
            self.unwind(number, number, raised);
        }
    }

    /// Leaves where the exception was raised.
    fn stop_unwinding(&mut self) {
        if !self.b.is_ended() {
            self.b.leave_saved(Continuation::Miss);
        }
        self.knowledge().unwinding = None;
    }

    /// The innermost frame, and what stands in for C code below it, are done.
    fn leave_frame(&mut self) {
        self.guard_unseen_innermost();
        let has_other = matches!(self.body.entered, Entered::Init(_) | Entered::Method { .. });
        for _ in 0..1 + usize::from(has_other) {
            let Some(frame) = self.knowledge().state.frames.pop() else { return };
            if let Some(memory) = frame.memory() {
                self.drop_later(PutOff::Pop(memory));
            }
            let FrameState { stack, locals, inlined, .. } = frame;
            let function = inlined.map(|inlined| inlined.function);
            for slot in stack.into_iter().rev().chain(locals).chain(function) {
                self.drop_slot(slot);
            }
        }
    }

    fn drop_later(&mut self, what: PutOff) {
        if let Some(unwinding) = &mut self.knowledge().unwinding {
            unwinding.put_off.push(what);
        }
    }

    /// What a slot holds goes, if nobody notices.
    fn drop_slot(&mut self, slot: Slot) {
        let Some(value) = slot.value.filter(|_| slot.owned) else { return };
        let value = self.knowledge().resolve(value);
        self.drop_later(PutOff::ReleaseOrNull(value));
        let Some(unwinding) = &self.knowledge().unwinding else { return };
        let last = unwinding.put_off.len() - 1;
        self.guard_drops(last);
    }

    /// Guards that nothing is noticed of what is put off, from a place on.
    fn guard_drops(&mut self, first: usize) {
        let Some(unwinding) = &self.knowledge().unwinding else { return };
        let (put_off, held) = (unwinding.put_off.clone(), unwinding.held);
        for (index, &what) in put_off.iter().enumerate().skip(first) {
            let (PutOff::Release(value) | PutOff::ReleaseOrNull(value)) = what else { continue };
            let change = |what: &PutOff| match *what {
                PutOff::Retain(other) if other == value => -1,
                PutOff::Release(other) | PutOff::ReleaseOrNull(other) if other == value => 1,
                _ => 0,
            };
            let references: i64 = put_off[..=index].iter().map(change).sum();
            if references > 0 {
                self.guard_ends_quietly(value, references + held, MAX_TUPLES);
            }
        }
    }

    /// Guards that nothing is noticed when references to a value are dropped, so many at most.
    fn guard_ends_quietly(&mut self, value: Value, most: i64, depth: u32) {
        let known = self.knowledge().known(value);
        if known.is_plain() || self.constant_address(value) == Some(0) {
            return;
        }
        if let ValueDef::Result(inst, _) = self.b.func.def(value)
            && let InstData::NewTuple { items, .. } = self.b.func.inst(inst)
            && depth > 0
        {
            for item in items.clone() {
                self.guard_ends_quietly(item, most, depth - 1);
            }
            return;
        }
        let inside = self.knowledge().state.instances.iter().find(|instance| instance.object == value);
        if let Some(instance) = inside
            && depth > 0
        {
            for (_, held) in instance.values.clone() {
                self.guard_ends_quietly(held, most, depth - 1);
            }
            return;
        }
        if self.b.is_private(value) {
            // An iterator of the region's own: what it goes over is held elsewhere, or ends as any sequence.
            return;
        }
        let check = |b: &mut whipsnake_ir::Builder<'_>| {
            let references = b.iconst(Type::I32, most);
            let quiet = b.call(Helper::DropsQuietly, &[value, references]);
            let quiet = b.compare_const(Condition::Ne, quiet, 0);
            b.guard(quiet, MissReason::Value);
        };
        if !known.present && self.constant_address(value).is_none() {
            check(&mut self.b);
            return;
        }
        let count = self.b.load(Type::I32, value, object::OB_REFCNT);
        // Counts that never change are large.
        let last = self.b.compare_const(Condition::LeU, count, most);
        self.b.when_cold(last, check);
    }

    /// Builds a handler for an exception of an instruction.
    fn handle(&mut self, number: u32, handler: &Handler, raised: Raised) {
        self.handlers_built += 1;
        let stack = &mut self.knowledge().state.frame().stack;
        let dropped = stack.split_off(handler.depth);
        for slot in dropped.into_iter().rev() {
            self.drop_slot(slot);
        }
        // Nobody sees what stands for the exceptions, the one before and the position.
        let nothing = self.b.global(Global::None);
        for _ in 0..2 + usize::from(handler.lasti) {
            self.push(Slot::borrowed(nothing));
        }
        let chosen = match raised {
            Raised::Of(class) => self.catching(&handler.clauses, class),
            Raised::Set => None,
        };
        if let Some((first, again)) = handler.finally
            && !self.finally(number, first, again)
        {
            return;
        }
        for (index, clause) in handler.clauses.iter().enumerate() {
            let mut classes: SmallVec<[Value; 2]> = SmallVec::new();
            for &load in &clause.loads {
                let Some(class) = self.handler_class(load) else {
                    return self.is_seen(number);
                };
                classes.push(class);
            }
            match (raised, clause.body) {
                (Raised::Of(_), _) if chosen != Some(index) => continue,
                (Raised::Of(_), Some(body)) => return self.handler_body(number, body, raised),
                (Raised::Of(_), None) => return self.stop_unwinding(),
                (Raised::Set, _) => {}
            }
            if clause.loads.is_empty() && clause.body.is_none() {
                return self.stop_unwinding();
            }
            let classes = if classes.is_empty() { self.any_class() } else { classes };
            let thread = self.b.thread_state();
            let mut matches: Option<Value> = None;
            for class in classes {
                let this = self.b.call(Helper::RaisedMatches, &[thread, class]);
                matches = Some(match matches {
                    Some(others) => self.b.binary(whipsnake_ir::BinaryOp::Or, others, this),
                    None => this,
                });
            }
            let Some(matches) = matches else { return self.stop_unwinding() };
            let matches = self.b.compare_const(Condition::Ne, matches, 0);
            let (here, other) = (self.b.block(), self.b.block());
            self.b.branch(matches, here, other);
            self.b.switch_to(here);
            let before = self.knowledge().unwinding.clone();
            match clause.body {
                Some(body) => self.handler_body(number, body, raised),
                None => self.stop_unwinding(),
            }
            self.knowledge().unwinding = before;
            self.b.switch_to(other);
        }
        match handler.rest {
            Some(rest) => self.unwind(rest, number, raised),
            None => self.stop_unwinding(),
        }
    }

    /// What all exceptions are derived from.
    fn any_class(&mut self) -> SmallVec<[Value; 2]> {
        let class = self.request.world.class_of_failure(Failure::Any);
        class.into_iter().map(|class| self.b.iconst(Type::Obj, class as i64)).collect()
    }

    /// A class that a handler tests for: guards that the instruction would load it still.
    fn handler_class(&mut self, load: u32) -> Option<Value> {
        let instr = self.body.code.instrs()[load as usize];
        let expected = self.body.world.global(&instr)?;
        Some(self.guarded_global(load, &instr, expected.address))
    }

    /// From here on nothing may be built that can be seen. Gives how much is put off so far.
    fn be_strict(&mut self) -> Option<usize> {
        let unwinding = self.knowledge().unwinding.as_mut()?;
        unwinding.strict = true;
        Some(unwinding.put_off.len())
    }

    /// Builds what a clause does, and what follows it in its block.
    fn handler_body(&mut self, number: u32, body: ClauseBody, raised: Raised) {
        let Some(before) = self.be_strict() else { return };
        match body.name {
            Some(name) => self.store_local(name),
            None => {
                self.pop();
            }
        }
        if !self.handler_instructions(number, body.first, body.done) {
            return;
        }
        self.guard_drops(before);
        self.pop();
        if let Some(name) = body.name {
            self.knowledge().state.frame().locals[name as usize] = Slot::NULL;
        }
        self.knowledge().state.frame().unit = self.body.code.instrs()[body.after as usize].index;
        let Some(mut unwinding) = self.knowledge().unwinding.take() else { return };
        self.mark_exit();
        for made in unwinding.made {
            self.b.make_again(made, &mut unwinding.put_off);
        }
        self.mark_exit();
        if raised == Raised::Set {
            let thread = self.b.thread_state();
            self.b.call_void(Helper::ClearRaised, &[thread]);
        }
        for what in unwinding.put_off {
            match what {
                PutOff::Retain(value) => self.b.retain(value),
                PutOff::Release(value) => self.b.release(value),
                PutOff::ReleaseOrNull(value) => self.b.release_or_null(value),
                PutOff::Pop(memory) => {
                    let thread = self.b.thread_state();
                    self.b.call_void(Helper::PopInlined, &[thread, memory]);
                }
            }
        }
        self.mark_exit();
        let end = self.body.code.blocks()[self.body.code.block_of(body.after) as usize].end;
        let mut at = body.after;
        while at < end {
            at = self.instruction(at);
            if self.b.is_ended() {
                return;
            }
        }
        self.jump_to(end);
    }

    /// Builds instructions of a handler that nobody may see; false if somebody may after all.
    fn handler_instructions(&mut self, number: u32, first: u32, end: u32) -> bool {
        if self.be_strict().is_none() {
            return false;
        }
        let mut at = first;
        while at < end {
            at = self.instruction(at);
            if self.b.is_ended() || self.knowledge().unwinding.as_ref().is_none_or(|unwinding| unwinding.broken) {
                self.is_seen(number);
                return false;
            }
        }
        let broken = self.knowledge().unwinding.as_ref().is_none_or(|unwinding| unwinding.broken);
        if broken {
            self.is_seen(number);
            return false;
        }
        if let Some(unwinding) = &mut self.knowledge().unwinding {
            unwinding.strict = false;
        }
        true
    }

    /// Builds a `finally` that an exception passes; false if somebody may see it there.
    fn finally(&mut self, number: u32, first: u32, again: u32) -> bool {
        let before = self.be_strict();
        let built = self.handler_instructions(number, first, again);
        if let Some(before) = before.filter(|_| built) {
            self.guard_drops(before);
        }
        built
    }

    /// The handler does what may be seen after all: the next attempt leaves where the exception is raised.
    fn is_seen(&mut self, number: u32) {
        self.stop_unwinding();
        let site = self.site(number);
        self.choices.seen.insert(site);
        self.again = true;
    }
}

impl Body<'_> {
    /// Exceptions that have left the code.
    pub(super) fn take_leaving(&mut self) -> Vec<Leaving> {
        std::mem::take(&mut self.leaving)
    }
}
