//! The optimizing tier: regions of hot bytecode as typed SSA, specialised to what was seen.
//!
//! [`build`] walks the bytecode of a loop abstractly and calls the functions of `whipsnake-ops` for each instruction: the same that the stencils are made
//! of. What is known of values makes guards, boxes and reference counts fall away while it is built; the passes in
//! [`passes`] remove what only the whole region shows to be needless. Nothing here touches a live interpreter: what it must know of objects
//! it asks of a [`World`].

mod graph;
mod operands;
pub mod passes;
mod select;

pub use graph::{Refusal, Request, build};

use whipsnake_bytecode::Instr;
use whipsnake_ir::Global;
use whipsnake_ops::Ptr;

/// The number in an object.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    /// None, or one that does not fit.
    No,
    /// The value of an `int`.
    Int(i64),
    /// The value of a `float`.
    Float(f64),
}

/// What is known of a live object.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Object {
    /// Its address.
    pub address: u64,
    /// Its exact type, if that has a name.
    pub class: Option<Global>,
    /// Whether its count never changes.
    pub immortal: bool,
    /// Its value.
    pub number: Number,
}

/// What only the running program knows, about one code object and the frame that waits for the region.
pub trait World {
    /// The value of a pointer operand of an instruction.
    fn pointer(&self, meaning: Ptr, instr: &Instr, oparg: u32) -> u64;
    /// A constant of the code object.
    fn constant(&self, number: u32) -> Object;
    /// The address of the first code unit.
    fn first_unit(&self) -> u64;
    /// The address of the compiled code's data.
    fn code_data(&self) -> u64;
    /// The address of a new feedback cell.
    fn feedback_cell(&self) -> u64;
    /// The exact type of what a local variable holds at the moment, if it has a name; `None` also for NULL.
    fn local_class(&self, local: u32) -> Option<Global>;
}
