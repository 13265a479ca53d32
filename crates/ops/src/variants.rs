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

/// How the operand of an opcode picks a variant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// There is one operation for all operands.
    Nothing,
    /// The lowest bit.
    LowBit,
    /// Bit 4, which asks for a `bool`.
    Bit4,
    /// The comparison.
    Comparison,
    /// The operator.
    Binary,
    /// The operand is a number of arguments.
    Count,
}

impl By {
    /// What it is for an opcode.
    pub fn of(name: &str) -> By {
        match name {
            "IS_OP" => By::LowBit,
            "COMPARE_OP" => By::Bit4,
            "COMPARE_OP_INT" | "COMPARE_OP_FLOAT" | "COMPARE_OP_STR" => By::Comparison,
            "BINARY_OP" => By::Binary,
            "CALL_KW" | "CALL_FUNCTION_EX" => By::Nothing,
            _ if name == "CALL" || name.starts_with("CALL_") && !name.starts_with("CALL_INTRINSIC") => By::Count,
            _ if name.starts_with("LOAD_ATTR")
                || name.starts_with("LOAD_GLOBAL")
                || name.starts_with("LOAD_SUPER_ATTR") =>
            {
                By::LowBit
            }
            _ => By::Nothing,
        }
    }

    /// The number of the variant for an operand.
    #[inline]
    pub fn number(self, oparg: u32) -> usize {
        // By kind, which bits of the operand count.
        const SHIFTS: [u32; 6] = [0, 0, 4, 5, 0, 0];
        const MASKS: [u32; 6] = [0, 1, 1, u32::MAX, u32::MAX, u32::MAX];
        let number = oparg >> SHIFTS[self as usize] & MASKS[self as usize];
        let number = if self == By::Binary { number % BINARY.len() as u32 } else { number };
        number as usize
    }

    /// The suffixes of an opcode's operations, by number. Where there are more operands than suffixes, the rest have none.
    pub fn suffixes(self, name: &str) -> &'static [&'static str] {
        match self {
            By::Nothing => &[],
            By::LowBit => match name {
                "IS_OP" => &[".is", ".is_not"],
                _ if name.starts_with("LOAD_GLOBAL") => &["", ".null"],
                _ => &["", ".method"],
            },
            By::Bit4 => &["", ".bool"],
            By::Comparison => &COMPARISONS,
            By::Binary => &BINARY,
            By::Count => &COUNTS,
        }
    }
}

/// The suffix of the operation for an opcode with this operand.
pub fn suffix(opcode: u8, oparg: u32) -> &'static str {
    let name = op::NAMES[opcode as usize];
    let by = By::of(name);
    by.suffixes(name).get(by.number(oparg)).copied().unwrap_or("")
}
