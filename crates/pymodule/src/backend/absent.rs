//! The back end of a build without the compiler.

use super::{Settings, Value};
use pyo3::prelude::*;
use pyo3::types::{PyCode, PyFunction};

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

pub fn dump(_function: &Bound<'_, PyFunction>) -> Result<String, String> {
    Err(NO_COMPILER.to_owned())
}
