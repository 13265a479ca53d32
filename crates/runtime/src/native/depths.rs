//! Value-stack depths by code unit.

use crate::memory::Table;
use whipsnake_bytecode::Code;

/// Value-stack depth before each code unit's instruction; a byte each, unless a stack is so deep that this does not do.
#[derive(Debug)]
pub(super) enum Depths {
    /// One more than the depth; 0 where there is no instruction.
    Narrow(Table<u8>),
    /// The same.
    Wide(Table<u16>),
}

impl Depths {
    pub fn new(code: &Code<'_>) -> Depths {
        let numbers = code.instrs().iter().zip(code.depths());
        if code.max_depth() < u8::MAX.into() {
            let mut depths = Table::zeroed(code.input().units.len());
            numbers.for_each(|(instr, &depth)| fill(&mut depths, instr.start, instr.index, (depth + 1) as u8));
            Depths::Narrow(depths)
        } else {
            let mut depths = Table::zeroed(code.input().units.len());
            numbers.for_each(|(instr, &depth)| fill(&mut depths, instr.start, instr.index, (depth + 1) as u16));
            Depths::Wide(depths)
        }
    }

    /// One instruction, at unit 0 of `length`, whose result is received at one of the units up to number `units`.
    pub fn of_first(length: usize, depth: u8, units: usize) -> Depths {
        let mut depths = Table::zeroed(length);
        depths[0] = depth + 1;
        depths[1..units].fill(depth + 2);
        Depths::Narrow(depths)
    }

    /// The depth before the instruction at a unit, if there is one that can be reached.
    #[inline]
    pub fn at(&self, unit: usize) -> Option<usize> {
        let above = match self {
            Depths::Narrow(depths) => usize::from(*depths.get(unit)?),
            Depths::Wide(depths) => usize::from(*depths.get(unit)?),
        };
        above.checked_sub(1)
    }
}

/// For the instruction and the prefixes before it.
#[inline(always)]
fn fill<T: Copy>(depths: &mut [T], start: u32, index: u32, depth: T) {
    depths[index as usize] = depth;
    if start != index {
        depths[start as usize..index as usize].fill(depth);
    }
}
