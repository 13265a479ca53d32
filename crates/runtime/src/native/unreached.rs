//! Code that is left out because it had never run: the way to the interpreter where a frame comes there after all, and the exchange of machine code.
//!
//! What is known of a code object's machine code stays where it is when that is made again; only the machine code is another. The earlier one is
//! kept: frames return there, and regions go on there. Where it has a way out, that leads on to the new one.

use super::code::CompiledCode;
use super::exit;
use super::exit_reason::ExitReason;
use super::frames::{Resume, compiled};
use super::tools;
use crate::memory::{Block, Table};
use crate::{region, tier};
use pyo3_ffi::{PyObject, PyThreadState};
use std::ptr;
use std::time::Instant;
use whipsnake_bytecode::UnitRange;
use whipsnake_cpython::live::{_PyInterpreterFrame, Code, Frame, ThreadState};
use whipsnake_cpython::opcode;
use whipsnake_ir::abi::Activation;

/// What of a code object is left out, and what came of that.
#[derive(Debug, Default)]
pub struct LeftOut {
    /// Blocks that never ran, in ascending order.
    blocks: Box<[UnitRange]>,
    /// Those of them that a frame came to.
    came_to: Vec<UnitRange>,
    /// How often a frame came to one, since the machine code was made.
    pub surprises: u32,
    /// When the first of these was.
    pub first_surprise: Option<Instant>,
    /// How often the machine code was made again because of that.
    pub remade: u32,
    /// How often it was made again because of a loop.
    pub remade_for_loops: u32,
    /// Earlier machine code, with the feedback cells that it writes.
    retired: Vec<Retired>,
}

#[derive(Debug)]
struct Retired {
    _block: Option<Block>,
    _feedback: Table<u64>,
}

impl LeftOut {
    /// For machine code without these blocks, which are in ascending order.
    pub fn new(blocks: Box<[UnitRange]>) -> LeftOut {
        LeftOut { blocks, ..LeftOut::default() }
    }

    /// The blocks.
    pub fn blocks(&self) -> &[UnitRange] {
        &self.blocks
    }

    /// The blocks that no frame came to.
    pub fn still_unreached(&self) -> Vec<UnitRange> {
        self.blocks.iter().copied().filter(|block| !self.came_to.contains(block)).collect()
    }

    fn note(&mut self, unit: usize) {
        self.surprises += 1;
        self.first_surprise.get_or_insert_with(Instant::now);
        if let Some(block) = self.block_of(unit).filter(|block| !self.came_to.contains(block)) {
            self.came_to.push(block);
        }
    }

    /// The block that has a code unit.
    fn block_of(&self, unit: usize) -> Option<UnitRange> {
        let after = self.blocks.partition_point(|block| block.0 as usize <= unit);
        let block = self.blocks[after.checked_sub(1)?];
        (unit < block.1 as usize).then_some(block)
    }
}

impl CompiledCode {
    /// Whether a code unit is left out.
    #[inline]
    pub fn leaves_out(&self, unit: usize) -> bool {
        self.left_out.block_of(unit).is_some()
    }

    /// Notes that a frame came to a code unit that is left out: the next machine code has it.
    pub fn note_surprise(&mut self, unit: usize) {
        self.left_out.note(unit);
    }

    /// Exchanges the machine code for other of the same code object, which has this as its data.
    ///
    /// # Safety
    /// The GIL is held; both are of `code`, and their feedback cells are those of their machine code.
    pub unsafe fn renew(&mut self, code: Code, mut new: CompiledCode) {
        // Calls may go to a region's gate, which stays.
        if self.entry == self.baseline_entry() {
            self.entry = new.entry;
        }
        for &(unit, word) in &*self.counting_cells {
            if let Ok(index) = new.counting_cells.binary_search_by_key(&unit, |cell| cell.0) {
                let starts = opcode::base(code.unit(unit as usize).op) == opcode::RESUME;
                let to = &raw mut new.feedback[new.counting_cells[index].1 as usize];
                // SAFETY: both are cells of what is counted at that unit, and so many words belong to them.
                unsafe { region::move_cell(starts, &raw mut self.feedback[word as usize], to) };
            }
        }
        self.base = new.base;
        self.size = new.size;
        self.resume_points = new.resume_points;
        self.attribute_cells = new.attribute_cells;
        self.counting_cells = new.counting_cells;
        let retired = Retired {
            _block: std::mem::replace(&mut self.block, new.block.take()),
            _feedback: std::mem::replace(&mut self.feedback, new.feedback),
        };
        self.left_out.retired.push(retired);
        (self.left_out.blocks, self.left_out.surprises) = (new.left_out.blocks, 0);
        self.left_out.came_to.clear();
    }
}

/// `stub_unreached`: the current frame has come to a block that had never run when its code was compiled.
///
/// # Safety
/// Called by the stub only, with everything of the frame in memory.
pub(super) unsafe extern "C" fn unreached(
    thread: *mut PyThreadState,
    frame: *mut _PyInterpreterFrame,
    activation: *mut Activation,
    _: *mut PyObject,
) -> Resume {
    // SAFETY: the stub passes the live thread state, the current frame and its activation.
    unsafe {
        let current = Frame::new_unchecked(frame);
        let (compiled, code) = (compiled(current), current.running_code());
        if !tools::is_current(ThreadState::new_unchecked(thread), code, ptr::from_ref(compiled).cast_mut()) {
            return exit::exit(thread, frame, activation, ptr::null_mut());
        }
        exit::step_to_prefix(current);
        if let Some(address) = tier::surprise(code, current.instruction_index()) {
            return Resume { address, frame };
        }
        ExitReason::Unreached.note();
        exit::leave(thread, current, activation)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_found_by_any_of_its_units() {
        let left_out = LeftOut::new([(4, 9), (9, 12), (20, 21)].into());
        let found = [0, 3, 4, 8, 9, 11, 12, 20, 21].map(|unit| left_out.block_of(unit).map(|block| block.0));
        assert_eq!(found, [None, None, Some(4), Some(4), Some(9), Some(9), None, Some(20), None]);
        assert_eq!(LeftOut::default().block_of(0), None);
    }

    #[test]
    fn what_a_frame_came_to_is_compiled_the_next_time() {
        let mut left_out = LeftOut::new([(4, 9), (9, 12)].into());
        left_out.note(11);
        left_out.note(10);
        left_out.note(2);
        assert_eq!((left_out.surprises, left_out.still_unreached()), (3, vec![(4, 9)]));
    }
}
