//! What the optimizer asks of the running program: the code and the frame that waits for the region.

use super::Live;
use crate::native::raw::get;
use crate::native::{operator_shim, shim};
use pyo3_ffi::PyObject;
use whipsnake_bytecode::Instr;
use whipsnake_cpython::layout::cell;
use whipsnake_cpython::live::{Dict, Function};
use whipsnake_cpython::{class_version, opcode as op};
use whipsnake_ir::abi::FEEDBACK_WORDS;
use whipsnake_ops::Ptr;
use whipsnake_optimizer::{Object, Purpose, Shim, Surroundings};
use whipsnake_stencils::Source;

impl Surroundings for Live {
    fn pointer(&self, meaning: Ptr, instr: &Instr, oparg: u32) -> u64 {
        let pointer = self.source.pointer(meaning, instr, oparg);
        if instr.base == op::LOAD_ATTR && matches!(meaning, Ptr::Cache64(_)) {
            let version = self.source.type_version(instr);
            // In a series it may be a variable that has varied since.
            if version < class_version::FIRST {
                self.alive.note_cached(pointer, version);
            }
        }
        pointer
    }

    fn constant(&self, number: u32) -> Object {
        self.object(self.source.constant(number) as *mut PyObject)
    }

    fn first_unit(&self) -> u64 {
        self.source.first_unit()
    }

    fn function(&self) -> Option<u64> {
        self.found(Some(self.frame?.function().as_ptr() as u64))
    }

    fn code_data(&self) -> u64 {
        self.data
    }

    fn feedback_cell(&self) -> u64 {
        let cell: Box<[u64]> = Box::new([0; FEEDBACK_WORDS]);
        let address = cell.as_ptr() as u64;
        self.cells.borrow_mut().push(cell);
        address
    }

    fn local(&self, local: u32) -> Option<u64> {
        // SAFETY: the frame is live, and the code has so many locals.
        let value = unsafe { *self.frame?.localsplus().add(local as usize) };
        self.found((!value.is_null()).then_some(value as u64))
    }

    fn stack(&self, index: u32) -> Option<u64> {
        // The frame was saved with its stack, which lies behind the locals.
        self.local(self.code.nlocalsplus() as u32 + index)
    }

    fn global_now(&self, instr: &Instr) -> Option<u64> {
        self.found(self.lookup(self.name(instr.oparg >> 1)?).map(|value| value as u64))
    }

    fn global(&self, instr: &Instr) -> Option<Object> {
        self.lasting(self.lookup(self.name(instr.oparg >> 1)?)?)
    }

    fn free_variable(&self, function: Option<u64>, number: u32) -> Option<Object> {
        // SAFETY: live objects: the function has its cells, and what these hold.
        unsafe {
            let function = match function {
                Some(function) => Function::new(self.live(function)?.cast())?,
                None => self.frame?.function(),
            };
            let code = function.code();
            let index = (number as i32).checked_sub(code.nlocalsplus() - code.nfreevars())?;
            let cell = function.closure()?.item(usize::try_from(index).ok()?)?;
            let found = get::<*mut PyObject>(cell, cell::OB_REF);
            if found.is_null() { None } else { self.lasting(found) }
        }
    }

    fn module_attribute(&self, module: u64, instr: &Instr) -> Option<Object> {
        if !self.alive.has(module) {
            return None;
        }
        let module = module as *mut PyObject;
        // SAFETY: a live object, as in `lookup`.
        unsafe {
            if pyo3_ffi::PyModule_CheckExact(module) == 0 {
                return None;
            }
            let found =
                pyo3_ffi::PyDict_GetItemWithError(pyo3_ffi::PyModule_GetDict(module), self.name(instr.oparg >> 1)?);
            if found.is_null() { None } else { self.lasting(found) }
        }
    }

    fn shim(&self, purpose: Purpose) -> Option<Shim> {
        // SAFETY: the GIL is held.
        let (code, purpose) = unsafe { (shim::operator_code()?, operator_shim::object_of(purpose)) };
        Some(Shim { first_unit: code.instructions() as u64, purpose: purpose as u64 })
    }

    fn keys_versions(&self) -> Option<(u32, u32)> {
        // SAFETY: live objects.
        let version = |namespace: *mut PyObject| unsafe {
            (pyo3_ffi::PyDict_CheckExact(namespace) != 0).then(|| Dict::new_unchecked(namespace).keys().version())
        };
        Some((version(self.globals)?, version(self.builtins)?))
    }
}
