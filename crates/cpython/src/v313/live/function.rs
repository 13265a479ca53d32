//! Functions.

use pyo3_ffi::{PyFunctionObject, PyObject, vectorcallfunc};

use super::handle::handle;
use super::{Code, Tuple};
use crate::layout::function;

handle! {
    /// A Python function: `PyFunctionObject`.
    Function, PyFunctionObject
}

impl Function {
    /// The function's code. Setting `__code__` changes it.
    pub fn code(self) -> Code {
        // SAFETY: always a code object.
        unsafe { Code::new_unchecked(self.get(function::CODE)) }
    }

    /// `__globals__`, a dict, borrowed.
    pub fn globals(self) -> *mut PyObject {
        self.get(function::GLOBALS)
    }

    /// `__builtins__`, a dict in all but contrived cases, borrowed.
    pub fn builtins(self) -> *mut PyObject {
        self.get(function::BUILTINS)
    }

    /// `__defaults__`.
    pub fn defaults(self) -> Option<Tuple> {
        // SAFETY: null or a tuple.
        unsafe { Tuple::new(self.get(function::DEFAULTS)) }
    }

    /// `__kwdefaults__`: null or a dict, borrowed.
    pub fn kwdefaults(self) -> *mut PyObject {
        self.get(function::KWDEFAULTS)
    }

    /// The cells of the free variables.
    pub fn closure(self) -> Option<Tuple> {
        // SAFETY: null or a tuple.
        unsafe { Tuple::new(self.get(function::CLOSURE)) }
    }

    /// `__qualname__`, a string, borrowed.
    pub fn qualname(self) -> *mut PyObject {
        self.get(function::QUALNAME)
    }

    /// What call sites check: 0 when something they rely on changed and none was given since.
    pub fn version(self) -> u32 {
        self.get(function::VERSION)
    }

    /// What a call of the function calls.
    pub fn vectorcall(self) -> Option<vectorcallfunc> {
        self.get(function::VECTORCALL)
    }

    /// Sets what a call of the function calls, and nothing else: see [`entry`](super::entry).
    ///
    /// # Safety
    /// `entry` does what calling the function means.
    pub(super) unsafe fn set_vectorcall(self, entry: vectorcallfunc) {
        // SAFETY: passed on to the caller.
        unsafe { self.set(function::VECTORCALL, Some(entry)) }
    }
}
