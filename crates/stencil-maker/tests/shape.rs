//! What stencils look like: frame code gone, falling through to `next`, holes where they belong.

mod common;
use common::*;
use cranelift_codegen::ir::{InstBuilder, condcodes::IntCC, types::*};
use cranelift_codegen::isa::CallConv;
use whipsnake_stencil_maker::*;

fn options() -> StencilOptions {
    let mut helpers = vec![HelperConvention::UNKNOWN; 10];
    helpers[PRESERVING as usize] = HelperConvention { int_args: 1, float_args: 0, float_result: false, preserve: true };
    helpers[0] = HelperConvention { int_args: 2, float_args: 0, float_result: false, preserve: false };
    StencilOptions { helpers, ..StencilOptions::default() }
}

fn stencil(build: impl Fn(&mut Op<'_, '_>) + 'static) -> Stencil {
    stencil_of(Form::default(), &options(), build).unwrap()
}

fn stencil_of(
    form: Form,
    options: &StencilOptions,
    build: impl Fn(&mut Op<'_, '_>) + 'static,
) -> Result<Stencil, StencilError> {
    let mut compile = compiler(form, build);
    let made = make("test", &mut compile, options)?;
    verify("test", &mut compile, 4)?;
    Ok(made)
}

fn kinds(stencil: &Stencil) -> Vec<HoleKind> {
    stencil.holes.iter().map(|hole| hole.kind).collect()
}

#[test]
fn a_copy_is_a_load_and_a_store() {
    let made = stencil(|op| {
        let value = op.load(3);
        op.store(5, value);
        op.leave(ON, &[]);
    });
    assert_eq!(listing(&made.hot), "  0  mov rax,[r15]\n  7  mov [r15],rax\n".replace("rax", reg(&made)));
    assert!(made.cold.is_empty());
    assert_eq!(kinds(&made), [HoleKind::Disp32 { operand: 3, addend: 0 }, HoleKind::Disp32 { operand: 5, addend: 0 }]);
    assert_eq!((made.holes[0].offset, made.holes[1].offset), (3, 10));
    assert_eq!(made.unsigned_operands, 0);
}

/// The register of the first instruction: the allocator's choice.
fn reg(made: &Stencil) -> &'static str {
    let text = listing(&made.hot);
    ["rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "rbx"].into_iter().find(|r| text.contains(r)).unwrap()
}

#[test]
fn a_guard_leaves_by_one_jump() {
    let made = stencil(|op| {
        let value = op.load(0);
        let class = op.b.ins().load(I64, flags(), value, 8);
        let wanted = op.pointer(1);
        let other = op.b.ins().icmp(IntCC::NotEqual, class, wanted);
        op.leave_if(other, MISS);
        op.leave(ON, &[]);
    });
    assert!(made.cold.is_empty(), "{}", listing(&made.cold));
    assert!(listing(&made.hot).contains("jne"), "{}", listing(&made.hot));
    assert_eq!(made.continuations(), 1 << MISS);
    assert!(kinds(&made).contains(&HoleKind::Pointer(1, 0)));
}

#[test]
fn a_release_calls_in_the_cold_part_and_comes_back() {
    let made = stencil(|op| {
        let value = op.load(0);
        op.release(value);
        op.leave(ON, &[]);
    });
    assert!(!listing(&made.hot).contains("call"), "{}", listing(&made.hot));
    assert!(listing(&made.cold).contains("call"), "{}", listing(&made.cold));
    assert!(kinds(&made).contains(&HoleKind::Helper(PRESERVING as u16)));
    assert!(kinds(&made).contains(&HoleKind::ToHot(made.hot.len() as u16)));
    assert!(kinds(&made).iter().any(|k| matches!(k, HoleKind::ToCold(_))));
    assert!(!listing(&made.hot).contains("r15\n"), "no copy of the pinned register: {}", listing(&made.hot));
}

#[test]
fn a_stencil_may_enter_another_frame() {
    let made = stencil(|op| {
        let frame = op.load(0);
        let code = op.b.ins().load(I64, flags(), frame, 64);
        op.b.ins().set_pinned_reg(frame);
        let signature = op.b.import_signature(cranelift_codegen::ir::Signature::new(CallConv::Tail));
        op.b.ins().return_call_indirect(signature, code, &[]);
    });
    let text = listing(&made.hot);
    assert!(text.contains("mov r15,") && text.lines().last().unwrap().contains("jmp r"), "{text}");
}

#[test]
fn a_value_goes_on_in_the_argument_register() {
    let options = StencilOptions { conts_with_argument: 1 << 5, ..options() };
    let made = stencil_of(Form::default(), &options, |op| {
        let frame = op.frame();
        op.leave(5, &[frame]);
    })
    .unwrap();
    assert_eq!(listing(&made.hot), "  0  mov rdi,r15\n  3  jmp 8\n");
    let receive = stencil_of(Form { receives: true, ..Form::default() }, &options, |op| {
        let value = op.param.unwrap();
        op.store(0, value);
        op.leave(ON, &[]);
    })
    .unwrap();
    assert_eq!(listing(&receive.hot), "  0  mov [r15],rdi\n");
}

#[test]
fn spills_stay_above_the_activation() {
    let made = stencil(|op| {
        let values: Vec<_> = (0..12).map(|k| op.load(k)).collect();
        op.helper(0, CallConv::SystemV, &[values[0], values[1]], None);
        for (k, value) in values.iter().enumerate() {
            op.store(11 - k, *value);
        }
        op.leave(ON, &[]);
    });
    assert!(made.stack_bytes > 32 && made.stack_bytes.is_multiple_of(16));
    assert!(listing(&made.hot).contains("[rsp+"), "{}", listing(&made.hot));
}

#[test]
fn the_activation_is_read_through_its_slot() {
    let read = |op: &mut Op<'_, '_>| {
        let slot = op.activation.unwrap();
        let thread = op.b.ins().stack_load(I64, I64, slot, 0);
        op.store(0, thread);
        op.leave(ON, &[]);
    };
    let made = stencil(read);
    assert!(listing(&made.hot).contains("[rsp]"), "{}", listing(&made.hot));
    assert_eq!(made.stack_bytes, 32);
}

#[test]
fn immediates_are_holes_and_sign_matters_where_they_widen() {
    let narrow = stencil(|op| {
        let limit = op.b.ins().iconst(I32, i64::from(op.v[9] as u32));
        let frame = op.frame();
        let value = op.b.ins().load(I32, flags(), frame, op.v[0]);
        let equal = op.b.ins().icmp(IntCC::Equal, value, limit);
        op.leave_if(equal, TARGET);
        op.leave(ON, &[]);
    });
    assert!(kinds(&narrow).contains(&HoleKind::Imm32 { operand: 9, addend: 0 }));
    assert_eq!(narrow.unsigned_operands, 0);
    let wide = stencil(|op| {
        let value = op.b.ins().iconst(I64, i64::from(op.v[9]));
        op.store(0, value);
        op.leave(ON, &[]);
    });
    assert!(kinds(&wide).contains(&HoleKind::Imm32 { operand: 9, addend: 0 }));
    println!("{}", listing(&wide.hot));
}

#[test]
fn constants_fold_into_addends() {
    let made = stencil(|op| {
        let frame = op.frame();
        let slot = op.b.ins().iadd_imm_s(frame, i64::from(op.v[2]));
        let value = op.b.ins().load(I64, flags(), slot, 24);
        op.store(0, value);
        op.leave(ON, &[]);
    });
    assert!(kinds(&made).contains(&HoleKind::Disp32 { operand: 2, addend: 24 }), "{:?}", kinds(&made));
}

#[test]
fn globals_keep_their_offset() {
    let made = stencil(|op| {
        let runtime = op.address(3, 4, 1000);
        op.store(0, runtime);
        op.leave(ON, &[]);
    });
    assert!(kinds(&made).contains(&HoleKind::Global(4, 1000)), "{:?}", kinds(&made));
}

#[test]
fn stencils_are_deterministic() {
    let build = |op: &mut Op<'_, '_>| {
        let value = op.load(0);
        op.release(value);
        op.leave(ON, &[]);
    };
    assert_eq!(stencil(build), stencil(build));
}

#[test]
fn several_ways_to_next_are_joined() {
    let made = stencil(|op| {
        let value = op.load(0);
        let (left, right) = (op.b.create_block(), op.b.create_block());
        op.b.set_cold_block(right);
        op.b.ins().brif(value, left, &[], right, &[]);
        op.b.switch_to_block(left);
        op.store(1, value);
        op.leave(ON, &[]);
        op.b.switch_to_block(right);
        op.store(2, value);
        op.leave(ON, &[]);
    });
    assert_eq!(made.continuations(), 0);
    assert!(!listing(&made.hot).contains("jmp"), "{}", listing(&made.hot));
    assert!(kinds(&made).contains(&HoleKind::ToHot(made.hot.len() as u16)));
}
