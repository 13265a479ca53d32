//! Exceptions that are caught in the loop that raises them.

mod support;

use support::Line::{Label, Op, To};
use support::{Line, Program, in_loop, is_object_work, region};
use whipsnake_cpython::opcode as op;
use whipsnake_ir::{Function, Global, InstData};
use whipsnake_optimizer::Number;

const INPLACE_FLOOR_DIVIDE: u8 = 15;

/// `for i in a: try: BODY except: total = 0`, with `a`, `i` and `total` the locals 0 to 2, and the handler's end.
fn guarded(body: &[Line], handler: &[Line]) -> Function {
    let mut lines = vec![Op(op::RESUME, 0), Op(op::LOAD_FAST, 0), Op(op::GET_ITER, 0), Label("loop")];
    lines.extend([To(op::FOR_ITER_RANGE, "end"), Op(op::STORE_FAST, 1), Label("try")]);
    lines.extend(body);
    lines.extend([Label("tried"), To(op::JUMP_BACKWARD, "loop"), Label("end"), Op(op::END_FOR, 0)]);
    lines.extend([Op(op::POP_TOP, 0), Op(op::RETURN_CONST, 0), Label("handler"), Op(op::PUSH_EXC_INFO, 0)]);
    lines.extend(handler);
    lines.extend([Op(op::POP_EXCEPT, 0), To(op::JUMP_BACKWARD, "loop")]);
    let program = Program {
        constants: vec![Number::Int(0)],
        locals: vec![None, None, Some(Global::IntType)],
        handler: Some(("try", "tried", "handler", 1)),
        ..Program::default()
    };
    region(&program, &lines).unwrap_or_else(|refusal| panic!("refused: {refusal}"))
}

/// `total //= i`.
const DIVIDES: [Line; 3] =
    [Op(op::LOAD_FAST_LOAD_FAST, 0x21), Op(op::BINARY_OP, INPLACE_FLOOR_DIVIDE), Op(op::STORE_FAST, 2)];

/// `total = a[i]`, of anything.
const LOOKS_UP: [Line; 3] = [Op(op::LOAD_FAST_LOAD_FAST, 0x01), Op(op::BINARY_SUBSCR, 0), Op(op::STORE_FAST, 2)];

/// `total = 0`.
const FORGETS: [Line; 3] = [Op(op::POP_TOP, 0), Op(op::LOAD_CONST, 0), Op(op::STORE_FAST, 2)];

fn is_call(data: &InstData) -> bool {
    matches!(data, InstData::Call { .. })
}

#[test]
fn a_division_by_zero_that_is_caught_makes_no_exception() {
    let function = guarded(&DIVIDES, &FORGETS);
    assert_eq!(in_loop(&function, is_object_work), [""; 0], "{function}");
    assert!(!function.to_string().contains("raised"), "{function}");
}

#[test]
fn an_exception_that_was_made_is_dropped_by_the_handler() {
    let function = guarded(&LOOKS_UP, &FORGETS);
    let calls = in_loop(&function, is_call);
    let called = |name: &str| calls.iter().any(|call| call.contains(name));
    assert!(called("GetItem") && called("RaisedMatches") && called("ClearRaised"), "{calls:?}");
    // A class that it is not of goes on to the unwinder.
    assert!(function.to_string().contains(": raised"), "{function}");
}

#[test]
fn a_handler_that_reads_the_exception_is_not_built() {
    let reads = [Op(op::STORE_FAST, 2), Op(op::LOAD_FAST, 2), Op(op::POP_TOP, 0)];
    let function = guarded(&LOOKS_UP, &reads);
    assert!(!function.to_string().contains("RaisedMatches"), "{function}");
}
