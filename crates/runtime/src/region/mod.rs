//! Optimized regions: machine code of hot loops, how it is entered and left.

mod accessors;
mod alive;
mod attribute_shapes;
mod background;
mod budget;
mod c_functions;
mod class_questions;
mod class_variables;
mod class_versions;
mod compile;
mod describe;
mod destroy;
mod destroy_shown;
mod dump;
mod ending;
mod exit;
mod exit_objects;
mod frames;
mod function;
mod gate;
mod heat;
mod inlined_code;
mod inlined_frames;
mod job;
mod kinds;
mod loops;
mod namespaces;
mod numbers;
mod operators;
mod own_types;
pub(crate) use own_types::is_own;
mod recursion;
pub(crate) mod registers;
mod samples;
mod stack;
mod statistics;
mod world;

pub(crate) use background::clear as drop_jobs;
pub use background::{Asked, queue_lengths};
pub use c_functions::consumer_at;
pub(crate) use c_functions::function_of as function_of_module;
pub use describe::describe;
pub use destroy::{destroy_in_region, destroy_noticed, destroy_plain, destroy_unnoticed};
pub(crate) use ending::ends_quietly;
pub use exit::leave_region;
pub use frames::{end_inlined_generator, new_instance, push_init_inlined};
pub use function::hot_function;
pub use inlined_frames::{pop_inlined, push_inlined};
pub use loops::{LoopCell, hot_loop};
pub(crate) use namespaces::Namespaces;
pub use numbers::{new_float_in_region, new_int_in_region};
pub use stack::body_levels;
pub use statistics::{Regions, spent, times};

use crate::helpers::class_series::series_begun;
use crate::memory::Block;
use crate::native::code::CompiledCode;
use crate::native::raw::{release, retain};
use pyo3_ffi::PyObject;
use rustc_hash::FxHashSet;
use smallvec::SmallVec;
use std::cell::{Cell, RefCell};
use std::ptr;
use std::time::Duration;
use whipsnake_codegen::{Exit, ExitFrame, Place, RegionForm};
use whipsnake_cpython::live::Code;
use whipsnake_cpython::opcode;
use whipsnake_ir::abi::FEEDBACK_WORDS;
use whipsnake_ir::{Continuation, Function};
use whipsnake_optimizer::{Site, failed_again, raised_at};

/// An optimized loop.
pub struct Region {
    /// Machine code: `(thread state, frame, activation) -> where to go on`.
    entry: *const u8,
    /// Its exits, by number.
    exits: Vec<Exit>,
    /// How often each exit was taken.
    taken: Vec<Cell<u32>>,
    /// Where native code enters it: calls of a function, or jumps back.
    gate: *const u8,
    /// Whether it is left at instructions that never ran.
    prunes: bool,
    /// Whether it is only for frames that nobody has got hold of: else it would be left after the first call.
    unseen_only: bool,
    /// Whether it gains also where it is left in its first round, as a loop with a `yield` is.
    gains_in_one_round: bool,
    /// How often a guard may fail.
    patience: u32,
    /// How many [series](whipsnake_cpython::class_version) of versions had begun when it was built.
    series: usize,
    /// What was fixed when it was compiled.
    form: RegionForm,
    /// How often the region of a function was left but by its returns.
    left: Cell<u32>,
    /// The feedback cell of the function that enters it; null for a loop.
    function_cell: Cell<*mut function::FunctionCell>,
    /// The feedback cells of the jumps back that enter it; none for a function.
    loop_cells: RefCell<SmallVec<[*mut LoopCell; 2]>>,
    /// Whether a loop of so few rounds was found to be too short for it.
    is_too_short: Cell<bool>,
    /// How often it was entered; of loops, while that is counted.
    entered: Cell<u32>,
    /// How long it ran then.
    spent: Cell<Duration>,
    /// Instructions, by code unit, that it does in their general form.
    general: FxHashSet<Site>,
    /// The name of the function, for people.
    function: String,
    /// The code unit of the loop's header.
    header: u32,
    /// The graph as it was built, where it is kept to be shown.
    graph: Option<Box<Function>>,
    /// Bytes of machine code.
    bytes: usize,
    /// The machine code of its recursive body, if it opens one, and how long that is.
    body: Option<(*const u8, usize)>,
    /// Feedback cells of its general operations.
    #[expect(dead_code, reason = "machine code points at them")]
    cells: Vec<Box<[u64]>>,
    /// The code objects of functions that were inlined: guards compare their addresses.
    callees: Held,
    /// Owns the machine code.
    #[expect(dead_code, reason = "it is freed with the region")]
    block: Block,
}

impl std::fmt::Debug for Region {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Region").field("entry", &self.entry).field("exits", &self.exits.len()).finish()
    }
}

/// References to code objects.
#[derive(Debug, Default)]
struct Held(Vec<Code>);

impl Held {
    /// Adds a reference to each, but for `own`, which holds whoever holds these.
    fn new(mut codes: Vec<Code>, own: Code) -> Held {
        codes.retain(|code| code.as_ptr() != own.as_ptr());
        for code in &codes {
            // SAFETY: live objects; the GIL is held.
            unsafe { retain(code.as_ptr().cast::<PyObject>()) };
        }
        Held(codes)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        for code in &self.0 {
            // SAFETY: the references are ours; regions go with their code object, under the GIL.
            unsafe { release(code.as_ptr().cast::<PyObject>()) };
        }
    }
}

impl Region {
    /// Whether it is that of a function.
    fn is_of_function(&self) -> bool {
        self.header == function::START
    }

    /// Has the next jump back to the loop look at the region before it is entered.
    fn close_gate(&self) {
        for &cell in &*self.loop_cells.borrow() {
            // SAFETY: the cells belong to the code object that has the region; the GIL is held.
            unsafe { (*cell).gate = ptr::null() };
        }
    }

    /// A jump back enters it.
    fn is_entered_by(&self, cell: *mut LoopCell) {
        let mut cells = self.loop_cells.borrow_mut();
        if !cells.contains(&cell) {
            cells.push(cell);
        }
    }

    /// Whether it is left too often by guards that fail.
    fn fails(&self) -> bool {
        self.taken.iter().any(|taken| taken.get() > self.patience)
    }

    /// Notes that an exit with an exception was taken. True where that happens often, and the region was not built for it.
    fn is_new_to_raise(&self, number: usize) -> bool {
        let taken = &self.taken[number];
        taken.set(taken.get() + 1);
        if taken.get() <= self.patience {
            return false;
        }
        let is_new = !self.general.contains(&raised_at(site(&self.exits[number])));
        if !is_new {
            taken.set(0);
        }
        is_new
    }

    /// Whether some class has begun since to keep what is known of it while its variables vary: guards that failed before may hold then.
    fn is_before_series(&self) -> bool {
        self.series != series_begun()
    }

    /// Tells other regions that have the function's code, too, of an instruction that has failed.
    fn tell_failure(&self, exit: &Exit, opcode: u8, compiled: &CompiledCode) {
        if self.is_before_series() {
            return;
        }
        if opcode == opcode::BINARY_OP {
            compiled.mixed_numbers.set(true);
        }
        if matches!(opcode, opcode::BINARY_OP | opcode::COMPARE_OP | opcode::TO_BOOL | opcode::CALL)
            && let Some(innermost) = exit.frames.last()
        {
            let times = if self.general.contains(&site(exit)) { 2 } else { 1 };
            compiled.note_failures(innermost.unit, times);
        }
    }

    /// The instructions whose specialised forms failed, with those of earlier code of the loop; marked are those that failed in a more general form, too.
    fn failed_instructions(&self) -> FxHashSet<Site> {
        // A function's region is given up for all of its exits together: each that has a share in that is seen to at once.
        let often = if self.is_of_function() { self.left.get() / 16 } else { self.patience / 4 };
        let forgives = self.is_before_series();
        let failed = self
            .exits
            .iter()
            .zip(&self.taken)
            .filter(|(exit, taken)| taken.get() > often.max(1) && !(forgives && exit.to == Continuation::Miss));
        let sites = failed.map(|(exit, _)| {
            let site = site(exit);
            if exit.to == Continuation::Error {
                return raised_at(site);
            }
            if self.general.contains(&site) { failed_again(site) } else { site }
        });
        self.general.iter().cloned().chain(sites).collect()
    }
}

/// The instruction that an exit leaves at.
fn site(exit: &Exit) -> Site {
    // The frame below an `__init__` is none of the calls.
    let between =
        |frame: &&ExitFrame| frame.call.is_some_and(|call| call.function == Place::Null && call.generator.is_none());
    exit.frames.iter().filter(|frame| !between(frame)).map(|frame| frame.unit).collect()
}

/// Machine code was made again: what counts in a feedback cell of the old one goes on in a cell of the new one. The old code goes on without regions.
///
/// # Safety
/// The GIL is held; the cells are those of one function or of one loop.
pub(crate) unsafe fn move_cell(of_function: bool, from: *mut u64, to: *mut u64) {
    // SAFETY: the caller's.
    unsafe {
        to.copy_from_nonoverlapping(from, FEEDBACK_WORDS);
        if of_function {
            function::FunctionCell::moved(from.cast(), to.cast());
            return;
        }
        LoopCell::moved(from.cast(), to.cast());
    }
}

/// After so many failures of one kind a region is thrown away: a tenth of what another one costs is lost then.
const MAX_FAILURES: u32 = 1000;

/// The same of functions, which look at how many of their calls fail, too; and with a threshold that is lower than by itself.
const FEW_FAILURES: u32 = 100;

/// After so many failures of an operator other regions that have the function's code, too, learn of it.
const FAILURES_TO_TELL: u32 = 16;

/// How often a loop is compiled at most.
const MAX_ATTEMPTS: u32 = 4;
