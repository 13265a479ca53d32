//! What the optimizer asks of the running program.

use crate::helpers::globals;
use crate::helpers::pointers::CodeSource;
use crate::native::code::CompiledCode;
use crate::native::raw::get;
use pyo3_ffi::{PyObject, PyTypeObject};
use std::cell::RefCell;
use whipsnake_bytecode::Instr;
use whipsnake_cpython::layout::object;
use whipsnake_cpython::live::{Float, Frame, Long};
use whipsnake_ir::Global;
use whipsnake_ir::abi::FEEDBACK_WORDS;
use whipsnake_ops::Ptr;
use whipsnake_optimizer::{Number, Object, World};
use whipsnake_stencils::Source;

/// The exact types that the optimizer knows by name.
const CLASSES: &[Global] = &[
    Global::IntType,
    Global::FloatType,
    Global::BoolType,
    Global::StrType,
    Global::BytesType,
    Global::ListType,
    Global::TupleType,
    Global::DictType,
    Global::SetType,
    Global::FrozenSetType,
    Global::SliceType,
    Global::FunctionType,
    Global::MethodType,
    Global::BuiltinType,
    Global::MethodDescriptorType,
    Global::RangeIteratorType,
    Global::ListIteratorType,
    Global::TupleIteratorType,
    Global::ModuleType,
];

/// A frame that waits for a region, and its code.
pub(super) struct Live<'c> {
    pub(super) source: CodeSource,
    pub(super) frame: Frame,
    pub(super) compiled: &'c CompiledCode,
    pub(super) cells: RefCell<Vec<Box<[u64]>>>,
}

/// The name of an object's exact type.
fn class_of(value: *mut PyObject) -> Option<Global> {
    // SAFETY: a live object; the GIL is held.
    unsafe {
        let class = get::<*mut PyTypeObject>(value, object::OB_TYPE) as usize;
        CLASSES.iter().copied().find(|&name| globals::address(name) == class)
    }
}

impl World for Live<'_> {
    fn pointer(&self, meaning: Ptr, instr: &Instr, oparg: u32) -> u64 {
        self.source.pointer(meaning, instr, oparg)
    }

    fn constant(&self, number: u32) -> Object {
        let address = self.source.constant(number);
        let value = address as *mut PyObject;
        let class = class_of(value);
        // SAFETY: a constant of a live code object, of the type that was found.
        unsafe {
            let number = match class {
                Some(Global::IntType) => Long::new_unchecked(value).compact_value().map_or(Number::No, Number::Int),
                Some(Global::FloatType) => Number::Float(Float::new_unchecked(value).value()),
                _ => Number::No,
            };
            let immortal = (get::<u32>(value, object::OB_REFCNT) as i32) < 0;
            Object { address, class, immortal, number }
        }
    }

    fn first_unit(&self) -> u64 {
        self.source.first_unit()
    }

    fn code_data(&self) -> u64 {
        self.compiled as *const CompiledCode as u64
    }

    fn feedback_cell(&self) -> u64 {
        let cell: Box<[u64]> = Box::new([0; FEEDBACK_WORDS]);
        let address = cell.as_ptr() as u64;
        self.cells.borrow_mut().push(cell);
        address
    }

    fn local_class(&self, local: u32) -> Option<Global> {
        // SAFETY: the frame is live, and the code has so many locals.
        let value = unsafe { *self.frame.localsplus().add(local as usize) };
        if value.is_null() { None } else { class_of(value) }
    }
}
