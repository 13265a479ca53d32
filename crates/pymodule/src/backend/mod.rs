//! The seam between the extension module and the compiler: every call into `whipsnake-runtime` is made here, and a build
//! without the compiler has the same functions.

#[cfg(not(feature = "compiler"))]
mod absent;
#[cfg(feature = "compiler")]
mod present;

#[cfg(not(feature = "compiler"))]
pub use absent::*;
#[cfg(feature = "compiler")]
pub use present::*;

/// What `whipsnake.enable()` was told, complete and checked.
#[derive(Clone, Debug)]
#[cfg_attr(not(feature = "compiler"), expect(dead_code, reason = "there is nothing to set without a compiler"))]
pub struct Settings {
    /// Compile at the first call, enter loops at the first back-edge.
    pub eager: bool,
    /// The tiers that may be used, by name.
    pub tiers: Vec<String>,
    /// Calls before a function is compiled.
    pub call_threshold: u32,
    /// Back-edges before a running loop is compiled and entered.
    pub loop_threshold: u32,
    /// Rounds of a loop in compiled code before it is optimized.
    pub optimize_threshold: u32,
    /// Whether loops are optimized while the program goes on.
    pub background: bool,
    /// Limit for machine code, in MiB.
    pub code_mb: u32,
    /// Whether small objects come from an allocator of ours.
    pub allocator: bool,
    /// Count what is only worth counting when somebody looks.
    pub stats: bool,
}

/// A value in the statistics.
#[derive(Clone, Debug)]
#[allow(dead_code, reason = "not every build counts everything")]
pub enum Value {
    Count(u64),
    Number(f64),
    Text(String),
    Map(Vec<(String, Value)>),
}
