//! What graphs are built from besides bytecode: what was seen of an instruction.

use crate::AttributeShape;
use whipsnake_bytecode::Instr;

/// What only the running program knows of what was seen of an instruction.
pub trait Feedback {
    /// Whether compiled code has seen owners of several types at an access to an attribute.
    fn is_polymorphic(&self, _: &Instr) -> bool {
        false
    }
    /// Whether what the interpreter has specialised an access to an attribute for is a class that has changed since.
    fn is_outdated(&self, _: &Instr) -> bool {
        false
    }
    /// Whether arithmetic of the code has met other types than the interpreter.
    fn has_mixed_numbers(&self) -> bool {
        false
    }
    /// How the classes that were seen at a load of an attribute have it; empty if they were too many, or have it in another way.
    fn shapes(&self, _: &Instr) -> Vec<AttributeShape> {
        vec![]
    }
    /// How instances of the class with that version have the attribute that an instruction loads or stores, whether it has met one or not.
    fn shape_with(&self, _version: u32, _: &Instr) -> Option<AttributeShape> {
        None
    }
    /// How often an instruction has failed in regions, in its specialised form and then in one for several types: 0, 1 or 2.
    fn failures(&self, _: &Instr) -> u8 {
        0
    }
}
