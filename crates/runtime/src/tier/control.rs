//! Switching the compiler on and off.

use super::settings::Settings;
use super::state::{Jit, install, jit};
use super::{entries, osr};
use crate::memory::CodeMemory;
use crate::native::{generator_entry, thread_exit};
use std::ffi::{c_int, c_void};
use std::rc::Rc;
use whipsnake_cpython::live::extra::Extra;
use whipsnake_cpython::live::monitoring::{Events, Monitoring};
use whipsnake_cpython::live::watch::{FunctionEvent, FunctionWatcher};
use whipsnake_cpython::live::{Code, Function, check, entry};
use whipsnake_stencils::Baseline;

/// Why the compiler can't run in this process; `None` if it can.
///
/// # Safety
/// The GIL is held.
pub unsafe fn unavailable() -> Option<String> {
    // SAFETY: the caller's contract.
    unsafe { check::host() }.err().map(|error| error.to_string())
}

/// Whether the compiler is on.
///
/// # Safety
/// The GIL is held.
pub unsafe fn is_enabled() -> bool {
    // SAFETY: the caller's contract.
    unsafe { jit() }.is_some_and(|jit| jit.enabled)
}

/// Takes the exception that is set and tells it in words.
unsafe fn failure(what: &str) -> String {
    // SAFETY: the GIL is held.
    unsafe { pyo3_ffi::PyErr_Clear() };
    what.to_owned()
}

/// Switches the compiler on. Calling it again changes the settings.
///
/// # Safety
/// The GIL is held.
pub unsafe fn enable(settings: &Settings) -> Result<(), String> {
    // SAFETY: the GIL is held throughout; references to the compiler end before Python code can run.
    unsafe {
        if let Some(reason) = unavailable() {
            return Err(reason);
        }
        if jit().is_none() {
            install(Box::new(make(settings)?));
            thread_exit::let_pass();
            super::importing::initialise();
        }
        let jit = jit().expect("just installed");
        jit.settings = settings.clone();
        jit.baseline.set_optimizing(settings.optimize_threshold > 0);
        jit.enabled = true;
        count_executed(jit, settings.stats)?;
        if jit.watcher.is_none() {
            let watcher = FunctionWatcher::install(function_changed)
                .map_err(|_| failure("CPython has no function watcher left"))?;
            let again = || FunctionWatcher::install(function_changed).ok();
            crate::helpers::function_pool::initialise(&watcher, again);
            jit.watcher = Some(watcher);
        }
        generator_entry::install(true);
        sweep(adopt_one, None);
    }
    Ok(())
}

/// Has what is executed counted (or no more): by machine code that is made from now on, and by events of everything that is interpreted.
unsafe fn count_executed(jit: &mut Jit, on: bool) -> Result<(), String> {
    if on && jit.stats.executed.is_none() {
        jit.stats.executed = Some(Box::default());
    }
    jit.baseline.set_counting(on);
    if jit.counts_events == on {
        return Ok(());
    }
    jit.counts_events = on;
    let events = if on { Events::all() } else { Events::empty() };
    // SAFETY: the GIL is held.
    unsafe { jit.monitoring.set_events(events) }.map_err(|_| unsafe { failure("sys.monitoring refuses our events") })
}

/// A tool came up (or the last one is gone). Every code object is looked at anew, as if a tool had set events, and functions get the entry that
/// fits. A set exception is kept.
///
/// # Safety
/// The GIL is held; no reference from [`jit`] is alive.
pub(crate) unsafe fn step_aside(aside: bool) {
    // SAFETY: the caller's; the compiler is never freed.
    unsafe {
        let Some(jit) = jit().map(|jit| &raw const *jit) else { return };
        let exception = pyo3_ffi::PyErr_GetRaisedException();
        let events = if (*jit).counts_events { Events::all() } else { Events::empty() };
        if (*jit).monitoring.set_events(events ^ Events::JUMP).is_err() || (*jit).monitoring.set_events(events).is_err()
        {
            pyo3_ffi::PyErr_Clear();
        }
        if aside {
            sweep(release_one, None);
        } else if (*jit).enabled {
            sweep(adopt_one, None);
        }
        if !exception.is_null() {
            pyo3_ffi::PyErr_SetRaisedException(exception);
        }
    }
}

unsafe fn make(settings: &Settings) -> Result<Jit, String> {
    // SAFETY: the GIL is held.
    unsafe {
        entry::original().map_err(|_| failure("the interpreter's function entry can't be read"))?;
        let monitoring = Monitoring::claim()
            .map_err(|_| failure("sys.monitoring's tool id 5 (optimizer) is taken by another tool"))?;
        monitoring.on_jump(osr::jumped).map_err(|_| failure("sys.monitoring refuses our callback"))?;
        monitoring.on_start(osr::started).map_err(|_| failure("sys.monitoring refuses our callback"))?;
        monitoring.on_resume(osr::resumed).map_err(|_| failure("sys.monitoring refuses our callback"))?;
        let states = Extra::request().ok_or("CPython has no place left for data on code objects")?;
        crate::native::code::slot().ok_or("CPython has no place left for data on code objects")?;
        if settings.allocator {
            crate::small_objects::install();
        }
        crate::helpers::pools::initialise();
        crate::helpers::instance_pool::initialise();
        let memory = CodeMemory::new(settings.code_mb as usize, crate::helpers::address as *const () as usize)
            .map_err(|error| format!("no memory for machine code: {error}"))?;
        let addresses = crate::native::addresses::make(&memory)?;
        Ok(Jit {
            enabled: false,
            settings: settings.clone(),
            memory,
            addresses: addresses.into(),
            baseline: Baseline::new(),
            namespaces: Rc::default(),
            stats: Default::default(),
            states,
            monitoring,
            watcher: None,
            counts_events: false,
        })
    }
}

/// Gives every function back to the interpreter. Machine code that is running goes on to its end.
///
/// # Safety
/// The GIL is held.
pub unsafe fn disable() {
    // SAFETY: as in `enable`.
    unsafe {
        let Some(jit) = jit() else { return };
        jit.enabled = false;
        crate::region::drop_jobs();
        // Nothing to be done about a refusal: what is counted then is not asked for.
        let _ = count_executed(jit, false);
        crate::helpers::function_pool::stop();
        if let Some(watcher) = jit.watcher.take()
            && watcher.remove().is_err()
        {
            pyo3_ffi::PyErr_Clear();
        }
        generator_entry::install(false);
        sweep(release_one, None);
    }
}

/// The function watcher's callback.
fn function_changed(event: FunctionEvent, function: Function, value: *mut pyo3_ffi::PyObject) {
    // SAFETY: CPython reports with the GIL held.
    unsafe { entries::function_changed(event, function, value) };
}

type Visitor = unsafe extern "C" fn(*mut pyo3_ffi::PyObject, *mut c_void) -> c_int;

unsafe extern "C" {
    fn PyUnstable_GC_VisitObjects(callback: Visitor, arg: *mut c_void);
}

/// Visits every function that exists.
unsafe fn sweep(visit: Visitor, of: Option<Code>) {
    let code = of.map_or(std::ptr::null_mut(), |code| code.as_ptr());
    // SAFETY: the visitors change entries only; they neither allocate nor free objects.
    unsafe { PyUnstable_GC_VisitObjects(visit, code.cast()) };
}

/// Gives all functions of a code object back to the interpreter.
///
/// # Safety
/// The GIL is held.
pub(crate) unsafe fn release_all(code: Code) {
    // SAFETY: the caller's.
    unsafe { sweep(release_one, Some(code)) };
}

unsafe extern "C" fn adopt_one(object: *mut pyo3_ffi::PyObject, _: *mut c_void) -> c_int {
    // SAFETY: the collector passes live objects.
    unsafe {
        if pyo3_ffi::PyFunction_Check(object) != 0 {
            let function = Function::new_unchecked(object.cast());
            if !entries::is_ours(function) {
                entries::adopt(function, function.code());
            }
        }
    }
    1
}

/// `of` is a code object, or null for all.
unsafe extern "C" fn release_one(object: *mut pyo3_ffi::PyObject, of: *mut c_void) -> c_int {
    // SAFETY: the collector passes live objects.
    unsafe {
        if pyo3_ffi::PyFunction_Check(object) != 0 {
            let function = Function::new_unchecked(object.cast());
            if of.is_null() || function.code().as_ptr().cast() == of {
                entries::release(function);
            }
        }
    }
    1
}
