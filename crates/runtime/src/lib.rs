//! The run time: tiering, entries, exits, code memory, and the helpers that machine code calls.

pub mod helpers;
pub mod memory;
pub mod native;
