//! Which blocks the interpreter has never run, as its inline caches tell.
//!
//! The counter of an instruction that specialises itself is touched by every execution. A block that has such instructions, all of them untouched,
//! never ran; one with a touched one did. A block without any ran if one that ran may lead to it; of exception handlers that is not assumed.
//! Machine code touches no counters: what ran in machine code only looks as if it never had.

use crate::code::Code;
use crate::counters::is_counted;

/// Code units of a code object: the first one of a block, and the first one after it.
pub type UnitRange = (u32, u32);

/// What a compiler may leave out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeaveOut<'a> {
    /// Nothing.
    Nothing,
    /// Blocks that never ran.
    Unreached,
    /// Those of these blocks, in ascending order, that never ran.
    UnreachedOf(&'a [UnitRange]),
    /// These blocks, in ascending order.
    These(&'a [UnitRange]),
}

/// How a block stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Its instructions don't tell.
    Open,
    /// It ran, or is taken for one that did.
    Reached,
    /// It never ran.
    Untouched,
    /// The same, and a block that ran may lead there.
    Frontier,
}

/// The blocks of a code object that never ran, with the buffers to find them.
#[derive(Debug, Default)]
pub struct Unreached {
    states: Vec<State>,
    work: Vec<u32>,
    any: bool,
}

/// Blocks of fewer instructions are taken for reached where they can be: a way out would be hardly shorter.
const WORTH: u32 = 3;

impl Unreached {
    /// Looks at a code object.
    pub fn find(&mut self, code: &Code<'_>, leave_out: LeaveOut<'_>) {
        self.states.clear();
        self.any = false;
        match leave_out {
            LeaveOut::Nothing => return,
            LeaveOut::Unreached => self.judge(code, |_| true),
            LeaveOut::UnreachedOf(blocks) => self.judge(code, |unit| is_first_of(blocks, unit)),
            LeaveOut::These(blocks) => {
                let instrs = code.instrs();
                self.states.extend(code.blocks().iter().map(|block| {
                    let out = is_first_of(blocks, instrs[block.first as usize].start);
                    if out { State::Untouched } else { State::Reached }
                }));
            }
        }
        if leave_out == LeaveOut::Unreached && !self.states.contains(&State::Reached) {
            // Nothing ran at all, or nothing that tells.
            self.states.clear();
            return;
        }
        self.spread(code);
        self.any = self.states.iter().any(|&state| state != State::Reached);
    }

    /// What each block's own instructions tell.
    fn judge(&mut self, code: &Code<'_>, may_be_left_out: impl Fn(u32) -> bool) {
        let instrs = code.instrs();
        self.states.extend(code.blocks().iter().map(|block| {
            if !may_be_left_out(instrs[block.first as usize].start) {
                return State::Reached;
            }
            let mut state = State::Open;
            for number in (block.first..block.end).filter(|&number| is_counted(instrs[number as usize].base)) {
                if !code.is_untouched(number) {
                    return State::Reached;
                }
                state = State::Untouched;
            }
            if block.end - block.first < WORTH { State::Open } else { state }
        }));
    }

    /// Finds out about the blocks that don't tell, and where those that ran lead to others.
    fn spread(&mut self, code: &Code<'_>) {
        let Unreached { states, work, .. } = self;
        states[0] = State::Reached;
        work.clear();
        work.extend((0..).zip(&*states).filter(|(_, state)| **state == State::Reached).map(|(block, _)| block));
        while let Some(block) = work.pop() {
            for &to in code.successors(block) {
                let state = &mut states[to as usize];
                match state {
                    State::Open => {
                        *state = State::Reached;
                        work.push(to);
                    }
                    State::Untouched => *state = State::Frontier,
                    State::Reached | State::Frontier => {}
                }
            }
        }
    }

    /// Whether a block never ran.
    #[inline]
    pub fn contains(&self, block: u32) -> bool {
        self.any && self.states[block as usize] != State::Reached
    }

    /// Whether a block never ran, and one that did may lead there otherwise than by an exception.
    #[inline]
    pub fn is_frontier(&self, block: u32) -> bool {
        self.any && self.states[block as usize] == State::Frontier
    }

    /// The blocks that never ran, in ascending order.
    pub fn ranges(&self, code: &Code<'_>) -> Box<[UnitRange]> {
        if !self.any {
            return Box::default();
        }
        let instrs = code.instrs();
        let out = code.blocks().iter().zip(&self.states).filter(|(_, state)| **state != State::Reached);
        out.map(|(block, _)| (instrs[block.first as usize].start, instrs[block.end as usize - 1].next)).collect()
    }
}

/// Whether a block that starts at a unit is among those given, in ascending order.
fn is_first_of(blocks: &[UnitRange], unit: u32) -> bool {
    blocks.binary_search_by_key(&unit, |block| block.0).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{CodeInput, Decoder};
    use whipsnake_cpython::opcode as op;

    const INITIAL: u16 = 0x11;
    const TOUCHED: u16 = 0x01;

    fn unit(opcode: u8, oparg: u8) -> u16 {
        u16::from(opcode) | u16::from(oparg) << 8
    }

    /// `if a: x = b + c` then `return x`, with these counters of `TO_BOOL` and `+`.
    fn branch(truth: u16, add: u16) -> Vec<u16> {
        vec![
            unit(op::RESUME, 0),
            unit(op::LOAD_FAST, 0),
            unit(op::TO_BOOL, 0),
            truth,
            0,
            0,
            unit(op::POP_JUMP_IF_FALSE, 5),
            0x5555,
            unit(op::LOAD_FAST, 1),
            unit(op::LOAD_FAST, 2),
            unit(op::BINARY_OP, 0),
            add,
            unit(op::STORE_FAST, 3),
            unit(op::LOAD_FAST, 3),
            unit(op::RETURN_VALUE, 0),
        ]
    }

    fn left_out(units: &[u16], leave_out: LeaveOut<'_>) -> Vec<UnitRange> {
        let mut decoder = Decoder::new();
        let input = CodeInput { units, nlocalsplus: 4, stacksize: 2, ..CodeInput::default() };
        let code = decoder.analyse(input).expect("valid code");
        let mut unreached = Unreached::default();
        unreached.find(&code, leave_out);
        unreached.ranges(&code).into()
    }

    #[test]
    fn a_block_whose_counters_are_untouched_never_ran() {
        assert_eq!(left_out(&branch(TOUCHED, INITIAL), LeaveOut::Unreached), [(8, 13)]);
        assert_eq!(left_out(&branch(TOUCHED, TOUCHED), LeaveOut::Unreached), []);
    }

    #[test]
    fn where_nothing_ran_nothing_is_known() {
        assert_eq!(left_out(&branch(INITIAL, INITIAL), LeaveOut::Unreached), []);
    }

    #[test]
    fn what_was_compiled_before_stays() {
        let units = branch(TOUCHED, INITIAL);
        assert_eq!(left_out(&units, LeaveOut::UnreachedOf(&[])), []);
        assert_eq!(left_out(&units, LeaveOut::UnreachedOf(&[(8, 13)])), [(8, 13)]);
        assert_eq!(left_out(&branch(TOUCHED, TOUCHED), LeaveOut::UnreachedOf(&[(8, 13)])), []);
        assert_eq!(left_out(&units, LeaveOut::Nothing), []);
        assert_eq!(left_out(&branch(TOUCHED, TOUCHED), LeaveOut::These(&[(8, 13)])), [(8, 13)]);
    }

    #[test]
    fn blocks_without_counters_go_with_those_that_lead_there() {
        let mut units = branch(TOUCHED, INITIAL);
        // What never ran jumps over `return x`, where the branch leads, to a `return b` that nothing else leads to.
        units[6] = unit(op::POP_JUMP_IF_FALSE, 6);
        units.insert(13, unit(op::JUMP_FORWARD, 2));
        units.extend([unit(op::LOAD_FAST, 1), unit(op::RETURN_VALUE, 0)]);
        assert_eq!(left_out(&units, LeaveOut::Unreached), [(8, 14), (16, 18)]);
    }

    #[test]
    fn a_handler_that_tells_nothing_never_ran() {
        // `try: a + b` with a handler that only raises again.
        let units = vec![
            unit(op::RESUME, 0),
            unit(op::LOAD_FAST, 0),
            unit(op::LOAD_FAST, 1),
            unit(op::BINARY_OP, 0),
            TOUCHED,
            unit(op::RETURN_VALUE, 0),
            unit(op::PUSH_EXC_INFO, 0),
            unit(op::RERAISE, 0),
        ];
        let mut decoder = Decoder::new();
        // Units 1 to 5, handler at 6, depth 0.
        let exception_table = &[0x80 | 1, 5, 6, 0];
        let input = CodeInput { units: &units, exception_table, nlocalsplus: 4, stacksize: 3, ..CodeInput::default() };
        let code = decoder.analyse(input).expect("valid code");
        let mut unreached = Unreached::default();
        unreached.find(&code, LeaveOut::Unreached);
        assert_eq!(*unreached.ranges(&code), [(6, 8)]);
        let handler = code.block_of(code.at_unit(6).unwrap());
        assert!(unreached.contains(handler) && !unreached.is_frontier(handler));
    }
}
