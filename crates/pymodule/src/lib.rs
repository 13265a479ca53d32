//! The extension module `whipsnake._whipsnake`: converts between Python objects and the compiler's own types, nothing
//! else. What the compiler does is behind [`backend`]; what users call is in `python/whipsnake`.

mod backend;
mod convert;

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::{PyCode, PyDict, PyFunction};

pyo3::create_exception!(
    whipsnake,
    NotAvailable,
    PyRuntimeError,
    "The compiler can't run in this process; the message says why."
);

pyo3::create_exception!(whipsnake, Refused, PyRuntimeError, "A function can't be compiled; the message says why.");

#[pymodule(gil_used = true)]
mod _whipsnake {
    use super::*;

    #[pymodule_export]
    use super::{NotAvailable, Refused};

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("version", env!("CARGO_PKG_VERSION"))
    }

    /// Starts compiling with these settings (all of them, already checked).
    #[pyfunction]
    fn enable(py: Python<'_>, settings: &Bound<'_, PyDict>) -> PyResult<()> {
        let settings = convert::settings(settings)?;
        backend::enable(py, &settings).map_err(NotAvailable::new_err)
    }

    /// Gives every function back to the interpreter.
    #[pyfunction]
    fn disable(py: Python<'_>) {
        backend::disable(py);
    }

    /// Whether the compiler is on.
    #[pyfunction]
    fn is_enabled() -> bool {
        backend::is_enabled()
    }

    /// Why the compiler can't run in this process; `None` if it can.
    #[pyfunction]
    fn unavailable(py: Python<'_>) -> Option<String> {
        backend::unavailable(py)
    }

    /// The versions of the host that the compiler was built for and knows.
    #[pyfunction]
    fn versions<'py>(py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        convert::map(py, &backend::versions())
    }

    /// What was compiled, refused, and executed so far.
    #[pyfunction]
    fn stats<'py>(py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        convert::map(py, &backend::stats())
    }

    /// Keeps a code object with the interpreter for good.
    #[pyfunction]
    fn never(code: &Bound<'_, PyCode>) {
        backend::never(code);
    }

    /// Compiles a function now, hot or not.
    #[pyfunction]
    fn compile_now(function: &Bound<'_, PyFunction>) -> PyResult<()> {
        backend::compile_now(function).map_err(Refused::new_err)
    }

    /// Whether calls of this function run machine code.
    #[pyfunction]
    fn is_compiled(function: &Bound<'_, PyFunction>) -> bool {
        backend::is_compiled(function)
    }

    /// The machine code of a compiled function, with the bytecodes it came from.
    #[pyfunction]
    fn disassemble(function: &Bound<'_, PyFunction>) -> PyResult<String> {
        backend::disassemble(function).map_err(Refused::new_err)
    }

    /// The stages of the optimized loops of a compiled function.
    #[pyfunction]
    fn dump(function: &Bound<'_, PyFunction>) -> PyResult<String> {
        backend::dump(function).map_err(Refused::new_err)
    }
}
