//! Reference counts that cancel: a `retain` and the `release` of the same value after it, where the object lives on anyway in between.
//!
//! Whoever else holds the object at the `retain` still holds it at the `release` if nothing in between drops a reference or runs code that may. Exits in
//! between that would hand the reference to a slot let it borrow instead.

use super::depths::predecessors;
use rustc_hash::FxHashMap;
use whipsnake_ir::{
    Block, Continuation, Effects, ExitState, FrameState, Function, Global, Helper, Inst, InstData, Slot, StateId, Type,
    Value, ValueDef,
};

/// Runs the pass. A pair is looked for in one block, and on from there along all ways, on each of which the reference has to be dropped. What ways merge
/// counts as retained if it was on each of them.
pub fn cancel_pairs(function: &mut Function) {
    let before = predecessors(function);
    let mut holders = Holders::default();
    for block in function.block_ids() {
        while cancel_in(function, &before, &mut holders, block) {}
        while cancel_merged(function, &before, &mut holders, block) {}
    }
}

/// Cancels all pairs that begin in a block, one after the other; whether there were any: then others may have become free whose `retain` comes before.
fn cancel_in(function: &mut Function, before: &[Vec<Block>], holders: &mut Holders, block: Block) -> bool {
    let (mut at, mut found_any) = (0, false);
    while let Some(&retain) = function.blocks[block.index()].insts.get(at) {
        at += 1;
        let &InstData::Retain { value } = function.inst(retain) else { continue };
        let mut search = Search::of(function, before, holders, value);
        if search.ends(block, at) {
            let found = search.found();
            remove(function, block, retain);
            found.cancel(function);
            (at, found_any) = (at - 1, true);
        }
    }
    found_any
}

/// Looks for a parameter of a block that every way gives a reference which was just added.
fn cancel_merged(function: &mut Function, before: &[Vec<Block>], holders: &mut Holders, block: Block) -> bool {
    for index in 0..function.blocks[block.index()].params.len() {
        let param = function.blocks[block.index()].params[index];
        if function.ty(param) != Type::Obj {
            continue;
        }
        let ways: Option<Vec<_>> =
            before[block.index()].iter().map(|&from| retained(function, before, holders, from, block, index)).collect();
        let Some(ways) = ways.filter(|ways| !ways.is_empty()) else { continue };
        let mut search = Search::of(function, before, holders, param);
        if search.ends(block, 0) {
            let found = search.found();
            for (from, retain, on_the_way) in ways {
                remove(function, from, retain);
                on_the_way.cancel(function);
            }
            found.cancel(function);
            return true;
        }
    }
    false
}

/// Where a block adds the reference that it hands to a parameter of the one it jumps to, if nothing in between is in the way.
fn retained(
    function: &Function,
    before: &[Vec<Block>],
    holders: &mut Holders,
    from: Block,
    to: Block,
    index: usize,
) -> Option<(Block, Inst, Found)> {
    let insts = &function.blocks[from.index()].insts;
    let InstData::Jump { args, .. } = function.inst(*insts.last()?) else { return None };
    let value = args[index];
    if from == to || args.iter().filter(|&&arg| arg == value).count() > 1 {
        return None;
    }
    let at = insts.iter().rposition(|&inst| *function.inst(inst) == InstData::Retain { value })?;
    let mut search = Search::of(function, before, holders, value);
    let is_free = insts[at + 1..].iter().all(|&inst| matches!(search.step(inst), Step::On));
    is_free.then(|| (from, insts[at], search.found()))
}

fn remove(function: &mut Function, block: Block, inst: Inst) {
    function.blocks[block.index()].insts.retain(|&other| other != inst);
}

/// What a search has come to.
struct Found {
    value: Value,
    /// What drops the reference.
    ends: Vec<(Block, Inst)>,
    /// The instructions in between whose exits own the value.
    states: Vec<(Inst, StateId)>,
}

impl Found {
    /// Drops no reference any more, and lets exits borrow.
    fn cancel(self, function: &mut Function) {
        let mut lent = FxHashMap::default();
        for (inst, state) in self.states {
            borrow(function, inst, state, self.value, &mut lent);
        }
        for (block, inst) in self.ends {
            if matches!(function.inst(inst), InstData::Release { .. } | InstData::ReleasePlain { .. }) {
                remove(function, block, inst);
            }
        }
    }
}

/// How many blocks a search walks through at most.
const MOST_BLOCKS: usize = 24;

/// The search for where the reference is dropped that a `retain` adds.
struct Search<'f> {
    function: &'f Function,
    before: &'f [Vec<Block>],
    holders: &'f mut Holders,
    value: Value,
    /// How many blocks may still be walked through.
    patience: usize,
    /// What drops the reference.
    ends: Vec<(Block, Inst)>,
    /// What got references since, in order.
    added: Vec<Value>,
    /// The instructions in between whose exits own the value.
    states: Vec<(Inst, StateId)>,
}

/// What an instruction on the way is.
enum Step {
    /// It drops the reference.
    End,
    /// It is in the way.
    Stop,
    /// Neither.
    On,
}

impl<'f> Search<'f> {
    fn of(function: &'f Function, before: &'f [Vec<Block>], holders: &'f mut Holders, value: Value) -> Search<'f> {
        Search { function, before, holders, value, patience: MOST_BLOCKS, ends: vec![], added: vec![], states: vec![] }
    }

    fn found(self) -> Found {
        Found { value: self.value, ends: self.ends, states: self.states }
    }

    /// Whether the reference is dropped on every way from instruction `from` of a block on.
    fn ends(&mut self, mut block: Block, mut from: usize) -> bool {
        while self.patience > 0 {
            self.patience -= 1;
            let insts = &self.function.blocks[block.index()].insts;
            for &inst in &insts[from.min(insts.len())..] {
                match self.step(inst) {
                    Step::End => {
                        self.ends.push((block, inst));
                        return true;
                    }
                    Step::Stop => return false,
                    Step::On => {}
                }
            }
            let (added, states) = (self.added.clone(), self.states.len());
            let Some(met) = self.meet(block, 0) else {
                self.added = added;
                self.states.truncate(states);
                return self.every_way_ends(block);
            };
            (block, from) = (met, 0);
        }
        false
    }

    /// Whether the reference is dropped on each of the ways from the end of a block, to which nothing else leads.
    fn every_way_ends(&mut self, block: Block) -> bool {
        let Some(&last) = self.function.blocks[block.index()].insts.last() else { return false };
        match self.function.inst(last) {
            InstData::Branch { then, otherwise, then_args, otherwise_args, .. }
                if then != otherwise && !then_args.contains(&self.value) && !otherwise_args.contains(&self.value) => {}
            _ => return false,
        }
        let added = self.added.clone();
        self.function.successors(block).into_iter().all(|to| {
            self.added.clone_from(&added);
            self.before[to.index()] == [block] && self.ends(to, 0)
        })
    }

    /// The block where all ways from the end of `block` meet, if nothing on them drops a reference, and nothing else leads there.
    fn meet(&mut self, block: Block, depth: usize) -> Option<Block> {
        let last = *self.function.blocks[block.index()].insts.last()?;
        if depth > 4 {
            return None;
        }
        let (ways, met): ([(Block, Block); 2], Block) = match self.function.inst(last) {
            InstData::Jump { to, args } if !args.contains(&self.value) => ([(block, *to); 2], *to),
            &InstData::Branch { then, otherwise, ref then_args, ref otherwise_args, .. }
                if then != otherwise && !then_args.contains(&self.value) && !otherwise_args.contains(&self.value) =>
            {
                let (first, second) = (self.arm(block, then, depth), self.arm(block, otherwise, depth));
                // An arm may be where the other one leads.
                let join = |arm: Option<(Block, Block)>, direct| arm.unwrap_or((block, direct));
                let (first, second) = match (first, second) {
                    (Some((_, to)), _) if to == otherwise => (join(first, to), (block, otherwise)),
                    (_, Some((_, to))) if to == then => ((block, then), join(second, to)),
                    (Some(first), Some(second)) if first.1 == second.1 => (first, second),
                    _ => return None,
                };
                ([first, second], first.1)
            }
            _ => return None,
        };
        let only = self.before[met.index()].iter().all(|from| ways.iter().any(|way| way.0 == *from));
        (only && ways.iter().all(|way| way.1 == met)).then_some(met)
    }

    /// The last block of a way that nothing else leads to, and where it goes on, if nothing on it drops a reference.
    fn arm(&mut self, from: Block, start: Block, depth: usize) -> Option<(Block, Block)> {
        if self.before[start.index()] != [from] {
            return None;
        }
        let (added, states) = (self.added.clone(), self.states.len());
        let mut block = start;
        let found = loop {
            let insts = &self.function.blocks[block.index()].insts;
            if !insts.iter().all(|&inst| matches!(self.step(inst), Step::On)) {
                break None;
            }
            match self.function.inst(*insts.last()?) {
                InstData::Jump { to, args } if !args.contains(&self.value) => break Some((block, *to)),
                InstData::Branch { .. } => match self.meet(block, depth + 1) {
                    Some(next) => block = next,
                    None => break None,
                },
                _ => break None,
            }
        };
        self.added = added;
        if found.is_none() {
            self.states.truncate(states);
        }
        found
    }

    fn step(&mut self, inst: Inst) -> Step {
        let data = self.function.inst(inst);
        match *data {
            InstData::Release { value } | InstData::ReleasePlain { value } if value == self.value => return Step::End,
            // It lives for ever: from here on no reference counts.
            InstData::GuardExact { value, class: Global::BoolType } if value == self.value => {
                let Some(state) = self.function.state_of(inst) else { return Step::Stop };
                if !self.is_owned_by(state) {
                    return Step::Stop;
                }
                self.states.push((inst, state));
                return Step::End;
            }
            // Another reference that was added since, to an object that ends quietly: no owner of ours is dropped.
            InstData::ReleasePlain { value } if self.added.contains(&value) => {
                let at = self.added.iter().rposition(|&added| added == value).expect("it is there");
                self.added.remove(at);
            }
            InstData::Retain { value } => self.added.push(value),
            InstData::Jump { .. } | InstData::Branch { .. } => {}
            // What the exit puts into the frame is borrowed from then on.
            InstData::Leave { to: Continuation::Miss | Continuation::Next, .. } => {
                let Some(state) = self.function.state_of(inst) else { return Step::Stop };
                if !self.is_owned_by(state) {
                    return Step::Stop;
                }
                self.states.push((inst, state));
                return Step::End;
            }
            ref data if self.is_in_the_way(data) => return Step::Stop,
            _ => {}
        }
        if let Some(state) = self.function.state_of(inst) {
            if self.is_owned_by(state) {
                self.states.push((inst, state));
            } else if data.can_exit() {
                return Step::Stop;
            }
        }
        Step::On
    }

    /// Whether a slot of a state owns the value, or is to get a tuple that does.
    fn is_owned_by(&mut self, state: StateId) -> bool {
        self.holders.owned(self.function, state).contains(&self.value)
    }

    /// Whether the instruction may drop a reference, or run code that does, or asks how many references there are, or ends the ways that are known.
    fn is_in_the_way(&self, data: &InstData) -> bool {
        match data {
            InstData::Release { .. }
            | InstData::ReleasePlain { .. }
            | InstData::CallPointer { .. }
            | InstData::Recurse { .. } => true,
            // The store itself drops nothing, but whoever stored the reference counts on it.
            InstData::Store { value, .. } => *value == self.value,
            InstData::Call { helper: Helper::ExchangeSlice, .. } => true,
            InstData::Call { helper, .. } => helper.signature().effects.contains(Effects::ESCAPES),
            data => data.is_terminator(),
        }
    }
}

/// What slots of each state own, as far as it was asked for: states are asked again and again, for one value after the other, and never change.
#[derive(Default)]
struct Holders(Vec<Option<Box<[Value]>>>);

impl Holders {
    /// What slots of a state own, or are to get a tuple that does.
    fn owned(&mut self, function: &Function, state: StateId) -> &[Value] {
        if self.0.len() <= state.index() {
            self.0.resize(function.states.len(), None);
        }
        self.0[state.index()].get_or_insert_with(|| {
            let state = &function.states[state.index()];
            let mut owned = vec![];
            for slot in state.frames.iter().flat_map(FrameState::slots).filter(|slot| slot.dirty) {
                let Some(value) = slot.value else { continue };
                if slot.owned {
                    owned.push(value);
                }
                owned.extend(items_held(function, value).map(|(_, item)| item));
            }
            owned.into_boxed_slice()
        })
    }
}

/// The items of a tuple that an exit makes for which references are held, with their numbers; none of anything else.
fn items_held(function: &Function, tuple: Value) -> impl Iterator<Item = (u32, Value)> {
    let made = match function.def(tuple) {
        ValueDef::Result(inst, _) => Some(function.inst(inst)),
        ValueDef::Param(..) => None,
    };
    let (items, lent): (&[Value], _) = match made {
        Some(InstData::LateTuple { items, lent, .. }) => (items, *lent),
        _ => (&[], 0),
    };
    (0..).zip(items.iter().copied()).filter(move |(index, _)| lent & (1 << index) == 0)
}

/// Which item of a tuple that an exit makes is the value, by a reference held for it.
fn item_held(function: &Function, tuple: Value, value: Value) -> Option<u32> {
    items_held(function, tuple).find(|&(_, item)| item == value).map(|(index, _)| index)
}

/// Lets one slot of the instruction's state borrow the value, or a tuple that is made for one. In `lent` are tuples that do, by those they take the place
/// of.
fn borrow(function: &mut Function, inst: Inst, state: StateId, value: Value, lent: &mut FxHashMap<Value, Value>) {
    let mut state = function.states[state.index()].clone();
    let owns = |slot: &&mut Slot| slot.owned && slot.dirty && slot.value == Some(value);
    if let Some(slot) = state.frames.iter_mut().rev().find_map(|frame| frame.slots_mut().filter(owns).last()) {
        slot.owned = false;
    } else {
        lend(function, &mut state, value, lent);
    }
    let state = function.add_state(state);
    function.set_state(inst, state);
}

/// Has a tuple borrow the value that a state puts into a slot.
fn lend(function: &mut Function, state: &mut ExitState, value: Value, lent: &mut FxHashMap<Value, Value>) {
    let dirty = state.frames.iter().flat_map(FrameState::slots).filter(|slot| slot.dirty);
    let held = |tuple: Value| Some((tuple, item_held(function, tuple, value)?));
    let Some((tuple, item)) = dirty.filter_map(|slot| slot.value).find_map(held) else { return };
    let borrower = *lent.entry(tuple).or_insert_with(|| borrower(function, tuple, item));
    for slot in state.frames.iter_mut().flat_map(FrameState::slots_mut) {
        if slot.value == Some(tuple) {
            slot.value = Some(borrower);
        }
    }
}

/// A tuple like that one, next to it, to which an item is lent.
fn borrower(function: &mut Function, tuple: Value, item: u32) -> Value {
    let ValueDef::Result(made, _) = function.def(tuple) else { unreachable!("it has items") };
    let InstData::LateTuple { class, items, lent } = function.inst(made).clone() else { unreachable!("as above") };
    let other = function.detached(InstData::LateTuple { class, items, lent: lent | 1 << item }, &[Type::Obj]);
    for block in function.block_ids() {
        let insts = &mut function.blocks[block.index()].insts;
        if let Some(at) = insts.iter().position(|&inst| inst == made) {
            insts.insert(at + 1, other);
            break;
        }
    }
    function.results(other)[0]
}
