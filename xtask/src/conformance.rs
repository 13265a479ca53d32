//! `cargo xtask conformance` and `fuzz`: scripts of `tests/` that compare the compiler with the interpreter, in the environment.

use crate::PythonOptions;
use crate::develop::develop;
use crate::process::run;
use anyhow::Result;

/// Starts a folder's `__main__.py`. Whoever wants another Python names it in `WHIPSNAKE_PYTHON`.
pub fn script(folder: &str, arguments: &[String]) -> Result<()> {
    let venv = develop(&PythonOptions { python: None, no_default_features: false })?;
    run(venv.command("python").arg(folder).args(arguments))
}
