//! Which classes have a series of versions, which of their variables vary in it, and which classes may come to one.

use super::text::ascii;
use crate::native::raw::{release, retain};
use pyo3_ffi::{PyObject, PyTypeObject};
use std::cell::UnsafeCell;
use whipsnake_cpython::class_version::{FIRST, SIZES, varying_bits};

/// The variables that vary in a series: strings that are kept for good.
pub(super) type Names = Vec<*mut PyObject>;

/// With more variables than this that vary, a class is somebody's table of variables.
const MOST_NAMES: usize = 16;

/// How often compiled code stores variables of a class before that gets a series.
const OFTEN: u32 = 8;

/// Each time that the class has lost its series again it takes twice as many, up to so many times: others change it in between, perhaps until more is compiled.
const MOST_PATIENT: u32 = 10;

/// How many classes are counted at a time.
const COUNTED: usize = 128;

/// A class whose variables compiled code stores in the general way. The class at the address may be another by now: then that comes to a series sooner.
pub(super) struct Candidate {
    class: usize,
    /// How often, since it last had a series.
    times: u32,
    /// How many series it has had.
    series: u32,
    /// Which variables; references of our own.
    pub names: Names,
}

struct Tables {
    /// The series of each size.
    series: [Vec<Names>; SIZES.len()],
    candidates: [Candidate; COUNTED],
}

struct State(UnsafeCell<Tables>);

// SAFETY: only touched with the GIL held.
unsafe impl Sync for State {}

static STATE: State = State(UnsafeCell::new(Tables {
    series: [const { Vec::new() }; SIZES.len()],
    candidates: [const { Candidate { class: 0, times: 0, series: 0, names: Names::new() } }; COUNTED],
}));

/// The tables, while nobody changes them.
///
/// # Safety
/// The GIL is held.
unsafe fn tables() -> &'static Tables {
    // SAFETY: the caller's.
    unsafe { &*STATE.0.get() }
}

/// Which size the series of a version has; `None` for a version of the interpreter's own.
pub(super) fn size_of(version: u32) -> Option<usize> {
    SIZES.iter().rposition(|&(first, _)| version >= first)
}

/// The variables that vary in the series of a version, if it is in one.
pub(super) unsafe fn series(version: u32) -> Option<&'static Names> {
    let size = size_of(version)?;
    let number = (version - SIZES[size].0) >> varying_bits(version);
    // SAFETY: the GIL is held, and who has this does not begin another.
    unsafe { tables().series[size].get(number as usize) }
}

/// How many series have begun: a class is in another then, of which guards may know nothing.
///
/// Called with the GIL held.
pub(crate) fn series_begun() -> usize {
    // SAFETY: the GIL is held.
    unsafe { tables().series.iter().map(Vec::len).sum() }
}

/// Which size the first series of a class has. As long as they are plenty that is one for a million changes.
pub(super) fn first_size() -> usize {
    const PLENTY: usize = 384;
    // SAFETY: the GIL is held.
    unsafe { usize::from(tables().series[1].len() < PLENTY) }
}

/// The first version of a new series; `None` if there are no more of that size, or the class changes in too many ways.
pub(super) unsafe fn begin_series(names: Names, size: usize) -> Option<u32> {
    let &(first, bits) = SIZES.get(size).filter(|_| names.len() <= MOST_NAMES)?;
    let end = SIZES.get(size + 1).map_or(1 << 32, |&(end, _)| u64::from(end));
    // SAFETY: the GIL is held; nobody has a reference into the tables.
    unsafe {
        let list = &mut (*STATE.0.get()).series[size];
        let version = u64::from(first) + ((list.len() as u64) << bits);
        if version >= end {
            return None;
        }
        for &name in &names {
            retain(name);
        }
        list.push(names);
        Some(version as u32)
    }
}

pub(super) unsafe fn has_name(names: &Names, name: *mut PyObject) -> bool {
    // SAFETY: exact strings, which compare without running code.
    names.iter().any(|&known| known == name || unsafe { pyo3_ffi::PyUnicode_Compare(known, name) } == 0)
}

/// Counts a store in a class that has this version; whether the variable is to vary from now on. None does that the interpreter looks for itself.
#[cold]
pub(super) unsafe fn begins_to_vary(class: *mut PyTypeObject, version: u32, name: *mut PyObject) -> bool {
    // SAFETY: a live string; the GIL is held.
    unsafe {
        if ascii(name).is_none_or(|text| text.starts_with(b"__")) {
            return false;
        }
        let candidate = candidate(class);
        if !has_name(&candidate.names, name) {
            if candidate.names.len() > MOST_NAMES {
                return false;
            }
            candidate.names.push(retain(name));
        }
        if version >= FIRST {
            // It would lose its series.
            return true;
        }
        candidate.times += 1;
        let is_often = candidate.times >= OFTEN << candidate.series.min(MOST_PATIENT);
        if is_often {
            (candidate.times, candidate.series) = (0, candidate.series + 1);
        }
        is_often
    }
}

/// What is known of a class; nothing, at first, in the place of another.
unsafe fn candidate(class: *mut PyTypeObject) -> &'static mut Candidate {
    let candidate = place_of(class);
    // SAFETY: the GIL is held, and nobody has a reference to that; names end without running code.
    unsafe {
        if (*candidate).class != class as usize {
            let new = Candidate { class: class as usize, times: 0, series: 0, names: Names::new() };
            let old = std::mem::replace(&mut *candidate, new);
            old.names.into_iter().for_each(|name| release(name));
        }
        &mut *candidate
    }
}

/// What is known of a class, if anything is.
pub(super) unsafe fn known_candidate(class: *mut PyTypeObject) -> Option<&'static Candidate> {
    // SAFETY: the GIL is held, and nobody changes that meanwhile.
    unsafe { Some(&*place_of(class)).filter(|candidate| candidate.class == class as usize) }
}

fn place_of(class: *mut PyTypeObject) -> *mut Candidate {
    let number = (class as usize >> 5 ^ class as usize >> 12) % COUNTED;
    // SAFETY: within the table.
    unsafe { (&raw mut (*STATE.0.get()).candidates).cast::<Candidate>().add(number) }
}
