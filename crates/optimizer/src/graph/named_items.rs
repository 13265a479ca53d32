//! What is read of the dict of a `**kwargs` whose items are known: as long as nobody else has seen it, that needs no search, and no dict.

use super::blocks::Walk;
use whipsnake_bytecode::Instr;
use whipsnake_cpython::opcode as op;
use whipsnake_ir::{Global, Known, Slot, Type, Value};
use whipsnake_ops::KnownFunction;

/// What a dict has for a key.
enum Found {
    Item(Value),
    Nothing,
}

impl Walk<'_, '_> {
    /// Builds `named[key]`, `key in named`, `named.get(key)`, `named.get(key, other)`, `len(named)` or `if named` of such a dict; false if it is none of these, and then nothing was built.
    pub(super) fn read_named(&mut self, number: u32, instr: &Instr) -> bool {
        if self.is_general(number) {
            return false;
        }
        if let Some((result, operands)) = self.size_of_named(instr) {
            return self.finish_reading(result, operands);
        }
        let stack = &self.knowledge().state.frame().stack;
        let operands = match instr.base {
            op::CALL => instr.oparg as usize + 2,
            op::TO_BOOL => return false,
            _ => 2,
        };
        let Some(first) = stack.len().checked_sub(operands) else { return false };
        let values: Option<Vec<Value>> = stack[first..].iter().map(|slot| slot.value).collect();
        let result = match (instr.base, values.as_deref()) {
            (op::BINARY_SUBSCR, Some(&[dict, key])) => match self.find_named(dict, key) {
                Some(Found::Item(value)) => value,
                _ => return false,
            },
            (op::CONTAINS_OP, Some(&[key, dict])) => {
                let Some(found) = self.find_named(dict, key) else { return false };
                let holds = matches!(found, Found::Item(_)) != (instr.oparg != 0);
                self.bool(holds)
            }
            (op::CALL, Some(&[called, dict, key, ref other @ ..])) if other.len() < 2 => {
                let called = self.constant_address(called);
                if called.and_then(|called| self.body.world.named_object(called)) != Some(Global::DictGetMethod) {
                    return false;
                }
                match (self.find_named(dict, key), other) {
                    (Some(Found::Item(value)), _) | (Some(Found::Nothing), &[value]) => value,
                    (Some(Found::Nothing), _) => self.b.global(Global::None),
                    (None, _) => return false,
                }
            }
            _ => return false,
        };
        self.mark_exit();
        self.b.retain(result);
        self.finish_reading(result, operands)
    }

    /// The size of such a dict, which `len` or a test for truth asks for, and how many operands that has.
    fn size_of_named(&mut self, instr: &Instr) -> Option<(Value, usize)> {
        if instr.base == op::TO_BOOL {
            let dict = self.knowledge().state.frame().stack.last()?.value?;
            let some = !self.items_of(dict)?.is_empty();
            return Some((self.bool(some), 1));
        }
        let (called, arguments) = self.plain_call(instr)?;
        let &[dict] = &arguments[..] else { return None };
        if self.body.world.known_function(called) != Some(KnownFunction::Len) {
            return None;
        }
        let size = self.items_of(dict)?.len();
        self.mark_exit();
        let size = self.b.iconst(Type::I64, size as i64);
        Some((self.b.new_int(size, &[]), 3))
    }

    fn bool(&mut self, holds: bool) -> Value {
        let answer = self.b.global(if holds { Global::True } else { Global::False });
        self.knowledge().learn(answer, |known| *known = Known { immortal: true, ..Known::exactly(Global::BoolType) });
        answer
    }

    /// Replaces the operands by the result, whose reference is taken.
    fn finish_reading(&mut self, result: Value, operands: usize) -> bool {
        let dropped = self.operands_done(operands);
        self.push(Slot::owned(result));
        self.drop_slots(dropped);
        true
    }

    /// What such a dict has for a key that is a constant string; `None` if that is not known.
    fn find_named(&mut self, dict: Value, key: Value) -> Option<Found> {
        let named = self.items_of(dict)?;
        let key = self.constant_address(key)?;
        let world = self.body.world;
        let mut found = Found::Nothing;
        for (name, value) in named {
            if world.same_text(self.constant_address(name)?, key)? {
                found = Found::Item(value);
            }
        }
        // An empty dict has no string to compare with.
        world.same_text(key, key)?.then_some(found)
    }
}
