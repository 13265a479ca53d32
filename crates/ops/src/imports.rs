//! Imports.

use crate::{Ptr, operations};
use whipsnake_ir::{Builder, Helper, Value};

operations! {
    "IMPORT_NAME" (level, names) -> 1, ptrs [Ptr::Name(0)] => import_name;
    "IMPORT_FROM" (module) -> 1, keeps 1, ptrs [Ptr::Name(0)] => import_from;
}

/// `import name`, or the first half of `from name import names`.
pub fn import_name(b: &mut Builder<'_>, level: Value, names: Value) -> Value {
    let (frame, name) = (b.frame(), b.object(0));
    let module = b.call_checked(Helper::ImportName, &[frame, name, names, level]);
    b.release_all(&[level, names]);
    module
}

/// The second half of `from module import name`.
pub fn import_from(b: &mut Builder<'_>, module: Value) -> Value {
    let name = b.object(0);
    b.call_checked(Helper::ImportFrom, &[module, name])
}
