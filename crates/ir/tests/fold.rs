//! What the builder of a region does not build, since it is known.

use whipsnake_ir::{Builder, Condition, Function, Global, MissReason, Region, State, Type, UnaryOp, Value, ValueDef};

/// Builds a region with the frame as v0 and two unknown objects, v1 and v2; gives its instructions after these.
fn built(build: impl FnOnce(&mut Builder<'_>, Value, Value)) -> Vec<String> {
    let mut function = Function::new("f");
    let mut b = Builder::region(&mut function, Region::new(State::default()));
    let frame = b.frame();
    let (first, second) = (b.load(Type::Obj, frame, 80), b.load(Type::Obj, frame, 88));
    build(&mut b, first, second);
    function.to_string().lines().skip(5).filter(|l| *l != "}").map(|l| l.trim().to_owned()).collect()
}

fn constant(b: &Builder<'_>, value: Value) -> Option<i64> {
    match b.func.def(value) {
        ValueDef::Result(inst, _) => match b.func.inst(inst) {
            whipsnake_ir::InstData::Iconst { value, .. } => Some(*value),
            _ => None,
        },
        ValueDef::Param(..) => None,
    }
}

/// Compares the type of an object with a named one.
fn is_type(b: &mut Builder<'_>, value: Value, class: Global) -> Value {
    let found = b.type_of(value);
    let class = b.global(class);
    let class = b.unary(UnaryOp::AsPtr, class);
    b.compare(Condition::Eq, found, class)
}

#[test]
fn constants_compare() {
    built(|b, _, _| {
        for (condition, x, y, expected) in [
            (Condition::Lt, 3, 5, 1),
            (Condition::Lt, -3, 5, 1),
            (Condition::LtU, -3, 5, 0),
            (Condition::Ge, 5, 5, 1),
            (Condition::Ne, 5, 5, 0),
        ] {
            let x = b.iconst(Type::I64, x);
            let found = b.compare_const(condition, x, y);
            assert_eq!(constant(b, found), Some(expected), "{condition:?}");
        }
        // The same 32 bits, written as signed and as unsigned.
        let (signed, unsigned) = (b.iconst(Type::I32, -1), b.iconst(Type::I32, u32::MAX.into()));
        let found = b.compare(Condition::Eq, signed, unsigned);
        assert_eq!(constant(b, found), Some(1));
    });
}

#[test]
fn constants_widen() {
    built(|b, _, _| {
        for (op, ty, value, expected) in [
            (UnaryOp::ExtendS, Type::I32, -1, -1),
            (UnaryOp::ExtendS, Type::I32, u32::MAX.into(), -1),
            (UnaryOp::ExtendU, Type::I32, -1, u32::MAX.into()),
            (UnaryOp::ExtendU, Type::I8, -1, 255),
            (UnaryOp::ExtendS, Type::I8, 255, -1),
            (UnaryOp::ExtendU, Type::Bool, 1, 1),
            (UnaryOp::Truncate, Type::I64, 1 << 32 | 7, 7),
            (UnaryOp::Truncate, Type::I64, 0xffff_ffff, -1),
        ] {
            let value = b.iconst(ty, value);
            let found = b.unary(op, value);
            assert_eq!(constant(b, found), Some(expected), "{op:?} {ty}");
        }
    });
}

#[test]
fn guards_on_constants_are_none_or_leave() {
    let lines = built(|b, _, _| {
        let yes = b.iconst(Type::Bool, 1);
        b.guard(yes, MissReason::Type);
        let no = b.iconst(Type::Bool, 0);
        b.guard(no, MissReason::Type);
        assert!(b.knowledge().unwrap().dead);
    });
    assert_eq!(lines, ["v3: bool = iconst 1", "v4: bool = iconst 0", "leave miss", "block1:"]);
}

#[test]
fn a_type_is_guarded_once() {
    let lines = built(|b, first, _| {
        b.guard_exact(first, Global::IntType);
        b.guard_exact(first, Global::IntType);
        let (int, float) = (is_type(b, first, Global::IntType), is_type(b, first, Global::FloatType));
        assert_eq!((constant(b, int), constant(b, float)), (Some(1), Some(0)));
        let null = b.is_null(first);
        assert_eq!(constant(b, null), Some(0));
        b.guard_exact(first, Global::FloatType);
        assert!(b.knowledge().unwrap().dead);
    });
    assert_eq!(lines.iter().filter(|l| l.starts_with("guard_exact")).count(), 1, "{lines:?}");
    assert!(!lines.iter().any(|l| l.contains("load")), "{lines:?}");
}

#[test]
fn a_comparison_with_a_type_teaches_the_way_where_it_holds() {
    built(|b, first, _| {
        let (yes, no) = (b.block(), b.block());
        let same = is_type(b, first, Global::FloatType);
        b.branch(same, yes, no);
        b.switch_to(yes);
        assert_eq!(b.knowledge().unwrap().known(first).class, Some(Global::FloatType));
        b.switch_to(no);
        assert_eq!(b.knowledge().unwrap().known(first).class, None);
    });
}

#[test]
fn a_comparison_with_null_teaches_both_ways() {
    built(|b, first, second| {
        let (null, some) = (b.block(), b.block());
        let is_null = b.is_null(first);
        b.branch(is_null, null, some);
        b.switch_to(null);
        assert!(!b.knowledge().unwrap().known(first).present);
        b.switch_to(some);
        assert!(b.knowledge().unwrap().known(first).present);
        assert!(!b.knowledge().unwrap().known(second).present);
    });
}

#[test]
fn a_truth_value_that_is_compared_again_is_its_condition() {
    built(|b, first, second| {
        let condition = b.compare(Condition::Eq, first, second);
        let object = b.bool_object(condition);
        let (yes, no, none) = (b.global(Global::True), b.global(Global::False), b.global(Global::None));
        assert_eq!(b.compare(Condition::Eq, object, yes), condition);
        assert_eq!(b.compare(Condition::Ne, object, no), condition);
        for inverse in [b.compare(Condition::Ne, object, yes), b.compare(Condition::Eq, object, no)] {
            let ValueDef::Result(inst, _) = b.func.def(inverse) else { panic!("a comparison") };
            assert_eq!(b.func.display_inst(inst).split(" = ").last(), Some("ne v1, v2"));
        }
        let is_none = b.compare(Condition::Eq, object, none);
        assert_eq!(constant(b, is_none), Some(0));
        let is_some = b.compare(Condition::Ne, object, none);
        assert_eq!(constant(b, is_some), Some(1));
    });
}

#[test]
fn the_inverse_of_a_float_comparison_holds_for_nan() {
    built(|b, first, second| {
        let (x, y) = (b.float_value(first), b.float_value(second));
        let condition = b.float_compare(whipsnake_ir::FloatCondition::Lt, x, y);
        let object = b.bool_object(condition);
        let no = b.global(Global::False);
        // Not `x >= y`: with NaN neither holds.
        let inverse = b.compare(Condition::Eq, object, no);
        let ValueDef::Result(inst, _) = b.func.def(inverse) else { panic!("a comparison") };
        assert!(b.func.display_inst(inst).contains(&format!("eq {condition}, ")));
    });
}

#[test]
fn a_selection_by_a_constant_is_none() {
    built(|b, first, second| {
        let (yes, no) = (b.iconst(Type::Bool, 1), b.iconst(Type::Bool, 0));
        assert_eq!(b.select(yes, first, second), first);
        assert_eq!(b.select(no, first, second), second);
        b.guard_exact(first, Global::IntType);
        let unknown = b.compare(Condition::Eq, first, second);
        let either = b.select(unknown, first, second);
        assert_eq!(b.knowledge().unwrap().known(either).class, None);
        b.guard_exact(second, Global::IntType);
        let either = b.select(unknown, first, second);
        assert_eq!(b.knowledge().unwrap().known(either).class, Some(Global::IntType));
    });
}

#[test]
fn the_number_of_a_new_object_is_at_hand() {
    let lines = built(|b, first, _| {
        b.guard_exact(first, Global::FloatType);
        let number = b.float_value(first);
        assert_eq!(b.float_value(first), number);
        let object = b.new_float(number, &[first]);
        assert_eq!(b.float_value(object), number);
        b.guard_exact(object, Global::FloatType);
    });
    assert_eq!(
        lines,
        [
            "guard_exact v1, FloatType",
            "v3: f64 = float_value v1",
            "v4: obj = new_float v3, reuse ()",
            "release_plain v1"
        ]
    );
}

#[test]
fn a_reference_that_was_just_added_is_not_dropped() {
    let lines = built(|b, first, second| {
        b.retain(first);
        b.retain(second);
        b.release(second);
        b.release(first);
    });
    assert!(lines.iter().all(|line| !line.contains("retain") && !line.contains("release")), "{lines:?}");
    // In between, the other one may end, and with it what holds the first.
    let lines = built(|b, first, second| {
        b.retain(first);
        b.release(second);
        b.release(first);
    });
    assert_eq!(lines.iter().filter(|line| line.contains("retain") || line.contains("release")).count(), 3, "{lines:?}");
}

#[test]
fn what_got_a_reference_is_not_null() {
    built(|b, first, second| {
        b.retain(first);
        let there = b.compare_const(Condition::Ne, first, 0);
        assert_eq!(constant(b, there), Some(1));
        let there = b.compare_const(Condition::Ne, second, 0);
        assert_eq!(constant(b, there), None);
    });
}
