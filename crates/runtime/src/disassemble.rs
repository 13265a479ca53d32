//! Listings of compiled code: machine code with the bytecodes it came from.

use crate::native::code::{self, CompiledCode};
use iced_x86::{Decoder, DecoderOptions, Formatter, Instruction, IntelFormatter};
use std::fmt::Write;
use whipsnake_bytecode::Decoder as BytecodeDecoder;
use whipsnake_cpython::live::Code;
use whipsnake_stencils::Span;

/// The listing of a compiled code object; `None` if it is not compiled.
///
/// # Safety
/// The GIL is held.
pub unsafe fn disassemble(code: Code) -> Option<String> {
    let compiled = code::find(code)?;
    let mut text = String::new();
    let mut decoder = BytecodeDecoder::new();
    // SAFETY: the code object is alive and nothing runs meanwhile.
    let bytecode = decoder.analyse(unsafe { crate::tier::code_input(code) }).ok();
    let name = |unit: u32| {
        let found = bytecode.as_ref().and_then(|b| b.at_unit(unit).map(|i| b.instrs()[i as usize]));
        found.map_or_else(String::new, |instr| format!("{} {}", instr.name(), instr.oparg))
    };
    let mut last = None;
    for span in &compiled.spans {
        if last.is_some_and(|l: Span| !l.cold && span.cold) {
            text.push_str("\n-- cold --\n");
        }
        if last.is_none_or(|l| l.unit != span.unit || l.cold != span.cold) {
            writeln!(text, "\n{:5}  {}", span.unit, name(span.unit)).expect("writing to a string");
        }
        writeln!(text, "       ; {}", span.operation).expect("writing to a string");
        span_text(&mut text, compiled, span);
        last = Some(*span);
    }
    Some(text)
}

fn span_text(text: &mut String, compiled: &CompiledCode, span: &Span) {
    // SAFETY: the span lies within the compiled code's machine code, which is readable.
    let bytes = unsafe { std::slice::from_raw_parts(compiled.base.add(span.offset as usize), span.len as usize) };
    let start = compiled.base as u64;
    let mut formatter = IntelFormatter::new();
    formatter.options_mut().set_hex_prefix("0x");
    formatter.options_mut().set_hex_suffix("");
    formatter.options_mut().set_uppercase_hex(false);
    let mut instruction = Instruction::default();
    let mut line = String::new();
    let mut decoder = Decoder::with_ip(64, bytes, start + u64::from(span.offset), DecoderOptions::NONE);
    while decoder.can_decode() {
        decoder.decode_out(&mut instruction);
        line.clear();
        formatter.format(&instruction, &mut line);
        writeln!(text, "         {:6x}  {line}", instruction.ip() - start).expect("writing to a string");
    }
}
