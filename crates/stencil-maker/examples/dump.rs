//! Prints stencils: `cargo run -p whipsnake-stencil-maker --example dump -- [part of a name]…`, or only their sizes with
//! `--sizes`.

use iced_x86::{Decoder, DecoderOptions, Formatter, IntelFormatter};
use whipsnake_stencil_maker::library::{Target, stencils};
use whipsnake_stencil_maker::{Section, Stencil};

fn print_section(stencil: &Stencil, section: Section, bytes: &[u8]) {
    let mut formatter = IntelFormatter::new();
    let mut line = String::new();
    for inst in Decoder::with_ip(64, bytes, 0, DecoderOptions::NONE) {
        line.clear();
        formatter.format(&inst, &mut line);
        let range = inst.ip()..inst.next_ip();
        let holes = stencil.holes.iter().filter(|h| h.section == section && range.contains(&u64::from(h.offset)));
        let holes: Vec<String> = holes.map(|h| format!("{:?}", h.kind)).collect();
        println!("  {:4x}  {line:40} {}", inst.ip(), holes.join(" "));
    }
}

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    let sizes = wanted.iter().any(|w| w == "--sizes");
    let all = stencils(Target::X64).unwrap_or_else(|error| panic!("{error}"));
    let (mut hot, mut cold) = (0, 0);
    for (name, stencil) in &all {
        (hot, cold) = (hot + stencil.hot.len(), cold + stencil.cold.len());
        let mut header =
            format!("{name}: hot {} cold {} stack {}", stencil.hot.len(), stencil.cold.len(), stencil.stack_bytes);
        if stencil.unsigned_operands != 0 {
            header += &format!(" operands {:#x} not negative", stencil.unsigned_operands);
        }
        if sizes {
            println!("{header}");
        } else if wanted.is_empty() || wanted.iter().any(|w| name.contains(w.as_str())) {
            println!("{header}");
            print_section(stencil, Section::Hot, &stencil.hot);
            println!("  cold:");
            print_section(stencil, Section::Cold, &stencil.cold);
        }
    }
    println!("{} stencils, {hot} hot bytes, {cold} cold bytes", all.len());
}
