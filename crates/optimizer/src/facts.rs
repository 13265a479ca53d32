//! What a [`World`](crate::World) tells of objects, classes and functions.

use crate::World;
use whipsnake_bytecode::Code;
use whipsnake_ir::{Global, Known};

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
    /// Whether it is the one string of an ASCII character.
    pub is_character: bool,
    /// Its value.
    pub number: Number,
}

impl Object {
    /// The same, as what is known of a value.
    pub(crate) fn known(&self) -> Known {
        let character = self.is_character;
        Known { class: self.class, present: true, immortal: self.immortal, character, ..Known::default() }
    }
}

/// A function that a call may be replaced by: it has no parameters that are for keywords only, and is no generator.
#[derive(Clone)]
pub struct Callee<'a> {
    /// Its code.
    pub code: Code<'a>,
    /// What the running program knows about that.
    pub world: &'a dyn World,
    /// How many of its instructions are in blocks that the interpreter has run, or may have.
    pub reached: u32,
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

/// A class whose exceptions need not be made where nobody sees them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlainException {
    /// The version of the class; none if it never changes.
    pub version: Option<u32>,
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
    /// At an offset among the values that are inside the instance, or in its dict: instances of the class are of both kinds. 0 where the class does not tell of such a value.
    Anywhere(i32),
    /// An item of a tuple, at an offset, if there are so many.
    Item(i32),
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

/// A variable of a class that changes again and again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClassVariable {
    /// The version of the class of the class, which has nothing of that name.
    pub metaclass: u32,
    /// The version of the class: one of a [series](whipsnake_cpython::class_version).
    pub version: u32,
    /// The address of the class that has the variable in itself, the class or one it inherits from.
    pub holder: u64,
    /// The address of the name.
    pub name: u64,
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
    /// Its values are inside, and there is none at this offset, which is that attribute's.
    Unset(i32),
    /// It has a dict without that name, or none, at this offset. If so many keys are shared, it may have its values inside instead.
    Dict { offset: i32, name: u64, keys: Option<u32> },
}

/// A Python function that C code calls for an attribute of an instance.
#[derive(Clone)]
pub struct Accessor<'a> {
    /// It, as long as the class of the instance has the version, and what follows holds.
    pub method: Method<'a>,
    /// Who has it called.
    pub asked: Asked,
    /// What tells that the instance has no such attribute itself, where that would come first.
    pub own: Own,
}

/// Who has a function called for an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// A descriptor that the class has: it is the `__get__` or `__set__` of that one's class.
    Descriptor {
        /// The address of the descriptor.
        address: u64,
        /// The version of its class.
        version: u32,
    },
    /// A property that the class has: it is its getter or setter.
    Property {
        /// The address of the property.
        address: u64,
        /// Where it has the function.
        place: i32,
    },
    /// The class itself: it is its `__getattr__`, `__getattribute__` or `__setattr__`, which is told the name at an address.
    Class {
        /// That address.
        name: u64,
    },
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

/// A `__new__` in Python of a class whose calls do no more than call that, if it gives an instance of just that class.
#[derive(Clone)]
pub struct New<'a> {
    /// The function, and the version of the class.
    pub method: Method<'a>,
    /// The address of the `staticmethod` that the function is in.
    pub wrapper: u64,
    /// The version of the class of the class.
    pub metaclass: u32,
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
    /// An instance, of a `__new__`: if it is one of the class that is called, its `__init__` is called, too.
    New,
}

impl Purpose {
    /// Every purpose, in order of its number.
    pub const ALL: [Purpose; 12] = [
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
        Purpose::New,
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
