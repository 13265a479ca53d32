//! Instruction lowering.
//!
//! Values that are cheap to make again (inputs in their slots, constants, addresses, the frame) are made anew at each use, so that
//! nothing is kept alive across a helper call without need; Cranelift merges what can be merged. Three alias regions
//! tell it what a store can't touch: the frame's slots, the heap, and the thread's own state.

use crate::raw::Symbol;
use crate::region::RegionLowering;
use crate::stencil::{InputPlace, StencilForm};
use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::{
    self, AbiParam, AliasRegionData, BlockArg, ExtFuncData, ExternalName, GlobalValueData, InstBuilder, MemFlagsData,
    StackSlot, StackSlotData, StackSlotKind, types,
};
use cranelift_codegen::isa::{CallConv, TargetFrontendConfig};
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};
use rustc_hash::FxHashMap;
use whipsnake_cpython::layout;
use whipsnake_ir::{
    BinaryOp, Block, Condition, Continuation, Effects, FloatCondition, Function, Helper, Inst, InstData, Offset, Type,
    UnaryOp, Value, ValueDef, abi,
};

/// Kinds of memory that never overlap.
#[derive(Clone, Copy)]
pub(crate) enum Region {
    Frame,
    Heap,
    Thread,
}

/// What is made of a function.
pub(crate) enum Form<'a> {
    /// A stencil: the frame is in the pinned register, operands are holes.
    Stencil { form: &'a StencilForm, activation: StackSlot, received: Option<ir::Value> },
    /// A region: a C function of the thread, the frame and the activation.
    Region(Box<RegionLowering<'a>>),
}

/// The state of lowering one function.
pub(crate) struct Lowering<'a, 'b> {
    pub(crate) func: &'a Function,
    pub(crate) form: Form<'a>,
    pub(crate) b: FunctionBuilder<'b>,
    regions: [ir::AliasRegion; 3],
    values: Vec<Option<ir::Value>>,
    blocks: Vec<ir::Block>,
    /// One cold block for each continuation that several places leave to.
    leave_blocks: [Option<ir::Block>; Continuation::ALL.len()],
    /// The instruction being lowered.
    pub(crate) current: Inst,
    /// How many loops are around it.
    pub(crate) depth: u32,
    /// What calls refer to, by helper.
    helpers: FxHashMap<Helper, ir::FuncRef>,
    /// Symbols that were referred to.
    symbols: FxHashMap<Symbol, ir::GlobalValue>,
    /// Inputs that were read from their slots, while it pays to keep them in a register: until a call clobbers it.
    pub(crate) inputs: [Option<ir::Value>; 4],
}

/// Declares the alias regions in `out`.
pub(crate) fn alias_regions(out: &mut ir::Function) -> [ir::AliasRegion; 3] {
    ["frame", "heap", "thread"].map(|name| {
        let user_id = name.as_bytes()[0].into();
        out.dfg.alias_regions.insert(AliasRegionData { user_id, description: name.into() })
    })
}

pub(crate) fn clif_type(ty: Type) -> ir::Type {
    match ty {
        Type::Bool | Type::I8 => types::I8,
        Type::I32 => types::I32,
        Type::I64 | Type::Ptr | Type::Obj => types::I64,
        Type::F64 => types::F64,
    }
}

fn int_cc(condition: Condition) -> IntCC {
    match condition {
        Condition::Eq => IntCC::Equal,
        Condition::Ne => IntCC::NotEqual,
        Condition::Lt => IntCC::SignedLessThan,
        Condition::Le => IntCC::SignedLessThanOrEqual,
        Condition::Gt => IntCC::SignedGreaterThan,
        Condition::Ge => IntCC::SignedGreaterThanOrEqual,
        Condition::LtU => IntCC::UnsignedLessThan,
        Condition::LeU => IntCC::UnsignedLessThanOrEqual,
        Condition::GtU => IntCC::UnsignedGreaterThan,
        Condition::GeU => IntCC::UnsignedGreaterThanOrEqual,
    }
}

fn float_cc(condition: FloatCondition) -> FloatCC {
    match condition {
        FloatCondition::Eq => FloatCC::Equal,
        FloatCondition::Ne => FloatCC::NotEqual,
        FloatCondition::Lt => FloatCC::LessThan,
        FloatCondition::Le => FloatCC::LessThanOrEqual,
        FloatCondition::Gt => FloatCC::GreaterThan,
        FloatCondition::Ge => FloatCC::GreaterThanOrEqual,
    }
}

impl<'a, 'b> Lowering<'a, 'b> {
    /// Lowers `func` as a stencil into `out`.
    pub(crate) fn stencil(
        func: &'a Function,
        form: &'a StencilForm,
        out: &'b mut ir::Function,
        context: &'b mut FunctionBuilderContext,
        config: TargetFrontendConfig,
    ) {
        out.signature = ir::Signature::new(CallConv::Tail);
        if form.receives {
            out.signature.params.push(AbiParam::new(types::I64));
        }
        let regions = alias_regions(out);
        let activation =
            out.create_sized_stack_slot(StackSlotData::new(StackSlotKind::ExplicitSlot, abi::ACTIVATION_SIZE, 4));
        let mut b = FunctionBuilder::new(out, context);
        let blocks: Vec<ir::Block> = func.block_ids().map(|_| b.create_block()).collect();
        let entry = blocks[0];
        if form.receives {
            b.append_block_params_for_function_params(entry);
        }
        let received = b.block_params(entry).first().copied();
        let form = Form::Stencil { form, activation, received };
        let mut lowering = Lowering::new(func, form, b, regions, blocks);
        lowering.blocks();
        lowering.b.seal_all_blocks();
        lowering.b.finalize(config);
    }

    pub(crate) fn new(
        func: &'a Function,
        form: Form<'a>,
        b: FunctionBuilder<'b>,
        regions: [ir::AliasRegion; 3],
        blocks: Vec<ir::Block>,
    ) -> Self {
        let values = vec![None; func.value_count()];
        let leave_blocks = Default::default();
        Lowering {
            func,
            form,
            b,
            regions,
            values,
            blocks,
            leave_blocks,
            current: Inst(0),
            depth: 0,
            helpers: FxHashMap::default(),
            symbols: FxHashMap::default(),
            inputs: [None; 4],
        }
    }

    /// The form, of a stencil.
    fn stencil_form(&self) -> &'a StencilForm {
        match self.form {
            Form::Stencil { form, .. } => form,
            Form::Region(_) => unreachable!("a region has no operands"),
        }
    }

    pub(crate) fn blocks(&mut self) {
        for block in self.func.block_ids() {
            let clif = self.blocks[block.index()];
            for &param in &self.func.blocks[block.index()].params {
                let value = self.b.append_block_param(clif, clif_type(self.func.ty(param)));
                self.values[param.index()] = Some(value);
            }
            if self.func.blocks[block.index()].cold {
                self.b.set_cold_block(clif);
            }
        }
        for block in self.order() {
            self.b.switch_to_block(self.blocks[block.index()]);
            self.inputs = [None; 4];
            self.depth = self.func.blocks[block.index()].depth;
            for &inst in &self.func.blocks[block.index()].insts {
                self.current = inst;
                self.inst(inst);
            }
        }
        for (index, &to) in Continuation::ALL.iter().enumerate() {
            if let Some(block) = self.leave_blocks[index] {
                self.b.switch_to_block(block);
                self.leave(to, None);
            }
        }
    }

    /// Blocks in an order in which definitions come before uses. Operations are written that way.
    fn order(&self) -> Vec<Block> {
        match self.form {
            Form::Stencil { .. } => self.func.block_ids().collect(),
            Form::Region(_) => self.func.reverse_postorder(),
        }
    }

    pub(crate) fn flags(&self, region: Region) -> MemFlagsData {
        MemFlagsData::trusted().with_alias_region(Some(self.regions[region as usize]))
    }

    /// The frame; read from its register at each use.
    pub(crate) fn frame(&mut self) -> ir::Value {
        match &self.form {
            Form::Stencil { .. } => self.b.ins().get_pinned_reg(types::I64),
            Form::Region(region) => region.frame,
        }
    }

    fn region_of(&self, base: Value) -> Region {
        match self.func.def(base) {
            ValueDef::Result(inst, _) => match self.func.inst(inst) {
                InstData::Frame => Region::Frame,
                InstData::ThreadState => Region::Thread,
                _ => Region::Heap,
            },
            ValueDef::Param(..) => Region::Heap,
        }
    }

    fn offset(&self, offset: Offset) -> i32 {
        match offset {
            Offset::Known(n) => n,
            Offset::Operand(operand, add) => self.stencil_form().operands[operand as usize].wrapping_add(add),
        }
    }

    /// The Cranelift value of `value` here.
    pub(crate) fn use_value(&mut self, value: Value) -> ir::Value {
        if let Some(v) = self.values[value.index()] {
            return v;
        }
        let ValueDef::Result(inst, 0) = self.func.def(value) else {
            unreachable!("{value} is used before it is defined");
        };
        match self.func.inst(inst) {
            InstData::Iconst { ty, value } => self.b.ins().iconst(clif_type(*ty), *value),
            InstData::Operand32 { operand } => {
                let value = self.stencil_form().operands[*operand as usize];
                self.b.ins().iconst(types::I32, i64::from(value as u32))
            }
            InstData::Pointer { pointer, .. } => self.symbol(Symbol::Pointer(*pointer)),
            InstData::Global { global } => self.symbol(Symbol::Global(*global as u16)),
            InstData::Frame => self.frame(),
            InstData::ThreadState => self.activation_field(abi::ACTIVATION_THREAD_STATE),
            InstData::ActivationField { offset } => self.activation_field(*offset),
            InstData::Input { index } => match self.stencil_form().inputs[*index as usize] {
                InputPlace::Const => self.symbol(Symbol::Pointer(abi::pointer::CONST_INPUT + index)),
                InputPlace::Slot => {
                    if let Some(value) = self.inputs[*index as usize] {
                        return value;
                    }
                    let offset = self.stencil_form().operands[(abi::operand::INPUT + index) as usize];
                    let (frame, flags) = (self.frame(), self.flags(Region::Frame));
                    let value = self.b.ins().load(types::I64, flags, frame, offset);
                    self.inputs[*index as usize] = Some(value);
                    value
                }
            },
            InstData::Received => match self.form {
                Form::Stencil { received, .. } => received.expect("the stencil receives a value"),
                Form::Region(_) => unreachable!("a region receives nothing"),
            },
            other => unreachable!("{value} = {other:?} is used before it is defined"),
        }
    }

    fn activation_field(&mut self, offset: i32) -> ir::Value {
        let flags = self.flags(Region::Thread);
        let address = match &self.form {
            Form::Stencil { activation, .. } => {
                let slot = *activation;
                self.b.ins().stack_addr(types::I64, slot, 0)
            }
            Form::Region(region) if offset == abi::ACTIVATION_THREAD_STATE => return region.thread,
            Form::Region(region) => region.activation,
        };
        self.b.ins().load(types::I64, flags, address, offset)
    }

    /// The 64-bit address of a symbol, patched when linked.
    pub(crate) fn symbol(&mut self, symbol: Symbol) -> ir::Value {
        let global = match self.symbols.get(&symbol) {
            Some(&global) => global,
            None => {
                let name = ExternalName::user(self.b.func.declare_imported_user_function(symbol.name()));
                let data = GlobalValueData::Symbol { name, offset: 0.into(), colocated: false, tls: false };
                let global = self.b.func.create_global_value(data);
                self.symbols.insert(symbol, global);
                global
            }
        };
        self.b.ins().symbol_value(types::I64, global)
    }

    pub(crate) fn load(&mut self, ty: ir::Type, region: Region, base: ir::Value, offset: i32) -> ir::Value {
        let flags = self.flags(region);
        self.b.ins().load(ty, flags, base, offset)
    }

    pub(crate) fn store(&mut self, region: Region, value: ir::Value, base: ir::Value, offset: i32) {
        let flags = self.flags(region);
        self.b.ins().store(flags, value, base, offset);
    }

    fn define(&mut self, inst: Inst, values: &[ir::Value]) {
        for (&result, &value) in self.func.results(inst).iter().zip(values) {
            self.values[result.index()] = Some(value);
        }
    }

    fn inst(&mut self, inst: Inst) {
        use InstData::*;
        match self.func.inst(inst) {
            // Made at each use, or by exits.
            Iconst { .. }
            | Instance { .. }
            | Operand32 { .. }
            | Pointer { .. }
            | Global { .. }
            | Frame
            | ThreadState
            | ActivationField { .. }
            | Input { .. }
            | Received => {}
            Fconst { bits } => {
                // Through an integer: a float constant would go to a constant pool.
                let word = self.b.ins().iconst(types::I64, *bits as i64);
                let value = self.b.ins().bitcast(types::F64, MemFlagsData::new(), word);
                self.define(inst, &[value]);
            }
            Load { ty, base, offset } => {
                let (region, offset) = (self.region_of(*base), self.offset(*offset));
                let base = self.use_value(*base);
                let value = self.load(clif_type(*ty), region, base, offset);
                self.define(inst, &[value]);
            }
            Store { value, base, offset } => {
                let (region, offset) = (self.region_of(*base), self.offset(*offset));
                let value = self.use_value(*value);
                let base = self.use_value(*base);
                self.store(region, value, base, offset);
            }
            Address { base, offset } => {
                let offset = self.offset(*offset);
                let base = self.use_value(*base);
                let value = self.b.ins().iadd_imm_s(base, i64::from(offset));
                self.define(inst, &[value]);
            }
            Unary { op, arg } => {
                let arg = self.use_value(*arg);
                let value = self.unary(*op, arg);
                self.define(inst, &[value]);
            }
            Binary { op, left, right } => {
                let (left, right) = (self.use_value(*left), self.use_value(*right));
                let value = self.binary(*op, left, right);
                self.define(inst, &[value]);
            }
            Overflowing { op, left, right } => {
                let (left, right) = (self.use_value(*left), self.use_value(*right));
                let (value, overflow) = match op {
                    BinaryOp::Add => self.b.ins().sadd_overflow(left, right),
                    BinaryOp::Sub => self.b.ins().ssub_overflow(left, right),
                    BinaryOp::Mul => self.b.ins().smul_overflow(left, right),
                    other => unreachable!("{other:?} has no overflowing form"),
                };
                self.define(inst, &[value, overflow]);
            }
            Compare { condition, left, right } => {
                let (left, right) = (self.use_value(*left), self.use_value(*right));
                let value = self.b.ins().icmp(int_cc(*condition), left, right);
                self.define(inst, &[value]);
            }
            FloatCompare { condition, left, right } => {
                let (left, right) = (self.use_value(*left), self.use_value(*right));
                let value = self.b.ins().fcmp(float_cc(*condition), left, right);
                self.define(inst, &[value]);
            }
            Select { condition, then, otherwise } => {
                let condition = self.use_value(*condition);
                let (then, otherwise) = (self.use_value(*then), self.use_value(*otherwise));
                let value = self.b.ins().select(condition, then, otherwise);
                self.define(inst, &[value]);
            }
            Retain { value } => self.retain(*value),
            Release { value } => {
                let value = self.use_value(*value);
                self.release(value);
            }
            ReleasePlain { value } => {
                let value = self.use_value(*value);
                self.release_plain(value);
            }
            UnboxInt { value } => {
                let value = self.use_value(*value);
                let value = self.unbox_int(value);
                self.define(inst, &[value]);
            }
            Guard { condition, .. } => {
                let condition = self.use_value(*condition);
                self.leave_unless(condition, Continuation::Miss);
            }
            GuardExact { value, class } => {
                let value = self.use_value(*value);
                let found = self.load(types::I64, Region::Heap, value, layout::object::OB_TYPE);
                let class = self.symbol(Symbol::Global(*class as u16));
                let same = self.b.ins().icmp(IntCC::Equal, found, class);
                self.leave_unless(same, Continuation::Miss);
            }
            ErrorIf { condition } => {
                let condition = self.use_value(*condition);
                self.leave_if(condition, Continuation::Error);
            }
            FloatValue { value } => {
                let value = self.use_value(*value);
                let value = self.load(types::F64, Region::Heap, value, layout::float::OB_FVAL);
                self.define(inst, &[value]);
            }
            IntValue { value } => {
                let value = self.use_value(*value);
                let value = self.int_value(value);
                self.define(inst, &[value]);
            }
            NewFloat { value, reuse } => {
                let value = self.use_value(*value);
                let object = self.new_float(value, reuse);
                self.define(inst, &[object]);
            }
            NewInt { value, reuse } => {
                let value = self.use_value(*value);
                let object = self.new_int(value, reuse);
                self.define(inst, &[object]);
            }
            NewTuple { items } => {
                let tuple = self.new_tuple(items);
                self.define(inst, &[tuple]);
            }
            // Exits know what it is made of.
            LateTuple { .. } => {}
            SaveInstr => self.save_instr(),
            Call { helper, args } => {
                let args: Vec<ir::Value> = args.iter().map(|&v| self.use_value(v)).collect();
                let results = self.call(*helper, &args);
                self.define(inst, &results);
            }
            CallPointer { callee, args, ret } => {
                let mut signature = ir::Signature::new(CallConv::SystemV);
                signature.params.extend(args.iter().map(|&v| AbiParam::new(clif_type(self.func.ty(v)))));
                signature.returns.push(AbiParam::new(clif_type(*ret)));
                let signature = self.b.import_signature(signature);
                let args: Vec<ir::Value> = args.iter().map(|&v| self.use_value(v)).collect();
                let callee = self.use_value(*callee);
                let call = self.b.ins().call_indirect(signature, callee, &args);
                self.inputs = [None; 4];
                let results = self.b.inst_results(call).to_vec();
                self.define(inst, &results);
            }
            Jump { to, args } => {
                let args = self.block_args(args);
                self.b.ins().jump(self.blocks[to.index()], &args);
            }
            Branch { condition, then, then_args, otherwise, otherwise_args } => {
                let condition = self.use_value(*condition);
                let (then_args, otherwise_args) = (self.block_args(then_args), self.block_args(otherwise_args));
                let (then, otherwise) = (self.clif_block(*then), self.clif_block(*otherwise));
                self.b.ins().brif(condition, then, &then_args, otherwise, &otherwise_args);
            }
            Leave { arg: Some(value), .. } if matches!(self.form, Form::Region(_)) => {
                let value = self.use_value(*value);
                self.return_from_region(value);
            }
            Leave { to, .. } if matches!(self.form, Form::Region(_)) => self.leave_region(*to),
            Leave { to, arg } => {
                let arg = arg.map(|v| self.use_value(v));
                self.leave(*to, arg);
            }
            Enter { address, frame, arg } => {
                let mut signature = ir::Signature::new(CallConv::Tail);
                signature.params.extend(arg.map(|_| AbiParam::new(types::I64)));
                let signature = self.b.import_signature(signature);
                let args: Vec<ir::Value> = arg.iter().map(|&v| self.use_value(v)).collect();
                let (address, frame) = (self.use_value(*address), self.use_value(*frame));
                self.b.ins().set_pinned_reg(frame);
                self.b.ins().return_call_indirect(signature, address, &args);
            }
        }
    }

    fn clif_block(&self, block: Block) -> ir::Block {
        self.blocks[block.index()]
    }

    fn block_args(&mut self, args: &[Value]) -> Vec<BlockArg> {
        args.iter().map(|&v| self.use_value(v).into()).collect()
    }

    fn unary(&mut self, op: UnaryOp, arg: ir::Value) -> ir::Value {
        match op {
            UnaryOp::Neg => self.b.ins().ineg(arg),
            UnaryOp::Not => self.b.ins().bnot(arg),
            UnaryOp::FNeg => self.b.ins().fneg(arg),
            UnaryOp::ExtendU => self.b.ins().uextend(types::I64, arg),
            UnaryOp::ExtendS => self.b.ins().sextend(types::I64, arg),
            UnaryOp::Truncate => self.b.ins().ireduce(types::I32, arg),
            UnaryOp::TruncateByte => self.b.ins().ireduce(types::I8, arg),
            UnaryOp::IntToFloat => self.b.ins().fcvt_from_sint(types::F64, arg),
            UnaryOp::AsPtr | UnaryOp::AsObj | UnaryOp::AsInt | UnaryOp::Hold => arg,
        }
    }

    fn binary(&mut self, op: BinaryOp, left: ir::Value, right: ir::Value) -> ir::Value {
        match op {
            BinaryOp::Add => self.b.ins().iadd(left, right),
            BinaryOp::Sub => self.b.ins().isub(left, right),
            BinaryOp::Mul => self.b.ins().imul(left, right),
            BinaryOp::And => self.b.ins().band(left, right),
            BinaryOp::Or => self.b.ins().bor(left, right),
            BinaryOp::Xor => self.b.ins().bxor(left, right),
            BinaryOp::Shl => self.b.ins().ishl(left, right),
            BinaryOp::ShrU => self.b.ins().ushr(left, right),
            BinaryOp::ShrS => self.b.ins().sshr(left, right),
            BinaryOp::DivS => self.b.ins().sdiv(left, right),
            BinaryOp::FAdd => self.b.ins().fadd(left, right),
            BinaryOp::FSub => self.b.ins().fsub(left, right),
            BinaryOp::FMul => self.b.ins().fmul(left, right),
            BinaryOp::FDiv => self.b.ins().fdiv(left, right),
        }
    }

    pub(crate) fn save_instr(&mut self) {
        // A frame that was not pushed has nothing to be written to; those below wait at their calls.
        if matches!(self.form, Form::Region(_)) && self.is_region_frame_virtual() {
            return;
        }
        // Little endian: the low half comes first.
        let low = match &self.form {
            Form::Stencil { form, .. } => i64::from(form.operands[abi::operand::INSTR_LOW as usize]),
            Form::Region(_) => self.region_instr() as i32 as i64,
        };
        let low = self.b.ins().iconst(types::I32, low);
        let frame = match &self.form {
            Form::Stencil { .. } => self.frame(),
            Form::Region(_) => self.region_frame(),
        };
        self.store(Region::Frame, low, frame, layout::frame::INSTR_PTR);
    }

    pub(crate) fn call(&mut self, helper: Helper, args: &[ir::Value]) -> Vec<ir::Value> {
        let signature = helper.signature();
        // Floats may live across any call in a region, and the helpers that preserve registers do not preserve those.
        let preserve = signature.effects.contains(Effects::PRESERVE) && matches!(self.form, Form::Stencil { .. })
            || signature.effects.contains(Effects::PRESERVE_ALL);
        let callee = match self.helpers.get(&helper) {
            Some(&callee) => callee,
            None => {
                let mut clif = ir::Signature::new(if preserve { CallConv::PreserveAll } else { CallConv::SystemV });
                clif.params.extend(signature.params.iter().map(|&t| AbiParam::new(clif_type(t))));
                clif.returns.extend(signature.results.iter().map(|&t| AbiParam::new(clif_type(t))));
                let signature = self.b.import_signature(clif);
                let callee = self.external(Symbol::Helper(helper as u16), signature);
                self.helpers.insert(helper, callee);
                callee
            }
        };
        let call = self.b.ins().call(callee, args);
        if !preserve {
            self.inputs = [None; 4];
        }
        self.b.inst_results(call).to_vec()
    }

    fn external(&mut self, symbol: Symbol, signature: ir::SigRef) -> ir::FuncRef {
        let name = self.b.func.declare_imported_user_function(symbol.name());
        let data = ExtFuncData { name: ExternalName::user(name), signature, colocated: true, patchable: false };
        self.b.import_function(data)
    }

    fn leave(&mut self, to: Continuation, arg: Option<ir::Value>) {
        let mut signature = ir::Signature::new(CallConv::Tail);
        signature.params.extend(arg.map(|_| AbiParam::new(types::I64)));
        let signature = self.b.import_signature(signature);
        let callee = self.external(Symbol::Cont(to as u8), signature);
        self.b.ins().return_call(callee, arg.as_slice());
    }

    /// A new block, as seldom run as the current one.
    pub(crate) fn block(&mut self) -> ir::Block {
        let block = self.b.create_block();
        if self.b.current_block().is_some_and(|current| self.b.func.layout.is_cold(current)) {
            self.b.set_cold_block(block);
        }
        block
    }

    /// Goes to `to` if the condition holds; continues in a new block.
    pub(crate) fn leave_if(&mut self, condition: ir::Value, to: Continuation) {
        let (leave, after) = (self.leave_block(to), self.block());
        self.b.ins().brif(condition, leave, &[], after, &[]);
        self.b.switch_to_block(after);
    }

    /// Goes to `to` unless the condition holds; continues in a new block.
    pub(crate) fn leave_unless(&mut self, condition: ir::Value, to: Continuation) {
        let (leave, after) = (self.leave_block(to), self.block());
        self.b.ins().brif(condition, after, &[], leave, &[]);
        self.b.switch_to_block(after);
    }

    fn leave_block(&mut self, to: Continuation) -> ir::Block {
        if let Form::Region(_) = self.form {
            return self.exit_block(to);
        }
        *self.leave_blocks[to as usize].get_or_insert_with(|| {
            let block = self.b.create_block();
            self.b.set_cold_block(block);
            block
        })
    }
}
