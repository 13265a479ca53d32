//! The end of objects in regions, written by hand: whatever a region keeps in registers stays there, so that no value must be put aside for what is seldom done.

use super::ending::ends_quietly;
use super::{Region, exit};
use crate::helpers::objects::destroy;
use crate::helpers::pools::{number_to_pool, with_pools};
use pyo3_ffi::{PyObject, PyThreadState};
use std::arch::naked_asm;
use whipsnake_cpython::live::_PyInterpreterFrame;

/// Saves the other registers that a C function may change; the stack pointer is 0 mod 16 then.
macro_rules! save_registers {
    () => {
        "push rdx
        push rsi
        push rdi
        push r8
        push r9
        push r10
        push r11
        sub rsp, 256
        movups [rsp], xmm0
        movups [rsp + 16], xmm1
        movups [rsp + 32], xmm2
        movups [rsp + 48], xmm3
        movups [rsp + 64], xmm4
        movups [rsp + 80], xmm5
        movups [rsp + 96], xmm6
        movups [rsp + 112], xmm7
        movups [rsp + 128], xmm8
        movups [rsp + 144], xmm9
        movups [rsp + 160], xmm10
        movups [rsp + 176], xmm11
        movups [rsp + 192], xmm12
        movups [rsp + 208], xmm13
        movups [rsp + 224], xmm14
        movups [rsp + 240], xmm15"
    };
}

/// The other way around.
macro_rules! restore_registers {
    () => {
        "movups xmm0, [rsp]
        movups xmm1, [rsp + 16]
        movups xmm2, [rsp + 32]
        movups xmm3, [rsp + 48]
        movups xmm4, [rsp + 64]
        movups xmm5, [rsp + 80]
        movups xmm6, [rsp + 96]
        movups xmm7, [rsp + 112]
        movups xmm8, [rsp + 128]
        movups xmm9, [rsp + 144]
        movups xmm10, [rsp + 160]
        movups xmm11, [rsp + 176]
        movups xmm12, [rsp + 192]
        movups xmm13, [rsp + 208]
        movups xmm14, [rsp + 224]
        movups xmm15, [rsp + 240]
        add rsp, 256
        pop r11
        pop r10
        pop r9
        pop r8
        pop rdi
        pop rsi
        pop rdx"
    };
}

/// `Helper::DestroyPlain`.
///
/// # Safety
/// Called by a region's machine code, with an object whose count is zero and whose end runs no Python code.
#[unsafe(naked)]
pub unsafe extern "C" fn destroy_plain(object: *mut PyObject) {
    with_pools!(
        "push rax",
        "push rcx",
        number_to_pool!(),
        save_registers!(),
        "call {destroy}",
        restore_registers!(),
        "pop rcx",
        "pop rax",
        "ret",
        destroy = sym destroy,
    )
}

/// `Helper::DestroyUnnoticed`.
///
/// # Safety
/// Called by a region's machine code, with an object whose count is zero, and a word that is not 0 after the call if the object is still there.
#[unsafe(naked)]
pub unsafe extern "C" fn destroy_unnoticed(object: *mut PyObject, noticed: *mut u64) {
    with_pools!(
        "push rax",
        "push rcx",
        "mov qword ptr [rsi], 0",
        number_to_pool!(),
        save_registers!(),
        "call {destroy}",
        restore_registers!(),
        "pop rcx",
        "pop rax",
        "ret",
        destroy = sym destroy_if_quiet,
    )
}

/// `Helper::DestroyInRegion`.
///
/// # Safety
/// As [`exit::destroy_shown`].
#[unsafe(naked)]
pub unsafe extern "C" fn destroy_in_region(
    object: *mut PyObject,
    number: i32,
    buffer: *const u64,
    region: *const Region,
    frame: *mut _PyInterpreterFrame,
    thread: *mut PyThreadState,
) {
    with_pools!(
        "push rax",
        "push rcx",
        number_to_pool!(),
        // What took the registers' place.
        "mov rcx, [rsp]",
        save_registers!(),
        "call {destroy}",
        restore_registers!(),
        "pop rcx",
        "pop rax",
        "ret",
        destroy = sym destroy_shown_if_noticed,
    )
}

/// `Helper::DestroyNoticed`.
///
/// # Safety
/// As [`exit::destroy_shown`].
#[unsafe(naked)]
pub unsafe extern "C" fn destroy_noticed(
    object: *mut PyObject,
    number: i32,
    buffer: *const u64,
    region: *const Region,
    frame: *mut _PyInterpreterFrame,
    thread: *mut PyThreadState,
) {
    naked_asm!(
        "push rax",
        "push rcx",
        save_registers!(),
        "call {destroy}",
        restore_registers!(),
        "pop rcx",
        "pop rax",
        "ret",
        destroy = sym exit::destroy_shown,
    )
}

unsafe extern "C" fn destroy_shown_if_noticed(
    object: *mut PyObject,
    number: i32,
    buffer: *const u64,
    region: *const Region,
    frame: *mut _PyInterpreterFrame,
    thread: *mut PyThreadState,
) {
    // SAFETY: the caller's contract.
    unsafe {
        if ends_quietly(object) {
            destroy(object);
        } else {
            exit::destroy_shown(object, number, buffer, region, frame, thread);
        }
    }
}

unsafe extern "C" fn destroy_if_quiet(object: *mut PyObject, noticed: *mut u64) {
    // SAFETY: the caller's contract: a live object without references, the GIL held.
    unsafe {
        if ends_quietly(object) {
            destroy(object);
        } else {
            noticed.write(1);
        }
    }
}
