//! Global variables.

use crate::attributes::{entries, guard_keys_version, versioned_entry};
use crate::{Imm, Ptr, operations};
use whipsnake_cpython::layout::{dict, dict_keys};
use whipsnake_cpython::opcode::cache;
use whipsnake_ir::{BinaryOp, Builder, Condition, Global, Helper, Type, Value, abi};

/// Offset of an entry from the end of the keys' indices.
const ENTRY: Imm =
    Imm::Cache16Scaled(1 + cache::LOAD_GLOBAL_INDEX as u8, dict_keys::UNICODE_ENTRY_SIZE, dict_keys::DK_INDICES);
/// Version of the keys of the globals.
const GLOBALS_VERSION: Imm = Imm::Cache16(1 + cache::LOAD_GLOBAL_MODULE_KEYS_VERSION as u8);
/// Version of the keys of the builtins.
const BUILTINS_VERSION: Imm = Imm::Cache16(1 + cache::LOAD_GLOBAL_BUILTIN_KEYS_VERSION as u8);

operations! {
    "LOAD_GLOBAL" () -> 1, ptrs [Ptr::Name(1)] => load_global;
    "LOAD_GLOBAL.null" () -> 2, ptrs [Ptr::Name(1)] => |b| with_null(b, load_global);
    "LOAD_GLOBAL_MODULE" () -> 1, imms [GLOBALS_VERSION, ENTRY] => module_variable;
    "LOAD_GLOBAL_MODULE.null" () -> 2, imms [GLOBALS_VERSION, ENTRY] => |b| with_null(b, module_variable);
    "LOAD_GLOBAL_BUILTIN" () -> 1, imms [GLOBALS_VERSION, ENTRY, BUILTINS_VERSION] => builtin;
    "LOAD_GLOBAL_BUILTIN.null" () -> 2, imms [GLOBALS_VERSION, ENTRY, BUILTINS_VERSION] => |b| with_null(b, builtin);
    "STORE_GLOBAL" (value) -> 0, ptrs [Ptr::Name(0)] => store_global;
    "DELETE_GLOBAL" () -> 0, ptrs [Ptr::Name(0)] => delete_global;
}

fn with_null(b: &mut Builder<'_>, load: impl FnOnce(&mut Builder<'_>) -> Value) -> [Value; 2] {
    let value = load(b);
    [value, b.null()]
}

/// A global variable or built-in, looked up. The site remembers where the name was found ([`abi::GlobalCell`]).
pub fn load_global(b: &mut Builder<'_>) -> Value {
    let (frame, name) = (b.frame(), b.object(0));
    let cell = b.raw_pointer(abi::pointer::FEEDBACK);
    b.call_checked(Helper::LoadGlobal, &[frame, name, cell])
}

/// The frame's globals, guarded to be an exact dict.
fn globals(b: &mut Builder<'_>) -> Value {
    let globals = b.frame_globals();
    b.guard_exact(globals, Global::DictType);
    globals
}

/// A global variable whose entry is known.
pub fn module_variable(b: &mut Builder<'_>) -> Value {
    let globals = globals(b);
    let value = versioned_entry(b, globals, 0, 1);
    let value = b.expect(value);
    b.retain(value);
    value
}

/// A built-in whose entry is known, and which no global variable hides.
pub fn builtin(b: &mut Builder<'_>) -> Value {
    let globals = globals(b);
    guard_keys_version(b, globals, 0);
    let builtins = b.frame_builtins();
    b.guard_exact(builtins, Global::DictType);
    let value = versioned_entry(b, builtins, 2, 1);
    let value = b.expect(value);
    b.retain(value);
    value
}

/// Assigns a global variable, whose place the site remembers, too.
pub fn store_global(b: &mut Builder<'_>, value: Value) {
    let (frame, name) = (b.frame(), b.object(0));
    let cell = b.raw_pointer(abi::pointer::FEEDBACK);
    b.call_status(Helper::StoreGlobal, &[frame, name, value, cell]);
    b.release(value);
}

/// `del` of a global variable.
pub fn delete_global(b: &mut Builder<'_>) {
    let (frame, name) = (b.frame(), b.object(0));
    b.call_status(Helper::DeleteGlobal, &[frame, name]);
}

/// Where the interpreter has found a global variable or built-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FoundGlobal {
    /// The version of the keys of the globals.
    pub globals: u32,
    /// That of the builtins' keys, if it is one of those.
    pub builtins: Option<u32>,
    /// Its entry.
    pub index: u16,
}

/// Whether a global variable or built-in is an object, in a region: where it is found as ever, its entry tells; else it is searched for, which runs no Python code.
pub fn global_is(b: &mut Builder<'_>, name: Value, object: Value, found: Option<FoundGlobal>) -> Value {
    let (globals, builtins) = (b.frame_globals(), b.frame_builtins());
    let search = |b: &mut Builder<'_>| {
        let is_it = b.call(Helper::GlobalIs, &[globals, builtins, name, object]);
        b.compare_const(Condition::Ne, is_it, 0)
    };
    let Some(found) = found else { return search(b) };
    b.guard_exact(globals, Global::DictType);
    b.guard_exact(builtins, Global::DictType);
    let keys_of = |b: &mut Builder<'_>, namespace: Value, wanted: u32| {
        let keys = b.load(Type::Ptr, namespace, dict::MA_KEYS);
        let version = b.load(Type::I32, keys, dict_keys::DK_VERSION);
        (keys, b.compare_const(Condition::Eq, version, wanted.into()))
    };
    let (mut keys, mut same) = keys_of(b, globals, found.globals);
    if let Some(wanted) = found.builtins {
        let (their_keys, theirs) = keys_of(b, builtins, wanted);
        (keys, same) = (their_keys, b.binary(BinaryOp::And, same, theirs));
    }
    let entry = |b: &mut Builder<'_>| {
        let offset = dict_keys::DK_INDICES + dict_keys::UNICODE_ENTRY_SIZE * i32::from(found.index);
        let entries = entries(b, keys);
        let value = b.load(Type::Obj, entries, offset + dict_keys::UNICODE_ENTRY_VALUE);
        b.compare(Condition::Eq, value, object)
    };
    b.choose(same, Type::Bool, true, entry, search)
}
