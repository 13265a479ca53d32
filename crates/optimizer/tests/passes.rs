//! Passes on texts: what goes in, what comes out. Here those on blocks and their parameters, and on what nobody needs.

mod support;

use support::run;
use whipsnake_optimizer::passes::{find_depths, remove_dead, remove_dead_but_states, straighten};

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
