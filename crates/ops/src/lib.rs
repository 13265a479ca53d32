//! What each bytecode operation does: one function each over an IR builder.
//!
//! The same functions make the baseline tier's stencils (at build time, through [`Operation::build`]) and the optimizing tier's
//! graphs. `docs/add-an-operation.md` walks through adding one.
//!
//! Conventions. An operation is a function from input values (popped from the stack, first pushed first) to output values. It *owns* its
//! inputs: each must be released, returned or stored, on the way to `next`. Before a guard and on the way to `error` nothing may have been
//! consumed or changed. [`Builder::release`] and [`Builder::take`] do the right thing for inputs that a variant borrows.

mod arith;
mod arrays;
mod attribute_stores;
mod attributes;
mod binary;
mod build;
mod builtin_calls;
mod calls;
mod closures;
mod compare;
mod concatenation;
pub mod consumers;
mod containers;
mod control;
mod dict_iteration;
mod dict_methods;
mod enumerations;
mod exceptions;
mod functions;
mod generators;
mod globals;
mod imports;
mod inlined_calls;
pub mod inlined_generators;
mod items_from_both_ends;
mod iteration;
mod known_functions;
mod list_appends;
mod long_ints;
mod matching;
mod math;
mod membership;
mod mixed_numbers;
mod names;
mod number;
mod operand;
mod operation;
mod sets;
mod shapes;
mod stack;
mod tests_table;
mod text;
mod truth;
mod unpack;
mod variants;
mod zips;

pub use containers::guard_ascii;
pub use dict_iteration::dict_operation;
pub use functions::function_field;
pub use globals::{FoundGlobal, global_is};
pub use iteration::guard_iterates_itself;
pub use known_functions::{KnownFunction, int_of_float};
pub use math::{MathFunction, math_result};
pub use membership::is_among;
pub use number::{float_of_int, guard_index};
pub use operand::{Imm, Place, Ptr, Stores};
pub use operation::{Operation, Outputs};
pub use variants::{By, suffix};
pub use zips::zip_operation;

use operation::operations;

/// Every operation, theme by theme.
pub fn all() -> Vec<&'static Operation> {
    [
        arith::OPERATIONS,
        attributes::OPERATIONS,
        attribute_stores::OPERATIONS,
        closures::OPERATIONS,
        functions::OPERATIONS,
        globals::OPERATIONS,
        imports::OPERATIONS,
        names::OPERATIONS,
        builtin_calls::OPERATIONS,
        inlined_calls::OPERATIONS,
        calls::OPERATIONS,
        binary::OPERATIONS,
        build::OPERATIONS,
        compare::OPERATIONS,
        compare::TESTS,
        containers::OPERATIONS,
        matching::OPERATIONS,
        text::OPERATIONS,
        truth::OPERATIONS,
        truth::TESTS,
        unpack::OPERATIONS,
        stack::OPERATIONS,
        control::OPERATIONS,
        iteration::OPERATIONS,
        generators::OPERATIONS,
        exceptions::OPERATIONS,
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Operations for what only a region knows; there are no stencils of them.
pub fn for_regions() -> impl Iterator<Item = &'static Operation> {
    arrays::OPERATIONS
        .iter()
        .chain(concatenation::OPERATIONS)
        .chain(dict_iteration::OPERATIONS)
        .chain(dict_methods::OPERATIONS)
        .chain(enumerations::OPERATIONS)
        .chain(items_from_both_ends::OPERATIONS)
        .chain(list_appends::OPERATIONS)
        .chain(long_ints::OPERATIONS)
        .chain(membership::OPERATIONS)
        .chain(sets::OPERATIONS)
        .chain(zips::OPERATIONS)
        .chain(shapes::OPERATIONS)
        .chain(inlined_generators::OPERATIONS)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    #[test]
    fn names_are_unique() {
        let mut seen = HashSet::new();
        for operation in super::all().into_iter().chain(super::for_regions()) {
            assert!(seen.insert(operation.name), "{} is defined twice", operation.name);
        }
    }
}
