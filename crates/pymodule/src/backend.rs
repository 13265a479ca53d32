//! The seam between the extension module and the compiler: every call into `whipsnake-runtime` is made here, and a build
//! without the compiler has the same functions.

use pyo3::prelude::*;
use pyo3::types::{PyCode, PyFunction};

/// What `whipsnake.enable()` was told, complete and checked.
#[derive(Clone, Debug)]
#[expect(dead_code, reason = "there is nothing to set without a compiler")]
pub struct Settings {
    /// Compile at the first call, enter loops at the first back-edge.
    pub eager: bool,
    /// The tiers that may be used, by name.
    pub tiers: Vec<String>,
    /// Calls before a function is compiled.
    pub call_threshold: u32,
    /// Back-edges before a running loop is compiled and entered.
    pub loop_threshold: u32,
    /// Limit for machine code, in MiB.
    pub code_mb: u32,
    /// Count what is only worth counting when somebody looks.
    pub stats: bool,
}

/// A value in the statistics.
#[derive(Clone, Debug)]
#[expect(dead_code, reason = "there is nothing to count without a compiler")]
pub enum Value {
    Count(u64),
    Number(f64),
    Text(String),
    Map(Vec<(String, Value)>),
}

const NO_COMPILER: &str = "this build of whipsnake has no compiler (it was built with --no-default-features)";

pub fn enable(_py: Python<'_>, _settings: &Settings) -> Result<(), String> {
    Err(NO_COMPILER.to_owned())
}

pub fn disable(_py: Python<'_>) {}

pub fn is_enabled() -> bool {
    false
}

pub fn unavailable(_py: Python<'_>) -> Option<String> {
    Some(NO_COMPILER.to_owned())
}

pub fn versions() -> Vec<(String, Value)> {
    Vec::new()
}

pub fn stats() -> Vec<(String, Value)> {
    Vec::new()
}

pub fn never(_code: &Bound<'_, PyCode>) {}

pub fn compile_now(_function: &Bound<'_, PyFunction>) -> Result<(), String> {
    Err(NO_COMPILER.to_owned())
}

pub fn is_compiled(_function: &Bound<'_, PyFunction>) -> bool {
    false
}

pub fn disassemble(_function: &Bound<'_, PyFunction>) -> Result<String, String> {
    Err(NO_COMPILER.to_owned())
}
