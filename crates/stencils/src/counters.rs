//! The counters that machine code keeps when it is compiled for statistics: 64-bit words, one for each thing that is counted.

use crate::library::OPERATIONS;

/// `RESUME`s passed: [`CALLS`] plus what the instruction's operand says it comes after.
pub const CALLS: u32 = 0;
/// Functions started by calls from outside compiled code.
pub const OUTSIDE: u32 = 4;
/// Jumps back.
pub const BACK_EDGES: u32 = 5;
/// Failed guards: [`MISSES`] plus the number of the operation.
pub const MISSES: u32 = 6;

/// How many counters there are.
pub fn len() -> usize {
    MISSES as usize + OPERATIONS.len()
}

/// The name of an operation and how often its guards failed, for those that did.
pub fn misses(counters: &[u64]) -> impl Iterator<Item = (&'static str, u64)> + '_ {
    OPERATIONS.iter().zip(&counters[MISSES as usize..]).filter(|(_, n)| **n > 0).map(|(o, &n)| (o.name, n))
}
