//! Values replaced in many states at once.

use std::ptr;
use whipsnake_ir::{ExitState, Field, FrameState, Slot, Value, rename_in_states};

fn frame(values: &[u32]) -> FrameState {
    FrameState { stack: values.iter().map(|&value| Slot::owned(Value(value))).collect(), ..FrameState::default() }
}

#[test]
fn frames_that_states_share_are_shared_when_they_are_renamed() {
    let first = ExitState { frames: [frame(&[1, 2]), frame(&[3])].into_iter().collect(), ..ExitState::default() };
    let mut second = first.clone();
    second.frames.last_mut().expect("there are two").stack.push(Slot::borrowed(Value(1)));
    second.fields.push(Field { object: Value(3), offset: 16, value: Value(1), dirty: true, attribute: false });
    let kept = ExitState { frames: [frame(&[2]), frame(&[1])].into_iter().collect(), ..ExitState::default() };
    let before = ptr::from_ref(&kept.frames[0]);
    let mut states = [first.clone(), second, kept];
    rename_in_states(&mut states, |value| if value == Value(1) { Value(7) } else { value });
    let values = |state: usize, index: usize| -> Vec<u32> {
        states[state].frames[index].stack.iter().map(|slot| slot.value.expect("no NULL").0).collect()
    };
    assert_eq!([values(0, 0), values(0, 1)], [vec![7, 2], vec![3]]);
    assert_eq!([values(1, 0), values(1, 1)], [vec![7, 2], vec![3, 7]]);
    assert_eq!([values(2, 0), values(2, 1)], [vec![2], vec![7]]);
    assert_eq!((states[1].fields[0].object, states[1].fields[0].value), (Value(3), Value(7)));
    assert!(ptr::eq(&states[0].frames[0], &states[1].frames[0]));
    assert!(ptr::eq(before, &states[2].frames[0]));
    // Whoever else has the frames as they were keeps them.
    assert_eq!(first.frames[0], frame(&[1, 2]));
}
