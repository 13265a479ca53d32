//! What the optimizer asks of the running program: what was seen of an instruction.

use super::Live;
use crate::native::code::CompiledCode;
use crate::region::attribute_shapes;
use whipsnake_bytecode::Instr;
use whipsnake_cpython::{class_version, opcode as op};
use whipsnake_optimizer::{AttributeShape, Feedback};

impl Feedback for Live {
    fn is_polymorphic(&self, instr: &Instr) -> bool {
        /// Types beside the one that the interpreter has specialised the instruction for.
        const OTHER_TYPES: u32 = 2;
        // SAFETY: compiled code lives as long as its code object, which whoever has this keeps.
        let compiled = unsafe { &*(self.data as *const CompiledCode) };
        compiled.attribute_cell(instr.index).is_some_and(|cell| cell.fills >= OTHER_TYPES)
    }

    fn is_outdated(&self, instr: &Instr) -> bool {
        if !matches!(instr.base, op::LOAD_ATTR | op::STORE_ATTR)
            || matches!(instr.opcode, op::LOAD_ATTR | op::STORE_ATTR | op::LOAD_ATTR_MODULE)
            || instr.is_instrumented()
        {
            return false;
        }
        let version = self.source.type_version(instr);
        version >= class_version::FIRST || !self.alive.has_class(version)
    }

    fn has_mixed_numbers(&self) -> bool {
        // SAFETY: as above.
        unsafe { (*(self.data as *const CompiledCode)).mixed_numbers.get() }
    }

    fn shapes(&self, instr: &Instr) -> Vec<AttributeShape> {
        // SAFETY: as above.
        let compiled = unsafe { &*(self.data as *const CompiledCode) };
        let name = if instr.base == op::LOAD_ATTR { self.name(instr.oparg >> 1) } else { None };
        attribute_shapes::seen(&self.source, compiled.attribute_cell(instr.index), &self.alive, instr, name)
    }

    fn shape_with(&self, version: u32, instr: &Instr) -> Option<AttributeShape> {
        let stores = instr.base == op::STORE_ATTR;
        let name = self.name(if stores { instr.oparg } else { instr.oparg >> 1 })?;
        attribute_shapes::of_instances(version, instr, name, &self.alive)
    }

    fn failures(&self, instr: &Instr) -> u8 {
        // SAFETY: as above.
        unsafe { (*(self.data as *const CompiledCode)).failures(instr.index) }
    }
}
