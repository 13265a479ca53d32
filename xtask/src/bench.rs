//! `cargo xtask bench` and `demo`: start `python -m whipsnake bench` in the environment.

use crate::PythonOptions;
use crate::develop::{Venv, develop, install_extra};
use crate::process::{run, step};
use anyhow::Result;
use std::process::Command;

/// Where the results are kept.
const RESULTS: &str = "--results=benches/results";

fn command(venv: &Venv) -> Command {
    let mut bench = venv.command("python");
    bench.args(["-m", "whipsnake", "bench"]);
    bench
}

/// The core set, or what the arguments say. Whoever wants another Python names it in `WHIPSNAKE_PYTHON`.
pub fn bench(arguments: &[String]) -> Result<()> {
    let venv = develop(&PythonOptions { python: None, no_default_features: false })?;
    if arguments.iter().any(|argument| argument == "apps" || argument == "all" || argument.ends_with("=apps")) {
        // The applications bring many packages, which nothing else needs.
        install_extra(&venv, "bench")?;
    }
    let mut bench = command(&venv);
    bench.arg(RESULTS);
    let options_only = arguments.iter().all(|argument| argument.starts_with('-'));
    let chooses = ["--suite", "--history", "--page", "--demo", "--help", "-h", "-m"];
    if options_only && !arguments.iter().any(|argument| chooses.iter().any(|name| argument.starts_with(name))) {
        bench.args(["--suite", "core"]);
    }
    run(bench.args(arguments))
}

/// A handful of programs, a minute.
pub fn demo(venv: &Venv) -> Result<()> {
    step("pyperformance's own programs, with the compiler off and on");
    run(command(venv).args([RESULTS, "--demo", "--fast"]))
}
