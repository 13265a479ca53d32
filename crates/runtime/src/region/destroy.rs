//! The end of objects in regions, written by hand: whatever a region keeps in registers stays there, so that no value must be put aside for what is seldom done.

use super::Region;
use super::destroy_shown::destroy_shown;
use super::ending::ends_quietly;
use super::registers::{restore_registers, save_registers};
use crate::helpers::instance_stub::{ANYHOW, QUIETLY, end_instance};
use crate::helpers::objects::destroy;
use crate::helpers::pools::{number_to_pool, with_pools};
use pyo3_ffi::{PyObject, PyThreadState};
use std::arch::naked_asm;
use whipsnake_cpython::live::_PyInterpreterFrame;

/// Ends an instance in `rdi` and returns, with `rax` and `rcx` from the stack; on to label 5 with what is none.
macro_rules! instance_to_pool {
    ($how:literal) => {
        concat!(
            "mov eax, {",
            $how,
            "}
        call {end_instance}
        test eax, eax
        je 5f
        pop rcx
        pop rax
        ret
        5:"
        )
    };
}

/// `Helper::DestroyPlain`.
///
/// # Safety
/// Called by a region's machine code, with an object whose count is zero and whose end runs no Python code, or where the frames in memory are as they should be.
#[unsafe(naked)]
pub unsafe extern "C" fn destroy_plain(object: *mut PyObject) {
    with_pools!(
        "push rax",
        "push rcx",
        number_to_pool!(),
        instance_to_pool!("anyhow"),
        save_registers!(),
        "call {destroy}",
        restore_registers!(),
        "pop rcx",
        "pop rax",
        "ret",
        end_instance = sym end_instance,
        anyhow = const ANYHOW,
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
        instance_to_pool!("quietly"),
        save_registers!(),
        "call {destroy}",
        restore_registers!(),
        "pop rcx",
        "pop rax",
        "ret",
        end_instance = sym end_instance,
        quietly = const QUIETLY,
        destroy = sym destroy_if_quiet,
    )
}

/// `Helper::DestroyInRegion`.
///
/// # Safety
/// As [`destroy_shown`].
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
        instance_to_pool!("quietly"),
        // What took the registers' place.
        "mov rcx, [rsp]",
        save_registers!(),
        "call {destroy}",
        restore_registers!(),
        "pop rcx",
        "pop rax",
        "ret",
        end_instance = sym end_instance,
        quietly = const QUIETLY,
        destroy = sym destroy_shown_if_noticed,
    )
}

/// `Helper::DestroyNoticed`.
///
/// # Safety
/// As [`destroy_shown`].
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
        destroy = sym destroy_shown,
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
            destroy_shown(object, number, buffer, region, frame, thread);
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
