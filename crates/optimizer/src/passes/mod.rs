//! Passes over the graph of a region. Each can be run alone on text.

mod boxes;
mod dead;
mod depths;
mod instances;
mod memory;
mod pairs;
mod reuse;
mod straight;
mod uses;

pub use boxes::unbox;
pub use dead::{remove_dead, remove_dead_but_states};
pub use depths::find_depths;
pub use instances::drop_instances;
pub use pairs::cancel_pairs;
pub use reuse::reuse;
pub use straight::straighten;

use whipsnake_ir::{Function, verify};

type Pass = fn(&mut Function);

/// Runs all passes in order. After each, `done` gets its name and what it has made.
pub fn run(function: &mut Function, mut done: impl FnMut(&'static str, &Function)) {
    let passes: [(&'static str, Pass); 9] = [
        ("remove_dead_but_states", remove_dead_but_states),
        ("find_depths", find_depths),
        ("unbox", unbox),
        ("remove_dead", remove_dead),
        ("straighten", straighten),
        ("reuse", reuse),
        ("remove_dead_again", remove_dead),
        ("drop_instances", drop_instances),
        ("cancel_pairs", cancel_pairs),
    ];
    for (name, pass) in passes {
        pass(function);
        done(name, function);
        debug_assert!(is_right(function, name));
    }
}

/// Whether the function verifies; if not, says what a pass has done.
fn is_right(function: &Function, pass: &str) -> bool {
    let errors = verify(function).err().unwrap_or_default();
    for error in &errors {
        eprintln!("after {pass}: {error}");
    }
    if !errors.is_empty() {
        eprintln!("{function}");
    }
    errors.is_empty()
}
