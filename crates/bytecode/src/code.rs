//! The result of the analysis.

use crate::cache::Cache;
use crate::cfg::{Block, Graph, Marks};
use crate::decode::{CodeInput, Instr, NONE};
use crate::exceptions::{self, Handler};

/// A decoded and analysed code object: a view on a [`Decoder`](crate::Decoder)'s buffers. Instructions and blocks are numbered from 0.
#[derive(Clone, Copy)]
pub struct Code<'s> {
    pub(crate) input: CodeInput<'s>,
    pub(crate) instrs: &'s [Instr],
    pub(crate) numbers: &'s [u32],
    pub(crate) handlers: &'s [Handler],
    pub(crate) graph: &'s Graph,
    pub(crate) depths: &'s [i32],
    pub(crate) max_depth: u32,
}

impl<'s> Code<'s> {
    /// What was decoded.
    pub fn input(&self) -> CodeInput<'s> {
        self.input
    }

    /// All instructions, in order.
    pub fn instrs(&self) -> &'s [Instr] {
        self.instrs
    }

    /// The instruction that covers a unit (its opcode or an `EXTENDED_ARG` before it); none for a cache.
    pub fn at_unit(&self, unit: u32) -> Option<u32> {
        let number = *self.numbers.get(unit as usize)?;
        (number != NONE).then_some(number)
    }

    /// What the control-flow graph says about an instruction.
    pub fn marks(&self, instr: u32) -> Marks {
        self.graph.marks[instr as usize]
    }

    /// Whether an instruction begins a basic block.
    pub fn is_leader(&self, instr: u32) -> bool {
        self.marks(instr).contains(Marks::LEADER)
    }

    /// Whether control can come to an instruction at all.
    pub fn is_reachable(&self, instr: u32) -> bool {
        self.depths[instr as usize] >= 0
    }

    /// Values on the stack before an instruction; none when it is unreachable.
    pub fn depth(&self, instr: u32) -> Option<u32> {
        u32::try_from(self.depths[instr as usize]).ok()
    }

    /// Depths of all instructions, −1 for those that are unreachable.
    pub fn depths(&self) -> &'s [i32] {
        self.depths
    }

    /// The deepest the stack gets between instructions.
    pub fn max_depth(&self) -> u32 {
        self.max_depth
    }

    /// The basic blocks, in the order of the code.
    pub fn blocks(&self) -> &'s [Block] {
        &self.graph.blocks
    }

    /// The block that an instruction is in.
    pub fn block_of(&self, instr: u32) -> u32 {
        self.graph.block_of[instr as usize]
    }

    /// The blocks where control can go from the end of a block, handlers not included.
    pub fn successors(&self, block: u32) -> &'s [u32] {
        self.graph.blocks[block as usize].successors()
    }

    /// The blocks that are reachable, each before those it dominates.
    pub fn reverse_postorder(&self) -> impl DoubleEndedIterator<Item = u32> + 's {
        self.graph.postorder.iter().rev().copied()
    }

    /// Whether the code has a loop.
    pub fn has_loop(&self) -> bool {
        self.graph.has_loop
    }

    /// The exception table.
    pub fn handlers(&self) -> &'s [Handler] {
        self.handlers
    }

    /// The exception table's entries that cover some part of a block.
    pub fn handlers_of_block(&self, block: u32) -> &'s [Handler] {
        self.graph.handlers_of(self.handlers, block)
    }

    /// The exception table's entry for an instruction.
    pub fn handler_of(&self, instr: u32) -> Option<&'s Handler> {
        exceptions::find(self.handlers, self.instrs[instr as usize].index)
    }

    /// The instruction where a handler starts.
    pub fn handler_target(&self, handler: &Handler) -> u32 {
        self.numbers[handler.target as usize]
    }

    /// The inline cache of an instruction.
    pub fn cache(&self, instr: u32) -> Cache<'s> {
        let instr = &self.instrs[instr as usize];
        Cache::new(&self.input.units[instr.index as usize + 1..instr.next as usize])
    }
}
