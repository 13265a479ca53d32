//! A compiled code object: what calls, returns and unwinding need to know of it.

use super::depths::Depths;
use super::exit;
use super::handlers::LastHandlers;
use super::unreached::LeftOut;
use crate::memory::{Block, Placed, Table};
use crate::tier::WarmUp;
use rustc_hash::FxHashMap;
use std::cell::RefCell;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicI64, Ordering};
use whipsnake_cpython::live::extra::Extra;
use whipsnake_cpython::live::{Code, Raised};
use whipsnake_cpython::opcode;
use whipsnake_ir::abi::{AttributeCell, FEEDBACK_WORDS};
use whipsnake_stencils::{Planned, ResumePoint};

/// Machine code of one code object, and its metadata. Hangs off the code object (`co_extra`) and lives as long as it.
///
/// Machine code reads the first fields, at the offsets in [`abi::compiled`](whipsnake_ir::abi::compiled).
#[repr(C)]
#[derive(Debug)]
pub struct CompiledCode {
    /// The `eval_breaker` word for which the code is known to need no attention; machine code compares it at polls. Must stay the
    /// first field: it is at offset 0 of the `CODE` pointer.
    pub valid_version: u64,
    /// Where calls enter: the first instruction, or the gate of the function's region.
    pub entry: *const u8,
    /// `co_framesize`, in bytes.
    pub frame_bytes: u64,
    /// `co_argcount` if a call with exactly that many positional arguments needs no more than copying them (no `*args`, `**kwargs`,
    /// keyword-only arguments); else −1.
    pub exact_args: i64,
    /// `co_nlocalsplus`, in bytes.
    pub locals_bytes: u64,
    /// First byte of machine code.
    pub base: *const u8,
    /// Where native code can be entered, for each code unit.
    pub(super) resume_points: Table<ResumePoint>,
    /// Value-stack depth before each code unit's instruction.
    depths: Depths,
    /// Handlers that exceptions went to.
    pub(super) handlers: LastHandlers,
    /// Where the cells of attribute accesses are among these: code unit and first word.
    pub(super) attribute_cells: Table<(u32, u32)>,
    /// The same for what is counted for the optimizing tier.
    pub(super) counting_cells: Table<(u32, u32)>,
    /// Feedback cells, which machine code writes.
    pub feedback: Table<u64>,
    /// Bytes of machine code.
    pub size: usize,
    /// Nothing new enters the code; frames that run it go on.
    detached: bool,
    /// Optimized loops of the code.
    pub regions: Vec<Box<crate::region::Region>>,
    /// Whether arithmetic of the code has met other types than it was optimized for: then it seldom was the only one.
    pub mixed_numbers: std::cell::Cell<bool>,
    /// Instructions that have failed in regions, by code unit: how often they were built anew for it, in regions of whatever function.
    pub failed: RefCell<FxHashMap<u32, u8>>,
    /// Optimized loops that are being made.
    pub asked: crate::region::Asked,
    /// What is left out.
    pub left_out: LeftOut,
    /// What ran, as long as the interpreter is to run some of it, too.
    pub(crate) warm_up: Option<Box<WarmUp>>,
    /// The current frame is about to leave because of that.
    pub warms_up: bool,
    /// Owns the machine code.
    pub(super) block: Option<Block>,
}

/// Where a code object's compiled code says that nothing may enter it, for machine code.
pub(super) const DETACHED: usize = std::mem::offset_of!(CompiledCode, detached);

const _: () = {
    use std::mem::offset_of;
    use whipsnake_ir::abi::compiled;
    assert!(offset_of!(CompiledCode, valid_version) == compiled::VALID_VERSION as usize);
    assert!(offset_of!(CompiledCode, entry) == compiled::ENTRY as usize);
    assert!(offset_of!(CompiledCode, frame_bytes) == compiled::FRAME_BYTES as usize);
    assert!(offset_of!(CompiledCode, exact_args) == compiled::EXACT_ARGS as usize);
    assert!(offset_of!(CompiledCode, locals_bytes) == compiled::LOCALS_BYTES as usize);
    assert!(offset_of!(CompiledCode, base) == compiled::BASE as usize);
    // A table begins with its address.
    assert!(offset_of!(CompiledCode, resume_points) == compiled::RESUME_POINTS as usize);
    assert!(size_of::<ResumePoint>() == 1 << compiled::RESUME_POINT_SHIFT);
    assert!(offset_of!(ResumePoint, entry) == compiled::ENTRY_POINT as usize);
    assert!(offset_of!(ResumePoint, receive) == compiled::RECEIVE as usize);
};

/// Code units of the code object of a stub that are places to go on.
const STUB_UNITS: usize = exit::YIELD_OFFSET + 1;

impl CompiledCode {
    /// The metadata of `code`, whose machine code will run at `base`.
    pub fn new(code: Code, planned: &Planned<'_>, base: *const u8, valid_version: u64) -> CompiledCode {
        use whipsnake_cpython::layout::code::{CO_OPTIMIZED, CO_VARARGS, CO_VARKEYWORDS};
        let mut resume_points = Table::zeroed(code.len());
        planned.resume_points(&mut resume_points);
        let exact =
            code.flags() & (CO_OPTIMIZED | CO_VARARGS | CO_VARKEYWORDS) == CO_OPTIMIZED && code.kwonlyargcount() == 0;
        CompiledCode {
            valid_version,
            entry: base.wrapping_add(resume_points[0].entry as usize),
            frame_bytes: code.framesize() as u64 * size_of::<usize>() as u64,
            exact_args: if exact { code.argcount().into() } else { -1 },
            locals_bytes: code.nlocalsplus() as u64 * size_of::<usize>() as u64,
            base,
            depths: Depths::new(planned.code()),
            resume_points,
            attribute_cells: Table::copy_of(planned.attribute_cells()),
            counting_cells: Table::copy_of(planned.counting_cells()),
            left_out: LeftOut::new(planned.unreached()),
            warm_up: None,
            warms_up: false,
            feedback: Table::zeroed(planned.feedback_words()),
            size: planned.size(),
            detached: false,
            regions: vec![],
            mixed_numbers: Default::default(),
            failed: Default::default(),
            asked: Default::default(),
            handlers: Default::default(),
            block: None,
        }
    }

    /// The metadata of a code object whose only machine code is a stub that receives a value before the first instruction; the value stack has
    /// `depth` values then.
    pub fn of_stub(code: Code, stub: *const u8, depth: u8) -> CompiledCode {
        /// So that the stub's offset is not 0.
        const BEFORE: u32 = 16;
        let mut resume_points = Table::<ResumePoint>::zeroed(code.len());
        // Where a result is received that the frame waits for, and what a generator returns or yields.
        for point in &mut resume_points[..STUB_UNITS] {
            point.receive = BEFORE;
        }
        CompiledCode {
            valid_version: u64::MAX,
            entry: std::ptr::null(),
            frame_bytes: code.framesize() as u64 * size_of::<usize>() as u64,
            exact_args: -1,
            locals_bytes: 0,
            base: stub.wrapping_sub(BEFORE as usize),
            depths: Depths::of_first(code.len(), depth, STUB_UNITS),
            resume_points,
            attribute_cells: Table::default(),
            counting_cells: Table::default(),
            left_out: LeftOut::default(),
            warm_up: None,
            warms_up: false,
            feedback: Table::default(),
            size: 0,
            detached: true,
            regions: vec![],
            mixed_numbers: Default::default(),
            failed: Default::default(),
            asked: Default::default(),
            handlers: Default::default(),
            block: None,
        }
    }

    /// Where the first instruction starts in the baseline tier.
    pub fn baseline_entry(&self) -> *const u8 {
        self.base.wrapping_add(self.resume_points[0].entry as usize)
    }

    /// Whether it was made by [`of_stub`](Self::of_stub).
    pub fn is_stub(&self) -> bool {
        self.size == 0
    }

    /// Whether nothing may enter the code any more.
    pub fn is_detached(&self) -> bool {
        self.detached
    }

    /// Hands over the ownership of the machine code.
    pub fn set_block(&mut self, block: Block) {
        self.block = Some(block);
    }

    /// The first word of the feedback cell of the `RESUME` at a function's start, if calls of the `code` that this belongs to are counted there.
    pub fn function_cell(&self, code: Code) -> Option<*mut u64> {
        let &(unit, word) = self.counting_cells.first()?;
        let starts = opcode::base(code.unit(unit as usize).op) == opcode::RESUME;
        starts.then(|| std::ptr::from_ref(&self.feedback[word as usize]).cast_mut())
    }

    /// How often an instruction has failed in regions: in its specialised form, and then in one for several types.
    pub fn failures(&self, unit: u32) -> u8 {
        self.failed.borrow().get(&unit).copied().unwrap_or(0)
    }

    /// Notes that an instruction has failed so often in a region.
    pub fn note_failures(&self, unit: u32, times: u8) {
        let mut failed = self.failed.borrow_mut();
        let noted = failed.entry(unit).or_default();
        *noted = times.max(*noted);
    }

    /// The cell of the attribute access at a code unit, if it has one.
    pub fn attribute_cell(&self, unit: u32) -> Option<&AttributeCell> {
        let index = self.attribute_cells.binary_search_by_key(&unit, |cell| cell.0).ok()?;
        let words = self.feedback.get(self.attribute_cells[index].1 as usize..)?;
        // SAFETY: the cell begins with that word, and so many words belong to it; machine code writes it under the GIL only.
        (words.len() >= FEEDBACK_WORDS).then(|| unsafe { &*words.as_ptr().cast::<AttributeCell>() })
    }

    /// Where native code can be entered, for each code unit.
    pub fn resume_points(&self) -> &[ResumePoint] {
        &self.resume_points
    }

    fn address(&self, offset: u32) -> Option<*const u8> {
        (offset != 0).then(|| self.base.wrapping_add(offset as usize))
    }

    /// Where the instruction at a code unit starts with everything in memory.
    #[inline]
    pub fn entry_at(&self, unit: usize) -> Option<*const u8> {
        self.address(self.resume_points.get(unit)?.entry)
    }

    /// Where the instruction at a code unit starts, and how many values on top of the stack it does not read from their slots, but from locals or constants.
    pub fn pending_entry_at(&self, unit: usize) -> Option<(*const u8, usize)> {
        let (offset, pending) = self.resume_points.get(unit)?.pending_entry()?;
        Some((self.base.wrapping_add(offset as usize), pending as usize))
    }

    /// Where a value is received before the instruction at a code unit.
    #[inline]
    pub fn receive_at(&self, unit: usize) -> Option<*const u8> {
        self.address(self.resume_points.get(unit)?.received())
    }

    /// Value-stack depth before the instruction at a code unit.
    #[inline]
    pub fn depth_at(&self, unit: usize) -> Option<usize> {
        self.depths.at(unit)
    }

    /// Where the instruction at a code unit of `code` begins: at the first of its `EXTENDED_ARG`s, if it has any.
    pub fn start_of(&self, code: Code, mut unit: usize) -> usize {
        // A cache may look like a prefix, but has no depth.
        while unit > 0 && code.unit(unit - 1).op == opcode::EXTENDED_ARG && self.depth_at(unit - 1).is_some() {
            unit -= 1;
        }
        unit
    }
}

static SLOT: OnceLock<Extra<CompiledCode, Placed<CompiledCode>>> = OnceLock::new();

/// Where the compiled code is in the table that `co_extra` of a code object points to, for machine code.
pub(super) static SLOT_OFFSET: AtomicI64 = AtomicI64::new(0);

/// The slot of code objects in which compiled code hangs, requested at the first call; `None` if the process has none left.
///
/// # Safety
/// The GIL is held.
pub unsafe fn slot() -> Option<Extra<CompiledCode, Placed<CompiledCode>>> {
    if let Some(&slot) = SLOT.get() {
        return Some(slot);
    }
    // SAFETY: the GIL is held, so nobody else requests at the same time.
    let slot = unsafe { Extra::request() }?;
    SLOT_OFFSET.store(slot.offset().into(), Ordering::Relaxed);
    Some(*SLOT.get_or_init(|| slot))
}

/// The compiled code of a code object, if it has some that may be entered.
#[inline]
pub fn find<'c>(code: Code) -> Option<&'c CompiledCode> {
    attached(code).filter(|compiled| !compiled.detached)
}

/// The compiled code of a code object that native code runs. It lives as long as the code object.
#[inline]
pub(crate) fn attached<'c>(code: Code) -> Option<&'c CompiledCode> {
    // SAFETY: compiled code is set once for a code object, and dropped with it.
    SLOT.get()?.get(code).map(|found| unsafe { found.as_ref() })
}

/// Which of the extra data of code objects the compiled code is.
pub fn slot_index() -> usize {
    SLOT.get().map_or(0, |slot| slot.index())
}

/// Gives a code object its compiled code.
///
/// # Safety
/// The GIL is held.
pub unsafe fn attach(code: Code, compiled: Placed<CompiledCode>) -> Result<(), Raised> {
    let slot = SLOT.get().filter(|slot| slot.get(code).is_none());
    let Some(slot) = slot else {
        // SAFETY: the GIL is held.
        unsafe {
            pyo3_ffi::PyErr_SetString(pyo3_ffi::PyExc_RuntimeError, c"the code object was compiled before".as_ptr())
        };
        return Err(Raised);
    };
    // SAFETY: the slot is empty, so that nothing refers to an old value.
    unsafe { slot.set(code, compiled) }.map(|_| ())
}

/// Lets nothing new enter a code object's machine code. Frames that run it leave at their next poll, so it stays as long as the code object.
///
/// # Safety
/// The GIL is held.
pub unsafe fn detach(code: Code) {
    if let Some(mut found) = SLOT.get().and_then(|slot| slot.get(code)) {
        // SAFETY: the GIL is held and references to compiled code are not kept across calls.
        let compiled = unsafe { found.as_mut() };
        compiled.detached = true;
        compiled.valid_version = u64::MAX;
    }
}
