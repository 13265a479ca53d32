//! Native code at run time: compiled code objects, the way in and out of machine code, frames, unwinding.

pub mod addresses;
pub mod arguments;
pub(crate) mod assembly;
pub mod code;
pub mod compiled_entry;
pub mod entry;
pub mod exit;
pub mod exit_reason;
pub mod frames;
pub mod function_calls;
pub mod generator_entry;
mod generator_returns;
pub mod generators;
pub mod handover;
mod next_entry;
pub mod operator_shim;
pub(crate) mod raw;
mod receive;
pub mod returns;
pub mod shim;
pub mod takeover;
pub mod thread_exit;
pub mod tools;
pub mod trampoline;
pub mod unreached;
pub mod unwind;
pub(crate) mod whole_calls;
