//! Data attached to code objects.

use std::ffi::{c_int, c_void};
use std::marker::PhantomData;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicIsize, Ordering};

use pyo3_ffi::{Py_ssize_t, PyObject};

use super::{Code, Raised, status};
use crate::layout::code_extra;

unsafe extern "C" {
    fn PyUnstable_Code_SetExtra(code: *mut PyObject, index: Py_ssize_t, extra: *mut c_void) -> c_int;
    fn PyUnstable_Code_GetExtra(code: *mut PyObject, index: Py_ssize_t, extra: *mut *mut c_void) -> c_int;
    fn PyUnstable_Eval_RequestCodeExtraIndex(free: extern "C" fn(*mut c_void)) -> Py_ssize_t;
}

/// A pointer that owns what it points to, as a box does, and can be taken apart and put together again.
///
/// # Safety
/// The pointer that `into_raw` gives stays good until it is given to `from_raw`.
pub unsafe trait Owner<T> {
    /// The bare pointer; the value lives on.
    fn into_raw(self) -> NonNull<T>;

    /// The owner again.
    ///
    /// # Safety
    /// `into_raw` gave the pointer, and it is used once.
    unsafe fn from_raw(value: NonNull<T>) -> Self;
}

// SAFETY: a box's contract.
unsafe impl<T> Owner<T> for Box<T> {
    fn into_raw(self) -> NonNull<T> {
        NonNull::from(Box::leak(self))
    }

    unsafe fn from_raw(value: NonNull<T>) -> Box<T> {
        // SAFETY: the caller's.
        unsafe { Box::from_raw(value.as_ptr()) }
    }
}

/// A slot that every code object has for one `T`, dropped together with the code object.
///
/// There are 255 slots in a process and none is ever given back: request one, once.
#[derive(Debug)]
pub struct Extra<T, O = Box<T>> {
    index: Py_ssize_t,
    values: PhantomData<fn(O) -> T>,
}

impl<T, O> Clone for Extra<T, O> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T, O> Copy for Extra<T, O> {}

extern "C" fn drop_value<T, O: Owner<T>>(value: *mut c_void) {
    if let Some(value) = NonNull::new(value) {
        // SAFETY: only `Extra::<T, O>::set` puts values in this slot, and it makes them from an owner.
        drop(unsafe { O::from_raw(value.cast()) });
    }
}

/// The last slot that was requested here.
static LAST: AtomicIsize = AtomicIsize::new(-1);

/// Gives a code object without a table one with room for our slots only. The interpreter would make it as long as there are slots in the process, and when the code object dies
/// call the functions of those that nobody set: some are from `ctypes`, and gone by then.
///
/// # Safety
/// The GIL is held.
unsafe fn make_table(code: Code) {
    if !code.extra_table().is_null() {
        return;
    }
    let slots = LAST.load(Ordering::Relaxed) + 1;
    let bytes = code_extra::CE_EXTRAS as usize + slots as usize * size_of::<usize>();
    // SAFETY: the interpreter frees the table with the same allocator. Without memory it is asked for the table itself.
    unsafe {
        let table = pyo3_ffi::PyMem_Calloc(1, bytes);
        if !table.is_null() {
            table.cast::<u8>().add(code_extra::CE_SIZE as usize).cast::<Py_ssize_t>().write(slots);
            code.set_extra_table(table);
        }
    }
}

impl<T, O: Owner<T>> Extra<T, O> {
    /// Requests a slot; `None` if there are no more.
    ///
    /// # Safety
    /// The GIL is held. `T` may be dropped by any thread that drops the last reference to a code object.
    pub unsafe fn request() -> Option<Extra<T, O>> {
        // SAFETY: the GIL is held.
        let index = unsafe { PyUnstable_Eval_RequestCodeExtraIndex(drop_value::<T, O>) };
        LAST.fetch_max(index, Ordering::Relaxed);
        (index >= 0).then_some(Extra { index, values: PhantomData })
    }

    /// Which of the extra data of code objects this is.
    pub fn index(self) -> usize {
        self.index as usize
    }

    /// Where machine code finds the value: bytes from the table that `co_extra` of a code object points to.
    ///
    /// The table may be null or too short (`ce_size`).
    pub fn offset(self) -> i32 {
        code_extra::CE_EXTRAS + self.index as i32 * size_of::<usize>() as i32
    }

    /// The value of `code`, if it has one. It lives until it is replaced or the code object dies.
    #[inline]
    pub fn get(self, code: Code) -> Option<NonNull<T>> {
        NonNull::new(self.slot(code)?.cast())
    }

    /// The content of the slot, if the code object has a table that long.
    #[inline]
    fn slot(self, code: Code) -> Option<*mut c_void> {
        let table = code.extra_table().cast::<u8>();
        if table.is_null() {
            return None;
        }
        // SAFETY: the table is alive and begins with its size.
        unsafe {
            let size = table.add(code_extra::CE_SIZE as usize).cast::<Py_ssize_t>().read();
            if size <= self.index {
                return None;
            }
            Some(table.add(self.offset() as usize).cast::<*mut c_void>().read())
        }
    }

    /// Sets the value of `code`, dropping the one it had, and returns where it is.
    ///
    /// # Safety
    /// The GIL is held, and nothing refers to the old value.
    pub unsafe fn set(self, code: Code, value: O) -> Result<NonNull<T>, Raised> {
        // SAFETY: the caller's.
        unsafe { make_table(code) };
        let value = value.into_raw();
        // SAFETY: a live code object and a slot that is ours.
        let done =
            unsafe { PyUnstable_Code_SetExtra(code.as_ptr().cast(), self.index, value.as_ptr().cast::<c_void>()) };
        if done < 0 {
            // SAFETY: the code object did not take the value.
            drop(unsafe { O::from_raw(value) });
        }
        status(done)?;
        Ok(value)
    }

    /// Drops the value of `code`, if it has one.
    ///
    /// # Safety
    /// As [`set`](Self::set).
    pub unsafe fn clear(self, code: Code) -> Result<(), Raised> {
        if self.get(code).is_none() {
            return Ok(());
        }
        // SAFETY: as in `set`; null means no value.
        status(unsafe { PyUnstable_Code_SetExtra(code.as_ptr().cast(), self.index, std::ptr::null_mut()) })
    }

    /// Whether [`get`](Self::get) reads what CPython's own function reads. The table's layout is in no header, so this
    /// is worth asking once, for a code object that has a value.
    pub fn agrees(self, code: Code) -> bool {
        let mut theirs = std::ptr::null_mut();
        // SAFETY: a live code object and a slot that is ours.
        let done = unsafe { PyUnstable_Code_GetExtra(code.as_ptr().cast(), self.index, &raw mut theirs) };
        done == 0 && theirs == self.slot(code).unwrap_or(std::ptr::null_mut())
    }
}
