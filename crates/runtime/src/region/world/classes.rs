//! What the optimizer asks of the running program: classes, by their addresses.

use super::Live;
use crate::helpers::unseen_exceptions;
use crate::native::code::CompiledCode;
use crate::region::{attribute_shapes, class_variables, operators, samples};
use pyo3_ffi::PyTypeObject;
use whipsnake_bytecode::Instr;
use whipsnake_cpython::opcode as op;
use whipsnake_ir::Failure;
use whipsnake_optimizer::{
    Accessor, ClassAttribute, ClassVariable, Classes, Constructor, Identity, Method, New, Operand, Operator,
    PlainException, Special, Truth,
};

impl Classes for Live {
    fn constructor(&self, class: u64) -> Option<Constructor<'_>> {
        self.constructor_of(class)
    }

    fn class_attribute(&self, class: Option<u64>, instr: &Instr) -> Option<ClassAttribute> {
        // SAFETY: as in `is_polymorphic`.
        let compiled = unsafe { &*(self.data as *const CompiledCode) };
        let cell = compiled.attribute_cell(instr.index);
        attribute_shapes::of_class(class, self.name(instr.oparg >> 1)?, cell, &self.alive)
    }

    fn class_variable(&self, class: u64, instr: &Instr) -> Option<ClassVariable> {
        let number = if instr.base == op::STORE_ATTR { instr.oparg } else { instr.oparg >> 1 };
        class_variables::of_class(class, self.name(number)?, &self.alive)
    }

    fn super_method(&self, class: u64, of_object: u64, instr: &Instr) -> Option<Method<'_>> {
        let of_object = self.live(of_object)?.cast::<PyTypeObject>();
        let function = operators::behind(of_object, self.live(class)?, self.name(instr.oparg >> 2)?)?;
        self.method(of_object, function)
    }

    fn special(&self, class: u64, name: Special) -> Option<Method<'_>> {
        self.special_of(class, name)
    }

    fn is_exception_class(&self, address: u64) -> bool {
        // SAFETY: a live object.
        self.live(address).is_some_and(|class| unsafe { pyo3_ffi::PyExceptionClass_Check(class) != 0 })
    }

    fn derives(&self, class: u64, from: u64) -> bool {
        let (Some(class), Some(from)) = (self.live(class), self.live(from)) else { return false };
        // SAFETY: live types.
        unsafe { pyo3_ffi::PyType_IsSubtype(class.cast(), from.cast()) != 0 }
    }

    fn plain_exception(&self, class: u64) -> Option<PlainException> {
        // SAFETY: a live type.
        unsafe { unseen_exceptions::plain(self.live(class).filter(|_| self.is_exception_class(class))?.cast()) }
    }

    fn class_of_failure(&self, failure: Failure) -> Option<u64> {
        // SAFETY: classes that are never freed.
        let class = unsafe {
            match failure {
                Failure::Key => pyo3_ffi::PyExc_KeyError,
                Failure::Index => pyo3_ffi::PyExc_IndexError,
                Failure::Value => pyo3_ffi::PyExc_ValueError,
                Failure::ZeroDivision => pyo3_ffi::PyExc_ZeroDivisionError,
                Failure::Any => pyo3_ffi::PyExc_BaseException,
            }
        };
        self.found(Some(class as u64))
    }

    fn class_with(&self, version: u32) -> Option<u64> {
        self.alive.class_with(version)
    }

    fn operator(&self, left: Operand, right: Operand, instr: &Instr) -> Option<Operator<'_>> {
        self.operator_for(left, right, instr)
    }

    fn identity(&self, left: Operand, right: Operand) -> Option<Identity> {
        // SAFETY: live types.
        unsafe { operators::identity(self.operand(left)?, self.operand(right)?) }
    }

    fn truth(&self, class: u64) -> Option<Truth> {
        self.truth_of(class)
    }

    fn property(&self, class: u64, instr: &Instr) -> Option<Method<'_>> {
        let class = self.live(class)?.cast::<PyTypeObject>();
        self.method(class, samples::property(class, self.name(instr.oparg >> 1)?)?)
    }

    fn new_of(&self, class: u64) -> Option<New<'_>> {
        self.new_in_python(class)
    }

    fn accessor(&self, class: u64, seen: Option<u64>, instr: &Instr) -> Option<Accessor<'_>> {
        self.accessor_of(class, seen, instr)
    }
}
