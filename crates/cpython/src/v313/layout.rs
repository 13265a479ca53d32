//! Offsets, sizes and constants of CPython's structs, a module for each struct.
//!
//! Offsets and sizes are in bytes and of type `i32`, as machine instructions want them. The names are CPython's without
//! their prefix. This file is printed by `probe.c` at build time.

include!(concat!(env!("OUT_DIR"), "/layout.rs"));

/// The Python interpreter this crate was built for: an absolute path on the machine that built it.
pub const BUILD_PYTHON: &str = env!("WHIPSNAKE_BUILD_PYTHON");
