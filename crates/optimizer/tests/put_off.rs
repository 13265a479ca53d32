//! Instances and iterators that only exits need: what goes in, what comes out.

mod support;

use support::run;
use whipsnake_optimizer::passes::drop_instances;

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
