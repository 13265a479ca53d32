//! Calls of helpers, and where control leaves.

use super::{Form, Lowering, Region, clif_type};
use crate::raw::Symbol;
use cranelift_codegen::ir::{self, AbiParam, ExtFuncData, ExternalName, InstBuilder, types};
use cranelift_codegen::isa::CallConv;
use whipsnake_cpython::layout;
use whipsnake_ir::{Continuation, Effects, Helper, abi};

impl Lowering<'_, '_> {
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

    pub(crate) fn external(&mut self, symbol: Symbol, signature: ir::SigRef) -> ir::FuncRef {
        let name = self.b.func.declare_imported_user_function(symbol.name());
        let data = ExtFuncData { name: ExternalName::user(name), signature, colocated: true, patchable: false };
        self.b.import_function(data)
    }

    pub(super) fn leave(&mut self, to: Continuation, arg: Option<ir::Value>) {
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
