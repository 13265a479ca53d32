//! The optimizing tier: regions of hot bytecode as typed SSA, specialised to what was seen.
//!
//! [`build`] walks the bytecode of a loop abstractly and calls the functions of `whipsnake-ops` for each instruction: the same that the stencils are made
//! of. What is known of values makes guards, boxes and reference counts fall away while it is built; the passes in
//! [`passes`] remove what only the whole region shows to be needless. Nothing here touches a live interpreter: what it must know of objects
//! it asks of a [`World`].

mod facts;
mod graph;
mod operands;
pub mod passes;
mod select;
mod world;

pub use facts::{
    Access, Accessor, Asked, AttributeShape, Binding, Callee, ClassAttribute, ClassVariable, Constructor, Identity,
    Method, New, Number, Object, Operand, Operator, Own, PlainException, Purpose, Shim, Special, Suspended, Truth,
};
pub use graph::{Refusal, Request, Site, Start, build, failed_again, raised_at};
pub use world::{Callees, Classes, Feedback, Objects, Surroundings, World};
