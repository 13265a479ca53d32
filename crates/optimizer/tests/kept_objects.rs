//! Numbers that loops hand on as objects, because the program may ask which object they are.

mod support;

use support::run;
use whipsnake_optimizer::passes::unbox;

/// A loop over a float, v3, that may be replaced by another one: `new` computes v7, of which v8 is the object.
fn choosing_loop(new: &str) -> String {
    format!(
        "block0:\n\
         v0: ptr = frame\nv1: obj = load v0[80]\nv2: bool = iconst 1\nguard_exact v1, FloatType @state0\n\
         jump block1(v1) @state0\n\
         block1(v3: obj FloatType) depth 1:\n\
         v5: f64 = float_value v3\nv6: f64 = load v0[96]\n{new}\nv8: obj = new_float v7, reuse () @state1\n\
         v9: bool = flt v7, v5\n\
         branch v9, block2, block3 @state1\n\
         block2 depth 1:\nretain v8\nrelease_plain v3\njump block4(v8) @state1\n\
         block3 depth 1:\njump block4(v3) @state1\n\
         block4(v10: obj FloatType) depth 1:\n\
         release_plain v8\nbranch v2, block1(v10), block5 @state2\n\
         block5:\nleave next @state2\n\
         state0:\nframe 3: locals [v1 clean], stack []\n\
         state1:\nframe 4: locals [v3], stack []\n\
         state2:\nframe 5: locals [v10], stack []"
    )
}

#[test]
fn a_number_that_is_chosen_becomes_an_object_where_it_is() {
    insta::assert_snapshot!(run(unbox, &choosing_loop("v7: f64 = fadd v6, v6")), @r"
    block0:
        v0: ptr = frame
        v1: obj = load v0[80]
        v2: bool = iconst 1
        guard_exact v1, FloatType @state0
        jump block1(v1) @state0
    block1(v3: obj FloatType) depth 1:
        v5: f64 = float_value v3
        v6: f64 = load v0[96]
        v7: f64 = fadd v6, v6
        v9: bool = flt v7, v5
        branch v9, block2, block3 @state1
    block2 depth 1:
        release_plain v3
        v11: obj = new_float v7, reuse () @state1
        jump block4(v11) @state1
    block3 depth 1:
        jump block4(v3) @state1
    block4(v10: obj FloatType) depth 1:
        branch v2, block1(v10), block5 @state2
    block5:
        leave next @state2
    state0:
        frame 3: locals [v1 clean], stack []
    state1:
        frame 4: locals [v3], stack []
    state2:
        frame 5: locals [v10], stack []
    ");
}

#[test]
fn a_number_that_is_added_to_stays_a_number() {
    insta::assert_snapshot!(run(unbox, &choosing_loop("v7: f64 = fadd v5, v6")), @r"
    block0:
        v0: ptr = frame
        v1: obj = load v0[80]
        v2: bool = iconst 1
        guard_exact v1, FloatType @state0
        v11: f64 = float_value v1
        release_plain v1
        jump block1(v11) @state0
    block1(v3: f64 FloatType) depth 1:
        v6: f64 = load v0[96]
        v7: f64 = fadd v3, v6
        v9: bool = flt v7, v3
        branch v9, block2, block3 @state1
    block2 depth 1:
        jump block4(v7) @state1
    block3 depth 1:
        jump block4(v3) @state1
    block4(v10: f64 FloatType) depth 1:
        branch v2, block1(v10), block5 @state2
    block5:
        leave next @state2
    state0:
        frame 3: locals [v1 clean], stack []
    state1:
        frame 4: locals [v3], stack []
    state2:
        frame 5: locals [v10], stack []
    ");
}

#[test]
fn what_never_was_a_number_only_stays_an_object() {
    let text = choosing_loop("v7: f64 = fadd v6, v6")
        .replace("retain v8", "v11: obj = load v0[88]\nguard_exact v11, FloatType @state1\nretain v11")
        .replace("block4(v8)", "block4(v11)");
    insta::assert_snapshot!(run(unbox, &text), @r"
    block0:
        v0: ptr = frame
        v1: obj = load v0[80]
        v2: bool = iconst 1
        guard_exact v1, FloatType @state0
        jump block1(v1) @state0
    block1(v3: obj FloatType) depth 1:
        v5: f64 = float_value v3
        v6: f64 = load v0[96]
        v7: f64 = fadd v6, v6
        v9: bool = flt v7, v5
        branch v9, block2, block3 @state1
    block2 depth 1:
        v11: obj = load v0[88]
        guard_exact v11, FloatType @state1
        retain v11
        release_plain v3
        jump block4(v11) @state1
    block3 depth 1:
        jump block4(v3) @state1
    block4(v10: obj FloatType) depth 1:
        branch v2, block1(v10), block5 @state2
    block5:
        leave next @state2
    state0:
        frame 3: locals [v1 clean], stack []
    state1:
        frame 4: locals [v3], stack []
    state2:
        frame 5: locals [v10], stack []
    ");
}
