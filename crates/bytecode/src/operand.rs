//! Operands that hold more than one thing.

/// Two locals in one operand: first in the high, second in the low four bits.
pub fn local_pair(oparg: u32) -> (u32, u32) {
    (oparg >> 4, oparg & 15)
}

/// The operand of `COMPARE_OP`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compare {
    /// `Py_LT` … `Py_GE`.
    pub op: u32,
    /// Whether the result is converted to `bool`.
    pub to_bool: bool,
    /// The outcomes that make it true: 1 unordered, 2 less, 4 greater, 8 equal.
    pub mask: u32,
}

impl Compare {
    /// Takes an operand apart.
    pub fn new(oparg: u32) -> Self {
        Self { op: oparg >> 5, to_bool: oparg & 16 != 0, mask: oparg & 15 }
    }
}

/// The operand of `LOAD_SUPER_ATTR`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SuperAttr {
    /// Index in `co_names`.
    pub name: u32,
    /// Whether a method is loaded: the result is two values.
    pub method: bool,
    /// Whether `super` was written with two arguments.
    pub two_arguments: bool,
}

impl SuperAttr {
    /// Takes an operand apart.
    pub fn new(oparg: u32) -> Self {
        Self { name: oparg >> 2, method: oparg & 1 != 0, two_arguments: oparg & 2 != 0 }
    }
}
