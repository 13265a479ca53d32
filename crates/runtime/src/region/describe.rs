//! `whipsnake.dump(f)`: what became of a function's loops, stage by stage.

use super::{Region, dump, job};
use crate::native::code;
use std::fmt::Write;
use whipsnake_bytecode::Decoder;
use whipsnake_codegen::{Compiler, Target};
use whipsnake_cpython::live::Code;

/// The bytecode of a compiled code object and the stages of its optimized loops; `None` if it is not compiled. Graphs are kept with the setting `stats` only:
/// without it there is the machine code.
///
/// # Safety
/// The GIL is held.
pub unsafe fn describe(code: Code) -> Option<String> {
    let compiled = code::find(code)?;
    let mut text = String::new();
    // SAFETY: the code object is alive, and nothing runs meanwhile.
    let input = unsafe { crate::tier::code_input(code) };
    if let Ok(decoded) = Decoder::default().analyse(input) {
        section(&mut text, "bytecode", &decoded.listing().to_string());
    }
    if compiled.regions.is_empty() {
        text.push_str("No loop of it is optimized.\n");
    }
    for region in &compiled.regions {
        region_text(&mut text, region);
    }
    Some(text)
}

fn section(text: &mut String, heading: &str, body: &str) {
    writeln!(text, "== {heading}\n{}\n", body.trim_end()).expect("writing to a string");
}

fn region_text(text: &mut String, region: &Region) {
    let name = if region.is_of_function() { "function".to_owned() } else { format!("loop at {}", region.header) };
    if let Some(graph) = &region.graph {
        let mut function = (**graph).clone();
        if let Some(body) = &function.body {
            section(text, &format!("{name}: graph"), &body.to_string());
        }
        section(text, &format!("{name}: graph"), &function.to_string());
        job::optimize(&mut function, |pass, function| section(text, &format!("{name}: {pass}"), &function.to_string()));
        let mut compiler = Compiler::for_regions(Target::X64);
        if let Some(body) = &function.body
            && compiler.region(body, &region.form).is_ok()
        {
            section(text, &format!("{name}: cranelift"), &compiler.clif());
        }
        if compiler.region(&function, &region.form).is_ok() {
            section(text, &format!("{name}: cranelift"), &compiler.clif());
        }
    }
    section(text, &format!("{name}: machine"), &machine(region));
    section(text, &format!("{name}: exits"), &exits(region));
}

/// The machine code of a region.
pub(super) fn machine(region: &Region) -> String {
    let mut text = String::new();
    for (start, length) in region.body.into_iter().chain([(region.entry, region.bytes)]) {
        // SAFETY: the region owns so many bytes of code, which are readable.
        let bytes = unsafe { std::slice::from_raw_parts(start, length) };
        text.push_str(&crate::disassemble::text(bytes, start as u64));
    }
    text
}

fn exits(region: &Region) -> String {
    let mut text = String::new();
    for (number, (exit, taken)) in region.exits.iter().zip(&region.taken).enumerate() {
        let units: Vec<u32> = exit.frames.iter().map(|frame| frame.unit).collect();
        let failed = taken.get();
        writeln!(text, "{number:4}  {:5}  at {units:?}, guard failed {failed} times", exit.to.name())
            .expect("writing to a string");
    }
    text
}

/// Tells the stages of a region that was just made, as far as they are wanted.
pub(super) fn tell_machine(region: &Region) {
    if dump::is_on() {
        dump::tell(&region.function, region.header, "machine", &machine(region));
    }
}
