//! Calls that a recursive body has made of itself, and that are still running: each has a record on the native stack, and no frame.
//!
//! What a record is, the compiler tells (`whipsnake_codegen`'s `recursion`): the address of the one below it, the number of its exit, and what that stored. The lowest has the frame that
//! the region was entered with: it is that of the first call.

use super::Region;
use super::exit::restore;
use super::exit_objects::Buffer;
use smallvec::SmallVec;
use std::ops::ControlFlow;
use whipsnake_codegen::{Exit, ExitFrame, RECORD_HEAD};
use whipsnake_cpython::live::{_PyInterpreterFrame, Frame, ThreadState};

/// What is below the frames of an exit.
#[derive(Clone, Copy)]
pub(super) enum Below<'a> {
    /// Nothing: the first of them is this one.
    Own(Frame),
    /// A frame that waits for the call which the first of them is of, as it is described.
    Caller(Frame, &'a ExitFrame),
}

/// The calls below an exit.
pub(super) struct Chain {
    own: Frame,
    /// Their records, the outermost first.
    records: SmallVec<[*const u64; 16]>,
}

impl Chain {
    /// The calls of which the innermost has written the record.
    ///
    /// # Safety
    /// The record is one, and so are those that it leads to.
    pub(super) unsafe fn of(record: *const u64) -> Chain {
        let mut records = SmallVec::new();
        let mut record = record;
        // SAFETY: the caller's.
        unsafe {
            while *record != 0 {
                records.push(record);
                record = *record as *const u64;
            }
            records.reverse();
            Chain { own: Frame::new_unchecked(*record.add(1) as *mut _PyInterpreterFrame), records }
        }
    }

    /// The frame that the region was entered with.
    pub(super) fn own(&self) -> Frame {
        self.own
    }

    /// Whether the body has called itself.
    pub(super) fn has_calls(&self) -> bool {
        !self.records.is_empty()
    }

    /// What is below the frames of the exit if nothing of the calls is in memory.
    pub(super) fn lowest(&self) -> Below<'static> {
        Below::Own(self.own)
    }

    /// Goes through the exits of the calls, from the outermost on, with what each stored.
    ///
    /// # Safety
    /// The records are of this region.
    pub(super) unsafe fn each<'a>(
        &self,
        region: &'a Region,
        shows: bool,
        mut visit: impl FnMut(&'a Exit, Buffer<'a>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        for record in &self.records {
            // SAFETY: the caller's.
            let (number, words) = unsafe { (*record.add(1), record.add(RECORD_HEAD as usize)) };
            let exit = &region.exits[number as usize];
            visit(exit, Buffer { words, exit, shows })?;
        }
        ControlFlow::Continue(())
    }

    /// Makes the frames of the calls, which go on in the baseline tier when they are returned to.
    ///
    /// # Safety
    /// As [`Chain::each`]; the region is being left.
    pub(super) unsafe fn restore<'a>(&self, thread: ThreadState, region: &'a Region) -> Below<'a> {
        let mut below: Below<'a> = self.lowest();
        // SAFETY: the caller's.
        unsafe {
            _ = self.each(region, false, |exit, buffer| {
                let frame = restore(thread, below, exit, buffer);
                below = Below::Caller(frame, exit.frames.last().expect("an exit has a frame"));
                ControlFlow::Continue(())
            });
        }
        below
    }
}
