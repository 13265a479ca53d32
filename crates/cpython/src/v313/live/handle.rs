//! What all handles have in common.

/// Declares a handle: a non-null pointer to one of CPython's structs, with private accessors by offset.
macro_rules! handle {
    ($(#[$attribute:meta])* $name:ident, $target:ty) => {
        $(#[$attribute])*
        #[repr(transparent)]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub struct $name(std::ptr::NonNull<$target>);

        impl $name {
            /// A handle to what `pointer` points to; `None` if it is null.
            ///
            /// # Safety
            /// The promises of the [module](crate::live) hold for `pointer`, unless it is null.
            #[inline]
            pub const unsafe fn new(pointer: *mut $target) -> Option<Self> {
                match std::ptr::NonNull::new(pointer) {
                    Some(pointer) => Some(Self(pointer)),
                    None => None,
                }
            }

            /// A handle to what `pointer` points to.
            ///
            /// # Safety
            /// As [`new`](Self::new), and `pointer` is not null.
            #[inline]
            pub const unsafe fn new_unchecked(pointer: *mut $target) -> Self {
                // SAFETY: the caller promises that the pointer is not null.
                Self(unsafe { std::ptr::NonNull::new_unchecked(pointer) })
            }

            /// The pointer itself.
            #[inline]
            pub const fn as_ptr(self) -> *mut $target {
                self.0.as_ptr()
            }

            /// Address of the field at `offset`.
            #[inline]
            #[allow(dead_code, reason = "not every handle needs each accessor")]
            const fn field<T>(self, offset: i32) -> *mut T {
                self.0.as_ptr().cast::<u8>().wrapping_offset(offset as isize).cast()
            }

            /// Reads the field at `offset`, which must come from the layout of this struct.
            #[inline]
            #[allow(dead_code, reason = "not every handle needs each accessor")]
            fn get<T: Copy>(self, offset: i32) -> T {
                // SAFETY: the maker of the handle promised a live struct of this layout and the GIL.
                unsafe { self.field::<T>(offset).read() }
            }

            /// Writes the field at `offset`, which must come from the layout of this struct.
            ///
            /// # Safety
            /// The new value keeps the invariants of the struct.
            #[inline]
            #[allow(dead_code, reason = "not every handle needs each accessor")]
            unsafe fn set<T: Copy>(self, offset: i32, value: T) {
                // SAFETY: as for `get`.
                unsafe { self.field::<T>(offset).write(value) }
            }
        }
    };
}

pub(super) use handle;
