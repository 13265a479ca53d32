//! What graphs are built from besides bytecode: the code and the frame that waits for the region.

use crate::{Object, Purpose, Shim};
use whipsnake_bytecode::Instr;
use whipsnake_ops::Ptr;

/// What only the running program knows of the code and the frame that waits for the region.
pub trait Surroundings {
    /// The value of a pointer operand of an instruction.
    fn pointer(&self, meaning: Ptr, instr: &Instr, oparg: u32) -> u64;
    /// A constant of the code object.
    fn constant(&self, number: u32) -> Object;
    /// The address of the first code unit.
    fn first_unit(&self) -> u64;
    /// The function that the frame is of.
    fn function(&self) -> Option<u64> {
        None
    }
    /// The address of the compiled code's data.
    fn code_data(&self) -> u64;
    /// The address of a new feedback cell.
    fn feedback_cell(&self) -> u64;
    /// What a local variable of the frame that waits holds at the moment, by its address. `None` also for NULL.
    fn local(&self, local: u32) -> Option<u64>;
    /// What an element of that frame's stack is, counted from the bottom.
    fn stack(&self, index: u32) -> Option<u64>;
    /// What an instruction that loads a global variable would load now.
    fn global_now(&self, instr: &Instr) -> Option<u64>;
    /// What an instruction that loads a global variable would load now, if that seldom changes: a function, a class, a module.
    fn global(&self, instr: &Instr) -> Option<Object>;
    /// What an instruction that loads an attribute of a module would load now, likewise.
    fn module_attribute(&self, module: u64, instr: &Instr) -> Option<Object>;
    /// What the cell holds that a function has for a free variable, by the variable's number in the frame, if that is an object that seldom changes. Without a
    /// function it is that of the frame that waits.
    fn free_variable(&self, _function: Option<u64>, _number: u32) -> Option<Object> {
        None
    }
    /// The frame below a method that C code would call.
    fn shim(&self, _: Purpose) -> Option<Shim> {
        None
    }
    /// The versions of the keys of the globals and of the builtins.
    fn keys_versions(&self) -> Option<(u32, u32)> {
        None
    }
}
