//! The back end of a build with the compiler.

use super::{Settings, Value};
use pyo3::prelude::*;
use pyo3::types::{PyCode, PyFunction};
use std::time::Duration;
use whipsnake_cpython::layout;
use whipsnake_cpython::live::{Code, Function};
use whipsnake_runtime::helpers::instance_pool;
use whipsnake_runtime::reserve::Reserving;
use whipsnake_runtime::{disassemble as listing, region, small_objects, tier};

/// Rust's own: where the program has taken all memory, it is for the program to go on.
#[global_allocator]
static ALLOCATOR: Reserving = Reserving;

fn code_of(code: &Bound<'_, PyCode>) -> Code {
    // SAFETY: a live code object.
    unsafe { Code::new_unchecked(code.as_ptr().cast()) }
}

fn function_of(function: &Bound<'_, PyFunction>) -> Function {
    // SAFETY: a live function.
    unsafe { Function::new_unchecked(function.as_ptr().cast()) }
}

pub fn enable(_py: Python<'_>, settings: &Settings) -> Result<(), String> {
    if !settings.tiers.iter().any(|tier| tier == "baseline") {
        return Err("no tier is left: tiers must name baseline".to_owned());
    }
    let optimizing = settings.tiers.iter().any(|tier| tier == "optimizing");
    let chosen = tier::Settings {
        call_threshold: settings.call_threshold,
        loop_threshold: settings.loop_threshold,
        optimize_threshold: if optimizing { settings.optimize_threshold } else { 0 },
        background: settings.background,
        code_mb: settings.code_mb,
        allocator: settings.allocator,
        stats: settings.stats,
    };
    let chosen = if settings.eager { chosen.eager() } else { chosen };
    // SAFETY: `Python` proves that the GIL is held; so it is in all functions here.
    unsafe { tier::enable(&chosen) }
}

pub fn disable(_py: Python<'_>) {
    // SAFETY: see `enable`.
    unsafe { tier::disable() }
}

pub fn is_enabled() -> bool {
    // SAFETY: called from Python only.
    unsafe { tier::is_enabled() }
}

pub fn unavailable(_py: Python<'_>) -> Option<String> {
    // SAFETY: see `enable`.
    unsafe { tier::unavailable() }
}

pub fn versions() -> Vec<(String, Value)> {
    vec![("python_headers".to_owned(), Value::Text(layout::VERSION.to_owned()))]
}

pub fn stats() -> Vec<(String, Value)> {
    let stats = tier::stats();
    let count = |name: &str, value: u64| (name.to_owned(), Value::Count(value));
    let refused = stats.refused.iter().map(|(&reason, &n)| count(reason, n)).collect();
    let exits = tier::ExitReason::ALL.map(|reason| count(reason.name(), reason.count()));
    let mut all = vec![
        count("compiled", stats.compiled),
        count("recompiled", stats.recompiled),
        ("refused".to_owned(), Value::Map(refused)),
        count("bytes", stats.bytes),
        count("instructions", stats.instructions),
        ("compile_seconds".to_owned(), Value::Number(stats.compile_time.as_secs_f64())),
        ("bytecodes_per_second".to_owned(), Value::Number(stats.speed())),
        count("loops_entered", stats.loops_entered),
        count("resumes_entered", stats.resumes_entered),
        // SAFETY: see `enable`.
        count("instances_kept", unsafe { instance_pool::kept() }),
        ("small_objects".to_owned(), Value::Map(small_object_memory())),
        ("regions".to_owned(), Value::Map(regions(&stats.regions))),
        (
            "side_exits".to_owned(),
            Value::Map(exits.into_iter().filter(|(_, n)| !matches!(n, Value::Count(0))).collect()),
        ),
    ];
    if let Some(executed) = &stats.executed {
        const SHOWN: usize = 10;
        let misses = executed.guard_misses().map(|(operation, n)| count(operation, n)).collect();
        let interpreted = executed.most_interpreted(SHOWN).into_iter().map(|(place, n)| count(place, n)).collect();
        all.extend([
            count("calls_compiled", executed.calls_compiled()),
            count("calls_interpreted", executed.calls_interpreted),
            count("calls_from_outside", executed.calls_from_outside()),
            count("resumes_compiled", executed.resumes_compiled()),
            count("resumes_interpreted", executed.resumes_interpreted),
            count("back_edges_compiled", executed.back_edges_compiled()),
            count("back_edges_interpreted", executed.back_edges_interpreted),
            ("share_compiled".to_owned(), Value::Number(executed.share_compiled())),
            ("guard_misses".to_owned(), Value::Map(misses)),
            ("most_interpreted".to_owned(), Value::Map(interpreted)),
        ]);
    }
    all
}

/// What the allocator of small objects holds, in bytes; nothing if it isn't installed.
fn small_object_memory() -> Vec<(String, Value)> {
    // SAFETY: see `enable`.
    let Some(held) = (unsafe { small_objects::stats() }) else { return Vec::new() };
    [("reserved", held.reserved), ("used", held.used), ("empty", held.empty)]
        .map(|(name, bytes)| (name.to_owned(), Value::Count(bytes as u64)))
        .into()
}

/// What the optimizing tier did; nothing if it did nothing.
fn regions(stats: &region::Regions) -> Vec<(String, Value)> {
    let count = |name: &str, value: u64| (name.to_owned(), Value::Count(value));
    let seconds = |name: &str, time: Duration| (name.to_owned(), Value::Number(time.as_secs_f64()));
    let (waiting, longest) = region::queue_lengths();
    vec![
        count("asked", stats.asked),
        count("built", stats.built),
        count("bytes", stats.bytes),
        count("rebuilt", stats.rebuilt),
        count("deferred", stats.deferred),
        count("queued", waiting as u64),
        count("queued_at_most", longest as u64),
        seconds("cpu_seconds", region::spent()),
        ("refused".to_owned(), Value::Map(stats.refused.iter().map(|(reason, &n)| count(reason, n)).collect())),
        ("given_up".to_owned(), Value::Map(stats.given_up.iter().map(|(reason, &n)| count(reason, n)).collect())),
        ("seconds".to_owned(), Value::Map(region::times().iter().map(|&(stage, time)| seconds(stage, time)).collect())),
    ]
}

pub fn never(code: &Bound<'_, PyCode>) {
    // SAFETY: the GIL is held.
    unsafe { tier::never(code_of(code)) }
}

pub fn compile_now(function: &Bound<'_, PyFunction>) -> Result<(), String> {
    // SAFETY: the GIL is held.
    unsafe {
        if !tier::is_enabled() {
            return Err("the compiler is off: call whipsnake.enable() first".to_owned());
        }
        tier::compile_now(function_of(function)).map_err(|reason| reason.to_string())
    }
}

pub fn is_compiled(function: &Bound<'_, PyFunction>) -> bool {
    // SAFETY: the GIL is held.
    unsafe { tier::is_compiled(function_of(function)) }
}

pub fn disassemble(function: &Bound<'_, PyFunction>) -> Result<String, String> {
    // SAFETY: the GIL is held.
    unsafe { listing::disassemble(function_of(function).code()) }
        .ok_or_else(|| "the function is not compiled".to_owned())
}

pub fn dump(function: &Bound<'_, PyFunction>) -> Result<String, String> {
    // SAFETY: the GIL is held.
    unsafe { region::describe(function_of(function).code()) }.ok_or_else(|| "the function is not compiled".to_owned())
}
