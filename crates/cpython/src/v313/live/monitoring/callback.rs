//! The callable that `sys.monitoring` calls: an object that holds a Rust function.

use std::ffi::c_int;
use std::ptr;
use std::sync::atomic::Ordering;

use pyo3_ffi::{
    Py_NewRef, Py_READONLY, Py_T_PYSSIZET, Py_TPFLAGS_DEFAULT, Py_TPFLAGS_DISALLOW_INSTANTIATION,
    Py_TPFLAGS_HAVE_VECTORCALL, Py_ssize_t, Py_tp_call, Py_tp_members, PyMemberDef, PyObject, PyType_Slot, PyType_Spec,
    PyTypeObject, vectorcallfunc,
};

use super::{DISABLE, JumpCallback, Owned, StartCallback, Verdict};
use crate::live::{Code, CodeUnit, Long, Raised};

/// A callback as CPython sees it.
#[repr(C)]
struct Callback {
    ob_base: PyObject,
    vectorcall: vectorcallfunc,
    target: Target,
}

#[derive(Clone, Copy)]
pub(super) enum Target {
    Start(StartCallback),
    Jump(JumpCallback),
}

/// Calls the target of a [`Callback`].
///
/// # Safety
/// CPython calls this with the arguments of the event it was registered for.
unsafe extern "C" fn call(
    callback: *mut PyObject,
    args: *const *mut PyObject,
    _nargsf: usize,
    _kwnames: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: only `Monitoring` makes these objects and registers them, for events with two or three arguments: the
    // code, and byte offsets in it, which are compact.
    let verdict = unsafe {
        let code = Code::new_unchecked((*args).cast());
        let index = |argument: usize| {
            let offset = Long::new_unchecked(*args.add(argument)).compact_value();
            offset.unwrap_or(0) as usize / size_of::<CodeUnit>()
        };
        match (*callback.cast::<Callback>()).target {
            Target::Start(target) => target(code, index(1)),
            Target::Jump(target) => target(code, index(1), index(2)),
        }
    };
    // SAFETY: both objects live as long as the interpreter.
    unsafe {
        Py_NewRef(match verdict {
            Verdict::Continue => pyo3_ffi::Py_None(),
            Verdict::Disable => DISABLE.load(Ordering::Relaxed),
        })
    }
}

/// Makes the type of [`Callback`].
///
/// # Safety
/// The GIL is held.
pub(super) unsafe fn new_type() -> Result<*mut PyTypeObject, Raised> {
    let mut members = [
        PyMemberDef {
            name: c"__vectorcalloffset__".as_ptr(),
            type_code: Py_T_PYSSIZET,
            offset: std::mem::offset_of!(Callback, vectorcall) as Py_ssize_t,
            flags: Py_READONLY,
            doc: ptr::null(),
        },
        // SAFETY: the end mark is all zeros.
        unsafe { std::mem::zeroed() },
    ];
    let mut slots = [
        PyType_Slot { slot: Py_tp_members, pfunc: members.as_mut_ptr().cast() },
        PyType_Slot { slot: Py_tp_call, pfunc: pyo3_ffi::PyVectorcall_Call as *mut _ },
        PyType_Slot { slot: 0, pfunc: ptr::null_mut() },
    ];
    let mut spec = PyType_Spec {
        name: c"whipsnake.MonitoringCallback".as_ptr(),
        basicsize: size_of::<Callback>() as c_int,
        itemsize: 0,
        flags: (Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_VECTORCALL | Py_TPFLAGS_DISALLOW_INSTANTIATION) as _,
        slots: slots.as_mut_ptr(),
    };
    // SAFETY: the specification is complete; CPython copies what it needs of it.
    let made = unsafe { pyo3_ffi::PyType_FromSpec(&raw mut spec) };
    if made.is_null() { Err(Raised) } else { Ok(made.cast()) }
}

/// Makes a callable for `target`.
///
/// # Safety
/// The GIL is held, and `callback_type` is from [`new_type`].
pub(super) unsafe fn new(callback_type: *mut PyTypeObject, target: Target) -> Result<Owned, Raised> {
    // SAFETY: ordinary calls under the GIL. The object is filled in before anyone sees it.
    unsafe {
        let object = Owned::new(pyo3_ffi::PyType_GenericAlloc(callback_type, 0))?;
        let callback = object.0.cast::<Callback>();
        (&raw mut (*callback).vectorcall).write(call);
        (&raw mut (*callback).target).write(target);
        Ok(object)
    }
}
