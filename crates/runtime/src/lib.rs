//! The run time: tiering, entries, exits, code memory, and the helpers that machine code calls.

pub mod disassemble;
pub mod helpers;
pub mod memory;
pub mod native;
pub mod region;
pub mod reserve;
pub mod small_objects;
pub mod tier;
