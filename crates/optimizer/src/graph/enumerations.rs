//! Loops over `enumerate(…)` and `zip(…)`: what is known of the iterators inside.

use super::blocks::Walk;
use smallvec::SmallVec;
use whipsnake_bytecode::Instr;
use whipsnake_cpython::opcode as op;
use whipsnake_ir::{Global, Value};
use whipsnake_ops::zip_operation;

/// The type of such an object, and those of the iterators inside.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Combined {
    class: Global,
    inside: SmallVec<[Global; 3]>,
}

impl Walk<'_, '_> {
    /// What is known of the `enumerate` or `zip` that a call makes.
    pub(super) fn enumeration_made(&mut self, instr: &Instr) -> Option<Combined> {
        let (address, arguments) = self.plain_call(instr)?;
        let class = self.body.world.named_object(address)?;
        let count = match class {
            Global::EnumerateType => 1,
            Global::ZipType => arguments.len(),
            _ => return None,
        };
        let inside = arguments.iter().take(count).map(|&argument| match self.likely_class(argument)? {
            Global::ListType => Some(Global::ListIteratorType),
            Global::TupleType => Some(Global::TupleIteratorType),
            _ => None,
        });
        let inside: SmallVec<_> = inside.collect::<Option<_>>()?;
        (inside.len() == count && count > 0).then_some(Combined { class, inside })
    }

    /// Notes that such an object is on top of the stack.
    pub(super) fn note_enumeration(&mut self, made: Combined) {
        let Some(value) = self.knowledge().state.frame().stack.last().and_then(|slot| slot.value) else { return };
        self.b.learn_class(value, made.class);
        let value = self.origin(value);
        self.enumerations.insert(value, made);
    }

    /// The operation for a loop over an `enumerate` or `zip` of lists and tuples.
    pub(super) fn enumeration(&mut self, instr: &Instr) -> Option<&'static str> {
        if instr.base != op::FOR_ITER || instr.opcode != instr.base {
            return None;
        }
        let iterator = self.knowledge().state.frame().stack.last()?.value?;
        let combined = self.inside(iterator)?;
        match (combined.class, &combined.inside[..]) {
            (Global::ZipType, inside) => zip_operation(inside),
            (_, [Global::ListIteratorType]) => Some("FOR_ITER.enumerate_list"),
            (_, [Global::TupleIteratorType]) => Some("FOR_ITER.enumerate_tuple"),
            _ => None,
        }
    }

    fn inside(&mut self, iterator: Value) -> Option<Combined> {
        let origin = self.origin(iterator);
        if let Some(known) = self.enumerations.get(&origin) {
            return Some(known.clone());
        }
        let sample = self.sample(iterator)?;
        if let Some(inner) = self.body.world.enumerated(sample) {
            return Some(Combined { class: Global::EnumerateType, inside: SmallVec::from_slice(&[inner]) });
        }
        let inside = self.body.world.zipped(sample)?;
        Some(Combined { class: Global::ZipType, inside: inside.into() })
    }
}
