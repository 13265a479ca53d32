//! From an instruction to the operation that does it.

use rustc_hash::FxHashMap;
use std::sync::OnceLock;
use whipsnake_cpython::opcode as op;
use whipsnake_ops::Operation;

/// The operation of that name.
pub(crate) fn named(name: &str) -> Option<&'static Operation> {
    static BY_NAME: OnceLock<FxHashMap<&'static str, &'static Operation>> = OnceLock::new();
    let table = BY_NAME.get_or_init(|| {
        whipsnake_ops::all().into_iter().chain(whipsnake_ops::for_regions()).map(|o| (o.name, o)).collect()
    });
    table.get(name).copied()
}

/// The operation for an opcode and operand.
pub(crate) fn operation(opcode: u8, oparg: u32) -> Option<&'static Operation> {
    let name = op::NAMES[opcode as usize];
    let suffix = whipsnake_ops::suffix(opcode, oparg);
    if suffix.is_empty() {
        return named(name);
    }
    // Where the suffix decides what is pushed, the plain form is not a substitute.
    let must = matches!(suffix, ".method" | ".null");
    named(&format!("{name}{suffix}")).or_else(|| if must { None } else { named(name) })
}

/// The form of a call that goes on when it has returned, if it has one.
pub(crate) fn whole(opcode: u8) -> Option<&'static Operation> {
    named(&format!("{}.whole", op::NAMES[opcode as usize]))
}
