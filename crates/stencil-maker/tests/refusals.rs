//! What is refused, and with which reason.

mod common;
use common::*;
use cranelift_codegen::ir::{InstBuilder, condcodes::IntCC, types::*};
use cranelift_codegen::isa::CallConv;
use whipsnake_stencil_maker::*;

fn problem_of(form: Form, build: impl Fn(&mut Op<'_, '_>) + 'static) -> Problem {
    let mut helpers = vec![HelperConvention::UNKNOWN; 10];
    helpers[PRESERVING as usize] = HelperConvention { int_args: 1, float_args: 0, float_result: false, preserve: true };
    let options = StencilOptions { helpers, ..StencilOptions::default() };
    let error = make("sample", &mut compiler(form, build), &options).expect_err("it is refused");
    assert_eq!(error.operation, "sample");
    error.problem
}

fn problem(build: impl Fn(&mut Op<'_, '_>) + 'static) -> Problem {
    problem_of(Form::default(), build)
}

#[test]
fn a_vector_constant() {
    let found = problem(|op| {
        let frame = op.frame();
        let value = op.b.ins().load(I64X2, flags(), frame, op.v[0]);
        let bytes: Vec<u8> = (0..16).collect();
        let constant = op.b.func.dfg.constants.insert(bytes.into());
        let constant = op.b.ins().vconst(I64X2, constant);
        let both = op.b.ins().bxor(value, constant);
        op.b.ins().store(flags(), both, frame, op.v[0]);
        op.leave(ON, &[]);
    });
    assert_eq!(found, Problem::RipRelative);
}

#[test]
fn an_operand_that_was_computed_with() {
    let found = problem(|op| {
        let value = op.b.ins().iconst(I64, i64::from(op.v[0] ^ 0x55));
        op.store(1, value);
        op.leave(ON, &[]);
    });
    assert_eq!(found, Problem::UnexplainedConstant);
}

#[test]
fn an_operand_in_a_small_field() {
    let found = problem(|op| {
        let frame = op.frame();
        let value = op.b.ins().iconst(I8, i64::from(op.v[0] as u8));
        op.b.ins().store(flags(), value, frame, op.v[1]);
        op.leave(ON, &[]);
    });
    assert!(matches!(found, Problem::UnexplainedByte | Problem::UnexplainedConstant), "{found:?}");
}

#[test]
fn code_whose_length_depends_on_an_operand() {
    let found = problem(|op| {
        if op.v[0] & 1 == 1 {
            let value = op.load(1);
            op.store(2, value);
        }
        op.leave(ON, &[]);
    });
    assert!(matches!(found, Problem::LengthDiffers(..)), "{found:?}");
}

#[test]
fn a_float_kept_over_a_call_that_preserves_integers_only() {
    let found = problem(|op| {
        let frame = op.frame();
        let number = op.b.ins().load(F64, flags(), frame, op.v[0]);
        let object = op.load(1);
        op.release(object);
        let frame = op.frame();
        op.b.ins().store(flags(), number, frame, op.v[2]);
        op.leave(ON, &[]);
    });
    assert!(matches!(found, Problem::FloatLiveOverCall(_)), "{found:?}");
}

#[test]
fn a_spill_without_the_activations_slot() {
    let found = problem_of(Form { activation: false, ..Form::default() }, |op| {
        let values: Vec<_> = (0..10).map(|k| op.load(k)).collect();
        op.helper(0, CallConv::SystemV, &[values[0]], None);
        for (k, value) in values.iter().enumerate() {
            op.store(9 - k, *value);
        }
        op.leave(ON, &[]);
    });
    assert_eq!(found, Problem::ActivationOverwritten);
}

#[test]
fn arguments_on_the_stack() {
    let found = problem(|op| {
        let values: Vec<_> = (0..8).map(|k| op.load(k)).collect();
        op.helper(0, CallConv::SystemV, &values, None);
        op.leave(ON, &[]);
    });
    assert_eq!(found, Problem::ActivationOverwritten);
}

#[test]
fn a_return() {
    assert_eq!(
        problem(|op| {
            op.b.ins().return_(&[]);
        }),
        Problem::Returns
    );
}

#[test]
fn a_jump_table() {
    let found = problem(|op| {
        let value = op.load(0);
        let index = op.b.ins().ireduce(I32, value);
        let blocks: Vec<_> = (0..5).map(|_| op.b.create_block()).collect();
        let default = op.b.create_block();
        let calls: Vec<_> = blocks.iter().map(|b| op.b.func.dfg.block_call(*b, &[])).collect();
        let default_call = op.b.func.dfg.block_call(default, &[]);
        let table = op.b.create_jump_table(cranelift_codegen::ir::JumpTableData::new(default_call, &calls));
        op.b.ins().br_table(index, table);
        for (k, block) in blocks.into_iter().enumerate() {
            op.b.switch_to_block(block);
            op.leave(1 + k as u32, &[]);
        }
        op.b.switch_to_block(default);
        op.leave(ON, &[]);
    });
    assert!(matches!(found, Problem::RipRelative | Problem::DataInCode), "{found:?}");
}

#[test]
fn the_message_names_operation_and_offset() {
    let mut compile = compiler(Form::default(), |op| {
        let value = op.load(0);
        let odd = op.b.ins().icmp_imm_s(IntCC::Equal, value, i64::from(op.v[1]) * 2);
        op.leave_if(odd, MISS);
        op.leave(ON, &[]);
    });
    let error = make("compare.odd", &mut compile, &StencilOptions::default()).unwrap_err();
    let text = error.to_string();
    assert!(text.starts_with("operation compare.odd, offset 0x"), "{text}");
}
