//! What graphs are built from besides bytecode: the interpreter's objects, as far as they are needed.

use crate::{
    Accessor, AttributeShape, Callee, ClassAttribute, ClassVariable, Constructor, Identity, Method, New, Object,
    Operand, Operator, PlainException, Purpose, Shim, Special, Suspended, Truth,
};
use whipsnake_bytecode::Instr;
use whipsnake_ir::{Failure, Global};
use whipsnake_ops::Ptr;

/// What only the running program knows, about one code object and the frame that waits for the region.
pub trait World {
    /// The value of a pointer operand of an instruction.
    fn pointer(&self, meaning: Ptr, instr: &Instr, oparg: u32) -> u64;
    /// A constant of the code object.
    fn constant(&self, number: u32) -> Object;
    /// The address of the first code unit.
    fn first_unit(&self) -> u64;
    /// The function that the frame is of.
    fn function(&self) -> Option<u64> {
        None
    }
    /// The address of the compiled code's data.
    fn code_data(&self) -> u64;
    /// The address of a new feedback cell.
    fn feedback_cell(&self) -> u64;
    /// What a local variable of the frame that waits holds at the moment, by its address. `None` also for NULL.
    fn local(&self, local: u32) -> Option<u64>;
    /// What an element of that frame's stack is, counted from the bottom.
    fn stack(&self, index: u32) -> Option<u64>;
    /// The characters of an ASCII string, as bits of two words.
    fn characters(&self, _string: u64) -> Option<[u64; 2]> {
        None
    }
    /// The exact type of an object, if it has a name.
    fn class(&self, object: u64) -> Option<Global>;
    /// The object that an instruction would load now as an attribute of this one, if that runs no code.
    fn attribute(&self, owner: u64, instr: &Instr) -> Option<u64>;
    /// An item of a list or tuple, if it is there, else any item of a container; for an iterator, of what it goes over.
    fn item(&self, container: u64, index: i64) -> Option<u64>;
    /// The value of an `int` object, if it is not too large for a register.
    fn index(&self, object: u64) -> Option<i64>;
    /// The type code of an `array.array`, and the address of what describes its items.
    fn array(&self, object: u64) -> Option<(u8, u64)>;
    /// A generator that is suspended, or has not begun, if its code is compiled.
    fn generator(&self, _: u64) -> Option<Suspended<'_>> {
        None
    }
    /// What calls of the function at an address make generators of, if they do.
    fn generator_function(&self, _: u64) -> Option<Callee<'_>> {
        None
    }
    /// The same of functions that are made here of the code object at an address.
    fn generator_code(&self, _: u64) -> Option<Callee<'_>> {
        None
    }
    /// What an instruction that loads a global variable would load now.
    fn global_now(&self, instr: &Instr) -> Option<u64>;
    /// Whether compiled code has seen owners of several types at an access to an attribute.
    fn is_polymorphic(&self, _: &Instr) -> bool {
        false
    }
    /// Whether what the interpreter has specialised an access to an attribute for is a class that has changed since.
    fn is_outdated(&self, _: &Instr) -> bool {
        false
    }
    /// Whether arithmetic of the code has met other types than the interpreter.
    fn has_mixed_numbers(&self) -> bool {
        false
    }
    /// How the classes that were seen at a load of an attribute have it; empty if they were too many, or have it in another way.
    fn shapes(&self, _: &Instr) -> Vec<AttributeShape> {
        vec![]
    }
    /// How instances of the class with that version have the attribute that an instruction loads or stores, whether it has met one or not.
    fn shape_with(&self, _version: u32, _: &Instr) -> Option<AttributeShape> {
        None
    }
    /// How often an instruction has failed in regions, in its specialised form and then in one for several types: 0, 1 or 2.
    fn failures(&self, _: &Instr) -> u8 {
        0
    }
    /// What an instruction that loads a global variable would load now, if that seldom changes: a function, a class, a module.
    fn global(&self, instr: &Instr) -> Option<Object>;
    /// What an instruction that loads an attribute of a module would load now, likewise.
    fn module_attribute(&self, module: u64, instr: &Instr) -> Option<Object>;
    /// The function at an address, if it is one whose calls can be inlined.
    fn callee(&self, function: u64) -> Option<Callee<'_>>;
    /// The addresses of the names in a tuple.
    fn names(&self, _tuple: u64) -> Option<Vec<u64>> {
        None
    }
    /// Whether two objects are strings of the same text; `None` if they are not both strings.
    fn same_text(&self, _: u64, _: u64) -> Option<bool> {
        None
    }
    /// Whether an object is a string with other characters than those of ASCII.
    fn is_wide_text(&self, _: u64) -> bool {
        false
    }
    /// Which parameter of a function has the name at an address, if it may be given by name.
    fn parameter(&self, _function: u64, _name: u64) -> Option<usize> {
        None
    }
    /// What the cell holds that a function has for a free variable, by the variable's number in the frame, if that is an object that seldom changes. Without a
    /// function it is that of the frame that waits.
    fn free_variable(&self, _function: Option<u64>, _number: u32) -> Option<Object> {
        None
    }
    /// What C's library computes if that function of the module `math` is called, if one is at the address.
    fn math_function(&self, _: u64) -> Option<whipsnake_ops::MathFunction> {
        None
    }
    /// The type of the iterator that an `enumerate` has inside, if that is a type with a name.
    fn enumerated(&self, _: u64) -> Option<Global> {
        None
    }
    /// The type of an iterator over a dict, and whether all keys of the dict are strings.
    fn dict_iterator(&self, _: u64) -> Option<(Global, bool)> {
        None
    }
    /// Whether all keys of a dict are strings, if its table is its own.
    fn has_string_keys(&self, _: u64) -> Option<bool> {
        None
    }
    /// The types of the iterators that a `zip` has inside, if all are types with names, and no iterator is there twice.
    fn zipped(&self, _: u64) -> Option<Vec<Global>> {
        None
    }
    /// Which of the built-in types and methods whose calls are known is at the address.
    fn named_object(&self, _: u64) -> Option<Global> {
        None
    }
    /// What a region computes by itself if the function at an address is called, if that is such a one.
    fn known_function(&self, _: u64) -> Option<whipsnake_ops::KnownFunction> {
        None
    }
    /// The frame below a method that C code would call.
    fn shim(&self, _: Purpose) -> Option<Shim> {
        None
    }
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
    /// Which of the functions that regions inline generators into is at the address, and the address of the first code unit of the frame below such a
    /// generator.
    fn consumer(&self, _: u64) -> Option<(whipsnake_ops::consumers::Consumer, u64)> {
        None
    }
    /// The special method of the class at an address, if it is a function that can be inlined.
    fn special(&self, class: u64, name: Special) -> Option<Method<'_>>;
    /// The versions of the keys of the globals and of the builtins.
    fn keys_versions(&self) -> Option<(u32, u32)> {
        None
    }
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
    /// Whether `StopIteration` is at an address.
    fn is_stop_iteration(&self, _: u64) -> bool {
        false
    }
    /// The address of an object that has a name.
    fn address(&self, _: Global) -> Option<u64> {
        None
    }
    /// The class that has a version, by its address.
    fn class_with(&self, _version: u32) -> Option<u64> {
        None
    }
    /// The class of an object, by its address.
    fn class_of(&self, _: u64) -> Option<u64> {
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
