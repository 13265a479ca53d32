//! `cargo xtask test`: nextest, then pytest.

use crate::PythonOptions;
use crate::develop::develop;
use crate::process::{cargo, output, run, step};
use anyhow::{Result, bail};

/// Runs the Rust tests, the Python tests, or both. All of both run even if the first fail.
pub fn test(options: &PythonOptions, only_rust: bool, only_python: bool, arguments: &[String]) -> Result<()> {
    let venv = develop(options)?;
    let mut failed = Vec::new();
    if !only_python {
        step("Rust tests");
        let mut tests = cargo();
        venv.set_environment(&mut tests);
        let has_nextest = output(cargo().args(["nextest", "--version"])).is_ok();
        if has_nextest {
            tests.args(["nextest", "run", "--workspace"]);
        } else {
            eprintln!("    (cargo-nextest isn't installed: this is cargo test)");
            tests.args(["test", "--workspace", "--all-targets"]);
        }
        if only_rust {
            if !has_nextest {
                tests.arg("--");
            }
            tests.args(arguments);
        }
        if let Err(error) = run(&mut tests) {
            failed.push(error.to_string());
        }
    }
    if !only_rust {
        step("Python tests");
        let mut tests = venv.command("python");
        tests.args(["-X", "faulthandler", "-m", "pytest"]);
        if arguments.is_empty() {
            // Nearly every test waits for processes of its own.
            tests.args(["-n", "auto", "-q"]);
        }
        tests.args(arguments);
        if let Err(error) = run(&mut tests) {
            failed.push(error.to_string());
        }
    }
    if failed.is_empty() { Ok(()) } else { bail!("{}", failed.join("\n")) }
}
