//! Where floats and ints that machine code makes come from, and where dead ones go.
//!
//! Floats use the interpreter's own free list (its place was checked when the compiler was enabled); ints, which CPython 3.13 gives to the allocator each
//! time, use a list of ours of the same kind: dead short ints, linked through their type field. Both belong to the main interpreter, the only one
//! that machine code runs in, and are guarded by the GIL.

use crate::native::raw::{get, is_exact};
use crate::small_objects;
use pyo3_ffi::{PyObject, PyTypeObject};
use std::cell::UnsafeCell;
use std::ptr;
use whipsnake_cpython::layout::{float, interpreter_state, long, object, unicode};
use whipsnake_cpython::live::allocator::is_pymalloc;
use whipsnake_cpython::live::{Allocator, ThreadState, symbols};

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
        cmp rcx, {int_tag_limit}
        jae 2f
        mov rcx, [rax + {allocator_place}]
        mov rcx, [rcx]
        cmp rcx, [rax + {allocator_usual}]
        jne 2f
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
            int_tag_limit = const $crate::helpers::pools::INT_TAG_LIMIT,
            allocator_place = const $crate::helpers::pools::field::ALLOCATOR_PLACE,
            allocator_usual = const $crate::helpers::pools::field::ALLOCATOR_USUAL,
            ints = const $crate::helpers::pools::field::INTS,
        )
    };
}
pub(crate) use {number_to_pool, with_pools};

/// How many dead ints are kept at most.
const MAX_INTS: usize = 1024;

/// So many numbers get memory at once where a list is empty: that is done by Rust, for which whatever machine code keeps in registers is saved.
const BATCH: usize = 16;

/// The bytes of a float, or of an int of up to two digits.
const NUMBER: usize = {
    let int = long::OB_DIGIT as usize + 2 * size_of::<u32>();
    let float = float::OB_FVAL as usize + size_of::<f64>();
    if int > float { int } else { float }
};

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
    /// While another one is in place, `tracemalloc`'s for one, the list of ints is left alone.
    allocator: Allocator,
}

/// Offsets of the fields of [`Pools`], for assembly.
pub(crate) mod field {
    use super::{Allocator, Pools};
    use std::mem::offset_of;

    pub const FLOAT_TYPE: usize = offset_of!(Pools, float_type);
    pub const INT_TYPE: usize = offset_of!(Pools, int_type);
    pub const FLOATS: usize = offset_of!(Pools, floats);
    pub const FLOAT_COUNT: usize = offset_of!(Pools, float_count);
    pub const INTS: usize = offset_of!(Pools, ints);
    pub const INT_ROOM: usize = offset_of!(Pools, int_room);
    pub const ALLOCATOR_PLACE: usize = offset_of!(Pools, allocator) + Allocator::PLACE;
    pub const ALLOCATOR_USUAL: usize = offset_of!(Pools, allocator) + Allocator::USUAL;
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
    allocator: Allocator::UNKNOWN,
}));

/// Tags of ints that the list takes are smaller: those of up to two digits, for which the interpreter's own allocator gives as much memory as for one.
pub(crate) const INT_TAG_LIMIT: u64 = 3 << long::NON_SIZE_BITS;

/// The allocator that objects come from, if it is the interpreter's own.
///
/// # Safety
/// The GIL is held, after [`initialise`].
pub(super) unsafe fn allocator() -> Allocator {
    // SAFETY: the caller's.
    unsafe { (*POOLS.0.get()).allocator }
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
        if is_pymalloc() || small_objects::is_installed() {
            pools.allocator = Allocator::find().unwrap_or(Allocator::UNKNOWN);
        }
        if pools.ints.is_null() {
            pools.int_room = MAX_INTS;
        }
    }
}

unsafe fn field<T>(object: *mut PyObject, offset: i32) -> *mut T {
    // SAFETY: the caller's: a field of the object.
    unsafe { object.cast::<u8>().offset(offset as isize).cast() }
}

/// A new float; NULL with `MemoryError` set.
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
            return new_float_of_memory(value);
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

/// A new float where the list is empty.
#[cold]
#[inline(never)]
unsafe fn new_float_of_memory(value: f64) -> *mut PyObject {
    // SAFETY: the caller's; the list, which is empty, gets memory for floats, linked through their type field.
    unsafe {
        let pools = &mut *POOLS.0.get();
        let (first, count) = if *pools.float_count == 0 { pools.new_memory() } else { (ptr::null_mut(), 0) };
        if count == 0 {
            return pyo3_ffi::PyFloat_FromDouble(value);
        }
        *pools.floats = first;
        *pools.float_count += count as i32;
        new_float(value)
    }
}

impl Pools {
    /// Memory for several numbers at once, linked as dead ones are, and for how many; for none if the interpreter has to be asked for it.
    unsafe fn new_memory(&self) -> (*mut PyObject, usize) {
        let (mut first, mut count) = (ptr::null_mut::<PyObject>(), 0);
        // SAFETY: the GIL is held; the blocks are new, and long enough for either.
        unsafe {
            let mut link = &raw mut first;
            while count < BATCH && self.allocator.is_usual() {
                let block = small_objects::take(NUMBER).cast::<PyObject>();
                if block.is_null() {
                    break;
                }
                link.write(block);
                link = field(block, object::OB_TYPE);
                count += 1;
            }
            link.write(ptr::null_mut());
        }
        (first, count)
    }
}

/// Ends a float or int without references: it is kept for the next one, or its memory is given back. False if it is something else, or the interpreter has to do it.
///
/// # Safety
/// The GIL is held, by the main interpreter.
#[inline]
pub(super) unsafe fn end_number(object: *mut PyObject) -> bool {
    // SAFETY: the caller's; dead numbers are linked through their type field.
    unsafe {
        let pools = &mut *POOLS.0.get();
        let class = field::<*mut PyTypeObject>(object, object::OB_TYPE);
        if class.read() == pools.float_type {
            // At the interpreter's end there is no list.
            if (0..interpreter_state::FLOAT_MAXFREELIST).contains(&*pools.float_count) {
                class.write((*pools.floats).cast());
                *pools.floats = object;
                *pools.float_count += 1;
                return true;
            }
        } else if class.read() == pools.int_type {
            if pools.int_room > 0
                && pools.allocator.is_usual()
                && field::<u64>(object, long::LV_TAG).read() < INT_TAG_LIMIT
            {
                class.write(pools.ints.cast());
                pools.ints = object;
                pools.int_room -= 1;
                return true;
            }
        } else {
            return false;
        }
        pools.allocator.is_usual() && small_objects::give(object.cast())
    }
}

/// Ends a string without references, if nothing but its memory, which is ours, ends with it.
///
/// # Safety
/// The GIL is held; nobody has a reference to the object.
#[inline]
pub(super) unsafe fn end_text(object: *mut PyObject) -> bool {
    /// One whose characters are in its own memory, which are its UTF-8, too.
    const PLAIN: u32 = unicode::COMPACT_MASK | unicode::ASCII_MASK;
    // SAFETY: the caller's; an interned one is known to a dict.
    unsafe {
        if !is_exact(object, &raw mut pyo3_ffi::PyUnicode_Type) {
            return false;
        }
        let state = get::<u32>(object, unicode::STATE);
        state & (PLAIN | unicode::INTERNED_MASK) == PLAIN
            && (*POOLS.0.get()).allocator.is_usual()
            && small_objects::give(object.cast())
    }
}

/// A new int, of a value that has no preallocated one; NULL with `MemoryError` set.
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
        if magnitude >> (2 * long::SHIFT) != 0 {
            return pyo3_ffi::PyLong_FromLongLong(value);
        }
        let sign = if value < 0 { long::SIGN_NEGATIVE } else { 0 };
        let tag = (1 + u64::from(wide)) << long::NON_SIZE_BITS | sign;
        if object.is_null() || !pools.allocator.is_usual() {
            return new_int_of_memory(value, tag, magnitude);
        }
        let class = field::<*mut PyTypeObject>(object, object::OB_TYPE);
        pools.ints = class.read().cast();
        pools.int_room += 1;
        class.write(pools.int_type);
        field::<u64>(object, object::OB_REFCNT).write(1);
        fill_int(object, tag, magnitude);
        object
    }
}

/// An int: the preallocated object if there is one. NULL with `MemoryError` set.
///
/// # Safety
/// As [`new_int`].
#[inline]
pub(crate) unsafe fn int(value: i64) -> *mut PyObject {
    let small = -i64::from(long::NSMALLNEGINTS)..i64::from(long::NSMALLPOSINTS);
    // SAFETY: the caller's.
    unsafe { if small.contains(&value) { pyo3_ffi::PyLong_FromLongLong(value) } else { new_int(value) } }
}

/// Sets what an int of up to two digits is.
unsafe fn fill_int(object: *mut PyObject, tag: u64, magnitude: u64) {
    // SAFETY: the caller's: a new object with room for as many digits as the tag says.
    unsafe {
        field::<u64>(object, long::LV_TAG).write(tag);
        let digit = field::<u32>(object, long::OB_DIGIT);
        digit.write(magnitude as u32 & ((1 << long::SHIFT) - 1));
        if magnitude >> long::SHIFT != 0 {
            digit.add(1).write((magnitude >> long::SHIFT) as u32);
        }
    }
}

/// A new int where the list is empty, or not to be used.
#[cold]
#[inline(never)]
unsafe fn new_int_of_memory(value: i64, tag: u64, magnitude: u64) -> *mut PyObject {
    // SAFETY: the caller's; the list, if it is empty, gets memory for ints, linked through their type field.
    unsafe {
        let pools = &mut *POOLS.0.get();
        let (first, count) = if pools.ints.is_null() { pools.new_memory() } else { (ptr::null_mut(), 0) };
        if count == 0 {
            return allocate_int(tag, magnitude);
        }
        pools.ints = first;
        pools.int_room -= count;
        new_int(value)
    }
}

/// The same, in new memory, without the detours of `PyLong_FromLongLong`: where interpreted code drops the ints, this is where all come from.
unsafe fn allocate_int(tag: u64, magnitude: u64) -> *mut PyObject {
    let digits = tag >> long::NON_SIZE_BITS;
    // SAFETY: the GIL is held; the memory has room for the digits.
    unsafe {
        let size = long::OB_DIGIT as usize + digits as usize * size_of::<u32>();
        let object = pyo3_ffi::PyObject_Malloc(size).cast::<PyObject>();
        if object.is_null() {
            return pyo3_ffi::PyErr_NoMemory();
        }
        field::<*mut PyTypeObject>(object, object::OB_TYPE).write((*POOLS.0.get()).int_type);
        fill_int(object, tag, magnitude);
        symbols::_Py_NewReference(object);
        object
    }
}
