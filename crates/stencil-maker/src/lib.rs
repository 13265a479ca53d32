//! Makes stencils: takes the machine code that a compiler made of one operation, finds and proves its holes, takes
//! out what a stencil does not need, and lays it out in a hot and a cold part.
//!
//! A *hole* is a place whose content is known only when the stencil is used. Nothing marks holes in compiled
//! code, so they are found by experiment: the operation is compiled several times with different *magic* operand
//! values, and every byte that differs must be the operand plus a constant. What can't be explained fails the build.
//! Then the proof: the raw code of one compilation, patched with fresh values, must equal what the compiler makes
//! of those values.
//!
//! ```text
//! compile × 6 ─ decode, find holes (x64/decode) ─ prove (proof) ─ strip frame code (x64/frame)
//!    ─ thread branches, drop dead code (x64/flow) ─ remove register copies (x64/copies)
//!    ─ small rewrites (x64/peephole) ─ check float liveness (x64/liveness) ─ lay out, encode (x64/layout) ─ Stencil
//! ```
//!
//! This crate is used by build scripts only; what the run time needs is in `whipsnake-stencils`.

mod arm64;
mod error;
pub mod library;
mod make;
mod proof;
mod raw;
mod selector;
mod stencil;
mod x64;

pub use arm64::{Arm64Code, Arm64Hole, prove_arm64};
pub use error::{Problem, StencilError};
pub use make::{Compile, make};
pub use proof::verify;
pub use raw::{NEXT, OPERANDS, Operands, RawCode, RawReloc, RelocKind, Symbol};
pub use stencil::{HelperConvention, Hole, HoleKind, Section, Stencil, StencilOptions};
