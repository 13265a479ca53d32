//! Listings of compiled code: machine code with the bytecodes it came from.

use crate::native::code::{self, CompiledCode};
use iced_x86::{Decoder, DecoderOptions, Formatter, Instruction, IntelFormatter};
use std::fmt::Write;
use whipsnake_bytecode::LeaveOut;
use whipsnake_cpython::live::Code;
use whipsnake_stencils::{Baseline, ResumePoint, Span};

/// The listing of a compiled code object; `None` if it is not compiled.
///
/// What machine code belongs to which instruction is not kept; planning once more tells it. Where the interpreter has specialised the bytecode
/// since, the plan is another: then the machine code is listed by the instructions that it can be entered at.
///
/// # Safety
/// The GIL is held.
pub unsafe fn disassemble(code: Code) -> Option<String> {
    let compiled = code::find(code)?;
    let mut baseline = Baseline::new();
    baseline.set_counting(crate::tier::counts());
    baseline.set_optimizing(crate::tier::optimizes());
    // SAFETY: the code object is alive and nothing runs meanwhile.
    let planned =
        baseline.plan(unsafe { crate::tier::code_input(code) }, LeaveOut::These(compiled.left_out.blocks())).ok()?;
    let bytecode = planned.code();
    let name = |unit: u32| {
        let found = bytecode.at_unit(unit).map(|i| bytecode.instrs()[i as usize]);
        found.map_or_else(String::new, |instr| format!("{} {}", instr.name(), instr.oparg))
    };
    let mut points = vec![ResumePoint::default(); code.len()];
    planned.resume_points(&mut points);
    let same = planned.size() == compiled.size && points == compiled.resume_points();
    let spans = if same { planned.spans() } else { between_entries(compiled) };
    let mut text = String::new();
    let mut last = None;
    for span in &spans {
        if last.is_some_and(|l: Span| !l.cold && span.cold) {
            text.push_str("\n-- cold --\n");
        }
        if last.is_none_or(|l| l.unit != span.unit || l.cold != span.cold) {
            writeln!(text, "\n{:5}  {}", span.unit, name(span.unit)).expect("writing to a string");
        }
        if !span.operation.is_empty() {
            writeln!(text, "       ; {}", span.operation).expect("writing to a string");
        }
        span_text(&mut text, compiled, span);
        last = Some(*span);
    }
    Some(text)
}

/// The machine code from each entry to the next; what follows the last is cold, and anybody's.
fn between_entries(compiled: &CompiledCode) -> Vec<Span> {
    let points = compiled.resume_points().iter().zip(0..);
    let mut starts: Vec<(u32, u32)> =
        points.map(|(point, unit)| (point.entry, unit)).filter(|&(at, _)| at != 0).collect();
    starts.sort_unstable();
    let ends = starts.iter().skip(1).map(|&(at, _)| at).chain([compiled.size as u32]);
    let span = |(&(offset, unit), end): (&(u32, u32), u32)| Span {
        offset,
        len: end - offset,
        unit,
        operation: "",
        cold: false,
    };
    starts.iter().zip(ends).map(span).filter(|span| span.len > 0).collect()
}

fn span_text(text: &mut String, compiled: &CompiledCode, span: &Span) {
    // SAFETY: the span lies within the compiled code's machine code, which is readable.
    let bytes = unsafe { std::slice::from_raw_parts(compiled.base.add(span.offset as usize), span.len as usize) };
    write_lines(text, bytes, compiled.base as u64 + u64::from(span.offset), compiled.base as u64);
}

/// The instructions of machine code that runs at an address, one a line.
pub(crate) fn text(bytes: &[u8], address: u64) -> String {
    let mut text = String::new();
    write_lines(&mut text, bytes, address, address);
    text
}

fn write_lines(text: &mut String, bytes: &[u8], address: u64, start: u64) {
    let mut formatter = IntelFormatter::new();
    formatter.options_mut().set_hex_prefix("0x");
    formatter.options_mut().set_hex_suffix("");
    formatter.options_mut().set_uppercase_hex(false);
    let mut instruction = Instruction::default();
    let mut line = String::new();
    let mut decoder = Decoder::with_ip(64, bytes, address, DecoderOptions::NONE);
    while decoder.can_decode() {
        decoder.decode_out(&mut instruction);
        line.clear();
        formatter.format(&instruction, &mut line);
        writeln!(text, "         {:6x}  {line}", instruction.ip() - start).expect("writing to a string");
    }
}
