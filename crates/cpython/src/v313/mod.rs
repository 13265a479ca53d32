//! CPython 3.13.

pub mod layout;
#[cfg(feature = "live")]
pub mod live;
pub mod opcode;
