//! What graphs are built from besides bytecode: objects, by their addresses.

use whipsnake_bytecode::Instr;
use whipsnake_ir::Global;
use whipsnake_ops::consumers::Consumer;
use whipsnake_ops::{KnownFunction, MathFunction};

/// What only the running program knows of objects, by their addresses.
pub trait Objects {
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
    /// What C's library computes if that function of the module `math` is called, if one is at the address.
    fn math_function(&self, _: u64) -> Option<MathFunction> {
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
    fn known_function(&self, _: u64) -> Option<KnownFunction> {
        None
    }
    /// Which of the functions that regions inline generators into is at the address, and the address of the first code unit of the frame below such a
    /// generator.
    fn consumer(&self, _: u64) -> Option<(Consumer, u64)> {
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
    /// The class of an object, by its address.
    fn class_of(&self, _: u64) -> Option<u64> {
        None
    }
}
