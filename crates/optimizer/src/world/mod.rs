//! What graphs are built from besides bytecode: the interpreter's objects, as far as they are needed.

mod callees;
mod classes;
mod feedback;
mod objects;
mod surroundings;

pub use callees::Callees;
pub use classes::Classes;
pub use feedback::Feedback;
pub use objects::Objects;
pub use surroundings::Surroundings;

/// What only the running program knows, about one code object and the frame that waits for the region.
pub trait World: Surroundings + Feedback + Objects + Classes + Callees {}

impl<W: Surroundings + Feedback + Objects + Classes + Callees> World for W {}
