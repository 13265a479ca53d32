//! The passes that see to it that numbers get objects seldom, and memory cheaply, on texts.

mod support;

use support::run;
use whipsnake_optimizer::passes::{rename_behind_loops, reuse_storage};

#[test]
fn a_number_that_is_stored_behind_a_loop_has_another_name_there() {
    let text = "\
block0:
v0: ptr = frame
v1: obj = load v0[80]
v2: bool = iconst 1
v3: f64 = fconst 1.5
v4: obj = new_float v3, reuse () @state0
jump block1(v4) @state0
block1(v5: obj FloatType) depth 1:
branch v2, block2, block3 @state1
block2 depth 1:
v6: f64 = float_value v5
v7: f64 = fadd v6, v3
v8: obj = new_float v7, reuse () @state1
release_plain v5
jump block1(v8) @state2
block3:
guard v2, value @state3
store v5, v0[80] @state3
leave next @state4
state0:
frame 3: locals [v1 clean], stack []
state1:
frame 4: locals [v5], stack []
state2:
frame 5: locals [v8], stack []
state3:
frame 6: locals [v5], stack []
state4:
frame 6: locals [v5 clean], stack []";
    insta::assert_snapshot!(run(rename_behind_loops, text), @r"
    block0:
        v0: ptr = frame
        v1: obj = load v0[80]
        v2: bool = iconst 1
        v3: f64 = fconst 1.5
        v4: obj = new_float v3, reuse () @state0
        jump block1(v4) @state0
    block1(v5: obj FloatType) depth 1:
        branch v2, block2, block4 @state1
    block2 depth 1:
        v6: f64 = float_value v5
        v7: f64 = fadd v6, v3
        v8: obj = new_float v7, reuse () @state1
        release_plain v5
        jump block1(v8) @state2
    block3(v9: obj FloatType):
        guard v2, value @state5
        store v9, v0[80] @state5
        leave next @state6
    block4:
        jump block3(v5) @state3
    state0:
        frame 3: locals [v1 clean], stack []
    state1:
        frame 4: locals [v5], stack []
    state2:
        frame 5: locals [v8], stack []
    state3:
        frame 6: locals [v5], stack []
    state5:
        frame 6: locals [v9], stack []
    state6:
        frame 6: locals [v9 clean], stack []
    ");
}

#[test]
fn a_float_that_replaces_another_takes_its_storage() {
    let text = "\
block0:
v0: ptr = frame
v1: obj = load v0[80]
v2: obj = load v1[24]
guard_exact v2, FloatType @state0
v3: f64 = float_value v2
v4: f64 = fconst 1.5
v5: f64 = fadd v3, v4
v6: obj = new_float v5, reuse () @state0
store v6, v1[24] @state0
release_plain v2 @state0
leave next @state0
state0:
frame 3: locals [v1 clean], stack []";
    insta::assert_snapshot!(run(reuse_storage, text), @r"
    block0:
        v0: ptr = frame
        v1: obj = load v0[80]
        v2: obj = load v1[24]
        guard_exact v2, FloatType @state0
        v3: f64 = float_value v2
        v4: f64 = fconst 1.5
        v5: f64 = fadd v3, v4
        v6: obj = new_float v5, reuse (v2) @state0
        store v6, v1[24] @state0
        leave next @state0
    state0:
        frame 3: locals [v1 clean], stack []
    ");
}

#[test]
fn what_was_not_read_as_a_float_keeps_its_storage() {
    let text = "\
block0:
v0: ptr = frame
v1: obj = load v0[80]
v2: obj = load v1[24]
v4: f64 = fconst 1.5
v6: obj = new_float v4, reuse () @state0
store v6, v1[24] @state0
release v2 @state0
leave next @state0
state0:
frame 3: locals [v1 clean], stack []";
    insta::assert_snapshot!(run(reuse_storage, text), @r"
    block0:
        v0: ptr = frame
        v1: obj = load v0[80]
        v2: obj = load v1[24]
        v4: f64 = fconst 1.5
        v6: obj = new_float v4, reuse () @state0
        store v6, v1[24] @state0
        release v2 @state0
        leave next @state0
    state0:
        frame 3: locals [v1 clean], stack []
    ");
}
