//! From a graph to a region: passes, Cranelift, linking. Nothing here looks at a Python object, so that any thread can do it.

use super::{Region, dump, statistics};
use crate::memory::CodeMemory;
use rustc_hash::FxHashSet;
use std::any::Any;
use std::cell::Cell;
use std::mem::MaybeUninit;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use whipsnake_codegen::{Compiler, RawCode, RegionForm, RelocKind, Symbol, Target};
use whipsnake_ir::Function;
use whipsnake_optimizer::{Site, passes};
use whipsnake_stencils::Addresses;

/// A region to be made.
pub(super) struct Job {
    /// What the dump calls it.
    pub name: String,
    /// Its graph.
    pub function: Function,
    /// Instructions that it does in their general form.
    pub general: FxHashSet<Site>,
    /// Feedback cells of its general operations.
    pub cells: Vec<Box<[u64]>>,
    /// Where its code goes.
    pub memory: CodeMemory,
    /// What its code calls.
    pub addresses: Arc<Addresses>,
}

/// A region that nobody has entered yet.
#[derive(Debug)]
pub(super) struct Made(pub Box<Region>);

// SAFETY: whoever made the region keeps nothing of it, and its pointers are to memory of the process.
unsafe impl Send for Made {}

/// Makes regions; keeps what can be used again.
#[derive(Default)]
pub(super) struct Maker(Option<Compiler>);

impl Maker {
    /// The region, or why there is none. A mistake of the optimizer must not end the program: the loop stays in the baseline tier.
    pub fn make(&mut self, job: Job) -> Result<Made, String> {
        let made = catch_unwind(AssertUnwindSafe(|| self.attempt(job)));
        made.unwrap_or_else(|panic| {
            // It may be in any state.
            self.0 = None;
            Err(failure(&*panic))
        })
    }

    fn attempt(&mut self, job: Job) -> Result<Made, String> {
        let Job { name, mut function, general, cells, memory, addresses } = job;
        let show = |stage: &str, text: &dyn std::fmt::Display| {
            if dump::is_on() {
                dump::write(&format!("{name}: {stage}"), text);
            }
        };
        show("graph", &function);
        let mut clock = statistics::Clock::start();
        passes::run(&mut function, |pass, _| clock.lap(pass));
        show("after the passes", &function);
        // The region's address is in its machine code.
        let mut region: Box<MaybeUninit<Region>> = Box::new_uninit();
        let form = RegionForm { region: region.as_ptr() as u64 };
        let compiler = self.0.get_or_insert_with(|| Compiler::for_regions(Target::X64));
        clock.skip();
        let made = compiler.region(&function, &form).map_err(|error| error.to_string())?;
        clock.lap("cranelift");
        show("Cranelift", &compiler.clif());
        let block = memory.allocate(made.code.bytes.len()).map_err(|error| error.to_string())?;
        // SAFETY: the block has room, and nothing runs in it yet.
        unsafe { place(&made.code, &addresses, block.write(), block.run() as u64) };
        block.seal().map_err(|error| error.to_string())?;
        region.write(Region {
            entry: block.run(),
            taken: vec![Cell::new(0); made.exits.len()],
            entered: Cell::new(0),
            spent: Cell::default(),
            exits: made.exits,
            general,
            bytes: made.code.bytes.len(),
            cells,
            // Whoever asked has them.
            callees: Default::default(),
            block,
        });
        clock.lap("link");
        // SAFETY: just written.
        Ok(Made(unsafe { region.assume_init() }))
    }
}

/// What a panic said.
pub(super) fn failure(panic: &(dyn Any + Send)) -> String {
    let said = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    format!("the optimizer failed: {}", said.unwrap_or("no reason given").lines().next().unwrap_or_default())
}

/// Writes machine code and resolves its relocations.
unsafe fn place(code: &RawCode, addresses: &Addresses, write: *mut u8, run: u64) {
    // SAFETY: the caller's: there is room at `write`.
    unsafe {
        write.copy_from_nonoverlapping(code.bytes.as_ptr(), code.bytes.len());
        for reloc in &code.relocs {
            let target = match reloc.symbol {
                Symbol::Helper(number) => addresses.helper(number),
                Symbol::Global(number) => addresses.global(number),
                other => unreachable!("a region refers to {other:?}"),
            };
            let target = target.wrapping_add_signed(reloc.addend);
            let at = write.add(reloc.offset as usize);
            match reloc.kind {
                RelocKind::Abs8 => at.cast::<u64>().write_unaligned(target),
                RelocKind::X86CallPCRel4 => {
                    let distance = target.wrapping_sub(run + u64::from(reloc.offset)) as i64;
                    debug_assert_eq!(distance, i64::from(distance as i32), "helpers are within 2 GiB");
                    at.cast::<i32>().write_unaligned(distance as i32);
                }
                other => unreachable!("relocation {other:?}"),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_a_reason() {
        let message: Box<dyn Any + Send> = Box::new("a block has no end\nand more".to_owned());
        assert_eq!(failure(&*message), "the optimizer failed: a block has no end");
        let message: Box<dyn Any + Send> = Box::new("index");
        assert_eq!(failure(&*message), "the optimizer failed: index");
        assert_eq!(failure(&3), "the optimizer failed: no reason given");
    }
}
