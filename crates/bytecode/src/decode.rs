//! Code units to instructions.
//!
//! A unit is an opcode and an operand byte. `EXTENDED_ARG` units put more operand bytes in front; inline caches follow
//! the opcode. Specialised and instrumented opcodes keep the operand and the caches of the plain one, so jump targets
//! are computed from the plain opcode.

use crate::cfg::{Graph, Marks};
use crate::code::Code;
use crate::depth;
use crate::error::DecodeError;
use crate::exceptions::{self, Handler};
use crate::info::{Flow, INFO, Status};
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
    /// Values taken off the stack where control falls through.
    pub popped: i32,
    /// Values put there instead.
    pub pushed: i32,
}

impl Instr {
    /// What buffers are made of.
    const NOTHING: Instr = Instr {
        opcode: 0,
        base: 0,
        flow: Flow::Next,
        oparg: 0,
        start: 0,
        index: 0,
        next: 0,
        target: NONE,
        popped: 0,
        pushed: 0,
    };

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

/// The buffers of the analysis, to be kept and used again.
#[derive(Default)]
pub struct Decoder {
    /// The instructions; what follows them is of no meaning.
    instrs: Vec<Instr>,
    instr_count: usize,
    /// Unit to instruction; [`NONE`] for caches.
    numbers: Vec<u32>,
    /// The instructions that have a target; what follows them is of no meaning.
    jumps: Vec<u32>,
    jump_count: usize,
    handlers: Vec<Handler>,
    graph: Graph,
    depths: Vec<i32>,
    entry_depths: Vec<i32>,
    peak: u32,
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
        exceptions::parse(input.exception_table, &mut self.handlers).ok_or(DecodeError::BadExceptionTable)?;
        let instrs = &self.instrs[..self.instr_count];
        self.graph.build(instrs, &self.jumps[..self.jump_count], &self.numbers, &self.handlers)?;
        let peak =
            depth::run(instrs, &self.handlers, &self.graph, input.stacksize, &mut self.depths, &mut self.entry_depths)?;
        self.peak = peak;
        Ok(self.analysed(input))
    }

    /// The result of the last analysis, which was of `input` and succeeded.
    pub fn analysed<'s>(&'s self, input: CodeInput<'s>) -> Code<'s> {
        Code {
            input,
            instrs: &self.instrs[..self.instr_count],
            numbers: &self.numbers,
            handlers: &self.handlers,
            graph: &self.graph,
            depths: &self.depths,
            max_depth: self.peak,
        }
    }

    fn decode(&mut self, units: &[u16]) -> Result<(), DecodeError> {
        // Buffers only grow: what is found there is overwritten, or lies behind what is of meaning.
        let room = units.len() + 1;
        if self.jumps.len() < room {
            self.jumps.resize(room, NONE);
            self.instrs.resize(room, Instr::NOTHING);
            self.graph.marks.resize(room, Marks::empty());
        }
        self.numbers.clear();
        self.numbers.resize(units.len(), NONE);
        let numbers = &mut self.numbers[..units.len()];
        let (instrs, jumps) = (&mut self.instrs[..room], &mut self.jumps[..room]);
        let marks = &mut self.graph.marks[..room];
        marks[0] = Marks::LEADER;
        let (mut count, mut jump_count) = (0, 0);
        let mut position = 0;
        let mut start = 0;
        let mut prefix = 0u32;
        while position < units.len() {
            let unit = units[position];
            let info = &INFO[usize::from(unit as u8)];
            numbers[position] = count as u32;
            let oparg = prefix | u32::from(unit >> 8);
            let index = position as u32;
            let (mut popped, mut pushed) = (info.popped.of(oparg), info.pushed.of(oparg));
            if info.status != Status::Valid {
                match refuse(info.status, unit as u8, oparg, index) {
                    Some(error) => return Err(error),
                    None if info.status == Status::ExtendedArg => {
                        prefix = oparg << 8;
                        position += 1;
                        continue;
                    }
                    None => (popped, pushed) = (op::popped(info.base, oparg), op::pushed(info.base, oparg)),
                }
            }
            position += usize::from(info.units);
            // Overwritten until the instruction is a jump: that can't be predicted, so no branch.
            jumps[jump_count] = count as u32;
            jump_count += usize::from(info.has_target);
            instrs[count] = Instr {
                opcode: unit as u8,
                base: info.base,
                flow: info.flow,
                oparg,
                start,
                index,
                next: position as u32,
                target: NONE,
                popped,
                pushed,
            };
            count += 1;
            marks[count] = info.after;
            start = position as u32;
            prefix = 0;
        }
        (self.instr_count, self.jump_count) = (count, jump_count);
        if start as usize != units.len() || units.is_empty() {
            let index = match self.instrs[..count].last() {
                Some(last) if position > units.len() => last.index,
                _ => start,
            };
            return Err(DecodeError::Truncated { index });
        }
        Ok(())
    }

    fn resolve_targets(&mut self) -> Result<(), DecodeError> {
        let instrs = &mut self.instrs[..self.instr_count];
        for &number in &self.jumps[..self.jump_count] {
            let jump = instrs[number as usize];
            let bad = DecodeError::BadTarget { index: jump.index };
            let unit = match jump.flow {
                Flow::JumpBackward => jump.next.checked_sub(jump.oparg),
                _ => jump.next.checked_add(jump.oparg),
            }
            .ok_or(bad)?;
            let target = *self.numbers.get(unit as usize).ok_or(bad)?;
            match instrs.get(target as usize) {
                Some(instr) if instr.start == unit => {}
                _ => return Err(bad),
            }
            if jump.flow == Flow::ForIter {
                check_loop_end(instrs, jump.index, target)?;
            }
            instrs[number as usize].target = target;
        }
        Ok(())
    }
}

/// Why an opcode that is no regular instruction can't be decoded, unless it can.
#[cold]
fn refuse(status: Status, opcode: u8, oparg: u32, index: u32) -> Option<DecodeError> {
    match status {
        Status::Valid | Status::Irregular => None,
        Status::ExtendedArg if oparg < MAX_PREFIX => None,
        Status::ExtendedArg => Some(DecodeError::HugeOperand { index }),
        Status::Executor => Some(DecodeError::Executor { index }),
        Status::Instrumented => Some(DecodeError::Instrumented { index }),
        Status::Unknown => Some(DecodeError::UnknownOpcode { opcode, index }),
    }
}

/// `FOR_ITER` skips the two instructions at its target without looking at them.
fn check_loop_end(instrs: &[Instr], index: u32, target: u32) -> Result<(), DecodeError> {
    match instrs.get(target as usize..target as usize + 3) {
        Some([end, pop, _]) if end.base == op::END_FOR && pop.base == op::POP_TOP => Ok(()),
        _ => Err(DecodeError::BadLoopEnd { index }),
    }
}
