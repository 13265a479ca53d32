//! The walk over blocks: in which order they are built, and where jumps lead.

use super::body::Body;
use super::catching::Catch;
use super::cost::Cost;
use super::enumerations::Combined;
use super::loops::Plans;
use super::recursion::{Assumed, Found};
use super::{Choices, Request, Site, Start};
use crate::Callee;
use rustc_hash::FxHashMap;
use smallvec::SmallVec;
use whipsnake_cpython::layout::thread_state;
use whipsnake_ir::{
    Block, Builder, Condition, Continuation, Function, Global, MissReason, Region, State, Type, Value, abi,
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
    pub(super) entry: Option<u32>,
    /// Whether a way leads to the return from a function that is a region.
    pub(super) returns: bool,
    /// Whether a way leads to a `yield` of the code that is a region.
    pub(super) yields: bool,
    /// What is assumed of the recursive body that is built, if it is one.
    pub(super) assumed: Option<Assumed>,
    /// Of a recursive body, what its arguments and results are.
    pub(super) found: Found,
}

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
            assumed: None,
            found: Found::default(),
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

    pub(super) fn block_at(&mut self, block: u32, copy: u32) -> Block {
        if let Some(&found) = self.body.blocks.get(&(block, copy)) {
            return found;
        }
        let new = self.b.block();
        self.body.blocks.insert((block, copy), new);
        new
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
            if self.b.func.inst_count() > self.most || self.is_lost() {
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

    /// Leaves if anything is pending, or tools were switched on.
    pub(super) fn guard_quiet(&mut self) {
        let quiet = self.is_quiet();
        self.b.guard(quiet, MissReason::Value);
    }

    /// Whether nothing is pending, and tools are as they were.
    pub(super) fn is_quiet(&mut self) -> Value {
        let thread = self.b.thread_state();
        let breaker = self.b.load(Type::I64, thread, thread_state::EVAL_BREAKER);
        let data = self.request.world.code_data();
        let data = self.b.iconst(Type::Ptr, data as i64);
        let valid = self.b.load(Type::I64, data, abi::compiled::VALID_VERSION);
        self.b.compare(Condition::Eq, breaker, valid)
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
