//! What was compiled, refused and executed.

use std::collections::BTreeMap;
use std::time::Duration;

/// Counters of one process.
#[derive(Clone, Debug, Default)]
pub struct Stats {
    /// Code objects compiled.
    pub compiled: u64,
    /// Code objects refused, by kind of reason.
    pub refused: BTreeMap<&'static str, u64>,
    /// Bytes of machine code made.
    pub bytes: u64,
    /// Bytecode instructions compiled.
    pub instructions: u64,
    /// Time spent compiling.
    pub compile_time: Duration,
    /// Calls that a counting entry saw, that is: calls that ran interpreted.
    pub counted_calls: u64,
    /// Back-edges that the counting callback saw, that is: back-edges that ran interpreted.
    pub counted_jumps: u64,
    /// Loops that were entered while they ran.
    pub loops_entered: u64,
    /// Generators and coroutines whose bodies were taken over.
    pub resumes_entered: u64,
    /// Loops optimized.
    pub regions: u64,
    /// Bytes of machine code of optimized loops.
    pub region_bytes: u64,
}

impl Stats {
    /// Bytecode instructions compiled in a second.
    pub fn speed(&self) -> f64 {
        let seconds = self.compile_time.as_secs_f64();
        if seconds > 0.0 { self.instructions as f64 / seconds } else { 0.0 }
    }
}
