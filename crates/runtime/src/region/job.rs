//! From a graph to a region: passes, Cranelift, linking. Nothing here looks at a Python object, so that any thread can do it.

use super::gate::{self, Gate};
use super::{Region, describe, dump, statistics};
use crate::helpers::globals::array_type;
use crate::memory::CodeMemory;
use crate::native::trampoline::VALUE;
use rustc_hash::FxHashSet;
use std::any::Any;
use std::cell::Cell;
use std::fmt::Display;
use std::mem::{MaybeUninit, offset_of};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::sync::{Arc, Mutex};
use whipsnake_codegen::{Compiler, RawCode, RegionForm, RelocKind, Symbol, Target, WayOn};
use whipsnake_ir::{Continuation, Function, Global};
use whipsnake_optimizer::{Site, passes};
use whipsnake_stencils::Addresses;

/// A region to be made.
pub(super) struct Job {
    /// The name of the function, for people.
    pub name: String,
    /// The code unit of the loop's header.
    pub header: u32,
    /// How the region of a function is entered.
    pub gate: Gate,
    /// Where the baseline tier goes on where the region ends as it should.
    pub ways_on: Vec<WayOn>,
    /// Whether it is left at instructions that never ran.
    pub prunes: bool,
    /// How often a guard may fail.
    pub patience: u32,
    /// How many classes had begun to vary when its graph was built.
    pub series: usize,
    /// Whether the region keeps its graph, to be shown.
    pub keeps_graph: bool,
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

/// What was kept of the last job. Most jobs come one by one, the next long after the thread of the last has ended, and Cranelift's buffers would grow again with each.
static KEPT: Mutex<Maker> = Mutex::new(Maker(None));

/// After a graph of more values than this the buffers are given back: few are as large, and they take megabytes.
const MOST_KEPT: usize = 3_000;

/// Makes a region here and now.
pub(super) fn make_now(job: Job) -> Result<Made, String> {
    let mut maker = Maker::kept();
    let made = maker.make(job);
    maker.keep();
    made
}

impl Maker {
    /// The one that was kept. Nobody waits for it: in a process that was forked while another thread had it, nobody would give it back.
    pub fn kept() -> Maker {
        KEPT.try_lock().map(|mut kept| std::mem::take(&mut *kept)).unwrap_or_default()
    }

    /// Keeps it for the next job.
    pub fn keep(self) {
        if let Ok(mut kept) = KEPT.try_lock() {
            *kept = self;
        }
    }

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
        let Job {
            name,
            header,
            gate,
            ways_on,
            prunes,
            patience,
            series,
            keeps_graph,
            mut function,
            general,
            cells,
            memory,
            addresses,
        } = job;
        let show = |stage: &str, text: &dyn Display| {
            if dump::is_on() {
                dump::tell(&name, header, stage, text);
            }
        };
        if let Some(body) = &function.body {
            show("graph", body);
        }
        show("graph", &function);
        let graph = keeps_graph.then(|| Box::new(function.clone()));
        let mut clock = statistics::Clock::start();
        optimize(&mut function, |pass, function| {
            clock.lap(pass);
            show(pass, function);
            clock.skip();
        });
        // The region's address is in its machine code.
        let mut region: Box<MaybeUninit<Region>> = Box::new_uninit();
        let mut form = form_at(region.as_ptr(), &addresses, ways_on);
        let compiler = self.0.get_or_insert_with(|| Compiler::for_regions(Target::X64));
        clock.skip();
        let body = match &function.body {
            None => None,
            Some(body) => {
                let made = compiler.region(body, &form).map_err(|error| error.to_string())?;
                if dump::is_on() {
                    show("cranelift", &compiler.clif());
                }
                form.opens(&made);
                Some(made)
            }
        };
        let made = compiler.region(&function, &form).map_err(|error| error.to_string())?;
        clock.lap("cranelift");
        if dump::is_on() {
            show("cranelift", &compiler.clif());
        }
        if function.value_count() > MOST_KEPT {
            self.0 = None;
        }
        let (body, mut exits) = body.map_or((None, vec![]), |made| (Some(made.code), made.exits));
        exits.extend(made.exits);
        let entry_at = body.as_ref().map_or(0, |body| body.bytes.len().next_multiple_of(16));
        let gate_at = (entry_at + made.code.bytes.len()).next_multiple_of(16);
        let block = memory.allocate(gate_at + gate::BYTES).map_err(|error| error.to_string())?;
        // SAFETY: the block has room, and nothing runs in it yet.
        unsafe {
            let start = block.run() as u64;
            if let Some(body) = &body {
                place(body, &addresses, start, block.write(), start);
            }
            let write = block.write().add(entry_at);
            place(&made.code, &addresses, start, write, start + entry_at as u64);
            let entered = region.as_ptr().cast::<u8>().wrapping_add(offset_of!(Region, entered)) as u64;
            let bytes = gate.code(start + entry_at as u64, entered);
            block.write().add(gate_at).copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
        }
        block.seal().map_err(|error| error.to_string())?;
        region.write(Region {
            entry: block.run().wrapping_add(entry_at),
            body: body.map(|body| (block.run(), body.bytes.len())),
            gate: block.run().wrapping_add(gate_at),
            prunes,
            unseen_only: matches!(gate, Gate::Loop { baseline_if_seen: Some(_) }),
            gains_in_one_round: function.gains_in_one_round,
            patience,
            series,
            form,
            left: Cell::new(0),
            function_cell: Cell::new(ptr::null_mut()),
            loop_cells: Default::default(),
            is_too_short: Cell::new(false),
            taken: vec![Cell::new(0); exits.len()],
            entered: Cell::new(0),
            spent: Cell::default(),
            exits,
            general,
            function: name,
            header,
            graph,
            bytes: made.code.bytes.len(),
            cells,
            // Whoever asked has them.
            callees: Default::default(),
            block,
        });
        clock.lap("link");
        // SAFETY: just written.
        let region = unsafe { region.assume_init() };
        describe::tell_machine(&region);
        Ok(Made(region))
    }
}

/// Runs the passes; `done` sees what each has made.
pub(super) fn optimize(function: &mut Function, mut done: impl FnMut(&'static str, &Function)) {
    if let Some(body) = &mut function.body {
        passes::run(body, &mut done);
    }
    passes::run(function, done);
}

/// What is fixed when the region is compiled.
fn form_at(region: *const Region, addresses: &Addresses, ways_on: Vec<WayOn>) -> RegionForm {
    let returns = addresses.continuation(Continuation::Return);
    RegionForm { region: region as u64, returns, value: VALUE as i32, first_exit: 0, body_bytes: 0, ways_on }
}

/// What a panic said.
pub(super) fn failure(panic: &(dyn Any + Send)) -> String {
    let said = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    format!("the optimizer failed: {}", said.unwrap_or("no reason given").lines().next().unwrap_or_default())
}

/// Writes machine code and resolves its relocations; the recursive body is at `body`.
unsafe fn place(code: &RawCode, addresses: &Addresses, body: u64, write: *mut u8, run: u64) {
    // SAFETY: the caller's: there is room at `write`.
    unsafe {
        write.copy_from_nonoverlapping(code.bytes.as_ptr(), code.bytes.len());
        for reloc in &code.relocs {
            let target = match reloc.symbol {
                Symbol::Helper(number) => addresses.helper(number),
                // The table may be older than what it knows of arrays.
                Symbol::Global(number) if number == Global::ArrayType as u16 => array_type() as u64,
                Symbol::Global(number) => addresses.global(number),
                Symbol::Body => body,
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
