//! Types of values.

use std::fmt;

/// The type of an SSA value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Type {
    /// A truth value made by a comparison; an 8-bit integer in machine code.
    Bool,
    /// An 8-bit integer, as a field in memory.
    I8,
    /// A 32-bit integer.
    I32,
    /// A 64-bit integer.
    I64,
    /// A double.
    F64,
    /// A raw pointer, or any pointer-sized word that is not a counted reference.
    Ptr,
    /// A reference to a Python object (may be NULL where an instruction says so).
    Obj,
}

impl Type {
    /// All types, in the order of their names in the text form.
    pub const ALL: [Type; 7] = [Type::Bool, Type::I8, Type::I32, Type::I64, Type::F64, Type::Ptr, Type::Obj];

    /// The name in the text form.
    pub fn name(self) -> &'static str {
        match self {
            Type::Bool => "bool",
            Type::I8 => "i8",
            Type::I32 => "i32",
            Type::I64 => "i64",
            Type::F64 => "f64",
            Type::Ptr => "ptr",
            Type::Obj => "obj",
        }
    }

    /// Size in memory, in bytes.
    pub fn bytes(self) -> u32 {
        match self {
            Type::Bool | Type::I8 => 1,
            Type::I32 => 4,
            Type::I64 | Type::F64 | Type::Ptr | Type::Obj => 8,
        }
    }

    /// Whether values of the type are 64-bit words in integer registers.
    pub fn is_word(self) -> bool {
        matches!(self, Type::I64 | Type::Ptr | Type::Obj)
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
