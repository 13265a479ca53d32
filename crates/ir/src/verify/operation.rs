//! The rules of bytecode operations.
//!
//! * Nothing is consumed or changed on a way to a guard: the generic operation starts over at `miss`.
//! * An input is not read once its stack slot was overwritten. In a stencil an input is read from its slot at each use, so a value that is
//!   needed longer goes through [`crate::Builder::hold`] first.
//! * Inputs are consumed exactly once: see `ownership`.
//! * No float is in use where an object may be destroyed: see `floats`.

use super::dominators::{reverse_postorder, successors};
use super::{Report, VerifyError, floats, maker, ownership, verify};
use crate::{Continuation, Effects, Function, InstData, Offset, Value, abi};

/// How many inputs an operation can have.
pub(super) const INPUTS: u8 = abi::operand::OUTPUT - abi::operand::INPUT;

/// What the rules need to know about an operation beyond its function.
#[derive(Clone, Copy, Debug, Default)]
pub struct OperationShape {
    /// How many inputs, counted from the lowest, stay on the stack.
    pub keeps: u8,
    /// Which inputs are borrowed, as bits.
    pub borrowed: u8,
}

impl OperationShape {
    /// The input whose stack slot output `output` is written to, if that input is there.
    fn overwritten_by(self, output: u8) -> Option<u8> {
        let input = self.keeps.saturating_add(output);
        (input < INPUTS && self.borrowed >> input & 1 == 0).then_some(input)
    }
}

/// Checks a function as [`verify`] does, and by the rules of operations.
pub fn verify_operation(func: &Function, shape: OperationShape) -> Result<(), Vec<VerifyError>> {
    verify(func)?;
    let mut report = Report::new(func);
    // What was done on some way to the start of each block.
    let mut done: Vec<Option<Done>> = vec![None; func.blocks.len()];
    done[0] = Some(Done::default());
    let rpo = reverse_postorder(func);
    let mut changed = true;
    while changed {
        changed = false;
        for &block in &rpo {
            let Some(mut state) = done[block.index()] else { continue };
            for &inst in &func.blocks[block.index()].insts {
                state.add(func, func.inst(inst), shape);
            }
            for next in successors(func, block) {
                let joined = done[next.index()].map_or(state, |before| before.join(state));
                changed |= done[next.index()] != Some(joined);
                done[next.index()] = Some(joined);
            }
        }
    }
    for &block in &rpo {
        let Some(mut state) = done[block.index()] else { continue };
        for &inst in &func.blocks[block.index()].insts {
            let data = func.inst(inst);
            if let (true, Some(change)) = (may_miss(data), state.change) {
                report.inst(block, inst, format!("a guard after {change}: nothing may be consumed or changed before"));
            }
            data.for_each_use(|value| {
                if let Some(InstData::Input { index }) = maker(func, value)
                    && state.overwritten >> index & 1 != 0
                {
                    report.inst(block, inst, format!("{value} is read after its slot was overwritten; hold it before"));
                }
            });
            state.add(func, data, shape);
        }
    }
    ownership::check(func, shape, &mut report);
    floats::check(func, &mut report);
    report.finish()
}

fn may_miss(data: &InstData) -> bool {
    matches!(
        data,
        InstData::Guard { .. } | InstData::GuardExact { .. } | InstData::Leave { to: Continuation::Miss, .. }
    )
}

/// What was done on a way to some place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Done {
    /// The first change found.
    change: Option<&'static str>,
    /// Inputs whose slots were overwritten, as bits.
    overwritten: u8,
}

impl Done {
    fn join(self, other: Done) -> Done {
        Done { change: self.change.or(other.change), overwritten: self.overwritten | other.overwritten }
    }

    fn add(&mut self, func: &Function, data: &InstData, shape: OperationShape) {
        self.change = self.change.or(change(data));
        if let Some(input) = overwritten_input(func, data, shape) {
            self.overwritten |= 1 << input;
        }
    }
}

/// What the instruction changes that the generic operation would see, if anything.
fn change(data: &InstData) -> Option<&'static str> {
    use InstData::*;
    match data {
        Retain { .. } => Some("adding a reference"),
        Release { .. } | ReleasePlain { .. } => Some("dropping a reference"),
        Store { .. } => Some("a store"),
        NewFloat { .. } | NewInt { .. } | NewNumber { .. } | LateNumber { .. } | NewTuple { .. } | LateTuple { .. } => {
            Some("making an object")
        }
        Call { helper, .. } if helper.signature().effects.contains(Effects::ESCAPES) => {
            Some("a call that may run Python code")
        }
        CallPointer { .. } => Some("a call of a C function"),
        Recurse { .. } => Some("a call of the function itself"),
        Call { .. }
        | Iconst { .. }
        | Fconst { .. }
        | Operand32 { .. }
        | Pointer { .. }
        | Global { .. }
        | Frame
        | ThreadState
        | ActivationField { .. }
        | Input { .. }
        | Received
        | Argument { .. }
        | Load { .. }
        | Address { .. }
        | Instance { .. }
        | Empty { .. }
        | LateIterator { .. }
        | Unary { .. }
        | Binary { .. }
        | Overflowing { .. }
        | Compare { .. }
        | FloatCompare { .. }
        | Select { .. }
        | Guard { .. }
        | GuardExact { .. }
        | ErrorIf { .. }
        | FloatValue { .. }
        | IntValue { .. }
        | UnboxInt { .. }
        | SaveInstr
        | Jump { .. }
        | Branch { .. }
        | Leave { .. }
        | Enter { .. } => None,
    }
}

/// The input whose slot the instruction overwrites, if it is known to.
pub(super) fn overwritten_input(func: &Function, data: &InstData, shape: OperationShape) -> Option<u8> {
    use abi::operand::{INPUT, LOCAL, OUTPUT};
    let InstData::Store { base, offset: Offset::Operand(operand, 0), .. } = *data else { return None };
    if !is_frame(func, base) {
        return None;
    }
    match operand {
        INPUT..OUTPUT => Some(operand - INPUT),
        OUTPUT..LOCAL => shape.overwritten_by(operand - OUTPUT),
        _ => None,
    }
}

fn is_frame(func: &Function, value: Value) -> bool {
    matches!(maker(func, value), Some(InstData::Frame))
}
