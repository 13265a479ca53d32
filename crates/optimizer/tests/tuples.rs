//! Tuples that only exits need.

mod support;

use support::check;
use whipsnake_ir::{Function, parse};
use whipsnake_optimizer::passes::{cancel_pairs, put_off_tuples};

/// Two objects in v1 and v2 and a condition in v3, then `body`. State 0 has the tuple v4 on the stack; state 1 does not.
fn function(body: &str) -> Function {
    let text = format!(
        "function \"f\" {{\n\
         block0:\nv0: ptr = frame\nv1: obj = load v0[80]\nv2: obj = load v0[88]\nv3: bool = load v0[96]\n{body}\n\
         state0:\nframe 1: locals [v1 clean, v2 clean], stack [v4]\n\
         state1:\nframe 2: locals [v1 clean, v2 clean], stack []\n}}\n"
    );
    let function = parse(&text).unwrap_or_else(|e| panic!("{e}\n{text}"));
    check(&function);
    function
}

/// What the passes leave of a body that counts, makes tuples, or can exit; and the first line of states that are new.
#[track_caller]
fn left(passes: &[fn(&mut Function)], body: &str) -> Vec<String> {
    let mut function = function(body);
    for pass in passes {
        pass(&mut function);
        check(&function);
    }
    let kept = ["retain", "release", "guard", "v4", "v5", "v6", "store", "frame 1"];
    let text = function.to_string();
    let lines = text.lines().map(str::trim).filter(|line| kept.iter().any(|kept| line.starts_with(kept)));
    lines.map(str::to_owned).collect()
}

const MADE: &str = "retain v1\nretain v2\nv4: obj = new_tuple (v1, v2) @state1";

#[test]
fn a_tuple_that_only_an_exit_needs_is_put_off() {
    let body = format!(
        "{MADE}\nguard_exact v4, TupleType @state0\nguard v3, type @state0\nrelease v4 @state1\nleave next @state1"
    );
    assert_eq!(
        left(&[put_off_tuples], &body),
        [
            "retain v1",
            "retain v2",
            "v4: obj = late_tuple (v1, v2), lent 0 @state1",
            "guard v3, type @state0",
            // The last first, as the end of a tuple does it.
            "release v2 @state1",
            "release v1 @state1",
            "frame 1: locals [v1 clean, v2 clean], stack [v4]",
        ]
    );
}

#[test]
fn what_was_taken_apart_has_items_that_live_on() {
    let body = format!(
        "{MADE}\nguard_exact v4, TupleType @state0\nretain v2\nretain v1\nrelease_plain v4\nguard v3, type @state1\n\
         release v1 @state1\nrelease v2 @state1\nleave next @state1"
    );
    assert_eq!(
        left(&[put_off_tuples], &body)[..7],
        [
            "retain v1",
            "retain v2",
            "v4: obj = late_tuple (v1, v2), lent 0 @state1",
            "retain v2",
            "retain v1",
            "release_plain v2",
            "release_plain v1",
        ]
    );
}

#[test]
fn a_dict_of_names_that_only_an_exit_needs_is_put_off() {
    let made = MADE.replace("new_tuple", "new_dict");
    let body = format!(
        "{made}\nguard_exact v4, DictType @state0\nguard v3, type @state0\nrelease v4 @state1\nleave next @state1"
    );
    assert_eq!(
        left(&[put_off_tuples], &body),
        [
            "retain v1",
            "retain v2",
            "v4: obj = late_dict (v1, v2), lent 0 @state1",
            "guard v3, type @state0",
            // The last item comes first, so this is the order in which the end of a dict drops them.
            "release v2 @state1",
            "release v1 @state1",
            "frame 1: locals [v1 clean, v2 clean], stack [v4]",
        ]
    );
}

#[test]
fn a_method_that_only_an_exit_needs_is_put_off() {
    let body = "retain v1\nretain v2\nv4: obj = new_method (v1, v2) @state1\n\
                guard v3, type @state0\nrelease v4 @state1\nleave next @state1";
    assert_eq!(
        left(&[put_off_tuples, cancel_pairs], body),
        [
            "v4: obj = late_method (v1, v2), lent 0 @state1",
            "v5: obj = late_method (v1, v2), lent 2",
            "v6: obj = late_method (v1, v2), lent 3",
            "guard v3, type @state3",
            "frame 1: locals [v1 clean, v2 clean], stack [v6]",
        ]
    );
}

#[test]
fn items_that_live_on_are_lent() {
    let body = format!("{MADE}\nguard v3, type @state0\nrelease_plain v4\nleave next @state1");
    let left = left(&[put_off_tuples, cancel_pairs], &body);
    assert!(!left.iter().any(|line| line.starts_with("retain") || line.starts_with("release")), "{left:?}");
    assert!(left.iter().any(|line| line.contains("late_tuple (v1, v2), lent 3")), "{left:?}");
    let restored = left.last().expect("a state");
    assert!(
        restored.starts_with("frame 1: locals [v1 clean, v2 clean], stack [v") && !restored.contains("v4"),
        "{left:?}"
    );
}

#[test]
fn a_tuple_with_more_owners_lives_until_the_last() {
    let body = format!(
        "{MADE}\nretain v4\nrelease v4 @state0\nguard v3, type @state0\nrelease v4 @state1\nleave next @state1"
    );
    let left = left(&[put_off_tuples], &body);
    assert_eq!(left.iter().filter(|line| line.starts_with("release")).count(), 2, "{left:?}");
    assert!(left[3].starts_with("guard"), "{left:?}");
}

#[test]
fn a_tuple_in_a_tuple_is_put_off_after_it() {
    let body =
        format!("{MADE}\nretain v1\nv5: obj = new_tuple (v4, v1) @state0\nrelease v5 @state1\nleave next @state1");
    let left = left(&[put_off_tuples], &body);
    assert!(left.contains(&"v5: obj = late_tuple (v4, v1), lent 0 @state0".to_owned()), "{left:?}");
    assert!(left.contains(&"v4: obj = late_tuple (v1, v2), lent 0 @state1".to_owned()), "{left:?}");
    let ends: Vec<_> = left.iter().filter(|line| line.starts_with("release")).collect();
    assert_eq!(ends, ["release v1 @state1", "release v2 @state1", "release v1 @state1"]);
}

#[test]
fn what_somebody_sees_is_made() {
    for body in [
        // It is stored, compared, part of a call, returned.
        "store v4, v0[104]\nleave next @state1",
        "v5: bool = eq v4, v1\nguard v5, value @state0\nrelease v4 @state1\nleave next @state1",
        "v5: obj = call_pointer v0(v4)\nrelease v4 @state1\nleave next @state1",
        "leave return(v4) @state1",
        // It is merged with something else.
        "branch v3, block1(v4), block1(v1)\nblock1(v6: obj):\nrelease v6 @state1\nleave next @state1",
        // How many owners it has depends on the way.
        "branch v3, block1, block2\nblock1:\nretain v4\njump block2\nblock2:\nrelease v4 @state1\nleave next @state1",
        // Around a loop there would be another.
        "jump block1\nblock1:\nv6: i64 = iconst 1\nbranch v3, block1, block2\nblock2:\nstore v4, v0[104]\nleave next @state1",
    ] {
        let body = format!("{MADE}\n{body}");
        let left = left(&[put_off_tuples], &body);
        assert!(left.contains(&"v4: obj = new_tuple (v1, v2) @state1".to_owned()), "{left:?}");
    }
}

#[test]
fn a_tuple_ends_on_each_way() {
    let body = format!(
        "{MADE}\nbranch v3, block1, block2\nblock1:\nrelease v4 @state1\njump block3\n\
         block2:\nguard v3, type @state0\nrelease_plain v4\njump block3\nblock3:\nleave next @state1"
    );
    let left = left(&[put_off_tuples], &body);
    assert_eq!(left.iter().filter(|line| line.starts_with("release")).count(), 4, "{left:?}");
    assert!(left.iter().any(|line| line.contains("late_tuple")), "{left:?}");
}
