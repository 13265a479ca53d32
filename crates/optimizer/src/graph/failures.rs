//! Instructions that have failed in regions: how often, and what is built for them then.

use super::blocks::Walk;
use whipsnake_bytecode::Instr;
use whipsnake_cpython::opcode as op;
use whipsnake_cpython::opcode::binary::{AND, INPLACE_ADD, OR, XOR};
use whipsnake_ir::{Global, Slot, Value};

impl Walk<'_, '_> {
    /// How often the instruction has failed: in its specialised form, and then in one for several types. What failed in the regions of other functions tells
    /// of this one, too, unless the types are known here.
    pub(super) fn failures(&mut self, number: u32, instr: &Instr) -> u8 {
        let here = u8::from(self.is_general(number)) + u8::from(self.is_for_any_object(number));
        let inputs = match instr.base {
            op::BINARY_OP | op::COMPARE_OP => 2,
            op::TO_BOOL => 1,
            op::CALL if instr.opcode == op::CALL_LIST_APPEND => 0,
            _ => return here,
        };
        let stack = &self.knowledge().state.frame().stack;
        let values: Vec<_> = stack.iter().rev().take(inputs).map(|slot| slot.value).collect();
        let is_known = |value: Option<Value>| value.is_some_and(|value| self.b.known_class(value).is_some());
        if inputs > 0 && values.into_iter().all(is_known) {
            return here;
        }
        here.max(self.body.world.failures(instr))
    }

    /// The operation for an instruction that has failed once, for objects of several types, if there is one beside that for any.
    pub(super) fn again(&mut self, instr: &Instr) -> Option<&'static str> {
        match instr.base {
            op::TO_BOOL => Some("TO_BOOL.quiet"),
            op::COMPARE_OP if matches!(instr.opcode, op::COMPARE_OP_FLOAT | op::COMPARE_OP_INT) => {
                Some("COMPARE_OP.numbers")
            }
            op::CALL if instr.opcode == op::CALL_LIST_APPEND => Some("CALL_LIST_APPEND.derived"),
            op::BINARY_OP if is_bitwise(instr) && self.operands_are(Global::IntType) => Some("BINARY_OP.ints"),
            _ => None,
        }
    }

    /// The operation for ints of which one was too large for a register when the region was built.
    pub(super) fn combines_large_ints(&mut self, instr: &Instr) -> Option<&'static str> {
        if !is_bitwise(instr) || !self.operands_are(Global::IntType) {
            return None;
        }
        let stack = &self.knowledge().state.frame().stack;
        let operands: Vec<_> = stack.iter().rev().take(2).filter_map(|slot| slot.value).collect();
        let world = self.body.world;
        let mut is_large = |value| self.sample(value).is_some_and(|sample| world.index(sample).is_none());
        operands.into_iter().any(&mut is_large).then_some("BINARY_OP.ints")
    }

    /// The operation for `append` of an object whose class is, as far as anybody knows, derived from `list`.
    pub(super) fn appends_to_derived(&mut self, instr: &Instr) -> Option<&'static str> {
        if instr.opcode != op::CALL_LIST_APPEND {
            return None;
        }
        let stack = &self.knowledge().state.frame().stack;
        let list = stack[stack.len().checked_sub(2)?].value?;
        if self.knowledge().known(list).class.is_some() {
            return None;
        }
        let class = self.likely_class_address(list)?;
        (Some(class) != self.body.world.address(Global::ListType)).then_some("CALL_LIST_APPEND.derived")
    }

    /// Whether arithmetic that has failed may have been that of numbers of two types. Where the interpreter has specialised nothing, that was the first guess
    /// unless samples told the types.
    pub(super) fn may_be_mixed_numbers(&mut self, instr: &Instr) -> bool {
        instr.opcode != instr.base || {
            let stack = &self.knowledge().state.frame().stack;
            let values: Vec<_> = stack.iter().rev().take(2).filter_map(|slot| slot.value).collect();
            let is_number = |class| matches!(class, Some(Global::IntType | Global::FloatType));
            values.into_iter().all(|value| is_number(self.likely_class(value)))
        }
    }

    /// The operation for a character of a string that was not ASCII when the region was built.
    pub(super) fn character_of_wide_text(&mut self, instr: &Instr) -> Option<&'static str> {
        if instr.base != op::BINARY_SUBSCR {
            return None;
        }
        let stack = &self.knowledge().state.frame().stack;
        let &[.., Slot { value: Some(text), .. }, Slot { value: Some(index), .. }] = stack.as_slice() else {
            return None;
        };
        let sample = self.sample(text)?;
        let is_int = instr.opcode == op::BINARY_SUBSCR_STR_INT || self.likely_class(index) == Some(Global::IntType);
        (is_int && self.body.world.is_wide_text(sample)).then_some("BINARY_SUBSCR.wide_str")
    }

    /// Whether the two operands are of a type, known or guessed.
    fn operands_are(&mut self, class: Global) -> bool {
        let stack = &self.knowledge().state.frame().stack;
        let values: Vec<_> = stack.iter().rev().take(2).filter_map(|slot| slot.value).collect();
        values.len() == 2 && values.into_iter().all(|value| self.likely_class(value) == Some(class))
    }
}

/// Whether the instruction is `&`, `|` or `^`.
fn is_bitwise(instr: &Instr) -> bool {
    instr.base == op::BINARY_OP && matches!(instr.oparg % INPLACE_ADD, AND | OR | XOR)
}
