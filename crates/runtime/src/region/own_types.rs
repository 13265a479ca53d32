//! Types of the interpreter's own C code. Modules that are built into it have types that are made when the module is (`itertools`, `re`, `functools`): no flag tells them from
//! those of extensions and of Python code, but the function that ends their instances is where the interpreter's own functions are.

use crate::helpers::instance_ends::is_end_of_python_instance;
use pyo3_ffi::PyTypeObject;
use std::ffi::{c_int, c_void};
use std::ops::Range;
use std::sync::OnceLock;
use whipsnake_cpython::layout::type_object;

/// Where the interpreter's functions are: the program itself, or a shared library.
static FUNCTIONS: OnceLock<Range<usize>> = OnceLock::new();

/// Whether instances of a class end as C code of the interpreter's has it, not as an extension's, or as those of a class in Python.
pub(crate) unsafe fn is_own(class: *mut PyTypeObject) -> bool {
    // SAFETY: the caller's: a live class.
    unsafe {
        if (*class).tp_flags & type_object::STATIC_BUILTIN != 0 {
            return true;
        }
        let Some(end) = (*class).tp_dealloc else { return false };
        FUNCTIONS.get_or_init(functions).contains(&(end as usize)) && !is_end_of_python_instance(end)
    }
}

/// Where the code is that a function of the interpreter's belongs to; nowhere, if the system doesn't say.
fn functions() -> Range<usize> {
    let mut found = 0..0;
    // SAFETY: the callback gets the range that it is given for.
    unsafe { libc::dl_iterate_phdr(Some(look), (&raw mut found).cast()) };
    found
}

unsafe extern "C" fn look(object: *mut libc::dl_phdr_info, _: usize, found: *mut c_void) -> c_int {
    let sample = pyo3_ffi::PyObject_GC_Del as *const () as usize;
    // SAFETY: the system describes a loaded object; `found` is what `functions` passes.
    unsafe {
        let headers = std::slice::from_raw_parts((*object).dlpi_phdr, (*object).dlpi_phnum.into());
        for header in headers.iter().filter(|header| header.p_type == libc::PT_LOAD && header.p_flags & libc::PF_X != 0)
        {
            let start = ((*object).dlpi_addr + header.p_vaddr) as usize;
            let range = start..start + header.p_memsz as usize;
            if range.contains(&sample) {
                found.cast::<Range<usize>>().write(range);
                return 1;
            }
        }
    }
    0
}
