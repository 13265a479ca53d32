//! Everything that touches a live interpreter.
//!
//! The types here are thin handles: a pointer with accessors that use the offsets in [`layout`](super::layout). None of
//! them owns a reference. Making a handle is `unsafe` and promises, for as long as it or a copy of it is used, that
//!
//! 1. the pointer is to a live object of that kind, with the layout this crate was built for ([`check::host`]);
//! 2. the calling thread holds the GIL.
//!
//! Given that, reading a field is safe; writing one is `unsafe`, because it can break what CPython relies on.
//!
//! The parts: handles ([`Frame`], [`Code`], …), the calls CPython exports without documenting ([`symbols`]), watchers
//! ([`watch`]), monitoring callbacks ([`monitoring`]), function entries ([`entry`]), data attached to code objects
//! ([`extra`]), addresses of preallocated objects ([`singletons`]), and the check at import ([`check`]).

mod handle;
mod hashes;

mod code;
mod dict;
mod frame;
mod function;
mod generator;
mod range;
mod search;
mod thread_state;
mod type_object;
mod values;

pub mod allocator;
pub mod check;
pub mod entry;
pub mod extra;
pub mod monitoring;
pub mod singletons;
pub mod symbols;
pub mod watch;

pub use allocator::Allocator;
pub use code::{Code, CodeUnit};
pub use dict::{Dict, InlineValues, Keys, KeysKind, managed_dict};
pub use frame::{_PyInterpreterFrame, Frame};
pub use function::Function;
pub use generator::{Generator, GeneratorSlots};
pub use hashes::tuple_hash;
pub use range::Range;
pub use search::{Lookup, are_equal_items, is_subset, key_of_place, set_has, set_places};
pub use thread_state::{HOLDER, ThreadState, is_only_interpreter};
pub use type_object::TypeObject;
pub use values::{Float, List, Long, Tuple};

/// The error of calls into Python: an exception is set in the current thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a Python exception is set")]
pub struct Raised;

/// Turns CPython's "-1 means an exception is set" into a `Result`.
pub(crate) fn status(code: std::ffi::c_int) -> Result<(), Raised> {
    if code < 0 { Err(Raised) } else { Ok(()) }
}

// What `pyo3-ffi` believes about structs it fills in or reads follows from the Python it was built for.
const _: () = assert!(
    size_of::<pyo3_ffi::PyFunctionObject>() == crate::layout::function::SIZEOF as usize
        && size_of::<pyo3_ffi::PyTypeObject>() == crate::layout::type_object::SIZEOF as usize,
    "pyo3-ffi was built for another version of Python: set PYO3_PYTHON"
);
