//! `cargo xtask bench` and `demo`: start `benches/compare.py` in the environment.

use crate::develop::Venv;
use crate::process::{run, step};
use anyhow::Result;
use clap::Args;

/// What `benches/compare.py` understands.
#[derive(Args)]
pub struct Options {
    /// Programs whose name contains one of these words, separated by commas
    #[arg(long, value_name = "WORDS")]
    filter: Option<String>,
    /// Pairs of processes for each program (default 5)
    #[arg(long)]
    runs: Option<u32>,
    /// Few and short runs: minutes instead of a quarter of an hour
    #[arg(long)]
    fast: bool,
    /// Compare the whole time of fresh processes of half a second
    #[arg(long)]
    first_half_second: bool,
    /// The two modes to compare, of off, on, eager (default off,on; off,off shows the noise)
    #[arg(long, value_name = "A,B")]
    modes: Option<String>,
    /// Where to keep the JSON (default benches/results/DATE.json)
    #[arg(long, value_name = "FILE")]
    output: Option<String>,
    /// Print the names of the programs and exit
    #[arg(long)]
    list: bool,
}

/// The core set.
pub fn bench(venv: &Venv, options: &Options) -> Result<()> {
    let mut compare = venv.command("python");
    compare.arg("benches/compare.py");
    let values = [
        ("--filter", options.filter.clone()),
        ("--runs", options.runs.map(|runs| runs.to_string())),
        ("--modes", options.modes.clone()),
        ("--output", options.output.clone()),
    ];
    for (name, value) in values {
        if let Some(value) = value {
            compare.arg(format!("{name}={value}"));
        }
    }
    let flags =
        [("--fast", options.fast), ("--first-half-second", options.first_half_second), ("--list", options.list)];
    for (name, given) in flags {
        if given {
            compare.arg(name);
        }
    }
    run(&mut compare)
}

/// A handful of programs, a minute.
pub fn demo(venv: &Venv) -> Result<()> {
    step("pyperformance's own programs, with the compiler off and on");
    run(venv.command("python").args(["benches/compare.py", "--demo", "--fast"]))
}
