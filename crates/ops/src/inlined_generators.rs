//! Generators whose bodies a region has inlined: the steps around such a body, which are what the interpreter does when it resumes and suspends one.

use crate::iteration::call_next;
use crate::{Ptr, operations};
use whipsnake_cpython::layout::{self, exc_stack_item, frame, generator, thread_state};
use whipsnake_ir::{BinaryOp, Builder, Condition, Type, Value};

operations! {
    "FOR_ITER.next" (iterator) -> 1, keeps 1, ptrs [Ptr::NextInstr, Ptr::TargetInstr] => |b: &mut Builder<'_>, i| call_next(b, i);
}

/// Branches to `otherwise` unless the generator is suspended at the instruction at `resume`, and nobody holds its frame.
pub fn require_suspended_at(b: &mut Builder<'_>, generator: Value, resume: u64, otherwise: whipsnake_ir::Block) {
    let require = |b: &mut Builder<'_>, condition: Value| {
        let next = b.block();
        b.branch(condition, next, otherwise);
        b.switch_to(next);
    };
    let state = b.load(Type::I8, generator, generator::FRAME_STATE);
    let suspended = b.compare_const(Condition::Eq, state, generator::FRAME_SUSPENDED.into());
    require(b, suspended);
    let at = b.load(Type::Ptr, generator, generator::IFRAME + frame::INSTR_PTR);
    let resume = b.iconst(Type::Ptr, resume as i64);
    let there = b.compare(Condition::Eq, at, resume);
    require(b, there);
    let object = b.load(Type::Obj, generator, generator::IFRAME + frame::FRAME_OBJ);
    let unseen = b.is_null(object);
    require(b, unseen);
}

/// Suspends the generator, whose frame was linked above `below`, at the instruction at `resume`, with `top` slots in use.
pub fn suspend(b: &mut Builder<'_>, generator: Value, below: Value, resume: u64, top: usize) {
    move_to(b, generator, resume, top);
    let suspended = b.iconst(Type::I8, generator::FRAME_SUSPENDED.into());
    b.store(suspended, generator, generator::FRAME_STATE);
    const PREVIOUS_ITEM: i32 = generator::EXC_STATE + exc_stack_item::PREVIOUS_ITEM;
    let thread = b.thread_state();
    let handled = b.load(Type::Ptr, generator, PREVIOUS_ITEM);
    let nothing = b.iconst(Type::Ptr, 0);
    b.store(handled, thread, thread_state::EXC_INFO);
    b.store(nothing, generator, PREVIOUS_ITEM);
    b.store(nothing, generator, generator::IFRAME + layout::frame::PREVIOUS);
    b.store(below, thread, thread_state::CURRENT_FRAME);
    let remaining = b.load(Type::I32, thread, thread_state::PY_RECURSION_REMAINING);
    let remaining = b.binary_const(BinaryOp::Add, remaining, 1);
    b.store(remaining, thread, thread_state::PY_RECURSION_REMAINING);
}

/// Has a suspended generator go on at the instruction at `resume`, with `top` slots in use.
pub fn move_to(b: &mut Builder<'_>, generator: Value, resume: u64, top: usize) {
    let resume = b.iconst(Type::Ptr, resume as i64);
    b.store(resume, generator, generator::IFRAME + frame::INSTR_PTR);
    let top = b.iconst(Type::I32, top as i64);
    b.store(top, generator, generator::IFRAME + frame::STACKTOP);
}

/// Suspends a generator that was never linked at the instruction at `resume`, with `top` slots in use.
pub fn suspend_unlinked(b: &mut Builder<'_>, generator: Value, resume: u64, top: usize) {
    move_to(b, generator, resume, top);
    let suspended = b.iconst(Type::I8, generator::FRAME_SUSPENDED.into());
    b.store(suspended, generator, generator::FRAME_STATE);
}
