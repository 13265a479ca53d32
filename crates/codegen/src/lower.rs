//! Instruction lowering.
//!
//! Values that are cheap to make again (inputs in their slots, constants, addresses, the frame) are made anew at each use, so that
//! nothing is kept alive across a helper call without need; Cranelift merges what can be merged. Three alias regions
//! tell it what a store can't touch: the frame's slots, the heap, and the thread's own state.

mod branches;
mod instructions;
mod leaving;
mod values;

use crate::raw::Symbol;
use crate::region::RegionLowering;
use crate::stencil::StencilForm;
use cranelift_codegen::ir::{self, AbiParam, AliasRegionData, StackSlot, StackSlotData, StackSlotKind, types};
use cranelift_codegen::isa::{CallConv, TargetFrontendConfig};
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};
use rustc_hash::FxHashMap;
use whipsnake_ir::{Block, Continuation, Function, Helper, Inst, Type, abi};

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
}
