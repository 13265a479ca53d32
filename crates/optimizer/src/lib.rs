//! The optimizing tier: regions of hot bytecode as typed SSA, specialised to what was seen.
//!
//! [`build`] walks the bytecode of a loop abstractly and calls the functions of `whipsnake-ops` for each instruction: the same that the stencils are made
//! of. What is known of values makes guards, boxes and reference counts fall away while it is built; the passes in
//! [`passes`] remove what only the whole region shows to be needless. Nothing here touches a live interpreter: what it must know of objects
//! it asks of a [`World`].

mod graph;
mod operands;
pub mod passes;
mod select;

pub use graph::{Refusal, Request, Site, Start, build, failed_again};

use whipsnake_bytecode::{Code, Instr};
use whipsnake_ir::{Global, Known};
use whipsnake_ops::Ptr;

/// The number in an object.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    /// None, or one that does not fit.
    No,
    /// The value of an `int`.
    Int(i64),
    /// The value of a `float`.
    Float(f64),
}

/// What is known of a live object.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Object {
    /// Its address.
    pub address: u64,
    /// Its exact type, if that has a name.
    pub class: Option<Global>,
    /// Whether its count never changes.
    pub immortal: bool,
    /// Whether it is `None`.
    pub is_none: bool,
    /// Its value.
    pub number: Number,
}

impl Object {
    /// The same, as what is known of a value.
    pub(crate) fn known(&self) -> Known {
        Known { class: self.class, present: true, immortal: self.immortal, ..Known::default() }
    }
}

/// A function that a call may be replaced by: it has no parameters that are for keywords only, and is no generator.
#[derive(Clone)]
pub struct Callee<'a> {
    /// Its code.
    pub code: Code<'a>,
    /// What the running program knows about that.
    pub world: &'a dyn World,
    /// The address of the code object.
    pub executable: u64,
    /// The address of its globals.
    pub globals: u64,
    /// The address of its builtins.
    pub builtins: u64,
    /// How many parameters it has that take one argument each.
    pub parameters: u32,
    /// Whether it has `*args`.
    pub takes_more: bool,
    /// Whether it has `**kwargs`.
    pub takes_named: bool,
    /// The default arguments, those of the last parameters. The function may get others.
    pub default_values: Vec<Object>,
}

/// A generator that the program has.
#[derive(Clone)]
pub struct Suspended<'a> {
    /// Its code. What the program knows of that includes the frame of the generator.
    pub callee: Callee<'a>,
    /// The code unit at which it is suspended.
    pub unit: u32,
}

/// How instances of a class have an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AttributeShape {
    /// The version of the class.
    pub version: u32,
    /// Where the attribute is.
    pub access: Access,
}

/// Where an attribute of an instance is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// At an offset, among the values that are inside the instance.
    Value(i32),
    /// At an offset, for all instances.
    Slot(i32),
    /// In the class. If the instruction loads a method to be called, it is a Python function, else nothing that is bound to the instance.
    Method {
        /// Its address, good while the class has the version.
        function: u64,
        /// What tells that the instance has none in its place.
        own: Own,
        /// What it is called with.
        binding: Binding,
    },
}

/// What a function that is found in a class is called with, before the arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binding {
    /// The instance.
    Instance,
    /// A class: the function is in a `classmethod`.
    Class {
        /// The address of the class.
        class: u64,
        /// That of the `classmethod`, good while the class has the version.
        wrapper: u64,
    },
    /// Nothing: it is in a `staticmethod`.
    Nothing {
        /// The address of that, likewise.
        wrapper: u64,
    },
}

/// A function that is loaded from a class, to be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClassAttribute {
    /// The version of the class of the class, which has nothing of that name.
    pub metaclass: u32,
    /// The version of the class.
    pub version: u32,
    /// The address of the function, good while the class has the version.
    pub function: u64,
    /// What it is called with, which is not an instance.
    pub binding: Binding,
}

/// What tells that an instance has no attribute of a name itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Own {
    /// It has none at all.
    None,
    /// Its values are inside, and this is the version of the keys that instances share.
    KeysVersion(u32),
    /// The same, and so many keys are shared. Keys are only ever added.
    KeyCount(u32),
}

/// A function that a class has under some name.
#[derive(Clone)]
pub struct Method<'a> {
    /// The version of the class, which changes with everything that this says but the function itself.
    pub version: u32,
    /// The address of the function.
    pub function: u64,
    /// What a call of it is replaced by.
    pub callee: Callee<'a>,
}

/// A method that instructions call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Special {
    /// `__getitem__`.
    GetItem,
    /// `__setitem__`.
    SetItem,
    /// `__contains__`.
    Contains,
    /// `__call__`.
    Call,
    /// `__bool__`.
    Bool,
    /// `__len__`.
    Len,
    /// `__enter__`.
    Enter,
    /// `__exit__`.
    Exit,
    /// `__next__`.
    Next,
    /// `__iter__`.
    Iter,
}

/// What C code calls a method for, where the interpreter enters that from C. It says what becomes of the result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Purpose {
    /// A binary operator: it is the result, unless it is `NotImplemented`, which is an error.
    Operator,
    /// The store of an item: it is dropped.
    Store,
    /// A test for being contained: its truth is wanted.
    Contains,
    /// A comparison: it is the result, unless it is `NotImplemented`; then the other operand is asked.
    Comparison,
    /// `!=`, which `object` answers by what the `__eq__` of a class says.
    Unequal,
    /// The truth of an object, of a `__bool__`, which has to return a `bool`.
    Truth,
    /// The truth of an object, of its `__len__`.
    Emptiness,
    /// The length of an object.
    Length,
    /// A call of a method by C code that gives on what it returns.
    Call,
    /// The start of a loop, which wants an iterator.
    Iter,
    /// The next item for a loop: it is that, and `StopIteration` the end.
    Next,
}

impl Purpose {
    /// Every purpose, in order of its number.
    pub const ALL: [Purpose; 11] = [
        Purpose::Operator,
        Purpose::Store,
        Purpose::Contains,
        Purpose::Comparison,
        Purpose::Unequal,
        Purpose::Truth,
        Purpose::Emptiness,
        Purpose::Length,
        Purpose::Call,
        Purpose::Iter,
        Purpose::Next,
    ];
}

/// The frame that stands in for C code below a method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shim {
    /// The address of the first code unit.
    pub first_unit: u64,
    /// The address of the immortal object on its stack, which tells the purpose.
    pub purpose: u64,
}

/// What is known of the class of an operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operand {
    /// It is that.
    Exactly(Global),
    /// It was the class at an address.
    OfClass(u64),
}

/// The method that an operator or a comparison calls first.
#[derive(Clone)]
pub struct Operator<'a> {
    /// The method.
    pub method: Method<'a>,
    /// Whether it is the right operand's.
    pub reflected: bool,
    /// The version of the other operand's class.
    pub other: u32,
    /// What for.
    pub purpose: Purpose,
}

/// How objects of two classes are equal, where that runs no code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The address of the function by which objects compare that are equal to nothing but themselves. A class may also have none.
    pub compares: u64,
    /// Whether one is of a built-in type that is equal to nothing like the other: then they never are. Else they are if they are one object.
    pub never: bool,
}

/// What tells the truth of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Truth {
    /// All objects of its class are true, while that has the version.
    Always {
        /// The version.
        version: u32,
    },
    /// A method.
    Asked(Special),
}

/// How a class makes its instances.
#[derive(Clone)]
pub struct Constructor<'a> {
    /// The version of the class, which changes with everything that this says.
    pub version: u32,
    /// The address of `__init__`.
    pub function: u64,
    /// `__init__`.
    pub init: Callee<'a>,
    /// The address of the first code unit of the frame that is below `__init__`.
    pub shim_unit: u64,
    /// Whether the values of its instances are inside them, and not slots, if nothing but values ends with an instance.
    pub keeps_values: Option<bool>,
}

/// What only the running program knows, about one code object and the frame that waits for the region.
pub trait World {
    /// The value of a pointer operand of an instruction.
    fn pointer(&self, meaning: Ptr, instr: &Instr, oparg: u32) -> u64;
    /// A constant of the code object.
    fn constant(&self, number: u32) -> Object;
    /// The address of the first code unit.
    fn first_unit(&self) -> u64;
    /// The address of the compiled code's data.
    fn code_data(&self) -> u64;
    /// The address of a new feedback cell.
    fn feedback_cell(&self) -> u64;
    /// What a local variable of the frame that waits holds at the moment, by its address. `None` also for NULL.
    fn local(&self, local: u32) -> Option<u64>;
    /// What an element of that frame's stack is, counted from the bottom.
    fn stack(&self, index: u32) -> Option<u64>;
    /// The exact type of an object, if it has a name.
    fn class(&self, object: u64) -> Option<Global>;
    /// The object that an instruction would load now as an attribute of this one, if that runs no code.
    fn attribute(&self, owner: u64, instr: &Instr) -> Option<u64>;
    /// An item of a list or tuple, if it is there, else any item of a container; for an iterator, of what it goes over.
    fn item(&self, container: u64, index: i64) -> Option<u64>;
    /// The value of an `int` object.
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
    /// Whether arithmetic of the code has met other types than the interpreter.
    fn has_mixed_numbers(&self) -> bool {
        false
    }
    /// How the classes that were seen at a load of an attribute have it; empty if they were too many, or have it in another way.
    fn shapes(&self, _: &Instr) -> Vec<AttributeShape> {
        vec![]
    }
    /// What an instruction that loads a global variable would load now, if that seldom changes: a function, a class, a module.
    fn global(&self, instr: &Instr) -> Option<Object>;
    /// What an instruction that loads an attribute of a module would load now, likewise.
    fn module_attribute(&self, module: u64, instr: &Instr) -> Option<Object>;
    /// The function at an address, if it is one whose calls can be inlined.
    fn callee(&self, function: u64) -> Option<Callee<'_>>;
    /// Which parameters of a function the names in a tuple are, if all are parameters that may be given by name.
    fn named_parameters(&self, _function: u64, _names: u64) -> Option<Vec<usize>> {
        None
    }
    /// What the cell holds that a function has for a free variable, by the variable's number in the frame, if that is an object that seldom changes.
    fn free_variable(&self, _function: u64, _number: u32) -> Option<Object> {
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
    /// How the class at an address makes its instances, if it does that as `object` does, with an `__init__` whose calls can be inlined.
    fn constructor(&self, class: u64) -> Option<Constructor<'_>>;
}
