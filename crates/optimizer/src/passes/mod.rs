//! Passes over the graph of a region. Each can be run alone on text.

mod boxes;
mod congruent;
mod dead;
mod depths;
mod ends_of_loops;
mod instances;
mod kept_objects;
mod memory;
mod merged_numbers;
mod mixed_numbers;
mod pairs;
mod reuse;
mod storage;
mod straight;
mod tuples;
mod uses;

pub use boxes::unbox;
pub use dead::{remove_dead, remove_dead_but_states};
pub use depths::find_depths;
pub use ends_of_loops::rename_behind_loops;
pub use instances::drop_instances;
pub use pairs::cancel_pairs;
pub use reuse::reuse;
pub use storage::reuse_storage;
pub use straight::straighten;
pub use tuples::put_off_tuples;

use whipsnake_ir::{Function, InstData, verify};

type Pass = fn(&mut Function);

/// Runs all passes in order. After each, `done` gets its name and what it has made.
pub fn run(function: &mut Function, mut done: impl FnMut(&'static str, &Function)) {
    let passes: [(&'static str, Pass); 12] = [
        ("remove_dead_but_states", remove_dead_but_states),
        ("put_off_tuples", put_off_tuples),
        ("find_depths", find_depths),
        ("rename_behind_loops", rename_behind_loops),
        ("unbox", unbox),
        ("remove_dead", remove_dead),
        ("straighten", straighten),
        ("cancel_first_pairs", cancel_pairs),
        ("reuse", reuse),
        ("remove_dead_again", remove_dead),
        ("drop_instances", drop_instances),
        ("cancel_pairs", cancel_pairs),
    ];
    // Where nothing is released any more that could run code, more of what was loaded is good for longer.
    let again: [(&'static str, Pass); 3] =
        [("reuse_again", reuse), ("remove_dead_at_last", remove_dead), ("cancel_pairs_again", cancel_pairs)];
    let mut releases = 0;
    for (name, pass) in passes.into_iter().chain(again) {
        match name {
            "cancel_pairs" => releases = releases_in_loops(function),
            "reuse_again" if releases_in_loops(function) == releases => break,
            _ => {}
        }
        pass(function);
        done(name, function);
        debug_assert!(is_right(function, name));
    }
    reuse_storage(function);
    done("reuse_storage", function);
    debug_assert!(is_right(function, "reuse_storage"));
}

/// How many instructions in loops drop references to objects whose end may run code.
fn releases_in_loops(function: &Function) -> usize {
    let in_loops = function.blocks.iter().filter(|block| block.depth > 0).flat_map(|block| &block.insts);
    in_loops.filter(|&&inst| matches!(function.inst(inst), InstData::Release { .. })).count()
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
