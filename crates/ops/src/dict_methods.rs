//! Methods of dicts that search them, where no Python code has a say.

use crate::builtin_calls::guard_is;
use crate::containers::found;
use crate::operations;
use whipsnake_ir::{Builder, Condition, Global, Helper, MissReason, Value};

operations! {
    "CALL.dict_get_1" (callable, dict, key) -> 1, borrows [1, 2] => get;
    "CALL.dict_get_2" (callable, dict, key, other) -> 1, borrows [1, 2, 3] => get_or;
}

/// `dict.get(key)`.
pub fn get(b: &mut Builder<'_>, callable: Value, dict: Value, key: Value) -> Value {
    let none = b.global(Global::None);
    let value = search(b, callable, dict, key, none);
    found(b, value, &[dict, key, callable])
}

/// `dict.get(key, other)`.
pub fn get_or(b: &mut Builder<'_>, callable: Value, dict: Value, key: Value, other: Value) -> Value {
    let value = search(b, callable, dict, key, other);
    found(b, value, &[dict, key, other, callable])
}

fn search(b: &mut Builder<'_>, callable: Value, dict: Value, key: Value, other: Value) -> Value {
    guard_is(b, callable, Global::DictGetMethod);
    let some = b.compare_const(Condition::Ne, dict, 0);
    b.guard(some, MissReason::Missing);
    b.guard_exact(dict, Global::DictType);
    b.call(Helper::DictFindOr, &[dict, key, other])
}
