//! The opcode tables make sense by themselves.

use whipsnake_cpython::layout;
use whipsnake_cpython::opcode::*;

#[test]
fn specialised_opcodes_share_caches_with_their_base() {
    for op in 0..=255u8 {
        assert_eq!(CACHES[op as usize], CACHES[base(op) as usize], "{}", NAMES[op as usize]);
        assert_eq!(base(base(op)), base(op));
    }
    assert_eq!(base(LOAD_ATTR_INSTANCE_VALUE), LOAD_ATTR);
    assert_eq!(base(INSTRUMENTED_JUMP_BACKWARD), JUMP_BACKWARD);
    assert_eq!(base(INSTRUMENTED_LINE), INSTRUMENTED_LINE);
    assert!(is_instrumented(INSTRUMENTED_RESUME) && !is_instrumented(RESUME));
}

#[test]
fn stack_effects() {
    assert_eq!((popped(BINARY_OP, 0), pushed(BINARY_OP, 0)), (2, 1));
    assert_eq!((popped(CALL, 3), pushed(CALL, 3)), (5, 1));
    assert_eq!((popped(CALL_PY_EXACT_ARGS, 3), pushed(CALL_PY_EXACT_ARGS, 3)), (5, 1));
    assert_eq!((popped(LOAD_ATTR, 4), pushed(LOAD_ATTR, 4)), (1, 1));
    assert_eq!((popped(LOAD_ATTR, 5), pushed(LOAD_ATTR, 5)), (1, 2));
    assert_eq!((popped(FOR_ITER, 9), pushed(FOR_ITER, 9)), (1, 2));
    assert_eq!(popped(BUILD_SLICE, 3), 3);
    assert_eq!(popped(BUILD_SLICE, 2), 2);
    assert_eq!(pushed(UNPACK_EX, 0x0201), 4);
    assert_eq!(popped(BUILD_MAP, 1000), 2000);
    assert_eq!((popped(COPY, 3), pushed(COPY, 3)), (3, 4));
    assert_eq!((popped(SWAP, 3), pushed(SWAP, 3)), (3, 3));
    assert_eq!(popped(255, 0), -1);
}

#[test]
fn flags() {
    assert_ne!(FLAGS[JUMP_BACKWARD as usize] & flag::JUMP, 0);
    assert_ne!(FLAGS[LOAD_FAST as usize] & flag::LOCAL, 0);
    assert_eq!(FLAGS[POP_TOP as usize] & flag::ARG, 0);
}

/// A few offsets that follow from the documented struct layouts of 64-bit builds.
#[test]
fn layouts() {
    assert_eq!(layout::object::OB_TYPE, 8);
    assert_eq!(layout::var_object::OB_SIZE, 16);
    assert_eq!(layout::float::OB_FVAL, 16);
    assert_eq!(layout::frame::SPECIALS_SIZE * 8, layout::frame::LOCALSPLUS, "locals follow the fields of a frame");
    assert_eq!(layout::code_extra::CE_EXTRAS, 8, "extras follow their number");
    assert_eq!(layout::VERSION.split('.').next(), Some("3"));
}
