//! Regions of small loops: what must be gone from the block that loops.

mod support;

use support::Line::{Label, Op, To};
use support::{Line, Program, in_loop, is_object_work, is_unboxing, looping, region};
use whipsnake_cpython::opcode as op;
use whipsnake_ir::{Function, Global, InstData, Type};
use whipsnake_optimizer::{Number, Refusal};

const INPLACE_ADD: u8 = 13;

/// `for i in a: BODY`, with `a` and `i` the locals 0 and 1.
fn for_loop(for_iter: u8, body: Vec<Line>) -> Vec<Line> {
    let mut lines = vec![Op(op::RESUME, 0), Op(op::LOAD_FAST, 0), Op(op::GET_ITER, 0), Label("loop")];
    lines.extend([To(for_iter, "end"), Op(op::STORE_FAST, 1)]);
    lines.extend(body);
    lines.extend([To(op::JUMP_BACKWARD, "loop"), Label("end"), Op(op::END_FOR, 0), Op(op::POP_TOP, 0)]);
    lines.extend([Op(op::RETURN_CONST, 0)]);
    lines
}

/// `total += i`, with `total` local 2.
fn add_to_total(opcode: u8) -> Vec<Line> {
    vec![Op(op::LOAD_FAST_LOAD_FAST, 0x21), Op(opcode, INPLACE_ADD), Op(op::STORE_FAST, 2)]
}

fn built(program: &Program, lines: &[Line]) -> Function {
    region(program, lines).unwrap_or_else(|refusal| panic!("refused: {refusal}"))
}

/// Types of what the header of the deepest loop carries.
fn carried(function: &Function) -> Vec<Type> {
    let header = looping(function)[0];
    function.blocks[header.index()].params.iter().map(|&p| function.ty(p)).collect()
}

fn is_guard(data: &InstData) -> bool {
    matches!(data, InstData::Guard { .. })
}

#[test]
fn a_sum_of_ints_makes_no_objects() {
    let program = Program { locals: vec![None, None, Some(Global::IntType)], ..Program::default() };
    let function = built(&program, &for_loop(op::FOR_ITER_RANGE, add_to_total(op::BINARY_OP_ADD_INT)));
    assert_eq!(in_loop(&function, is_object_work), [""; 0], "{function}");
    assert_eq!(in_loop(&function, is_unboxing), [""; 0], "{function}");
    // No overflow, and nothing pending.
    assert_eq!(in_loop(&function, is_guard).len(), 2, "{function}");
    assert!(carried(&function).iter().all(|&ty| ty == Type::I64), "{function}");
    insta::assert_snapshot!(function);
}

#[test]
fn a_sum_of_floats_makes_no_objects() {
    // `total += 0.5 * 0.5`, so that a temporary number is there too.
    let body = vec![
        Op(op::LOAD_FAST, 2),
        Op(op::LOAD_FAST, 3),
        Op(op::LOAD_CONST, 0),
        Op(op::BINARY_OP_MULTIPLY_FLOAT, 5),
        Op(op::BINARY_OP_ADD_FLOAT, INPLACE_ADD),
        Op(op::STORE_FAST, 2),
    ];
    let float = Some(Global::FloatType);
    let program =
        Program { constants: vec![Number::Float(0.5)], locals: vec![None, None, float, float], ..Program::default() };
    let function = built(&program, &for_loop(op::FOR_ITER_RANGE, body));
    assert_eq!(in_loop(&function, is_object_work), [""; 0], "{function}");
    assert_eq!(in_loop(&function, is_unboxing), [""; 0], "{function}");
    assert!(carried(&function).contains(&Type::F64), "{function}");
    insta::assert_snapshot!(function);
}

/// `total = (total + i) OP constant`.
fn divided(operator: u8, constant: i64) -> Function {
    let mut body = vec![Op(op::LOAD_FAST_LOAD_FAST, 0x21), Op(op::BINARY_OP_ADD_INT, 0)];
    body.extend([Op(op::LOAD_CONST, 0), Op(op::BINARY_OP, operator), Op(op::STORE_FAST, 2)]);
    let constants = vec![Number::Int(constant)];
    let program = Program { constants, locals: vec![None, None, Some(Global::IntType)], ..Program::default() };
    built(&program, &for_loop(op::FOR_ITER_RANGE, body))
}

#[test]
fn what_is_divided_stays_a_number() {
    const FLOOR_DIVIDE: u8 = 2;
    const REMAINDER: u8 = 6;
    let divides = |data: &InstData| matches!(data, InstData::Binary { op: whipsnake_ir::BinaryOp::DivS, .. });
    for operator in [FLOOR_DIVIDE, REMAINDER] {
        for (constant, divisions) in [(8, 0), (10, 1), (-8, 1)] {
            let function = divided(operator, constant);
            assert_eq!(in_loop(&function, is_object_work), [""; 0], "{function}");
            assert_eq!(in_loop(&function, is_unboxing), [""; 0], "{function}");
            assert_eq!(in_loop(&function, divides).len(), divisions, "{constant}: {function}");
        }
    }
}

#[test]
fn a_list_is_guarded_before_the_loop_only() {
    // `total += values[i]`
    let body = vec![
        Op(op::LOAD_FAST_LOAD_FAST, 0x23),
        Op(op::LOAD_FAST, 1),
        Op(op::BINARY_SUBSCR_LIST_INT, 0),
        Op(op::BINARY_OP_ADD_FLOAT, INPLACE_ADD),
        Op(op::STORE_FAST, 2),
    ];
    let locals = vec![None, None, Some(Global::FloatType), Some(Global::ListType)];
    let function = built(&Program { locals, ..Program::default() }, &for_loop(op::FOR_ITER_RANGE, body));
    // The item is another object each time; its count and type are all that is left.
    assert_eq!(in_loop(&function, |d| matches!(d, InstData::NewFloat { .. } | InstData::NewInt { .. })), [""; 0]);
    let exact = in_loop(&function, |d| matches!(d, InstData::GuardExact { .. }));
    assert!(exact.len() == 1 && exact[0].contains("FloatType"), "{exact:?}\n{function}");
}

#[test]
fn slices_of_a_list_are_numbers() {
    // `x[i:9] = x[i:9:-1]`, with `x` local 2.
    let body = vec![
        Op(op::LOAD_FAST, 2),
        Op(op::LOAD_FAST, 1),
        Op(op::LOAD_CONST, 0),
        Op(op::LOAD_CONST, 1),
        Op(op::BUILD_SLICE, 3),
        Op(op::BINARY_SUBSCR, 0),
        Op(op::LOAD_FAST, 2),
        Op(op::LOAD_FAST, 1),
        Op(op::LOAD_CONST, 0),
        Op(op::STORE_SLICE, 0),
    ];
    let built = |class| {
        let constants = vec![Number::Int(9), Number::Int(-1)];
        let program = Program { constants, locals: vec![None, None, Some(class)], ..Program::default() };
        let function = built(&program, &for_loop(op::FOR_ITER_RANGE, body.clone()));
        let calls = in_loop(&function, |data| matches!(data, InstData::Call { .. }));
        let names = ["ListStrided", "ExchangeSlice", "SetListSlice", "GetStrided", "BuildSlice", "SetSlice"];
        names.map(|name| calls.iter().filter(|call| call.contains(&format!("{name}("))).count())
    };
    assert_eq!(built(Global::ListType), [1, 1, 1, 0, 0, 0]);
    // Of other sequences it is the helper that makes the slice, or does without.
    assert_eq!(built(Global::TupleType)[..5], [0, 0, 0, 1, 0]);
}

#[test]
fn a_dict_is_searched_without_a_word_to_the_frame() {
    // `total += d[1]`
    let body = vec![
        Op(op::LOAD_FAST_LOAD_FAST, 0x23),
        Op(op::LOAD_CONST, 0),
        Op(op::BINARY_SUBSCR_DICT, 0),
        Op(op::BINARY_OP_ADD_FLOAT, INPLACE_ADD),
        Op(op::STORE_FAST, 2),
    ];
    let constants = vec![Number::Int(1)];
    let locals = vec![None, None, Some(Global::FloatType), Some(Global::DictType)];
    let function = built(&Program { constants, locals, ..Program::default() }, &for_loop(op::FOR_ITER_RANGE, body));
    assert_eq!(
        in_loop(&function, |d| matches!(d, InstData::NewFloat { .. } | InstData::SaveInstr)),
        [""; 0],
        "{function}"
    );
    let calls = in_loop(&function, |d| matches!(d, InstData::Call { .. }));
    assert!(calls.len() == 1 && calls[0].contains("DictFind("), "{calls:?}\n{function}");
}

#[test]
fn items_of_a_list_are_loaded_only() {
    let program = Program { locals: vec![None, None, Some(Global::FloatType)], ..Program::default() };
    let function = built(&program, &for_loop(op::FOR_ITER_LIST, add_to_total(op::BINARY_OP_ADD_FLOAT)));
    assert_eq!(
        in_loop(&function, |d| matches!(d, InstData::NewFloat { .. } | InstData::NewInt { .. })),
        [""; 0],
        "{function}"
    );
    // The item is kept in its local: two counts, no more.
    assert!(in_loop(&function, is_object_work).len() <= 2, "{function}");
}

#[test]
fn the_inner_of_nested_loops_makes_no_objects() {
    // for i in a: for j in b: total += j
    let inner = vec![
        Op(op::LOAD_FAST, 3),
        Op(op::GET_ITER, 0),
        Label("inner"),
        To(op::FOR_ITER_RANGE, "inner end"),
        Op(op::STORE_FAST, 4),
        Op(op::LOAD_FAST_LOAD_FAST, 0x24),
        Op(op::BINARY_OP_ADD_INT, INPLACE_ADD),
        Op(op::STORE_FAST, 2),
        To(op::JUMP_BACKWARD, "inner"),
        Label("inner end"),
        Op(op::END_FOR, 0),
        Op(op::POP_TOP, 0),
    ];
    let int = Some(Global::IntType);
    let program = Program { locals: vec![None, None, int, None, int], ..Program::default() };
    let function = built(&program, &for_loop(op::FOR_ITER_RANGE, inner));
    let depth = |b: &whipsnake_ir::BlockData| b.depth;
    assert_eq!(function.blocks.iter().map(depth).max(), Some(2));
    assert_eq!(in_loop(&function, is_object_work), [""; 0], "{function}");
    assert_eq!(in_loop(&function, is_unboxing), [""; 0], "{function}");
}

#[test]
fn what_changes_its_type_around_the_loop_is_carried_as_an_object() {
    // x, y = y, x
    let body = vec![Op(op::LOAD_FAST_LOAD_FAST, 0x23), Op(op::STORE_FAST_STORE_FAST, 0x23)];
    let locals = vec![None, None, Some(Global::IntType), Some(Global::FloatType)];
    let function = built(&Program { locals, ..Program::default() }, &for_loop(op::FOR_ITER_RANGE, body));
    let objects = carried(&function).iter().filter(|&&ty| ty == Type::Obj).count();
    assert_eq!(objects, 2, "{function}");
    for &param in &function.blocks[looping(&function)[0].index()].params {
        assert!(function.ty(param) != Type::Obj || function.class(param).is_none(), "{function}");
    }
    assert!(!carried(&function).contains(&Type::F64));
}

#[test]
fn an_int_that_becomes_a_float_is_a_number_from_the_second_round_on() {
    // x = x + 0.5
    let body = vec![Op(op::LOAD_FAST, 2), Op(op::LOAD_CONST, 0), Op(op::BINARY_OP, 0), Op(op::STORE_FAST, 2)];
    let locals = vec![None, None, Some(Global::IntType)];
    let program = Program { constants: vec![Number::Float(0.5)], locals, ..Program::default() };
    let function = built(&program, &for_loop(op::FOR_ITER_RANGE, body));
    assert_eq!(in_loop(&function, is_object_work), [""; 0], "{function}");
    assert!(carried(&function).contains(&Type::F64), "{function}");
}

#[test]
fn a_loop_that_always_leaves_is_refused() {
    let body = vec![Op(op::LOAD_FAST, 1), Op(op::LOAD_CONST, 0), Op(op::RAISE_VARARGS, 2)];
    let program = Program { constants: vec![Number::No], locals: vec![None, None], ..Program::default() };
    // No way leads from the `raise` to the jump back: there is no loop in the sense of the analysis.
    assert_eq!(region(&program, &for_loop(op::FOR_ITER_RANGE, body)).err(), Some(Refusal::NoLoop));
    let yielding = vec![Op(op::LOAD_FAST, 1), Op(op::YIELD_VALUE, 0), Op(op::POP_TOP, 0)];
    let refusal = region(&program, &for_loop(op::FOR_ITER_RANGE, yielding)).err();
    assert_eq!(refusal, Some(Refusal::Leaves(op::YIELD_VALUE)));
    let said = refusal.map(|r| r.to_string());
    assert_eq!(said.as_deref(), Some("every way around the loop leaves the region at YIELD_VALUE"));
}

#[test]
fn a_loop_that_works_before_it_yields_is_a_region() {
    // `total += i`, some times, and `yield total + i`.
    let mut body: Vec<Line> = (0..12).flat_map(|_| add_to_total(op::BINARY_OP_ADD_INT)).collect();
    body.extend([Op(op::LOAD_FAST_LOAD_FAST, 0x21), Op(op::BINARY_OP_ADD_INT, INPLACE_ADD)]);
    body.extend([Op(op::YIELD_VALUE, 0), Op(op::POP_TOP, 0)]);
    let program = Program { locals: vec![None, None, Some(Global::IntType)], ..Program::default() };
    let function = built(&program, &for_loop(op::FOR_ITER_RANGE, body));
    assert!(function.gains_in_one_round, "{function}");
    assert_eq!(looping(&function), [], "each round leaves: {function}");
    // What is yielded is made and stored; of what is summed up, the last sum alone, by the exit.
    let made = function.blocks.iter().flat_map(|block| &block.insts);
    let stored = made.filter(|&&inst| matches!(function.inst(inst), InstData::Store { .. })).count();
    assert!(stored > 0, "{function}");
}

#[test]
fn a_loop_that_only_calls_is_refused() {
    let program = Program { constants: vec![Number::No], locals: vec![None, None], ..Program::default() };
    let body = vec![Op(op::LOAD_FAST, 1), Op(op::PUSH_NULL, 0), Op(op::CALL, 0), Op(op::POP_TOP, 0)];
    assert_eq!(region(&program, &for_loop(op::FOR_ITER_RANGE, body)).err(), Some(Refusal::Calls));
}

#[test]
fn a_unit_that_starts_no_loop_is_refused() {
    let lines = [Op(op::RESUME, 0), Label("loop"), Op(op::RETURN_CONST, 0)];
    assert_eq!(region(&Program::default(), &lines).err(), Some(Refusal::NoLoop));
}

#[test]
fn an_object_that_the_frame_got_is_the_one_that_is_released() {
    // for i in a: for x in b: total += x
    // The end of the inner iterator may run Python code, for which the locals are stored.
    let inner = vec![
        Op(op::LOAD_FAST, 3),
        Op(op::GET_ITER, 0),
        Label("inner"),
        To(op::FOR_ITER_LIST, "inner end"),
        Op(op::STORE_FAST, 4),
        Op(op::LOAD_FAST_LOAD_FAST, 0x24),
        Op(op::BINARY_OP_ADD_FLOAT, INPLACE_ADD),
        Op(op::STORE_FAST, 2),
        To(op::JUMP_BACKWARD, "inner"),
        Label("inner end"),
        Op(op::END_FOR, 0),
        Op(op::POP_TOP, 0),
    ];
    let float = Some(Global::FloatType);
    let program = Program { locals: vec![None, None, float, None, float], ..Program::default() };
    let function = built(&program, &for_loop(op::FOR_ITER_RANGE, inner));
    // A number that is made an object for a store must not be made another for what comes after: nobody would release the first.
    let mut made = vec![];
    for &inst in function.blocks.iter().flat_map(|b| &b.insts) {
        if let InstData::NewFloat { value, .. } = *function.inst(inst) {
            assert!(!made.contains(&value), "{value} is made an object twice\n{function}");
            made.push(value);
        }
    }
}

#[test]
fn characters_of_a_string_are_tested_without_a_call() {
    // `for c in s: if c in "ab0": total += 1`, with `s`, `c` and `total` the locals 2 to 4.
    let body = vec![
        Op(op::LOAD_FAST, 2),
        Op(op::GET_ITER, 0),
        Label("inner"),
        To(op::FOR_ITER, "done"),
        Op(op::STORE_FAST, 3),
        Op(op::LOAD_FAST, 3),
        Op(op::LOAD_CONST, 0),
        Op(op::CONTAINS_OP, 0),
        To(op::POP_JUMP_IF_FALSE, "no"),
        Op(op::LOAD_FAST, 4),
        Op(op::LOAD_CONST, 1),
        Op(op::BINARY_OP_ADD_INT, INPLACE_ADD),
        Op(op::STORE_FAST, 4),
        Label("no"),
        To(op::JUMP_BACKWARD, "inner"),
        Label("done"),
        Op(op::END_FOR, 0),
        Op(op::POP_TOP, 0),
    ];
    let locals = vec![None, None, Some(Global::StrType), None, Some(Global::IntType)];
    let constants = vec![Number::No, Number::Int(1)];
    let function = built(&Program { locals, constants, ..Program::default() }, &for_loop(op::FOR_ITER_RANGE, body));
    let calls = |data: &InstData| matches!(data, InstData::Call { .. } | InstData::CallPointer { .. });
    assert_eq!(in_loop(&function, calls), [""; 0], "{function}");
    let asks_for_type = |data: &InstData| matches!(data, InstData::GuardExact { .. });
    assert_eq!(in_loop(&function, asks_for_type), [""; 0], "{function}");
    assert!(function.to_string().contains("late_iterator"), "{function}");
}
