//! Where ways of a region meet: slots and fields, loops, exits.

use whipsnake_ir::{
    Block, Builder, Field, FrameState, Function, Global, Helper, InstData, Known, LoopPlan, Region, Slot, State, Type,
    Value,
};

/// A region with one frame whose locals are loaded from memory: v1, v2, …
fn region(function: &mut Function, locals: usize) -> (Builder<'_>, Vec<Value>) {
    let mut b = Builder::region(function, Region::new(State::default()));
    let frame = b.frame();
    let values: Vec<Value> = (0..locals).map(|index| b.load(Type::Obj, frame, 80 + 8 * index as i32)).collect();
    let slot = |&value| Slot { value: Some(value), owned: true, dirty: false };
    let frame = FrameState { unit: 1, locals: values.iter().map(slot).collect(), ..FrameState::default() };
    b.knowledge().unwrap().state.frames.push(frame);
    (b, values)
}

fn state<'a>(b: &'a mut Builder<'_>) -> &'a mut State {
    &mut b.knowledge().unwrap().state
}

fn set(b: &mut Builder<'_>, local: usize, slot: Slot) {
    state(b).frame().locals[local] = slot;
}

fn mark_exit(b: &mut Builder<'_>) {
    let mut region = std::mem::replace(b.knowledge().unwrap(), Region::new(State::default()));
    region.mark_exit(b.func);
    *b.knowledge().unwrap() = region;
}

/// Branches on an unknown condition; the builder is on the first way.
fn fork(b: &mut Builder<'_>) -> (Block, Block) {
    let (second, join) = (b.block(), b.block());
    let first = b.block();
    let thread = b.thread_state();
    let condition = b.load(Type::Bool, thread, 0);
    b.branch(condition, first, second);
    b.switch_to(first);
    (second, join)
}

fn text_of(function: &Function, block: Block) -> Vec<String> {
    function.blocks[block.index()].insts.iter().map(|&inst| function.display_inst(inst)).collect()
}

#[test]
fn slots_that_differ_become_parameters() {
    let mut function = Function::new("f");
    let (mut b, values) = region(&mut function, 3);
    let (second, join) = fork(&mut b);
    let number = b.fconst(1.0);
    let object = b.new_float(number, &[]);
    set(&mut b, 0, Slot::owned(object));
    b.jump(join, &[]);
    b.switch_to(second);
    b.guard_exact(values[0], Global::FloatType);
    b.guard_exact(values[1], Global::IntType);
    b.jump(join, &[]);
    b.switch_to(join);
    let slots = state(&mut b).frame().locals.clone();
    let param = slots[0].value.unwrap();
    // Both are floats, and memory has only one of them.
    assert_eq!(b.func.blocks[join.index()].params.as_slice(), [param]);
    assert_eq!(b.func.class(param), Some(Global::FloatType));
    let known = b.knowledge().unwrap().known(param);
    assert_eq!(known, Known { immortal: false, ..Known::exactly(Global::FloatType) });
    assert!(slots[0].dirty && !slots[1].dirty);
    // What only one way knows is not known.
    assert_eq!(slots[1].value, Some(values[1]));
    assert_eq!(b.knowledge().unwrap().known(values[1]).class, None);
    b.leave_saved(whipsnake_ir::Continuation::Next);
    assert_eq!(text_of(&function, second).last().unwrap(), &format!("jump {join}({})", values[0]));
    whipsnake_ir::verify(&function).unwrap();
}

#[test]
fn null_meets_an_object() {
    let mut function = Function::new("f");
    let (mut b, values) = region(&mut function, 1);
    let (second, join) = fork(&mut b);
    let first = b.current();
    set(&mut b, 0, Slot::NULL);
    b.jump(join, &[]);
    b.switch_to(second);
    b.jump(join, &[]);
    b.switch_to(join);
    b.leave_saved(whipsnake_ir::Continuation::Next);
    let lines = text_of(&function, first);
    assert!(lines[0].ends_with("obj = iconst 0"), "{lines:?}");
    assert_eq!(text_of(&function, second), [format!("jump {join}({})", values[0])]);
    whipsnake_ir::verify(&function).unwrap();
}

#[test]
fn a_borrowed_slot_that_meets_an_owned_one_is_retained() {
    let mut function = Function::new("f");
    let (mut b, values) = region(&mut function, 1);
    let (second, join) = fork(&mut b);
    state(&mut b).frame().stack.push(Slot::borrowed(values[0]));
    b.jump(join, &[]);
    b.switch_to(second);
    b.retain(values[0]);
    state(&mut b).frame().stack.push(Slot::owned(values[0]));
    b.jump(join, &[]);
    b.switch_to(join);
    assert_eq!(state(&mut b).frame().stack, [Slot::owned(values[0])]);
    assert!(!b.knowledge().unwrap().unsupported);
    let retains = |block: Block| text_of(&function, block).iter().filter(|l| l.starts_with("retain")).count();
    assert_eq!((retains(Block(3)), retains(second)), (1, 1));
}

#[test]
fn stacks_of_different_depths_do_not_meet() {
    let mut function = Function::new("f");
    let (mut b, values) = region(&mut function, 1);
    let (second, join) = fork(&mut b);
    state(&mut b).frame().stack.push(Slot::borrowed(values[0]));
    b.jump(join, &[]);
    b.switch_to(second);
    b.jump(join, &[]);
    b.switch_to(join);
    assert!(b.knowledge().unwrap().unsupported);
}

#[test]
fn a_field_that_one_way_has_forgotten_is_stored_on_the_other() {
    let mut function = Function::new("f");
    let (mut b, values) = region(&mut function, 1);
    b.make_private(values[0], Type::I64, 16);
    let five = b.iconst(Type::I64, 5);
    b.store(five, values[0], 16);
    let (second, join) = fork(&mut b);
    let first = b.current();
    b.jump(join, &[]);
    b.switch_to(second);
    b.expose_value(values[0]);
    b.jump(join, &[]);
    b.switch_to(join);
    assert!(state(&mut b).fields.is_empty());
    let stores = |block: Block| text_of(&function, block).iter().filter(|l| l.starts_with("store")).count();
    assert_eq!((stores(first), stores(second)), (1, 1));
}

#[test]
fn an_exit_is_that_of_its_way() {
    let mut function = Function::new("f");
    let (mut b, values) = region(&mut function, 1);
    set(&mut b, 0, Slot::owned(values[0]));
    mark_exit(&mut b);
    let (second, join) = fork(&mut b);
    // What escapes sees the locals, so that they are stored before: here only.
    b.call_void(Helper::ListIteratorEnd, &[values[0]]);
    b.release(values[0]);
    b.jump(join, &[]);
    b.switch_to(second);
    b.release(values[0]);
    b.jump(join, &[]);
    b.switch_to(join);
    b.release(values[0]);
    let dirty = |block: Block| {
        let release = |&&inst: &&whipsnake_ir::Inst| matches!(function.inst(inst), InstData::Release { .. });
        let inst = *function.blocks[block.index()].insts.iter().find(release).expect("a release");
        let state = function.state_of(inst).expect("an exit");
        function.states[state.index()].frames[0].locals[0].dirty
    };
    assert!(!dirty(Block(3)));
    assert!(dirty(second));
    assert!(dirty(join));
}

#[test]
fn an_exit_does_not_undo_what_a_callee_does_to_a_field() {
    let mut function = Function::new("f");
    let (mut b, values) = region(&mut function, 1);
    b.make_private(values[0], Type::I64, 16);
    let five = b.iconst(Type::I64, 5);
    b.store(five, values[0], 16);
    mark_exit(&mut b);
    let field = Field { object: values[0], offset: 16, value: five, dirty: true, attribute: false };
    let exit = |b: &mut Builder<'_>| b.knowledge().unwrap().exit.unwrap().index();
    let before = exit(&mut b);
    assert_eq!(b.func.states[before].fields, [field]);
    b.call_void(Helper::ListIteratorEnd, &[values[0]]);
    let after = exit(&mut b);
    assert_eq!(b.func.states[after].fields, []);
}

#[test]
fn a_loop_learns_what_it_changes() {
    let mut plan = LoopPlan::default();
    let mut rounds = vec![];
    for _ in 0..3 {
        let mut function = Function::new("f");
        let (mut b, values) = region(&mut function, 2);
        b.guard_exact(values[0], Global::IntType);
        let header = b.block();
        b.jump(header, &[]);
        let open = b.open_loop(header, &plan).expect("it is reached");
        let number = b.fconst(1.0);
        let object = b.new_float(number, &[]);
        set(&mut b, 0, Slot::owned(object));
        let settled = b.close_loop(&open, &mut plan);
        let params = b.func.blocks[header.index()].params.clone();
        rounds.push((settled, params.len(), params.first().and_then(|&p| b.func.class(p))));
    }
    // Nothing is assumed to change; then it is an int still; then anything.
    assert_eq!(rounds, [(false, 0, None), (false, 1, Some(Global::IntType)), (true, 1, None)]);
    assert!(!plan.slots.contains_key(&1));
}

#[test]
fn a_loop_carries_fields() {
    let mut plan = LoopPlan::default();
    for expected in [false, true] {
        let mut function = Function::new("f");
        let (mut b, values) = region(&mut function, 1);
        b.make_private(values[0], Type::I64, 16);
        let header = b.block();
        b.jump(header, &[]);
        let open = b.open_loop(header, &plan).expect("it is reached");
        let index = b.load(Type::I64, values[0], 16);
        let next = b.binary_const(whipsnake_ir::BinaryOp::Add, index, 1);
        b.store(next, values[0], 16);
        assert_eq!(b.close_loop(&open, &mut plan), expected);
        if expected {
            assert!(text_of(&function, header).iter().all(|l| !l.contains("load") && !l.contains("store")));
            whipsnake_ir::verify(&function).unwrap();
        }
    }
    assert_eq!(plan.fields, [0]);
}

#[test]
fn a_loop_that_exposes_an_object_does_not_keep_its_fields() {
    let mut plan = LoopPlan::default();
    for expected in [false, true] {
        let mut function = Function::new("f");
        let (mut b, values) = region(&mut function, 1);
        b.make_private(values[0], Type::I64, 16);
        let header = b.block();
        b.jump(header, &[]);
        let open = b.open_loop(header, &plan).expect("it is reached");
        b.expose_value(values[0]);
        assert_eq!(b.close_loop(&open, &mut plan), expected);
    }
    assert_eq!(plan.exposed, [0]);
}
