//! Exits that write the frame themselves and say where native code goes on: a loop's normal end, and ways out of its middle. They only
//! concern the region's own frame.

use crate::lower::{Lowering, Region, clif_type};
use crate::region::WayOn;
use cranelift_codegen::ir::{self, InstBuilder, types};
use rustc_hash::FxHashMap;
use whipsnake_cpython::layout;
use whipsnake_ir::{Global, Helper, InstData, Slot, StateId, Type, Value, ValueDef};

impl Lowering<'_, '_> {
    /// Where an exit with that state goes on, if it can write the frame itself.
    pub(crate) fn way_on(&mut self, state: StateId) -> Option<WayOn> {
        let state = &self.func.states[state.index()];
        let frame = state.frames.only()?;
        let is_instance = |slot: &Slot| {
            let def = slot.value.map(|value| self.func.def(value));
            matches!(def, Some(ValueDef::Result(inst, _)) if matches!(self.func.inst(inst), InstData::Instance { .. }))
        };
        if state.fields.iter().any(|field| field.attribute) || frame.slots().any(is_instance) {
            return None;
        }
        let (unit, stack) = (frame.unit, &frame.stack);
        let way = self.region_form().ways_on.iter().find(|way| way.unit == unit).copied()?;
        let late = |slot: &Slot| slot.dirty && slot.value.is_some_and(|value| self.is_late(value));
        if frame.slots().any(late) {
            return None;
        }
        // What is not read from its slot must not own anything.
        let rest = stack.len().checked_sub(way.pending as usize)?;
        stack[rest..].iter().all(|slot| slot.dirty && !slot.owned).then_some(way)
    }

    /// Whether a value is a tuple that nobody has made yet.
    fn is_late(&self, value: Value) -> bool {
        match self.func.def(value) {
            ValueDef::Result(inst, _) => matches!(self.func.inst(inst), InstData::LateTuple { .. }),
            ValueDef::Param(..) => false,
        }
    }

    /// Ends a block with such an exit.
    pub(crate) fn leave_quickly(&mut self, state: StateId, way: WayOn) {
        let func = self.func;
        let state = &func.states[state.index()];
        for field in &state.fields {
            let value = self.word(field.value);
            let object = self.use_value(field.object);
            self.store(Region::Heap, value, object, field.offset);
        }
        let described = &state.frames[0];
        let slots = described.locals.len() + described.stack.len() - way.pending as usize;
        let frame = self.frame();
        let mut made = FxHashMap::default();
        for (index, slot) in described.locals.iter().chain(&described.stack).take(slots).enumerate() {
            if slot.dirty {
                let object = self.object_of(slot, &mut made);
                self.store(Region::Frame, object, frame, layout::frame::LOCALSPLUS + 8 * index as i32);
            }
        }
        let at = described.first_unit + 2 * u64::from(described.unit);
        let low = self.b.ins().iconst(types::I32, i64::from(at as i32));
        self.store(Region::Frame, low, frame, layout::frame::INSTR_PTR);
        let address = self.b.ins().iconst(types::I64, way.address as i64);
        self.b.ins().return_(&[address, frame]);
    }

    /// A value as the word that a field holds.
    fn word(&mut self, value: Value) -> ir::Value {
        let word = self.use_value(value);
        if clif_type(self.func.ty(value)).bytes() < 8 { self.b.ins().uextend(types::I64, word) } else { word }
    }

    /// A reference to what a slot holds. An object that is made for a number is in `made`.
    fn object_of(&mut self, slot: &Slot, made: &mut FxHashMap<Value, ir::Value>) -> ir::Value {
        let Some(value) = slot.value else { return self.b.ins().iconst(types::I64, 0) };
        let helper = match self.func.ty(value) {
            Type::F64 => Helper::NewFloat,
            Type::I64 => Helper::NewInt,
            _ => {
                let object = self.use_value(value);
                if !slot.owned {
                    self.retain_or_null(value, object);
                }
                return object;
            }
        };
        if let Some(&object) = made.get(&value) {
            self.retain_or_null(value, object);
            return object;
        }
        let number = self.use_value(value);
        let object = self.call(helper, &[number])[0];
        made.insert(value, object);
        object
    }

    /// Adds a reference to an object, if there is one.
    fn retain_or_null(&mut self, value: Value, object: ir::Value) {
        if let ValueDef::Result(inst, _) = self.func.def(value) {
            match self.func.inst(inst) {
                InstData::Iconst { value: 0, .. }
                | InstData::Global { global: Global::None | Global::True | Global::False } => return,
                _ => {}
            }
        }
        let (count, after) = (self.b.create_block(), self.b.create_block());
        for block in [count, after] {
            self.b.set_cold_block(block);
        }
        self.b.ins().brif(object, count, &[], after, &[]);
        self.b.switch_to_block(count);
        self.retain_object(object);
        self.b.ins().jump(after, &[]);
        self.b.switch_to_block(after);
    }
}
