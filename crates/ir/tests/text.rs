//! The text form: every instruction, and what the parser says about mistakes.

use whipsnake_ir::{Builder, Function, Type, UnaryOp, Value, parse};

/// One of each instruction. The operations are wrong together, but each can be read.
const EVERYTHING: &str = r#"function "every \"instruction\"\n" {
block0:
    v0: i64 = iconst -9223372036854775808
    v1: f64 = fconst -0.0
    v2: f64 = fconst 1e-300
    v3: f64 = fconst 0x7ff8000000000001
    v4: i32 = operand param5
    v5: ptr = pointer const0
    v6: obj = pointer param3
    v7: obj = global FloatType
    v8: ptr = frame
    v9: ptr = thread_state
    v10: ptr = activation 24
    v11: obj = input 0
    v12: obj = received
    v13: i32 = load v11[-8]
    v14: obj = load v8[local]
    store v14, v8[output2]
    store v14, v8[param0 + 2147483647]
    store v14, v8[param0 - 2147483648]
    v15: ptr = address v8[base + 8]
    v41: obj = instance v7
    v16: f64 = fneg v1
    v17: i64 = extend_s v4
    v18: i64 = shr_u v0, v17
    v19: i64, v20: bool = overflowing mul v0, v17
    v21: bool = lt_u v0, v17
    v22: bool = fle v1, v2
    v23: obj = select v21, v11, v12
    retain v11
    release v12
    release_plain v12
    guard v21, type_version
    guard_exact v11, IntType
    error_if v22
    v24: f64 = float_value v11
    v25: obj = new_float v24, reuse (v11, v12)
    v26: i64 = int_value v11
    v27: obj = new_int v26, reuse ()
    v42: obj = new_tuple (v11, v12)
    v43: obj = late_tuple (v11, v12), lent 2
    v44: obj = new_method (v11, v12)
    v45: obj = late_method (v11, v12), lent 1
    save_instr
    v28: obj = call NewFloat(v24)
    v29: i64 = call_pointer v5(v11, v12)
    v30: i64 = unbox_int v11
    branch v21, block1(v26, v11), block2
block1(v31: i64, v40: obj) cold:
    jump block3
block2:
    enter v5, v8
block3 cold:
    enter v5, v8, v12
block4:
    leave miss
block5:
    leave finish_return(v12)
}
"#;

#[test]
fn every_instruction_reads_back() {
    let function = parse(EVERYTHING).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(function.to_string(), EVERYTHING);
    assert_eq!(function.name, "every \"instruction\"\n");
    // Numbers are kept, also across gaps.
    assert_eq!(function.ty(Value(40)), Type::Obj);
    assert_eq!(function.value_count(), 46);
}

/// What only regions have.
const REGION: &str = r#"function "region" {
block0:
    v0: ptr = frame
    v1: obj = load v0[80] @state0
    v2: f64 = float_value v1
    jump block1(v1 raw v2, v2) @state0
block1(v3: obj FloatType, v4: f64 FloatType) depth 1:
    v5: bool = iconst 1
    guard v5, type @state2
    release_plain v3
    v6: i64 = unbox_int v1 @state2
    branch v5, block1(v3 raw v4, v4), block2 @state2
block2 cold depth 2:
    release v1 @state3
    leave next @state3
block3:
state0:
    frame 3: locals [v1 clean, null clean], stack []
state2:
    frame 4: locals [v1, null], stack [v3 borrowed, v4, v3 borrowed clean]
    frame 7 of 4096: locals [], stack [null], function [v1 borrowed], globals 64, builtins 128
    frame 8: locals [], stack [], function [v1] uncounted, globals 64, builtins 128, memory v2
    field v3[16] = v6
    field v3[16] = v6 attribute
    field v3[24] = v1 clean
state3:
}
"#;

#[test]
fn regions_read_back() {
    let function = parse(REGION).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(function.to_string(), REGION);
    // States keep their numbers across gaps too.
    assert_eq!(function.states.len(), 4);
    assert_eq!(function.states[1], whipsnake_ir::ExitState::default());
    assert_eq!(function.states[2].frames.len(), 3);
    let jump = function.blocks[0].insts[3];
    assert_eq!(function.state_of(jump), Some(whipsnake_ir::StateId(0)));
    assert_eq!(function.raw(jump, Value(1)), Some(Value(2)));
    assert_eq!(function.class(Value(3)), Some(whipsnake_ir::Global::FloatType));
    assert_eq!(function.blocks.iter().map(|b| b.depth).collect::<Vec<_>>(), [0, 1, 2, 0]);
}

#[test]
fn mistakes_in_states_are_located() {
    let cases = [
        ("leave next @state0\n", "3:16: there is no state0"),
        ("leave next @state9999999\n", "3:17: state9999999 is too large a number for a state"),
        ("leave next @v0\n", "3:17: expected a state, found `v0`"),
        ("leave next\nstate0:\nstate0:\n", "5:1: state0 is defined twice"),
        ("leave next\nstate0:\nframe 1: stack []\n", "5:10: expected `locals`, found `stack`"),
        ("leave next\nstate0:\nframe 1: locals [owned], stack []\n", "5:18: expected a value, found `owned`"),
        ("leave next\nstate0:\nfield v1[local] = v2\n", "5:10: expected an offset, found `local`"),
    ];
    for (lines, expected) in cases {
        let text = format!("function \"f\" {{\nblock0:\n    {lines}}}\n");
        assert_eq!(parse(&text).unwrap_err().to_string(), expected);
    }
}

#[test]
fn comments_and_layout_do_not_matter() {
    let text = "; a comment\nfunction \"f\" { ; here too\n\nblock0  :\n v0:obj=input 0\n\n\tleave   next( v0 ) ; end\n}\n; end";
    let expected = "function \"f\" {\nblock0:\n    v0: obj = input 0\n    leave next(v0)\n}\n";
    assert_eq!(parse(text).unwrap().to_string(), expected);
}

#[test]
fn mistakes_are_located() {
    let body = |line: &str| format!("function \"f\" {{\nblock0:\n    {line}\n    leave next\n}}\n");
    let cases = [
        ("v0: obj = frobnicate 1", "3:15: there is no instruction `frobnicate`"),
        ("v0: object = input 0", "3:9: expected a type, found `object`"),
        ("retain w0", "3:12: expected a value, found `w0`"),
        ("retain v00", "3:12: expected a value, found `v00`"),
        ("retain v0, v1", "3:14: expected the end of the line, found `,`"),
        ("guard v0, weather", "3:15: expected a reason, found `weather`"),
        ("store v0, v1[input9]", "3:18: expected an offset, found `input9`"),
        ("store v0, v1[local - 2147483649]", "3:26: the offset is too large"),
        ("iconst 1", "3:5: `iconst` has a result"),
        ("v0: i64 = iconst 99999999999999999999", "3:22: expected an integer, found `99999999999999999999`"),
        ("v0: obj = input 0\n v0: obj = input 1", "4:2: v0 is defined twice"),
        ("v99999999: obj = input 0", "3:5: v99999999 is too large a number for a value"),
        (
            "v0: i64, v2: bool = overflowing add v5, v5",
            "3:5: results of one instruction must be numbered one after the other",
        ),
        ("leave next\nblock2:", "4:1: expected `block1` or `}`, found `block2`"),
        ("leave nowhere", "3:11: expected a continuation, found `nowhere`"),
        ("?", "3:5: unexpected character '?'"),
    ];
    for (line, expected) in cases {
        assert_eq!(parse(&body(line)).unwrap_err().to_string(), expected);
    }
    assert_eq!(
        parse("function \"f").unwrap_err().to_string(),
        "1:10: a quoted name that does not end or escapes badly"
    );
    assert_eq!(
        parse("function \"f\" {\nblock0:\n").unwrap_err().to_string(),
        "2:8: expected `block1` or `}`, found the end of the text"
    );
}

#[test]
fn a_built_function_prints() {
    let mut function = Function::new("double");
    let mut b = Builder::new(&mut function);
    let value = b.input(0, false);
    let null = b.is_null(value);
    let result = b.choose(
        null,
        Type::I64,
        true,
        |b| b.iconst(Type::I64, 0),
        |b| {
            let n = b.int_value(value);
            b.unary(UnaryOp::Neg, n)
        },
    );
    let object = b.new_int(result, &[value]);
    b.set_output(0, object);
    b.leave(whipsnake_ir::Continuation::Next);
    insta::assert_snapshot!(function, @r#"
    function "double" {
    block0:
        v0: obj = input 0
        v1: obj = iconst 0
        v2: bool = eq v0, v1
        branch v2, block1, block2
    block1:
        v4: i64 = iconst 0
        jump block3(v4)
    block2 cold:
        v5: i64 = int_value v0
        v6: i64 = neg v5
        jump block3(v6)
    block3(v3: i64):
        v7: obj = new_int v3, reuse (v0)
        v8: ptr = frame
        store v7, v8[output0]
        leave next
    }
    "#);
}

#[test]
fn the_documentation_names_everything() {
    use whipsnake_ir::{BinaryOp, Condition, Continuation, FloatCondition};
    let page = include_str!("../../../docs/ir.md");
    let words: std::collections::HashSet<&str> = page.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
    let instructions =
        EVERYTHING.lines().filter_map(|line| line.strip_prefix("    ")?.rsplit(" = ").next()?.split(' ').next());
    let operations = BinaryOp::ALL.iter().map(|o| o.name()).chain(UnaryOp::ALL.iter().map(|o| o.name()));
    let conditions = Condition::ALL.iter().map(|c| c.name()).chain(FloatCondition::ALL.iter().map(|c| c.name()));
    let continuations = Continuation::ALL.iter().map(|c| c.name());
    let types = Type::ALL.iter().map(|t| t.name());
    let missing: Vec<&str> = instructions
        .chain(operations)
        .chain(conditions)
        .chain(continuations)
        .chain(types)
        .filter(|name| !words.contains(name))
        .collect();
    assert!(missing.is_empty(), "docs/ir.md says nothing about {missing:?}");
}
