//! The host of the JIT: everything Whipsnake knows about the inside of CPython.
//!
//! Without features this crate is tables only: [`layout`] holds offsets and constants of CPython's structs,
//! [`opcode`] its instruction set. Both are printed by a C probe that the build script compiles against the headers of
//! the Python that is built for, so build scripts and tools can use them without an interpreter.
//!
//! With the feature `live` there is also everything that touches a running interpreter.
//!
//! Each minor version of CPython has a module of its own (`v313`); this file exports the one built for.

mod v313;

pub use v313::*;
