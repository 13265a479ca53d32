//! Every operation, in every combination of borrowed inputs, obeys the rules of the IR and survives its text form.

use whipsnake_ir::{OperationShape, parse, verify_operation};

/// The masks of borrowed inputs that an operation is built for.
fn masks(borrows: &[u8]) -> impl Iterator<Item = u8> {
    (0..1u32 << borrows.len()).map(move |chosen| {
        borrows
            .iter()
            .enumerate()
            .filter(|(bit, _)| chosen >> bit & 1 != 0)
            .fold(0, |mask, (_, &input)| mask | 1 << input)
    })
}

#[test]
fn every_operation_obeys_the_rules() {
    let mut problems = String::new();
    for operation in whipsnake_ops::all() {
        for borrowed in masks(operation.borrows) {
            let function = operation.build(borrowed);
            let shape = OperationShape { keeps: operation.keeps, borrowed };
            for error in verify_operation(&function, shape).err().into_iter().flatten() {
                problems += &format!("{} (borrowed {borrowed:#b}): {error}\n", operation.name);
            }
        }
    }
    assert!(problems.is_empty(), "\n{problems}");
}

#[test]
fn the_text_form_reads_back() {
    for operation in whipsnake_ops::all() {
        for borrowed in masks(operation.borrows) {
            let text = operation.build(borrowed).to_string();
            match parse(&text) {
                Ok(function) => assert_eq!(function.to_string(), text),
                Err(error) => panic!("{}: {error}\n{text}", operation.name),
            }
        }
    }
}
