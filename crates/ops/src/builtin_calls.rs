//! Calls of built-in functions, methods and types, without going through their vectorcall.
//!
//! Slots are `[callable, self or NULL, arguments…]`. Arguments are released in order, the callable last, as the interpreter does. The operations end
//! by handing the result on to `RECEIVE`, which looks whether anything became pending.

use crate::operations;
use whipsnake_cpython::layout::{
    cfunction, descriptor, list, method_def, object, thread_state, type_object, var_object,
};
use whipsnake_ir::{BinaryOp, Builder, Condition, Continuation, Global, Helper, MissReason, Type, UnaryOp, Value};

operations! {
    "CALL_TYPE_1" (callable, null, x) -> 1, borrows [2] => type_1;
    "CALL_STR_1" (callable, null, x) -> 0 => |b, f, n, x| convert(b, Global::StrType, Helper::Str, f, n, x);
    "CALL_TUPLE_1" (callable, null, x) -> 0 => |b, f, n, x| convert(b, Global::TupleType, Helper::Tuple, f, n, x);
    "CALL_LEN.1" (callable, null, x) -> 1, borrows [2] => len;
    "CALL_ISINSTANCE.2" (callable, null, x, class) -> 1, borrows [2] => isinstance;
    "CALL_LIST_APPEND" (callable, list, x) -> 1, borrows [2] => list_append;
    "CALL_BUILTIN_O.1" (callable, null, x) -> 0 => builtin_o;
    "CALL_BUILTIN_FAST.0" () -> 0 => |b| builtin_fast(b, 0, false);
    "CALL_BUILTIN_FAST.1" () -> 0 => |b| builtin_fast(b, 1, false);
    "CALL_BUILTIN_FAST.2" () -> 0 => |b| builtin_fast(b, 2, false);
    "CALL_BUILTIN_FAST.3" () -> 0 => |b| builtin_fast(b, 3, false);
    "CALL_BUILTIN_FAST_WITH_KEYWORDS.0" () -> 0 => |b| builtin_fast(b, 0, true);
    "CALL_BUILTIN_FAST_WITH_KEYWORDS.1" () -> 0 => |b| builtin_fast(b, 1, true);
    "CALL_BUILTIN_FAST_WITH_KEYWORDS.2" () -> 0 => |b| builtin_fast(b, 2, true);
    "CALL_BUILTIN_FAST_WITH_KEYWORDS.3" () -> 0 => |b| builtin_fast(b, 3, true);
    "CALL_BUILTIN_CLASS.0" () -> 0 => |b| builtin_class(b, 0);
    "CALL_BUILTIN_CLASS.1" () -> 0 => |b| builtin_class(b, 1);
    "CALL_BUILTIN_CLASS.2" () -> 0 => |b| builtin_class(b, 2);
    "CALL_BUILTIN_CLASS.3" () -> 0 => |b| builtin_class(b, 3);
    "CALL_METHOD_DESCRIPTOR_NOARGS.0" (callable, this) -> 0 => method_noargs;
    "CALL_METHOD_DESCRIPTOR_NOARGS.1" (callable, null, this) -> 0 => unbound_method_noargs;
    "CALL_METHOD_DESCRIPTOR_O.1" (callable, this, x) -> 0 => method_o;
    "CALL_METHOD_DESCRIPTOR_O.2" (callable, null, this, x) -> 0 => unbound_method_o;
    "CALL_METHOD_DESCRIPTOR_FAST.0" () -> 0 => |b| method_fast(b, 0, false);
    "CALL_METHOD_DESCRIPTOR_FAST.1" () -> 0 => |b| method_fast(b, 1, false);
    "CALL_METHOD_DESCRIPTOR_FAST.2" () -> 0 => |b| method_fast(b, 2, false);
    "CALL_METHOD_DESCRIPTOR_FAST.3" () -> 0 => |b| method_fast(b, 3, false);
    "CALL_METHOD_DESCRIPTOR_FAST_WITH_KEYWORDS.0" () -> 0 => |b| method_fast(b, 0, true);
    "CALL_METHOD_DESCRIPTOR_FAST_WITH_KEYWORDS.1" () -> 0 => |b| method_fast(b, 1, true);
    "CALL_METHOD_DESCRIPTOR_FAST_WITH_KEYWORDS.2" () -> 0 => |b| method_fast(b, 2, true);
    "CALL_METHOD_DESCRIPTOR_FAST_WITH_KEYWORDS.3" () -> 0 => |b| method_fast(b, 3, true);
}

fn guard_null(b: &mut Builder<'_>, value: Value) {
    let null = b.is_null(value);
    b.guard(null, MissReason::Callable);
}

pub(crate) fn guard_is(b: &mut Builder<'_>, value: Value, global: Global) {
    let wanted = b.global(global);
    let same = b.compare(Condition::Eq, value, wanted);
    b.guard(same, MissReason::Callable);
}

/// `type(x)`.
pub fn type_1(b: &mut Builder<'_>, callable: Value, null: Value, x: Value) -> Value {
    guard_null(b, null);
    guard_is(b, callable, Global::TypeType);
    let class = b.load(Type::Obj, x, object::OB_TYPE);
    b.retain(class);
    b.release(x);
    b.release(callable);
    class
}

/// `str(x)`, `tuple(x)`: a type's conversion by a C function.
pub fn convert(b: &mut Builder<'_>, class: Global, helper: Helper, callable: Value, null: Value, x: Value) {
    guard_null(b, null);
    guard_is(b, callable, class);
    let result = b.call_checked(helper, &[x]);
    b.release(x);
    b.release(callable);
    b.leave_with(Continuation::Next, result);
}

/// `len(x)`.
pub fn len(b: &mut Builder<'_>, callable: Value, null: Value, x: Value) -> Value {
    guard_null(b, null);
    guard_is(b, callable, Global::LenFunction);
    let class = b.load(Type::Obj, x, object::OB_TYPE);
    let kinds = [Global::ListType, Global::StrType, Global::DictType, Global::TupleType];
    let [first, rest @ ..] = kinds.map(|kind| {
        let kind = b.global(kind);
        b.compare(Condition::Eq, class, kind)
    });
    let simple = rest.into_iter().fold(first, |any, is| b.binary(BinaryOp::Or, any, is));
    // All four have their length at the same place.
    let length = b.choose(
        simple,
        Type::I64,
        true,
        |b| b.load(Type::I64, x, var_object::OB_SIZE),
        |b| {
            let length = keeping(b, x, |b, x| b.call(Helper::ObjectSize, &[x]));
            let negative = b.compare_const(Condition::Lt, length, 0);
            b.error_if(negative);
            length
        },
    );
    let result = b.new_int(length, &[]);
    b.release_all(&[callable, x]);
    result
}

/// Calls something that may run Python code with an input, which a borrowed one may not survive without a reference of its own.
fn keeping(b: &mut Builder<'_>, value: Value, call: impl FnOnce(&mut Builder<'_>, Value) -> Value) -> Value {
    if !b.is_borrowed(value) {
        return call(b, value);
    }
    let held = b.hold(value);
    b.retain(held);
    let result = call(b, held);
    b.release(held);
    result
}

/// `isinstance(x, class)`.
pub fn isinstance(b: &mut Builder<'_>, callable: Value, null: Value, x: Value, class: Value) -> Value {
    guard_null(b, null);
    guard_is(b, callable, Global::IsInstanceFunction);
    let own = b.load(Type::Obj, x, object::OB_TYPE);
    let same = b.compare(Condition::Eq, own, class);
    if b.in_region() {
        let items = b.tuple_items(class);
        let verdict = instance_verdict(b, x, own, items.as_deref().unwrap_or(&[class]));
        let known = b.compare_const(Condition::Ge, verdict, 0);
        b.guard(known, MissReason::Type);
        let is = b.compare_const(Condition::Ne, verdict, 0);
        let result = b.bool_object(is);
        b.release_all(&[x, class, callable]);
        return result;
    }
    let result = b.choose(
        same,
        Type::Obj,
        false,
        |b| b.global(Global::True),
        |b| {
            let verdict = keeping(b, x, |b, x| b.call(Helper::IsInstance, &[x, class]));
            b.error_if_negative(verdict);
            let is = b.compare_const(Condition::Ne, verdict, 0);
            b.bool_object(is)
        },
    );
    b.release_all(&[x, class, callable]);
    result
}

/// Whether an object is an instance of one of several classes, which are asked in order: 1, 0, or −1 where Python code has a say.
fn instance_verdict(b: &mut Builder<'_>, x: Value, own: Value, classes: &[Value]) -> Value {
    let [class, rest @ ..] = classes else { return b.iconst(Type::I32, 0) };
    let same = b.compare(Condition::Eq, own, *class);
    let yes = |b: &mut Builder<'_>| b.iconst(Type::I32, 1);
    b.choose(same, Type::I32, false, yes, |b| {
        let verdict = b.call(Helper::TryIsInstance, &[x, *class]);
        if rest.is_empty() {
            return verdict;
        }
        let no = b.compare_const(Condition::Eq, verdict, 0);
        b.choose(no, Type::I32, false, |b| instance_verdict(b, x, own, rest), |_| verdict)
    })
}

/// `list.append(x)`; the result is dropped by the next instruction.
pub fn list_append(b: &mut Builder<'_>, callable: Value, this: Value, x: Value) -> Value {
    if b.in_region() {
        return append_in_region(b, callable, this, x, |b, this| b.guard_exact(this, Global::ListType));
    }
    guard_append(b, callable, this);
    guard_list(b, this);
    append_in_memory(b, this, x);
    b.release_all(&[this, callable]);
    b.global(Global::None)
}

fn guard_append(b: &mut Builder<'_>, callable: Value, this: Value) {
    guard_is(b, callable, Global::ListAppendMethod);
    let some = b.compare_const(Condition::Ne, this, 0);
    b.guard(some, MissReason::Missing);
}

/// Guards that an object is a list, or of a class that is derived from that.
pub(crate) fn guard_list(b: &mut Builder<'_>, this: Value) {
    let class = b.type_of(this);
    let flags = b.load(Type::I64, class, type_object::TP_FLAGS);
    let flag = b.binary_const(BinaryOp::And, flags, type_object::LIST_SUBCLASS as i64);
    let is_list = b.compare_const(Condition::Ne, flag, 0);
    b.guard(is_list, MissReason::Type);
}

/// The same in a region, where nobody sees the frame.
pub(crate) fn append_in_region(
    b: &mut Builder<'_>,
    callable: Value,
    this: Value,
    x: Value,
    guard: impl FnOnce(&mut Builder<'_>, Value),
) -> Value {
    guard_append(b, callable, this);
    guard(b, this);
    crate::consumers::collect(b, this, x);
    b.release_all(&[this, callable]);
    b.global(Global::None)
}

/// Adds an item that waits on the stack in memory for the interpreter's own function, if that has to make room.
fn append_in_memory(b: &mut Builder<'_>, this: Value, x: Value) {
    let x = b.take(x);
    let length = b.load(Type::I64, this, list::OB_SIZE);
    let allocated = b.load(Type::I64, this, list::ALLOCATED);
    let full = b.compare(Condition::Ge, length, allocated);
    let (grow, store, after) = (b.block(), b.block(), b.block());
    b.set_cold(grow);
    b.branch(full, grow, store);
    b.switch_to(grow);
    let item = b.hold(x);
    if !b.is_borrowed(x) {
        // The helper takes the item, also when it fails.
        let base = b.stack_base();
        let null = b.null();
        b.store(null, base, 16);
    }
    b.call_status(Helper::ListAppendFull, &[this, item]);
    b.jump(after, &[]);
    b.switch_to(store);
    let items = b.load(Type::Ptr, this, list::OB_ITEM);
    let place = b.element(items, length, 3);
    b.store(x, place, 0);
    let more = b.binary_const(BinaryOp::Add, length, 1);
    b.store(more, this, list::OB_SIZE);
    b.jump(after, &[]);
    b.switch_to(after);
}

/// The C function of a built-in whose calling convention is `flags`, and its `self`.
fn builtin(b: &mut Builder<'_>, callable: Value, flags: u32) -> (Value, Value) {
    b.guard_exact(callable, Global::BuiltinType);
    let definition = b.load(Type::Ptr, callable, cfunction::M_ML);
    let function = convention(b, definition, flags);
    let this = b.load(Type::Obj, callable, cfunction::M_SELF);
    (function, this)
}

/// The C function of a method definition whose calling convention is `flags`.
fn convention(b: &mut Builder<'_>, definition: Value, flags: u32) -> Value {
    let found = b.load(Type::I32, definition, method_def::ML_FLAGS);
    let same = b.compare_const(Condition::Eq, found, flags.into());
    b.guard(same, MissReason::Callable);
    b.load(Type::Ptr, definition, method_def::ML_METH)
}

/// The C function of an unbound method of a built-in type, for an instance of exactly that type.
fn method(b: &mut Builder<'_>, callable: Value, this: Value, flags: u32) -> Value {
    guard_some(b, this);
    method_of(b, callable, this, flags)
}

fn guard_some(b: &mut Builder<'_>, value: Value) {
    let some = b.compare_const(Condition::Ne, value, 0);
    b.guard(some, MissReason::Missing);
}

/// The same, for an instance that is known to be there.
fn method_of(b: &mut Builder<'_>, callable: Value, this: Value, flags: u32) -> Value {
    b.guard_exact(callable, Global::MethodDescriptorType);
    let definition = b.load(Type::Ptr, callable, descriptor::D_METHOD);
    let function = convention(b, definition, flags);
    let class = b.load(Type::Ptr, callable, descriptor::D_TYPE);
    let own = b.type_of(this);
    let differs = b.compare(Condition::Ne, class, own);
    // Instances of a class of the program that is made of the built-in one, as `random.Random`, are as good.
    b.when_cold(differs, |b| {
        let base = b.load(Type::Ptr, own, type_object::TP_BASE);
        let inherits = b.compare(Condition::Eq, class, base);
        b.guard(inherits, MissReason::Type);
    });
    function
}

/// Calls a C function of a convention whose calls are counted, as all but vectorcalls are.
fn counted(b: &mut Builder<'_>, function: Value, args: &[Value]) -> Value {
    let thread = b.thread_state();
    let remaining = b.load(Type::I32, thread, thread_state::C_RECURSION_REMAINING);
    let allowed = b.compare_const(Condition::Gt, remaining, 0);
    b.guard(allowed, MissReason::FrameSpace);
    let less = b.binary_const(BinaryOp::Sub, remaining, 1);
    b.store(less, thread, thread_state::C_RECURSION_REMAINING);
    let result = b.call_pointer(function, args, Type::Obj);
    let thread = b.thread_state();
    let remaining = b.load(Type::I32, thread, thread_state::C_RECURSION_REMAINING);
    let more = b.binary_const(BinaryOp::Add, remaining, 1);
    b.store(more, thread, thread_state::C_RECURSION_REMAINING);
    b.error_if_null(result);
    result
}

/// A built-in function of one argument.
pub fn builtin_o(b: &mut Builder<'_>, callable: Value, null: Value, x: Value) {
    guard_null(b, null);
    let (function, this) = builtin(b, callable, method_def::METH_O);
    let function = instead_of_found(b, function, Global::HeapPopPlace, Global::QuickHeapPop);
    let function = instead_of_send(b, function);
    let function = instead(b, function, callable, Global::IdFunction, Global::QuickId);
    let result = counted(b, function, &[this, x]);
    notice_evaluator(b);
    b.release_all(&[x, callable]);
    b.leave_with(Continuation::Next, result);
}

/// A built-in function may have set another function that evaluates frames (PEP 523), which must see the calls that follow.
fn notice_evaluator(b: &mut Builder<'_>) {
    let place = b.global(Global::OtherEvaluator);
    let place = b.unary(UnaryOp::AsPtr, place);
    let evaluator = b.load(Type::I64, place, 0);
    let set = b.compare_const(Condition::Ne, evaluator, 0);
    b.when_cold(set, |b| b.call_void(Helper::NoticeTools, &[]));
}

/// A method of a built-in type with no argument.
pub fn method_noargs(b: &mut Builder<'_>, callable: Value, this: Value) {
    let function = method(b, callable, this, method_def::METH_NOARGS);
    let null = b.null();
    let result = counted(b, function, &[this, null]);
    b.release_all(&[this, callable]);
    b.leave_with(Continuation::Next, result);
}

/// A method of a built-in type with one argument.
pub fn method_o(b: &mut Builder<'_>, callable: Value, this: Value, x: Value) {
    let function = method(b, callable, this, method_def::METH_O);
    let function = instead_of_send(b, function);
    let result = counted(b, function, &[this, x]);
    b.release_all(&[this, x, callable]);
    b.leave_with(Continuation::Next, result);
}

/// `str.lower(this)`.
pub fn unbound_method_noargs(b: &mut Builder<'_>, callable: Value, null: Value, this: Value) {
    guard_null(b, null);
    method_noargs(b, callable, this);
}

/// `list.append(this, x)`.
pub fn unbound_method_o(b: &mut Builder<'_>, callable: Value, null: Value, this: Value, x: Value) {
    guard_null(b, null);
    method_o(b, callable, this, x);
}

/// The value in slot `index` of the call.
fn slot(b: &mut Builder<'_>, index: usize) -> Value {
    let base = b.stack_base();
    b.load(Type::Obj, base, 8 * index as i32)
}

/// Releases the `count` slots from `first` in order, then the callable.
fn release_slots(b: &mut Builder<'_>, first: usize, count: usize) {
    for index in first..first + count {
        let value = slot(b, index);
        b.release(value);
    }
    let callable = slot(b, 0);
    b.release(callable);
}

/// Calls a C function with `this`, the array of arguments that starts at the third slot, its length, and no keyword names if it takes them.
fn call_array(b: &mut Builder<'_>, function: Value, this: Value, count: usize, keywords: bool) -> Value {
    let base = b.stack_base();
    let array = b.address(base, 16);
    let length = b.iconst(Type::I64, count as i64);
    call_with(b, function, this, array, length, keywords)
}

/// Calls a C function with `this` and an array of arguments.
fn call_with(b: &mut Builder<'_>, function: Value, this: Value, array: Value, length: Value, keywords: bool) -> Value {
    let none = b.iconst(Type::Ptr, 0);
    let args = [this, array, length, none];
    let result = b.call_pointer(function, if keywords { &args } else { &args[..3] }, Type::Obj);
    b.error_if_null(result);
    result
}

fn keyword_flags(keywords: bool) -> u32 {
    method_def::METH_FASTCALL | if keywords { method_def::METH_KEYWORDS } else { 0 }
}

/// Another C function, if it is that of a module which may be imported at any time: its address is in memory, once it is known.
fn instead_of_found(b: &mut Builder<'_>, function: Value, place: Global, other: Global) -> Value {
    let place = b.global(place);
    let place = b.unary(UnaryOp::AsPtr, place);
    let found = b.load(Type::Ptr, place, 0);
    instead_of(b, function, found, other)
}

/// Another C function for the method `send`, which resumes generators without their type, where a function of our own is.
fn instead_of_send(b: &mut Builder<'_>, function: Value) -> Value {
    let send = b.global(Global::SendFunction);
    let send = b.address(send, 0);
    instead_of(b, function, send, Global::QuickSend)
}

/// Another C function, if the one that is called is `known`.
fn instead_of(b: &mut Builder<'_>, function: Value, known: Value, other: Global) -> Value {
    let same = b.compare(Condition::Eq, function, known);
    let other = b.global(other);
    let other = b.address(other, 0);
    b.select(same, other, function)
}

/// Another C function, if it is that function which is called.
fn instead(b: &mut Builder<'_>, function: Value, callable: Value, called: Global, other: Global) -> Value {
    let called = b.global(called);
    let same = b.compare(Condition::Eq, callable, called);
    let other = b.global(other);
    let other = b.address(other, 0);
    b.select(same, other, function)
}

/// A built-in function that takes an array of arguments.
pub fn builtin_fast(b: &mut Builder<'_>, count: usize, keywords: bool) {
    let (callable, null) = (slot(b, 0), slot(b, 1));
    guard_null(b, null);
    if count == 2 && !keywords {
        // It may bring forth tools that no version tells of: the general call looks for them.
        let registers_tool = b.global(Global::UseToolIdFunction);
        let other = b.compare(Condition::Ne, callable, registers_tool);
        b.guard(other, MissReason::Callable);
    }
    let (mut function, this) = builtin(b, callable, keyword_flags(keywords));
    if matches!(count, 2..=3) && !keywords {
        // For names that vary, which no site's cell knows, there are functions of our own.
        function = instead(b, function, callable, Global::GetattrFunction, Global::QuickGetattr);
    }
    if count == 2 && !keywords {
        function = instead(b, function, callable, Global::HasattrFunction, Global::QuickHasattr);
        function = instead_of_found(b, function, Global::HeapPushPlace, Global::QuickHeapPush);
    }
    let result = call_array(b, function, this, count, keywords);
    notice_evaluator(b);
    release_slots(b, 2, count);
    b.leave_with(Continuation::Next, result);
}

/// A method of a built-in type that takes an array of arguments. Without `self` (`dict.get(d, k)`) the first argument is the instance.
pub fn method_fast(b: &mut Builder<'_>, count: usize, keywords: bool) {
    let (callable, this) = (slot(b, 0), slot(b, 1));
    if count == 0 {
        let function = method(b, callable, this, keyword_flags(keywords));
        let result = call_array(b, function, this, count, keywords);
        release_slots(b, 1, count + 1);
        return b.leave_with(Continuation::Next, result);
    }
    let bound = b.compare_const(Condition::Ne, this, 0);
    let base = b.stack_base();
    let (with_self, without) = (b.address(base, 8), b.address(base, 16));
    let first = b.select(bound, with_self, without);
    let instance = b.load(Type::Obj, first, 0);
    let function = method_of(b, callable, instance, keyword_flags(keywords));
    let (more, fewer) = (b.iconst(Type::I64, count as i64), b.iconst(Type::I64, count as i64 - 1));
    let length = b.select(bound, more, fewer);
    let array = b.address(first, 8);
    let result = call_with(b, function, instance, array, length, keywords);
    let this = slot(b, 1);
    b.release_or_null(this);
    release_slots(b, 2, count);
    b.leave_with(Continuation::Next, result);
}

/// A type with a vectorcall of its own.
pub fn builtin_class(b: &mut Builder<'_>, count: usize) {
    let (callable, null) = (slot(b, 0), slot(b, 1));
    guard_null(b, null);
    let class = b.type_of(callable);
    let flags = b.load(Type::I64, class, type_object::TP_FLAGS);
    let flag = b.binary_const(BinaryOp::And, flags, type_object::TYPE_SUBCLASS as i64);
    let is_type = b.compare_const(Condition::Ne, flag, 0);
    b.guard(is_type, MissReason::Type);
    let function = b.load(Type::Ptr, callable, type_object::TP_VECTORCALL);
    let some = b.compare_const(Condition::Ne, function, 0);
    b.guard(some, MissReason::Callable);
    let result = call_array(b, function, callable, count, true);
    release_slots(b, 2, count);
    b.leave_with(Continuation::Next, result);
}
