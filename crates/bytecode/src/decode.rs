//! Code units to instructions.
//!
//! A unit is an opcode and an operand byte. `EXTENDED_ARG` units put more operand bytes in front; inline caches follow
//! the opcode. Specialised and instrumented opcodes keep the operand and the caches of the plain one, so jump targets
//! are computed from the plain opcode.

use crate::cache::Cache;
use crate::cfg::{Block, Graph, Marks};
use crate::depth;
use crate::exceptions::{self, Handler};
use crate::info::{Flow, INFO, Status};
use thiserror::Error;
use whipsnake_cpython::opcode as op;

/// No instruction, block, or handler.
pub const NONE: u32 = u32::MAX;

/// What `EXTENDED_ARG`s may add up to, so that stack effects can be computed in 32 bits.
const MAX_PREFIX: u32 = 1 << 20;

/// What is decoded: the parts of a code object, as plain data.
#[derive(Clone, Copy, Debug, Default)]
pub struct CodeInput<'a> {
    /// The adaptive code, caches included: opcode in the low byte, operand in the high byte.
    pub units: &'a [u16],
    /// `co_exceptiontable`.
    pub exception_table: &'a [u8],
    /// Number of locals, cells, and free variables.
    pub nlocalsplus: u32,
    /// `co_stacksize`.
    pub stacksize: u32,
    /// `_co_firsttraceable`, in units.
    pub first_traceable: u32,
    /// `co_flags`.
    pub flags: u32,
}

/// One instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instr {
    /// The opcode as found: possibly specialised or instrumented.
    pub opcode: u8,
    /// The opcode without specialisation and instrumentation.
    pub base: u8,
    /// How control leaves it.
    pub flow: Flow,
    /// The operand, `EXTENDED_ARG` folded in.
    pub oparg: u32,
    /// Unit of the first `EXTENDED_ARG`, or of the opcode.
    pub start: u32,
    /// Unit of the opcode: what `instr_ptr` points at while it runs.
    pub index: u32,
    /// Unit after the caches.
    pub next: u32,
    /// Number of the instruction that the operand names, or [`NONE`]. For `FOR_ITER` this is the `END_FOR`; see
    /// [`Instr::exhausted`].
    pub target: u32,
}

impl Instr {
    /// The opcode's name, as found.
    pub fn name(&self) -> &'static str {
        op::NAMES[self.opcode as usize]
    }

    /// Whether the interpreter has specialised it.
    pub fn is_specialised(&self) -> bool {
        self.opcode != self.base && op::DEINSTRUMENT[self.opcode as usize] == 0
    }

    /// Whether it is instrumented by `sys.monitoring`.
    pub fn is_instrumented(&self) -> bool {
        op::DEINSTRUMENT[self.opcode as usize] != 0
    }

    /// For `FOR_ITER`: the instruction where an exhausted iterator goes on, with the iterator popped. It is past the
    /// `END_FOR` and `POP_TOP` at the target.
    pub fn exhausted(&self) -> Option<u32> {
        (self.flow == Flow::ForIter).then(|| self.target + 2)
    }
}

/// Why a code object can't be decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum DecodeError {
    /// The code ends in the middle of an instruction or its caches, or control can run off its end.
    #[error("the code ends in the middle of an instruction that starts at unit {index}")]
    Truncated {
        /// Where the instruction starts.
        index: u32,
    },
    /// An opcode that this version of CPython does not have, or a cache unit where an instruction should be.
    #[error("unknown opcode {opcode} at unit {index}")]
    UnknownOpcode {
        /// The opcode.
        opcode: u8,
        /// Its unit.
        index: u32,
    },
    /// An operand beyond anything that can be meant.
    #[error("huge operand at unit {index}")]
    HugeOperand {
        /// The unit of an `EXTENDED_ARG`.
        index: u32,
    },
    /// `ENTER_EXECUTOR`: another compiler has replaced the instruction.
    #[error("another compiler's executor at unit {index}")]
    Executor {
        /// Its unit.
        index: u32,
    },
    /// A line or instruction event covers the opcode, which is stored elsewhere.
    #[error("line or instruction event at unit {index}")]
    Instrumented {
        /// Its unit.
        index: u32,
    },
    /// A jump that does not lead to the start of an instruction.
    #[error("jump at unit {index} does not lead to an instruction")]
    BadTarget {
        /// The unit of the jump.
        index: u32,
    },
    /// A `FOR_ITER` whose target is not `END_FOR` followed by `POP_TOP`.
    #[error("the loop at unit {index} does not end with END_FOR and POP_TOP")]
    BadLoopEnd {
        /// The unit of the `FOR_ITER`.
        index: u32,
    },
    /// The exception table is not sorted, or names units that are not there.
    #[error("malformed exception table")]
    BadExceptionTable,
    /// An instruction takes more values than there are, or a handler expects more.
    #[error("value stack underflow at unit {index}")]
    StackUnderflow {
        /// The unit of the instruction.
        index: u32,
    },
    /// The stack grows beyond `co_stacksize`.
    #[error("value stack overflow at unit {index}")]
    StackOverflow {
        /// The unit of the instruction.
        index: u32,
    },
    /// Two ways to an instruction bring different stack depths.
    #[error("stack depths {first} and {second} meet at unit {index}")]
    DepthMismatch {
        /// The unit of the instruction.
        index: u32,
        /// The depth found first.
        first: u32,
        /// The depth that disagrees.
        second: u32,
    },
    /// A local variable's number is not below `nlocalsplus`.
    #[error("no such local at unit {index}")]
    BadLocal {
        /// The unit of the instruction.
        index: u32,
    },
}

/// The buffers of the analysis, to be kept and used again.
#[derive(Default)]
pub struct Decoder {
    instrs: Vec<Instr>,
    /// Unit to instruction; [`NONE`] for caches.
    numbers: Vec<u32>,
    /// The instructions that have a target.
    jumps: Vec<u32>,
    handlers: Vec<Handler>,
    graph: Graph,
    depths: Vec<i32>,
    entry_depths: Vec<i32>,
}

impl Decoder {
    /// Makes a decoder with empty buffers.
    pub fn new() -> Self {
        Self::default()
    }

    /// Decodes `input` and finds its blocks and stack depths. The result lives until the decoder is used again.
    pub fn analyse<'s>(&'s mut self, input: CodeInput<'s>) -> Result<Code<'s>, DecodeError> {
        self.decode(input.units)?;
        self.resolve_targets()?;
        exceptions::parse(input.exception_table, &mut self.handlers)
            .ok_or(DecodeError::BadExceptionTable)?;
        self.graph
            .build(&self.instrs, &self.jumps, &self.numbers, &self.handlers)?;
        let peak = depth::run(
            &self.instrs,
            &self.handlers,
            &self.graph,
            input.stacksize,
            &mut self.depths,
            &mut self.entry_depths,
        )?;
        Ok(Code {
            input,
            instrs: &self.instrs,
            numbers: &self.numbers,
            handlers: &self.handlers,
            graph: &self.graph,
            depths: &self.depths,
            max_depth: peak,
        })
    }

    fn decode(&mut self, units: &[u16]) -> Result<(), DecodeError> {
        self.instrs.clear();
        self.instrs.reserve(units.len());
        self.jumps.clear();
        self.jumps.resize(units.len() + 1, NONE);
        self.numbers.clear();
        self.numbers.resize(units.len(), NONE);
        let numbers = &mut self.numbers[..units.len()];
        let mut jump_count = 0;
        let mut position = 0;
        let mut start = 0;
        let mut prefix = 0u32;
        while position < units.len() {
            let unit = units[position];
            let opcode = unit as u8;
            let info = INFO[opcode as usize];
            let number = self.instrs.len() as u32;
            numbers[position] = number;
            let oparg = prefix | u32::from(unit >> 8);
            let index = position as u32;
            if info.status != Status::Valid {
                match info.status {
                    Status::ExtendedArg if oparg < MAX_PREFIX => {
                        prefix = oparg << 8;
                        position += 1;
                        continue;
                    }
                    Status::ExtendedArg => return Err(DecodeError::HugeOperand { index }),
                    Status::Executor => return Err(DecodeError::Executor { index }),
                    Status::Instrumented => return Err(DecodeError::Instrumented { index }),
                    _ => return Err(DecodeError::UnknownOpcode { opcode, index }),
                }
            }
            position += 1 + info.caches as usize;
            // Overwritten until the instruction is a jump: that can't be predicted, so no branch.
            self.jumps[jump_count] = number;
            jump_count += usize::from(info.flow.has_target());
            self.instrs.push(Instr {
                opcode,
                base: info.base,
                flow: info.flow,
                oparg,
                start,
                index,
                next: position as u32,
                target: NONE,
            });
            start = position as u32;
            prefix = 0;
        }
        self.jumps.truncate(jump_count);
        if start as usize != units.len() || units.is_empty() {
            let index = match self.instrs.last() {
                Some(last) if position > units.len() => last.index,
                _ => start,
            };
            return Err(DecodeError::Truncated { index });
        }
        Ok(())
    }

    fn resolve_targets(&mut self) -> Result<(), DecodeError> {
        for &number in &self.jumps {
            let jump = self.instrs[number as usize];
            let bad = DecodeError::BadTarget { index: jump.index };
            let unit = match jump.flow {
                Flow::JumpBackward => jump.next.checked_sub(jump.oparg),
                _ => jump.next.checked_add(jump.oparg),
            }
            .ok_or(bad)?;
            let target = *self.numbers.get(unit as usize).ok_or(bad)?;
            match self.instrs.get(target as usize) {
                Some(instr) if instr.start == unit => {}
                _ => return Err(bad),
            }
            if jump.flow == Flow::ForIter {
                self.check_loop_end(jump.index, target)?;
            }
            self.instrs[number as usize].target = target;
        }
        Ok(())
    }

    /// `FOR_ITER` skips the two instructions at its target without looking at them.
    fn check_loop_end(&self, index: u32, target: u32) -> Result<(), DecodeError> {
        match self.instrs.get(target as usize..target as usize + 3) {
            Some([end, pop, _]) if end.base == op::END_FOR && pop.base == op::POP_TOP => Ok(()),
            _ => Err(DecodeError::BadLoopEnd { index }),
        }
    }
}

/// A decoded and analysed code object: a view on a [`Decoder`]'s buffers. Instructions and blocks are numbered from 0.
#[derive(Clone, Copy)]
pub struct Code<'s> {
    pub(crate) input: CodeInput<'s>,
    pub(crate) instrs: &'s [Instr],
    pub(crate) numbers: &'s [u32],
    pub(crate) handlers: &'s [Handler],
    pub(crate) graph: &'s Graph,
    pub(crate) depths: &'s [i32],
    max_depth: u32,
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
        self.marks(self.blocks()[self.block_of(instr) as usize].first)
            .contains(Marks::REACHABLE)
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
