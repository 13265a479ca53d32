//! Holes of 64-bit ARM code.

mod common;
use common::*;
use cranelift_codegen::ir::{InstBuilder, types::*};
use whipsnake_stencil_maker::*;

fn arm64(build: impl Fn(&mut Op<'_, '_>) + 'static) -> Result<Arm64Code, StencilError> {
    let form = Form { triple: "aarch64-unknown-linux-gnu", ..Form::default() };
    prove_arm64("test", &mut compiler(form, build))
}

#[test]
fn displacements_and_immediates_are_pairs_of_moves() {
    let code = arm64(|op| {
        let value = op.load(3);
        op.retain(value);
        op.store(5, value);
        let small = op.b.ins().iconst(I32, i64::from(op.v[9] as u32));
        let frame = op.frame();
        op.b.ins().store(flags(), small, frame, op.v[6]);
        op.leave(ON, &[]);
    })
    .unwrap();
    let mut operands: Vec<u8> = code.holes.iter().map(|h| h.operand).collect();
    operands.sort();
    assert_eq!(operands, [3, 5, 6, 9]);
    assert_eq!(code.relocs.last().unwrap().symbol, Symbol::Cont(0));
}

#[test]
fn pointers_and_calls_are_relocations() {
    let code = arm64(|op| {
        let value = op.load(0);
        op.release(value);
        let pointer = op.pointer(1);
        op.store(0, pointer);
        op.leave(TARGET, &[]);
    })
    .unwrap();
    let symbols: Vec<Symbol> = code.relocs.iter().map(|r| r.symbol).collect();
    assert!(symbols.contains(&Symbol::Pointer(1)) && symbols.contains(&Symbol::Cont(1)));
    assert!(symbols.contains(&Symbol::Helper(PRESERVING as u16)));
}

#[test]
fn an_operand_that_was_computed_with_is_refused() {
    let error = arm64(|op| {
        let value = op.b.ins().iconst(I64, i64::from(op.v[0] ^ 0x55));
        op.store(1, value);
        op.leave(ON, &[]);
    })
    .unwrap_err();
    assert_eq!(error.problem, Problem::UnexplainedConstant);
}
