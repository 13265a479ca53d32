//! Asking for a region: its graph is made here, under the GIL, and the rest at once or by the background thread.

use super::background::{self, Answer};
use super::budget;
use super::function::START;
use super::gate::Gate;
use super::heat::{Heat, Weight};
use super::job::{Job, Made, failure, make_now};
use super::stack::has_room_to_compile;
use super::statistics::{self, Clock};
use super::world::Live;
use super::{FEW_FAILURES, Held, MAX_FAILURES, dump};
use crate::helpers::class_series::series_begun;
use crate::native::code::CompiledCode;
use crate::tier::{Jit, code_input, qualname};
use rustc_hash::FxHashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use whipsnake_bytecode::Decoder;
use whipsnake_codegen::WayOn;
use whipsnake_cpython::layout::frame;
use whipsnake_cpython::live::{Code, Frame};
use whipsnake_ir::{Continuation, FrameState, Function, InstData, Offset, ValueDef};
use whipsnake_optimizer::{Refusal, Request, Site, Start, build};

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Place {
    /// The loop whose header is at a code unit.
    Loop(u32),
    /// The function.
    Function {
        /// Whether its region is left at instructions that never ran.
        prunes: bool,
    },
}

/// Asks for a region of so many bytecode instructions; it belongs to `compiled`, and takes as much of the program's time as `weight` says. `failed` are the instructions that failed in the region before, if there was one.
///
/// # Safety
/// The GIL is held; the frame runs `compiled` and is at a jump to the loop or at the function's start, all in memory.
pub(super) unsafe fn ask(
    jit: &mut Jit,
    frame: Frame,
    compiled: &mut CompiledCode,
    place: Place,
    instructions: u32,
    weight: Weight,
    failed: Option<FxHashSet<Site>>,
) -> Answer {
    // SAFETY: the caller's.
    unsafe {
        let Some(code) = frame.code() else { return Answer::Refused };
        let header = match place {
            Place::Loop(header) => header,
            Place::Function { .. } => START,
        };
        if !dump::allows(jit.stats.regions.built) {
            return Answer::Refused;
        }
        let built = jit.stats.regions.built;
        let is_affordable = !jit.settings.background
            || background::waiting().is_some_and(|waiting| budget::within_budget(built, waiting, instructions, weight));
        if !is_affordable || !has_room_to_compile() || !crate::reserve::keep() {
            jit.stats.regions.deferred += 1;
            return Answer::Later;
        }
        jit.stats.regions.asked += 1;
        jit.stats.regions.rebuilt += u64::from(failed.is_some());
        // What was a region before is known to be worth it, and a function that takes most of the time. How much a loop takes is less sure: others in it may seldom run.
        let is_hot = matches!(place, Place::Function { .. }) && weight.is_hot();
        let is_first = failed.is_none() && jit.settings.optimize_threshold >= Heat::MEASURED;
        let most = (is_first && !is_hot && !compiled.asked.may_be_large(header)).then_some(USUAL_SIZE);
        let general = failed.unwrap_or_default();
        let start = statistics::thread_time();
        let job = catch_unwind(AssertUnwindSafe(|| graph(jit, frame, code, compiled, place, general, most)))
            .unwrap_or_else(|panic| Err(NoGraph::For(failure(&*panic))));
        let answer = match job {
            Err(NoGraph::Yet) => {
                compiled.asked.put_off(header);
                jit.stats.regions.deferred += 1;
                Answer::Larger
            }
            Err(NoGraph::For(reason)) => refuse(jit, code, compiled, header, &reason),
            Ok((job, callees)) if jit.settings.background => match background::send(job) {
                Ok(ticket) => {
                    compiled.asked.push(header, ticket, callees);
                    Answer::Waiting
                }
                // There is no thread to be had.
                Err(job) => finish(jit, code, compiled, header, make_now(*job), callees),
            },
            Ok((job, callees)) => finish(jit, code, compiled, header, make_now(job), callees),
        };
        budget::spend_own(statistics::thread_time().saturating_sub(start));
        answer
    }
}

/// Looks whether a region that was asked for is there.
pub(super) fn poll(jit: &mut Jit, code: Code, compiled: &mut CompiledCode, header: u32) -> Answer {
    match compiled.asked.take(header) {
        None => {
            background::see_to_thread();
            Answer::Waiting
        }
        Some((Some(made), callees)) => finish(jit, code, compiled, header, made, callees),
        // Never begun, or seen to by another jump back to the loop.
        Some((None, _)) => made_already(compiled, header).unwrap_or(Answer::Later),
    }
}

/// What has become of a loop that several instructions jump back to: each counts by itself, but they share a region. `attempt` is how often the one that wants to know has asked.
pub(super) fn asked_by_another(compiled: &CompiledCode, header: u32, attempt: u32) -> Option<Answer> {
    if let Some(answer) = made_already(compiled, header) {
        return Some(answer);
    }
    if compiled.asked.is_being_made(header) {
        return Some(Answer::Waiting);
    }
    (compiled.asked.refusals(header) >= attempt as usize).then_some(Answer::Refused)
}

/// The region of a loop, if there is one that can be entered.
fn made_already(compiled: &CompiledCode, header: u32) -> Option<Answer> {
    let region = compiled.regions.iter().rev().find(|region| region.header == header && header != START)?;
    match (region.fails(), region.is_too_short.get()) {
        (true, _) => None,
        (false, true) => Some(Answer::Refused),
        (false, false) => Some(Answer::Made(&raw const **region)),
    }
}

fn finish(
    jit: &mut Jit,
    code: Code,
    compiled: &mut CompiledCode,
    header: u32,
    made: Result<Made, String>,
    callees: Held,
) -> Answer {
    match made {
        Ok(Made(mut region)) => {
            region.callees = callees;
            jit.stats.regions.built += 1;
            let body = region.body.map_or(0, |(_, length)| length);
            jit.stats.regions.bytes += (region.bytes + body) as u64;
            let address = &raw const *region;
            compiled.regions.push(region);
            Answer::Made(address)
        }
        Err(reason) => refuse(jit, code, compiled, header, &reason),
    }
}

fn refuse(jit: &mut Jit, code: Code, compiled: &mut CompiledCode, header: u32, reason: &str) -> Answer {
    compiled.asked.refuse(header);
    *jit.stats.regions.refused.entry(reason.to_owned()).or_default() += 1;
    if dump::is_on() {
        dump::tell(&qualname(code), header, "refused", &reason);
    }
    Answer::Refused
}

/// Instructions that most graphs don't reach. A larger one takes milliseconds, often for several attempts: what asks for it should have taken more, too.
const USUAL_SIZE: usize = 1_200;

/// Why there is no graph.
enum NoGraph {
    /// It would be a large one.
    Yet,
    /// There will be none, for this reason.
    For(String),
}

unsafe fn graph(
    jit: &Jit,
    frame: Frame,
    code: Code,
    compiled: &CompiledCode,
    place: Place,
    general: FxHashSet<Site>,
    most: Option<usize>,
) -> Result<(Job, Held), NoGraph> {
    let mut clock = Clock::start();
    // SAFETY: the caller's.
    let live = unsafe { Live::of_frame(frame, code, compiled, jit.namespaces.clone()) };
    // SAFETY: the caller's; nobody changes the code from here on.
    let input = unsafe { code_input(code) };
    let mut decoder = Decoder::default();
    let decoded = decoder.analyse(input).map_err(|e| NoGraph::For(e.to_string()))?;
    let (header, start, prunes) = match place {
        Place::Loop(header) => (header, Start::Loop(header), false),
        Place::Function { prunes } => (START, Start::Function(arguments(code)), prunes),
    };
    let function = build(&Request { code: &decoded, world: &live, start, prunes, general: &general, most });
    clock.lap("graph");
    let function = function.map_err(|refusal| match refusal {
        Refusal::Larger => NoGraph::Yet,
        other => NoGraph::For(other.to_string()),
    })?;
    let (cells, codes) = live.into_parts();
    let (name, keeps_graph) = (qualname(code), jit.settings.stats);
    let (memory, addresses) = (jit.memory.clone(), jit.addresses.clone());
    let (gate, ways_on) = match place {
        Place::Loop(header) => {
            let baseline = compiled.entry_at(header as usize).map(|address| address as u64);
            let gate = Gate::Loop { baseline_if_seen: baseline.filter(|_| looks_at_its_frame(&function)) };
            (gate, ways_on(&function, compiled))
        }
        Place::Function { .. } => {
            let code_data = ptr::from_ref(compiled) as u64;
            (Gate::Function { code_data, baseline: compiled.baseline_entry() as u64 }, vec![])
        }
    };
    let is_patient = matches!(place, Place::Loop(_)) && jit.settings.optimize_threshold >= Heat::MEASURED;
    let patience = if is_patient { MAX_FAILURES } else { FEW_FAILURES };
    Ok((
        Job {
            name,
            header,
            gate,
            ways_on,
            prunes,
            patience,
            series: series_begun(),
            keeps_graph,
            function,
            general,
            cells,
            memory,
            addresses,
        },
        Held::new(codes, code),
    ))
}

/// Whether the region looks if somebody has got hold of the frame it runs on.
fn looks_at_its_frame(function: &Function) -> bool {
    function.blocks.iter().flat_map(|block| &block.insts).any(|&inst| match *function.inst(inst) {
        InstData::Load { base, offset: Offset::Known(frame::FRAME_OBJ), .. } => match function.def(base) {
            ValueDef::Result(inst, _) => matches!(function.inst(inst), InstData::Frame),
            ValueDef::Param(..) => false,
        },
        _ => false,
    })
}

/// Where the baseline tier goes on where a loop's region ends without surprise: at its normal end, or a way out of its middle.
fn ways_on(function: &Function, compiled: &CompiledCode) -> Vec<WayOn> {
    // A dump tells of each exit.
    if dump::is_on() {
        return vec![];
    }
    let mut found: Vec<WayOn> = vec![];
    for &inst in function.blocks.iter().flat_map(|block| &block.insts) {
        let (InstData::Leave { to: Continuation::Next, .. }, Some(state)) =
            (function.inst(inst), function.state_of(inst))
        else {
            continue;
        };
        let Some(&FrameState { unit, .. }) = function.states[state.index()].frames.only() else { continue };
        let entry = compiled.entry_at(unit as usize).map(|address| (address, 0));
        if let Some((address, pending)) = entry.or_else(|| compiled.pending_entry_at(unit as usize))
            && !found.iter().any(|way| way.unit == unit)
        {
            found.push(WayOn { unit, address: address as u64, pending: pending as u32 });
        }
    }
    found
}

/// How many locals hold arguments at the start of a function.
fn arguments(code: Code) -> u32 {
    use whipsnake_cpython::layout::code::{CO_VARARGS, CO_VARKEYWORDS};
    let collected = [CO_VARARGS, CO_VARKEYWORDS].into_iter().filter(|flag| code.flags() & flag != 0).count();
    (code.argcount() + code.kwonlyargcount()) as u32 + collected as u32
}
