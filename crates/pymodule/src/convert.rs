//! From Python objects to the compiler's settings, and from its statistics to Python objects.

use crate::backend::{Settings, Value};
use pyo3::prelude::*;
use pyo3::types::PyDict;

/// Reads the dict that `whipsnake.settings` made. Values were checked there, where the error can name their source.
pub fn settings(dict: &Bound<'_, PyDict>) -> PyResult<Settings> {
    fn item<'py, T: FromPyObjectOwned<'py, Error = PyErr>>(dict: &Bound<'py, PyDict>, name: &str) -> PyResult<T> {
        match dict.get_item(name)? {
            Some(value) => value.extract(),
            None => Err(pyo3::exceptions::PyKeyError::new_err(name.to_owned())),
        }
    }
    Ok(Settings {
        eager: item(dict, "eager")?,
        tiers: item(dict, "tiers")?,
        call_threshold: item(dict, "call_threshold")?,
        loop_threshold: item(dict, "loop_threshold")?,
        optimize_threshold: item(dict, "optimize_threshold")?,
        background: item(dict, "background")?,
        code_mb: item(dict, "code_mb")?,
        allocator: item(dict, "allocator")?,
        stats: item(dict, "stats")?,
    })
}

/// A nested map as nested dicts.
pub fn map<'py>(py: Python<'py>, entries: &[(String, Value)]) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    for (key, value) in entries {
        match value {
            Value::Count(count) => dict.set_item(key, count)?,
            Value::Number(number) => dict.set_item(key, number)?,
            Value::Text(text) => dict.set_item(key, text)?,
            Value::Map(entries) => dict.set_item(key, map(py, entries)?)?,
        }
    }
    Ok(dict)
}
