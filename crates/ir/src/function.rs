//! Functions: blocks of instructions over SSA values.

use crate::inst::InstData;
use crate::{Block, Inst, Type, Value};
use smallvec::SmallVec;

/// Where a value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueDef {
    /// Result `.1` of instruction `.0`.
    Result(Inst, u8),
    /// Parameter `.1` of block `.0`.
    Param(Block, u16),
}

/// A basic block.
#[derive(Clone, Debug, Default)]
pub struct BlockData {
    /// Parameters, given by jumps to the block.
    pub params: SmallVec<[Value; 2]>,
    /// Instructions; the last is a terminator once the block is complete.
    pub insts: Vec<Inst>,
    /// Seldom run: laid out away from the rest.
    pub cold: bool,
}

/// A function. Block 0 is where it starts.
#[derive(Clone, Debug, Default)]
pub struct Function {
    /// What it is called in dumps.
    pub name: String,
    /// Blocks, in layout order.
    pub blocks: Vec<BlockData>,
    insts: Vec<(InstData, SmallVec<[Value; 2]>)>,
    values: Vec<(ValueDef, Type)>,
}

impl Function {
    /// An empty function.
    pub fn new(name: impl Into<String>) -> Self {
        Function { name: name.into(), ..Default::default() }
    }

    /// Adds an empty block.
    pub fn add_block(&mut self) -> Block {
        self.blocks.push(BlockData::default());
        Block(self.blocks.len() as u32 - 1)
    }

    /// Adds a parameter to a block.
    pub fn add_param(&mut self, block: Block, ty: Type) -> Value {
        let index = self.blocks[block.index()].params.len() as u16;
        let value = self.add_value(ValueDef::Param(block, index), ty);
        self.blocks[block.index()].params.push(value);
        value
    }

    /// Appends an instruction to a block, with results of the given types.
    pub fn add_inst(&mut self, block: Block, data: InstData, results: &[Type]) -> Inst {
        let inst = Inst(self.insts.len() as u32);
        self.insts.push((data, SmallVec::new()));
        for (index, ty) in results.iter().enumerate() {
            let value = self.add_value(ValueDef::Result(inst, index as u8), *ty);
            self.insts[inst.index()].1.push(value);
        }
        self.blocks[block.index()].insts.push(inst);
        inst
    }

    fn add_value(&mut self, def: ValueDef, ty: Type) -> Value {
        self.values.push((def, ty));
        Value(self.values.len() as u32 - 1)
    }

    /// The instruction's operation and operands.
    pub fn inst(&self, inst: Inst) -> &InstData {
        &self.insts[inst.index()].0
    }

    /// The instruction's operation and operands, to change.
    pub fn inst_mut(&mut self, inst: Inst) -> &mut InstData {
        &mut self.insts[inst.index()].0
    }

    /// The instruction's results.
    pub fn results(&self, inst: Inst) -> &[Value] {
        &self.insts[inst.index()].1
    }

    /// Where the value is defined.
    pub fn def(&self, value: Value) -> ValueDef {
        self.values[value.index()].0
    }

    /// The value's type.
    pub fn ty(&self, value: Value) -> Type {
        self.values[value.index()].1
    }

    /// How many values there are.
    pub fn value_count(&self) -> usize {
        self.values.len()
    }

    /// How many instructions were ever added.
    pub fn inst_count(&self) -> usize {
        self.insts.len()
    }

    /// The blocks' names, in layout order.
    pub fn block_ids(&self) -> impl Iterator<Item = Block> + use<> {
        (0..self.blocks.len() as u32).map(Block)
    }
}
