//! What was compiled, refused and executed.

use crate::region::Regions;
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;
use std::ffi::CStr;
use std::time::Duration;
use whipsnake_cpython::live::Code;
use whipsnake_stencils::counters;

/// Counters of one process. Those of calls and jumps are kept only with the setting `stats`.
#[derive(Clone, Debug, Default)]
pub struct Stats {
    /// Code objects compiled.
    pub compiled: u64,
    /// How often compiled code was compiled again, with what had not run before.
    pub recompiled: u64,
    /// Code objects refused, by kind of reason.
    pub refused: BTreeMap<&'static str, u64>,
    /// Bytes of machine code made.
    pub bytes: u64,
    /// Bytecode instructions compiled.
    pub instructions: u64,
    /// Time spent compiling.
    pub compile_time: Duration,
    /// Loops that were entered while they ran.
    pub loops_entered: u64,
    /// Generators and coroutines whose bodies were taken over when the interpreter started or resumed them.
    pub resumes_entered: u64,
    /// What the optimizing tier did.
    pub regions: Regions,
    /// What machine code and the interpreter's events count; `None` without the setting.
    pub executed: Option<Box<Executed>>,
}

/// What tells code objects apart: address, address of the name, first line. One that takes the place of another that died has hardly the same three.
type Identity = (usize, usize, i32);

/// Calls and jumps back, compiled and interpreted.
#[derive(Clone, Debug)]
pub struct Executed {
    /// What machine code counts; see [`counters`].
    native: Box<[u64]>,
    /// Functions, classes and modules that the interpreter started and ran.
    pub calls_interpreted: u64,
    /// Generators and coroutines that the interpreter resumed and ran.
    pub resumes_interpreted: u64,
    /// Jumps back that the interpreter made.
    pub back_edges_interpreted: u64,
    /// Functions that were started by the interpreter's taking over, not by machine code.
    starts_taken: u64,
    /// Generators and coroutines that were resumed so.
    resumes_taken: u64,
    /// How much each code object ran interpreted.
    interpreted: FxHashMap<Identity, (String, u64)>,
}

impl Default for Executed {
    fn default() -> Self {
        Executed {
            native: vec![0; counters::len()].into(),
            calls_interpreted: 0,
            resumes_interpreted: 0,
            back_edges_interpreted: 0,
            starts_taken: 0,
            resumes_taken: 0,
            interpreted: FxHashMap::default(),
        }
    }
}

/// What the interpreter reports of its own doings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// A function, class body or module starts, or a generator for the first time.
    Call,
    /// A generator or coroutine goes on.
    Resume,
    /// A jump back.
    BackEdge,
}

impl Executed {
    /// The address of the counters for machine code.
    pub(crate) fn counters(&mut self) -> *mut u64 {
        self.native.as_mut_ptr()
    }

    /// The interpreter reported an event, and native code took over (or not).
    pub(crate) fn note(&mut self, code: Code, event: Event, taken: bool) {
        let counter = match (event, taken) {
            (Event::Call, false) => &mut self.calls_interpreted,
            (Event::Call, true) => &mut self.starts_taken,
            (Event::Resume, false) => &mut self.resumes_interpreted,
            (Event::Resume, true) => &mut self.resumes_taken,
            (Event::BackEdge, _) => &mut self.back_edges_interpreted,
        };
        *counter += 1;
        if !taken {
            let identity = (code.as_ptr() as usize, code.qualname() as usize, code.first_line());
            let entry = self.interpreted.entry(identity).or_insert_with(|| (place(code), 0));
            entry.1 += 1;
        }
    }

    fn native(&self, counter: u32) -> u64 {
        self.native[counter as usize]
    }

    /// Calls that ran compiled.
    pub fn calls_compiled(&self) -> u64 {
        self.native(counters::CALLS) + self.starts_taken
    }

    /// Resumptions of generators and coroutines that ran compiled.
    pub fn resumes_compiled(&self) -> u64 {
        (counters::CALLS + 1..counters::OUTSIDE).map(|counter| self.native(counter)).sum::<u64>() + self.resumes_taken
    }

    /// Jumps back that ran compiled.
    pub fn back_edges_compiled(&self) -> u64 {
        self.native(counters::BACK_EDGES)
    }

    /// Calls of compiled functions by the interpreter and by C code.
    pub fn calls_from_outside(&self) -> u64 {
        self.native(counters::OUTSIDE) + self.starts_taken
    }

    /// The share of calls and jumps back that ran compiled, from 0 to 1.
    pub fn share_compiled(&self) -> f64 {
        let compiled = self.calls_compiled() + self.back_edges_compiled();
        let all = compiled + self.calls_interpreted + self.back_edges_interpreted;
        if all > 0 { compiled as f64 / all as f64 } else { 0.0 }
    }

    /// How often guards failed, by operation.
    pub fn guard_misses(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        counters::misses(&self.native)
    }

    /// The code that had most calls and jumps back interpreted, by place, the first of all first.
    pub fn most_interpreted(&self, count: usize) -> Vec<(&str, u64)> {
        let mut by_place: BTreeMap<&str, u64> = BTreeMap::new();
        for (place, n) in self.interpreted.values() {
            *by_place.entry(place).or_default() += n;
        }
        let mut all: Vec<_> = by_place.into_iter().collect();
        all.sort_by(|one, other| other.1.cmp(&one.1).then(one.0.cmp(other.0)));
        all.truncate(count);
        all
    }
}

fn text(object: *mut pyo3_ffi::PyObject) -> String {
    // SAFETY: names of code objects are strings; their UTF-8 form lives as long as they.
    unsafe {
        let bytes = pyo3_ffi::PyUnicode_AsUTF8(object);
        if bytes.is_null() {
            pyo3_ffi::PyErr_Clear();
            return "?".to_owned();
        }
        CStr::from_ptr(bytes).to_string_lossy().into_owned()
    }
}

/// The qualified name of a code object.
pub(crate) fn qualname(code: Code) -> String {
    text(code.qualname())
}

/// Where a code object comes from, in words.
fn place(code: Code) -> String {
    let file = text(code.filename());
    let file = file.rsplit('/').next().unwrap_or_default();
    format!("{} ({file}:{})", qualname(code), code.first_line())
}

impl Stats {
    /// Bytecode instructions compiled in a second.
    pub fn speed(&self) -> f64 {
        let seconds = self.compile_time.as_secs_f64();
        if seconds > 0.0 { self.instructions as f64 / seconds } else { 0.0 }
    }
}
