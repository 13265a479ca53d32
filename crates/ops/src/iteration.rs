//! Iteration: `iter()`, and `FOR_ITER` with its specialisations.
//!
//! At the end of an iteration the iterator is popped and released, and the loop is left to the instruction after `END_FOR` and `POP_TOP`: that is
//! the target of these operations. A generator that was entered natively comes back elsewhere: to the next instruction with what it yields, to the
//! `END_FOR` with what it returns.

use crate::containers::known_character_at;
use crate::control::AFTER_YIELD_FROM;
use crate::generators::enter_generator;
use crate::{Imm, Ptr, operations};
use whipsnake_cpython::layout::{
    frame as frame_layout, list, list_iterator, range_iterator, thread_state, tuple, tuple_iterator, type_object,
    unicode,
};
use whipsnake_ir::abi::compiled;
use whipsnake_ir::{
    BinaryOp, Builder, Condition, Continuation, Global, Helper, MissReason, Offset, Type, UnaryOp, Value, abi,
};

operations! {
    "GET_ITER" (iterable) -> 1, ptrs [Ptr::NextCode] => |b, i| get_iter(b, Helper::GetIter, i);
    "FOR_ITER" (iterator) -> 1, keeps 1, imms [Imm::TargetWord], ptrs [Ptr::NextInstr, Ptr::TargetInstr] => for_iter;
    "FOR_ITER_LIST" (iterator) -> 1, keeps 1 => for_iter_list;
    "FOR_ITER_TUPLE" (iterator) -> 1, keeps 1 => for_iter_tuple;
    "FOR_ITER_RANGE" (iterator) -> 1, keeps 1 => for_iter_range;
    "FOR_ITER_GEN" (iterator) -> 1, keeps 1, imms [Imm::TargetWord], ptrs [Ptr::NextInstr, Ptr::TargetInstr] => for_iter_gen;
    "RECEIVE_ITEM" () -> 1, receives => |b: &mut Builder<'_>| b.received();
    "END_FOR" (value) -> 0 => |b: &mut Builder<'_>, value| b.release(value);
}

// `RECEIVE_ITEM` is no opcode: it stores what a generator yields or returns to a `FOR_ITER` or `SEND`. Unlike after a call nothing is
// polled for there, as in the interpreter: an exception would look as if the iterator had raised it.

/// `iter(iterable)`. Where `__iter__` is a compiled generator function, it is entered like any call.
pub(crate) fn get_iter(b: &mut Builder<'_>, helper: Helper, iterable: Value) {
    let (thread, frame, back) = (b.thread_state(), b.frame(), b.pointer(0));
    let (address, iterator) = b.call_pair(helper, &[thread, frame, iterable, back]);
    let entered = b.compare_const(Condition::Ne, address, 0);
    b.when_cold(entered, |b| b.enter(address, iterator, None));
    b.error_if_null(iterator);
    b.release(iterable);
    b.leave_with(Continuation::Next, iterator);
}

/// The next value of any iterator.
pub fn for_iter(b: &mut Builder<'_>, iterator: Value) {
    let class = b.type_of(iterator);
    let generators = b.global(Global::GeneratorType);
    let generators = b.unary(UnaryOp::AsPtr, generators);
    if b.in_region() {
        let other = b.compare(Condition::Ne, class, generators);
        b.guard(other, MissReason::Generator);
    } else {
        let is_generator = b.compare(Condition::Eq, class, generators);
        b.when_cold(is_generator, |b| try_enter(b, iterator, false));
    }
    call_next(b, iterator);
}

/// The next value of a generator: enters its compiled code.
pub fn for_iter_gen(b: &mut Builder<'_>, iterator: Value) {
    b.guard_exact(iterator, Global::GeneratorType);
    try_enter(b, iterator, true);
    call_next(b, iterator);
}

/// Enters a generator if its code is compiled and it can be resumed.
fn try_enter(b: &mut Builder<'_>, iterator: Value, usual: bool) {
    let none = b.global(Global::None);
    enter_generator(b, iterator, none, usual);
}

/// Guards that an iterator is its own, as nearly all are that are written in C.
pub fn guard_iterates_itself(b: &mut Builder<'_>, iterator: Value) {
    let class = b.type_of(iterator);
    let iter = b.load(Type::Ptr, class, type_object::TP_ITER);
    let own = b.global(Global::SelfIterFunction);
    let own = b.address(own, 0);
    let same = b.compare(Condition::Eq, iter, own);
    b.guard(same, MissReason::Iterator);
}

/// Calls `tp_iternext`.
pub(crate) fn call_next(b: &mut Builder<'_>, iterator: Value) {
    let class = b.type_of(iterator);
    let next = b.load(Type::Ptr, class, type_object::TP_ITERNEXT);
    let value = b.call_pointer(next, &[iterator], Type::Obj);
    let none_left = b.is_null(value);
    b.when_cold(none_left, |b| {
        let (thread, frame) = (b.thread_state(), b.frame());
        b.call_status(Helper::IterationEnd, &[thread, frame]);
        // At the END_FOR, which belongs to the line of the loop: the interpreter reports no line that it begins in.
        let nothing = b.global(Global::None);
        leave_for_tools(b, 1, nothing);
        leave_loop(b, iterator);
    });
    leave_for_tools(b, 0, value);
    b.leave_with(Continuation::Next, value);
}

/// Leaves to the interpreter, with `pushed` on the stack, at the instruction that pointer number `at` names, if what ran switched on a tool, which
/// must see what follows. Regions look after every call themselves.
fn leave_for_tools(b: &mut Builder<'_>, at: u8, pushed: Value) {
    if b.in_region() {
        return;
    }
    let thread = b.thread_state();
    let breaker = b.load(Type::I64, thread, thread_state::EVAL_BREAKER);
    let code = b.raw_pointer(abi::pointer::CODE);
    let valid = b.load(Type::I64, code, compiled::VALID_VERSION);
    let attention = b.compare(Condition::Ne, breaker, valid);
    b.when_cold(attention, |b| {
        let (thread, frame) = (b.thread_state(), b.frame());
        let code = b.raw_pointer(abi::pointer::CODE);
        let later = b.iconst(Type::I32, AFTER_YIELD_FROM);
        let verdict = b.call(Helper::Poll, &[thread, frame, code, later]);
        let instrumented = b.compare_const(Condition::Ne, verdict, 0);
        b.when_cold(instrumented, |b| {
            b.set_output(0, pushed);
            let (frame, next) = (b.frame(), b.pointer(at));
            b.store(next, frame, frame_layout::INSTR_PTR);
            b.leave_saved(Continuation::Exit);
        });
    });
}

/// Drops the iterator and leaves the loop.
fn leave_loop(b: &mut Builder<'_>, iterator: Value) {
    let iterator = b.hold(iterator);
    b.release(iterator);
    b.leave(Continuation::Target);
}

/// The next item of a list.
pub fn for_iter_list(b: &mut Builder<'_>, iterator: Value) -> Value {
    next_of_list(b, iterator, iterator)
}

/// A sequence whose iterators have it and the number of the next item at the same places.
struct Sequence {
    /// What its iterators are.
    iterators: Global,
    /// Where it has how many items there are.
    size: i32,
    /// How the number of the next item compares with that at the end.
    past: Condition,
    /// What the interpreter's iterator does at the end.
    end: Helper,
}

const _: () =
    assert!(list_iterator::IT_SEQ == tuple_iterator::IT_SEQ && list_iterator::IT_INDEX == tuple_iterator::IT_INDEX);

/// The next item of a sequence, which `item` loads, and the iterator has advanced. At the end of the loop `dropped` is dropped. The iterator is read from its slot once in the hot part.
fn next_of(
    b: &mut Builder<'_>,
    slot: Value,
    dropped: Value,
    over: Sequence,
    item: impl FnOnce(&mut Builder<'_>, Value, Value) -> Value,
) -> Value {
    let iterator = b.hold(slot);
    b.guard_exact(iterator, over.iterators);
    let items = b.load(Type::Obj, iterator, list_iterator::IT_SEQ);
    leave_if_exhausted(b, slot, dropped, items, over.end);
    let index = b.load(Type::I64, iterator, list_iterator::IT_INDEX);
    let size = b.load(Type::I64, items, over.size);
    let past = b.compare(over.past, index, size);
    b.when_cold(past, |b| {
        end_sequence(b, slot, items, over.end);
        leave_loop(b, dropped);
    });
    let value = item(b, items, index);
    advance(b, iterator, list_iterator::IT_INDEX, index);
    value
}

/// The next item of a list. At the end of the loop `dropped` is dropped.
pub(crate) fn next_of_list(b: &mut Builder<'_>, iterator: Value, dropped: Value) -> Value {
    let over = Sequence {
        iterators: Global::ListIteratorType,
        size: list::OB_SIZE,
        past: Condition::GeU,
        end: Helper::ListIteratorEnd,
    };
    let value = next_of(b, iterator, dropped, over, |b, items, index| {
        let array = b.load(Type::Ptr, items, list::OB_ITEM);
        let item = b.element(array, index, 3);
        b.load(Type::Obj, item, 0)
    });
    b.retain(value);
    value
}

/// The next item of a tuple.
pub fn for_iter_tuple(b: &mut Builder<'_>, iterator: Value) -> Value {
    next_of_tuple(b, iterator, iterator)
}

/// The next item of a tuple. At the end of the loop `dropped` is dropped.
pub(crate) fn next_of_tuple(b: &mut Builder<'_>, iterator: Value, dropped: Value) -> Value {
    let over = Sequence {
        iterators: Global::TupleIteratorType,
        size: tuple::OB_SIZE,
        past: Condition::Ge,
        end: Helper::TupleIteratorEnd,
    };
    let value = next_of(b, iterator, dropped, over, |b, items, index| {
        let array = b.unary(UnaryOp::AsPtr, items);
        let item = b.element(array, index, 3);
        b.load(Type::Obj, item, Offset::Known(tuple::OB_ITEM))
    });
    b.retain(value);
    value
}

/// The next character of an ASCII string, which lives for ever. At the end of the loop `dropped` is dropped.
pub(crate) fn next_of_text(b: &mut Builder<'_>, iterator: Value, dropped: Value) -> Value {
    let over = Sequence {
        iterators: Global::AsciiIteratorType,
        size: unicode::LENGTH,
        past: Condition::Ge,
        end: Helper::TupleIteratorEnd,
    };
    next_of(b, iterator, dropped, over, known_character_at)
}

/// An iterator found no more items: it drops its sequence and stays exhausted. A region sees to the end of that itself.
fn end_sequence(b: &mut Builder<'_>, iterator: Value, items: Value, end: Helper) {
    if !b.in_region() {
        b.call_void(end, &[iterator]);
        return;
    }
    if b.is_private(iterator) {
        // It is about to end, and drops the sequence then.
        return;
    }
    let nothing = b.null();
    b.store(nothing, iterator, list_iterator::IT_SEQ);
    if end == Helper::ListIteratorEnd {
        let index = b.iconst(Type::I64, -1);
        b.store(index, iterator, list_iterator::IT_INDEX);
    }
    b.release(items);
}

const _: () = assert!(list_iterator::IT_SEQ == tuple_iterator::IT_SEQ);

/// Leaves the loop if the iterator has dropped its sequence.
fn leave_if_exhausted(b: &mut Builder<'_>, iterator: Value, dropped: Value, items: Value, end: Helper) {
    let exhausted = b.is_null(items);
    b.when_cold(exhausted, |b| {
        if !b.in_region() {
            b.call_void(end, &[iterator]);
        }
        leave_loop(b, dropped);
    });
}

/// Moves an index on.
fn advance(b: &mut Builder<'_>, iterator: Value, field: i32, index: Value) {
    let next = b.binary_const(BinaryOp::Add, index, 1);
    b.store(next, iterator, field);
}

/// The next int of a range. The fields are C longs, and the iterator has moved on when a new int can't be had.
pub fn for_iter_range(b: &mut Builder<'_>, iterator: Value) -> Value {
    let slot = iterator;
    let iterator = b.hold(slot);
    b.guard_exact(iterator, Global::RangeIteratorType);
    let left = b.load(Type::I64, iterator, range_iterator::LEN);
    let empty = b.compare_const(Condition::Le, left, 0);
    b.when_cold(empty, |b| leave_loop(b, slot));
    let value = b.load(Type::I64, iterator, range_iterator::START);
    let step = b.load(Type::I64, iterator, range_iterator::STEP);
    let next = b.binary(BinaryOp::Add, value, step);
    b.store(next, iterator, range_iterator::START);
    let left = b.binary_const(BinaryOp::Sub, left, 1);
    b.store(left, iterator, range_iterator::LEN);
    b.new_int(value, &[])
}
