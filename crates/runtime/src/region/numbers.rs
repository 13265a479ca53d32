//! Objects for numbers in regions, written by hand: whatever a region keeps in registers stays there. Dead objects of the pools are filled here; what
//! needs memory is Rust's.

use super::registers::{restore_registers, save_registers};
use crate::helpers::objects::{new_float, new_int};
use crate::helpers::pools::{POOLS, field};
use pyo3_ffi::PyObject;
use std::arch::naked_asm;
use whipsnake_cpython::layout::{float, long, object};

/// The most bits of an int that has two digits.
const TWO_DIGITS: u32 = 2 * long::SHIFT;

/// Has Rust make the object, with `rcx` and `rdx` saved.
macro_rules! by_rust {
    () => {
        concat!(
            "pop rdx\n",
            // In the place of rax.
            "push rcx\n",
            save_registers!(),
            "\ncall {make}\n",
            restore_registers!(),
            "\npop rcx
            pop rcx
            ret"
        )
    };
}

/// `Helper::NewFloatInRegion`.
///
/// # Safety
/// Called by a region's machine code, with the GIL held.
#[unsafe(naked)]
pub unsafe extern "C" fn new_float_in_region(value: f64) -> *mut PyObject {
    naked_asm!(
        "push rcx",
        "push rdx",
        "lea rdx, [rip + {pools}]",
        "mov rcx, [rdx + {floats}]",
        "mov rax, [rcx]",
        "test rax, rax",
        "je 2f",
        "push rsi",
        "mov rsi, [rax + {ob_type}]",
        "mov [rcx], rsi",
        "mov rcx, [rdx + {float_count}]",
        "sub dword ptr [rcx], 1",
        "mov rcx, [rdx + {float_type}]",
        "mov [rax + {ob_type}], rcx",
        "mov qword ptr [rax + {ob_refcnt}], 1",
        "movsd [rax + {fval}], xmm0",
        "pop rsi",
        "pop rdx",
        "pop rcx",
        "ret",
        "2:",
        by_rust!(),
        pools = sym POOLS,
        floats = const field::FLOATS,
        float_count = const field::FLOAT_COUNT,
        float_type = const field::FLOAT_TYPE,
        ob_type = const object::OB_TYPE,
        ob_refcnt = const object::OB_REFCNT,
        fval = const float::OB_FVAL,
        make = sym new_float,
    )
}

/// `Helper::NewIntInRegion`.
///
/// # Safety
/// Called by a region's machine code, with a value that has no preallocated object, and the GIL held.
#[unsafe(naked)]
pub unsafe extern "C" fn new_int_in_region(value: i64) -> *mut PyObject {
    naked_asm!(
        "push rcx",
        "push rdx",
        "lea rcx, [rip + {pools}]",
        "mov rax, [rcx + {ints}]",
        "test rax, rax",
        "je 2f",
        "mov rdx, [rcx + {allocator_place}]",
        "mov rdx, [rdx]",
        "cmp rdx, [rcx + {allocator_usual}]",
        "jne 2f",
        "push rsi",
        // rdx is the magnitude.
        "mov rdx, rdi",
        "neg rdx",
        "cmovs rdx, rdi",
        "mov rsi, rdx",
        "shr rsi, {two_digits}",
        "jne 3f",
        "mov rsi, [rax + {ob_type}]",
        "mov [rcx + {ints}], rsi",
        "add qword ptr [rcx + {int_room}], 1",
        "mov rcx, [rcx + {int_type}]",
        "mov [rax + {ob_type}], rcx",
        "mov qword ptr [rax + {ob_refcnt}], 1",
        // Objects of one digit have room for two.
        "mov ecx, edx",
        "and ecx, {digit_mask}",
        "mov [rax + {digit}], ecx",
        "shr rdx, {shift}",
        "mov [rax + {digit} + 4], edx",
        // The carry says whether there is a second digit.
        "neg rdx",
        "mov ecx, 1",
        "adc ecx, 0",
        "shl ecx, {non_size_bits}",
        "mov rdx, rdi",
        "sar rdx, 63",
        "and edx, {negative}",
        "or ecx, edx",
        "mov [rax + {lv_tag}], rcx",
        "pop rsi",
        "pop rdx",
        "pop rcx",
        "ret",
        "3:",
        "pop rsi",
        "2:",
        by_rust!(),
        pools = sym POOLS,
        ints = const field::INTS,
        int_room = const field::INT_ROOM,
        int_type = const field::INT_TYPE,
        allocator_place = const field::ALLOCATOR_PLACE,
        allocator_usual = const field::ALLOCATOR_USUAL,
        two_digits = const TWO_DIGITS,
        shift = const long::SHIFT,
        digit_mask = const (1 << long::SHIFT) - 1,
        non_size_bits = const long::NON_SIZE_BITS,
        negative = const long::SIGN_NEGATIVE,
        ob_type = const object::OB_TYPE,
        ob_refcnt = const object::OB_REFCNT,
        lv_tag = const long::LV_TAG,
        digit = const long::OB_DIGIT,
        make = sym new_int,
    )
}
