//! Operators and comparisons of sets, and loops over them.

mod support;

use support::Line::{Label, Op, To};
use support::{Line, Program, function_region};
use whipsnake_cpython::opcode as op;
use whipsnake_cpython::opcode::{binary, compare};
use whipsnake_ir::{Function, Global, Helper, InstData};

/// Sums of floats that make the function worth a region, then other lines.
fn function(classes: [Option<Global>; 2], lines: &[Line]) -> Function {
    let mut all = vec![Op(op::RESUME, 0), Op(op::LOAD_FAST, 0), Op(op::STORE_FAST, 2)];
    for _ in 0..8 {
        all.extend([Op(op::LOAD_FAST_LOAD_FAST, 0x21), Op(op::BINARY_OP_ADD_FLOAT, 0), Op(op::STORE_FAST, 2)]);
    }
    all.extend(lines);
    let [left, right] = classes;
    function_region(&Program { locals: vec![None, None, None, left, right], ..Program::default() }, &all, 5).unwrap()
}

fn calls(function: &Function, wanted: Helper) -> usize {
    let insts = function.block_ids().flat_map(|block| &function.blocks[block.index()].insts);
    insts.filter(|&&inst| matches!(function.inst(inst), InstData::Call { helper, .. } if *helper == wanted)).count()
}

fn guards(function: &Function, wanted: Global) -> usize {
    let insts = function.block_ids().flat_map(|block| &function.blocks[block.index()].insts);
    insts.filter(|&&inst| matches!(function.inst(inst), InstData::GuardExact { class, .. } if *class == wanted)).count()
}

const SET: Option<Global> = Some(Global::SetType);
const FROZEN: Option<Global> = Some(Global::FrozenSetType);

fn difference(classes: [Option<Global>; 2]) -> Function {
    function(
        classes,
        &[Op(op::LOAD_FAST_LOAD_FAST, 0x34), Op(op::BINARY_OP, binary::SUBTRACT as u8), Op(op::RETURN_VALUE, 0)],
    )
}

#[test]
fn what_is_subtracted_from_a_set_is_a_set_and_no_number() {
    for classes in [[SET, FROZEN], [FROZEN, FROZEN], [FROZEN, None]] {
        let function = difference(classes);
        assert_eq!(calls(&function, Helper::CallBinary), 1, "{function}");
        // Those of the sums.
        assert_eq!(guards(&function, Global::FloatType), 2, "{function}");
    }
    let of_numbers = difference([Some(Global::FloatType), Some(Global::FloatType)]);
    assert_eq!(calls(&of_numbers, Helper::CallBinary), 0, "{of_numbers}");
}

#[test]
fn sets_are_compared_by_a_call_that_nobody_notices() {
    let compared = |comparison: u32, classes| {
        let oparg = (comparison << compare::OP_SHIFT) as u8;
        let lines = [Op(op::LOAD_FAST_LOAD_FAST, 0x34), Op(op::COMPARE_OP, oparg), Op(op::RETURN_VALUE, 0)];
        calls(&function(classes, &lines), Helper::CompareSets)
    };
    assert_eq!(compared(1, [SET, FROZEN]), 1);
    assert_eq!(compared(1, [None, SET]), 1);
    // Anything may be asked whether it is equal to a set.
    assert_eq!(compared(compare::EQ, [None, SET]), 0);
    assert_eq!(compared(compare::EQ, [SET, SET]), 1);
    assert_eq!(compared(1, [Some(Global::IntType), SET]), 0);
}

#[test]
fn a_loop_over_a_set_steps_through_its_table() {
    let lines = [
        Op(op::LOAD_FAST, 3),
        Op(op::GET_ITER, 0),
        Label("top"),
        To(op::FOR_ITER, "end"),
        Op(op::STORE_FAST, 4),
        To(op::JUMP_BACKWARD, "top"),
        Label("end"),
        Op(op::END_FOR, 0),
        Op(op::POP_TOP, 0),
        Op(op::LOAD_FAST, 2),
        Op(op::RETURN_VALUE, 0),
    ];
    let function = function([SET, None], &lines);
    assert!(calls(&function, Helper::NextOfSet) > 0, "{function}");
    assert!(guards(&function, Global::SetIteratorType) > 0, "{function}");
}
