//! What the verifier accepts and rejects.

use whipsnake_ir::{OperationShape, VerifyError, parse, verify, verify_operation};

/// A function of the lines; lines that end in a colon start blocks.
fn function(lines: &str) -> whipsnake_ir::Function {
    let text = format!("function \"f\" {{\n{lines}\n}}\n");
    parse(&text).unwrap_or_else(|e| panic!("{e}\n{text}"))
}

fn messages(result: Result<(), Vec<VerifyError>>) -> Vec<String> {
    result.err().into_iter().flatten().map(|e| e.to_string()).collect()
}

#[track_caller]
fn rejects(lines: &str, expected: &[&str]) {
    assert_eq!(messages(verify(&function(lines))), expected);
}

/// What the operation's rules say; inputs from `keeps` on that are not in `borrowed` are owned.
#[track_caller]
fn operation(keeps: u8, borrowed: u8, lines: &str, expected: &[&str]) {
    assert_eq!(messages(verify_operation(&function(lines), OperationShape { keeps, borrowed })), expected);
}

#[test]
fn structure() {
    rejects("", &["`function \"f\"`: there is no block to start at"]);
    rejects("block0:", &["`block0:`: the block is empty"]);
    rejects("block0:\nleave next\nleave next", &["block0: `leave next`: a terminator before the end of its block"]);
    rejects("block0:\nsave_instr", &["block0: `save_instr`: the block does not end in a terminator"]);
    rejects("block0:\njump block0", &["block0: `jump block0`: nothing may jump to the first block"]);
    rejects("block0:\njump block7", &["block0: `jump block7`: there is no block7"]);
    rejects("block0(v0: obj):\nleave next", &["`block0(v0: obj):`: the first block can have no parameters"]);
    rejects("block0:\nleave finish_return(v9)", &["block0: `leave finish_return(v9)`: there is no v9"]);
}

#[test]
fn definitions_dominate_uses() {
    // Block order is free.
    rejects("block0:\njump block2\nblock1:\nretain v0\nleave next\nblock2:\nv0: obj = input 0\njump block1", &[]);
    rejects(
        "block0:\nretain v0\nv0: obj = input 0\nleave next",
        &["block0: `retain v0`: v0 is used before it is defined"],
    );
    rejects(
        "block0:\nv0: bool = iconst 1\nbranch v0, block1, block2\nblock1:\nv1: obj = input 0\njump block2\nblock2:\nretain v1\nleave next",
        &["block2: `retain v1`: v1 is defined in block1, which not every way here passes"],
    );
    // A loop: the header dominates the body and what follows.
    rejects(
        "block0:\nv0: i64 = iconst 0\njump block1(v0)\nblock1(v1: i64):\nv2: i64 = add v1, v0\nv3: bool = lt v2, v1\n\
         branch v3, block1(v2), block2\nblock2:\nv4: i64 = add v2, v1\nleave next",
        &[],
    );
    // Where nothing gets, anything goes.
    rejects("block0:\nleave next\nblock1:\nretain v0\njump block2\nblock2:\nv0: obj = input 0\nleave next", &[]);
    // The number exists, but a gap in the text defines nothing.
    rejects("block0:\nv1: i64 = neg v0\nleave next", &["block0: `v1: i64 = neg v0`: v0 is not defined"]);
}

#[test]
fn blocks_that_nothing_reaches_may_be_empty() {
    rejects("block0:\nleave next\nblock1:", &[]);
    rejects("block0:\nleave next\nblock1(v0: obj):", &["`block1(v0: obj):`: the block is empty"]);
    rejects("block0:\njump block1\nblock1:", &["`block1:`: the block is empty"]);
}

#[test]
fn exits_need_values_that_are_there() {
    let state = |slot: &str| format!("state0:\nframe 0: locals [{slot}], stack []\nfield v0[16] = v0");
    let with = |line: &str, slot: &str| {
        format!(
            "block0:\nv0: obj = input 0\nv1: bool = iconst 1\n{line} @state0\nv2: f64 = float_value v0\nleave next\n{}",
            state(slot)
        )
    };
    rejects(&with("guard v1, type", "v0"), &[]);
    rejects(&with("guard v1, type", "null"), &[]);
    let guard = "block0: `guard v1, type @state0`: ";
    rejects(&with("guard v1, type", "v2"), &[&format!("{guard}v2 is used before it is defined")]);
    rejects(&with("guard v1, type", "v7"), &[&format!("{guard}there is no v7, which the exit needs")]);
    rejects(&with("guard v1, type", "v1"), &[&format!("{guard}v1 is bool, expected i64 or f64 or obj")]);
    // Memory has it, or there is no exit.
    rejects(&with("guard v1, type", "v7 clean"), &[]);
    rejects(&with("store v0, v0[8]", "v2"), &[]);
}

#[test]
fn types() {
    let with_values = |line: &str| {
        format!(
            "block0:\nv0: obj = input 0\nv1: i64 = iconst 1\nv2: f64 = fconst 1\nv3: bool = iconst 1\nv4: ptr = frame\nv5: i32 = iconst 1\n{line}\nleave next"
        )
    };
    let cases = [
        ("retain v1", "v1 is i64, expected obj"),
        ("v9: i64 = add v1, v5", "v5 is i32, expected i64"),
        ("v9: i64 = fadd v1, v1", "v1 is i64, expected f64"),
        ("v9: i32 = add v1, v1", "results are (i32), expected (i64)"),
        ("v9: bool = not v3", "v3 is bool, expected i32 or i64"),
        ("v9: bool = eq v1, v5", "v1 is i64, but v5 is i32"),
        ("v9: bool = iconst 2", "2 is no bool"),
        ("v9: obj = load v1[0]", "v1 is i64, expected ptr or obj"),
        ("guard v1, type", "v1 is i64, expected bool"),
        ("guard_exact v0, None", "None is not a type"),
        ("v9: obj = call NewFloat(v1)", "v1 is i64, expected f64"),
        ("v9: obj = call NewFloat()", "NewFloat takes 1 arguments, not 0"),
        ("call NewFloat(v2)", "results are (), expected (obj)"),
        ("v9: i64 = overflowing and v1, v1", "`and` has no overflowing form"),
        ("v9: obj = input 4", "there is no input 4"),
        ("v9: obj = select v3, v0, v1", "v1 is i64, expected obj"),
    ];
    for (line, expected) in cases {
        let found = messages(verify(&function(&with_values(line))));
        assert!(found.iter().any(|m| m.ends_with(&format!(": {expected}"))), "{line}: {found:?}");
    }
    assert_eq!(messages(verify(&function(&with_values("v9: bool = ne v0, v4")))), [""; 0]);
}

#[test]
fn blocks_and_continuations() {
    rejects(
        "block0:\nv0: i64 = iconst 0\njump block1\nblock1(v1: i64):\nleave next",
        &["block0: `jump block1`: block1 takes 1 arguments, not 0"],
    );
    rejects(
        "block0:\nv0: f64 = fconst 0\njump block1(v0)\nblock1(v1: i64):\nleave next",
        &["block0: `jump block1(v0)`: v0 is f64, expected i64"],
    );
    rejects(
        "block0:\nv0: bool = iconst 1\nv1: obj = input 0\nbranch v0, block1, block2\nblock1:\nleave next\nblock2:\nleave next(v1)",
        &["block2: `leave next(v1)`: `next` is left to with a value and without one in one function"],
    );
    rejects("block0:\nv0: obj = input 0\nleave miss(v0)", &["block0: `leave miss(v0)`: `miss` takes no value"]);
    rejects("block0:\nleave finish_return", &["block0: `leave finish_return`: `finish_return` takes a value"]);
}

#[test]
fn nothing_changes_before_a_guard() {
    operation(
        0,
        0,
        "block0:\nv0: obj = input 0\nrelease v0\nguard_exact v0, IntType\nleave next",
        &[
            "block0: `guard_exact v0, IntType`: a guard after dropping a reference: nothing may be consumed or changed before",
        ],
    );
    // On one of two ways.
    operation(
        0,
        0,
        "block0:\nv0: bool = iconst 1\nv1: ptr = frame\nbranch v0, block1, block2\nblock1:\nstore v1, v1[8]\njump block2\nblock2:\n\
         guard v0, value\nleave next",
        &["block2: `guard v0, value`: a guard after a store: nothing may be consumed or changed before"],
    );
}

#[test]
fn inputs_are_consumed_once() {
    let leak = "block0: `leave next`: input 0 is not consumed on some way here";
    operation(0, 0, "block0:\nv0: obj = input 0\nleave next", &[leak]);
    operation(0, 1, "block0:\nv0: obj = input 0\nleave next", &[]);
    operation(1, 0, "block0:\nv0: obj = input 0\nleave next", &[]);
    operation(0, 0, "block0:\nv0: obj = input 0\nrelease v0\nleave next", &[]);
    operation(
        0,
        0,
        "block0:\nv0: obj = input 0\nrelease v0\nrelease v0\nleave next",
        &["block0: `release v0`: input 0 was consumed before on some way here"],
    );
    operation(
        0,
        1,
        "block0:\nv0: obj = input 0\nrelease v0\nleave next",
        &["block0: `release v0`: input 0 is borrowed; take or retain it first"],
    );
    // Storing hands the reference on.
    operation(0, 0, "block0:\nv0: obj = input 0\nv1: ptr = frame\nstore v0, v1[local]\nleave next", &[]);
    operation(0, 1, "block0:\nv0: obj = input 0\nv1: ptr = frame\nretain v0\nstore v0, v1[local]\nleave next", &[]);
    // So does reusing the storage.
    operation(
        0,
        0,
        "block0:\nv0: obj = input 0\nv1: f64 = fconst 1\nv2: obj = new_float v1, reuse (v0, v0)\nleave next",
        &["block0: `v2: obj = new_float v1, reuse (v0, v0)`: input 0 was consumed before on some way here"],
    );
    // Consumed on one way only.
    operation(
        0,
        0,
        "block0:\nv0: obj = input 0\nv1: bool = iconst 1\nbranch v1, block1, block2\nblock1:\nrelease v0\njump block2\nblock2:\nleave next",
        &["block2: `leave next`: input 0 is not consumed on some way here"],
    );
    // NULL and immortal objects need not be.
    operation(
        0,
        0,
        "block0:\nv0: obj = input 0\nv1: obj = iconst 0\nv2: bool = ne v0, v1\nbranch v2, block1, block2\nblock1:\nrelease v0\njump block2\nblock2:\nleave next",
        &[],
    );
    operation(0, 0, "block0:\nv0: obj = input 0\nguard_exact v0, BoolType\nleave next", &[]);
    // A helper keeps what it is given, unless it is known to steal.
    operation(0, 0, "block0:\nv0: obj = input 0\nv1: i32 = call IsTrue(v0)\nleave next", &[leak]);
    operation(0, 0, "block0:\nv0: obj = input 0\ncall Dealloc(v0)\nleave next", &[]);
}

#[test]
fn inputs_are_whole_at_errors() {
    let start = "block0:\nv0: obj = input 0\nv1: bool = iconst 1\nv2: ptr = frame\nv3: obj = iconst 0\n";
    operation(0, 0, &format!("{start}error_if v1\nrelease v0\nleave next"), &[]);
    operation(
        0,
        0,
        &format!("{start}release v0\nerror_if v1\nleave next"),
        &["block0: `error_if v1`: input 0 was consumed on some way here, but its slot still holds it"],
    );
    // NULL in the slot is in order, if the value was read before.
    operation(
        0,
        0,
        &format!("{start}v4: obj = hold v0\nstore v3, v2[input0]\nrelease v4\nerror_if v1\nleave next"),
        &[],
    );
    operation(
        0,
        1,
        &format!("{start}retain v0\nleave exit"),
        &["block0: `leave exit`: input 0 has a reference too many on some way to here, where it could leave"],
    );
}

#[test]
fn overwritten_slots_are_not_read() {
    let swap = "block0:\nv0: obj = input 0\nv1: obj = input 1\nv2: ptr = frame\nstore v1, v2[output0]\nstore v0, v2[output1]\nleave next";
    operation(
        0,
        0,
        swap,
        &["block0: `store v0, v2[output1]`: v0 is read after its slot was overwritten; hold it before"],
    );
    let held = "block0:\nv0: obj = input 0\nv1: obj = input 1\nv3: obj = hold v0\nv2: ptr = frame\nstore v1, v2[output0]\nstore v3, v2[output1]\nleave next";
    operation(0, 0, held, &[]);
}

#[test]
fn floats_do_not_outlive_destructors() {
    let start = "block0:\nv0: obj = input 0\nv1: f64 = float_value v0\nv2: f64 = fconst 1\nv3: bool = flt v1, v2\n";
    let dead = |value: &str| format!("block0: `release v0`: the float {value} is used later, but may not survive this");
    operation(0, 0, &format!("{start}v4: ptr = frame\nstore v1, v4[8]\nrelease v0\nleave next"), &[]);
    operation(0, 0, &format!("{start}v4: ptr = frame\nrelease v0\nstore v1, v4[8]\nleave next"), &[&dead("v1")]);
    // A comparison may be made where it is used. Constants are made anew.
    let branch = "branch v3, block1, block2\nblock1:\nleave next\nblock2:\nleave target";
    operation(0, 0, &format!("{start}release v0\n{branch}"), &[&dead("v1"), &dead("v3")]);
}
