//! Basic blocks and the ways between them.
//!
//! A block starts at the entry, at a jump target, at a handler, and after an instruction that jumps, ends the frame, or
//! suspends it. Exception edges are kept per block as a range of the exception table: blocks are not cut where a
//! `try` begins or ends, so an entry may cover a part of a block only.
//!
//! One depth-first walk from the entry finds what is reachable, the loops, and a postorder for the passes that follow. An edge is
//! a back-edge when it leads to a block the walk is still in; not every backward jump is one, as CPython moves cold
//! code to the end, from where it jumps back.

use crate::decode::{Instr, NONE};
use crate::error::DecodeError;
use crate::exceptions::Handler;
use bitflags::bitflags;

bitflags! {
    /// What the control-flow graph says about an instruction. All but `BACK_EDGE` are about the first of a block.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub struct Marks: u8 {
        /// First instruction of a block.
        const LEADER = 1;
        /// Some jump leads here.
        const TARGET = 2;
        /// An exception handler starts here.
        const HANDLER = 4;
        /// A suspended frame goes on here.
        const RESUME_POINT = 8;
        /// Where a loop is entered and repeated.
        const LOOP_HEADER = 16;
        /// Its jump repeats a loop.
        const BACK_EDGE = 32;
        /// Set on a block's first instruction: control can come here.
        const REACHABLE = 64;
    }
}

/// A basic block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    /// Its first instruction.
    pub first: u32,
    /// The instruction after its last.
    pub end: u32,
    /// First entry of the exception table that covers some of it.
    pub first_handler: u32,
    /// One past the last.
    pub end_handler: u32,
    successors: [u32; 3],
    successor_count: u32,
}

impl Block {
    /// The blocks where control can go from its end: fallthrough first, then the jump target, then, for `FOR_ITER`, where
    /// it goes when exhausted. Handlers are not among them.
    #[inline]
    pub fn successors(&self) -> &[u32] {
        &self.successors[..self.successor_count as usize]
    }

    fn add_successor(&mut self, block: u32) {
        self.successors[self.successor_count as usize] = block;
        self.successor_count += 1;
    }
}

/// How far the walk is with a block.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Walk {
    New,
    Inside,
    Done,
}

/// The graph's buffers.
#[derive(Default)]
pub(crate) struct Graph {
    /// By instruction, for as many as there are; those that an instruction gives the next are made by whoever decodes it.
    pub marks: Vec<Marks>,
    /// By instruction, for as many as there are.
    pub block_of: Vec<u32>,
    pub blocks: Vec<Block>,
    /// Reachable blocks as the walk came to them: each after one of its predecessors.
    pub preorder: Vec<u32>,
    /// Reachable blocks as the walk left them.
    pub postorder: Vec<u32>,
    pub has_loop: bool,
    /// By entry of the exception table: the block where the handler starts.
    pub handler_blocks: Vec<u32>,
    /// First instruction of each block, and the number of instructions; what follows is of no meaning.
    firsts: Vec<u32>,
    walk: Vec<Walk>,
    /// Blocks the walk is in, with the number of edges taken.
    path: Vec<(u32, u32)>,
}

impl Graph {
    pub fn build(
        &mut self,
        instrs: &[Instr],
        jumps: &[u32],
        numbers: &[u32],
        handlers: &[Handler],
    ) -> Result<(), DecodeError> {
        self.mark_leaders(instrs, jumps, numbers, handlers)?;
        let count = self.cut_blocks(instrs.len());
        self.link_blocks(instrs, handlers, count);
        self.handler_blocks.clear();
        for handler in handlers {
            let first = numbers[handler.target as usize];
            self.handler_blocks.push(self.block_of[first as usize]);
        }
        self.walk(instrs);
        Ok(())
    }

    fn mark_leaders(
        &mut self,
        instrs: &[Instr],
        jumps: &[u32],
        numbers: &[u32],
        handlers: &[Handler],
    ) -> Result<(), DecodeError> {
        for &number in jumps {
            let jump = &instrs[number as usize];
            self.marks[jump.target as usize] |= Marks::LEADER | Marks::TARGET;
            if let Some(exhausted) = jump.exhausted() {
                self.marks[exhausted as usize] |= Marks::LEADER | Marks::TARGET;
            }
        }
        for handler in handlers {
            let number = *numbers.get(handler.target as usize).unwrap_or(&NONE);
            match instrs.get(number as usize) {
                Some(instr) if instr.start == handler.target => {}
                _ => return Err(DecodeError::BadExceptionTable),
            }
            if handler.end as usize > numbers.len() {
                return Err(DecodeError::BadExceptionTable);
            }
            self.marks[number as usize] |= Marks::LEADER | Marks::HANDLER;
        }
        Ok(())
    }

    /// Numbers the blocks and finds where each starts; says how many there are. Without branches, as leaders can't be predicted.
    fn cut_blocks(&mut self, length: usize) -> usize {
        // What earlier code objects left there is overwritten.
        if self.firsts.len() <= length {
            self.firsts.resize(length + 1, 0);
            self.block_of.resize(length, 0);
        }
        let mut count = 0;
        for (number, (marks, block)) in self.marks[..length].iter().zip(&mut self.block_of).enumerate() {
            // Overwritten until the instruction is a leader.
            self.firsts[count] = number as u32;
            count += usize::from(marks.bits() & Marks::LEADER.bits());
            *block = count as u32 - 1;
        }
        self.firsts[count] = length as u32;
        count
    }

    fn link_blocks(&mut self, instrs: &[Instr], handlers: &[Handler], count: usize) {
        self.blocks.clear();
        let mut handler = 0;
        for (number, bounds) in self.firsts[..=count].windows(2).enumerate() {
            let (first, end) = (bounds[0], bounds[1]);
            let last = &instrs[end as usize - 1];
            // Entries are sorted, so one pointer moves along.
            let start_unit = instrs[first as usize].start;
            while handler < handlers.len() && handlers[handler].end <= start_unit {
                handler += 1;
            }
            let mut end_handler = handler;
            while end_handler < handlers.len() && handlers[end_handler].start < last.next {
                end_handler += 1;
            }
            let mut block = Block {
                first,
                end,
                first_handler: handler as u32,
                end_handler: end_handler as u32,
                successors: [NONE; 3],
                successor_count: 0,
            };
            if last.flow.falls_through() && (end as usize) < instrs.len() {
                block.add_successor(number as u32 + 1);
            }
            if last.target != NONE {
                block.add_successor(self.block_of[last.target as usize]);
            }
            if let Some(exhausted) = last.exhausted() {
                block.add_successor(self.block_of[exhausted as usize]);
            }
            self.blocks.push(block);
        }
    }

    fn walk(&mut self, instrs: &[Instr]) {
        self.walk.clear();
        self.walk.resize(self.blocks.len(), Walk::New);
        self.preorder.clear();
        self.postorder.clear();
        self.path.clear();
        self.has_loop = false;
        self.enter(0);
        while let Some(top) = self.path.last_mut() {
            let (block, edge) = *top;
            top.1 += 1;
            let Some(to) = self.edge(block, edge) else {
                self.path.pop();
                self.walk[block as usize] = Walk::Done;
                self.postorder.push(block);
                continue;
            };
            match self.walk[to as usize] {
                Walk::New => self.enter(to),
                Walk::Inside => self.mark_back_edge(instrs, block, to),
                Walk::Done => {}
            }
        }
    }

    fn enter(&mut self, block: u32) {
        self.walk[block as usize] = Walk::Inside;
        self.marks[self.blocks[block as usize].first as usize] |= Marks::REACHABLE;
        self.preorder.push(block);
        self.path.push((block, 0));
    }

    fn mark_back_edge(&mut self, instrs: &[Instr], from: u32, to: u32) {
        self.has_loop = true;
        let header = self.blocks[to as usize].first;
        self.marks[header as usize] |= Marks::LOOP_HEADER;
        let last = self.blocks[from as usize].end - 1;
        if instrs[last as usize].target == header {
            self.marks[last as usize] |= Marks::BACK_EDGE;
        }
    }

    /// A block's edges by number: first the ordinary ones, then those to handlers.
    #[inline]
    fn edge(&self, block: u32, edge: u32) -> Option<u32> {
        let block = &self.blocks[block as usize];
        if edge < block.successor_count {
            return Some(block.successors[edge as usize]);
        }
        let entry = block.first_handler + edge - block.successor_count;
        (entry < block.end_handler).then(|| self.handler_blocks[entry as usize])
    }

    /// Where the handlers of a block start.
    pub fn handler_blocks_of(&self, block: u32) -> &[u32] {
        let block = &self.blocks[block as usize];
        &self.handler_blocks[block.first_handler as usize..block.end_handler as usize]
    }

    pub fn handlers_of<'h>(&self, handlers: &'h [Handler], block: u32) -> &'h [Handler] {
        let block = &self.blocks[block as usize];
        &handlers[block.first_handler as usize..block.end_handler as usize]
    }
}
