//! Subscripts with slices: the slice object is not made.

use super::blocks::Walk;
use smallvec::{SmallVec, smallvec};
use whipsnake_cpython::opcode as op;
use whipsnake_ir::{Global, Helper, Slot, Type, Value};

impl Walk<'_, '_> {
    /// Builds `container[start:stop:step]`, a `BUILD_SLICE` and the `BINARY_SUBSCR` behind it, in one; false if that is not what follows, or the container
    /// may be an instance of a class in Python. Then nothing was built.
    pub(super) fn subscript_with_slice(&mut self, number: u32, parts: u32) -> bool {
        let code = &self.body.code;
        let next = number + 1;
        let Some(&instr) = code.instrs().get(next as usize) else { return false };
        if instr.base != op::BINARY_SUBSCR || code.block_of(next) != code.block_of(number) {
            return false;
        }
        let stack = &self.knowledge().state.frame().stack;
        let Some(below) = stack.len().checked_sub(parts as usize + 1) else { return false };
        let Some(container) = stack[below].value else { return false };
        let class = self.likely_class(container);
        if !matches!(class, Some(Global::ListType | Global::TupleType | Global::StrType | Global::BytesType)) {
            return false;
        }
        let depth = self.knowledge().state.frame().stack.len();
        if let Some([start, stop, step]) = self.numbers_of_slice(below, parts) {
            self.finish_slice(next, parts, start, stop, step);
            return true;
        }
        self.own_elements(below + 1..depth);
        let mut bounds: Vec<_> = (0..parts).filter_map(|_| self.pop().value).collect();
        bounds.reverse();
        if parts == 2 {
            bounds.push(self.b.global(Global::None));
        }
        let [start, stop, step] = bounds[..] else { unreachable!("the stack has no holes there") };
        // The slice belongs to the call. So the place where it would be is empty, as after an error.
        self.push(Slot::NULL);
        self.knowledge().state.frame().unit = instr.index;
        self.mark_exit();
        let result = self.b.call_checked(Helper::GetStrided, &[container, start, stop, step]);
        if self.knowledge().known(container).class == Some(Global::ListType) {
            self.b.learn_class(result, Global::ListType);
        }
        self.pop();
        let container = self.pop();
        self.push(Slot::owned(result));
        if let Some(value) = container.value.filter(|_| container.owned)
            && !self.hand_over(value)
        {
            self.mark_exit();
            self.b.release(value);
        }
        let depth = self.knowledge().depth;
        self.cost.add(depth, false);
        self.after_call(next);
        true
    }

    /// The bounds and the step of a slice of what is known to be exactly a list, where all are numbers or not given, and the step is a constant. Their
    /// guards are those of the instruction that makes the slice.
    fn numbers_of_slice(&mut self, container: usize, parts: u32) -> Option<[Option<Value>; 3]> {
        let stack = &self.knowledge().state.frame().stack;
        let slots: SmallVec<[Slot; 4]> = stack[container..].iter().copied().collect();
        let is_list = self.b.known_class(slots[0].value?) == Some(Global::ListType);
        let mut numbers = [None; 3];
        for part in 1..=parts as usize {
            let value = slots[part].value?;
            if self.b.is_none(value) {
                continue;
            }
            if !is_list || self.b.known_class(value) != Some(Global::IntType) {
                return None;
            }
            numbers[part - 1] = Some(value);
        }
        if let Some(step) = numbers[2] {
            let raw = self.knowledge().known(step).raw?;
            self.b.constant(raw).filter(|&step| step != 0 && step.unsigned_abs() < 1 << 30)?;
        }
        if !is_list {
            return None;
        }
        self.mark_exit();
        Some(numbers.map(|number| number.map(|value| self.b.unbox_int(value))))
    }

    /// Builds `list[start:stop:step]` of numbers.
    fn finish_slice(&mut self, next: u32, parts: u32, start: Option<Value>, stop: Option<Value>, step: Option<Value>) {
        let missing = i64::from(start.is_none()) | i64::from(stop.is_none()) << 1;
        let mut number = |given: Option<Value>, other| given.unwrap_or_else(|| self.b.iconst(Type::I64, other));
        let bounds = [number(start, 0), number(stop, 0), number(step, 1)];
        let missing = self.b.iconst(Type::I32, missing);
        let depth = self.knowledge().state.frame().stack.len();
        let list = self.knowledge().state.frame().stack[depth - 1 - parts as usize].value.expect("a list");
        let [start, stop, step] = bounds;
        self.mark_exit();
        let result = self.b.call_checked(Helper::ListStrided, &[list, start, stop, step, missing]);
        self.b.learn_class(result, Global::ListType);
        self.push(Slot::owned(result));
        let unit = self.body.code.instrs()[next as usize].index;
        let stack = &mut self.knowledge().state.frame().stack;
        let consumed: SmallVec<[Slot; 4]> = stack.drain(depth - 1 - parts as usize..depth).collect();
        self.knowledge().state.frame().unit = unit;
        // As the slice would have gone: the container, the step, the start, the stop.
        let mut order: SmallVec<[Slot; 4]> = smallvec![consumed[0]];
        order.extend(consumed.get(3).copied());
        order.extend_from_slice(&consumed[1..3]);
        for slot in order {
            if let Some(value) = slot.value.filter(|_| slot.owned)
                && !self.hand_over(value)
            {
                self.mark_exit();
                self.b.release(value);
            }
        }
        let depth = self.knowledge().depth;
        self.cost.add(depth, false);
    }
}
