//! Instances that nobody else has seen: their attributes are values until somebody looks.

use whipsnake_ir::{Block, Builder, FrameState, Function, Helper, Instance, Keeps, Region, Slot, State, Type, Value};

/// A region with one frame whose locals are loaded from memory, and an instance in one more.
fn region(function: &mut Function) -> (Builder<'_>, Value, [Value; 2]) {
    let mut b = Builder::region(function, Region::new(State::default()));
    let frame = b.frame();
    let values = [80, 88].map(|offset| b.load(Type::Obj, frame, offset));
    let class = b.iconst(Type::Obj, 4096);
    let instance = b.call(Helper::NewInstance, &[class]);
    b.keep_instance(instance, class, Keeps::Inside);
    let slot = |value| Slot { value: Some(value), owned: true, dirty: true };
    let locals = vec![slot(values[0]), slot(values[1]), slot(instance)];
    let frame = FrameState { unit: 1, locals, ..FrameState::default() };
    b.knowledge().unwrap().state.frames.push(frame);
    (b, instance, values)
}

fn instances<'a>(b: &'a mut Builder<'_>) -> &'a [Instance] {
    &b.knowledge().unwrap().state.instances
}

fn text_of(function: &Function, block: Block) -> Vec<String> {
    function.blocks[block.index()].insts.iter().map(|&inst| function.display_inst(inst)).collect()
}

fn has(function: &Function, block: Block, wanted: &str) -> bool {
    text_of(function, block).iter().any(|text| text.contains(wanted))
}

#[test]
fn what_was_set_is_read_without_memory() {
    let mut function = Function::new("f");
    let (mut b, instance, values) = region(&mut function);
    assert!(b.put_attribute(instance, 24.into(), values[0]));
    assert_eq!(b.load(Type::Obj, instance, 24), values[0]);
    let unset = b.load(Type::Obj, instance, 32);
    let null = b.is_null(unset);
    b.guard(null, whipsnake_ir::MissReason::Missing);
    let here = b.current();
    assert!(!has(&function, here, "store"));
    assert!(!has(&function, here, "guard"));
}

#[test]
fn an_instance_that_ends_drops_what_it_holds() {
    let mut function = Function::new("f");
    let (mut b, instance, values) = region(&mut function);
    assert!(b.put_attribute(instance, 24.into(), values[0]));
    b.retain(instance);
    b.release(instance);
    assert_eq!(instances(&mut b).len(), 1);
    b.release(instance);
    assert!(instances(&mut b).is_empty());
    let here = b.current();
    let text = text_of(&function, here);
    let [.., end, value] = &text[..] else { panic!("{text:?}") };
    assert_eq!([end.clone(), value.clone()], [format!("release_plain {instance}"), format!("release {}", values[0])]);
    assert!(!has(&function, here, "store"));
}

#[test]
fn memory_has_the_values_and_their_number_before_a_call_sees_them() {
    let mut function = Function::new("f");
    let (mut b, instance, values) = region(&mut function);
    assert!(b.put_attribute(instance, 24.into(), values[0]));
    assert!(b.put_attribute(instance, 32.into(), values[1]));
    b.call_void(Helper::ListIteratorEnd, &[instance]);
    assert!(instances(&mut b).is_empty());
    let here = b.current();
    for (value, offset) in [(values[0], 24), (values[1], 32)] {
        assert!(has(&function, here, &format!("store {value}, {instance}[{offset}]")));
    }
    // In the order of the class: only how many there are is told.
    assert!(has(&function, here, &format!("{instance}[17]")));
    assert!(!has(&function, here, "shl"));
}

#[test]
fn another_order_than_that_of_the_class_is_noted() {
    let mut function = Function::new("f");
    let (mut b, instance, values) = region(&mut function);
    assert!(b.put_attribute(instance, 32.into(), values[0]));
    assert!(b.put_attribute(instance, 24.into(), values[1]));
    b.show_all_instances();
    let here = b.current();
    assert!(has(&function, here, "iconst 1"));
    assert!(has(&function, here, "shl"));
}

#[test]
fn an_attribute_that_is_set_again_is_one_of_memory() {
    let mut function = Function::new("f");
    let (mut b, instance, values) = region(&mut function);
    assert!(b.put_attribute(instance, 24.into(), values[0]));
    assert!(!b.put_attribute(instance, 24.into(), values[1]));
    assert!(instances(&mut b).is_empty());
}

/// Branches on an unknown condition to two blocks.
fn fork(b: &mut Builder<'_>) -> (Block, Block) {
    let (first, second) = (b.block(), b.block());
    let thread = b.thread_state();
    let condition = b.load(Type::Bool, thread, 0);
    b.branch(condition, first, second);
    b.switch_to(first);
    (first, second)
}

#[test]
fn where_ways_meet_values_that_differ_become_parameters() {
    let mut function = Function::new("f");
    let (mut b, instance, values) = region(&mut function);
    let (_, second) = fork(&mut b);
    let join = b.block();
    assert!(b.put_attribute(instance, 24.into(), values[0]));
    b.jump(join, &[]);
    b.switch_to(second);
    assert!(b.put_attribute(instance, 24.into(), values[1]));
    b.jump(join, &[]);
    b.switch_to(join);
    let value = instances(&mut b)[0].value(24).unwrap();
    assert_eq!(function.blocks[join.index()].params.as_slice(), [value]);
}

#[test]
fn where_one_way_has_shown_it_the_others_do() {
    let mut function = Function::new("f");
    let (mut b, instance, values) = region(&mut function);
    assert!(b.put_attribute(instance, 24.into(), values[0]));
    let (first, join) = fork(&mut b);
    b.show_all_instances();
    b.jump(join, &[]);
    b.switch_to(join);
    assert!(instances(&mut b).is_empty());
    assert!(has(&function, first, "store"));
    // The branch's other way has got a block for its stores.
    let between = Block(function.blocks.len() as u32 - 1);
    assert!(between != first && has(&function, between, &format!("store {}, {instance}[24]", values[0])));
    assert!(has(&function, between, &format!("jump {join}")));
}

#[test]
fn an_instance_that_a_way_hands_on_by_another_name_is_shown() {
    let mut function = Function::new("f");
    let (mut b, instance, values) = region(&mut function);
    assert!(b.put_attribute(instance, 24.into(), values[0]));
    let (_, second) = fork(&mut b);
    let join = b.block();
    let frame = |b: &mut Builder<'_>, value| b.knowledge().unwrap().state.frame().locals[0].value = Some(value);
    frame(&mut b, instance);
    b.jump(join, &[]);
    b.switch_to(second);
    b.jump(join, &[]);
    b.switch_to(join);
    assert!(instances(&mut b).is_empty());
}
