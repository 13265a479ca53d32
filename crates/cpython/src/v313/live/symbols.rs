//! Functions and tables that libpython exports without documenting them.
//!
//! The bytecode helpers the interpreter itself uses that are **not** exported in 3.13, and so have to be written again
//! where compiled code needs them:
//!
//! * frames: `_PyThreadState_PushFrame`, `_PyFrame_ClearExceptCode`, `_PyFrame_ClearLocals`,
//!   `_PyFrame_MakeAndSetFrameObject`, `_PyEvalFramePushAndInit_Ex` (`CALL_FUNCTION_EX`), `_PyEval_Vector`,
//!   `_PyFunction_Vectorcall` (see [`entry`](super::entry)), `_Py_CheckRecursiveCallPy`;
//! * exceptions: `_PyErr_GetRaisedException`, `_PyErr_SetRaisedException`, `_PyErr_SetObject`,
//!   `_PyErr_GetTopmostException`, `_PyExc_CreateExceptionGroup`, `_PyExc_PrepReraiseStar` (public as
//!   `PyUnstable_Exc_PrepReraiseStar`), and the static `do_raise`, `get_exception_handler`;
//! * imports: the static `import_name` and `import_from`, `_PyImport_IsDefaultImportFunc`;
//! * objects: `_PyBuildSlice_ConsumeRefs`, `_PyNumber_PowerNoMod` and `_PyNumber_InPlacePowerNoMod` (both in
//!   [`_PyEval_BinaryOps`]), `_PyTuple_FromArray`, `_PyFunction_FromConstructor`,
//!   `_Py_set_function_type_params` and `_PyAsyncGenValueWrapperNew` (both among the intrinsics), `_PyDict_SendEvent`
//!   (a watched dict must be written with `PyDict_SetItem`), `_PyObject_MaterializeManagedDict`,
//!   `_PyType_NewManagedObject`;
//! * monitoring: `_Py_Instrument`, `_Py_call_instrumentation` and its siblings, `_PyEval_NoToolsForUnwind` (exported only by
//!   later patch versions), and the
//!   static `monitor_*` functions but for [`_PyEval_MonitorRaise`];
//! * specialisation: all of `_Py_Specialize_*`.
//!
//! # Safety
//! All of these need the GIL, live arguments of the right kind, and the reference counting CPython's source shows.

#![allow(clippy::missing_safety_doc, reason = "the contract is the same for all, above")]

use std::ffi::{c_char, c_int};

use pyo3_ffi::{
    Py_hash_t, Py_ssize_t, PyCodeObject, PyFrameObject, PyFunctionObject, PyInterpreterState, PyObject, PyThreadState,
    PyTypeObject, binaryfunc,
};

use super::{CodeUnit, frame::_PyInterpreterFrame};

/// An entry of [`_PyIntrinsics_UnaryFunctions`].
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct UnaryIntrinsic {
    /// Returns a new reference, or null with an exception set. Does not take the reference to `value`.
    pub func: unsafe extern "C" fn(*mut PyThreadState, value: *mut PyObject) -> *mut PyObject,
    /// Name, for messages.
    pub name: *const c_char,
}

/// An entry of [`_PyIntrinsics_BinaryFunctions`].
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct BinaryIntrinsic {
    /// Returns a new reference, or null with an exception set. Does not take the references.
    pub func: unsafe extern "C" fn(*mut PyThreadState, value2: *mut PyObject, value1: *mut PyObject) -> *mut PyObject,
    /// Name, for messages.
    pub name: *const c_char,
}

/// `_PyRuntimeState`; see [`layout::runtime`](crate::layout::runtime).
#[repr(C)]
#[derive(Debug)]
pub struct Runtime {
    opaque: [u64; 0],
}

/// A frame evaluation function (PEP 523).
pub type FrameEvalFunction =
    unsafe extern "C" fn(*mut PyThreadState, *mut _PyInterpreterFrame, throwflag: c_int) -> *mut PyObject;

unsafe extern "C" {
    // Running and leaving frames.

    /// Runs a frame to its end, then clears and pops it. With `throwflag`, raises the current exception in it first.
    pub fn _PyEval_EvalFrameDefault(
        tstate: *mut PyThreadState,
        frame: *mut _PyInterpreterFrame,
        throwflag: c_int,
    ) -> *mut PyObject;
    /// Makes and fills a frame for a call. Takes the references to `func`, `locals` and all arguments, also when it fails.
    pub fn _PyEvalFramePushAndInit(
        tstate: *mut PyThreadState,
        func: *mut PyFunctionObject,
        locals: *mut PyObject,
        args: *const *mut PyObject,
        argcount: usize,
        kwnames: *mut PyObject,
    ) -> *mut _PyInterpreterFrame;
    /// Clears and pops a frame that has been unlinked (`current_frame` is the one below), also when a frame object
    /// outlives it. Handles frames of generators.
    pub fn _PyEval_FrameClearAndPop(tstate: *mut PyThreadState, frame: *mut _PyInterpreterFrame);
    /// Gives a frame's memory back to the data stack; it must be the last taken.
    pub fn _PyThreadState_PopFrame(tstate: *mut PyThreadState, frame: *mut _PyInterpreterFrame);
    /// The frame object of the frame on top; a new reference.
    pub fn PyThreadState_GetFrame(tstate: *mut PyThreadState) -> *mut PyFrameObject;
    /// Adds an entry for `frame` to the traceback of the current exception.
    pub fn PyTraceBack_Here(frame: *mut PyFrameObject) -> c_int;
    /// Adds a made-up entry to the traceback of the current exception.
    pub fn _PyTraceback_Add(funcname: *const c_char, filename: *const c_char, lineno: c_int);
    /// Makes the generator, coroutine or asynchronous generator for `func`; its frame is yet to be copied in.
    pub fn _Py_MakeCoro(func: *mut PyFunctionObject) -> *mut PyObject;
    /// Sets the version call sites check.
    pub fn _PyFunction_SetVersion(func: *mut PyFunctionObject, version: u32);
    /// Reports a raise to monitoring tools.
    pub fn _PyEval_MonitorRaise(tstate: *mut PyThreadState, frame: *mut _PyInterpreterFrame, instr: *mut CodeUnit);
    /// Reports to the tools in the first byte of `state` that the current exception leaves the current frame. −1 if one raised.
    pub fn _PyMonitoring_FirePyUnwindEvent(state: *mut [u8; 2], code: *mut PyObject, offset: i32) -> c_int;
    /// The same for an exception that has found a handler in the current frame.
    pub fn _PyMonitoring_FireExceptionHandledEvent(state: *mut [u8; 2], code: *mut PyObject, offset: i32) -> c_int;
    /// Suppresses tracing and monitoring in this thread.
    pub fn PyThreadState_EnterTracing(tstate: *mut PyThreadState);
    /// Ends [`PyThreadState_EnterTracing`].
    pub fn PyThreadState_LeaveTracing(tstate: *mut PyThreadState);
    /// Handles what the eval breaker asks for; -1 with an exception set.
    pub fn _Py_HandlePending(tstate: *mut PyThreadState) -> c_int;
    /// Called when the C recursion counter ran out; -1 with `RecursionError` set.
    pub fn _Py_CheckRecursiveCall(tstate: *mut PyThreadState, place: *const c_char) -> c_int;
    /// The frame evaluation function: the default, unless someone replaced it.
    pub fn _PyInterpreterState_GetEvalFrameFunc(interp: *mut PyInterpreterState) -> FrameEvalFunction;

    // Exceptions.

    /// Raises `exc` with a message made by `format` from the UTF-8 of `obj`.
    pub fn _PyEval_FormatExcCheckArg(
        tstate: *mut PyThreadState,
        exc: *mut PyObject,
        format: *const c_char,
        obj: *mut PyObject,
    );
    /// Raises the error of an unbound cell or free variable.
    pub fn _PyEval_FormatExcUnbound(tstate: *mut PyThreadState, co: *mut PyCodeObject, oparg: c_int);
    /// Replaces the exception of a failed `**kwargs` merge by the one users see.
    pub fn _PyEval_FormatKwargsError(tstate: *mut PyThreadState, func: *mut PyObject, kwargs: *mut PyObject);
    /// Replaces the exception of a failed `async with`.
    pub fn _PyEval_FormatAwaitableError(tstate: *mut PyThreadState, tp: *mut PyTypeObject, oparg: c_int);
    /// -1 with an exception set unless `right` may stand in `except`.
    pub fn _PyEval_CheckExceptTypeValid(tstate: *mut PyThreadState, right: *mut PyObject) -> c_int;
    /// -1 with an exception set unless `right` may stand in `except*`.
    pub fn _PyEval_CheckExceptStarTypeValid(tstate: *mut PyThreadState, right: *mut PyObject) -> c_int;
    /// Splits an exception for `except*`.
    pub fn _PyEval_ExceptionGroupMatch(
        exc_value: *mut PyObject,
        match_type: *mut PyObject,
        matched: *mut *mut PyObject,
        rest: *mut *mut PyObject,
    ) -> c_int;
    /// `PyErr_ExceptionMatches`.
    pub fn _PyErr_ExceptionMatches(tstate: *mut PyThreadState, exc: *mut PyObject) -> c_int;
    /// `PyErr_Clear`.
    pub fn _PyErr_Clear(tstate: *mut PyThreadState);
    /// `PyErr_SetString`.
    pub fn _PyErr_SetString(tstate: *mut PyThreadState, exception: *mut PyObject, string: *const c_char);
    /// `PyErr_Format`.
    pub fn _PyErr_Format(
        tstate: *mut PyThreadState,
        exception: *mut PyObject,
        format: *const c_char,
        ...
    ) -> *mut PyObject;
    /// Raises `exception` with a message, with the current exception as its cause.
    pub fn _PyErr_FormatFromCause(exception: *mut PyObject, format: *const c_char, ...) -> *mut PyObject;
    /// Raises `KeyError(key)`, also when `key` is a tuple.
    pub fn _PyErr_SetKeyError(key: *mut PyObject);
    /// Merges the results of `except*` blocks.
    pub fn PyUnstable_Exc_PrepReraiseStar(orig: *mut PyObject, excs: *mut PyObject) -> *mut PyObject;

    // Patterns and unpacking.

    /// A tuple of the attributes, or null; then an exception may be set.
    pub fn _PyEval_MatchClass(
        tstate: *mut PyThreadState,
        subject: *mut PyObject,
        tp: *mut PyObject,
        nargs: Py_ssize_t,
        kwargs: *mut PyObject,
    ) -> *mut PyObject;
    /// A tuple of the values, `None`, or null with an exception set.
    pub fn _PyEval_MatchKeys(tstate: *mut PyThreadState, map: *mut PyObject, keys: *mut PyObject) -> *mut PyObject;
    /// Unpacks into the slots below `sp`, the first value highest. 1 on success, 0 with an exception set.
    pub fn _PyEval_UnpackIterable(
        tstate: *mut PyThreadState,
        v: *mut PyObject,
        argcnt: c_int,
        argcntafter: c_int,
        sp: *mut *mut PyObject,
    ) -> c_int;

    // Tables.

    /// The functions of `BINARY_OP`, by operand: `opcode::binary::LAST + 1` of them.
    pub static _PyEval_BinaryOps: [binaryfunc; crate::opcode::binary::LAST as usize + 1];
    /// The functions of `CONVERT_VALUE`, by operand; the first is null.
    pub static _PyEval_ConversionFuncs: [Option<unsafe extern "C" fn(*mut PyObject) -> *mut PyObject>; 4];
    /// The functions of `CALL_INTRINSIC_1`, by operand.
    pub static _PyIntrinsics_UnaryFunctions: [UnaryIntrinsic; crate::opcode::operand::MAX_INTRINSIC_1 as usize + 1];
    /// The functions of `CALL_INTRINSIC_2`, by operand.
    pub static _PyIntrinsics_BinaryFunctions: [BinaryIntrinsic; crate::opcode::operand::MAX_INTRINSIC_2 as usize + 1];

    // Numbers and strings.

    /// `left + right` of exact ints; takes no references.
    pub fn _PyLong_Add(left: *mut PyObject, right: *mut PyObject) -> *mut PyObject;
    /// `left - right` of exact ints.
    pub fn _PyLong_Subtract(left: *mut PyObject, right: *mut PyObject) -> *mut PyObject;
    /// `left * right` of exact ints.
    pub fn _PyLong_Multiply(left: *mut PyObject, right: *mut PyObject) -> *mut PyObject;
    /// A new int of 30-bit digits, least first; takes them as they are, but for none, which is zero.
    pub fn _PyLong_FromDigits(negative: c_int, count: isize, digits: *const u32) -> *mut PyObject;
    /// Frees an exact float: to the free list, or for good.
    pub fn _PyFloat_ExactDealloc(op: *mut PyObject);
    /// Frees an exact string.
    pub fn _PyUnicode_ExactDealloc(op: *mut PyObject);
    /// Joins strings.
    pub fn _PyUnicode_JoinArray(
        separator: *mut PyObject,
        items: *const *mut PyObject,
        seqlen: Py_ssize_t,
    ) -> *mut PyObject;
    /// 1 if two exact strings are equal, 0 if not.
    pub fn _PyUnicode_Equal(left: *mut PyObject, right: *mut PyObject) -> c_int;
    /// Converts a slice bound other than `None`.
    pub fn _PyEval_SliceIndex(v: *mut PyObject, index: *mut Py_ssize_t) -> c_int;

    // Containers.

    /// Makes room and appends, taking the reference to `newitem`. For lists that are full.
    pub fn _PyList_AppendTakeRefListResize(list: *mut PyObject, newitem: *mut PyObject) -> c_int;
    /// Extends a list; `None` (a new reference), or null with an exception set.
    pub fn _PyList_Extend(list: *mut PyObject, iterable: *mut PyObject) -> *mut PyObject;
    /// A list of the values; takes their references, also when it fails.
    pub fn _PyList_FromArraySteal(src: *const *mut PyObject, n: Py_ssize_t) -> *mut PyObject;
    /// A tuple of the values; takes their references, also when it fails.
    pub fn _PyTuple_FromArraySteal(src: *const *mut PyObject, n: Py_ssize_t) -> *mut PyObject;
    /// Sets an item, taking the references to key and value, also when it fails.
    pub fn _PyDict_SetItem_Take2(dict: *mut PyObject, key: *mut PyObject, value: *mut PyObject) -> c_int;
    /// Merges; `override_` is 0, 1, or 2 to raise `KeyError` for a key that is there.
    pub fn _PyDict_MergeEx(dict: *mut PyObject, other: *mut PyObject, override_: c_int) -> c_int;
    /// A dict of keys and values at those strides.
    pub fn _PyDict_FromItems(
        keys: *const *mut PyObject,
        keys_offset: Py_ssize_t,
        values: *const *mut PyObject,
        values_offset: Py_ssize_t,
        length: Py_ssize_t,
    ) -> *mut PyObject;
    /// A global or built-in of exact dicts: a new reference, or null; then an exception may be set.
    pub fn _PyDict_LoadGlobal(globals: *mut PyObject, builtins: *mut PyObject, key: *mut PyObject) -> *mut PyObject;
    /// Looks up with a known hash: borrowed, or null; then an exception may be set.
    pub fn _PyDict_GetItem_KnownHash(dict: *mut PyObject, key: *mut PyObject, hash: Py_hash_t) -> *mut PyObject;
    /// Puts an item into a dict, whose key has that hash.
    pub fn _PyDict_SetItem_KnownHash(
        dict: *mut PyObject,
        key: *mut PyObject,
        value: *mut PyObject,
        hash: Py_hash_t,
    ) -> c_int;
    /// Tells audit hooks of an event; −1 with an exception set if one refuses.
    pub fn PySys_Audit(event: *const std::ffi::c_char, format: *const std::ffi::c_char, ...) -> c_int;
    /// Updates a set.
    pub fn _PySet_Update(set: *mut PyObject, iterable: *mut PyObject) -> c_int;

    // Attributes and types.

    /// `LOAD_ATTR` for calls: 1 and an unbound method, or 0 and the attribute (null with an exception set).
    pub fn _PyObject_GetMethod(obj: *mut PyObject, name: *mut PyObject, method: *mut *mut PyObject) -> c_int;
    /// A special method, bound: a new reference, or null; then an exception may be set.
    pub fn _PyObject_LookupSpecial(obj: *mut PyObject, name: *mut PyObject) -> *mut PyObject;
    /// `super(su_type, su_obj).name`.
    pub fn _PySuper_Lookup(
        su_type: *mut PyTypeObject,
        su_obj: *mut PyObject,
        name: *mut PyObject,
        meth_found: *mut c_int,
    ) -> *mut PyObject;
    /// An attribute by the type's method resolution order, without descriptors; borrowed, null without an exception.
    pub fn _PyType_Lookup(tp: *mut PyTypeObject, name: *mut PyObject) -> *mut PyObject;
    /// [`_PyType_Lookup`], but a new reference.
    pub fn _PyType_LookupRef(tp: *mut PyTypeObject, name: *mut PyObject) -> *mut PyObject;
    /// Gives a type a version tag; 0 if it cannot have one.
    pub fn PyUnstable_Type_AssignVersionTag(tp: *mut PyTypeObject) -> c_int;

    // Generators.

    /// The type of asynchronous generators.
    pub static mut PyAsyncGen_Type: PyTypeObject;
    /// The type of what is awaited for their items.
    pub static mut _PyAsyncGenASend_Type: PyTypeObject;
    /// Takes the value off the current `StopIteration`; -1 if another exception is set.
    pub fn _PyGen_FetchStopIterationValue(value: *mut *mut PyObject) -> c_int;
    /// Raises `StopIteration(value)`.
    pub fn _PyGen_SetStopIterationValue(value: *mut PyObject) -> c_int;
    /// What a generator delegates to: a new reference, or null.
    pub fn _PyGen_yf(generator: *mut PyObject) -> *mut PyObject;
    /// The iterator of an awaitable.
    pub fn _PyCoro_GetAwaitableIter(o: *mut PyObject) -> *mut PyObject;

    // Calls.

    /// Calls what has no vectorcall.
    pub fn _PyObject_MakeTpCall(
        tstate: *mut PyThreadState,
        callable: *mut PyObject,
        args: *const *mut PyObject,
        nargs: Py_ssize_t,
        keywords: *mut PyObject,
    ) -> *mut PyObject;
    /// Checks that a result and an exception exclude each other; returns the result.
    pub fn _Py_CheckFunctionResult(
        tstate: *mut PyThreadState,
        callable: *mut PyObject,
        result: *mut PyObject,
        place: *const c_char,
    ) -> *mut PyObject;
    /// A built-in by name: a new reference.
    pub fn _PyEval_GetBuiltin(name: *mut PyObject) -> *mut PyObject;

    // Memory.

    /// Allocates an object of a type that the collector tracks.
    pub fn _PyObject_GC_New(tp: *mut PyTypeObject) -> *mut PyObject;
    /// Allocates an object with items.
    pub fn _PyObject_GC_NewVar(tp: *mut PyTypeObject, nitems: Py_ssize_t) -> *mut PyObject;
    /// Destroys an object whose count is zero.
    pub fn _Py_Dealloc(op: *mut PyObject);
    /// The name of the allocator that objects come from, a constant; NULL for one without a name.
    pub fn _PyMem_GetCurrentAllocatorName() -> *const c_char;
    /// A new bound method.
    pub fn PyMethod_New(func: *mut PyObject, this: *mut PyObject) -> *mut PyObject;
    /// Starts a new life: sets the reference count to 1 and tells tracers.
    pub fn _Py_NewReference(op: *mut PyObject);

    /// `None`.
    pub static _Py_NoneStruct: PyObject;
    /// The type of bound methods.
    pub static mut PyMethod_Type: PyTypeObject;
    /// `classmethod`.
    pub static mut PyClassMethod_Type: PyTypeObject;
    /// `staticmethod`.
    pub static mut PyStaticMethod_Type: PyTypeObject;
    /// The type of methods of built-in types.
    pub static mut PyMethodDescr_Type: PyTypeObject;
    /// The state of the whole process; it begins with the debug offsets.
    pub static _PyRuntime: Runtime;
}
