//! References of inputs: an owned input is consumed exactly once on each way to `next`, and not at all on the way to `error` and `exit`,
//! unless its slot was overwritten. A borrowed input is consumed as often as references were added to it.
//!
//! The analysis follows the number of references that the operation owns of one input along all ways. What it cannot follow
//! (values merged by block parameters or `select`, counts changed by hand, helpers that [may steal](may_steal) an argument or get the address of its slot) it takes to be right, so what it
//! reports is wrong. NULL and immortal singletons need no counting. Inputs that stay on the stack are left out: whether they do
//! depends on the continuation.

use super::dominators::reverse_postorder;
use super::operation::{INPUTS, OperationShape, overwritten_input};
use super::{Report, maker};
use crate::{Block, Condition, Continuation, Function, Global, Helper, Inst, InstData, Value};
use std::collections::BTreeSet;

pub(super) fn check(func: &Function, shape: OperationShape, report: &mut Report<'_>) {
    for input in shape.keeps..INPUTS {
        let owned = i8::from(shape.borrowed >> input & 1 == 0);
        let analysis = Analysis { func, shape, input, owned };
        if analysis.is_made() {
            analysis.run(report);
        }
    }
}

/// Whether a helper may take over a reference that it is given, or pass it on as its result. The others leave references alone.
fn may_steal(helper: Helper) -> bool {
    matches!(
        helper,
        Helper::Dealloc
            | Helper::GetStrided
            | Helper::ListAppendFull
            | Helper::LoadMethod
            | Helper::NewFloatFrom
            | Helper::NewIntFrom
            | Helper::SuperMethod
    )
}

/// What is owned of the input on one way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Owned {
    /// This many references, at least and at most; whether the slot still holds the input.
    Count { least: i8, most: i8, in_slot: bool },
    /// The input needs no counting: it is NULL or immortal.
    Nothing,
}

/// All possibilities; `None` if they can't be followed. Empty where nothing gets.
type Possible = Option<BTreeSet<Owned>>;

/// A count beyond this comes from a loop.
const LIMIT: i8 = 4;

struct Analysis<'f> {
    func: &'f Function,
    shape: OperationShape,
    input: u8,
    /// 1 for an owned input, 0 for a borrowed one.
    owned: i8,
}

/// How a value relates to the input.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Relation {
    Same,
    /// The same bits, but not as a reference.
    Bits,
    None,
}

impl Analysis<'_> {
    fn relation(&self, value: Value) -> Relation {
        match maker(self.func, value) {
            Some(InstData::Input { index }) if *index == self.input => Relation::Same,
            Some(InstData::Unary { op, arg }) => match (op, self.relation(*arg)) {
                (crate::UnaryOp::Hold, relation) => relation,
                (
                    crate::UnaryOp::AsInt | crate::UnaryOp::AsPtr | crate::UnaryOp::AsObj,
                    Relation::Same | Relation::Bits,
                ) => Relation::Bits,
                _ => Relation::None,
            },
            _ => Relation::None,
        }
    }

    fn is_made(&self) -> bool {
        let mut insts = self.func.blocks.iter().flat_map(|b| &b.insts).map(|&i| self.func.inst(i));
        insts.any(|data| matches!(data, InstData::Input { index } if *index == self.input))
    }

    fn run(&self, report: &mut Report<'_>) {
        let rpo = reverse_postorder(self.func);
        let nowhere: Possible = Some(BTreeSet::new());
        let mut starts = vec![nowhere; self.func.blocks.len()];
        let start = Owned::Count { least: self.owned, most: self.owned, in_slot: self.owned == 1 };
        starts[0] = Some(BTreeSet::from([start]));
        let mut changed = true;
        while changed {
            changed = false;
            for &block in &rpo {
                let mut state = starts[block.index()].clone();
                for &inst in &self.func.blocks[block.index()].insts {
                    self.step(inst, &mut state);
                }
                for (next, state) in self.outcomes(block, &state) {
                    let before = &starts[next.index()];
                    let joined = match (before, state) {
                        (Some(a), Some(b)) => Some(a | &b),
                        _ => None,
                    };
                    changed |= *before != joined;
                    starts[next.index()] = joined;
                }
            }
        }
        for &block in &rpo {
            let mut state = starts[block.index()].clone();
            for &inst in &self.func.blocks[block.index()].insts {
                self.judge(block, inst, &state, report);
                self.step(inst, &mut state);
            }
        }
    }

    /// How often the instruction consumes the input; `None` if that can't be told.
    fn consumes(&self, data: &InstData) -> Option<(i8, i8)> {
        use InstData::*;
        let unclear = std::cell::Cell::new(false);
        let count = |values: &[Value]| {
            let relations: Vec<Relation> = values.iter().map(|&v| self.relation(v)).collect();
            unclear.set(unclear.get() || relations.contains(&Relation::Bits));
            relations.iter().filter(|&&r| r == Relation::Same).count() as i8
        };
        let (least, most) = match data {
            Release { value } | ReleasePlain { value } => (count(&[*value]), count(&[*value])),
            Retain { value } => (-count(&[*value]), -count(&[*value])),
            NewFloat { reuse, .. } | NewInt { reuse, .. } => (count(reuse), count(reuse)),
            NewTuple { items, .. } => (count(items), count(items)),
            Store { value, base, offset } => {
                // Counts changed by hand.
                if count(&[*base]) > 0 && *offset == crate::Offset::Known(0) {
                    unclear.set(true);
                }
                (count(&[*value]), count(&[*value]))
            }
            Leave { arg, .. } | Enter { arg, .. } => (count(arg.as_slice()), count(arg.as_slice())),
            Call { helper, args } => {
                // Given the address of stack slots, a helper may consume what is in them.
                let slots = args.iter().any(|&arg| self.is_frame_address(arg, 6));
                let stolen = if may_steal(*helper) { count(args) } else { 0 };
                (0, stolen + i8::from(slots))
            }
            Jump { args, .. } => (0, count(args) * (LIMIT + 1)),
            Branch { then_args, otherwise_args, .. } => (0, (count(then_args) + count(otherwise_args)) * (LIMIT + 1)),
            Select { then, otherwise, .. } => (0, count(&[*then, *otherwise]) * (LIMIT + 1)),
            _ => (0, 0),
        };
        (!unclear.get() && most <= LIMIT).then_some((least, most))
    }

    /// The state after an instruction.
    fn step(&self, inst: Inst, state: &mut Possible) {
        let data = self.func.inst(inst);
        let Some(possible) = state else { return };
        let Some((low, high)) = self.consumes(data) else {
            *state = None;
            return;
        };
        let overwrites = overwritten_input(self.func, data, self.shape) == Some(self.input);
        let mut next = BTreeSet::new();
        for &owned in possible.iter() {
            next.insert(match owned {
                Owned::Nothing => Owned::Nothing,
                Owned::Count { least, most, in_slot } => {
                    let (least, most) = (least - high, most - low);
                    if least < -LIMIT || most > LIMIT {
                        *state = None;
                        return;
                    }
                    Owned::Count { least, most, in_slot: in_slot && !overwrites }
                }
            });
        }
        *possible = next;
        match data {
            InstData::Guard { condition, .. } => self.refine(*condition, true, possible),
            InstData::ErrorIf { condition } => self.refine(*condition, false, possible),
            _ if self.shows_bool(data) => *possible = possible.iter().map(|_| Owned::Nothing).collect(),
            _ => {}
        }
    }

    /// Whether the input is a bool, to judge by an instruction: where it is compared with one, the bytecode compiler promises so.
    fn shows_bool(&self, data: &InstData) -> bool {
        let is_input = |value: Value| self.relation(value) != Relation::None;
        let is_bool = |value: Value| {
            matches!(maker(self.func, value), Some(InstData::Global { global: Global::True | Global::False }))
        };
        match data {
            InstData::GuardExact { value, class: Global::BoolType } => is_input(*value),
            InstData::Compare { left, right, .. } => {
                is_input(*left) && is_bool(*right) || is_input(*right) && is_bool(*left)
            }
            _ => false,
        }
    }

    /// Whether a value points into the frame, as far as a few steps of arithmetic show.
    fn is_frame_address(&self, value: Value, steps: u8) -> bool {
        let Some(rest) = steps.checked_sub(1) else { return false };
        match maker(self.func, value) {
            Some(InstData::Frame) => true,
            Some(InstData::Address { base: arg, .. } | InstData::Unary { arg, .. }) => {
                self.is_frame_address(*arg, rest)
            }
            Some(InstData::Binary { left, right, .. }) => {
                self.is_frame_address(*left, rest) || self.is_frame_address(*right, rest)
            }
            _ => false,
        }
    }

    /// What follows for the input from a condition that is or isn't met.
    fn refine(&self, condition: Value, met: bool, possible: &mut BTreeSet<Owned>) {
        let Some(InstData::Compare { condition, left, right }) = maker(self.func, condition) else { return };
        let equal = match condition {
            Condition::Eq => met,
            Condition::Ne => !met,
            _ => return,
        };
        let other = match (self.relation(*left), self.relation(*right)) {
            (Relation::None, Relation::None) => return,
            (Relation::None, _) => *left,
            _ => *right,
        };
        match maker(self.func, other) {
            Some(InstData::Iconst { value: 0, .. }) if !equal => {
                possible.remove(&Owned::Nothing);
            }
            Some(InstData::Iconst { value: 0, .. } | InstData::Global { global: Global::None }) if equal => {
                *possible = possible.iter().map(|_| Owned::Nothing).collect();
            }
            _ => {}
        }
    }

    /// The states in which a block's successors are entered.
    fn outcomes(&self, block: Block, state: &Possible) -> Vec<(Block, Possible)> {
        let last = self.func.blocks[block.index()].insts.last().map(|&inst| self.func.inst(inst));
        match last {
            Some(InstData::Jump { to, .. }) => vec![(*to, state.clone())],
            Some(InstData::Branch { condition, then, otherwise, .. }) => {
                let refined = |met| {
                    let mut state = state.clone();
                    if let Some(possible) = &mut state {
                        self.refine(*condition, met, possible);
                    }
                    state
                };
                vec![(*then, refined(true)), (*otherwise, refined(false))]
            }
            _ => Vec::new(),
        }
    }

    /// Reports what is wrong at an instruction, given the state before it.
    fn judge(&self, block: Block, inst: Inst, state: &Possible, report: &mut Report<'_>) {
        let data = self.func.inst(inst);
        let Some(possible) = state else { return };
        let mut at_end = Some(possible.clone());
        match data {
            InstData::ErrorIf { condition } => {
                let mut failing = possible.clone();
                self.refine(*condition, true, &mut failing);
                self.untouched(block, inst, &failing, report);
            }
            InstData::Leave { to: Continuation::Error | Continuation::Exit | Continuation::Unreached, .. } => {
                self.untouched(block, inst, possible, report)
            }
            InstData::Leave {
                to:
                    Continuation::Next
                    | Continuation::Target
                    | Continuation::Return
                    | Continuation::FinishReturn
                    | Continuation::FinishYield
                    | Continuation::YieldThrough,
                ..
            } => {
                self.step(inst, &mut at_end);
                for owned in at_end.into_iter().flatten() {
                    match owned {
                        Owned::Count { least: 1.., .. } => {
                            report.inst(block, inst, format!("input {} is not consumed on some way here", self.input));
                        }
                        // Only what this instruction consumes is its own mistake.
                        Owned::Count { most: ..0, .. } if self.consumes(data).is_some_and(|c| c.0 > 0) => {
                            self.report_double(block, inst, report)
                        }
                        _ => {}
                    }
                }
            }
            _ => {
                let consumed = self.consumes(data).map_or(0, |c| c.0);
                let too_many = |owned: &Owned| matches!(owned, Owned::Count { most, .. } if *most < consumed);
                if consumed > 0 && possible.iter().any(too_many) {
                    self.report_double(block, inst, report);
                }
            }
        }
    }

    fn report_double(&self, block: Block, inst: Inst, report: &mut Report<'_>) {
        let what = if self.owned == 1 {
            "was consumed before on some way here"
        } else {
            "is borrowed; take or retain it first"
        };
        report.inst(block, inst, format!("input {} {what}", self.input));
    }

    /// The input is as it was when the operation started, or its slot holds something else and the reference is gone.
    fn untouched(&self, block: Block, inst: Inst, possible: &BTreeSet<Owned>, report: &mut Report<'_>) {
        for &owned in possible {
            let Owned::Count { least, most, in_slot } = owned else { continue };
            let wanted = i8::from(in_slot);
            if least > wanted {
                report.inst(
                    block,
                    inst,
                    format!("input {} has a reference too many on some way to here, where it could leave", self.input),
                );
            } else if most < wanted {
                report.inst(
                    block,
                    inst,
                    format!("input {} was consumed on some way here, but its slot still holds it", self.input),
                );
            }
        }
    }
}
