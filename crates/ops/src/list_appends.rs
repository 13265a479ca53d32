//! `append` of what is derived from `list`. It is for the optimizing tier, which learns more of a list where that is no other.

use crate::builtin_calls::{append_in_region, guard_list};
use crate::operations;

operations! {
    "CALL_LIST_APPEND.derived" (callable, list, x) -> 1, borrows [2] => |b, callable, list, x| append_in_region(b, callable, list, x, guard_list);
}
