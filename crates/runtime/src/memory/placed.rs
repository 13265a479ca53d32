//! A value of its own among the tables of compiled code: what a box is among the blocks of the system's allocator, whose pages come dearer.

use super::table::{UNIT, allocate, free};
use std::mem::{ManuallyDrop, size_of};
use std::ops::{Deref, DerefMut};
use std::ptr::NonNull;
use whipsnake_cpython::live::extra::Owner;

/// A value, and the memory that it lies in.
#[derive(Debug)]
pub struct Placed<T>(NonNull<T>);

// SAFETY: it owns the value.
unsafe impl<T: Send> Send for Placed<T> {}
// SAFETY: as above.
unsafe impl<T: Sync> Sync for Placed<T> {}

impl<T> Placed<T> {
    /// Places a value.
    pub fn new(value: T) -> Placed<T> {
        const { assert!(size_of::<T>() > 0 && align_of::<T>() <= UNIT) };
        let place = allocate(size_of::<T>()).cast();
        // SAFETY: there is room for it, and nobody else knows where.
        unsafe { place.write(value) };
        Placed(place)
    }

    /// The value without the memory.
    pub fn into_inner(self) -> T {
        let place = self.into_raw();
        // SAFETY: it is read once, and then nobody uses the memory.
        unsafe {
            let value = place.read();
            free(place.cast(), size_of::<T>());
            value
        }
    }
}

impl<T> Deref for Placed<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: the value lives as long as this.
        unsafe { self.0.as_ref() }
    }
}

impl<T> DerefMut for Placed<T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as above, and nobody else has a reference.
        unsafe { self.0.as_mut() }
    }
}

impl<T> Drop for Placed<T> {
    fn drop(&mut self) {
        // SAFETY: the value is dropped once, and its memory is what `allocate` gave for this size.
        unsafe {
            self.0.drop_in_place();
            free(self.0.cast(), size_of::<T>());
        }
    }
}

// SAFETY: what `into_raw` gives owns the value.
unsafe impl<T> Owner<T> for Placed<T> {
    fn into_raw(self) -> NonNull<T> {
        ManuallyDrop::new(self).0
    }

    unsafe fn from_raw(value: NonNull<T>) -> Placed<T> {
        Placed(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::rc::Rc;

    #[test]
    fn values_are_dropped_once() {
        let witness = Rc::new(());
        let values: Vec<_> = (0..100u64).map(|n| Placed::new((witness.clone(), n))).collect();
        assert!((0..).zip(&values).all(|(n, value)| value.1 == n));
        let mut values = values.into_iter();
        let (inner, _) = values.next().expect("there are some").into_inner();
        assert_eq!(Rc::strong_count(&witness), 101);
        drop(values);
        drop(inner);
        assert_eq!(Rc::strong_count(&witness), 1);
    }
}
