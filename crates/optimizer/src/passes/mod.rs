//! Passes over the graph of a region. Each can be run alone on text.

mod boxes;
mod dead;
mod pairs;
mod straight;

pub use boxes::unbox;
pub use dead::{remove_dead, remove_dead_but_states};
pub use pairs::cancel_pairs;
pub use straight::straighten;

use whipsnake_ir::Function;

/// Runs all passes in order.
pub fn run(function: &mut Function) {
    remove_dead_but_states(function);
    unbox(function);
    remove_dead(function);
    straighten(function);
    cancel_pairs(function);
}
