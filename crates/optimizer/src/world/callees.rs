//! What graphs are built from besides bytecode: functions and generators that may be inlined.

use crate::{Callee, Suspended};

/// What only the running program knows of functions and generators that may be inlined.
pub trait Callees {
    /// A generator that is suspended, or has not begun, if its code is compiled.
    fn generator(&self, _: u64) -> Option<Suspended<'_>> {
        None
    }
    /// What calls of the function at an address make generators of, if they do.
    fn generator_function(&self, _: u64) -> Option<Callee<'_>> {
        None
    }
    /// The same of functions that are made here of the code object at an address.
    fn generator_code(&self, _: u64) -> Option<Callee<'_>> {
        None
    }
    /// The function at an address, if it is one whose calls can be inlined.
    fn callee(&self, function: u64) -> Option<Callee<'_>>;
    /// Which parameter of a function has the name at an address, if it may be given by name.
    fn parameter(&self, _function: u64, _name: u64) -> Option<usize> {
        None
    }
}
