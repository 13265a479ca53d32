//! Which operation does an instruction: tables by opcode and operand, as Rust source.
//!
//! An operation carries the name of its opcode; opcodes whose operand changes what is done have variants with a suffix. Names are looked up
//! here, so that no process has to.

use std::collections::HashMap;
use whipsnake_cpython::opcode as op;
use whipsnake_ops::By;

/// Opcodes.
const OPCODES: usize = 256;

/// The most variants that an opcode has.
const VARIANTS: usize = 32;

/// The fields of the selector that hold one operation, and its name.
const SINGLE: [(&str, &str); 13] = [
    ("receive", "RECEIVE"),
    ("receive_item", "RECEIVE_ITEM"),
    ("load_fast", "LOAD_FAST"),
    ("load_const", "LOAD_CONST"),
    ("store_fast", "STORE_FAST"),
    ("unpack_to_locals", "UNPACK_SEQUENCE.locals"),
    ("resume_delegating", "RESUME.delegating"),
    ("yield_delegating", "YIELD_VALUE.delegating"),
    ("resume_counted", "RESUME.counted"),
    ("jump_backward_counted", "JUMP_BACKWARD.counted"),
    ("unreached", "UNREACHED"),
    ("count", "COUNT"),
    ("count_outside", "COUNT_OUTSIDE"),
];

/// The static `SELECTOR`, for operations of these names in this order.
pub(crate) fn source(names: &[&str]) -> String {
    let by_name: HashMap<&str, usize> = names.iter().enumerate().map(|(number, &name)| (name, number)).collect();
    let find = |name: &str| by_name.get(name).map_or_else(|| "NONE".to_owned(), usize::to_string);
    let none = || "NONE".to_owned();
    let mut plain = vec![none(); OPCODES];
    let mut by = vec![By::Nothing; OPCODES];
    let mut calling = vec![none(); OPCODES];
    let mut first = vec![0; OPCODES];
    let mut variants = vec![];
    for (opcode, &name) in op::NAMES.iter().enumerate().filter(|(_, name)| !name.is_empty()) {
        plain[opcode] = find(name);
        by[opcode] = By::of(name);
        calling[opcode] = find(&format!("{name}.calling"));
        let suffixes = by[opcode].suffixes(name);
        if suffixes.is_empty() {
            continue;
        }
        first[opcode] = variants.len();
        let found = suffixes.iter().map(|suffix| find(&format!("{name}{suffix}")));
        variants.extend(found.chain(std::iter::repeat_with(none)).take(VARIANTS));
    }
    let mut fused = vec![[none(), none()]; names.len()];
    for (number, name) in names.iter().enumerate() {
        if let Some((operation, jump)) = name.split_once('+')
            && let Some(&operation) = by_name.get(operation)
        {
            fused[operation][usize::from(jump == "POP_JUMP_IF_TRUE")] = number.to_string();
        }
    }
    let fused: Vec<String> = fused.iter().map(|[no, yes]| format!("[{no}, {yes}]")).collect();
    let by: Vec<String> = by.iter().map(|by| format!("By::{by:?}")).collect();
    let first: Vec<String> = first.iter().map(usize::to_string).collect();
    let single: String = SINGLE.iter().map(|(field, name)| format!("    {field}: {},\n", find(name))).collect();
    format!(
        "/// Operations by opcode and operand.\n\
         pub(crate) static SELECTOR: Selector = Selector {{\n    plain: [{}],\n    by: [{}],\n    calling: [{}],\n    first: [{}],\n    \
         variants: &[{}],\n    fused: &[{}],\n{single}}};\n",
        plain.join(", "),
        by.join(", "),
        calling.join(", "),
        first.join(", "),
        variants.join(", "),
        fused.join(", "),
    )
}
