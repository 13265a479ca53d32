//! Loops over ASCII strings, whose characters are there already, and over `enumerate(…)` of these, of lists and of tuples: the number is in a register, and the pair is not made where it is taken apart at once.
//!
//! The interpreter has no instruction for these: they are for the optimizing tier, which has seen the object.

use crate::iteration::{next_of_list, next_of_text, next_of_tuple};
use crate::operations;
use whipsnake_cpython::layout::{enumeration, gc_head, object, tuple};
use whipsnake_ir::{BinaryOp, Builder, Condition, Global, MissReason, Type, Value};

operations! {
    "FOR_ITER.enumerate_list" (iterator) -> 1, keeps 1 => |b: &mut Builder<'_>, iterator| next(b, iterator, next_of_list);
    "FOR_ITER.enumerate_tuple" (iterator) -> 1, keeps 1 => |b: &mut Builder<'_>, iterator| next(b, iterator, next_of_tuple);
    "FOR_ITER.enumerate_text" (iterator) -> 1, keeps 1 => |b: &mut Builder<'_>, iterator| next(b, iterator, next_of_text);
    "FOR_ITER.text" (iterator) -> 1, keeps 1 => |b: &mut Builder<'_>, iterator| next_of_text(b, iterator, iterator);
}

/// The next number and item, of an iterator inside that gives the items, and drops the one given to it at its end.
fn next(b: &mut Builder<'_>, iterator: Value, item: fn(&mut Builder<'_>, Value, Value) -> Value) -> Value {
    b.guard_exact(iterator, Global::EnumerateType);
    let large = b.load(Type::Obj, iterator, enumeration::EN_LONGINDEX);
    let small = b.is_null(large);
    b.guard(small, MissReason::Value);
    let number = b.load(Type::I64, iterator, enumeration::EN_INDEX);
    let has_next = b.compare_const(Condition::Ne, number, i64::MAX);
    b.guard(has_next, MissReason::Value);
    // The interpreter's pair holds the last item until the next one comes, if nobody else has the pair.
    let pair = b.load(Type::Obj, iterator, enumeration::EN_RESULT);
    let count = b.load(Type::I32, pair, object::OB_REFCNT);
    let alone = b.compare_const(Condition::Eq, count, 1);
    b.guard(alone, MissReason::Value);
    let tracked = b.load(Type::I64, pair, gc_head::GC_NEXT - gc_head::SIZEOF);
    let is_tracked = b.compare_const(Condition::Ne, tracked, 0);
    b.guard(is_tracked, MissReason::Value);
    let inner = b.load(Type::Obj, iterator, enumeration::EN_SIT);
    let item = item(b, inner, iterator);
    let before = b.load(Type::Obj, pair, tuple::OB_ITEM + 8);
    b.retain(item);
    b.store(item, pair, tuple::OB_ITEM + 8);
    let next = b.binary_const(BinaryOp::Add, number, 1);
    b.store(next, iterator, enumeration::EN_INDEX);
    let number = b.new_int(number, &[]);
    let result = b.new_tuple(&[number, item]);
    b.release(before);
    result
}
