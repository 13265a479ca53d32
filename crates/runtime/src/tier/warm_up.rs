//! Code that was compiled before it ever ran: at first it is left to the interpreter now and then, which so specialises its instructions.
//!
//! The interpreter specialises what it runs for the second time. Where functions are compiled at their first call it would never come to that: `dis` would
//! show bytecode as it was compiled, and machine code would know nothing of the types it sees. So the polls of such code always look, for a while: the
//! second and the third call, and some rounds of each loop after the second, are the interpreter's. Then the code is made again with what was found out, and
//! polls cost what they always do.

use super::compile::compile_again;
use super::osr::count_again;
use super::state::jit;
use crate::native::code::CompiledCode;
use crate::native::tools;
use whipsnake_cpython::live::{Code, Frame, ThreadState};
use whipsnake_cpython::{CodeKind, opcode};

/// Starts and jumps back until the code is made again.
const POLLS: u32 = 64;

/// Which calls are left to the interpreter; the first is 1.
const CALLS: std::ops::RangeInclusive<u32> = 2..=3;

/// Before which round of a loop it is left to the interpreter.
const ROUND: u32 = 2;

/// How many rounds the interpreter runs then: a few more than it takes to specialise what each round comes to.
const ROUNDS: u32 = 4;

/// How often which parts of young code ran.
#[derive(Debug, Default)]
pub(crate) struct WarmUp {
    polls: u32,
    calls: u32,
    /// For each jump back that was come to, its code unit, and how often.
    rounds: Vec<(usize, u32)>,
}

/// Whether code is to be warmed up: no coroutines. What they await is made and awaited without a poll in between, natively, or if the interpreter makes it
/// without an entry of ours; else a signal that comes just then leaves it without ever being awaited.
pub(super) fn is_for(code: Code) -> bool {
    matches!(code.kind(), CodeKind::Plain | CodeKind::Generator)
}

/// What is done at a poll.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    GoOn,
    Interpret,
    MakeAgain,
}

impl WarmUp {
    fn call(&mut self) -> Next {
        self.calls += 1;
        self.next(CALLS.contains(&self.calls))
    }

    fn round(&mut self, unit: usize) -> Next {
        let index = self.rounds.iter().position(|loop_| loop_.0 == unit).unwrap_or_else(|| {
            self.rounds.push((unit, 0));
            self.rounds.len() - 1
        });
        let rounds = &mut self.rounds[index].1;
        *rounds += 1;
        let due = *rounds == ROUND;
        self.next(due)
    }

    fn next(&mut self, interpret: bool) -> Next {
        self.polls += 1;
        match interpret {
            true => Next::Interpret,
            false if self.polls >= POLLS => Next::MakeAgain,
            false => Next::GoOn,
        }
    }
}

/// Whether the current frame, which polls, is left to the interpreter for a while.
///
/// # Safety
/// The GIL is held; the compiled code is that of the frame, for which nothing needs attention.
#[cold]
pub(crate) unsafe fn leaves(thread: ThreadState, frame: Frame, code: Code, compiled: *mut CompiledCode) -> bool {
    // SAFETY: the caller's; references to compiled code end before anything else may use it.
    unsafe {
        let Some(warm_up) = (*compiled).warm_up.as_deref_mut() else { return false };
        let at = *frame.instr_ptr();
        let opcode = opcode::base(at.op);
        let next = match opcode {
            opcode::RESUME if at.arg == 0 => warm_up.call(),
            opcode::JUMP_BACKWARD => warm_up.round(frame.instruction_index()),
            _ => return false,
        };
        match next {
            Next::GoOn => false,
            Next::Interpret => {
                count_again(code, ROUNDS + 1);
                (*compiled).warms_up = true;
                true
            }
            Next::MakeAgain => {
                (*compiled).warm_up = None;
                (*compiled).valid_version = tools::trusted_version(thread);
                let made = jit().is_some_and(|jit| jit.enabled) && compile_again(code, compiled, true);
                if !made || opcode != opcode::JUMP_BACKWARD {
                    return false;
                }
                // The loop goes on in the new code at the interpreter's next jump back, which is the one that polls.
                count_again(code, 1);
                (*compiled).warms_up = true;
                true
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_and_third_call_are_the_interpreters() {
        let mut warm_up = WarmUp::default();
        let next: Vec<Next> = (0..5).map(|_| warm_up.call()).collect();
        assert_eq!(next, [Next::GoOn, Next::Interpret, Next::Interpret, Next::GoOn, Next::GoOn]);
    }

    #[test]
    fn each_loop_is_left_once() {
        let mut warm_up = WarmUp::default();
        let mut left = |unit| (0..9).filter(|_| warm_up.round(unit) == Next::Interpret).count();
        assert_eq!([left(4), left(30), left(4)], [1, 1, 0]);
    }

    #[test]
    fn in_the_end_the_code_is_made_again() {
        let mut warm_up = WarmUp::default();
        assert_eq!((1..).find(|_| warm_up.round(4) == Next::MakeAgain), Some(POLLS));
    }
}
