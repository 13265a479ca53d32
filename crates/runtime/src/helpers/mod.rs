//! Helpers: what machine code calls. One function for each line of `whipsnake_ir::Helper`, grouped by theme.
//!
//! Conventions: `extern "C"`; objects are borrowed unless a name or a comment says *steals*; a returned object is owned; NULL or −1 means that an
//! exception is set.

pub mod objects;

use whipsnake_ir::Helper;

/// The address of a helper.
pub fn address(helper: Helper) -> usize {
    match helper {
        // Objects.
        Helper::Dealloc => objects::dealloc as *const () as usize,
        Helper::NewFloat => pyo3_ffi::PyFloat_FromDouble as *const () as usize,
        Helper::NewInt => pyo3_ffi::PyLong_FromLongLong as *const () as usize,
    }
}
