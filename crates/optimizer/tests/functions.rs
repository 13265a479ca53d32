//! Regions of functions: how they begin and return.

mod support;

use support::Line::{Label, Op, To};
use support::{Line, Program, function_region};
use whipsnake_cpython::opcode as op;
use whipsnake_ir::{Continuation, Function, InstData};
use whipsnake_optimizer::{Number, Refusal};

/// `def f(a, b): c = a; for …`: so many additions of `a` and `b`, the sum in local 2, which is returned.
fn sums(count: usize) -> Vec<Line> {
    let mut lines = vec![Op(op::RESUME, 0), Op(op::LOAD_FAST, 0), Op(op::STORE_FAST, 2)];
    for _ in 0..count {
        lines.extend([Op(op::LOAD_FAST_LOAD_FAST, 0x21), Op(op::BINARY_OP_ADD_FLOAT, 0), Op(op::STORE_FAST, 2)]);
    }
    lines.extend([Op(op::LOAD_FAST, 2), Op(op::RETURN_VALUE, 0)]);
    lines
}

fn program() -> Program {
    Program { constants: vec![Number::Int(7)], locals: vec![None; 3] }
}

fn count(function: &Function, is: impl Fn(&InstData) -> bool) -> usize {
    let insts = function.block_ids().flat_map(|block| &function.blocks[block.index()].insts);
    insts.filter(|&&inst| is(function.inst(inst))).count()
}

fn is_return(data: &InstData) -> bool {
    matches!(data, InstData::Leave { to: Continuation::Return, arg: Some(_) })
}

#[test]
fn a_function_of_floats_makes_one_object_and_returns_it() {
    let function = function_region(&program(), &sums(8), 2).unwrap();
    assert_eq!(count(&function, is_return), 1, "{function}");
    assert_eq!(count(&function, |data| matches!(data, InstData::NewFloat { .. })), 1, "{function}");
    // The types of both arguments, once.
    assert_eq!(count(&function, |data| matches!(data, InstData::GuardExact { .. })), 2, "{function}");
}

#[test]
fn what_does_little_is_refused() {
    let refusal = function_region(&program(), &sums(1), 2).unwrap_err();
    assert_eq!(refusal, Refusal::Calls);
}

#[test]
fn a_function_that_never_returns_is_refused() {
    let lines = [Op(op::RESUME, 0), Label("again"), Op(op::NOP, 0), To(op::JUMP_BACKWARD, "again")];
    assert!(matches!(function_region(&program(), &lines, 2).unwrap_err(), Refusal::Leaves(_)));
}
