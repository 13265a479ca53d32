//! Passes on texts: what goes in, what comes out.

mod support;

use support::run;
use whipsnake_optimizer::passes::{
    cancel_pairs, drop_instances, find_depths, remove_dead, remove_dead_but_states, straighten, unbox,
};

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
fn dead_values_blocks_and_parameters_go() {
    let text = "\
block0:
v0: ptr = frame
v1: i64 = load v0[80]
v2: i64 = iconst 1
v3: i64 = add v1, v2
v4: bool = lt v1, v3
jump block1(v1, v3, v2)
block1(v5: i64, v6: i64, v7: i64):
store v6, v0[88]
v8: i64 = mul v5, v7
branch v4, block1(v8, v6, v7), block3
block2:
jump block3
block3:
leave next";
    insta::assert_snapshot!(run(remove_dead, text), @r"
    block0:
        v0: ptr = frame
        v1: i64 = load v0[80]
        v2: i64 = iconst 1
        v3: i64 = add v1, v2
        v4: bool = lt v1, v3
        jump block1(v3)
    block1(v6: i64):
        store v6, v0[88]
        branch v4, block1(v6), block3
    block2:
    block3:
        leave next
    ");
}

#[test]
fn what_exits_restore_is_not_dead() {
    let text = "\
block0:
v0: ptr = frame
v1: obj = load v0[80]
v2: obj = load v0[88]
v3: obj = load v0[96]
v4: bool = iconst 1
store v1, v0[80] @state1
guard v4, type @state0
leave next @state0
state0:
frame 1: locals [v2, v3 clean], stack []
state1:
frame 1: locals [v3, v2], stack []";
    let ends =
        |text: String| text.lines().filter(|l| l.contains("load")).map(|l| l.trim().to_owned()).collect::<Vec<_>>();
    // The state at the store is for what may be put before it, and v3 is in memory where the guard exits.
    assert_eq!(ends(run(remove_dead, text)), ["v1: obj = load v0[80]", "v2: obj = load v0[88]"]);
    assert_eq!(ends(run(remove_dead_but_states, text)).len(), 3);
}

#[test]
fn effects_are_not_dead() {
    let text = "\
block0:
v0: obj = input 0
v1: i64 = int_value v0
v2: i64 = unbox_int v0 @state0
v3: obj = new_int v1, reuse () @state0
v4: ptr = frame
v5: obj = call_pointer v4(v0)
leave next @state0
state0:";
    let left = run(remove_dead, text);
    for kept in ["unbox_int", "new_int", "call_pointer"] {
        assert!(left.contains(kept), "{kept}\n{left}");
    }
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
fn depths_are_those_of_ways_around() {
    let text = "\
block0:
v0: bool = iconst 1
jump block1
block1:
jump block2
block2:
branch v0, block3, block4
block3 depth 7:
branch v0, block2, block5
block4 depth 2:
branch v0, block1, block6
block5 depth 2:
leave next
block6:
leave next
block7 depth 1:";
    let left = run(find_depths, text);
    let headers: Vec<&str> = left.lines().filter(|l| l.starts_with("block")).collect();
    assert_eq!(
        headers,
        [
            "block0:",
            "block1 depth 1:",
            "block2 depth 2:",
            "block3 depth 2:",
            "block4 depth 1:",
            "block5:",
            "block6:",
            "block7:"
        ]
    );
}

#[test]
fn straight_ways_are_one_block() {
    let text = "\
block0:
v0: ptr = frame
jump block1
block1:
v1: bool = iconst 1
jump block2
block2:
branch v1, block2, block3
block3:
jump block4
block4 cold:
jump block5
block5 cold:
leave next";
    insta::assert_snapshot!(run(straighten, text), @r"
    block0:
        v0: ptr = frame
        v1: bool = iconst 1
        jump block2
    block1:
    block2:
        branch v1, block2, block3
    block3:
        jump block4
    block4 cold:
        leave next
    block5 cold:
    ");
}

/// What counts are left of a block between the load of two objects and the end.
fn counts(insts: &str) -> Vec<String> {
    let text = format!(
        "block0:\nv0: ptr = frame\nv1: obj = load v0[80]\nv2: obj = load v0[88]\nv3: bool = iconst 1\n{insts}\nleave next @state9\n\
         state0:\nframe 1: locals [v1 clean, v2 clean], stack [v1]\n\
         state1:\nframe 1: locals [v1 clean, v2 clean], stack []\n\
         state9:"
    );
    let left = run(cancel_pairs, &text);
    left.lines()
        .map(str::trim)
        .filter(|l| ["retain", "release", "guard", "frame 1"].iter().any(|w| l.starts_with(w)))
        .map(str::to_owned)
        .collect()
}

#[test]
fn counts_that_cancel_go() {
    assert_eq!(counts("retain v1\nv4: f64 = float_value v1\nrelease v1 @state1"), [""; 0]);
    assert_eq!(counts("retain v1\nretain v2\nrelease_plain v2\nrelease_plain v1"), [""; 0]);
    // An exit in between that hands the reference to the stack takes one of its own.
    assert_eq!(
        counts("retain v1\nguard v3, type @state0\nrelease v1 @state1"),
        ["guard v3, type @state10", "frame 1: locals [v1 clean, v2 clean], stack [v1 borrowed]"]
    );
}

#[test]
fn counts_cancel_where_ways_meet_again() {
    // One way asks for more room, as `append` does; nothing drops a reference on either.
    let text = |between: &str, arg: &str| {
        format!(
            "block0:
v0: ptr = frame
v1: obj = load v0[80]
v2: obj = load v0[88]
v3: bool = iconst 1
retain v1
branch v3, block1, block2 @state0
block1 cold:
v4: i32 = call MakeRoom(v2) @state0
jump block3
block2:
{between}
jump block3{arg}
block3:
store v2, v0[96]
release v1 @state0
leave next @state1
state0:
frame 1: locals [v1 clean, v2 clean], stack [v1]
state1:
frame 1: locals [v1 clean, v2 clean], stack []"
        )
    };
    let left = |text: &str| run(cancel_pairs, text).matches("retain v1").count();
    assert_eq!(left(&text("v5: f64 = float_value v1", "")), 0);
    assert_eq!(left(&text("release v2 @state0", "")), 1);
    assert_eq!(left(&text("store v1, v0[104]", "")), 1);
    // Dropped on one way, and on the other one behind it.
    assert_eq!(left(&text("release v1 @state0\nretain v1", "")), 2);
}

#[test]
fn counts_cancel_where_every_way_drops_the_reference() {
    // As a function with two returns does with its caller's callable.
    let text = |first: &str, second: &str| {
        format!(
            "block0:
v0: ptr = frame
v1: obj = load v0[80]
v2: obj = load v0[88]
v3: bool = iconst 1
retain v1
branch v3, block1, block2 @state0
block1:
{first}
block2:
{second}
block3:
leave next @state1
state0:
frame 1: locals [v1 clean, v2 clean], stack [v1]
state1:
frame 1: locals [v1 clean, v2 clean], stack []"
        )
    };
    let left = |text: &str| run(cancel_pairs, text);
    let both = left(&text("release v1 @state0\nleave next @state1", "release v1 @state0\nleave next @state1"));
    assert!(!both.contains("retain v1") && !both.contains("release v1"), "{both}");
    let exits = left(&text("release v1 @state0\nleave next @state1", "leave miss @state0"));
    assert!(!exits.contains("retain v1") && exits.contains("stack [v1 borrowed]"), "{exits}");
    // One that is in the way, one that keeps it, and one that others lead to, too.
    for second in [
        "release v2 @state0\nrelease v1 @state0\nleave next @state1",
        "store v1, v0[96] @state0\nleave next @state1",
        "jump block3",
    ] {
        let kept = left(&text("release v1 @state0\njump block3", second));
        assert!(kept.contains("retain v1") && kept.contains("release v1"), "{kept}");
    }
}

#[test]
fn counts_of_what_ways_merge_cancel() {
    // What an inlined method returns on one of two ways, and an attribute is loaded from.
    let text = |first: &str, end: &str| {
        format!(
            "block0:
v0: ptr = frame
v1: obj = load v0[80]
v2: obj = load v0[88]
v3: bool = iconst 1
branch v3, block1, block2 @state0
block1:
{first}
jump block3(v1) @state1
block2:
retain v2
jump block3(v2) @state2
block3(v4: obj):
v5: obj = load v4[24]
guard v3, type @state3
{end}
leave next @state0
state0:
frame 1: locals [v1 clean, v2 clean], stack []
state1:
frame 1: locals [v1 clean, v2 clean], stack [v1]
state2:
frame 1: locals [v1 clean, v2 clean], stack [v2]
state3:
frame 1: locals [v1 clean, v2 clean], stack [v4]"
        )
    };
    let left = |first: &str, end: &str| run(cancel_pairs, &text(first, end));
    let all = left("retain v1", "release v4 @state3");
    assert!(!all.contains("retain") && !all.contains("release"), "{all}");
    assert!(["v1", "v2", "v4"].iter().all(|value| all.contains(&format!("stack [{value} borrowed]"))), "{all}");
    // It may be the last reference, one that was there, or is still counted on.
    for (first, end) in [
        ("", "release v4 @state3"),
        ("retain v1\nrelease v2 @state1", "release v4 @state3"),
        ("retain v1", "store v4, v0[96] @state3"),
        ("retain v1", "release v1 @state3\nrelease v4 @state3"),
    ] {
        let kept = left(first, end);
        assert!(kept.contains("retain v2"), "{kept}");
    }
}

#[test]
fn what_turns_out_to_be_a_bool_needs_no_counts() {
    let text = "block0:
v0: ptr = frame
v1: obj = load v0[80]
v2: obj = load v1[24]
retain v2
guard_exact v2, BoolType @state0
store v2, v0[88]
leave next @state1
state0:
frame 1: locals [v1 clean, v2], stack []
state1:
frame 1: locals [v1 clean, v2 clean], stack []";
    let left = run(cancel_pairs, text);
    assert!(!left.contains("retain") && left.contains("locals [v1 clean, v2 borrowed]"), "{left}");
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
fn a_list_whose_items_are_exchanged_keeps_its_reference() {
    let text = "\
block0:
v0: ptr = frame
v1: obj = load v0[80]
v2: obj = load v0[88]
v3: i64 = iconst 0
v4: i32 = iconst 0
retain v1
v5: i32 = call ExchangeSlice(v1, v2, v3, v3)
v6: bool = eq v5, v4
branch v6, block1, block2
block1:
release v1 @state0
leave next @state0
block2:
release v1 @state0
leave next @state0
state0:
frame 1: locals [v1 clean, v2 clean], stack []";
    let left = run(cancel_pairs, text);
    assert_eq!((left.matches("retain v1").count(), left.matches("release v1").count()), (1, 2), "{left}");
}

#[test]
fn counts_with_something_in_between_stay() {
    for between in [
        // May be the last owner of the object, or run code that is.
        "release v2 @state1",
        "release_plain v2",
        "v4: obj = call_pointer v0(v2)",
        "call ListIteratorEnd(v2)",
        // The reference is stored.
        "store v1, v0[96]",
    ] {
        let left = counts(&format!("retain v1\n{between}\nrelease v1 @state1"));
        assert_eq!(left.first().map(String::as_str), Some("retain v1"), "{between}");
        assert!(left.contains(&"release v1 @state1".to_owned()), "{between}");
    }
    // Where the exit in between owns nothing, the reference would be lost.
    assert!(counts("retain v1\nguard v3, type @state1\nrelease v1 @state1").contains(&"retain v1".to_owned()));
    // In the other order they are not a pair.
    assert_eq!(counts("release v1 @state1\nretain v1")[0], "release v1 @state1");
}

#[test]
fn a_parameter_that_exits_find_in_memory_keeps_its_object() {
    let loops = |slot: &str| {
        float_loop("", "").replace("state1:\nframe 4: locals [v3]", &format!("state1:\nframe 4: locals [{slot}]"))
    };
    assert!(run(unbox, &loops("v3")).contains("block1(v3: f64 FloatType)"));
    assert!(run(unbox, &loops("v3 clean")).contains("block1(v3: obj FloatType)"));
}

/// A function that makes an instance, with a state that holds it in a local.
fn with_instance(body: &str) -> String {
    format!(
        "block0:\n\
         v0: ptr = frame\nv1: obj = load v0[80]\nv2: obj = iconst 4096\n\
         v3: obj = call NewInstance(v2) @state0\n\
         v4: obj = iconst 0\nv5: bool = eq v3, v4\nerror_if v5 @state0\n{body}\n\
         release_plain v3\nleave next @state0\n\
         state0:\nframe 3: locals [v1 clean], stack []\n\
         state1:\nframe 4: locals [v3, v3], stack [v3 borrowed]\nfield v3[24] = v1 attribute"
    )
}

#[test]
fn an_instance_that_only_exits_need_is_not_made() {
    let text = run(drop_instances, &with_instance("retain v3\nguard_exact v1, IntType @state1"));
    assert!(text.contains("v3: obj = instance v2"), "{text}");
    assert!(text.contains("guard_exact v1, IntType @state1"), "{text}");
    for gone in ["NewInstance", "retain", "release_plain", "error_if"] {
        assert!(!text.contains(gone), "{gone} in {text}");
    }
}

#[test]
fn an_instance_is_no_other_object() {
    let text =
        run(drop_instances, &with_instance("v6: bool = eq v1, v3\nv7: bool = ne v3, v1\nguard v7, value @state1"));
    assert!(text.contains("v6: bool = iconst 0"), "{text}");
    assert!(text.contains("v7: bool = iconst 1"), "{text}");
    assert!(!text.contains("guard "), "{text}");
}

#[test]
fn an_instance_that_memory_gets_or_shows_is_made() {
    for body in ["store v3, v0[80]", "store v1, v3[24]", "v6: ptr = as_ptr v3", "v6: i32 = load v3[0]"] {
        let text = run(drop_instances, &with_instance(body));
        assert!(text.contains("NewInstance"), "{text}");
        assert!(text.contains("release_plain v3"), "{text}");
    }
}

/// A loop's iterator, with a state that holds it on the stack, and its position.
fn with_iterator(body: &str) -> String {
    format!(
        "block0:\n\
         v0: ptr = frame\nv1: obj = load v0[80]\nv2: i64 = iconst 3\n\
         v3: obj = call NewSequenceIterator(v1) @state0\n\
         v4: obj = iconst 0\nv5: bool = eq v3, v4\nerror_if v5 @state0\n{body}\n\
         release v3 @state1\nleave next @state0\n\
         state0:\nframe 3: locals [v1 clean], stack []\n\
         state1:\nframe 4: locals [v1 clean], stack [v3]\nfield v3[16] = v2"
    )
}

#[test]
fn an_iterator_that_only_exits_need_is_not_made_and_its_references_are_to_the_list() {
    let text = run(drop_instances, &with_iterator("guard_exact v1, ListType @state1"));
    for there in ["retain v1", "v3: obj = late_iterator v1", "guard_exact v1, ListType @state1", "release v1"] {
        assert!(text.contains(there), "{there} in {text}");
    }
    for gone in ["NewSequenceIterator", "error_if", "release v3", "release v1 @state1"] {
        assert!(!text.contains(gone), "{gone} in {text}");
    }
}

#[test]
fn an_iterator_that_memory_gets_is_made() {
    for body in ["store v3, v0[80]", "store v2, v3[16]", "v6: i32 = load v3[0]"] {
        let text = run(drop_instances, &with_iterator(body));
        assert!(text.contains("NewSequenceIterator") && text.contains("release v3"), "{text}");
    }
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
