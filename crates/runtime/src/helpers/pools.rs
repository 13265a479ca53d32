//! Where floats and ints that machine code makes come from, and where dead ones go.
//!
//! Floats use the interpreter's own free list (its place was checked when the compiler was enabled); ints, which CPython 3.13 gives to the allocator each
//! time, use a list of ours of the same kind: dead short ints, linked through their type field. Both belong to the main interpreter, the only one
//! that machine code runs in, and are guarded by the GIL.

use pyo3_ffi::{PyObject, PyTypeObject};
use std::cell::UnsafeCell;
use std::ffi::{CStr, c_char};
use std::ptr;
use whipsnake_cpython::layout::{float, interpreter_state, long, object};
use whipsnake_cpython::live::ThreadState;

/// Gives the number in `rdi` to its list and returns, with `rax` and `rcx` from the stack; on to label 2 with what is no number, or finds no room.
macro_rules! number_to_pool {
    () => {
        "lea rax, [rip + {pools}]
        mov rcx, [rdi + {ob_type}]
        cmp rcx, [rax + {float_type}]
        je 3f
        cmp rcx, [rax + {int_type}]
        jne 2f
        mov rcx, [rdi + {lv_tag}]
        cmp rcx, [rax + {int_tag_limit}]
        jae 2f
        sub qword ptr [rax + {int_room}], 1
        jb 4f
        mov rcx, [rax + {ints}]
        mov [rdi + {ob_type}], rcx
        mov [rax + {ints}], rdi
        pop rcx
        pop rax
        ret
        3:
        mov rcx, [rax + {float_count}]
        cmp dword ptr [rcx], {max_floats}
        jge 2f
        add dword ptr [rcx], 1
        mov rcx, [rax + {floats}]
        mov rax, [rcx]
        mov [rdi + {ob_type}], rax
        mov [rcx], rdi
        pop rcx
        pop rax
        ret
        4:
        mov qword ptr [rax + {int_room}], 0
        2:"
    };
}

/// A naked function's assembly that has [`number_to_pool`] in it.
macro_rules! with_pools {
    ($($part:tt)*) => {
        std::arch::naked_asm!(
            $($part)*
            pools = sym $crate::helpers::pools::POOLS,
            ob_type = const whipsnake_cpython::layout::object::OB_TYPE,
            lv_tag = const whipsnake_cpython::layout::long::LV_TAG,
            max_floats = const whipsnake_cpython::layout::interpreter_state::FLOAT_MAXFREELIST,
            float_type = const $crate::helpers::pools::field::FLOAT_TYPE,
            int_type = const $crate::helpers::pools::field::INT_TYPE,
            float_count = const $crate::helpers::pools::field::FLOAT_COUNT,
            floats = const $crate::helpers::pools::field::FLOATS,
            int_room = const $crate::helpers::pools::field::INT_ROOM,
            int_tag_limit = const $crate::helpers::pools::field::INT_TAG_LIMIT,
            ints = const $crate::helpers::pools::field::INTS,
        )
    };
}
pub(crate) use {number_to_pool, with_pools};

/// How many dead ints are kept at most.
const MAX_INTS: usize = 256;

/// The lists, as machine code reads them.
#[repr(C)]
pub(crate) struct Pools {
    float_type: *mut PyTypeObject,
    int_type: *mut PyTypeObject,
    /// The head of the interpreter's list of floats, and its length. NULL before [`initialise`].
    floats: *mut *mut PyObject,
    float_count: *mut i32,
    ints: *mut PyObject,
    int_room: usize,
    /// The tags of ints that the list takes are smaller.
    int_tag_limit: u64,
}

/// Offsets of the fields of [`Pools`], for assembly.
pub(crate) mod field {
    use super::Pools;
    use std::mem::offset_of;

    pub const FLOAT_TYPE: usize = offset_of!(Pools, float_type);
    pub const INT_TYPE: usize = offset_of!(Pools, int_type);
    pub const FLOATS: usize = offset_of!(Pools, floats);
    pub const FLOAT_COUNT: usize = offset_of!(Pools, float_count);
    pub const INTS: usize = offset_of!(Pools, ints);
    pub const INT_ROOM: usize = offset_of!(Pools, int_room);
    pub const INT_TAG_LIMIT: usize = offset_of!(Pools, int_tag_limit);
}

#[repr(transparent)]
pub(crate) struct Slot(UnsafeCell<Pools>);

// SAFETY: only touched with the GIL held.
unsafe impl Sync for Slot {}

pub(crate) static POOLS: Slot = Slot(UnsafeCell::new(Pools {
    float_type: ptr::null_mut(),
    int_type: ptr::null_mut(),
    floats: ptr::null_mut(),
    float_count: ptr::null_mut(),
    ints: ptr::null_mut(),
    int_room: 0,
    int_tag_limit: 0,
}));

/// Tags of ints of up to one digit, and of up to two, are smaller.
const ONE_DIGIT: u64 = 2 << long::NON_SIZE_BITS;
const TWO_DIGITS: u64 = 3 << long::NON_SIZE_BITS;

/// The name of the allocator that objects come from.
unsafe fn allocator() -> Option<&'static CStr> {
    unsafe extern "C" {
        fn _PyMem_GetCurrentAllocatorName() -> *const c_char;
    }
    // SAFETY: the name is a constant; NULL for somebody else's allocator.
    unsafe {
        let name = _PyMem_GetCurrentAllocatorName();
        (!name.is_null()).then(|| CStr::from_ptr(name))
    }
}

/// Whether objects come from the interpreter's own allocator.
pub(super) fn is_pymalloc() -> bool {
    // SAFETY: the name can be asked for at any time.
    unsafe { allocator() == Some(c"pymalloc") }
}

/// Finds the lists.
///
/// # Safety
/// The GIL is held, by the main interpreter.
pub(crate) unsafe fn initialise() {
    // SAFETY: the caller's; the offsets were checked against a real list.
    unsafe {
        let interpreter = ThreadState::current().interpreter().cast::<u8>();
        let pools = &mut *POOLS.0.get();
        pools.floats = interpreter.offset(interpreter_state::FLOAT_FREELIST as isize).cast();
        pools.float_count = interpreter.offset(interpreter_state::FLOAT_NUMFREE as isize).cast();
        pools.float_type = &raw mut pyo3_ffi::PyFloat_Type;
        pools.int_type = &raw mut pyo3_ffi::PyLong_Type;
        if pools.ints.is_null() {
            pools.int_room = MAX_INTS;
            // The interpreter's own allocator gives an int of one digit as much memory as one of two.
            pools.int_tag_limit = if is_pymalloc() { TWO_DIGITS } else { ONE_DIGIT };
        }
    }
}

unsafe fn field<T>(object: *mut PyObject, offset: i32) -> *mut T {
    // SAFETY: the caller's: a field of the object.
    unsafe { object.cast::<u8>().offset(offset as isize).cast() }
}

/// A new float.
///
/// # Safety
/// The GIL is held, by the main interpreter.
#[inline]
pub(crate) unsafe fn new_float(value: f64) -> *mut PyObject {
    // SAFETY: the list holds dead floats, linked through their type field.
    unsafe {
        let pools = &mut *POOLS.0.get();
        let object = *pools.floats;
        if object.is_null() {
            return pyo3_ffi::PyFloat_FromDouble(value);
        }
        let class = field::<*mut PyTypeObject>(object, object::OB_TYPE);
        *pools.floats = class.read().cast();
        *pools.float_count -= 1;
        class.write(pools.float_type);
        field::<u64>(object, object::OB_REFCNT).write(1);
        field::<f64>(object, float::OB_FVAL).write(value);
        object
    }
}

/// A new int, of a value that has no preallocated one.
///
/// # Safety
/// The GIL is held, by the main interpreter.
#[inline]
pub(crate) unsafe fn new_int(value: i64) -> *mut PyObject {
    // SAFETY: the list holds dead ints, linked through their type field, with room for as many digits as the limit says.
    unsafe {
        let pools = &mut *POOLS.0.get();
        let object = pools.ints;
        let magnitude = value.unsigned_abs();
        let wide = magnitude >> long::SHIFT != 0;
        let fits = !wide || (pools.int_tag_limit == TWO_DIGITS && magnitude >> (2 * long::SHIFT) == 0);
        // Exits of regions ask for any number; the small ones exist already, and zero has a sign of its own.
        let small = (-5..=256).contains(&value);
        if object.is_null() || !fits || small {
            return pyo3_ffi::PyLong_FromLongLong(value);
        }
        let class = field::<*mut PyTypeObject>(object, object::OB_TYPE);
        pools.ints = class.read().cast();
        pools.int_room += 1;
        class.write(pools.int_type);
        field::<u64>(object, object::OB_REFCNT).write(1);
        let sign = if value < 0 { long::SIGN_NEGATIVE } else { 0 };
        field::<u64>(object, long::LV_TAG).write((1 + u64::from(wide)) << long::NON_SIZE_BITS | sign);
        let digit = field::<u32>(object, long::OB_DIGIT);
        digit.write(magnitude as u32 & ((1 << long::SHIFT) - 1));
        if wide {
            digit.add(1).write((magnitude >> long::SHIFT) as u32);
        }
        object
    }
}
