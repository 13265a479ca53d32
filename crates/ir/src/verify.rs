//! Checking functions.
//!
//! [`verify`] checks what every function must obey: blocks end in terminators, definitions dominate uses, operands have the
//! right types. [`verify_operation`] also checks the rules of bytecode operations: nothing is consumed or changed before a guard, inputs are consumed
//! exactly once.
//!
//! Both report everything they find. Cost: one pass over the instructions, and a few over the blocks.

mod dominators;
mod floats;
mod operation;
mod ownership;
mod types;

pub use dominators::Dominators;
pub use operation::{OperationShape, verify_operation};

use crate::{Block, Continuation, Function, Inst, InstData, Value, ValueDef};
use std::fmt;

/// A rule that a function breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifyError {
    /// Where.
    pub block: Block,
    /// At which instruction; `None` is for the block as a whole.
    pub inst: Option<Inst>,
    /// The instruction, or the block's first line, in the text form.
    pub text: String,
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.inst {
            Some(_) => write!(f, "{}: `{}`: {}", self.block, self.text, self.message),
            None => write!(f, "`{}`: {}", self.text, self.message),
        }
    }
}

impl std::error::Error for VerifyError {}

/// Collects errors about one function.
pub(crate) struct Report<'f> {
    func: &'f Function,
    errors: Vec<VerifyError>,
}

impl<'f> Report<'f> {
    fn new(func: &'f Function) -> Self {
        Report { func, errors: Vec::new() }
    }

    fn inst(&mut self, block: Block, inst: Inst, message: impl Into<String>) {
        let error =
            VerifyError { block, inst: Some(inst), text: self.func.display_inst(inst), message: message.into() };
        // An analysis that goes round a loop finds the same twice.
        if !self.errors.contains(&error) {
            self.errors.push(error);
        }
    }

    fn block(&mut self, block: Block, message: impl Into<String>) {
        self.errors.push(VerifyError {
            block,
            inst: None,
            text: self.func.display_header(block),
            message: message.into(),
        });
    }

    fn finish(self) -> Result<(), Vec<VerifyError>> {
        if self.errors.is_empty() { Ok(()) } else { Err(self.errors) }
    }
}

/// Checks a function's structure and types.
pub fn verify(func: &Function) -> Result<(), Vec<VerifyError>> {
    let mut report = Report::new(func);
    if func.blocks.is_empty() {
        let text = format!("function {:?}", func.name);
        let message = "there is no block to start at".into();
        return Err(vec![VerifyError { block: Block(0), inst: None, text, message }]);
    }
    blocks(func, &mut report);
    references(func, &mut report);
    // What follows looks up what operands and targets refer to.
    if report.errors.is_empty() {
        definitions(func, &mut report);
        types::check(func, &mut report);
        continuations(func, &mut report);
    }
    report.finish()
}

/// Each block has one terminator, at its end; each instruction and parameter is in its place once.
fn blocks(func: &Function, report: &mut Report<'_>) {
    let mut placed = vec![false; func.inst_count()];
    let jumped_to = jumped_to(func);
    for block in func.block_ids() {
        let data = &func.blocks[block.index()];
        let Some((&last, before)) = data.insts.split_last() else {
            // Passes empty the blocks that nothing leads to, so that the others keep their numbers.
            if block == Block(0) || jumped_to[block.index()] || !data.params.is_empty() {
                report.block(block, "the block is empty");
            }
            continue;
        };
        for &inst in before {
            if func.inst(inst).is_terminator() {
                report.inst(block, inst, "a terminator before the end of its block");
            }
        }
        if !func.inst(last).is_terminator() {
            report.inst(block, last, "the block does not end in a terminator");
        }
        for &inst in &data.insts {
            if std::mem::replace(&mut placed[inst.index()], true) {
                report.inst(block, inst, "the instruction is in a block twice");
            }
        }
    }
    if !func.blocks[0].params.is_empty() {
        report.block(Block(0), "the first block can have no parameters");
    }
}

/// Which blocks some instruction goes to.
fn jumped_to(func: &Function) -> Vec<bool> {
    let mut jumped_to = vec![false; func.blocks.len()];
    for &inst in func.blocks.iter().flat_map(|b| &b.insts) {
        for target in targets(func.inst(inst)).filter(|t| t.index() < func.blocks.len()) {
            jumped_to[target.index()] = true;
        }
    }
    jumped_to
}

/// Operands and targets exist.
fn references(func: &Function, report: &mut Report<'_>) {
    for block in func.block_ids() {
        for &inst in &func.blocks[block.index()].insts {
            func.inst(inst).for_each_use(|value| {
                if value.index() >= func.value_count() {
                    report.inst(block, inst, format!("there is no {value}"));
                }
            });
            let state = exit_state(func, inst, |value| {
                if value.index() >= func.value_count() {
                    report.inst(block, inst, format!("there is no {value}, which the exit needs"));
                }
            });
            if !state {
                report.inst(block, inst, "there is no such state");
            }
            for target in targets(func.inst(inst)) {
                if target.index() >= func.blocks.len() {
                    report.inst(block, inst, format!("there is no {target}"));
                } else if target == Block(0) {
                    report.inst(block, inst, "nothing may jump to the first block");
                }
            }
        }
    }
}

/// Calls `visit` on every value that the exit at an instruction needs. False if the state does not exist.
///
/// A state at an instruction that can't exit is for what a pass may put there; its values may be gone.
fn exit_state(func: &Function, inst: Inst, visit: impl FnMut(Value)) -> bool {
    let Some(id) = func.state_of(inst) else { return true };
    let Some(state) = func.states.get(id.index()) else { return false };
    if func.inst(inst).can_exit() {
        state.for_each_use(visit);
    }
    true
}

/// The blocks that an instruction can go to.
pub(crate) fn targets(data: &InstData) -> impl Iterator<Item = Block> + use<> {
    let (first, second) = match data {
        InstData::Jump { to, .. } => (Some(*to), None),
        InstData::Branch { then, otherwise, .. } => (Some(*then), Some(*otherwise)),
        _ => (None, None),
    };
    first.into_iter().chain(second)
}

/// Definitions dominate uses. In blocks that nothing reaches anything goes.
fn definitions(func: &Function, report: &mut Report<'_>) {
    let dominators = Dominators::of(func);
    // Where each value is defined: the block and, for results, the index of the instruction plus one.
    let mut places: Vec<Option<(Block, usize)>> = vec![None; func.value_count()];
    for block in func.block_ids() {
        let data = &func.blocks[block.index()];
        for &param in &data.params {
            places[param.index()] = Some((block, 0));
        }
        for (index, &inst) in data.insts.iter().enumerate() {
            for &result in func.results(inst) {
                places[result.index()] = Some((block, index + 1));
            }
        }
    }
    for block in func.block_ids().filter(|&b| dominators.is_reachable(b)) {
        for (index, &inst) in func.blocks[block.index()].insts.iter().enumerate() {
            let mut check = |value: Value| match places[value.index()] {
                None => report.inst(block, inst, format!("{value} is not defined")),
                Some((home, at)) if home == block && at > index => {
                    report.inst(block, inst, format!("{value} is used before it is defined"));
                }
                Some((home, _)) if home != block && !dominators.dominates(home, block) => {
                    report.inst(block, inst, format!("{value} is defined in {home}, which not every way here passes"));
                }
                Some(_) => {}
            };
            func.inst(inst).for_each_use(&mut check);
            exit_state(func, inst, check);
        }
    }
}

/// A continuation is left to with a value always or never: it has one signature.
fn continuations(func: &Function, report: &mut Report<'_>) {
    let mut seen: [Option<bool>; Continuation::ALL.len()] = [None; Continuation::ALL.len()];
    for block in func.block_ids() {
        for &inst in &func.blocks[block.index()].insts {
            let InstData::Leave { to, arg } = func.inst(inst) else { continue };
            let with = arg.is_some();
            if seen[*to as usize].is_some_and(|before| before != with) {
                report.inst(
                    block,
                    inst,
                    format!("`{}` is left to with a value and without one in one function", to.name()),
                );
            }
            seen[*to as usize] = Some(with);
        }
    }
}

/// The instruction that makes a value, if it is the first result of one.
pub(crate) fn maker(func: &Function, value: Value) -> Option<&InstData> {
    match func.def(value) {
        ValueDef::Result(inst, 0) => Some(func.inst(inst)),
        _ => None,
    }
}
