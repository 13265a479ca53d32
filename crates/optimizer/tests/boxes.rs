//! Numbers instead of objects: what goes in, what comes out.

mod support;

use support::run;
use whipsnake_optimizer::passes::unbox;

/// A loop that adds 1.5 to a float. `body` is in the loop, where the sum is v3 and what is added to it v6; the new sum is v8.
fn float_loop(body: &str, end: &str) -> String {
    format!(
        "block0:\n\
         v0: ptr = frame\nv1: obj = load v0[80]\nv2: bool = iconst 1\nguard_exact v1, FloatType @state0\n\
         jump block1(v1) @state0\n\
         block1(v3: obj FloatType) depth 1:\n\
         v5: f64 = float_value v3\nv6: f64 = fconst 1.5\nv7: f64 = fadd v5, v6\nv8: obj = new_float v7, reuse () @state1\n\
         release_plain v3\n{body}\n\
         branch v2, block1(v8), block2 @state2\n\
         block2:\n{end}\nleave next @state2\n\
         state0:\nframe 3: locals [v1 clean], stack []\n\
         state1:\nframe 4: locals [v3], stack []\n\
         state2:\nframe 5: locals [v8], stack []"
    )
}

#[test]
fn parameters_that_are_always_given_the_same_number_become_one() {
    let text = "\
block0:
v0: ptr = frame
v1: obj = load v0[80]
v2: bool = iconst 1
guard_exact v1, FloatType @state0
v3: f64 = fconst 1.5
v4: obj = new_float v3, reuse () @state0
retain v4
jump block1(v4, v4) @state0
block1(v5: obj FloatType, v6: obj FloatType) depth 1:
v7: f64 = float_value v5
guard v2, value @state1
v8: f64 = fadd v7, v3
v9: obj = new_float v8, reuse () @state1
retain v9
release_plain v5
release_plain v6
branch v2, block1(v9, v9), block2 @state2
block2 cold:
store v9, v0[80] @state2
store v9, v0[88] @state2
leave next @state3
state0:
frame 3: locals [v1 clean], stack []
state1:
frame 4: locals [v5, v6], stack []
state2:
frame 5: locals [v9, v9], stack []
state3:
frame 5: locals [v9 clean, v9 clean], stack []";
    // Both names have one number, and one object where the frame is written.
    insta::assert_snapshot!(run(unbox, text), @r"
    block0:
        v0: ptr = frame
        v1: obj = load v0[80]
        v2: bool = iconst 1
        guard_exact v1, FloatType @state0
        v3: f64 = fconst 1.5
        jump block1(v3, v3) @state0
    block1(v5: f64 FloatType, v6: f64 FloatType) depth 1:
        guard v2, value @state1
        v8: f64 = fadd v5, v3
        branch v2, block1(v8, v8), block2 @state2
    block2 cold:
        v10: obj = new_float v8, reuse () @state2
        store v10, v0[80] @state2
        retain v10
        store v10, v0[88] @state2
        leave next @state3
    state0:
        frame 3: locals [v1 clean], stack []
    state1:
        frame 4: locals [v5, v5], stack []
    state2:
        frame 5: locals [v8, v8], stack []
    state3:
        frame 5: locals [v9 clean, v9 clean], stack []
    ");
}

#[test]
fn a_carried_float_is_a_number() {
    insta::assert_snapshot!(run(unbox, &float_loop("", "")), @r"
    block0:
        v0: ptr = frame
        v1: obj = load v0[80]
        v2: bool = iconst 1
        guard_exact v1, FloatType @state0
        v9: f64 = float_value v1
        release_plain v1
        jump block1(v9) @state0
    block1(v3: f64 FloatType) depth 1:
        v6: f64 = fconst 1.5
        v7: f64 = fadd v3, v6
        branch v2, block1(v7), block2 @state2
    block2:
        leave next @state2
    state0:
        frame 3: locals [v1 clean], stack []
    state2:
        frame 5: locals [v7], stack []
    ");
}

#[test]
fn a_float_that_is_stored_in_the_loop_stays_an_object() {
    let text = float_loop("retain v8\nstore v8, v0[96]", "");
    let left = run(unbox, &text);
    assert!(left.contains("v8: obj = new_float v7, reuse () @state1"), "{left}");
    // It goes on by a branch, before which it can't be released: the other way needs it.
    assert!(left.contains("block1(v3: obj FloatType)") && left.contains("branch v2, block1(v8), block2"), "{left}");
    let left = run(unbox, &text.replace("branch v2, block1(v8), block2 @state2", "jump block1(v8) @state2"));
    assert!(left.contains("release_plain v8\n    jump block1(v10) @state2"), "{left}");
}

#[test]
fn a_float_that_is_stored_after_the_loop_is_made_there() {
    let left = run(unbox, &float_loop("", "store v8, v0[80] @state2"));
    // But for the exit, which would make it again: then the frame would have one and the exit another.
    assert!(left.contains("v8: obj = new_float"), "{left}");
    let text = float_loop("", "store v8, v0[80] @state3").replace("leave next @state2", "leave next @state3");
    let left = run(unbox, &format!("{text}\nstate3:\nframe 5: locals [v8 clean], stack []"));
    assert!(
        left.contains(
            "v10: obj = new_float v7, reuse () @state3\n    store v10, v0[80] @state3\n    leave next @state3"
        ),
        "{left}"
    );
    assert_eq!(left.matches("new_float").count(), 1, "{left}");
}

#[test]
fn a_float_that_is_only_looked_at_after_the_loop_is_released_again() {
    let end = "v9: ptr = load v0[8]\nv10: i32 = call_pointer v9(v8) @state2";
    let left = run(unbox, &float_loop("", end));
    let (_, after) = left.split_once("block2:").expect("block2");
    assert_eq!(after.matches("new_float").count(), 1, "{left}");
    assert_eq!(after.matches("release_plain").count(), 1, "{left}");
    let (_, around) = left.split_once("\nblock1(").expect("block1");
    assert!(around.starts_with("v3: f64"), "{left}");
}

#[test]
fn an_object_whose_identity_matters_stays() {
    let end = "v9: bool = eq v8, v1\nguard v9, value @state2";
    let left = run(unbox, &float_loop("", end));
    assert!(left.contains("v8: obj = new_float v7, reuse () @state1"), "{left}");
}

#[test]
fn an_int_whose_number_is_not_at_hand_is_not_unboxed_on_a_jump() {
    let text = "\
block0:
v0: ptr = frame
v1: obj = load v0[80]
v2: bool = iconst 1
jump block1(RAW) @state0
block1(v3: obj IntType) depth 1:
v4: i64 = unbox_int v3 @state1
v5: obj = new_int v4, reuse () @state1
release_plain v3
branch v2, block1(v5 raw v4), block2 @state0
block2:
leave next @state0
state0:
state1:
frame 4: locals [v3], stack []";
    assert!(run(unbox, &text.replace("RAW", "v1")).contains("block1(v3: obj IntType)"));
    let text = text.replace("jump", "v9: i64 = unbox_int v1 @state0\njump");
    assert!(run(unbox, &text.replace("RAW", "v1 raw v9")).contains("jump block1(v9)"));
}

#[test]
fn a_merged_number_is_made_an_object_once() {
    let text = "block0:
v0: ptr = frame
v1: obj = load v0[80]
v2: obj = load v0[88]
guard_exact v1, FloatType @state0
guard_exact v2, FloatType @state0
v3: f64 = float_value v1
v4: f64 = float_value v2
v5: f64 = fadd v3, v4
v6: obj = new_float v5, reuse ()
v7: bool = flt v5, v3
branch v7, block1, block2 @state0
block1:
v8: f64 = fmul v5, v5
v9: obj = new_float v8, reuse ()
release_plain v6
jump block3(v9 raw v8) @state0
block2:
jump block3(v6 raw v5) @state0
block3(v10: obj FloatType):
guard v7, value @state0
retain v10
store v10, v0[96]
store v10, v0[104]
leave next @state1
state0:
frame 1: locals [v1 clean, v2 clean], stack []
state1:
frame 2: locals [v1 clean, v2 clean], stack []";
    let left = run(unbox, text);
    assert_eq!(left.matches("new_float").count(), 1, "{left}");
    assert!(left.contains("block3(v10: f64 FloatType)"), "{left}");
    // Where the block has no state at its start, there is nothing to say where it is, should memory be short.
    let late = text.replace("guard v7, value @state0\n", "");
    assert!(run(unbox, &late).contains("block3(v10: obj FloatType)"), "{late}");
    let own = text.replace("guard v7, value @state0", "v12: obj = load v1[8]\nguard v7, value @state2")
        + "\nstate2:\nframe 2: locals [v12, v2 clean], stack []";
    assert!(run(unbox, &own).contains("block3(v10: obj FloatType)"), "{own}");
    // A way that hands on an object that is there already: all stay objects.
    let other =
        text.replace("jump block3(v6 raw v5) @state0", "release_plain v6\nretain v2\njump block3(v2 raw v4) @state0");
    let left = run(unbox, &other);
    assert!(left.contains("block3(v10: obj FloatType)"), "{left}");
}

#[test]
fn a_parameter_that_exits_find_in_memory_keeps_its_object() {
    let loops = |slot: &str| {
        float_loop("", "").replace("state1:\nframe 4: locals [v3]", &format!("state1:\nframe 4: locals [{slot}]"))
    };
    assert!(run(unbox, &loops("v3")).contains("block1(v3: f64 FloatType)"));
    assert!(run(unbox, &loops("v3 clean")).contains("block1(v3: obj FloatType)"));
}

/// A number that is a float or an int, v4; `body` comes behind it.
fn mixed_number(body: &str) -> String {
    let text = format!(
        "block0:\n\
         v0: ptr = frame\nv1: f64 = load v0[80]\nv2: bool = load v0[88]\n\
         v3: f64 = fadd v1, v1\nv4: obj = new_number v3, v2 @state0\n{body}\nleave next @state1\n\
         state0:\nframe 3: locals [], stack []\n\
         state1:\nframe 4: locals [v4], stack []"
    );
    run(unbox, &text)
}

#[test]
fn a_number_of_two_types_that_only_exits_need_is_made_there() {
    let text = mixed_number("retain v4\nrelease_plain v4");
    assert!(text.contains("v4: obj = late_number v3, v2") && !text.contains("retain"), "{text}");
}

#[test]
fn a_number_of_two_types_that_is_stored_is_made() {
    let text = mixed_number("retain v4\nstore v4, v0[96] @state1");
    assert!(text.contains("v4: obj = new_number v3, v2") && text.contains("retain v4"), "{text}");
}
