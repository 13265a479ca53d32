//! Which addresses that the optimizer finds are those of live objects.
//!
//! An inline cache refers to an attribute of a class without a reference: as long as the class has the version that the cache names, the class holds it, and the
//! interpreter looks at the version first. Whoever reads caches at another time must find out whether a class has that version still.

use super::class_versions::Classes;
use rustc_hash::{FxHashMap, FxHashSet};
use std::cell::RefCell;
use whipsnake_cpython::live::Code;

/// What is known of addresses while a region is built.
#[derive(Debug, Default)]
pub(super) struct Alive {
    /// Live objects.
    objects: RefCell<FxHashSet<u64>>,
    /// Attributes from inline caches: the versions of the classes that hold them.
    cached: RefCell<FxHashMap<u64, Vec<u32>>>,
    classes: RefCell<Classes>,
    /// Code objects that the region is built from.
    codes: RefCell<FxHashSet<usize>>,
}

impl Alive {
    /// Notes a live object.
    pub(super) fn note(&self, address: u64) {
        if self.objects.borrow_mut().insert(address) {
            self.classes.borrow_mut().look_at(address);
        }
    }

    /// Notes that a code object's units are read. Whether they were not before.
    pub(super) fn is_new_code(&self, code: Code) -> bool {
        self.codes.borrow_mut().insert(code.as_ptr() as usize)
    }

    /// Notes an attribute from an inline cache, which a class holds as long as it has that version.
    pub(super) fn note_cached(&self, address: u64, version: u32) {
        self.cached.borrow_mut().entry(address).or_default().push(version);
    }

    /// Whether a class has the version.
    pub(super) fn has_class(&self, version: u32) -> bool {
        version != 0 && self.classes.borrow_mut().have(version)
    }

    /// The class that has the version, by its address.
    pub(super) fn class_with(&self, version: u32) -> Option<u64> {
        let found = self.has_class(version).then(|| self.classes.borrow().with(version)).flatten();
        if let Some(class) = found {
            self.note(class);
        }
        found
    }

    /// Whether a live object is at the address. The GIL is held, and nothing has run since the object was noted.
    pub(super) fn has(&self, address: u64) -> bool {
        if self.objects.borrow().contains(&address) {
            return true;
        }
        let is_held = |&version: &u32| self.has_class(version);
        let held = self.cached.borrow().get(&address).is_some_and(|versions| versions.iter().any(is_held));
        if held {
            self.note(address);
        }
        held
    }
}
