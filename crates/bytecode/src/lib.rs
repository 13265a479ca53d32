//! Decoding and analysis of a CPython 3.13 code object.
//!
//! The input is plain data, [`CodeInput`]; no interpreter is touched. [`Decoder::analyse`] runs the passes in order:
//!
//! 1. `decode`: code units to [`Instr`]s, with `EXTENDED_ARG` folded, caches skipped, jump targets resolved;
//! 2. `exceptions`: the exception table to [`Handler`]s;
//! 3. `cfg`: basic blocks, reachability, loops;
//! 4. `depth`: how many values are on the stack before each instruction.
//!
//! The result is a [`Code`], a view on the decoder's buffers. [`Liveness`] and [`Assigned`] are computed on request.
//! Inline caches are read through [`Code::cache`], and [`Code::listing`] prints everything.
//!
//! Everything is linear in the size of the code; a decoder that is reused does not allocate once its buffers have grown.

mod assigned;
mod bitset;
mod cache;
mod cfg;
mod code;
mod counters;
mod decode;
mod depth;
mod error;
mod exceptions;
mod info;
mod listing;
mod liveness;
mod locals;
mod operand;
mod unreached;
mod usual;

pub use assigned::Assigned;
pub use bitset::{BitMatrix, LocalSet};
pub use cache::{AttrCache, BranchHistory, Cache, CallCache, Counter, GlobalCache, MethodCache};
pub use cfg::{Block, Marks};
pub use code::Code;
pub use counters::{is_counted, is_untouched};
pub use decode::{CodeInput, Decoder, Instr, NONE};
pub use error::DecodeError;
pub use exceptions::{Handler, HandlerIter, find, find_in_table, parse};
pub use info::Flow;
pub use listing::Listing;
pub use liveness::Liveness;
pub use locals::{LocalEffect, local_effect};
pub use operand::{Compare, SuperAttr, local_pair};
pub use unreached::{LeaveOut, UnitRange, Unreached};
pub use usual::UsualBlocks;
