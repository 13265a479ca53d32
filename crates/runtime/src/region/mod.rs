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
mod dump;
mod ending;
mod exit;
mod frames;
mod function;
mod gate;
mod heat;
mod inlined_code;
mod inlined_frames;
mod job;
mod kinds;
mod namespaces;
mod numbers;
mod operators;
mod own_types;
pub(crate) use own_types::is_own;
pub(crate) mod registers;
mod samples;
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
pub(crate) use namespaces::Namespaces;
pub use numbers::{new_float_in_region, new_int_in_region};
pub use statistics::{Regions, spent, times};

use crate::helpers::class_series::series_begun;
use crate::memory::Block;
use crate::native::code::CompiledCode;
use crate::native::frames::Resume;
use crate::native::raw::{release, retain};
use crate::native::trampoline::stub_exit;
use crate::tier::{is_importing, jit};
use background::Answer;
use heat::{Body, Heat, Sample};
use pyo3_ffi::{PyObject, PyThreadState};
use rustc_hash::FxHashSet;
use smallvec::SmallVec;
use std::cell::{Cell, RefCell};
use std::mem::offset_of;
use std::ptr;
use std::time::{Duration, Instant};
use whipsnake_codegen::{Exit, ExitFrame, Place, RegionForm};
use whipsnake_cpython::live::{_PyInterpreterFrame, Code, CodeUnit, Frame};
use whipsnake_cpython::opcode;
use whipsnake_ir::abi::{FEEDBACK_WORDS, LOOP_GATE};
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

/// Lets the interpreter run a few rounds of the loop, and specialise its instructions. Then the loop is taken over again.
unsafe fn observe(_thread: *mut PyThreadState, frame: *mut _PyInterpreterFrame, target: *mut CodeUnit) -> Resume {
    // SAFETY: the caller's: everything of the frame is in memory.
    unsafe {
        let current = Frame::new_unchecked(frame);
        let code = current.code().expect("a frame of Python code");
        crate::tier::count_again(code, OBSERVED_ROUNDS);
        current.set_instr_ptr(target);
        Resume { address: stub_exit as *const u8, frame }
    }
}

/// What the feedback cell of a jump back holds.
#[repr(C)]
#[derive(Debug)]
pub struct LoopCell {
    /// Rounds until [`hot_loop`] is called again; machine code counts it down.
    rounds: i32,
    /// How often the loop was compiled, or could not be.
    attempts: u32,
    /// Where machine code enters the region without a look at it; null if it must be looked at.
    gate: *const u8,
    /// The optimized loop, if there is one.
    region: *const Region,
    /// Whether the loop was handed to the interpreter for a few rounds, to learn what types it sees.
    observed: bool,
    /// Whether a region was asked for.
    waiting: bool,
    /// Rounds since then.
    waited: u32,
    /// How often its iterator was found to be too short for a region.
    short: u32,
    /// Rounds that are being counted, for the next look at whether it is worth a region.
    counted: u32,
    heat: Heat,
    sample: Sample,
}

impl LoopCell {
    /// Has the loop come around as often as makes it worth a look.
    fn count(&mut self, body: Body, times: u32, threshold: u32) {
        self.counted = body.rounds(threshold).saturating_mul(times);
        self.rounds = self.counted as i32;
        if threshold >= Heat::MEASURED {
            self.heat.begin();
        }
    }

    /// When to look whether the region is there: after an eighth more of the rounds that were waited, so that a short loop looks seldom, and a long one as soon.
    fn wait_on(&mut self) {
        let rounds = (self.waited / 8).max(1);
        self.waited = self.waited.saturating_add(rounds);
        self.rounds = rounds as i32;
    }
}

const _: () = assert!(size_of::<LoopCell>() <= 8 * FEEDBACK_WORDS);
const _: () = assert!(offset_of!(LoopCell, gate) == LOOP_GATE as usize);

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
        let (from, to): (*mut LoopCell, *mut LoopCell) = (from.cast(), to.cast());
        ((*from).attempts, (*from).rounds, (*from).gate, (*from).waiting) =
            (MAX_ATTEMPTS + 1, i32::MAX, ptr::null(), false);
        if let Some(region) = (*to).region.as_ref() {
            region.loop_cells.borrow_mut().retain(|cell| *cell != from);
            region.is_entered_by(to);
        }
    }
}

/// Rounds that the interpreter runs to learn what types a loop sees.
const OBSERVED_ROUNDS: u32 = 32;

/// Entries of a region that are timed.
const MEASURED_ENTRIES: u32 = 16;

/// A region that is left sooner than this, on average, costs more to enter than it gains: a loop of few rounds. The loop around it may do better.
const TOO_SHORT: Duration = Duration::from_nanos(150);

/// With so many iterators in a row that are too short, the loop stays in the baseline tier.
const MAX_SHORT: u32 = 3;

/// Rounds between two looks while the compiler is off.
const ROUNDS_WHILE_OFF: i32 = 1000;

/// Rounds between two looks while somebody has the frame, which is seldom over before the loop is.
const ROUNDS_WHILE_SEEN: i32 = 100;

/// After so many failures of one kind a region is thrown away: a tenth of what another one costs is lost then.
const MAX_FAILURES: u32 = 1000;

/// The same of functions, which look at how many of their calls fail, too; and with a threshold that is lower than by itself.
const FEW_FAILURES: u32 = 100;

/// After so many failures of an operator other regions that have the function's code, too, learn of it.
const FAILURES_TO_TELL: u32 = 16;

/// How many times as often a loop that needs a large graph comes around again before that is built.
const LARGER: u32 = 4;

/// How often a loop is compiled at most.
const MAX_ATTEMPTS: u32 = 4;

type Enter = unsafe extern "C" fn(*mut PyThreadState, *mut _PyInterpreterFrame, *mut u8) -> Resume;

/// `Helper::HotLoop`.
///
/// # Safety
/// Called by machine code that jumps back, with everything of the frame in memory; `code` is the frame's compiled code and `target` one of its code units.
pub unsafe extern "C" fn hot_loop(
    thread: *mut PyThreadState,
    frame: *mut _PyInterpreterFrame,
    code: *mut CompiledCode,
    cell: *mut LoopCell,
    target: *mut CodeUnit,
) -> Resume {
    let on_as_before = Resume { address: ptr::null(), frame };
    // SAFETY: the caller's; references to the compiler end before Python code can run.
    unsafe {
        let Some(jit) = jit() else { return on_as_before };
        let threshold = jit.settings.optimize_threshold;
        let (enabled, cell) = (jit.enabled && threshold > 0, &mut *cell);
        if !enabled || cell.attempts > MAX_ATTEMPTS {
            // The compiler may be switched on again.
            cell.rounds = if cell.attempts > MAX_ATTEMPTS { i32::MAX } else { ROUNDS_WHILE_OFF };
            return on_as_before;
        }
        let running = Frame::new_unchecked(frame);
        let body = || Body::between(target, running.instr_ptr());
        if cell.attempts == 0 {
            cell.attempts = 1;
            if threshold > 1 {
                cell.count(body(), 1, threshold);
                return on_as_before;
            }
        }
        if !cell.observed && cell.region.is_null() && !cell.waiting {
            cell.observed = true;
            if body().untouched {
                cell.rounds = 1;
                return observe(thread, frame, target);
            }
        }
        let of = running.code().expect("a frame of Python code");
        let header = target.offset_from(of.instructions()) as u32;
        let answer = if cell.waiting {
            compile::poll(jit, of, &mut *code, header)
        } else if !cell.region.is_null() && !(*cell.region).fails() {
            Answer::Made(cell.region)
        } else {
            let general = cell.region.as_ref().map(Region::failed_instructions);
            cell.attempts += 1;
            if cell.attempts > MAX_ATTEMPTS {
                cell.rounds = i32::MAX;
                jit.stats.regions.give_up("guards go on failing");
                return on_as_before;
            }
            let body = body();
            let depth = (*code).depth_at(header as usize).unwrap_or(0);
            if let Some(answer) = compile::asked_by_another(&*code, header, cell.attempts - 1) {
                answer
            } else if threshold >= Heat::MEASURED && heat::is_short(running, target, depth, body) {
                cell.short += 1;
                if cell.short > MAX_SHORT {
                    cell.attempts = MAX_ATTEMPTS + 1;
                    jit.stats.regions.give_up("too few rounds");
                    return on_as_before;
                }
                Answer::Later
            } else if threshold >= Heat::MEASURED && !cell.sample.end() {
                // It does not count.
                cell.attempts -= 1;
                cell.rounds = cell.sample.begin(body) as i32;
                return on_as_before;
            } else {
                let weight = cell.heat.weigh(body, cell.counted, cell.sample, is_importing());
                let place = compile::Place::Loop(header);
                compile::ask(jit, running, &mut *code, place, body.instructions, weight, general)
            }
        };
        cell.waiting = answer == Answer::Waiting;
        match answer {
            Answer::Made(region) => (cell.region, cell.waited) = (region, 0),
            Answer::Waiting => {
                cell.wait_on();
                return on_as_before;
            }
            Answer::Later | Answer::Larger => {
                // It does not count. A region whose guards fail stays there for what it knows.
                cell.attempts -= 1;
                let times = if answer == Answer::Larger { LARGER } else { 1 };
                cell.count(body(), times, threshold);
                return on_as_before;
            }
            Answer::Refused => {
                cell.region = ptr::null();
                cell.rounds = (threshold as i32).saturating_mul(1 << (4 * cell.attempts.min(6)));
                function::hasten(running);
                return on_as_before;
            }
        }
        let region = &*cell.region;
        if region.unseen_only && !running.frame_object().is_null() {
            cell.rounds = ROUNDS_WHILE_SEEN;
            return on_as_before;
        }
        // Entered again at the next jump back, should it come here.
        cell.rounds = 0;
        region.is_entered_by(cell);
        if region.entered.get() >= MEASURED_ENTRIES || threshold <= 1 {
            cell.gate = region.gate;
        }
        // Another activation may write the cell while the region runs.
        let cell: *mut LoopCell = cell;
        let enter: Enter = std::mem::transmute(region.entry);
        if region.entered.get() < MEASURED_ENTRIES {
            let start = Instant::now();
            let resume = enter(thread, frame, ptr::null_mut());
            region.entered.set(region.entered.get() + 1);
            region.spent.set(region.spent.get() + start.elapsed());
            let is_measured = region.entered.get() == MEASURED_ENTRIES && !region.gains_in_one_round;
            if is_measured && region.spent.get() < TOO_SHORT * MEASURED_ENTRIES {
                region.is_too_short.set(true);
                ((*cell).attempts, (*cell).gate) = (MAX_ATTEMPTS + 1, ptr::null());
                if let Some(jit) = crate::tier::jit() {
                    jit.stats.regions.give_up("too few rounds");
                }
            }
            return resume;
        }
        enter(thread, frame, ptr::null_mut())
    }
}
