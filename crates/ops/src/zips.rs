//! Loops over `zip(…)` of lists and tuples: the iterators inside are stepped at once, and the tuple is not made where it is taken apart.
//!
//! The interpreter has no instruction for these: they are for the optimizing tier, which has seen the object.

use crate::operations;
use whipsnake_cpython::layout::{
    gc_head, list, list_iterator, object, tuple, tuple_iterator, type_object, var_object, zip,
};
use whipsnake_ir::{BinaryOp, Builder, Condition, Continuation, Global, Helper, MissReason, Type, Value};

use Global::{ListIteratorType as List, TupleIteratorType as Tuple};

operations! {
    "FOR_ITER.zip_ll" (iterator) -> 1, keeps 1 => |b: &mut Builder<'_>, iterator| next(b, iterator, &[List, List]);
    "FOR_ITER.zip_lt" (iterator) -> 1, keeps 1 => |b: &mut Builder<'_>, iterator| next(b, iterator, &[List, Tuple]);
    "FOR_ITER.zip_tl" (iterator) -> 1, keeps 1 => |b: &mut Builder<'_>, iterator| next(b, iterator, &[Tuple, List]);
    "FOR_ITER.zip_tt" (iterator) -> 1, keeps 1 => |b: &mut Builder<'_>, iterator| next(b, iterator, &[Tuple, Tuple]);
    "FOR_ITER.zip_lll" (iterator) -> 1, keeps 1 => |b: &mut Builder<'_>, iterator| next(b, iterator, &[List, List, List]);
}

/// The operation for a `zip` with these iterators inside.
pub fn zip_operation(inside: &[Global]) -> Option<&'static str> {
    Some(match inside {
        [List, List] => "FOR_ITER.zip_ll",
        [List, Tuple] => "FOR_ITER.zip_lt",
        [Tuple, List] => "FOR_ITER.zip_tl",
        [Tuple, Tuple] => "FOR_ITER.zip_tt",
        [List, List, List] => "FOR_ITER.zip_lll",
        _ => return None,
    })
}

const _: () =
    assert!(list_iterator::IT_SEQ == tuple_iterator::IT_SEQ && list_iterator::IT_INDEX == tuple_iterator::IT_INDEX);

/// The next items, of iterators of these types inside.
fn next(b: &mut Builder<'_>, iterator: Value, inside: &[Global]) -> Value {
    b.guard_exact(iterator, Global::ZipType);
    let count = b.load(Type::I64, iterator, zip::TUPLESIZE);
    let as_many = b.compare_const(Condition::Eq, count, inside.len() as i64);
    b.guard(as_many, MissReason::Value);
    // The interpreter's tuple holds the last items until the next ones come, if nobody else has the tuple.
    let held = b.load(Type::Obj, iterator, zip::RESULT);
    reuse_tuple(b, held);
    let iterators = b.load(Type::Obj, iterator, zip::ITTUPLE);
    let mut inner = vec![];
    for (index, &class) in inside.iter().enumerate() {
        let it = b.load(Type::Obj, iterators, tuple::OB_ITEM + 8 * index as i32);
        b.guard_exact(it, class);
        for &other in &inner {
            let different = b.compare(Condition::Ne, it, other);
            b.guard(different, MissReason::Value);
        }
        inner.push(it);
    }
    // The interpreter drops the last item of an iterator before it asks the next one: if that ends the item, somebody may look.
    let mut before = vec![];
    for number in 0..inside.len() as i32 {
        let item = b.load(Type::Obj, held, tuple::OB_ITEM + 8 * number);
        let references = b.load(Type::I32, item, object::OB_REFCNT);
        let shared = b.compare_const(Condition::Ne, references, 1);
        b.guard(shared, MissReason::Value);
        before.push(item);
    }
    let ended = b.block();
    b.set_cold(ended);
    let mut places = vec![];
    for (&it, &class) in inner.iter().zip(inside) {
        let items = b.load(Type::Obj, it, list_iterator::IT_SEQ);
        let none = b.is_null(items);
        leave_if(b, none, ended);
        let index = b.load(Type::I64, it, list_iterator::IT_INDEX);
        let size = b.load(Type::I64, items, var_object::OB_SIZE);
        let past = b.compare(Condition::GeU, index, size);
        leave_if(b, past, ended);
        places.push((it, class, items, index));
    }
    track_again(b, held);
    let mut values = vec![];
    for (number, (it, class, items, index)) in places.into_iter().enumerate() {
        let value = if class == Global::ListIteratorType {
            let array = b.load(Type::Ptr, items, list::OB_ITEM);
            let item = b.element(array, index, 3);
            b.load(Type::Obj, item, 0)
        } else {
            let first = b.address(items, tuple::OB_ITEM);
            let item = b.element(first, index, 3);
            b.load(Type::Obj, item, 0)
        };
        let next = b.binary_const(BinaryOp::Add, index, 1);
        b.store(next, it, list_iterator::IT_INDEX);
        let place = tuple::OB_ITEM + 8 * number as i32;
        b.retain(value);
        b.store(value, held, place);
        b.retain(value);
        values.push(value);
    }
    let result = b.new_tuple(&values);
    b.release_all(&before);

    let done = b.block();
    b.jump(done, &[]);
    b.switch_to(ended);
    // One of them has no more items: what the others do then, and what is raised if there should be as many, is the interpreter's business.
    end_of_any(b, iterator);
    b.switch_to(done);
    result
}

/// The end of an iterator that is known to give nothing any more: it says so, or raises.
pub(crate) fn end_of_any(b: &mut Builder<'_>, iterator: Value) {
    let class = b.type_of(iterator);
    let step = b.load(Type::Ptr, class, type_object::TP_ITERNEXT);
    let nothing = b.call_pointer(step, &[iterator], Type::Obj);
    let is_nothing = b.is_null(nothing);
    b.guard(is_nothing, MissReason::Iterator);
    let (thread, frame) = (b.thread_state(), b.frame());
    b.call_status(Helper::IterationEnd, &[thread, frame]);
    let iterator = b.hold(iterator);
    b.release(iterator);
    b.leave(Continuation::Target);
}

/// Whether the tuple that an iterator keeps for its next result can be used again, which nobody else has: it is guarded to be.
pub(crate) fn reuse_tuple(b: &mut Builder<'_>, held: Value) {
    let references = b.load(Type::I32, held, object::OB_REFCNT);
    let alone = b.compare_const(Condition::Eq, references, 1);
    b.guard(alone, MissReason::Value);
}

/// The collector takes tuples of numbers and such out of its lists; with other items they are to be there.
pub(crate) fn track_again(b: &mut Builder<'_>, held: Value) {
    let tracked = b.load(Type::I64, held, gc_head::GC_NEXT - gc_head::SIZEOF);
    let untracked = b.compare_const(Condition::Eq, tracked, 0);
    b.when_cold(untracked, |b| b.call_void(Helper::TrackAgain, &[held]));
}

pub(crate) fn leave_if(b: &mut Builder<'_>, condition: Value, to: whipsnake_ir::Block) {
    let on = b.block();
    b.branch(condition, to, on);
    b.switch_to(on);
}
