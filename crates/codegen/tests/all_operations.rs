//! Every operation compiles, in every variant, for both targets, to code that can be moved and patched.

use whipsnake_codegen::{Compiler, InputPlace, RelocKind, StencilForm, Target};
use whipsnake_ops::Operation;

/// Compiles all variants of all operations: each borrowable input owned in a slot, borrowed in a slot, or constant.
fn compile_all(target: Target) {
    let mut compiler = Compiler::new(target);
    let mut failures = Vec::new();
    for operation in whipsnake_ops::all() {
        for variant in 0..3usize.pow(operation.borrows.len() as u32) {
            if let Err(problem) = compile(&mut compiler, operation, variant) {
                failures.push(format!("{} variant {variant}: {problem}", operation.name));
                break;
            }
        }
    }
    assert!(failures.is_empty(), "{} operations failed:\n{}", failures.len(), failures.join("\n"));
}

fn compile(compiler: &mut Compiler, operation: &Operation, variant: usize) -> Result<(), String> {
    let mut form = StencilForm { receives: operation.receives, ..Default::default() };
    for (index, operand) in form.operands.iter_mut().enumerate() {
        *operand = 0x1234_0000 + 0x100 * index as i32;
    }
    let mut borrowed = 0;
    let mut rest = variant;
    for &input in operation.borrows {
        borrowed |= u8::from(!rest.is_multiple_of(3)) << input;
        if rest % 3 == 2 {
            form.inputs[usize::from(input)] = InputPlace::Const;
        }
        rest /= 3;
    }
    let code = compiler.stencil(&operation.build(borrowed), &form).map_err(|error| error.to_string())?;
    match code.relocs.iter().find(|reloc| matches!(reloc.kind, RelocKind::Other(_))) {
        Some(reloc) => Err(format!("relocation {reloc:?}")),
        None => Ok(()),
    }
}

#[test]
fn operations_compile_for_x64() {
    compile_all(Target::X64);
}

#[test]
fn operations_compile_for_aarch64() {
    compile_all(Target::Aarch64);
}
