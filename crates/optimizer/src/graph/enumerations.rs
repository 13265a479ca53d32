//! Loops over `enumerate(…)`, `zip(…)`, dicts and sets: what is known of the iterators.

use super::blocks::Walk;
use smallvec::SmallVec;
use whipsnake_bytecode::Instr;
use whipsnake_cpython::opcode as op;
use whipsnake_ir::{Global, Value};
use whipsnake_ops::{dict_operation, zip_operation};

/// The type of such an iterator, and those of the iterators inside; of one over a dict, the type of the keys, if they are all strings.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Combined {
    class: Global,
    inside: SmallVec<[Global; 3]>,
}

impl Combined {
    fn of_set() -> Combined {
        Combined { class: Global::SetIteratorType, inside: SmallVec::new() }
    }

    fn of_dict(class: Global, strings: bool) -> Combined {
        let inside = if strings { SmallVec::from_slice(&[Global::StrType]) } else { SmallVec::new() };
        Combined { class, inside }
    }
}

impl Walk<'_, '_> {
    /// What is known of the iterators over the view of a dict that a call makes.
    pub(super) fn view_made(&mut self, instr: &Instr) -> Option<Combined> {
        if instr.base != op::CALL || instr.oparg != 0 {
            return None;
        }
        let &[.., called, receiver] = self.knowledge().state.frame().stack.as_slice() else { return None };
        let class = match self.body.world.named_object(self.constant_address(called.value?)?)? {
            Global::DictItemsMethod => Global::DictItemIteratorType,
            Global::DictKeysMethod => Global::DictKeyIteratorType,
            Global::DictValuesMethod => Global::DictValueIteratorType,
            _ => return None,
        };
        self.iterators_of_dict(receiver.value?, class)
    }

    /// What is known of an iterator of this type over a dict.
    fn iterators_of_dict(&mut self, value: Value, class: Global) -> Option<Combined> {
        if self.likely_class(value)? != Global::DictType {
            return None;
        }
        let sample = self.sample(value)?;
        self.body.world.has_string_keys(sample).map(|strings| Combined::of_dict(class, strings))
    }

    /// What is known of the iterator that `iter(value)` gives, if it goes over a dict, the view of one, or a set.
    pub(super) fn iterator_of(&mut self, value: Value) -> Option<Combined> {
        let origin = self.origin(value);
        if let Some(known) = self.views.get(&origin) {
            return Some(known.clone());
        }
        if matches!(self.likely_class(value), Some(Global::SetType | Global::FrozenSetType)) {
            return Some(Combined::of_set());
        }
        self.iterators_of_dict(value, Global::DictKeyIteratorType)
    }

    /// Notes that the view of a dict is on top of the stack.
    pub(super) fn note_view(&mut self, made: Combined) {
        let Some(value) = self.knowledge().state.frame().stack.last().and_then(|slot| slot.value) else { return };
        let value = self.origin(value);
        self.views.insert(value, made);
    }

    /// Notes that such an iterator, which is guarded where it is used, is on top of the stack.
    pub(super) fn note_iterator(&mut self, made: Combined) {
        let Some(value) = self.knowledge().state.frame().stack.last().and_then(|slot| slot.value) else { return };
        let value = self.origin(value);
        self.enumerations.insert(value, made);
    }

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
            Global::StrType if class == Global::EnumerateType => Some(Global::AsciiIteratorType),
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

    /// The operation for a loop over an ASCII string, a dict, a set, or over an `enumerate` or `zip` of lists and tuples.
    pub(super) fn enumeration(&mut self, instr: &Instr) -> Option<&'static str> {
        if instr.base != op::FOR_ITER || instr.opcode != instr.base {
            return None;
        }
        let iterator = self.knowledge().state.frame().stack.last()?.value?;
        if self.likely_class(iterator) == Some(Global::AsciiIteratorType) {
            return Some("FOR_ITER.text");
        }
        let combined = self.inside(iterator)?;
        match (combined.class, &combined.inside[..]) {
            (Global::ZipType, inside) => zip_operation(inside),
            (Global::SetIteratorType, _) => self.has_type(Global::SetIteratorType).then_some("FOR_ITER.set"),
            (class, []) => dict_operation(class, false),
            (class, [Global::StrType]) => dict_operation(class, true),
            (_, [Global::ListIteratorType]) => Some("FOR_ITER.enumerate_list"),
            (_, [Global::TupleIteratorType]) => Some("FOR_ITER.enumerate_tuple"),
            (_, [Global::AsciiIteratorType]) => Some("FOR_ITER.enumerate_text"),
            _ => None,
        }
    }

    fn inside(&mut self, iterator: Value) -> Option<Combined> {
        let origin = self.origin(iterator);
        if let Some(known) = self.enumerations.get(&origin) {
            return Some(known.clone());
        }
        let sample = self.sample(iterator)?;
        if self.body.world.class(sample) == Some(Global::SetIteratorType) {
            return Some(Combined::of_set());
        }
        if let Some(inner) = self.body.world.enumerated(sample) {
            return Some(Combined { class: Global::EnumerateType, inside: SmallVec::from_slice(&[inner]) });
        }
        if let Some((class, strings)) = self.body.world.dict_iterator(sample) {
            return Some(Combined::of_dict(class, strings));
        }
        let inside = self.body.world.zipped(sample)?;
        Some(Combined { class: Global::ZipType, inside: inside.into() })
    }
}
