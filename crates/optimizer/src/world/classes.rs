//! What graphs are built from besides bytecode: classes, by their addresses.

use crate::{
    Accessor, ClassAttribute, ClassVariable, Constructor, Identity, Method, New, Operand, Operator, PlainException,
    Special, Truth,
};
use whipsnake_bytecode::Instr;
use whipsnake_ir::Failure;

/// What only the running program knows of classes, by their addresses.
pub trait Classes {
    /// What a load of a method from a class gives, the one at an address, or else the one that was seen.
    fn class_attribute(&self, _class: Option<u64>, _: &Instr) -> Option<ClassAttribute> {
        None
    }
    /// What an instruction loads from the class at an address, or stores in it, if it is a variable that varies.
    fn class_variable(&self, _class: u64, _: &Instr) -> Option<ClassVariable> {
        None
    }
    /// What an instruction finds with `super` in the class of an object, behind a class of its bases, if that is a function that can be inlined.
    fn super_method(&self, _class: u64, _of_object: u64, _: &Instr) -> Option<Method<'_>> {
        None
    }
    /// The special method of the class at an address, if it is a function that can be inlined.
    fn special(&self, class: u64, name: Special) -> Option<Method<'_>>;
    /// Whether the object at an address is a class of exceptions.
    fn is_exception_class(&self, _: u64) -> bool {
        false
    }
    /// Whether a class of exceptions is the other one or derived from it, by their addresses.
    fn derives(&self, _class: u64, _from: u64) -> bool {
        false
    }
    /// How a class makes its exceptions, if a call of it with any arguments can't fail, runs no Python code, and nor does the end of what it makes.
    fn plain_exception(&self, _class: u64) -> Option<PlainException> {
        None
    }
    /// The address of the class of an exception.
    fn class_of_failure(&self, _: Failure) -> Option<u64> {
        None
    }
    /// The class that has a version, by its address.
    fn class_with(&self, _version: u32) -> Option<u64> {
        None
    }
    /// The method that a binary operator or a comparison calls, if it is a function that can be inlined.
    fn operator(&self, _left: Operand, _right: Operand, _: &Instr) -> Option<Operator<'_>> {
        None
    }
    /// How operands are equal, if no method of theirs is asked.
    fn identity(&self, _left: Operand, _right: Operand) -> Option<Identity> {
        None
    }
    /// What tells the truth of instances of the class at an address.
    fn truth(&self, _class: u64) -> Option<Truth> {
        None
    }
    /// The getter of the property that an instruction loads from instances of the class at an address, if it is a function that can be inlined.
    fn property(&self, class: u64, instr: &Instr) -> Option<Method<'_>>;
    /// The function that C code calls for the attribute that an instruction loads from instances of the class at an address, or stores, if it is one that can be
    /// inlined. Of the instances there may be one that was seen.
    fn accessor(&self, _class: u64, _seen: Option<u64>, _: &Instr) -> Option<Accessor<'_>> {
        None
    }
    /// The `__new__` of the class at an address, if calls of the class do no more than call that, and it can be inlined.
    fn new_of(&self, _class: u64) -> Option<New<'_>> {
        None
    }
    /// How the class at an address makes its instances, if it does that as `object` does, with an `__init__` whose calls can be inlined.
    fn constructor(&self, class: u64) -> Option<Constructor<'_>>;
}
