//! Developer commands. `cargo xtask --help` lists them; each has its own `--help`.

mod bench;
mod check;
mod conformance;
mod develop;
mod find_python;
mod process;
mod profile;
mod test;

use anyhow::Result;
use clap::{Args, Parser, Subcommand};
use std::process::ExitCode;

#[derive(Parser)]
#[command(bin_name = "cargo xtask", about = "Developer commands of Whipsnake", disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

/// Options of every command that needs a Python with the extension in it.
#[derive(Args, Clone)]
struct PythonOptions {
    /// The CPython 3.13 to use: a path or a command. Without it: $WHIPSNAKE_PYTHON, the one that .venv was made of, then PATH,
    /// pyenv's and uv's installs
    #[arg(long, value_name = "PYTHON")]
    python: Option<String>,
    /// Build the extension without the compiler
    #[arg(long)]
    no_default_features: bool,
}

#[derive(Subcommand)]
enum Command {
    /// Make .venv at the root: the development tools, and the extension built in release mode (quick when nothing changed)
    Develop {
        #[command(flatten)]
        python: PythonOptions,
    },
    /// Set up as `develop` does, then run a handful of pyperformance's programs with the compiler off and on
    Demo {
        #[command(flatten)]
        python: PythonOptions,
    },
    /// Run every test, Rust and Python. What follows `--` goes to pytest, or to nextest with --rust
    Test {
        #[command(flatten)]
        python: PythonOptions,
        /// Only the Rust tests
        #[arg(long, conflicts_with = "pytest")]
        rust: bool,
        /// Only the Python tests
        #[arg(long)]
        pytest: bool,
        /// Passed on
        #[arg(last = true)]
        arguments: Vec<String>,
    },
    /// Set up as `develop` does, then `python -m whipsnake bench`: of the core set unless something else is asked for; with
    /// --help what can be chosen
    #[command(disable_help_flag = true)]
    Bench {
        /// Passed on
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Count the instructions of short runs under valgrind and compare them with the committed ones; --bless commits to new ones
    #[command(disable_help_flag = true)]
    Guard {
        /// Passed on to benches/guard.py
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Run CPython's own tests with the compiler off, on and eager; with --help what can be chosen
    #[command(disable_help_flag = true)]
    Conformance {
        /// Passed on to tests/conformance
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Run random programs with the compiler off and on, and save what differs; with --help what can be chosen
    #[command(disable_help_flag = true)]
    Fuzz {
        /// Passed on to tests/fuzz
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Make the profile anew that release builds of the extension use: which ways through its code are taken. It takes some ten
    /// minutes; worth it after large changes, and with another Rust
    Profile,
    /// Format all Rust and Python code
    Fmt,
    /// Check formatting, clippy (warnings are errors), ruff, and the type stubs
    Lint {
        #[command(flatten)]
        python: PythonOptions,
    },
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<()> {
    match command {
        Command::Develop { python } => {
            let venv = develop::develop(&python)?;
            println!("ready: {} runs Python with whipsnake", process::short(&venv.python()));
            Ok(())
        }
        Command::Demo { python } => bench::demo(&develop::develop(&python)?),
        Command::Test { python, rust, pytest, arguments } => test::test(&python, rust, pytest, &arguments),
        Command::Bench { arguments } => bench::bench(&arguments),
        Command::Guard { arguments } => conformance::script("benches/guard.py", &arguments),
        Command::Conformance { arguments } => conformance::script("tests/conformance", &arguments),
        Command::Fuzz { arguments } => conformance::script("tests/fuzz", &arguments),
        Command::Profile => profile::profile(),
        Command::Fmt => check::fmt(),
        Command::Lint { python } => check::lint(&develop::develop(&python)?),
    }
}
