//! Native code at run time: compiled code objects, the way in and out of machine code, frames, unwinding.

pub mod code;
