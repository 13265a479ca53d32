//! `cargo xtask fmt` and `lint`.

use crate::PythonOptions;
use crate::develop::{self, Venv};
use crate::process::{cargo, run, step};
use anyhow::{Result, bail};
use std::process::Command;

const PYTHON_CODE: [&str; 3] = ["python", "benches", "tests"];

/// Formats everything in place.
pub fn fmt() -> Result<()> {
    run(cargo().args(["fmt", "--all"]))?;
    let venv = develop::develop(&PythonOptions { python: None, no_default_features: false })?;
    run(venv.command("ruff").args(["check", "--quiet", "--select", "I", "--fix"]).args(PYTHON_CODE))?;
    run(venv.command("ruff").arg("format").args(PYTHON_CODE))
}

/// Runs every check, even after one failed.
pub fn lint(venv: &Venv) -> Result<()> {
    let mut clippy = cargo();
    venv.set_environment(&mut clippy);
    clippy.args(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]);
    let mut without_compiler = cargo();
    venv.set_environment(&mut without_compiler);
    without_compiler.args(["clippy", "-p", "whipsnake-pymodule", "--no-default-features", "--", "-D", "warnings"]);
    let mut rustfmt = cargo();
    rustfmt.args(["fmt", "--all", "--check"]);
    let mut ruff_format = venv.command("ruff");
    ruff_format.args(["format", "--check"]).args(PYTHON_CODE);
    let mut ruff_check = venv.command("ruff");
    ruff_check.arg("check").args(PYTHON_CODE);
    let mut mypy = venv.command("mypy");
    mypy.arg("--no-error-summary");
    let mut stubtest = venv.command("stubtest");
    stubtest.arg("whipsnake");

    let checks: [(&str, Command); 7] = [
        ("rustfmt", rustfmt),
        ("clippy", clippy),
        ("clippy, without the compiler", without_compiler),
        ("ruff format", ruff_format),
        ("ruff check", ruff_check),
        ("mypy", mypy),
        ("stubtest", stubtest),
    ];
    let mut failed = Vec::new();
    for (name, mut check) in checks {
        step(name);
        if run(&mut check).is_err() {
            failed.push(name);
        }
    }
    if failed.is_empty() { Ok(()) } else { bail!("failed: {}", failed.join(", ")) }
}
