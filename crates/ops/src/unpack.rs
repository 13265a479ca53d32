//! Unpacking: `a, b = value`. The first value ends up highest.

use crate::{Imm, Outputs, Ptr, operations};
use whipsnake_cpython::layout::{list, tuple};
use whipsnake_ir::{Builder, Condition, Global, Helper, MissReason, Type, UnaryOp, Value};

operations! {
    "UNPACK_SEQUENCE" (iterable) -> 0, imms [Imm::Oparg(0)] => unpack_sequence;
    "UNPACK_SEQUENCE_TWO_TUPLE" (pair) -> 2, borrows [0] => unpack_pair;
    "UNPACK_SEQUENCE_TUPLE" (tuple) -> 0, imms [Imm::Oparg(0)], borrows [0] => unpack_tuple;
    "UNPACK_SEQUENCE_LIST" (list) -> 0, imms [Imm::Oparg(0)], borrows [0] => unpack_list;
    "UNPACK_SEQUENCE.locals" (iterable) -> 0, borrows [0], ptrs [Ptr::Stores] => unpack_to_locals;
    "UNPACK_EX" (iterable) -> 0, imms [Imm::OpargMasked(0xFF), Imm::Oparg(8)] => unpack_ex;
}

/// The values of any iterable. The helper replaces the iterable, in its slot, by the values.
pub fn unpack_sequence(b: &mut Builder<'_>, _iterable: Value) {
    let (count, after) = (b.param(0), b.iconst(Type::I32, -1));
    unpack(b, count, after);
}

/// The values of any iterable, together with the `STORE_FAST`s that follow. The helper finds the iterable in its slot unless it is borrowed.
pub fn unpack_to_locals(b: &mut Builder<'_>, iterable: Value) {
    let (thread, frame, base, stores) = (b.thread_state(), b.frame(), b.stack_base(), b.pointer(0));
    let borrowed = if b.is_borrowed(iterable) { iterable } else { b.null() };
    b.call_status(Helper::UnpackToLocals, &[thread, frame, base, borrowed, stores]);
}

/// The values of any iterable, with a starred target.
pub fn unpack_ex(b: &mut Builder<'_>, _iterable: Value) {
    let (before, after) = (b.param(0), b.param(1));
    unpack(b, before, after);
}

fn unpack(b: &mut Builder<'_>, before: Value, after: Value) {
    let (thread, base) = (b.thread_state(), b.stack_base());
    b.call_status(Helper::UnpackIterable, &[thread, base, before, after]);
}

/// Guards that a sequence has as many items as the operand says.
fn guard_size(b: &mut Builder<'_>, sequence: Value, size: i32, expected: Value) {
    let size = b.load(Type::I64, sequence, size);
    let same = b.compare(Condition::Eq, size, expected);
    b.guard(same, MissReason::Bounds);
}

/// The items of a tuple of two.
pub fn unpack_pair(b: &mut Builder<'_>, pair: Value) -> [Value; 2] {
    b.guard_exact(pair, Global::TupleType);
    let two = b.iconst(Type::I64, 2);
    guard_size(b, pair, tuple::OB_SIZE, two);
    let first = b.load(Type::Obj, pair, tuple::OB_ITEM);
    let second = b.load(Type::Obj, pair, tuple::OB_ITEM + 8);
    b.retain(first);
    b.retain(second);
    b.release_unpacked(pair);
    [second, first]
}

/// The items of a tuple.
pub fn unpack_tuple(b: &mut Builder<'_>, tuple: Value) -> Outputs {
    b.guard_exact(tuple, Global::TupleType);
    guard_count(b, tuple, tuple::OB_SIZE);
    if b.in_region() {
        return each_item(b, tuple, tuple, tuple::OB_ITEM);
    }
    let items = b.address(tuple, tuple::OB_ITEM);
    unpack_items(b, tuple, items)
}

/// The items of a list.
pub fn unpack_list(b: &mut Builder<'_>, list: Value) -> Outputs {
    b.guard_exact(list, Global::ListType);
    guard_count(b, list, list::OB_SIZE);
    let items = b.load(Type::Ptr, list, list::OB_ITEM);
    if b.in_region() {
        return each_item(b, list, items, 0);
    }
    unpack_items(b, list, items)
}

/// The items, one by one: in a region their number is known.
fn each_item(b: &mut Builder<'_>, sequence: Value, items: Value, offset: i32) -> Outputs {
    let count = b.param_value(0);
    let values: Outputs = (0..count)
        .rev()
        .map(|index| {
            let value = b.load(Type::Obj, items, offset + 8 * index);
            b.retain(value);
            value
        })
        .collect();
    b.release_unpacked(sequence);
    values
}

fn guard_count(b: &mut Builder<'_>, sequence: Value, size: i32) {
    let count = b.param(0);
    let count = b.unary(UnaryOp::ExtendU, count);
    guard_size(b, sequence, size, count);
}

fn unpack_items(b: &mut Builder<'_>, sequence: Value, items: Value) -> Outputs {
    let (base, count) = (b.stack_base(), b.param(0));
    // The items overwrite the sequence's slot.
    let held = (!b.is_borrowed(sequence)).then(|| b.hold(sequence));
    b.call_void(Helper::UnpackItems, &[items, base, count]);
    if let Some(held) = held {
        b.release(held);
    }
    Outputs::new()
}
