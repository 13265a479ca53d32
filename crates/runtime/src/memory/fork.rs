//! `fork`: the child gets code memory of its own.
//!
//! Memory that is mapped twice is shared memory, and stays shared after `fork`: parent and child would write into each
//! other's code. So, as part of `fork` itself (`pthread_atfork`):
//!
//! * before it, the parent makes a copy of the code in a new memory file, and holds all locks;
//! * after it, the child maps the copy at the same two addresses, so every pointer into the code stays valid;
//! * both drop the file and the locks.
//!
//! The copy is made before, because afterwards the parent could free and overwrite code while a child still copies it.
//!
//! Where there is no memory for a copy, parent and child go on sharing: the child writes nothing any more, and the parent uses
//! no freed code again, since the child may still be running it. Memory that is mapped once is private: the kernel
//! copies it when either writes.

use super::mapping::{Kind, memory_file};
use super::{Lock, MemoryError, Restriction, Shared, State};
use std::cell::UnsafeCell;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::{Arc, OnceLock};

/// Every code memory of the process, with the copy that is made for a child.
struct Registry {
    lock: Lock,
    memories: UnsafeCell<Vec<Registered>>,
}

struct Registered {
    memory: *const Shared,
    copy: Option<OwnedFd>,
}

// SAFETY: the list is accessed under the lock only.
unsafe impl Sync for Registry {}
// SAFETY: the pointers are to memory of the process; a memory takes itself off the list before it goes.
unsafe impl Send for Registry {}

static REGISTRY: Registry = Registry { lock: Lock::new(), memories: UnsafeCell::new(Vec::new()) };

/// What registering the handlers gave, once for the process.
static HANDLERS: OnceLock<i32> = OnceLock::new();

impl Registry {
    fn with<R>(&self, work: impl FnOnce(&mut Vec<Registered>) -> R) -> R {
        self.lock.acquire();
        // SAFETY: the lock is held.
        let result = work(unsafe { &mut *self.memories.get() });
        self.lock.release();
        result
    }
}

/// From now on, children get a copy of this memory.
pub(super) fn register(memory: &Arc<Shared>) -> Result<(), MemoryError> {
    // SAFETY: the handlers are functions of this library, which is never unloaded.
    let status =
        *HANDLERS.get_or_init(|| unsafe { libc::pthread_atfork(Some(prepare), Some(in_parent), Some(in_child)) });
    if status != 0 {
        return Err(io::Error::from_raw_os_error(status).into());
    }
    REGISTRY.with(|memories| memories.push(Registered { memory: Arc::as_ptr(memory), copy: None }));
    Ok(())
}

/// The memory goes away.
pub(super) fn unregister(memory: &Shared) {
    REGISTRY.with(|memories| memories.retain(|entry| !std::ptr::eq(entry.memory, memory)));
}

/// Before `fork`: takes the locks and makes the copies.
unsafe extern "C" fn prepare() {
    REGISTRY.lock.acquire();
    // SAFETY: the lock is held, until after the fork.
    for entry in unsafe { &mut *REGISTRY.memories.get() } {
        // SAFETY: registered memories are alive.
        let memory = unsafe { &*entry.memory };
        memory.lock.acquire();
        // SAFETY: the lock is held, until after the fork.
        let state = unsafe { &mut *memory.state.get() };
        if state.mapping.kind == Kind::Dual && state.restriction != Restriction::NoWrite {
            entry.copy = copy(state).ok();
            if entry.copy.is_none() {
                state.restriction = Restriction::NoReuse;
            }
        }
    }
}

/// The code in a new memory file.
fn copy(state: &State) -> io::Result<OwnedFd> {
    let file = memory_file(state.mapping.size)?;
    let (mut done, end) = (0, state.space.high_water());
    while done < end {
        let from = state.mapping.run.wrapping_add(done).cast_const();
        // SAFETY: below the high-water mark the memory is mapped, and readable where it runs.
        let written = unsafe { libc::pwrite(file.as_raw_fd(), from.cast(), end - done, done as libc::off_t) };
        match written {
            1.. => done += written as usize,
            0 => return Err(io::ErrorKind::WriteZero.into()),
            _ => {
                let error = io::Error::last_os_error();
                if error.kind() != io::ErrorKind::Interrupted {
                    return Err(error);
                }
            }
        }
    }
    Ok(file)
}

/// After `fork`, in the parent, also if it failed: drops copies and locks.
unsafe extern "C" fn in_parent() {
    finish(|_, _| ());
}

/// After `fork`, in the child: maps the copies.
unsafe extern "C" fn in_child() {
    finish(|state, copy| {
        if state.mapping.kind != Kind::Dual {
            return;
        }
        let Some(copy) = copy else {
            state.restriction = Restriction::NoWrite;
            return;
        };
        let (run, write) = state.mapping.replace(copy);
        if !run {
            // The parent will overwrite what this process runs. Nothing may be called that could run it.
            // SAFETY: ends the process.
            unsafe { libc::abort() };
        }
        // Whatever the parent's parent could not give, this memory is the child's own.
        state.restriction = if write { Restriction::None } else { Restriction::NoWrite };
        state.committed = 0;
    });
}

fn finish(work: impl Fn(&mut State, Option<&OwnedFd>)) {
    // SAFETY: `prepare` has taken the lock for this thread.
    for entry in unsafe { &mut *REGISTRY.memories.get() } {
        // SAFETY: registered memories are alive.
        let memory = unsafe { &*entry.memory };
        // SAFETY: `prepare` has taken the lock for this thread.
        work(unsafe { &mut *memory.state.get() }, entry.copy.as_ref());
        entry.copy = None;
        memory.lock.release();
    }
    REGISTRY.lock.release();
}
