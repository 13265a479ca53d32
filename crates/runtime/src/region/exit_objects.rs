//! The objects that an exit makes: numbers, tuples and instances that the region had put off.

use crate::helpers::build::build_named;
use crate::helpers::exit_numbers;
use crate::helpers::globals;
use crate::helpers::iteration::{iter, new_range_iterator};
use crate::helpers::new_dicts;
use crate::helpers::new_instances;
use crate::helpers::with::build_method;
use crate::native::raw::{release, retain};
use pyo3_ffi::{PyObject, PyTypeObject};
use smallvec::SmallVec;
use std::ffi::c_int;
use whipsnake_codegen::{Exit, Place, Unmade};
use whipsnake_cpython::layout;
use whipsnake_cpython::live::allocator::with_memory_of_c;
use whipsnake_ir::{Global, Type};

/// Objects that an exit has made: what several variables hold is one object.
#[derive(Default)]
pub(super) struct Made {
    /// Those of numbers, by where these are in the buffer, and tuples.
    objects: SmallVec<[(Place, *mut PyObject); 4]>,
    /// Those that had nothing in them, each with a reference of ours.
    empty: SmallVec<[*mut PyObject; 4]>,
}

impl Made {
    /// What the exit makes before anything is written to fields.
    pub(super) unsafe fn of(exit: &Exit, buffer: Buffer<'_>) -> Made {
        let make = |&unmade: &Unmade| {
            // SAFETY: the caller's: a class that makes its instances as `object` does.
            unsafe {
                insist(|| match unmade {
                    Unmade::Instance(class) => new_instances::new_instance(class as *mut PyTypeObject),
                    Unmade::Iterator(sequence) => iter(buffer.raw(sequence) as *mut PyObject),
                    Unmade::Empty(Global::DictType) => new_dicts::new_dict(),
                    Unmade::Empty(Global::RangeIteratorType) => new_range_iterator(),
                    Unmade::Empty(other) => unreachable!("{other:?} is not made by exits"),
                })
            }
        };
        Made { objects: SmallVec::new(), empty: exit.made.iter().map(make).collect() }
    }

    /// Drops our references.
    pub(super) unsafe fn done(self) {
        for object in self.empty {
            // SAFETY: as above.
            unsafe { release(object) };
        }
    }
}

/// Makes an object of which the program knows nothing, so that there is no way to fail: where the allocators have no memory, C has to have some. Where that fails, too, nothing is taken.
unsafe fn insist(mut make: impl FnMut() -> *mut PyObject) -> *mut PyObject {
    let made = make();
    if !made.is_null() {
        return made;
    }
    // SAFETY: the caller's: the GIL is held, and objects are made that run no code.
    unsafe {
        pyo3_ffi::PyErr_Clear();
        let made = with_memory_of_c(&mut make);
        if made.is_null() {
            pyo3_ffi::Py_FatalError(c"no memory for an object that a region put off".as_ptr());
        }
        made
    }
}

/// Reads what an exit stored.
#[derive(Clone, Copy)]
pub(super) struct Buffer<'a> {
    pub(super) words: *const u64,
    pub(super) exit: &'a Exit,
    /// Whether the region goes on, so that all references that it has stay its own.
    pub(super) shows: bool,
}

impl Buffer<'_> {
    unsafe fn word(self, index: u16) -> u64 {
        // SAFETY: the exit stored as many words as its description names.
        unsafe { self.words.add(usize::from(index)).read() }
    }

    /// A word as it is.
    pub(super) unsafe fn raw(self, place: Place) -> u64 {
        // SAFETY: the caller's.
        unsafe {
            match place {
                Place::Null => 0,
                Place::Address(address) => address,
                Place::Global(global) => globals::address(global) as u64,
                Place::Buffer(index, _) => self.word(index),
                Place::Made(_) => unreachable!("an object that nobody has made is no word"),
                Place::Number(..) => unreachable!("a number that nobody has made is no word"),
                Place::Tuple(_) => unreachable!("a tuple that nobody has made is in a slot only"),
            }
        }
    }

    /// The object that has a field.
    pub(super) unsafe fn holder(self, place: Place, made: &Made) -> *mut PyObject {
        match place {
            Place::Made(number) => made.empty[usize::from(number)],
            // SAFETY: the caller's.
            place => unsafe { self.raw(place) as *mut PyObject },
        }
    }

    /// Whether what stands in two places is one object.
    unsafe fn is_one(self, known: Place, place: Place) -> bool {
        if known == place {
            return true;
        }
        let (Place::Buffer(a, _), Place::Buffer(b, _)) = (known, place) else { return false };
        // SAFETY: the caller's.
        self.exit.twins.contains(&(a.min(b), a.max(b))) && unsafe { self.word(a) == self.word(b) }
    }

    /// An owned reference to what a slot holds; `owned` says that there is one already.
    pub(super) unsafe fn object(self, place: Place, owned: bool, made: &mut Made) -> *mut PyObject {
        // SAFETY: the caller's.
        unsafe {
            match place {
                Place::Buffer(_, Type::F64 | Type::I64) | Place::Number(..) | Place::Tuple(_) => {
                    if let Some(&(_, object)) = made.objects.iter().find(|&&(known, _)| self.is_one(known, place)) {
                        retain(object);
                        return object;
                    }
                    let object = match place {
                        Place::Tuple(number) => self.tuple(number, made),
                        Place::Number(value, is_int) => {
                            let number = f64::from_bits(self.word(value));
                            if self.word(is_int) != 0 {
                                exit_numbers::int_for_exit(number as i64)
                            } else {
                                exit_numbers::float_for_exit(number)
                            }
                        }
                        Place::Buffer(index, Type::F64) => {
                            exit_numbers::float_for_exit(f64::from_bits(self.word(index)))
                        }
                        place => exit_numbers::int_for_exit(self.raw(place) as i64),
                    };
                    made.objects.push((place, object));
                    object
                }
                Place::Made(number) => {
                    let number = usize::from(number);
                    let object = retain(made.empty[number]);
                    if let Unmade::Iterator(sequence) = self.exit.made[number]
                        && owned
                        && !self.shows
                    {
                        // The iterator holds it now.
                        release(self.raw(sequence) as *mut PyObject);
                    }
                    object
                }
                place => {
                    let object = self.raw(place) as *mut PyObject;
                    if !owned && !object.is_null() {
                        retain(object);
                    }
                    object
                }
            }
        }
    }
}

impl Buffer<'_> {
    /// Makes a tuple or a bound method.
    unsafe fn tuple(self, number: u16, made: &mut Made) -> *mut PyObject {
        let described = &self.exit.tuples[usize::from(number)];
        // SAFETY: the caller's; the references move into the tuple.
        unsafe {
            if described.class == Global::MethodType {
                let items = described.items.iter();
                let mut items: Vec<_> =
                    items.map(|item| self.object(item.place, item.owned && !self.shows, made)).collect();
                return insist(|| build_method(items.as_mut_ptr(), items.len() as c_int));
            }
            if described.class == Global::DictType {
                let items = described.items.iter();
                let mut items: Vec<_> =
                    items.map(|item| self.object(item.place, item.owned && !self.shows, made)).collect();
                return insist(|| build_named(items.as_mut_ptr(), items.len() as c_int));
            }
            let tuple = insist(|| pyo3_ffi::PyTuple_New(described.items.len() as isize));
            let items: *mut *mut PyObject = tuple.byte_add(layout::tuple::OB_ITEM as usize).cast();
            for (index, item) in described.items.iter().enumerate() {
                items.add(index).write(self.object(item.place, item.owned && !self.shows, made));
            }
            tuple
        }
    }
}
