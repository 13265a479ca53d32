//! Building functions: one method an instruction, and structured conditionals on top.
//!
//! References follow one rule: an *owned* value must be released, returned or stored exactly once; a *borrowed* input stays
//! with whoever owns it. [`Builder::release`] and [`Builder::take`] know which inputs are borrowed, so an operation is
//! written once for every combination.

use crate::inst::{Args, InstData};
use crate::region::Region;
use crate::{
    BinaryOp, Block, Condition, Continuation, Effects, FloatCondition, Function, Global, Helper, Inst, Known, LoopPlan,
    MissReason, Offset, OpenLoop, Type, UnaryOp, Value, ValueDef, abi,
};

/// Appends instructions to a function.
#[derive(Debug)]
pub struct Builder<'f> {
    /// The function being built.
    pub func: &'f mut Function,
    current: Block,
    /// Whether the current block already has its terminator.
    ended: bool,
    /// Whether `instr_ptr` is known to be this instruction's address here.
    saved: bool,
    borrowed: u32,
    pub(crate) region: Option<Box<Region>>,
}

impl<'f> Builder<'f> {
    /// Starts at a new first block.
    pub fn new(func: &'f mut Function) -> Self {
        let current = func.add_block();
        Builder { func, current, ended: false, saved: false, borrowed: 0, region: None }
    }

    /// Starts a region at a new first block: what `region` knows is left out of what is built.
    pub fn region(func: &'f mut Function, region: Region) -> Self {
        Builder { region: Some(Box::new(region)), ..Builder::new(func) }
    }

    /// What is known, while a region is built.
    pub fn knowledge(&mut self) -> Option<&mut Region> {
        self.region.as_deref_mut()
    }

    /// Whether a region is being built, where numbers may be kept out of their objects.
    pub fn in_region(&self) -> bool {
        self.region.is_some()
    }

    /// The block being built.
    pub fn current(&self) -> Block {
        self.current
    }

    pub(crate) fn push(&mut self, mut data: InstData, results: &[Type]) -> Inst {
        debug_assert!(!self.ended, "instruction after a terminator: {data:?}");
        self.show_used(&data);
        self.ended = data.is_terminator();
        let Some(region) = self.region.as_deref_mut() else {
            return self.func.add_inst(self.current, data, results);
        };
        data.for_each_use_mut(|value| *value = region.resolve(*value));
        if let InstData::Load { offset, .. } | InstData::Store { offset, .. } | InstData::Address { offset, .. } =
            &mut data
            && let Offset::Operand(operand, add) = *offset
        {
            // What the instruction names is in a value, not in its slot.
            region.unsupported |= operand == abi::operand::LOCAL;
            *offset = Offset::Known(region.operands[operand as usize].wrapping_add(add));
        }
        let exit = region.exit.filter(|_| data.has_state());
        let inst = self.func.add_inst(self.current, data, results);
        if let Some(exit) = exit {
            self.func.set_state(inst, exit);
        }
        inst
    }

    pub(crate) fn value(&mut self, data: InstData, ty: Type) -> Value {
        let inst = self.push(data, &[ty]);
        self.func.results(inst)[0]
    }

    // Constants and operands of the instruction.

    /// An integer constant.
    pub fn iconst(&mut self, ty: Type, value: i64) -> Value {
        self.value(InstData::Iconst { ty, value }, ty)
    }

    /// A float constant.
    pub fn fconst(&mut self, value: f64) -> Value {
        self.value(InstData::Fconst { bits: value.to_bits() }, Type::F64)
    }

    /// The NULL reference.
    pub fn null(&mut self) -> Value {
        self.iconst(Type::Obj, 0)
    }

    /// The instruction's 32-bit immediate `index` (0 to 6), an i32.
    pub fn param(&mut self, index: u8) -> Value {
        if let Some(region) = &self.region {
            let value = region.operands[(abi::operand::PARAM + index) as usize];
            return self.iconst(Type::I32, value.into());
        }
        self.value(InstData::Operand32 { operand: abi::operand::PARAM + index }, Type::I32)
    }

    /// The value of the instruction's 32-bit immediate `index`, which only a region knows.
    pub fn param_value(&self, index: u8) -> i32 {
        let region = self.region.as_ref().expect("operands of stencils are not known when they are made");
        region.operands[(abi::operand::PARAM + index) as usize]
    }

    /// The offset that the instruction's 32-bit immediate `index` gives, plus `add`.
    pub fn param_offset(&self, index: u8, add: i32) -> Offset {
        Offset::Operand(abi::operand::PARAM + index, add)
    }

    /// The instruction's own pointer `index` (0 to 3), as a raw pointer.
    pub fn pointer(&mut self, index: u8) -> Value {
        self.typed_pointer(abi::pointer::PARAM + index, Type::Ptr)
    }

    fn typed_pointer(&mut self, pointer: u8, ty: Type) -> Value {
        if let Some(region) = &self.region {
            let address = region.pointers[pointer as usize];
            return self.iconst(ty, address as i64);
        }
        self.value(InstData::Pointer { pointer, ty }, ty)
    }

    /// The instruction's own pointer `index` (0 to 3), as a borrowed object.
    pub fn object(&mut self, index: u8) -> Value {
        let object = self.typed_pointer(abi::pointer::PARAM + index, Type::Obj);
        self.learn(object, |known| known.present = true);
        object
    }

    /// Another pointer operand, by its number in [`abi::pointer`].
    pub fn raw_pointer(&mut self, pointer: u8) -> Value {
        self.typed_pointer(pointer, Type::Ptr)
    }

    /// The address of a named object of the host, borrowed.
    pub fn global(&mut self, global: Global) -> Value {
        let value = self.value(InstData::Global { global }, Type::Obj);
        if matches!(global, Global::None | Global::True | Global::False) {
            let class = (global != Global::None).then_some(Global::BoolType);
            self.learn(value, |k| *k = Known { class, present: true, immortal: true, raw: None });
        }
        value
    }

    /// Input `index` of the operation.
    pub fn input(&mut self, index: u8, borrowed: bool) -> Value {
        let value = self.value(InstData::Input { index }, Type::Obj);
        if borrowed {
            self.borrowed |= 1 << index;
        }
        value
    }

    /// What native code was entered with: an owned reference.
    pub fn received(&mut self) -> Value {
        self.value(InstData::Received, Type::Obj)
    }

    /// The current thread state.
    pub fn thread_state(&mut self) -> Value {
        self.value(InstData::ThreadState, Type::Ptr)
    }

    /// A word of the activation.
    pub fn activation_field(&mut self, offset: i32) -> Value {
        self.value(InstData::ActivationField { offset }, Type::Ptr)
    }

    fn need_memory(&mut self) {
        if let Some(region) = self.region.as_deref_mut().filter(|r| !r.in_memory) {
            region.wants_memory = true;
        }
    }

    /// The address of the lowest stack slot that the instruction consumes.
    pub fn stack_base(&mut self) -> Value {
        self.need_memory();
        let frame = self.frame();
        self.address(frame, Offset::Operand(abi::operand::BASE, 0))
    }

    /// The local variable that the instruction names: borrowed, maybe NULL.
    pub fn local(&mut self) -> Value {
        if let Some(region) = self.region.as_deref_mut() {
            match region.local {
                Some(local) => return local,
                None => region.unsupported = true,
            }
        }
        let frame = self.frame();
        self.load(Type::Obj, frame, Offset::Operand(abi::operand::LOCAL, 0))
    }

    /// Replaces the local variable that the instruction names. The old value is not released.
    pub fn set_local(&mut self, value: Value) {
        if let Some(region) = self.region.as_deref_mut() {
            region.unsupported = true;
        }
        let frame = self.frame();
        self.store(value, frame, Offset::Operand(abi::operand::LOCAL, 0));
    }

    /// Writes stack slot `output` of the instruction early (the harness does it for returned outputs).
    pub fn set_output(&mut self, output: u8, value: Value) {
        self.need_memory();
        let frame = self.frame();
        self.store(value, frame, Offset::Operand(abi::operand::OUTPUT + output, 0));
    }

    // Memory and arithmetic.

    /// Reads memory.
    pub fn load(&mut self, ty: Type, base: Value, offset: impl Into<Offset>) -> Value {
        let offset = self.known_offset(offset.into());
        if let Some(known) = self.known_load(ty, base, offset) {
            return known;
        }
        let value = self.value(InstData::Load { ty, base, offset }, ty);
        self.remember_load(base, offset, value);
        value
    }

    /// Writes memory.
    pub fn store(&mut self, value: Value, base: Value, offset: impl Into<Offset>) {
        let offset = offset.into();
        if !self.put_off_store(value, base, offset) {
            self.push(InstData::Store { value, base, offset }, &[]);
        }
    }

    /// `base + offset`.
    pub fn address(&mut self, base: Value, offset: impl Into<Offset>) -> Value {
        self.value(InstData::Address { base, offset: offset.into() }, Type::Ptr)
    }

    /// The address of element `index` (a word) of an array of `1 << shift` bytes an element.
    pub fn element(&mut self, base: Value, index: Value, shift: i64) -> Value {
        let amount = self.iconst(Type::I64, shift);
        let bytes = self.binary(BinaryOp::Shl, index, amount);
        let base = if self.func.ty(base) == Type::I64 { base } else { self.unary(UnaryOp::AsInt, base) };
        let sum = self.binary(BinaryOp::Add, base, bytes);
        self.unary(UnaryOp::AsPtr, sum)
    }

    /// One-operand arithmetic; the result type follows from the operation.
    pub fn unary(&mut self, op: UnaryOp, arg: Value) -> Value {
        if let Some(folded) = self.fold_unary(op, arg) {
            return folded;
        }
        let ty = match op {
            UnaryOp::ExtendU | UnaryOp::ExtendS | UnaryOp::AsInt => Type::I64,
            UnaryOp::Truncate => Type::I32,
            UnaryOp::TruncateByte => Type::I8,
            UnaryOp::IntToFloat => Type::F64,
            UnaryOp::AsPtr => Type::Ptr,
            UnaryOp::AsObj => Type::Obj,
            UnaryOp::Neg | UnaryOp::Not | UnaryOp::FNeg | UnaryOp::Hold => self.func.ty(arg),
        };
        self.value(InstData::Unary { op, arg }, ty)
    }

    /// The same value, read once here: needed for an input that is used after its slot was overwritten or its frame popped.
    pub fn hold(&mut self, value: Value) -> Value {
        self.unary(UnaryOp::Hold, value)
    }

    /// Two-operand arithmetic on values of one type.
    pub fn binary(&mut self, op: BinaryOp, left: Value, right: Value) -> Value {
        let ty = self.func.ty(left);
        self.value(InstData::Binary { op, left, right }, ty)
    }

    /// Two-operand arithmetic with a constant.
    pub fn binary_const(&mut self, op: BinaryOp, left: Value, right: i64) -> Value {
        let ty = self.func.ty(left);
        let right = self.iconst(ty, right);
        self.binary(op, left, right)
    }

    /// Signed i64 arithmetic: the wrapped result, and whether it overflowed.
    pub fn overflowing(&mut self, op: BinaryOp, left: Value, right: Value) -> (Value, Value) {
        let inst = self.push(InstData::Overflowing { op, left, right }, &[Type::I64, Type::Bool]);
        let results = self.func.results(inst);
        (results[0], results[1])
    }

    /// Integer comparison.
    pub fn compare(&mut self, condition: Condition, left: Value, right: Value) -> Value {
        if let Some(folded) = self.fold_compare(condition, left, right) {
            return folded;
        }
        self.value(InstData::Compare { condition, left, right }, Type::Bool)
    }

    /// Integer comparison with a constant.
    pub fn compare_const(&mut self, condition: Condition, left: Value, right: i64) -> Value {
        let ty = self.func.ty(left);
        let right = self.iconst(ty, right);
        self.compare(condition, left, right)
    }

    /// Whether a reference or pointer is NULL.
    pub fn is_null(&mut self, value: Value) -> Value {
        self.compare_const(Condition::Eq, value, 0)
    }

    /// Float comparison.
    pub fn float_compare(&mut self, condition: FloatCondition, left: Value, right: Value) -> Value {
        self.value(InstData::FloatCompare { condition, left, right }, Type::Bool)
    }

    /// `condition ? then : otherwise`, without a branch.
    pub fn select(&mut self, condition: Value, then: Value, otherwise: Value) -> Value {
        if let Some(known) = self.constant(condition) {
            return if known != 0 { then } else { otherwise };
        }
        let ty = self.func.ty(then);
        let both = self.region.as_ref().map(|r| r.known(then).join(r.known(otherwise)));
        let result = self.value(InstData::Select { condition, then, otherwise }, ty);
        if let Some(both) = both {
            self.learn(result, |known| *known = both);
        }
        result
    }

    /// `True` or `False`.
    pub fn bool_object(&mut self, condition: Value) -> Value {
        let yes = self.global(Global::True);
        let no = self.global(Global::False);
        self.select(condition, yes, no)
    }

    // Objects.

    /// The object's type.
    pub fn type_of(&mut self, value: Value) -> Value {
        self.load(Type::Ptr, value, whipsnake_type_offset())
    }

    /// Adds a reference.
    pub fn retain(&mut self, value: Value) {
        if self.region.as_ref().is_some_and(|r| r.known(value).immortal) {
            return;
        }
        if let Some(region) = self.region.as_deref_mut() {
            let value = region.resolve(value);
            if let Some(instance) = region.instance(value) {
                instance.count += 1;
            }
        }
        self.push(InstData::Retain { value }, &[]);
    }

    /// Drops a reference, unless the value is a borrowed input.
    pub fn release(&mut self, value: Value) {
        if !self.is_borrowed(value) {
            self.release_owned(value);
        }
    }

    /// Drops a reference.
    pub(crate) fn release_owned(&mut self, value: Value) {
        if let Some(region) = self.region.as_deref_mut() {
            let value = region.resolve(value);
            let known = region.known(value);
            if known.immortal {
                return;
            }
            // Nobody else sees the object: it ends here, and what its fields hold no longer matters.
            region.state.fields.retain(|f| f.object != value);
            if self.release_instance(value) {
                return;
            }
            if known.is_plain() {
                self.push(InstData::ReleasePlain { value }, &[]);
                return;
            }
        }
        self.push(InstData::Release { value }, &[]);
    }

    /// Drops several references.
    pub fn release_all(&mut self, values: &[Value]) {
        for &value in values {
            self.release(value);
        }
    }

    /// Drops a reference that may be NULL.
    pub fn release_or_null(&mut self, value: Value) {
        if !self.is_borrowed(value) {
            let some = self.compare_const(Condition::Ne, value, 0);
            self.when(some, |b| b.release(value));
        }
    }

    /// An owned reference to `value`: adds one if it is a borrowed input, else passes the input's own on.
    pub fn take(&mut self, value: Value) -> Value {
        if self.is_borrowed(value) {
            self.retain(value);
        }
        value
    }

    /// Whether the value is a borrowed input.
    pub fn is_borrowed(&self, value: Value) -> bool {
        if let Some(region) = self.region.as_deref() {
            return region.borrowed.contains(&region.resolve(value));
        }
        match self.func.def(value) {
            ValueDef::Result(inst, 0) => match self.func.inst(inst) {
                InstData::Input { index } => self.borrowed & (1 << index) != 0,
                _ => false,
            },
            _ => false,
        }
    }

    /// The double inside an exact float.
    pub fn float_value(&mut self, value: Value) -> Value {
        if let Some(raw) = self.raw(value) {
            return raw;
        }
        let raw = self.value(InstData::FloatValue { value }, Type::F64);
        self.learn(value, |known| known.raw = Some(raw));
        raw
    }

    /// The number in a float or int, if it is at hand outside its object.
    pub fn raw(&self, value: Value) -> Option<Value> {
        self.region.as_ref()?.known(value).raw
    }

    pub(crate) fn learn(&mut self, value: Value, learn: impl FnOnce(&mut Known)) {
        if let Some(region) = self.region.as_deref_mut() {
            region.learn(value, learn);
        }
    }

    /// A float object, built in the storage of one of `consumed` if possible; all of them are released.
    pub fn new_float(&mut self, value: Value, consumed: &[Value]) -> Value {
        if self.in_region() {
            return self.new_number(
                InstData::NewFloat { value, reuse: Args::new() },
                value,
                Global::FloatType,
                consumed,
            );
        }
        let reuse = self.owned(consumed);
        self.value(InstData::NewFloat { value, reuse }, Type::Obj)
    }

    /// The value of a compact int, as an i64. The caller has guarded that it is exact and compact.
    pub fn int_value(&mut self, value: Value) -> Value {
        if let Some(raw) = self.raw(value) {
            return raw;
        }
        let raw = self.value(InstData::IntValue { value }, Type::I64);
        self.learn(value, |known| known.raw = Some(raw));
        raw
    }

    /// The value of an exact int in a region; up to two digits, else the region is left.
    pub fn unbox_int(&mut self, value: Value) -> Value {
        if let Some(raw) = self.raw(value) {
            return raw;
        }
        let raw = self.value(InstData::UnboxInt { value }, Type::I64);
        self.learn(value, |known| known.raw = Some(raw));
        raw
    }

    /// An int object, built in the storage of one of `consumed` (compact ints) if possible; all of them are released.
    pub fn new_int(&mut self, value: Value, consumed: &[Value]) -> Value {
        if self.in_region() {
            return self.new_number(InstData::NewInt { value, reuse: Args::new() }, value, Global::IntType, consumed);
        }
        let reuse = self.owned(consumed);
        self.value(InstData::NewInt { value, reuse }, Type::Obj)
    }

    /// A tuple of objects whose references it takes; only in regions.
    pub fn new_tuple(&mut self, items: &[Value]) -> Value {
        let items = items.iter().map(|&item| self.region.as_ref().map_or(item, |r| r.resolve(item))).collect();
        let tuple = self.value(InstData::NewTuple { items }, Type::Obj);
        self.learn(tuple, |known| *known = Known::exactly(Global::TupleType));
        tuple
    }

    fn new_number(&mut self, make: InstData, raw: Value, class: Global, consumed: &[Value]) -> Value {
        let raw = self.region.as_ref().map_or(raw, |r| r.resolve(raw));
        let object = self.value(make, Type::Obj);
        self.learn(object, |known| *known = Known { raw: Some(raw), ..Known::exactly(class) });
        self.release_all(consumed);
        object
    }

    fn owned(&self, values: &[Value]) -> Args {
        values.iter().copied().filter(|&v| !self.is_borrowed(v)).collect()
    }

    // Guards and errors.

    /// Goes to the generic form of the operation unless the condition holds. Nothing may have been consumed or changed before.
    pub fn guard(&mut self, condition: Value, reason: MissReason) {
        match self.constant(condition) {
            Some(0) => self.fail(Continuation::Miss),
            Some(_) => {}
            None => {
                self.push(InstData::Guard { condition, reason }, &[]);
                self.learn_condition(condition, true);
            }
        }
    }

    /// What comes can't be reached: leaves, and goes on in a block that nothing leads to.
    fn fail(&mut self, to: Continuation) {
        self.push(InstData::Leave { to, arg: None }, &[]);
        let rest = self.block();
        self.switch_to(rest);
    }

    /// Goes to the generic form of the operation unless `value`'s type is exactly `class`.
    pub fn guard_exact(&mut self, value: Value, class: Global) {
        if let Some(region) = self.region.as_deref() {
            match region.known(value).class {
                Some(known) if known == class => return,
                Some(_) => return self.fail(Continuation::Miss),
                None => {}
            }
            self.push(InstData::GuardExact { value, class }, &[]);
            self.learn(value, |known| *known = known.with_class(class));
            return;
        }
        self.push(InstData::GuardExact { value, class }, &[]);
    }

    /// The value, which in a region is guarded to be the object that the program has there while the region is built, if that is one that seldom
    /// changes (a function, a class): then it is a constant.
    pub fn expect(&mut self, value: Value) -> Value {
        let Some((address, known)) = self.region.as_deref().and_then(|r| r.expected) else { return value };
        let constant = self.iconst(Type::Obj, address as i64);
        let same = self.compare(Condition::Eq, value, constant);
        self.guard(same, MissReason::Value);
        self.learn(constant, |k| *k = known);
        constant
    }

    /// Goes to `error` if the condition holds. Inputs must not have been released yet.
    pub fn error_if(&mut self, condition: Value) {
        match self.constant(condition) {
            Some(0) => {}
            Some(_) => self.fail(Continuation::Error),
            None => {
                self.push(InstData::ErrorIf { condition }, &[]);
                self.learn_condition(condition, false);
            }
        }
    }

    /// Goes to `error` if the reference is NULL.
    pub fn error_if_null(&mut self, value: Value) {
        let null = self.is_null(value);
        self.error_if(null);
    }

    /// Goes to `error` if the i32 is negative.
    pub fn error_if_negative(&mut self, value: Value) {
        let negative = self.compare_const(Condition::Lt, value, 0);
        self.error_if(negative);
    }

    // Calls.

    /// Makes sure `instr_ptr` is this instruction's address.
    pub fn save_instr(&mut self) {
        if !self.saved && !self.is_virtual() {
            self.push(InstData::SaveInstr, &[]);
            self.saved = true;
        }
    }

    fn call_inst(&mut self, helper: Helper, args: &[Value]) -> Inst {
        let signature = helper.signature();
        debug_assert_eq!(signature.params.len(), args.len(), "arguments of {helper:?}");
        let escapes = signature.effects.contains(Effects::ESCAPES);
        self.expose(args, escapes);
        if escapes {
            self.save_instr();
        }
        self.push(InstData::Call { helper, args: args.iter().copied().collect() }, signature.results)
    }

    /// Calls a helper that has one result.
    pub fn call(&mut self, helper: Helper, args: &[Value]) -> Value {
        let inst = self.call_inst(helper, args);
        self.func.results(inst)[0]
    }

    /// Calls a helper that has two results.
    pub fn call_pair(&mut self, helper: Helper, args: &[Value]) -> (Value, Value) {
        let inst = self.call_inst(helper, args);
        let results = self.func.results(inst);
        (results[0], results[1])
    }

    /// Calls a helper that has no result.
    pub fn call_void(&mut self, helper: Helper, args: &[Value]) {
        self.call_inst(helper, args);
    }

    /// Calls a helper whose object result is NULL on error; goes to `error` then.
    pub fn call_checked(&mut self, helper: Helper, args: &[Value]) -> Value {
        let result = self.call(helper, args);
        self.error_if_null(result);
        result
    }

    /// Calls a helper whose i32 result is negative on error; goes to `error` then.
    pub fn call_status(&mut self, helper: Helper, args: &[Value]) -> Value {
        let status = self.call(helper, args);
        self.error_if_negative(status);
        status
    }

    /// Calls a C function that may run Python code, by address.
    pub fn call_pointer(&mut self, callee: Value, args: &[Value], ret: Type) -> Value {
        self.expose(args, true);
        self.save_instr();
        self.value(InstData::CallPointer { callee, args: args.iter().copied().collect(), ret }, ret)
    }

    // Control.

    /// A new block.
    pub fn block(&mut self) -> Block {
        self.func.add_block()
    }

    /// Continues in `block`. What is known about `instr_ptr` is forgotten.
    pub fn switch_to(&mut self, block: Block) {
        self.current = block;
        self.ended = false;
        self.saved = false;
        if let Some(region) = self.region.as_deref_mut() {
            region.start_block(self.func, block);
        }
    }

    /// Starts another instruction of a region.
    pub fn next_instruction(&mut self) {
        self.saved = false;
    }

    /// Starts a loop at `header`, to which the current block has just jumped.
    pub fn open_loop(&mut self, header: Block, plan: &LoopPlan) -> Option<OpenLoop> {
        self.current = header;
        self.ended = false;
        self.saved = false;
        self.region.as_deref_mut()?.open_loop(self.func, header, plan)
    }

    /// Jumps back to a loop's header; whether the loop turned out as planned.
    pub fn close_loop(&mut self, open: &OpenLoop, plan: &mut LoopPlan) -> bool {
        self.show_all_instances();
        let block = self.current;
        let jump = self.push(InstData::Jump { to: open.header, args: Args::new() }, &[]);
        let region = self.region.as_deref_mut().expect("loops are of regions");
        region.dead || region.close_loop(self.func, open, jump, block, plan)
    }

    /// Whether the current block has its terminator.
    pub fn is_ended(&self) -> bool {
        self.ended
    }

    /// Marks a block as seldom run.
    pub fn set_cold(&mut self, block: Block) {
        self.func.blocks[block.index()].cold = true;
    }

    /// Jumps to a block.
    pub fn jump(&mut self, to: Block, args: &[Value]) {
        let inst = self.push(InstData::Jump { to, args: args.iter().copied().collect() }, &[]);
        let from = self.current;
        if let Some(region) = self.region.as_deref_mut().filter(|r| !r.dead) {
            let state = region.state.clone();
            region.add_edge(to, from, inst, false, state);
        }
    }

    /// Branches to one of two blocks.
    pub fn branch(&mut self, condition: Value, then: Block, otherwise: Block) {
        if let Some(known) = self.constant(condition) {
            self.jump(if known != 0 { then } else { otherwise }, &[]);
            return;
        }
        let (then_args, otherwise_args) = (Args::new(), Args::new());
        let inst = self.push(InstData::Branch { condition, then, then_args, otherwise, otherwise_args }, &[]);
        let from = self.current;
        if self.region.as_ref().is_some_and(|r| !r.dead) {
            for (to, holds) in [(then, true), (otherwise, false)] {
                let state = self.region.as_deref().expect("just seen").state.clone();
                self.learn_condition(condition, holds);
                let region = self.region.as_deref_mut().expect("just seen");
                let learnt = std::mem::replace(&mut region.state, state);
                region.add_edge(to, from, inst, !holds, learnt);
            }
        }
    }

    /// A new block, as seldom run as the current one.
    fn like_current(&mut self) -> Block {
        let cold = self.func.blocks[self.current.index()].cold;
        let block = self.block();
        self.func.blocks[block.index()].cold = cold;
        block
    }

    fn conditional(&mut self, condition: Value, cold: bool, body: impl FnOnce(&mut Self)) {
        let (then, after) = (self.like_current(), self.like_current());
        if cold {
            self.set_cold(then);
        }
        let saved = self.saved;
        self.branch(condition, then, after);
        self.switch_to(then);
        self.saved = saved;
        body(self);
        if !self.ended {
            self.jump(after, &[]);
        }
        self.switch_to(after);
        self.saved = saved;
    }

    /// Runs `body` if the condition holds.
    pub fn when(&mut self, condition: Value, body: impl FnOnce(&mut Self)) {
        self.conditional(condition, false, body);
    }

    /// Runs `body` if the condition holds, which is seldom.
    pub fn when_cold(&mut self, condition: Value, body: impl FnOnce(&mut Self)) {
        self.conditional(condition, true, body);
    }

    /// One of two computations of a value; `cold` says that the second is seldom run.
    pub fn choose(
        &mut self,
        condition: Value,
        ty: Type,
        cold: bool,
        then: impl FnOnce(&mut Self) -> Value,
        otherwise: impl FnOnce(&mut Self) -> Value,
    ) -> Value {
        let (yes, no, after) = (self.like_current(), self.like_current(), self.like_current());
        if cold {
            self.set_cold(no);
        }
        let result = self.func.add_param(after, ty);
        let saved = self.saved;
        self.branch(condition, yes, no);
        self.switch_to(yes);
        self.saved = saved;
        let value = then(self);
        if !self.ended {
            self.jump(after, &[value]);
        }
        self.switch_to(no);
        self.saved = saved;
        let value = otherwise(self);
        if !self.ended {
            self.jump(after, &[value]);
        }
        self.switch_to(after);
        self.saved = saved;
        result
    }

    /// Leaves the operation.
    pub fn leave(&mut self, to: Continuation) {
        if matches!(to, Continuation::Exit | Continuation::Unreached | Continuation::Error) {
            self.save_instr();
        }
        self.leave_saved(to);
    }

    /// Notes the frames as they are now as what exits restore.
    pub fn mark_exit(&mut self) {
        if let Some(region) = self.region.as_deref_mut() {
            region.mark_exit(self.func);
        }
    }

    /// Leaves the operation when `instr_ptr` is already what it should be.
    pub fn leave_saved(&mut self, to: Continuation) {
        if let Some(block) = self.successor(to) {
            return self.jump(block, &[]);
        }
        self.push(InstData::Leave { to, arg: None }, &[]);
    }

    /// Leaves the operation with a value.
    pub fn leave_with(&mut self, to: Continuation, arg: Value) {
        if let Some(region) = self.region.as_deref_mut() {
            match region.next_with.filter(|_| to == Continuation::Next) {
                Some(block) => return self.jump(block, &[arg]),
                None => region.unsupported = true,
            }
        }
        self.push(InstData::Leave { to, arg: Some(arg) }, &[]);
    }

    /// Returns from the frame of a region.
    pub fn return_from_region(&mut self, value: Value) {
        self.push(InstData::Leave { to: Continuation::Return, arg: Some(value) }, &[]);
    }

    /// Goes on at a code address with another frame.
    pub fn enter(&mut self, address: Value, frame: Value, arg: Option<Value>) {
        if let Some(region) = self.region.as_deref_mut() {
            region.unsupported = true;
        }
        self.push(InstData::Enter { address, frame, arg }, &[]);
    }
}

/// Offset of an object's type pointer: public ABI, the same in every build this project supports.
fn whipsnake_type_offset() -> i32 {
    8
}
