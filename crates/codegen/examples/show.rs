//! Prints an operation at each stage: `cargo run -p whipsnake-codegen --example show -- NAME [borrowed-mask]`. The machine code goes to
//! `NAME.bin` in the temporary directory, for a disassembler.

use whipsnake_codegen::{Compiler, InputPlace, StencilForm, Target};

fn main() {
    let mut args = std::env::args().skip(1);
    let name = args.next().unwrap_or_else(|| "BINARY_OP_ADD_FLOAT".into());
    let borrowed: u8 = args.next().map_or(0, |a| a.parse().expect("a number"));
    let operation = whipsnake_ops::all().into_iter().find(|o| o.name == name).expect("no such operation");
    let function = operation.build(borrowed);
    let mut form = StencilForm { inputs: [InputPlace::Slot; 4], receives: operation.receives, ..Default::default() };
    for (index, operand) in form.operands.iter_mut().enumerate() {
        *operand = 0x1000_0000 + 0x1000 * index as i32;
    }
    let mut compiler = Compiler::new(Target::X64);
    match compiler.stencil(&function, &form) {
        Ok(code) => {
            println!("{}", compiler.clif());
            println!("{} bytes, {:?}", code.bytes.len(), code.relocs);
            let path = std::env::temp_dir().join(format!("{name}.bin"));
            std::fs::write(&path, &code.bytes).expect("writable temporary directory");
        }
        Err(error) => println!("{error}"),
    }
}
