//! Subscripts with slices: the slice object is not made.

use super::blocks::Walk;
use whipsnake_cpython::opcode as op;
use whipsnake_ir::{Global, Helper, Slot};

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
}
