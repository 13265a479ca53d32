//! CPython 3.13.

pub mod layout;
pub mod opcode;
