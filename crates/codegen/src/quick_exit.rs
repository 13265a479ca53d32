//! Exits that write the frame themselves and say where native code goes on: a loop's normal end, and ways out of its middle. They only
//! concern the region's own frame.

use crate::lower::{Lowering, Region, clif_type};
use crate::region::WayOn;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{self, InstBuilder, MemFlagsData, types};
use whipsnake_cpython::layout;
use whipsnake_ir::{Global, Helper, InstData, Slot, StateId, Type, Value, ValueDef};

impl Lowering<'_, '_> {
    /// Where an exit with that state goes on, if it can write the frame itself.
    pub(crate) fn way_on(&mut self, state: StateId) -> Option<WayOn> {
        let state = &self.func.states[state.index()];
        let frame = state.frames.only().filter(|own| own.inlined.is_none())?;
        let unmade = |slot: &Slot| slot.value.is_some_and(|value| self.is_made_by_exits(value));
        if state.fields.iter().any(|field| field.attribute) || frame.slots().any(unmade) {
            return None;
        }
        let (unit, stack) = (frame.unit, &frame.stack);
        let way = self.region_form().ways_on.iter().find(|way| way.unit == unit).copied()?;
        // What is not read from its slot must not own anything.
        let rest = stack.len().checked_sub(way.pending as usize)?;
        stack[rest..].iter().all(|slot| slot.dirty && !slot.owned).then_some(way)
    }

    /// Whether a value is an object that nobody has made yet, which takes an exit that is told of it.
    fn is_made_by_exits(&self, value: Value) -> bool {
        match self.func.def(value) {
            ValueDef::Result(inst, _) => {
                let data = self.func.inst(inst);
                matches!(
                    data,
                    InstData::Instance { .. }
                        | InstData::Empty { .. }
                        | InstData::LateIterator { .. }
                        | InstData::LateTuple { .. }
                        | InstData::LateNumber { .. }
                )
            }
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
        let mut made = vec![];
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
    fn object_of(&mut self, slot: &Slot, made: &mut Vec<(Value, ir::Value)>) -> ir::Value {
        let Some(value) = slot.value else { return self.b.ins().iconst(types::I64, 0) };
        let helper = match self.func.ty(value) {
            Type::F64 => Helper::FloatForExit,
            Type::I64 => Helper::IntForExit,
            _ => {
                let object = self.use_value(value);
                if !slot.owned {
                    self.retain_or_null(value, object);
                }
                return object;
            }
        };
        if let Some(&(_, object)) = made.iter().find(|(known, _)| *known == value) {
            self.retain_or_null(value, object);
            return object;
        }
        let twins: Vec<_> = made.iter().copied().filter(|&(other, _)| self.are_twins(other, value)).collect();
        let number = self.use_value(value);
        if twins.is_empty() {
            let object = self.call(helper, &[number])[0];
            made.push((value, object));
            return object;
        }
        let done = self.b.create_block();
        self.b.set_cold_block(done);
        let result = self.b.append_block_param(done, types::I64);
        for (other, object) in twins {
            let (same, next) = (self.b.create_block(), self.b.create_block());
            self.b.set_cold_block(same);
            self.b.set_cold_block(next);
            let bits = self.bits(value);
            let others = self.bits(other);
            let equal = self.b.ins().icmp(IntCC::Equal, bits, others);
            self.b.ins().brif(equal, same, &[], next, &[]);
            self.b.switch_to_block(same);
            self.retain_or_null(value, object);
            self.b.ins().jump(done, &[object.into()]);
            self.b.switch_to_block(next);
        }
        let object = self.call(helper, &[number])[0];
        self.b.ins().jump(done, &[object.into()]);
        self.b.switch_to_block(done);
        made.push((value, result));
        result
    }

    /// The bits of a number.
    fn bits(&mut self, value: Value) -> ir::Value {
        let number = self.use_value(value);
        if self.func.ty(value) == Type::F64 {
            return self.b.ins().bitcast(types::I64, MemFlagsData::new(), number);
        }
        number
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
