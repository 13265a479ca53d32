//! Cells: variables shared between a function and those inside it.

use crate::{Imm, Place, operations};
use whipsnake_cpython::layout::{cell, code, frame, function, tuple};
use whipsnake_ir::{BinaryOp, Builder, Condition, Continuation, Helper, MissReason, Type, UnaryOp, Value};

operations! {
    "MAKE_CELL" () -> 0, place Place::Local => make_cell;
    "COPY_FREE_VARS" () -> 0 => copy_free_vars;
    "LOAD_DEREF" () -> 1, place Place::Local, imms [Imm::Oparg(0)] => load_deref;
    "STORE_DEREF" (value) -> 0, place Place::Local, borrows [0] => store_deref;
    "DELETE_DEREF" () -> 0, place Place::Local, imms [Imm::Oparg(0)] => delete_deref;
    "LOAD_FROM_DICT_OR_DEREF" (namespace) -> 1, imms [Imm::Oparg(0)] => load_from_dict_or_deref;
}

/// Turns a local variable into a cell with its value (an argument's, or none).
pub fn make_cell(b: &mut Builder<'_>) {
    let initial = b.local();
    let cell = b.call_checked(Helper::NewCell, &[initial]);
    let old = b.local();
    b.set_local(cell);
    b.release_or_null(old);
}

/// Copies the function's cells to the end of the frame's locals.
pub fn copy_free_vars(b: &mut Builder<'_>) {
    let this = b.frame();
    let func = b.load(Type::Ptr, this, frame::FUNCOBJ);
    let cells = b.load(Type::Ptr, func, function::CLOSURE);
    let code = b.load(Type::Ptr, this, frame::EXECUTABLE);
    let locals = b.load(Type::I32, code, code::NLOCALSPLUS);
    let locals = b.unary(UnaryOp::ExtendU, locals);
    let count = b.load(Type::I64, cells, tuple::OB_SIZE);
    let first = b.binary(BinaryOp::Sub, locals, count);
    let from = b.address(cells, tuple::OB_ITEM);
    let slots = b.address(this, frame::LOCALSPLUS);
    let to = b.element(slots, first, 3);

    // There is at least one: the instruction is only there for functions with free variables.
    let (copy, done) = (b.block(), b.block());
    let (zero, index) = (b.iconst(Type::I64, 0), b.func.add_param(copy, Type::I64));
    b.jump(copy, &[zero]);
    b.switch_to(copy);
    let place = b.element(from, index, 3);
    let cell = b.load(Type::Obj, place, 0);
    b.retain(cell);
    let place = b.element(to, index, 3);
    b.store(cell, place, 0);
    let next = b.binary_const(BinaryOp::Add, index, 1);
    let more = b.compare(Condition::Lt, next, count);
    let again = b.block();
    b.branch(more, again, done);
    b.switch_to(again);
    b.jump(copy, &[next]);
    b.switch_to(done);
}

/// Raises the error of an unbound cell if `value` is NULL; a region is left for that.
fn check_bound(b: &mut Builder<'_>, value: Value) {
    if b.in_region() {
        let bound = b.compare_const(Condition::Ne, value, 0);
        return b.guard(bound, MissReason::Missing);
    }
    let unbound = b.is_null(value);
    b.when_cold(unbound, |b| {
        let (frame, number) = (b.frame(), b.param(0));
        b.call_void(Helper::RaiseUnboundCell, &[frame, number]);
        b.leave(Continuation::Error);
    });
}

/// The value of a cell.
pub fn load_deref(b: &mut Builder<'_>) -> Value {
    let cell = b.local();
    let value = b.load(Type::Obj, cell, cell::OB_REF);
    check_bound(b, value);
    let value = b.expect(value);
    b.retain(value);
    value
}

/// Sets the value of a cell.
pub fn store_deref(b: &mut Builder<'_>, value: Value) {
    let cell = b.local();
    let old = b.load(Type::Obj, cell, cell::OB_REF);
    let value = b.take(value);
    b.store(value, cell, cell::OB_REF);
    b.release_or_null(old);
}

/// Empties a cell.
pub fn delete_deref(b: &mut Builder<'_>) {
    let cell = b.local();
    let old = b.load(Type::Obj, cell, cell::OB_REF);
    check_bound(b, old);
    let null = b.null();
    b.store(null, cell, cell::OB_REF);
    b.release(old);
}

/// A name, looked up in a class's namespace, then the value of a cell.
pub fn load_from_dict_or_deref(b: &mut Builder<'_>, namespace: Value) -> Value {
    let (frame, number) = (b.frame(), b.param(0));
    let value = b.call_checked(Helper::LoadFromDictOrCell, &[frame, namespace, number]);
    b.release(namespace);
    value
}
