//! Threads that end in the middle of everything.
//!
//! CPython up to some 3.13.x ends a daemon thread that wants the GIL during finalization by `pthread_exit`, which unwinds its C stack. Rust's
//! personality routine refuses to let that pass functions with landing pads (and if it did, destructors would run without the GIL), so the
//! process would abort. This one lets such an unwinding by without running anything.

use std::arch::naked_asm;
use std::ffi::{c_int, c_void};
use std::sync::atomic::{AtomicPtr, Ordering::Relaxed};

/// The unwinding can't be stopped: it isn't an exception's (`_UA_FORCE_UNWIND`).
const FORCED: c_int = 8;

/// On to the next frame (`_URC_CONTINUE_UNWIND`).
const CONTINUE: c_int = 8;

/// A personality routine, as C++'s ABI describes it.
type Personality = unsafe extern "C" fn(c_int, c_int, u64, *mut c_void, *mut c_void) -> c_int;

unsafe extern "C" {
    fn rust_eh_personality(
        version: c_int,
        actions: c_int,
        class: u64,
        exception: *mut c_void,
        context: *mut c_void,
    ) -> c_int;
}

/// Where this library's unwind information has the address of the personality routine.
#[unsafe(naked)]
extern "C" fn place() -> *mut AtomicPtr<c_void> {
    #[cfg(target_arch = "x86_64")]
    naked_asm!("lea rax, [rip + DW.ref.rust_eh_personality]", "ret");
    #[cfg(target_arch = "aarch64")]
    naked_asm!("adrp x0, DW.ref.rust_eh_personality", "add x0, x0, :lo12:DW.ref.rust_eh_personality", "ret");
}

unsafe extern "C" fn personality(
    version: c_int,
    actions: c_int,
    class: u64,
    exception: *mut c_void,
    context: *mut c_void,
) -> c_int {
    if actions & FORCED != 0 {
        return CONTINUE;
    }
    // SAFETY: the unwinder's own arguments.
    unsafe { rust_eh_personality(version, actions, class, exception, context) }
}

/// Has this library's functions let threads end that CPython ends.
pub fn let_pass() {
    let routine: Personality = personality;
    // SAFETY: the word is in writable data, and lives as long as the library.
    unsafe { (*place()).store(routine as *mut c_void, Relaxed) };
}
