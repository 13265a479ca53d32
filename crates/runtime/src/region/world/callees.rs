//! What the optimizer asks of the running program: functions and generators that may be inlined.

use super::Live;
use crate::native::raw::get;
use crate::region::inlined_code::{Inlined, is_inlinable};
use crate::region::kinds::class_of;
use crate::region::samples;
use pyo3_ffi::{PyObject, PyTypeObject};
use whipsnake_cpython::layout::generator::FRAME_EXECUTING;
use whipsnake_cpython::layout::object;
use whipsnake_cpython::live::{Code, Function, Generator};
use whipsnake_ir::Global;
use whipsnake_optimizer::{Callee, Callees, Suspended};

impl Callees for Live {
    fn parameter(&self, function: u64, name: u64) -> Option<usize> {
        // SAFETY: live objects.
        let function = unsafe { Function::new(self.live(function)?.cast()) }?;
        samples::parameter(name, function.code())
    }

    fn callee(&self, function: u64) -> Option<Callee<'_>> {
        let value = function as *mut PyObject;
        if !self.alive.has(function) || class_of(value) != Some(Global::FunctionType) {
            return None;
        }
        // SAFETY: of that type; the GIL is held, and references are kept by whoever inlines it.
        let function = unsafe { Function::new_unchecked(value.cast()) };
        if !is_inlinable(function) {
            return None;
        }
        self.inlined(&Inlined::call(function))
    }

    fn generator(&self, generator: u64) -> Option<Suspended<'_>> {
        let value = self.live(generator)?;
        // SAFETY: live objects; a generator that has not ended has a frame, of the code of its function.
        unsafe {
            if get::<*mut PyTypeObject>(value, object::OB_TYPE) != &raw mut pyo3_ffi::PyGen_Type {
                return None;
            }
            let generator = Generator::new_unchecked(value);
            if generator.state() >= FRAME_EXECUTING {
                return None;
            }
            let frame = generator.frame();
            let callee = self.inlined(&Inlined::resumed(frame))?;
            Some(Suspended { callee, unit: frame.instruction_index() as u32 })
        }
    }

    fn generator_function(&self, function: u64) -> Option<Callee<'_>> {
        let value = self.live(function).filter(|&value| class_of(value) == Some(Global::FunctionType))?;
        // SAFETY: of that type.
        let function = unsafe { Function::new_unchecked(value.cast()) };
        self.inlined(&Inlined::generator(function.code(), function.globals(), function.builtins())?)
    }

    fn generator_code(&self, code: u64) -> Option<Callee<'_>> {
        let value = self.live(code)?;
        // SAFETY: a live object.
        let code = unsafe { Code::new(value.cast()) }?;
        self.inlined(&Inlined::generator(code, self.globals, self.builtins)?)
    }
}
