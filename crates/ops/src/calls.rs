//! Calls of Python functions, and returns from them.
//!
//! A call of a compiled function pushes its frame and jumps to its code; the result comes back to the `RECEIVE` operation that the compiler places
//! after each call. Every other call hands its result on to the same place.

use crate::{Imm, Ptr, operations};
use whipsnake_cpython::layout::{code, code_extra, frame as layout, function, thread_state};
use whipsnake_ir::abi::{self, compiled};
use whipsnake_ir::{
    BinaryOp, Builder, Condition, Continuation, Global, Helper, MissReason, Offset, Type, UnaryOp, Value,
};

operations! {
    "CALL" () -> 0, imms [Imm::Oparg(0), Imm::Length], ptrs [Ptr::NextCode] => |b| call(b, Helper::Call);
    "CALL.0" (callable, this) -> 0, imms [Imm::ReturnWord], ptrs [Ptr::NextCode] => |b, f, s| call_function(b, f, s, &[]);
    "CALL.1" (callable, this, x) -> 0, borrows [2], imms [Imm::ReturnWord], ptrs [Ptr::NextCode] => |b, f, s, x| call_function(b, f, s, &[x]);
    "CALL.2" (callable, this, x, y) -> 0, borrows [2, 3], imms [Imm::ReturnWord], ptrs [Ptr::NextCode]
        => |b, f, s, x, y| call_function(b, f, s, &[x, y]);
    "CALL.3" () -> 0, imms [Imm::ReturnWord], ptrs [Ptr::NextCode] => |b| call_with_slots(b, 3);
    "CALL.4" () -> 0, imms [Imm::ReturnWord], ptrs [Ptr::NextCode] => |b| call_with_slots(b, 4);
    "CALL.5" () -> 0, imms [Imm::ReturnWord], ptrs [Ptr::NextCode] => |b| call_with_slots(b, 5);
    "CALL_KW" () -> 0, imms [Imm::Oparg(0), Imm::Length], ptrs [Ptr::NextCode] => |b| call(b, Helper::CallKw);
    "CALL_FUNCTION_EX" () -> 0, imms [Imm::Oparg(0), Imm::Length], ptrs [Ptr::NextCode] => |b| call(b, Helper::CallFunctionEx);
    "RECEIVE" () -> 1, receives, ptrs [Ptr::NextInstr] => receive;
    "RETURN_VALUE" (value) -> 0, borrows [0] => return_value;
    "RETURN_CONST" () -> 0, ptrs [Ptr::Const] => return_const;
}

/// A call of anything, by a helper that pushes the frame of a compiled function or calls everything else. The values stay in their slots until
/// the helper takes them.
pub fn call(b: &mut Builder<'_>, helper: Helper) {
    let (thread, frame, base) = (b.thread_state(), b.frame(), b.stack_base());
    let (count, length, back) = (b.param(0), b.param(1), b.pointer(0));
    let (address, result) = b.call_pair(helper, &[thread, frame, base, count, length, back]);
    enter_or_hand_on(b, address, result);
}

/// Goes on as a helper says that may have pushed the frame of a compiled function, or done the call.
pub(crate) fn enter_or_hand_on(b: &mut Builder<'_>, address: Value, result: Value) {
    let entered = b.compare_const(Condition::Ne, address, 0);
    b.when(entered, |b| b.enter(address, result, None));
    b.error_if_null(result);
    b.leave_with(Continuation::Next, result);
}

/// [`call_function`] for more arguments than an operation has inputs.
fn call_with_slots(b: &mut Builder<'_>, count: usize) {
    let base = b.stack_base();
    let mut slots = (0..count + 2).map(|index| b.load(Type::Obj, base, 8 * index as i32));
    let (callable, this) = (slots.next().expect("a callable"), slots.next().expect("self or NULL"));
    let args: Vec<Value> = slots.collect();
    call_function(b, callable, this, &args);
}

/// A call of a compiled function with exactly the positional arguments it takes: its frame is pushed, filled and entered.
///
/// Immediate 0 is the caller's word at `return_offset`; pointer 0 is where the result is received.
pub fn call_function(b: &mut Builder<'_>, callable: Value, this: Value, args: &[Value]) {
    b.guard_exact(callable, Global::FunctionType);
    // With this entry a function has compiled code that may be entered.
    let entry = b.load(Type::Ptr, callable, function::VECTORCALL);
    let compiled_entry = b.global(Global::CompiledEntry);
    let compiled_entry = b.unary(UnaryOp::AsPtr, compiled_entry);
    let compiled = b.compare(Condition::Eq, entry, compiled_entry);
    b.guard(compiled, MissReason::Callable);
    let executable = b.load(Type::Obj, callable, function::CODE);
    let compiled = compiled_code(b, executable);
    let has_this = b.compare_const(Condition::Ne, this, 0);
    let has_this = b.unary(UnaryOp::ExtendU, has_this);
    let count = b.binary_const(BinaryOp::Add, has_this, args.len() as i64);
    let wanted = b.load(Type::I64, compiled, compiled::EXACT_ARGS);
    let exact = b.compare(Condition::Eq, count, wanted);
    b.guard(exact, MissReason::Arguments);
    // The frame is followed by a word for the return address.
    let thread = b.thread_state();
    let new = b.load(Type::Ptr, thread, thread_state::DATASTACK_TOP);
    let bytes = b.load(Type::I64, compiled, compiled::FRAME_BYTES);
    let start = b.unary(UnaryOp::AsInt, new);
    let end = b.binary(BinaryOp::Add, start, bytes);
    let end = b.unary(UnaryOp::AsPtr, end);
    let top = b.address(end, 8);
    let limit = b.load(Type::Ptr, thread, thread_state::DATASTACK_LIMIT);
    let room = b.compare(Condition::LtU, top, limit);
    b.guard(room, MissReason::FrameSpace);
    let remaining = b.load(Type::I32, thread, thread_state::PY_RECURSION_REMAINING);
    let allowed = b.compare_const(Condition::Gt, remaining, 1);
    b.guard(allowed, MissReason::FrameSpace);

    b.store(top, thread, thread_state::DATASTACK_TOP);
    let left = b.binary_const(BinaryOp::Sub, remaining, 1);
    b.store(left, thread, thread_state::PY_RECURSION_REMAINING);
    b.store(new, thread, thread_state::CURRENT_FRAME);
    initialise(b, new, callable, executable);
    let back = b.pointer(0);
    b.store(back, end, 0);

    // `self` is the first argument, or the slot of the first.
    b.store(this, new, layout::LOCALSPLUS);
    let shift = b.binary_const(BinaryOp::Shl, has_this, 3);
    let first = b.binary(BinaryOp::Add, start, shift);
    let first = b.unary(UnaryOp::AsPtr, first);
    for (index, &arg) in args.iter().enumerate() {
        let arg = b.take(arg);
        b.store(arg, first, layout::LOCALSPLUS + 8 * index as i32);
    }
    let unset = b.address(first, layout::LOCALSPLUS + 8 * args.len() as i32);
    let locals = b.load(Type::I64, compiled, compiled::LOCALS_BYTES);
    let last = b.binary(BinaryOp::Add, start, locals);
    let last = b.unary(UnaryOp::AsPtr, last);
    let last = b.address(last, layout::LOCALSPLUS);
    fill_with_null(b, unset, last);

    let frame = b.frame();
    let word = b.param(0);
    b.store(word, frame, layout::RETURN_OFFSET);
    b.save_instr();
    let address = b.load(Type::Ptr, compiled, compiled::ENTRY);
    b.enter(address, new, None);
}

/// The compiled code of a code object that has some.
pub(crate) fn compiled_code(b: &mut Builder<'_>, executable: Value) -> Value {
    let table = b.load(Type::I64, executable, code::CO_EXTRA);
    let slot = b.global(Global::CompiledSlot);
    let slot = b.unary(UnaryOp::AsInt, slot);
    let place = b.binary(BinaryOp::Add, table, slot);
    let place = b.unary(UnaryOp::AsPtr, place);
    b.load(Type::Ptr, place, code_extra::CE_EXTRAS)
}

/// Fills in a frame above the current one for a function, whose reference it takes. Locals are left to the caller.
fn initialise(b: &mut Builder<'_>, new: Value, callable: Value, executable: Value) {
    b.retain(executable);
    b.store(executable, new, layout::EXECUTABLE);
    let frame = b.frame();
    b.store(frame, new, layout::PREVIOUS);
    b.store(callable, new, layout::FUNCOBJ);
    let globals = b.load(Type::Ptr, callable, function::GLOBALS);
    b.store(globals, new, layout::GLOBALS);
    let builtins = b.load(Type::Ptr, callable, function::BUILTINS);
    b.store(builtins, new, layout::BUILTINS);
    let nothing = b.iconst(Type::Ptr, 0);
    b.store(nothing, new, layout::LOCALS);
    b.store(nothing, new, layout::FRAME_OBJ);
    let instruction = b.address(executable, code::CODE_ADAPTIVE);
    b.store(instruction, new, layout::INSTR_PTR);
    // The stack top that marks a frame with a return address; offset and owner (the thread) are 0.
    let state = b.iconst(Type::I64, i64::from(abi::STACKTOP_RETURN_ADDRESS as u32));
    b.store(state, new, layout::STACKTOP);
}

/// Stores NULL from one address up to another.
fn fill_with_null(b: &mut Builder<'_>, from: Value, to: Value) {
    let (head, body, after) = (b.block(), b.block(), b.block());
    let at = b.func.add_param(head, Type::Ptr);
    b.jump(head, &[from]);
    b.switch_to(head);
    let done = b.compare(Condition::Eq, at, to);
    b.branch(done, after, body);
    b.switch_to(body);
    let null = b.null();
    b.store(null, at, 0);
    let next = b.address(at, 8);
    b.jump(head, &[next]);
    b.switch_to(after);
}

/// Takes the result of a call. The callee may have run long and changed the world: if code was instrumented meanwhile, the interpreter goes on.
pub fn receive(b: &mut Builder<'_>) -> Value {
    receive_after(b, |b, value| {
        // The instruction is still the call: its handler is the one for an exception that was pending.
        let (thread, frame, next) = (b.thread_state(), b.frame(), b.pointer(0));
        let verdict = b.call(Helper::ReceiveCheck, &[thread, frame, next, value]);
        b.error_if_negative(verdict);
        verdict
    })
}

/// Takes a value that another frame hands over. If anything needs attention, `check` says whether the interpreter goes on at pointer 0.
pub(crate) fn receive_after(b: &mut Builder<'_>, check: impl FnOnce(&mut Builder<'_>, Value) -> Value) -> Value {
    let thread = b.thread_state();
    let breaker = b.load(Type::I64, thread, thread_state::EVAL_BREAKER);
    let code = b.raw_pointer(abi::pointer::CODE);
    let valid = b.load(Type::I64, code, compiled::VALID_VERSION);
    let same = b.compare(Condition::Eq, breaker, valid);
    b.choose(
        same,
        Type::Obj,
        true,
        |b| b.received(),
        |b| {
            let value = b.received();
            b.set_output(0, value);
            let verdict = check(b, value);
            let instrumented = b.compare_const(Condition::Ne, verdict, 0);
            b.when_cold(instrumented, |b| {
                let (frame, next) = (b.frame(), b.pointer(0));
                b.store(next, frame, layout::INSTR_PTR);
                b.leave_saved(Continuation::Exit);
            });
            let frame = b.frame();
            b.load(Type::Obj, frame, Offset::Operand(abi::operand::OUTPUT, 0))
        },
    )
}

/// Hands the value to the caller. The frame goes in a stub, outside the code that goes with it.
pub fn return_value(b: &mut Builder<'_>, value: Value) {
    // Somebody may hold the frame and ask for its line.
    b.save_instr();
    let value = b.take(value);
    b.leave_with(Continuation::Return, value);
}

/// Hands a constant to the caller.
pub fn return_const(b: &mut Builder<'_>) {
    b.save_instr();
    let value = b.object(0);
    b.retain(value);
    b.leave_with(Continuation::Return, value);
}
