//! Telling what becomes of each loop: what a newcomer reads, and what a bug is found with.
//!
//! Switches in the environment, read once:
//!
//! * `WHIPSNAKE_DUMP=NAME:STAGE` prints what a stage makes of the loops of a function to standard error. `NAME` is a function's name, or `*`; `STAGE` is
//!   `graph`, a pass, `cranelift`, `machine`, `exits` (each that is taken), or `all`; several are separated by commas.
//! * `WHIPSNAKE_REGION_DUMP` is a file to which the graph of each optimized loop is added, before and after the passes, with Cranelift's code, the reason
//!   where there is none, and each exit that is taken.
//! * `WHIPSNAKE_REGION_LIMIT` is how many loops may be optimized, to find by halving the one that is at fault.

use super::function::START;
use std::ffi::OsString;
use std::fmt::Display;
use std::fs::OpenOptions;
use std::io::Write;
use std::sync::OnceLock;

struct Switches {
    file: Option<OsString>,
    wanted: Option<Wanted>,
    limit: u64,
}

/// The value of `WHIPSNAKE_DUMP`.
struct Wanted {
    name: String,
    stages: Vec<String>,
}

impl Wanted {
    fn read(value: &str) -> Wanted {
        let (name, stages) = value.rsplit_once(':').unwrap_or((value, "all"));
        Wanted { name: name.to_owned(), stages: stages.split(',').map(|stage| stage.trim().to_owned()).collect() }
    }

    fn covers(&self, function: &str, stage: &str) -> bool {
        let last = function.rsplit('.').next().unwrap_or_default();
        (self.name == "*" || self.name == function || self.name == last)
            && self.stages.iter().any(|wanted| wanted == "all" || wanted == stage)
    }
}

fn switches() -> &'static Switches {
    static SWITCHES: OnceLock<Switches> = OnceLock::new();
    SWITCHES.get_or_init(|| Switches {
        file: std::env::var_os("WHIPSNAKE_REGION_DUMP").filter(|value| !value.is_empty()),
        wanted: std::env::var("WHIPSNAKE_DUMP").ok().filter(|v| !v.is_empty()).map(|v| Wanted::read(&v)),
        limit: std::env::var("WHIPSNAKE_REGION_LIMIT").ok().and_then(|v| v.parse().ok()).unwrap_or(u64::MAX),
    })
}

/// The last pass.
pub(super) const LAST_PASS: &str = "cancel_pairs";

/// Whether one more loop may be optimized after so many.
pub(super) fn allows(regions: u64) -> bool {
    regions < switches().limit
}

/// Whether anything may be written.
pub(super) fn is_on() -> bool {
    switches().file.is_some() || switches().wanted.is_some()
}

/// Tells what a stage has made of a loop of a function.
pub(super) fn tell(function: &str, header: u32, stage: &str, text: &dyn Display) {
    let Switches { file, wanted, .. } = switches();
    let heading = match header {
        START => format!("function {function}: {stage}"),
        _ => format!("loop at {header} of {function}: {stage}"),
    };
    if wanted.as_ref().is_some_and(|wanted| wanted.covers(function, stage)) {
        let _ = writeln!(std::io::stderr(), "== {heading}\n{text}");
    }
    if let Some(path) = file
        && ["graph", LAST_PASS, "cranelift", "refused", "exits"].contains(&stage)
        // What can't be written is not missed by the program.
        && let Ok(mut file) = OpenOptions::new().create(true).append(true).open(path)
    {
        let _ = writeln!(file, "== {heading}\n{text}");
    }
}

#[cfg(test)]
mod tests {
    use super::Wanted;

    #[test]
    fn a_function_is_named_with_or_without_its_class() {
        let wanted = Wanted::read("run:graph, reuse");
        assert!(wanted.covers("run", "graph") && wanted.covers("Vm.run", "reuse"));
        assert!(!wanted.covers("run", "cranelift") && !wanted.covers("runs", "graph"));
        assert!(Wanted::read("Vm.run").covers("Vm.run", "machine"));
        assert!(!Wanted::read("Vm.run:all").covers("Other.run", "machine"));
        assert!(Wanted::read("*:exits").covers("f", "exits"));
    }
}
