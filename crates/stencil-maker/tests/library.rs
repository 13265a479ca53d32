//! The library of all operations.

use whipsnake_stencil_maker::library;

fn prove_arm64(all_variants: bool) {
    let count = library::prove_arm64(all_variants).unwrap_or_else(|error| panic!("{error}"));
    assert!(count > 0);
}

#[test]
fn every_operation_is_proved_for_64_bit_arm() {
    prove_arm64(false);
}

#[test]
#[ignore = "takes a minute"]
fn every_variant_is_proved_for_64_bit_arm() {
    prove_arm64(true);
}
