//! Building functions: one method an instruction, and structured conditionals on top.
//!
//! References follow one rule: an *owned* value must be released, returned or stored exactly once; a *borrowed* input stays
//! with whoever owns it. [`Builder::release`] and [`Builder::take`] know which inputs are borrowed, so an operation is
//! written once for every combination.

mod calls;
mod control;
mod numbers;
mod objects;
mod operands;

use crate::inst::InstData;
use crate::region::Region;
use crate::{Block, Function, Inst, Offset, Type, Value, abi};

#[derive(Debug)]
pub struct Builder<'f> {
    /// The function being built.
    pub func: &'f mut Function,
    current: Block,
    /// Whether the current block already has its terminator.
    ended: bool,
    /// Whether `instr_ptr` is known to be this instruction's address here.
    pub(crate) saved: bool,
    borrowed: u32,
    pub(crate) region: Option<Box<Region>>,
}

impl<'f> Builder<'f> {
    /// Starts at a new first block.
    pub fn new(func: &'f mut Function) -> Self {
        let current = func.add_block();
        Builder { func, current, ended: false, saved: false, borrowed: 0, region: None }
    }

    /// Starts a region at a new first block: what `region` knows is left out of what is built.
    pub fn region(func: &'f mut Function, region: Region) -> Self {
        Builder { region: Some(Box::new(region)), ..Builder::new(func) }
    }

    /// What is known, while a region is built.
    pub fn knowledge(&mut self) -> Option<&mut Region> {
        self.region.as_deref_mut()
    }

    /// Whether a region is being built, where numbers may be kept out of their objects.
    pub fn in_region(&self) -> bool {
        self.region.is_some()
    }

    /// The block being built.
    pub fn current(&self) -> Block {
        self.current
    }

    pub(crate) fn push(&mut self, mut data: InstData, results: &[Type]) -> Inst {
        debug_assert!(!self.ended, "instruction after a terminator: {data:?}");
        self.show_used(&data);
        self.ended = data.is_terminator();
        let Some(region) = self.region.as_deref_mut() else {
            return self.func.add_inst(self.current, data, results);
        };
        if let Some(unwinding) = &mut region.unwinding {
            unwinding.note(&data);
        }
        data.for_each_use_mut(|value| *value = region.resolve(*value));
        if let InstData::Load { offset, .. } | InstData::Store { offset, .. } | InstData::Address { offset, .. } =
            &mut data
            && let Offset::Operand(operand, add) = *offset
        {
            // What the instruction names is in a value, not in its slot.
            region.unsupported |= operand == abi::operand::LOCAL;
            *offset = Offset::Known(region.operands[operand as usize].wrapping_add(add));
        }
        let exit = region.exit.filter(|_| data.has_state());
        let inst = self.func.add_inst(self.current, data, results);
        if let Some(exit) = exit {
            self.func.set_state(inst, exit);
        }
        inst
    }

    pub(crate) fn value(&mut self, data: InstData, ty: Type) -> Value {
        let inst = self.push(data, &[ty]);
        self.func.results(inst)[0]
    }
}
