//! Telling what becomes of each loop: what a newcomer reads, and what a bug is found with.
//!
//! Hidden switches in the environment, read once: `WHIPSNAKE_REGION_DUMP` is a file to which the graph of each optimized loop is added, before and after the
//! passes, with Cranelift's code, the reason where there is none, and each exit that is taken; `WHIPSNAKE_REGION_LIMIT` is how many loops may be
//! optimized, to find by halving the one that is at fault.

use std::ffi::OsString;
use std::fmt::Display;
use std::fs::OpenOptions;
use std::io::Write;
use std::sync::OnceLock;

struct Switches {
    file: Option<OsString>,
    limit: u64,
}

fn switches() -> &'static Switches {
    static SWITCHES: OnceLock<Switches> = OnceLock::new();
    SWITCHES.get_or_init(|| Switches {
        file: std::env::var_os("WHIPSNAKE_REGION_DUMP").filter(|value| !value.is_empty()),
        limit: std::env::var("WHIPSNAKE_REGION_LIMIT").ok().and_then(|v| v.parse().ok()).unwrap_or(u64::MAX),
    })
}

/// Whether one more loop may be optimized after so many.
pub(super) fn allows(regions: u64) -> bool {
    regions < switches().limit
}

/// Whether anything is written.
pub(super) fn is_on() -> bool {
    switches().file.is_some()
}

/// Adds a text under a heading.
pub(super) fn write(heading: &str, text: impl Display) {
    let Some(path) = &switches().file else { return };
    // What can't be written is not missed by the program.
    if let Ok(mut file) = OpenOptions::new().create(true).append(true).open(path) {
        let _ = writeln!(file, "== {heading}\n{text}");
    }
}
