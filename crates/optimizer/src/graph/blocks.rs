//! The walk over blocks: where jumps lead, loops and their copies.

use super::body::{Back, Body, Scope};
use super::catching::Catch;
use super::cost::Cost;
use super::enumerations::Combined;
use super::loops::{Extent, Plans};
use super::{Choices, Request, Site, Start, failed_again, locals};
use crate::{Callee, operands};
use rustc_hash::FxHashMap;
use smallvec::SmallVec;
use whipsnake_cpython::layout::{frame, thread_state};
use whipsnake_ir::{
    Block, Builder, Condition, Continuation, FrameState, Frames, Function, Global, MissReason, Region, Slot, State,
    Type, Value, abi,
};

/// How an attempt to build a region ended.
pub(super) enum Attempt {
    /// The graph is built.
    Done(Cost),
    /// Something was learnt that needs another attempt.
    Again(Cost),
    /// Every way around the loop leaves the region, at this opcode for one.
    NoWayAround(u8),
}

impl Attempt {
    /// What the region does, as far as it was built.
    pub(super) fn cost(&self) -> Option<Cost> {
        match self {
            Attempt::Done(cost) | Attempt::Again(cost) => Some(*cost),
            Attempt::NoWayAround(_) => None,
        }
    }
}

/// One attempt.
pub(super) struct Walk<'a, 'f> {
    pub(super) b: Builder<'f>,
    pub(super) request: &'a Request<'a>,
    pub(super) body: Body<'a>,
    pub(super) plans: &'a mut Plans,
    pub(super) choices: &'a mut Choices,
    /// With more instructions of IR than this the attempt is of no use.
    most: usize,
    /// Instructions of calls that were inlined so far.
    pub(super) inlined: u32,
    pub(super) cost: Cost,
    pub(super) again: bool,
    pub(super) left_at: u8,
    /// Objects that values had when the region was built.
    pub(super) samples: FxHashMap<Value, u64>,
    /// Classes of values, by their addresses: guesses, likewise.
    pub(super) classes: FxHashMap<Value, u64>,
    /// Each `enumerate` and `zip`, and what is inside.
    pub(super) enumerations: FxHashMap<Value, Combined>,
    /// Views of dicts, and what their iterators are.
    pub(super) views: FxHashMap<Value, Combined>,
    /// Versions of the classes of values: what is built on them is guarded.
    pub(super) versions: FxHashMap<Value, u32>,
    /// The same of values that are of one of several classes, on the ways for these.
    pub(super) among: FxHashMap<Value, SmallVec<[u32; 4]>>,
    /// Versions that classes of values have been guarded to have somewhere: guesses elsewhere.
    pub(super) guarded: FxHashMap<Value, u32>,
    /// Bound methods that the region has made: the function's address, and what it is bound to.
    pub(super) bound: FxHashMap<Value, (u64, Value)>,
    /// Functions made in the region that make generators, and these generators, by their values: what they run. Guesses, likewise.
    pub(super) makers: FxHashMap<Value, Callee<'a>>,
    pub(super) generators: FxHashMap<Value, Callee<'a>>,
    /// Of the latter, objects that their parameters are like.
    pub(super) parameters: FxHashMap<Value, Vec<Option<u64>>>,
    /// Generators of generator expressions, and values that are what these go over: an iterator, of a type that may be known.
    pub(super) iterators: FxHashMap<Value, Option<Global>>,
    /// How many handlers were built.
    pub(super) handlers_built: u32,
    /// Where the operation that is being built goes on if it fails.
    pub(super) pending_catch: Option<Catch>,
    /// The first instruction of the region's own loop, if locals that the loop assigns are guarded to have their types where it is entered.
    entry: Option<u32>,
    /// Whether a way leads to the return from a function that is a region.
    pub(super) returns: bool,
    /// Whether a way leads to a `yield` of the code that is a region.
    pub(super) yields: bool,
}

/// Above the code unit, a site has the number of the class that the instruction is built for.
const VARIANT_SHIFT: u32 = 28;

/// Loops with more instructions than this are not built twice.
const MAX_TWICE: u32 = 300;

impl<'a, 'f> Walk<'a, 'f> {
    pub(super) fn new(
        request: &'a Request<'a>,
        function: &'f mut Function,
        plans: &'a mut Plans,
        choices: &'a mut Choices,
        most: usize,
    ) -> Self {
        let b = Builder::region(function, Region::new(State::default()));
        let mut body = Body::new(*request.code, request.world, Site::new(), None, 0);
        body.is_whole = matches!(request.start, Start::Function(_));
        Walk {
            b,
            request,
            body,
            plans,
            choices,
            most,
            inlined: 0,
            cost: Cost::default(),
            again: false,
            left_at: 0,
            samples: FxHashMap::default(),
            classes: FxHashMap::default(),
            enumerations: FxHashMap::default(),
            views: FxHashMap::default(),
            versions: FxHashMap::default(),
            among: FxHashMap::default(),
            guarded: FxHashMap::default(),
            bound: FxHashMap::default(),
            makers: FxHashMap::default(),
            generators: FxHashMap::default(),
            parameters: FxHashMap::default(),
            iterators: FxHashMap::default(),
            handlers_built: 0,
            pending_catch: None,
            entry: None,
            returns: false,
            yields: false,
        }
    }

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

    pub(super) fn knowledge(&mut self) -> &mut Region {
        self.b.knowledge().expect("a region is being built")
    }

    /// Notes the frames as they are now as what exits restore.
    pub(super) fn mark_exit(&mut self) {
        self.b.mark_exit();
        if std::mem::take(&mut self.knowledge().half_pushed) {
            // Where ways meet, a frame is there or not: the next attempt pushes those of these calls at once.
            for depth in 1..=self.body.calls.len() {
                self.choices.pushed.insert(Site::from_slice(&self.body.calls[..depth]));
            }
            self.again = true;
        }
        self.b.next_instruction();
    }

    /// An instruction of the code that is being built. Where it is built for several classes, these are told apart.
    pub(super) fn site(&self, number: u32) -> Site {
        let mut site = Site::from_slice(&self.body.calls);
        site.push(self.body.code.instrs()[number as usize].index | self.body.variant << VARIANT_SHIFT);
        site
    }

    /// Whether the instruction is to be done in its general form.
    pub(super) fn is_general(&self, number: u32) -> bool {
        if self.request.general.is_empty() {
            return false;
        }
        let site = self.site_in_machine_code(number);
        let failed = |site: &Site| self.request.general.contains(site);
        // What failed may have been what the handler is for, or what locals hold where the loop is entered.
        let other = self.catches_missing_items(number) || self.entry == Some(number) && self.body.calls.is_empty();
        failed(&site) && (!other || failed(&failed_again(site)))
    }

    /// Whether what the instruction does for numbers of several types failed, too.
    pub(super) fn is_for_any_object(&self, number: u32) -> bool {
        self.is_general(number) && self.request.general.contains(&failed_again(self.site_in_machine_code(number)))
    }

    /// An instruction as exits tell of it, which do not say for which of several classes it is.
    pub(super) fn site_in_machine_code(&self, number: u32) -> Site {
        self.site(number).iter().map(|&at| at & ((1 << VARIANT_SHIFT) - 1)).collect()
    }

    pub(super) fn block_at(&mut self, block: u32, copy: u32) -> Block {
        if let Some(&found) = self.body.blocks.get(&(block, copy)) {
            return found;
        }
        let new = self.b.block();
        self.body.blocks.insert((block, copy), new);
        new
    }

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

    /// Behind the first round of the region's own loop: variables that only some ways through it assign, and that hold numbers as a rule, are guarded to
    /// hold them, so that the rounds that follow need no objects for them.
    fn expect_numbers(&mut self, extent: Extent) {
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

    /// The copy of a loop that is being built.
    pub(super) fn current_copy(&self) -> u32 {
        self.body.scopes.last().map_or(self.body.copy, |scope| scope.copy)
    }

    /// Builds the blocks of a loop, the header where the builder is.
    fn body(&mut self, extent: Extent, copy: u32) {
        self.block(extent.header);
        self.blocks(extent.header + 1, extent.last, copy);
    }

    /// Builds a function's blocks.
    pub(super) fn whole_function(&mut self) {
        let last = self.body.code.blocks().len() as u32 - 1;
        self.blocks(0, last, self.body.copy);
    }

    /// Builds those blocks that something leads to.
    pub(super) fn blocks(&mut self, first: u32, last: u32, copy: u32) {
        let mut block = first;
        while block <= last {
            let start = self.block_at(block, copy);
            if !self.knowledge().is_reached(start) {
                block += 1;
                continue;
            }
            match self.body.loops.at(block) {
                Some(inner) if inner.last <= last => {
                    self.whole_loop(inner, copy);
                    block = inner.last + 1;
                }
                _ => {
                    self.b.switch_to(start);
                    self.block(block);
                    block += 1;
                }
            }
            if self.b.func.inst_count() > self.most {
                return;
            }
        }
    }

    /// Builds the instructions of a block where the builder is.
    pub(super) fn block(&mut self, block: u32) {
        let bounds = self.body.code.blocks()[block as usize];
        // Where ways from several instructions have met, no one's exit will do.
        self.knowledge().state.frame().unit = self.body.code.instrs()[bounds.first as usize].index;
        self.mark_exit();
        let mut number = bounds.first;
        while number < bounds.end {
            number = self.instruction(number);
            if self.b.is_ended() {
                return;
            }
        }
        self.jump_to(bounds.end);
    }

    /// Goes on at an instruction, which starts a block.
    pub(super) fn jump_to(&mut self, number: u32) {
        self.own_stack();
        // The instruction that jumps is done: a pass that puts something before the jump must not have it done again.
        let target = self.body.code.instrs()[number as usize].index;
        let unit = std::mem::replace(&mut self.knowledge().state.frame().unit, target);
        self.mark_exit();
        let to = self.body.code.block_of(number);
        for index in (0..self.body.scopes.len()).rev() {
            let scope = &self.body.scopes[index];
            let (extent, copy) = (scope.extent, scope.copy);
            if to == extent.header {
                self.jump_back(index, unit);
                return;
            }
            if extent.blocks().contains(&to) {
                let block = self.block_at(to, copy);
                self.b.jump(block, &[]);
                return;
            }
        }
        if self.body.is_whole {
            let block = self.block_at(to, self.body.copy);
            self.b.jump(block, &[]);
            return;
        }
        self.leave_at(number);
    }

    fn jump_back(&mut self, index: usize, unit: u32) {
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

    /// Leaves if anything is pending, or tools were switched on.
    pub(super) fn guard_quiet(&mut self) {
        let thread = self.b.thread_state();
        let breaker = self.b.load(Type::I64, thread, thread_state::EVAL_BREAKER);
        let data = self.request.world.code_data();
        let data = self.b.iconst(Type::Ptr, data as i64);
        let valid = self.b.load(Type::I64, data, abi::compiled::VALID_VERSION);
        let quiet = self.b.compare(Condition::Eq, breaker, valid);
        self.b.guard(quiet, MissReason::Value);
    }

    /// Leaves where nothing ever was. It counts as a failure: what is found out so is built the next time.
    pub(super) fn leave_unreached(&mut self, number: u32) {
        let instr = &self.body.code.instrs()[number as usize];
        self.left_at = instr.base;
        self.mark_exit();
        self.b.leave_saved(Continuation::Miss);
    }

    /// Leaves the region: the baseline tier goes on at that instruction.
    pub(super) fn leave_at(&mut self, number: u32) {
        let instr = &self.body.code.instrs()[number as usize];
        self.left_at = instr.base;
        self.knowledge().state.frame().unit = instr.index;
        self.mark_exit();
        self.b.leave_saved(Continuation::Next);
    }
}
