//! Numbers, lists and tuples.

use pyo3_ffi::PyObject;

use super::handle::handle;
use crate::layout::{float, list, long, tuple};

handle! {
    /// An `int` or an instance of a subclass: `PyLongObject`.
    Long, PyObject
}

impl Long {
    /// Whether the number has at most one digit, so that [`compact_value`](Self::compact_value) is its value.
    pub fn is_compact(self) -> bool {
        self.tag() < long::COMPACT_LIMIT
    }

    /// The value, if the number is compact.
    pub fn compact_value(self) -> Option<i64> {
        if !self.is_compact() {
            return None;
        }
        let sign = 1 - (self.tag() & long::SIGN_MASK) as i64;
        Some(sign * self.get::<u32>(long::OB_DIGIT) as i64)
    }

    /// The value, if the number has two digits at most, so that a register holds it and what is computed of two such.
    pub fn value_of_two_digits(self) -> Option<i64> {
        if self.tag() >> long::NON_SIZE_BITS != 2 {
            return self.compact_value();
        }
        let sign = 1 - (self.tag() & long::SIGN_MASK) as i64;
        let [low, high] = [0, 4].map(|offset| i64::from(self.get::<u32>(long::OB_DIGIT + offset)));
        Some(sign * (high << long::SHIFT | low))
    }

    /// Number of digits and sign.
    pub fn tag(self) -> u64 {
        self.get(long::LV_TAG)
    }
}

handle! {
    /// A `float` or an instance of a subclass: `PyFloatObject`.
    Float, PyObject
}

impl Float {
    /// The value.
    pub fn value(self) -> f64 {
        self.get(float::OB_FVAL)
    }
}

handle! {
    /// A `list` or an instance of a subclass: `PyListObject`.
    List, PyObject
}

impl List {
    /// How many items there are.
    pub fn len(self) -> usize {
        self.get::<isize>(list::OB_SIZE) as usize
    }

    /// Whether there are no items.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// How many items fit before the list must grow.
    pub fn allocated(self) -> usize {
        self.get::<isize>(list::ALLOCATED) as usize
    }

    /// The items; null when the list never had any. Moves when the list grows or shrinks.
    pub fn items(self) -> *mut *mut PyObject {
        self.get(list::OB_ITEM)
    }

    /// The item at `index`, borrowed.
    pub fn item(self, index: usize) -> Option<*mut PyObject> {
        // SAFETY: in bounds.
        (index < self.len()).then(|| unsafe { *self.items().add(index) })
    }
}

handle! {
    /// A `tuple` or an instance of a subclass: `PyTupleObject`.
    Tuple, PyObject
}

impl Tuple {
    /// How many items there are.
    pub fn len(self) -> usize {
        self.get::<isize>(tuple::OB_SIZE) as usize
    }

    /// Whether there are no items.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The first item.
    pub fn items(self) -> *mut *mut PyObject {
        self.field(tuple::OB_ITEM)
    }

    /// The item at `index`, borrowed.
    pub fn item(self, index: usize) -> Option<*mut PyObject> {
        // SAFETY: in bounds.
        (index < self.len()).then(|| unsafe { *self.items().add(index) })
    }
}
