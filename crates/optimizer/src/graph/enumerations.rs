//! Loops over `enumerate(…)`: what is known of the iterator inside.

use super::blocks::Walk;
use whipsnake_bytecode::Instr;
use whipsnake_cpython::opcode as op;
use whipsnake_ir::{Global, Value};

impl Walk<'_, '_> {
    /// The type of the iterator inside the `enumerate` that a call makes.
    pub(super) fn enumeration_made(&mut self, instr: &Instr) -> Option<Global> {
        let (address, arguments) = self.plain_call(instr)?;
        if self.body.world.named_object(address)? != Global::EnumerateType {
            return None;
        }
        match self.likely_class(*arguments.first()?)? {
            Global::ListType => Some(Global::ListIteratorType),
            Global::TupleType => Some(Global::TupleIteratorType),
            _ => None,
        }
    }

    /// Notes that an `enumerate` is on top of the stack.
    pub(super) fn note_enumeration(&mut self, inner: Global) {
        let Some(value) = self.knowledge().state.frame().stack.last().and_then(|slot| slot.value) else { return };
        self.b.learn_class(value, Global::EnumerateType);
        let value = self.origin(value);
        self.enumerations.insert(value, inner);
    }

    /// The operation for a loop over an `enumerate` of a list or tuple.
    pub(super) fn enumeration(&mut self, instr: &Instr) -> Option<&'static str> {
        if instr.base != op::FOR_ITER || instr.opcode != instr.base {
            return None;
        }
        let iterator = self.knowledge().state.frame().stack.last()?.value?;
        match self.inside(iterator)? {
            Global::ListIteratorType => Some("FOR_ITER.enumerate_list"),
            Global::TupleIteratorType => Some("FOR_ITER.enumerate_tuple"),
            _ => None,
        }
    }

    fn inside(&mut self, iterator: Value) -> Option<Global> {
        let origin = self.origin(iterator);
        if let Some(&inner) = self.enumerations.get(&origin) {
            return Some(inner);
        }
        let sample = self.sample(iterator)?;
        self.body.world.enumerated(sample)
    }
}
