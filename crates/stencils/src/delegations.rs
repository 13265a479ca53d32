//! What resume points tell of the loops of `yield from` and `await`, so that generators in generators are resumed and suspended without looking at their bytecode.

use crate::ResumePoint;
use whipsnake_bytecode::Code;
use whipsnake_cpython::CodeKind;
use whipsnake_cpython::opcode as op;
use whipsnake_ir::abi::compiled::{DELEGATES, SEND_TO_RESUME, SEND_TO_YIELD};

/// Notes it for the loop with the `YIELD_VALUE` that is instruction number `yields`, if that is as the interpreter's compiler makes it.
pub(crate) fn note(code: &Code<'_>, yields: u32, points: &mut [ResumePoint]) {
    let Some(instrs) = (yields as usize).checked_sub(1).and_then(|first| code.instrs().get(first..first + 4)) else {
        return;
    };
    let [send, yields_at, resume, back] = instrs else { return };
    let is_loop = send.base == op::SEND
        && resume.base == op::RESUME
        && back.base == op::JUMP_BACKWARD_NO_INTERRUPT
        && back.target == yields - 1
        && yields_at.index == send.index + SEND_TO_YIELD as u32
        && resume.index == send.index + SEND_TO_RESUME as u32
        && back.index == resume.index + 1;
    let Some(depth) = code.depth(yields - 1).filter(|_| is_loop) else { return };
    let owner = u32::from(CodeKind::of(code.input().flags).frame_owner());
    let target = code.instrs()[send.target as usize].start - send.index;
    let (at_send, at_resume) = (send.index as usize, resume.index as usize);
    // With the receiver, without what is sent.
    let suspended = code.input().nlocalsplus + depth - 1;
    let waiting = target | owner << 16;
    for (unit, word) in [(at_send, suspended), (at_resume, waiting)] {
        let point = &mut points[unit];
        if point.entry != 0 && point.receive == 0 {
            point.receive = DELEGATES | word;
        }
    }
}
