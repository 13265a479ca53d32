//! Passes over the graph of a region. Each can be run alone on text.

mod boxes;
mod dead;

pub use boxes::unbox;
pub use dead::{remove_dead, remove_unreachable};

use whipsnake_ir::Function;

/// Runs all passes in order.
pub fn run(function: &mut Function) {
    // Values that only exits need must be there still when objects are made for them.
    remove_unreachable(function);
    unbox(function);
    remove_dead(function);
}
