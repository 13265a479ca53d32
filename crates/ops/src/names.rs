//! Names in class bodies and modules, where the local namespace is a mapping.

use crate::{Ptr, operations};
use whipsnake_cpython::layout::frame;
use whipsnake_ir::{Builder, Helper, Type, Value, abi};

operations! {
    "LOAD_NAME" () -> 1, ptrs [Ptr::Name(0)] => load_name;
    "STORE_NAME" (value) -> 0, ptrs [Ptr::Name(0)] => store_name;
    "DELETE_NAME" () -> 0, ptrs [Ptr::Name(0)] => delete_name;
    "LOAD_LOCALS" () -> 1 => load_locals;
    "LOAD_FROM_DICT_OR_GLOBALS" (namespace) -> 1, ptrs [Ptr::Name(0)] => load_from_dict_or_globals;
    "LOAD_BUILD_CLASS" () -> 1 => load_build_class;
    "SETUP_ANNOTATIONS" () -> 0 => setup_annotations;
}

/// A name, looked up in locals, globals and builtins. The site remembers where a module's variable was found ([`abi::GlobalCell`]).
pub fn load_name(b: &mut Builder<'_>) -> Value {
    let (frame, name) = (b.frame(), b.object(0));
    let cell = b.raw_pointer(abi::pointer::FEEDBACK);
    b.call_checked(Helper::LoadName, &[frame, name, cell])
}

/// Assigns a name in the local namespace; where it is there the site remembers.
pub fn store_name(b: &mut Builder<'_>, value: Value) {
    let (frame, name) = (b.frame(), b.object(0));
    let cell = b.raw_pointer(abi::pointer::FEEDBACK);
    b.call_status(Helper::StoreName, &[frame, name, value, cell]);
    b.release(value);
}

/// `del` of a name in the local namespace.
pub fn delete_name(b: &mut Builder<'_>) {
    let (frame, name) = (b.frame(), b.object(0));
    b.call_status(Helper::DeleteName, &[frame, name]);
}

/// The local namespace.
pub fn load_locals(b: &mut Builder<'_>) -> Value {
    let frame = b.frame();
    let locals = b.load(Type::Obj, frame, frame::LOCALS);
    let none = b.is_null(locals);
    b.when_cold(none, |b| {
        b.call_void(Helper::RaiseNoLocals, &[]);
        b.leave(whipsnake_ir::Continuation::Error);
    });
    b.retain(locals);
    locals
}

/// A name, looked up in a class's namespace, then in globals and builtins.
pub fn load_from_dict_or_globals(b: &mut Builder<'_>, namespace: Value) -> Value {
    let (frame, name) = (b.frame(), b.object(0));
    let value = b.call_checked(Helper::LoadFromDictOrGlobals, &[frame, namespace, name]);
    b.release(namespace);
    value
}

/// `__build_class__`.
pub fn load_build_class(b: &mut Builder<'_>) -> Value {
    let frame = b.frame();
    b.call_checked(Helper::LoadBuildClass, &[frame])
}

/// Makes `__annotations__` unless it is there.
pub fn setup_annotations(b: &mut Builder<'_>) {
    let frame = b.frame();
    b.call_status(Helper::SetupAnnotations, &[frame]);
}
