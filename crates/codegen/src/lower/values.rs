//! Values where they are used, and memory.

use super::{Form, Lowering, Region, clif_type};
use crate::raw::Symbol;
use crate::stencil::InputPlace;
use cranelift_codegen::ir::{self, ExternalName, GlobalValueData, InstBuilder, MemFlagsData, types};
use whipsnake_ir::{Inst, InstData, Offset, Value, ValueDef, abi};

impl Lowering<'_, '_> {
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

    pub(super) fn region_of(&self, base: Value) -> Region {
        match self.func.def(base) {
            ValueDef::Result(inst, _) => match self.func.inst(inst) {
                InstData::Frame => Region::Frame,
                InstData::ThreadState => Region::Thread,
                _ => Region::Heap,
            },
            ValueDef::Param(..) => Region::Heap,
        }
    }

    pub(super) fn offset(&self, offset: Offset) -> i32 {
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
            InstData::Argument { index, .. } => self.argument(*index),
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

    pub(crate) fn define(&mut self, inst: Inst, values: &[ir::Value]) {
        for (&result, &value) in self.func.results(inst).iter().zip(values) {
            self.values[result.index()] = Some(value);
        }
    }
}
