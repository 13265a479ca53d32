//! Global variables.

use crate::attributes::{guard_keys_version, versioned_entry};
use crate::{Imm, Ptr, operations};
use whipsnake_cpython::layout::dict_keys;
use whipsnake_cpython::opcode::cache;
use whipsnake_ir::{Builder, Global, Helper, Value, abi};

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

/// Assigns a global variable.
pub fn store_global(b: &mut Builder<'_>, value: Value) {
    let (frame, name) = (b.frame(), b.object(0));
    b.call_status(Helper::StoreGlobal, &[frame, name, value]);
    b.release(value);
}

/// `del` of a global variable.
pub fn delete_global(b: &mut Builder<'_>) {
    let (frame, name) = (b.frame(), b.object(0));
    b.call_status(Helper::DeleteGlobal, &[frame, name]);
}
