//! CPython 3.13.

pub mod class_version;
mod code_kind;
pub mod layout;
#[cfg(feature = "live")]
pub mod live;
pub mod opcode;

pub use code_kind::CodeKind;
