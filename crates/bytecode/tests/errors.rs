//! Code that no compiler makes: it is refused, never a panic.

use whipsnake_bytecode::{CodeInput, DecodeError, Decoder, Liveness};
use whipsnake_cpython::opcode as op;

fn unit(opcode: u8, oparg: u8) -> u16 {
    u16::from(opcode) | u16::from(oparg) << 8
}

fn analyse(units: &[u16], table: &[u8]) -> Option<DecodeError> {
    let mut decoder = Decoder::new();
    let input = CodeInput { units, exception_table: table, nlocalsplus: 1, stacksize: 2, ..CodeInput::default() };
    decoder.analyse(input).and_then(|code| Liveness::new().compute(&code)).err()
}

#[test]
fn refused() {
    use DecodeError::*;
    let ret = unit(op::RETURN_CONST, 0);
    let load = unit(op::LOAD_FAST, 0);
    let extended = unit(op::EXTENDED_ARG, 0xff);
    let cases: &[(&[u16], DecodeError)] = &[
        (&[], Truncated { index: 0 }),
        (&[unit(op::NOP, 0)], Truncated { index: 0 }),
        (&[ret, extended], Truncated { index: 1 }),
        (&[ret, unit(op::CALL, 0), 0], Truncated { index: 1 }),
        (&[0, ret], UnknownOpcode { opcode: 0, index: 0 }),
        (&[unit(op::ENTER_EXECUTOR, 0), ret], Executor { index: 0 }),
        (&[unit(op::INSTRUMENTED_LINE, 0), ret], Instrumented { index: 0 }),
        (&[extended, extended, extended, load, ret], HugeOperand { index: 2 }),
        (&[unit(op::JUMP_FORWARD, 9), ret], BadTarget { index: 0 }),
        (&[unit(op::JUMP_BACKWARD_NO_INTERRUPT, 9), ret], BadTarget { index: 0 }),
        // Into a cache.
        (&[load, unit(op::TO_BOOL, 0), 0, 0, 0, unit(op::JUMP_BACKWARD_NO_INTERRUPT, 3)], BadTarget { index: 5 }),
        (&[load, unit(op::FOR_ITER, 0), 0, ret], BadLoopEnd { index: 1 }),
        (&[unit(op::POP_TOP, 0), ret], StackUnderflow { index: 0 }),
        (&[load, load, load, ret], StackOverflow { index: 2 }),
        (&[load, unit(op::JUMP_BACKWARD_NO_INTERRUPT, 2)], DepthMismatch { index: 0, first: 0, second: 1 }),
        (&[unit(op::LOAD_FAST, 1), ret], BadLocal { index: 0 }),
        (&[unit(op::COPY_FREE_VARS, 2), ret], BadLocal { index: 0 }),
    ];
    for (units, expected) in cases {
        assert_eq!(analyse(units, &[]), Some(*expected), "{units:04x?}");
    }
    // The handler keeps one value, but there is none.
    assert_eq!(
        analyse(&[unit(op::NOP, 0), ret, unit(op::RERAISE, 0)], &[0x80, 1, 2, 2]),
        Some(StackUnderflow { index: 0 })
    );
    assert_eq!(analyse(&[ret], &[0x80, 1, 5, 0]), Some(BadExceptionTable));
    assert_eq!(analyse(&[ret], &[0x80, 9, 0, 0]), Some(BadExceptionTable));
}

/// Random units: most are refused, and none makes a pass panic.
#[test]
fn noise() {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let mut accepted = 0;
    for _ in 0..200_000 {
        let mut units: Vec<u16> = (0..next() % 8).map(|_| unit(next() as u8, next() as u8 & 3)).collect();
        units.push(unit(op::RETURN_CONST, 0));
        let table = [0x80 | next() as u8 & 7, next() as u8 & 3, next() as u8 & 7, next() as u8 & 3];
        let table = if next() & 1 == 0 { &table[..] } else { &[] };
        accepted += u32::from(analyse(&units, table).is_none());
    }
    assert!(accepted > 0);
}
