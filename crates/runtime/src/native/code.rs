//! A compiled code object: what calls, returns and unwinding need to know of it.

use pyo3_ffi::PyCodeObject;

/// Where native code can be entered at one code unit, as offsets from [`CompiledCode::base`]; 0 means nowhere.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ResumePoint {
    /// Starts the instruction, with locals and stack in memory.
    pub entry: u32,
    /// Stores the value in the first argument register as the new top of stack, then starts the instruction.
    pub receive: u32,
}

/// Machine code of one code object, and its metadata. Hangs off the code object (`co_extra`) and lives as long as it.
#[repr(C)]
#[derive(Debug)]
pub struct CompiledCode {
    /// The `eval_breaker` word for which the code is known to need no attention; machine code compares it at polls.
    /// Must stay the first field: machine code reads it at offset 0 of the `CODE` pointer.
    pub valid_version: u64,
    /// First byte of machine code.
    pub base: *const u8,
    /// Native address of the first instruction.
    pub entry: *const u8,
    /// One for each code unit of the code object.
    pub resume: *const ResumePoint,
    /// The code object (borrowed: it owns this).
    pub code: *mut PyCodeObject,
    /// `co_framesize`, in words.
    pub frame_size: u32,
    /// `co_nlocalsplus`.
    pub locals: u32,
    /// `co_argcount`.
    pub arg_count: u32,
    /// `co_flags`.
    pub flags: u32,
    /// Whether a call with exactly `arg_count` positional arguments needs no more than copying them (no `*args`, `**kwargs`, keyword-only arguments).
    pub simple_args: bool,
    /// Number of code units.
    pub units: u32,
    /// Value-stack depth before each code unit's instruction, `u16::MAX` where there is none.
    pub depths: Box<[u16]>,
    /// Owner of `resume`.
    pub resume_points: Box<[ResumePoint]>,
    /// Feedback cells, which machine code writes.
    pub feedback: Box<[u64]>,
    /// Bytes of machine code.
    pub size: u32,
    /// Index of the code arena allocation.
    pub allocation: usize,
}
