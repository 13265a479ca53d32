//! Membership in strings, lists and tuples, for which the interpreter has no specialised instruction.

use crate::compare::contains_items;
use crate::{Imm, operations};

operations! {
    "CONTAINS_OP.items" (value, container) -> 1, borrows [0, 1], imms [Imm::Oparg(0)] => contains_items;
}
