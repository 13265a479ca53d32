//! Loops over `range(…)`: neither the range is made nor, where no call in the loop may want the frame, its iterator.

use super::blocks::Walk;
use whipsnake_bytecode::Instr;
use whipsnake_cpython::layout::range_iterator;
use whipsnake_cpython::opcode as op;
use whipsnake_ir::{BinaryOp, Builder, Condition, Field, Global, Helper, MissReason, Type, Value};

impl Walk<'_, '_> {
    /// Builds a call of `range` with numbers and the `GET_ITER` behind it in one; false if that is not what is there, and then nothing was built. Only the stack
    /// will have the iterator: its fields are in values.
    pub(super) fn iterate_range(&mut self, number: u32, instr: &Instr) -> bool {
        let count = instr.oparg as usize;
        if !(1..=3).contains(&count) || self.is_general(number) || !self.is_iterated_at_once(number) {
            return false;
        }
        // Where ways meet behind the call, the next instruction is behind them.
        if self.body.variant != 0 {
            return false;
        }
        let Some((address, values)) = self.plain_call(instr) else { return false };
        if self.body.world.named_object(address) != Some(Global::RangeType)
            || values.iter().any(|&value| self.likely_class(value) != Some(Global::IntType))
        {
            return false;
        }
        let step = match values.get(2) {
            None => 1,
            Some(&step) => {
                let raw = self.knowledge().known(step).raw;
                match raw.and_then(|raw| self.b.constant(raw)) {
                    Some(step @ (1 | -1)) => step,
                    _ => return false,
                }
            }
        };
        self.mark_exit();
        for &value in &values {
            self.b.guard_exact(value, Global::IntType);
        }
        let (start, stop) = match values[..] {
            [stop] => (self.b.iconst(Type::I64, 0), self.b.unbox_int(stop)),
            [start, stop, ..] => (self.b.unbox_int(start), self.b.unbox_int(stop)),
            [] => unreachable!("counted"),
        };
        let length = length(&mut self.b, start, stop, step);
        let step = self.b.iconst(Type::I64, step);
        let iterator = self.b.call_checked(Helper::NewRangeIterator, &[]);
        self.b.learn_class(iterator, Global::RangeIteratorType);
        let depth = self.knowledge().depth;
        self.cost.add(depth, false);
        self.finish_call(count, iterator);
        let fields = [(range_iterator::START, start), (range_iterator::STEP, step), (range_iterator::LEN, length)];
        let object = self.knowledge().resolve(iterator);
        for (offset, value) in fields {
            self.knowledge().state.fields.push(Field { object, offset, value, dirty: true, attribute: false });
        }
        true
    }

    /// Whether a call's result is iterated over by a loop, or a comprehension that is part of the code: the iterator stays on the stack.
    fn is_iterated_at_once(&self, number: u32) -> bool {
        let code = &self.body.code;
        let at = |number: u32| code.instrs().get(number as usize).map(|instr| instr.base);
        at(number + 1) == Some(op::GET_ITER)
            && code.block_of(number + 1) == code.block_of(number)
            && matches!(at(number + 2), Some(op::FOR_ITER | op::LOAD_FAST_AND_CLEAR))
    }
}

/// How many numbers there are, with a step of 1 or −1.
fn length(b: &mut Builder<'_>, start: Value, stop: Value, step: i64) -> Value {
    let (low, high) = if step > 0 { (start, stop) } else { (stop, start) };
    let distance = if b.constant(low) == Some(0) {
        high
    } else {
        let (distance, overflow) = b.overflowing(BinaryOp::Sub, high, low);
        let fits = b.compare_const(Condition::Eq, overflow, 0);
        b.guard(fits, MissReason::Value);
        distance
    };
    let some = b.compare_const(Condition::Gt, distance, 0);
    let none = b.iconst(Type::I64, 0);
    b.select(some, distance, none)
}
