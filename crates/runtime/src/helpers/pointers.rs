//! The values of instructions' pointer operands, read from the live code object.

use super::tuple_pool;
use whipsnake_bytecode::Instr;
use whipsnake_cpython::live::{Code, symbols};
use whipsnake_cpython::opcode::operand::INTRINSIC_LIST_TO_TUPLE;
use whipsnake_ops::Ptr;
use whipsnake_stencils::Source;

/// A live code object as the linker sees it.
pub(crate) struct CodeSource {
    code: Code,
}

impl CodeSource {
    /// # Safety
    /// The GIL is held and the code object is alive while this is used.
    pub(crate) unsafe fn new(code: Code) -> CodeSource {
        CodeSource { code }
    }

    /// Four code units of an inline cache.
    pub(crate) fn cache64(&self, instr: &Instr, unit: u8) -> u64 {
        self.cache(instr, unit, 4)
    }

    /// Two code units of an inline cache.
    pub(crate) fn cache32(&self, instr: &Instr, unit: u8) -> u32 {
        self.cache(instr, unit, 2) as u32
    }

    /// A code unit of an inline cache.
    pub(crate) fn cache16(&self, instr: &Instr, unit: u8) -> u16 {
        self.cache(instr, unit, 1) as u16
    }

    fn cache(&self, instr: &Instr, unit: u8, count: usize) -> u64 {
        let at = instr.index as usize + usize::from(unit);
        (0..count).fold(0, |value, i| {
            let unit = self.code.unit(at + i);
            value | u64::from(u16::from_le_bytes([unit.op, unit.arg])) << (16 * i)
        })
    }

    /// The version of the class in the inline cache of a `LOAD_ATTR` or `STORE_ATTR`.
    pub(crate) fn type_version(&self, instr: &Instr) -> u32 {
        const TYPE_VERSION: u8 = 2;
        self.cache32(instr, TYPE_VERSION)
    }

    fn name(&self, number: u32) -> u64 {
        self.code.names().item(number as usize).map_or(0, |name| name as u64)
    }
}

impl Source for CodeSource {
    fn pointer(&self, meaning: Ptr, instr: &Instr, oparg: u32) -> u64 {
        match meaning {
            Ptr::Name(shift) => self.name(oparg >> shift),
            Ptr::Cache64(unit) => self.cache64(instr, unit),
            // SAFETY: the tables are constant, and Python's compiler makes operands within them.
            Ptr::BinaryFunction => unsafe { symbols::_PyEval_BinaryOps[oparg as usize] as *const () as u64 },
            Ptr::UnaryIntrinsic if oparg == INTRINSIC_LIST_TO_TUPLE => tuple_pool::list_to_tuple as *const () as u64,
            // SAFETY: as above.
            Ptr::UnaryIntrinsic => unsafe {
                symbols::_PyIntrinsics_UnaryFunctions[oparg as usize].func as *const () as u64
            },
            // SAFETY: as above.
            Ptr::BinaryIntrinsic => unsafe {
                symbols::_PyIntrinsics_BinaryFunctions[oparg as usize].func as *const () as u64
            },
            Ptr::Conversion => {
                // SAFETY: as above.
                unsafe { symbols::_PyEval_ConversionFuncs[oparg as usize] }.map_or(0, |f| f as *const () as u64)
            }
            Ptr::Code => self.code.as_ptr() as u64,
            other => unreachable!("{other:?} is the linker's own"),
        }
    }

    fn constant(&self, number: u32) -> u64 {
        self.code.consts().item(number as usize).map_or(0, |constant| constant as u64)
    }

    fn first_unit(&self) -> u64 {
        self.code.instructions() as u64
    }
}
