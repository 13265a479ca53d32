//! Regions of functions: how they begin and return.

mod support;

use support::Line::{Label, Op, To};
use support::{Line, Program, count, function_region};
use whipsnake_cpython::opcode as op;
use whipsnake_ir::{Continuation, Function, Global, Helper, InstData, Offset};
use whipsnake_optimizer::{Access, AttributeShape, Number, Refusal};

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
    Program { constants: vec![Number::Int(7)], locals: vec![None; 3], ..Program::default() }
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

/// `a.x`, so many times, of classes that have it among their values.
fn loads(count: usize, versions: &[(u32, i32)]) -> Function {
    let mut lines = vec![Op(op::RESUME, 0)];
    for _ in 0..count {
        lines.extend([Op(op::LOAD_FAST, 0), Op(op::LOAD_ATTR, 0), Op(op::STORE_FAST, 2)]);
    }
    lines.extend([Op(op::LOAD_FAST, 2), Op(op::RETURN_VALUE, 0)]);
    let shape = |&(version, offset): &(u32, i32)| AttributeShape { version, access: Access::Value(offset) };
    let program = Program { shapes: versions.iter().map(shape).collect(), ..program() };
    function_region(&program, &lines, 2).unwrap()
}

fn loads_at(function: &Function, at: i32) -> usize {
    count(function, |data| matches!(*data, InstData::Load { offset: Offset::Known(offset), .. } if offset == at))
}

#[test]
fn classes_that_have_an_attribute_at_several_places_have_a_way_each() {
    let function = loads(10, &[(11, 24), (12, 32)]);
    let branches = count(&function, |data| matches!(data, InstData::Branch { .. }));
    assert!(branches >= 2, "{function}");
    assert!(loads_at(&function, 24) > 0 && loads_at(&function, 32) > 0, "{function}");
    assert_eq!(
        count(&function, |data| matches!(data, InstData::Call { helper: Helper::LoadAttr, .. })),
        0,
        "{function}"
    );
}

#[test]
fn classes_that_have_an_attribute_at_the_same_place_share_a_way() {
    let same = loads(10, &[(11, 24), (12, 24)]);
    assert!((1..=10).contains(&loads_at(&same, 24)), "{same}");
}

/// `c ^ d`, and sums that make it worth while.
fn combined(program: &Program) -> Function {
    let mut lines = sums(8);
    lines.truncate(lines.len() - 2);
    lines.extend([
        Op(op::LOAD_FAST_LOAD_FAST, 0x34),
        Op(op::BINARY_OP, op::binary::XOR as u8),
        Op(op::RETURN_VALUE, 0),
    ]);
    function_region(program, &lines, 5).unwrap()
}

#[test]
fn ints_too_large_for_a_register_are_combined_by_a_call_that_nobody_notices() {
    let ints = |large| {
        let locals = vec![None, None, None, Some(Global::IntType), Some(Global::IntType)];
        combined(&Program { locals, large, ..program() })
    };
    let calls = |function: &Function| {
        count(function, |data| matches!(data, InstData::Call { helper: Helper::CombineInts, .. }))
    };
    let (small, large) = (ints(false), ints(true));
    assert_eq!(calls(&small), 0, "{small}");
    assert_eq!(calls(&large), 1, "{large}");
}

#[test]
fn a_list_that_was_another_than_expected_elsewhere_may_be_of_a_derived_class() {
    let append = |failures| {
        let mut lines = sums(8);
        lines.truncate(lines.len() - 2);
        lines.extend([Op(op::LOAD_FAST_LOAD_FAST, 0x34), Op(op::LOAD_FAST, 2), Op(op::CALL_LIST_APPEND, 1)]);
        lines.extend([Op(op::POP_TOP, 0), Op(op::LOAD_FAST, 2), Op(op::RETURN_VALUE, 0)]);
        function_region(&Program { failures, locals: vec![None; 5], ..program() }, &lines, 5).unwrap()
    };
    let guards = |function: &Function| {
        count(function, |data| matches!(data, InstData::GuardExact { class: Global::ListType, .. }))
    };
    let (first, again) = (append(0), append(1));
    assert_eq!(guards(&first), 1, "{first}");
    assert_eq!(guards(&again), 0, "{again}");
    let appended =
        |function: &Function| count(function, |data| matches!(data, InstData::Call { helper: Helper::MakeRoom, .. }));
    assert_eq!((appended(&first), appended(&again)), (1, 1), "{again}");
}
