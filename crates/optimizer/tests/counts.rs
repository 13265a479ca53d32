//! Counts of references that cancel: what goes in, what comes out.

mod support;

use support::run;
use whipsnake_optimizer::passes::cancel_pairs;

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
        // A class's reference, which the store hands over.
        "v4: obj, v5: i64 = call PutVariable(v2, v2, v2)\nrelease v4 @state1",
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
