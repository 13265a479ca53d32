//! Value-stack depths by code unit.

use whipsnake_bytecode::Code;

/// Value-stack depth before each code unit's instruction; a byte each, unless a stack is so deep that this does not do.
#[derive(Debug)]
pub enum Depths {
    /// `u8::MAX` where there is no instruction.
    Narrow(Box<[u8]>),
    /// `u16::MAX` where there is no instruction.
    Wide(Box<[u16]>),
}

impl Depths {
    pub(crate) fn new(code: &Code<'_>) -> Depths {
        if code.max_depth() < u8::MAX.into() {
            Depths::Narrow(by_unit(code, u8::MAX, |depth| depth as u8))
        } else {
            Depths::Wide(by_unit(code, u16::MAX, |depth| depth as u16))
        }
    }

    /// One instruction, at unit 0 of `length`, whose result is received at one of the units up to number `units`.
    pub fn of_first(length: usize, depth: u8, units: usize) -> Depths {
        let mut depths = vec![u8::MAX; length].into_boxed_slice();
        depths[0] = depth;
        depths[1..units].fill(depth + 1);
        Depths::Narrow(depths)
    }

    /// The depth before the instruction at a unit, if there is one that can be reached.
    #[inline]
    pub fn at(&self, unit: usize) -> Option<usize> {
        match self {
            Depths::Narrow(depths) => depths.get(unit).copied().filter(|&d| d != u8::MAX).map(usize::from),
            Depths::Wide(depths) => depths.get(unit).copied().filter(|&d| d != u16::MAX).map(usize::from),
        }
    }
}

fn by_unit<T: Copy>(code: &Code<'_>, none: T, narrow: impl Fn(i32) -> T) -> Box<[T]> {
    let mut depths = vec![none; code.input().units.len()].into_boxed_slice();
    for (instr, &depth) in code.instrs().iter().zip(code.depths()) {
        if depth >= 0 {
            let depth = narrow(depth);
            depths[instr.start as usize] = depth;
            if instr.start != instr.index {
                depths[instr.start as usize..=instr.index as usize].fill(depth);
            }
        }
    }
    depths
}
