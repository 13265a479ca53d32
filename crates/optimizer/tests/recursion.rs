//! Functions that call themselves: what their bodies hand on, and when they are none.

mod support;

use support::Line::{Label, Op, To};
use support::{Line, Program, count, recursive_region};
use whipsnake_cpython::opcode as op;
use whipsnake_ir::{BodySignature, Function, Global, InstData, Type};
use whipsnake_optimizer::Number;

/// `def f(n): return n if n < 1 else f(n - 1) + f(n - 1)`, with an addition that the interpreter has specialised as `add`, and one more argument that is passed on.
fn twice(add: u8) -> Vec<Line> {
    let call = [
        Op(op::LOAD_GLOBAL_MODULE, 1),
        Op(op::LOAD_FAST, 0),
        Op(op::LOAD_CONST, 0),
        Op(op::BINARY_OP_SUBTRACT_INT, 10),
        Op(op::LOAD_FAST, 1),
        Op(op::CALL_PY_EXACT_ARGS, 2),
    ];
    let mut lines = vec![Op(op::RESUME, 0), Op(op::LOAD_FAST, 0), Op(op::LOAD_CONST, 0), Op(op::COMPARE_OP_INT, 2)];
    lines.extend([To(op::POP_JUMP_IF_FALSE, "on"), Op(op::LOAD_FAST, 0), Op(op::RETURN_VALUE, 0), Label("on")]);
    lines.extend(call);
    lines.extend(call);
    lines.extend([Op(add, 0), Op(op::RETURN_VALUE, 0)]);
    lines
}

fn program(second: Option<Global>) -> Program {
    Program { constants: vec![Number::Int(1)], locals: vec![Some(Global::IntType), second], ..Program::default() }
}

fn signature(function: &Function) -> BodySignature {
    function.body.as_ref().expect("a body").signature.clone().expect("its signature")
}

#[test]
fn a_body_of_ints_makes_no_objects() {
    let function = recursive_region(program(Some(Global::ListType)), &twice(op::BINARY_OP_ADD_INT), 2).unwrap();
    assert_eq!(signature(&function), BodySignature { params: vec![Type::I64, Type::Obj], result: Type::I64 });
    let body = function.body.as_ref().unwrap();
    assert_eq!(count(body, |data| matches!(data, InstData::Recurse { .. })), 2, "{body}");
    assert_eq!(count(body, |data| matches!(data, InstData::NewInt { .. } | InstData::UnboxInt { .. })), 0, "{body}");
    // The list that is passed on was looked at where the recursion is opened.
    let is_guard = |data: &InstData| matches!(data, InstData::GuardExact { class, .. } if *class != Global::DictType);
    assert_eq!((count(body, is_guard), count(&function, is_guard)), (0, 2), "{body}");
    insta::assert_snapshot!(body);
}

#[test]
fn what_opens_a_body_makes_one_object_of_its_result() {
    let function = recursive_region(program(None), &twice(op::BINARY_OP_ADD_INT), 2).unwrap();
    assert_eq!(count(&function, |data| matches!(data, InstData::Recurse { .. })), 1, "{function}");
    assert_eq!(count(&function, |data| matches!(data, InstData::NewInt { .. })), 1, "{function}");
    insta::assert_snapshot!(function);
}

#[test]
fn what_somebody_may_look_at_is_for_no_body() {
    // A set asks what it is made of for a hash: that may look at the frames.
    let mut lines = vec![Op(op::RESUME, 0), Op(op::LOAD_FAST, 1), Op(op::BUILD_SET, 1), Op(op::POP_TOP, 0)];
    lines.extend(twice(op::BINARY_OP_ADD_INT).split_off(1));
    let function = recursive_region(program(None), &lines, 2);
    assert!(function.is_err() || function.unwrap().body.is_none());
}
