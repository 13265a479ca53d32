//! Truth and length of instances whose classes have methods for that, or none.

use super::blocks::Walk;
use super::body::Wanted;
use crate::{Purpose, Special, Truth};
use whipsnake_bytecode::Instr;
use whipsnake_cpython::opcode as op;
use whipsnake_ir::{Global, Slot, Value};
use whipsnake_ops::KnownFunction;

/// What stays on the stack while a method is asked for a built-in function of one argument: that, nothing, and the argument.
const CALL_OPERANDS: usize = 3;

impl Walk<'_, '_> {
    /// Inlines what a `TO_BOOL` calls that the interpreter has not specialised; false if that can't be done, and then nothing was.
    pub(super) fn inline_truth(&mut self, number: u32, instr: &Instr) -> bool {
        if instr.opcode != op::TO_BOOL {
            return false;
        }
        let Some(value) = self.knowledge().state.frame().stack.last().and_then(|slot| slot.value) else { return false };
        self.truth(number, value, 1)
    }

    /// Inlines what calls of `len` and `bool` with an instance call; false if that can't be done, and then nothing was.
    pub(super) fn inline_length(&mut self, number: u32, instr: &Instr) -> bool {
        let Some((address, arguments)) = self.plain_call(instr) else { return false };
        let &[value] = &arguments[..] else { return false };
        let world = self.body.world;
        if world.known_function(address) == Some(KnownFunction::Len) {
            return self.inline_from_c(number, Special::Len, Purpose::Length, &[value], CALL_OPERANDS, Wanted::Length);
        }
        world.named_object(address) == Some(Global::BoolType) && self.truth(number, value, CALL_OPERANDS)
    }

    /// The truth of a value, for which so many operands are on the stack.
    fn truth(&mut self, number: u32, value: Value, operands: usize) -> bool {
        if self.is_general(number) || self.knowledge().known(value).class.is_some() {
            return false;
        }
        let Some(class) = self.likely_class_address(value) else { return false };
        match self.body.world.truth(class) {
            Some(Truth::Asked(Special::Len)) => {
                self.inline_from_c(number, Special::Len, Purpose::Emptiness, &[value], operands, Wanted::Emptiness)
            }
            Some(Truth::Asked(name)) => {
                let wanted = Wanted::Truth { inverted: false };
                self.inline_from_c(number, name, Purpose::Truth, &[value], operands, wanted)
            }
            Some(Truth::Always { version }) => {
                self.mark_exit();
                self.guard_version(value, version);
                let dropped = self.operands_done(operands);
                let yes = self.b.global(Global::True);
                self.push(Slot::owned(yes));
                self.drop_slots(dropped);
                true
            }
            None => false,
        }
    }

    /// Drops what an instruction has taken off the stack, which already has what it pushes.
    pub(super) fn drop_slots(&mut self, slots: Vec<Slot>) {
        for slot in slots {
            if let Some(value) = slot.value.filter(|&value| slot.owned && !self.hand_over(value)) {
                self.mark_exit();
                self.b.release_or_null(value);
            }
        }
    }
}
