//! The library of all operations.

use whipsnake_stencil_maker::library;

/// Slow without optimization: thousands of compilations.
#[test]
fn every_operation_is_proved_for_64_bit_arm() {
    assert!(library::prove_arm64().unwrap_or_else(|error| panic!("{error}")) > 0);
}
