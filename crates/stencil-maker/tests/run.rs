//! Runs stencils: linked behind each other by a linker of a few lines, entered as native code is.
#![cfg(all(target_arch = "x86_64", unix))]

mod common;
use common::*;
use cranelift_codegen::ir::{InstBuilder, condcodes::IntCC, types::*};
use cranelift_codegen::isa::CallConv;
use std::arch::naked_asm;
use whipsnake_stencil_maker::*;

/// An object: a count and a value.
#[repr(C)]
struct Object {
    count: i32,
    dead: u32,
    value: i64,
}

unsafe extern "C" fn kill(object: *mut Object) {
    // SAFETY: an object of the test.
    unsafe { (*object).dead += 1 };
}

/// Preserves every integer register; destroys every xmm register.
#[unsafe(naked)]
unsafe extern "C" fn kill_preserving() {
    naked_asm!(
        "push rax", "push rcx", "push rdx", "push rsi", "push rdi", "push r8", "push r9", "push r10", "push r11",
        "call {kill}",
        "pcmpeqd xmm0, xmm0", "movaps xmm1, xmm0", "movaps xmm2, xmm0", "movaps xmm3, xmm0",
        "mov rax, -1", "mov rcx, -1",
        "pop r11", "pop r10", "pop r9", "pop r8", "pop rdi", "pop rsi", "pop rdx", "pop rcx", "pop rax",
        "ret",
        kill = sym kill,
    )
}

extern "C" fn add(a: i64, b: i64) -> i64 {
    a + b
}

/// Enters at `code` with `frame`; gives what the code leaves in `rax`.
#[unsafe(naked)]
unsafe extern "C" fn enter(frame: *mut u64, code: *const u8) -> u64 {
    naked_asm!(
        "push rbp",
        "mov rbp, rsp",
        "push rbx",
        "push r12",
        "push r13",
        "push r14",
        "push r15",
        "sub rsp, 520",
        "mov r15, rdi",
        "mov qword ptr [rsp], 77",
        "lea rax, [rip + 2f]",
        "mov [rsp + 24], rax",
        "xor eax, eax",
        "jmp rsi",
        "2:",
        "add rsp, 520",
        "pop r15",
        "pop r14",
        "pop r13",
        "pop r12",
        "pop rbx",
        "pop rbp",
        "ret",
    )
}

/// One stencil with its operand values and the numbers of the stencils that `target` and `miss` go to.
struct Placed {
    stencil: Stencil,
    operands: [i32; 16],
    pointers: [u64; 2],
    target: usize,
}

/// Links into fresh executable memory.
fn link(code: &[Placed]) -> *const u8 {
    // SAFETY: a new mapping, as a test may have one.
    let memory = unsafe {
        libc::mmap(
            std::ptr::null_mut(),
            1 << 16,
            libc::PROT_READ | libc::PROT_WRITE | libc::PROT_EXEC,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
            -1,
            0,
        )
    };
    assert_ne!(memory, libc::MAP_FAILED);
    let base = memory as u64;
    // SAFETY: all of the mapping.
    let bytes = unsafe { std::slice::from_raw_parts_mut(memory.cast::<u8>(), 1 << 16) };
    let thunk = |bytes: &mut [u8], at: usize, target: u64| {
        bytes[at..at + 2].copy_from_slice(&[0x49, 0xbb]);
        bytes[at + 2..at + 10].copy_from_slice(&target.to_le_bytes());
        bytes[at + 10..at + 13].copy_from_slice(&[0x41, 0xff, 0xe3]);
    };
    // The end of the last stencil leaves with 1, a miss with 2, both through the address in the activation.
    let leave = [0xb8, 1, 0, 0, 0, 0xff, 0x64, 0x24, 24];
    let mut hot = Vec::new();
    let mut at = 0x100;
    for placed in code {
        hot.push(at);
        at += placed.stencil.hot.len();
    }
    bytes[at..at + leave.len()].copy_from_slice(&leave);
    hot.push(at);
    let miss = at + 16;
    bytes[miss..miss + leave.len()].copy_from_slice(&leave);
    bytes[miss + 1] = 2;
    thunk(bytes, 0x20, add as *const () as u64);
    thunk(bytes, 0x40, kill_preserving as *const () as u64);
    at += 32;
    for (k, placed) in code.iter().enumerate() {
        let parts = [hot[k], at];
        bytes[parts[0]..][..placed.stencil.hot.len()].copy_from_slice(&placed.stencil.hot);
        bytes[parts[1]..][..placed.stencil.cold.len()].copy_from_slice(&placed.stencil.cold);
        at += placed.stencil.cold.len();
        for hole in &placed.stencil.holes {
            let place = parts[hole.section as usize] + usize::from(hole.offset);
            let relative = |to: usize| (to as i32 - place as i32 - 4).to_le_bytes().to_vec();
            let value = match hole.kind {
                HoleKind::Cont(c) => relative(match u32::from(c) {
                    ON => hot[k + 1],
                    TARGET => hot[placed.target],
                    _ => miss,
                }),
                HoleKind::Helper(0) => relative(0x20),
                HoleKind::Helper(_) => relative(0x40),
                HoleKind::ToHot(to) => relative(parts[0] + usize::from(to)),
                HoleKind::ToCold(to) => relative(parts[1] + usize::from(to)),
                HoleKind::Pointer(p, addend) => {
                    (placed.pointers[usize::from(p)] + addend as u64).to_le_bytes().to_vec()
                }
                HoleKind::Global(..) => unreachable!("no globals here"),
                HoleKind::Disp32 { operand, addend } | HoleKind::Imm32 { operand, addend } => {
                    placed.operands[usize::from(operand)].wrapping_add(addend).to_le_bytes().to_vec()
                }
            };
            bytes[place..place + value.len()].copy_from_slice(&value);
        }
    }
    (base + 0x100) as *const u8
}

fn made(optimize: bool, build: impl Fn(&mut Op<'_, '_>) + 'static) -> Stencil {
    let helpers = (0..10)
        .map(|k| HelperConvention {
            int_args: if k == PRESERVING { 1 } else { 2 },
            float_args: 0,
            float_result: false,
            preserve: k == PRESERVING,
        })
        .collect();
    make("test", &mut compiler(Form::default(), build), &StencilOptions { helpers, optimize, ..Default::default() })
        .unwrap()
}

fn slots(slots: &[i32]) -> [i32; 16] {
    std::array::from_fn(|k| slots.get(k).map_or(0, |s| 8 * s))
}

/// `while i != n: total += i; i += 1; release(object)`, with many live values across a call.
fn sum(optimize: bool, n: u64, object: &mut Object) -> (u64, Vec<u64>) {
    let check = made(optimize, |op| {
        let (i, n) = (op.load(0), op.load(1));
        let done = op.b.ins().icmp(IntCC::Equal, i, n);
        op.leave_if(done, TARGET);
        op.leave(ON, &[]);
    });
    let add = made(optimize, |op| {
        let (a, b) = (op.load(0), op.load(1));
        let sum = op.helper(0, CallConv::SystemV, &[a, b], Some(I64)).unwrap();
        op.store(2, sum);
        op.leave(ON, &[]);
    });
    let spill = made(optimize, |op| {
        let values: Vec<_> = (0..12).map(|k| op.load(k)).collect();
        let sum = op.helper(0, CallConv::SystemV, &[values[0], values[1]], Some(I64)).unwrap();
        for (k, value) in values.iter().enumerate() {
            op.store(11 - k, *value);
        }
        op.store(12, sum);
        op.leave(ON, &[]);
    });
    let release = made(optimize, |op| {
        let object = op.load(0);
        let expected = op.pointer(1);
        let other = op.b.ins().icmp(IntCC::NotEqual, object, expected);
        op.leave_if(other, MISS);
        let value = op.b.ins().load(I64, flags(), object, 8);
        op.release(object);
        op.store(1, value);
        op.leave(ON, &[]);
    });
    let jump = made(optimize, |op| op.leave(TARGET, &[]));
    let address = std::ptr::from_mut(object) as u64;
    let pointers = [0, address];
    let place = |stencil: &Stencil, operands: &[i32], target| Placed {
        stencil: stencil.clone(),
        operands: slots(operands),
        pointers,
        target,
    };
    let code = [
        place(&check, &[0, 1], 6),
        place(&add, &[2, 0, 2], 0),
        place(&add, &[0, 3, 0], 0),
        place(&spill, &[10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22], 0),
        place(&release, &[4, 5], 0),
        place(&jump, &[], 0),
    ];
    let entry = link(&code);
    let mut frame = vec![0u64; 32];
    (frame[1], frame[3], frame[4]) = (n, 1, address);
    for (k, slot) in frame.iter_mut().enumerate().take(22).skip(10) {
        *slot = k as u64 * 100;
    }
    // SAFETY: code made for this frame.
    let status = unsafe { enter(frame.as_mut_ptr(), entry) };
    (status, frame)
}

#[test]
fn a_loop_of_stencils_computes_what_it_should() {
    for optimize in [false, true] {
        let mut object = Object { count: 50, dead: 0, value: 1234 };
        let (status, frame) = sum(optimize, 101, &mut object);
        assert_eq!((status, frame[0], frame[2]), (1, 101, 5050));
        // Reversed 101 times; the sum is of the first two before the last time.
        assert_eq!((frame[10], frame[21], frame[22]), (2100, 1000, 2100));
        // The count went from 50 to 0, then below: negative counts are immortal.
        assert_eq!((object.dead, object.count, frame[5]), (1, -1, 1234));
    }
}

#[test]
fn a_miss_leaves() {
    let mut object = Object { count: 5, dead: 0, value: 0 };
    let release = made(true, |op| {
        let object = op.load(0);
        let expected = op.pointer(1);
        let other = op.b.ins().icmp(IntCC::NotEqual, object, expected);
        op.leave_if(other, MISS);
        op.release(object);
        op.leave(ON, &[]);
    });
    let placed = Placed { stencil: release, operands: [0; 16], pointers: [0, 8], target: 0 };
    let mut frame = [std::ptr::from_mut(&mut object) as u64];
    // SAFETY: code made for this frame.
    assert_eq!(unsafe { enter(frame.as_mut_ptr(), link(&[placed])) }, 2);
    assert_eq!(object.count, 5);
}

#[test]
fn small_constants_lie_in_the_cold_part() {
    let select = made(true, |op| {
        let value = op.load(0);
        let other = op.load(1);
        let none = op.pointer(1);
        let is_none = op.b.ins().icmp(IntCC::Equal, value, none);
        let null = op.b.ins().iconst(I64, 0);
        let odd = op.b.ins().iconst(I64, 0x1234_5678_9abc_def0);
        let first = op.b.ins().select(is_none, null, other);
        let second = op.b.ins().select(is_none, odd, other);
        op.store(2, first);
        op.store(3, second);
        op.leave(ON, &[]);
    });
    assert!(select.cold.len() >= 8, "constants are in a pool:\n{}", listing(&select.hot));
    for (value, expected) in [(8, (0, 0x1234_5678_9abc_def0)), (9, (55, 55))] {
        let placed = Placed { stencil: select.clone(), operands: slots(&[0, 1, 2, 3]), pointers: [0, 8], target: 0 };
        let mut frame = [value, 55, 1, 1];
        // SAFETY: code made for this frame.
        assert_eq!(unsafe { enter(frame.as_mut_ptr(), link(&[placed])) }, 1);
        assert_eq!((frame[2], frame[3]), expected);
    }
}

#[test]
fn counting_is_short_and_right() {
    let copy = made(true, |op| {
        let value = op.load(0);
        op.retain(value);
        op.store(1, value);
        op.leave(ON, &[]);
    });
    let text = listing(&copy.hot);
    assert!(!text.contains("lea") && !text.contains("test"), "{text}");
    let drop = made(true, |op| {
        let value = op.load(0);
        op.release(value);
        op.leave(ON, &[]);
    });
    let text = listing(&drop.hot);
    assert!(!text.contains("lea") && !text.contains("cmp"), "{text}");
    let place =
        |stencil: &Stencil| Placed { stencil: stencil.clone(), operands: slots(&[0, 1]), pointers: [0; 2], target: 0 };
    for (count, retained, released, dead) in [(1, 2, 0, 1), (5, 6, 4, 0), (-1, -1, -1, 0), (-7, -6, -7, 0)] {
        for (stencil, after, dead) in [(&copy, retained, 0), (&drop, released, dead)] {
            let mut object = Object { count, dead: 0, value: 0 };
            let address = std::ptr::from_mut(&mut object) as u64;
            let mut frame = [address, 0];
            // SAFETY: code made for this frame.
            assert_eq!(unsafe { enter(frame.as_mut_ptr(), link(&[place(stencil)])) }, 1);
            assert_eq!((object.count, object.dead), (after, dead));
        }
    }
}
