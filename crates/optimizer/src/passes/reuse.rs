//! Values, guards and loads that are there already.
//!
//! Along the dominator tree: what was computed is not computed again, what a guard has established is not asked again, and what was loaded from (or stored
//! to) a place is not loaded again while nothing has written there. A loop starts with what is known in front of it, but for the places that it
//! changes. As an innermost loop is built twice, its first round has loaded whatever stays the same, so that the copy that loops does it no more.
//!
//! Cranelift merges pure values, too, but knows neither what guards establish nor that an item of a list is no field of an object.

use super::depths::{body, loops, predecessors};
use super::memory::{Effect, Guards, Place, Space, View};
use rustc_hash::FxHashMap;
use whipsnake_ir::{
    BinaryOp, Block, Condition, Dominators, FloatCondition, Function, Global, Inst, InstData, Offset, Type, UnaryOp,
    Value, ValueDef, rename_in_states,
};

/// A computation, by its operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Key {
    Iconst(Type, i64),
    Fconst(u64),
    Global(Global),
    Frame,
    ThreadState,
    Field(i32),
    Address(Value, i32),
    Unary(UnaryOp, Value),
    Binary(BinaryOp, Value, Value),
    Overflowing(BinaryOp, Value, Value),
    Compare(Condition, Value, Value),
    FloatCompare(FloatCondition, Value, Value),
    Select(Value, Value, Value),
    FloatValue(Value),
    IntValue(Value),
    UnboxInt(Value),
}

impl Key {
    fn of(data: &InstData) -> Option<Key> {
        use InstData::*;
        Some(match *data {
            Iconst { ty, value } => Key::Iconst(ty, value),
            Fconst { bits } => Key::Fconst(bits),
            InstData::Global { global } => Key::Global(global),
            Frame => Key::Frame,
            ThreadState => Key::ThreadState,
            ActivationField { offset } => Key::Field(offset),
            Address { base, offset: Offset::Known(offset) } => Key::Address(base, offset),
            Unary { op: UnaryOp::Hold, .. } => return None,
            Unary { op, arg } => Key::Unary(op, arg),
            Binary { op, left, right } => Key::Binary(op, left, right),
            Overflowing { op, left, right } => Key::Overflowing(op, left, right),
            Compare { condition, left, right } => Key::Compare(condition, left, right),
            FloatCompare { condition, left, right } => Key::FloatCompare(condition, left, right),
            Select { condition, then, otherwise } => Key::Select(condition, then, otherwise),
            FloatValue { value } => Key::FloatValue(value),
            IntValue { value } => Key::IntValue(value),
            UnboxInt { value } => Key::UnboxInt(value),
            _ => return None,
        })
    }
}

/// What is known of a value at a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Subject {
    /// The instruction that computes it.
    Computed(Key),
    /// The truth of a condition.
    Truth(Value),
    /// The exact type of an object.
    Class(Value),
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Fact {
    By(Inst),
    Is(bool),
    Exactly(Global),
}

/// What places hold.
type Memory = FxHashMap<Place, Value>;

/// Walks at most.
const WALKS: usize = 3;

/// Runs the pass. Releases that turn out to run no code leave more known in the loops around them, and are worth another walk.
pub fn reuse(function: &mut Function) {
    for _ in 0..WALKS {
        if !walk(function) {
            break;
        }
    }
}

/// Whether another walk may find more.
fn walk(function: &mut Function) -> bool {
    let dominators = Dominators::of(function);
    let order = function.reverse_postorder();
    let mut children = vec![vec![]; function.blocks.len()];
    for &block in &order {
        if let Some(dominator) = dominators.immediate(block) {
            children[dominator.index()].push(block);
        }
    }
    let predecessors = predecessors(function);
    let mut bodies = vec![vec![]; function.blocks.len()];
    for (header, latches) in loops(function) {
        bodies[header.index()] = body(header, latches, &predecessors);
    }
    let guards = Guards::of(function);
    let mut walk = Walk {
        replaced: vec![None; function.value_count()],
        at_end: vec![None; function.blocks.len()],
        function,
        dominators,
        predecessors,
        bodies,
        guards,
        facts: FxHashMap::default(),
        undo: vec![],
        quieter: false,
    };
    // Children in the order of the blocks: where ways meet, all but the ways back have been walked.
    let mut path = vec![(Block(0), 0, 0)];
    walk.block(Block(0));
    while let Some((block, next, undo)) = path.last_mut() {
        if let Some(&child) = children[block.index()].get(*next) {
            *next += 1;
            path.push((child, 0, walk.undo.len()));
            walk.block(child);
        } else {
            let undo = *undo;
            path.pop();
            walk.forget(undo);
        }
    }
    let fewer = walk.replace_params();
    let again = walk.quieter || fewer;
    walk.finish();
    again
}

struct Walk<'f> {
    function: &'f mut Function,
    dominators: Dominators,
    predecessors: Vec<Vec<Block>>,
    /// The blocks of the loop that starts at a block.
    bodies: Vec<Vec<Block>>,
    guards: Guards,
    /// Values that others take the place of.
    replaced: Vec<Option<Value>>,
    facts: FxHashMap<Subject, Fact>,
    /// Facts that are to be forgotten, with those they took the place of.
    undo: Vec<(Subject, Option<Fact>)>,
    /// Whether a loop has a release less that may run code.
    quieter: bool,
    /// What places hold at the end of each block.
    at_end: Vec<Option<Memory>>,
}

impl Walk<'_> {
    fn learn(&mut self, subject: Subject, fact: Fact) {
        let before = self.facts.insert(subject, fact);
        self.undo.push((subject, before));
    }

    fn forget(&mut self, upto: usize) {
        for (subject, before) in self.undo.drain(upto..).rev() {
            match before {
                Some(fact) => self.facts.insert(subject, fact),
                None => self.facts.remove(&subject),
            };
        }
    }

    fn resolve(&self, mut value: Value) -> Value {
        while let Some(other) = self.replaced.get(value.index()).copied().flatten() {
            value = other;
        }
        value
    }

    fn view(&self, block: Block, inst: Inst) -> View<'_> {
        View { function: self.function, dominators: &self.dominators, guards: &self.guards, block, inst }
    }

    /// Whether a condition is known to hold, or not to hold.
    fn truth(&self, condition: Value) -> Option<bool> {
        let known = |value| match self.facts.get(&Subject::Truth(value)) {
            Some(&Fact::Is(truth)) => Some(truth),
            _ => None,
        };
        if let Some(truth) = known(condition) {
            return Some(truth);
        }
        let ValueDef::Result(inst, _) = self.function.def(condition) else { return None };
        let InstData::Compare { condition, left, right } = *self.function.inst(inst) else { return None };
        let inverse = self.facts.get(&Subject::Computed(Key::Compare(condition.inverse(), left, right)))?;
        let Fact::By(inst) = *inverse else { return None };
        known(self.function.results(inst)[0]).map(|truth| !truth)
    }

    fn class(&self, value: Value) -> Option<Global> {
        match self.facts.get(&Subject::Class(value)) {
            Some(&Fact::Exactly(class)) => Some(class),
            _ => self.function.class(value).filter(|_| self.function.ty(value) == Type::Obj),
        }
    }

    /// What places hold where the block starts.
    fn at_start(&self, block: Block) -> Memory {
        let before = &self.predecessors[block.index()];
        let mut ways = before.iter().filter(|from| !self.bodies[block.index()].contains(from));
        let end = |from: &Block| self.at_end[from.index()].as_ref();
        let Some(mut memory) = ways.next().and_then(end).cloned() else { return Memory::default() };
        for from in ways {
            let Some(other) = end(from) else { return Memory::default() };
            memory.retain(|place, value| other.get(place) == Some(value));
        }
        if !self.bodies[block.index()].is_empty() && !memory.is_empty() {
            let effects = self.effects_of_loop(block);
            // Each round looks anew whether something is pending.
            memory.retain(|place, _| place.space != Space::Thread && !effects.iter().any(|e| e.changes(place)));
        }
        memory
    }

    fn effects_of_loop(&self, header: Block) -> Vec<Effect> {
        let mut effects = vec![];
        for &inside in &self.bodies[header.index()] {
            for &inst in &self.function.blocks[inside.index()].insts {
                match self.view(inside, inst).effect() {
                    Effect::None => {}
                    Effect::All => return vec![Effect::All],
                    effect if effects.contains(&effect) => {}
                    effect => effects.push(effect),
                }
            }
        }
        effects
    }

    /// What the jump to the block says of its condition, where no other way leads there.
    fn learn_from_branch(&mut self, block: Block) {
        let &[from] = &self.predecessors[block.index()][..] else { return };
        let Some(&last) = self.function.blocks[from.index()].insts.last() else { return };
        if let InstData::Branch { condition, then, otherwise, .. } = *self.function.inst(last)
            && then != otherwise
        {
            self.learn(Subject::Truth(condition), Fact::Is(then == block));
        }
    }

    fn block(&mut self, block: Block) {
        let mut memory = self.at_start(block);
        self.learn_from_branch(block);
        let insts = std::mem::take(&mut self.function.blocks[block.index()].insts);
        let mut kept = Vec::with_capacity(insts.len());
        for inst in insts {
            let mut data = self.function.inst(inst).clone();
            data.for_each_use_mut(|value| *value = self.resolve(*value));
            *self.function.inst_mut(inst) = data;
            if let Some(inst) = self.inst(block, inst, &mut memory) {
                kept.push(inst);
            }
        }
        self.function.blocks[block.index()].insts = kept;
        self.at_end[block.index()] = Some(memory);
    }

    /// What is left of an instruction.
    fn inst(&mut self, block: Block, inst: Inst, memory: &mut Memory) -> Option<Inst> {
        let data = self.function.inst(inst);
        if let InstData::Unary { op: UnaryOp::Hold, arg } = *data {
            // There are no slots in a region that could hold something else by now.
            self.replaced[self.function.results(inst)[0].index()] = Some(arg);
            return None;
        }
        if let Some(key) = Key::of(data) {
            if let Some(&Fact::By(first)) = self.facts.get(&Subject::Computed(key)) {
                self.replace(inst, first);
                return None;
            }
            self.learn(Subject::Computed(key), Fact::By(inst));
            return Some(inst);
        }
        match *data {
            InstData::Load { ty, base, offset } => {
                let Some(place) = self.view(block, inst).place(base, offset, ty) else { return Some(inst) };
                let result = self.function.results(inst)[0];
                if let Some(&value) = memory.get(&place) {
                    self.replaced[result.index()] = Some(value);
                    return None;
                }
                memory.insert(place, result);
                return Some(inst);
            }
            InstData::Guard { condition, .. } => match self.truth(condition) {
                Some(true) => return None,
                _ => self.learn(Subject::Truth(condition), Fact::Is(true)),
            },
            InstData::ErrorIf { condition } => match self.truth(condition) {
                Some(false) => return None,
                _ => self.learn(Subject::Truth(condition), Fact::Is(false)),
            },
            // A module can be given another type.
            InstData::GuardExact { value, class } if class != Global::ModuleType => {
                if self.class(value) == Some(class) {
                    return None;
                }
                self.learn(Subject::Class(value), Fact::Exactly(class));
            }
            InstData::Branch { condition, .. } => {
                if let Some(truth) = self.truth(condition) {
                    self.decide(inst, truth);
                }
                return Some(inst);
            }
            // There are two, which live for ever.
            InstData::Retain { value } | InstData::Release { value } | InstData::ReleasePlain { value }
                if self.class(value) == Some(Global::BoolType) =>
            {
                return None;
            }
            InstData::Release { value } if self.class(value).is_some_and(ends_quietly) => {
                self.quieter |= self.function.blocks[block.index()].depth > 0;
                let plain = self.function.detached(InstData::ReleasePlain { value }, &[]);
                memory.retain(|place, _| !Effect::Counts.changes(place));
                return Some(plain);
            }
            _ => {}
        }
        let effect = self.view(block, inst).effect();
        if effect != Effect::None {
            memory.retain(|place, _| !effect.changes(place));
        }
        if let (Effect::Write(place), &InstData::Store { value, .. }) = (effect, self.function.inst(inst)) {
            memory.insert(place, value);
        }
        Some(inst)
    }

    /// A branch goes one way only.
    fn decide(&mut self, branch: Inst, truth: bool) {
        let data = self.function.inst_mut(branch);
        if let InstData::Branch { then, then_args, otherwise, otherwise_args, .. } = data {
            let (to, args) = if truth { (*then, then_args) } else { (*otherwise, otherwise_args) };
            *data = InstData::Jump { to, args: std::mem::take(args) };
        }
    }

    fn replace(&mut self, inst: Inst, by: Inst) {
        for index in 0..self.function.results(inst).len() {
            let (result, other) = (self.function.results(inst)[index], self.function.results(by)[index]);
            self.replaced[result.index()] = Some(other);
        }
    }

    /// Has what all ways give a block take the place of the block's parameter: a variable that is assigned the same in each round. Whether there was any.
    fn replace_params(&mut self) -> bool {
        let mut found = false;
        for block in self.function.block_ids() {
            let ways = self.predecessors[block.index()].clone();
            let count = self.function.blocks[block.index()].params.len();
            // What was not walked is not reached, and its values are not renamed.
            if count == 0 || ways.iter().any(|from| self.at_end[from.index()].is_none()) {
                continue;
            }
            for index in 0..count {
                let param = self.function.blocks[block.index()].params[index];
                if let Some(value) = self.always_given(&ways, block, index) {
                    self.replaced[param.index()] = Some(value);
                    found = true;
                }
            }
        }
        found
    }

    /// What all ways give parameter number `index` of a block.
    fn always_given(&self, ways: &[Block], block: Block, index: usize) -> Option<Value> {
        let param = self.function.blocks[block.index()].params[index];
        if self.function.ty(param) != Type::Obj {
            return None;
        }
        let mut given = None;
        for from in ways {
            let InstData::Jump { args, .. } = self.function.inst(*self.function.blocks[from.index()].insts.last()?)
            else {
                return None;
            };
            let value = self.resolve(args[index]);
            if value == self.resolve(param) {
                continue;
            }
            if *given.get_or_insert(value) != value {
                return None;
            }
        }
        given.filter(|&value| {
            let class = self.function.class(param);
            class.is_none() || class == self.function.class(value)
        })
    }

    /// Ways back and exits were not seen to yet.
    fn finish(self) {
        for block in self.function.block_ids() {
            for index in 0..self.function.blocks[block.index()].insts.len() {
                let inst = self.function.blocks[block.index()].insts[index];
                let mut data = self.function.inst(inst).clone();
                data.for_each_use_mut(|value| *value = self.resolve(*value));
                *self.function.inst_mut(inst) = data;
            }
        }
        let mut states = std::mem::take(&mut self.function.states);
        rename_in_states(&mut states, |value| self.resolve(value));
        self.function.states = states;
    }
}

/// Whether the end of such an object runs no Python code.
fn ends_quietly(class: Global) -> bool {
    whipsnake_ir::Known::exactly(class).is_plain()
}
