//! From IR to machine code, through Cranelift.
//!
//! Today one form is lowered: an operation alone, as a stencil with holes ([`Compiler::stencil`]). The optimizing tier lowers whole
//! regions through the same instruction lowering.

mod isa;
mod lower;
mod objects;
mod quick_exit;
mod raw;
mod region;
mod stencil;

pub use isa::{Target, make_isa};
pub use raw::{RawCode, RawReloc, RelocKind, Symbol};
pub use region::{Exit, ExitCall, ExitField, ExitFrame, ExitSlot, Place, RegionCode, RegionForm, WayOn};
pub use stencil::{CodegenError, Compiler, InputPlace, StencilForm};
