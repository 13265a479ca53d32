//! Instructions that are done along with the one that follows.

use super::Planner;
use super::operation::Follow;
use super::stack::{Element, local_slot};
use crate::library::{NONE, OPERATIONS, value};
use whipsnake_bytecode::Instr;
use whipsnake_cpython::opcode as op;

impl Planner<'_, '_> {
    /// A comparison or test with the conditional jump that follows it.
    pub(super) fn fused(&mut self, fused: u16, generic: u16, instr: &Instr, jump: &Instr) {
        let info = &OPERATIONS[fused as usize];
        let depth = self.plan.stack.len();
        let first = depth - usize::from(info.inputs);
        self.flush(info.inputs.into());
        self.push_with_inputs(info, fused, instr.oparg, first, false).target = jump.target;
        let general = self.selector.fusion(generic, jump.base);
        if general != NONE {
            self.finish(info, general, first, instr, Follow::Nothing);
        } else {
            let jump_operation = self.selector.operation(jump.base, jump.oparg);
            self.finish(info, generic, first, instr, Follow::Jump(jump.oparg, jump_operation));
        }
        self.replace(first, 0);
    }

    /// `x = x + …` on floats or ints: the local's own reference is consumed, and its object may be reused.
    pub(super) fn in_place(&mut self, special: u16, generic: u16, instr: &Instr, local: u32) -> bool {
        let info = &OPERATIONS[special as usize];
        let depth = self.plan.stack.len();
        let updates = instr.base == op::BINARY_OP && (info.name.ends_with("_INT") || info.name.ends_with("_FLOAT"));
        if !updates || special == generic || depth < 2 || info.inputs != 2 {
            return false;
        }
        let first = depth - 2;
        if self.plan.stack[first] != Element::Local(local) || self.plan.stack[first + 1] == Element::Local(local) {
            return false;
        }
        self.flush(2);
        // The left input is owned, in the local's slot: the variant of an input in a stack slot.
        self.plan.stack[first] = Element::Slot;
        let piece = self.push_with_inputs(info, special, instr.oparg, first, false);
        piece.set(value::INPUT, local_slot(local));
        piece.set(value::OUTPUT, local_slot(local));
        self.plan.stack[first] = Element::Local(local);
        self.plan.stored = self.plan.stored.min(first);
        self.finish(info, generic, first, instr, Follow::Store(local));
        self.replace(first, 0);
        true
    }

    /// `s = s + …` on strings: the operation assigns the local itself.
    pub(super) fn append_in_place(&mut self, special: u16, generic: u16, instr: &Instr, local: u32) {
        let info = &OPERATIONS[special as usize];
        let depth = self.plan.stack.len();
        let first = depth - 2;
        self.flush(2);
        let piece = self.push_with_inputs(info, special, instr.oparg, first, false);
        piece.set(value::PLACE, local_slot(local));
        self.finish(info, generic, first, instr, Follow::Store(local));
        self.replace(first, 0);
    }
}
