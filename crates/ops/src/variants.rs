//! Which operation does an instruction: the opcode's name, with a suffix where the operand changes what is done.

use whipsnake_cpython::opcode as op;

const COMPARISONS: [&str; 6] = [".lt", ".le", ".eq", ".ne", ".gt", ".ge"];

/// `BINARY_OP` variants by oparg; the in-place forms (13 and up) share them.
const BINARY: [&str; 13] = [
    ".add",
    ".and",
    ".floor_divide",
    ".lshift",
    ".matrix_multiply",
    ".multiply",
    ".modulo",
    ".or",
    ".power",
    ".rshift",
    ".subtract",
    ".true_divide",
    ".xor",
];

const COUNTS: [&str; 8] = [".0", ".1", ".2", ".3", ".4", ".5", ".6", ".7"];

/// The suffix of the operation for an opcode with this operand.
pub fn suffix(opcode: u8, oparg: u32) -> &'static str {
    let name = op::NAMES[opcode as usize];
    let odd = oparg & 1 != 0;
    match name {
        "IS_OP" => [".is", ".is_not"][usize::from(odd)],
        "COMPARE_OP" => ["", ".bool"][(oparg >> 4 & 1) as usize],
        "COMPARE_OP_INT" | "COMPARE_OP_FLOAT" | "COMPARE_OP_STR" => COMPARISONS[(oparg >> 5) as usize],
        "BINARY_OP" => BINARY[(oparg % 13) as usize],
        "CALL_KW" | "CALL_FUNCTION_EX" => "",
        _ if name == "CALL" || name.starts_with("CALL_") && !name.starts_with("CALL_INTRINSIC") => {
            COUNTS.get(oparg as usize).copied().unwrap_or("")
        }
        _ if name.starts_with("LOAD_GLOBAL") => ["", ".null"][usize::from(odd)],
        _ if name.starts_with("LOAD_ATTR") || name.starts_with("LOAD_SUPER_ATTR") => ["", ".method"][usize::from(odd)],
        _ => "",
    }
}
