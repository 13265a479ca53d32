//! From IR to machine code, through Cranelift.
//!
//! An operation alone is lowered as a stencil with holes ([`Compiler::stencil`]), what the optimizing tier makes as a region
//! ([`Compiler::region`]), both through the same instruction lowering.

mod exits;
mod isa;
mod lower;
mod objects;
mod quick_exit;
mod raw;
mod recursion;
mod region;
mod stencil;
mod twins;

pub use exits::{Exit, ExitCall, ExitField, ExitFrame, ExitSlot, Place, Unmade};
pub use isa::{Target, make_isa};
pub use raw::{RawCode, RawReloc, RelocKind, Symbol};
pub use recursion::RECORD_HEAD;
pub use region::{RegionCode, RegionForm, WayOn};
pub use stencil::{CodegenError, Compiler, InputPlace, StencilForm};
