//! What attribute sites learn: the meaning of the entries of an [`AttributeCell`], and how a site comes to have them.
//!
//! An entry says how an attribute of the instances of one class is found. It relies on
//! - the fixed part of the class's version: while it is the same, looking the name up in the class and its bases gives the same object, which is
//!   alive (CPython's own method cache and inline caches rely on this too);
//! - what is asked of the instance at each use: whether its values are still inside, how many keys instances share, its dict.
//!
//! Classes with their own `__getattribute__` or `__setattr__` are left to the general functions, as are misses that come too often. Those with
//! `__getattr__` have only entries for what is found without asking it (`fallback.rs`).

use super::class_shapes::{class_shape, module_shape};
use super::class_variables::varies;
use super::fallback;
use super::instance_shapes::{load_shape, store_shape};
use crate::native::raw::{get, is_exact};
use pyo3_ffi::{PyModule_Type, PyObject, PyTypeObject, PyUnicode_Type};
use std::ptr;
use whipsnake_cpython::class_version::{FIRST, fixed};
use whipsnake_cpython::layout::{object, type_object};
use whipsnake_cpython::live::{TypeObject, symbols};
use whipsnake_ir::abi::{ATTRIBUTE_SHAPES, AttributeCell};

/// How the attribute is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Kind {
    /// The value number `index` of those inside the instance; if it is not set, the class attribute.
    Value = 1,
    /// The object at `index` bytes from the instance.
    Slot = 2,
    /// The class attribute: the instance has its values inside, and the `check` keys that instances share don't have the name.
    Keys = 3,
    /// The class attribute: instances have no dict.
    NoDict = 4,
    /// In the dict whose pointer is at `index` bytes from the instance; else the class attribute. If `check` is 1, instances
    /// without a dict may have their values elsewhere.
    Dict = 5,
    /// The class attribute, a data descriptor.
    Data = 6,
    /// The owner is a class of version `check`; its metaclass has the entry's version, and nothing of the name that comes before what classes have.
    Class = 7,
    /// The owner is a module; entry number `index` of its dict may have the name.
    Module = 8,
    /// The item at `index` bytes from the instance of a class derived from `tuple`, if it has so many.
    Item = 9,
    /// As [`Kind::Class`], but a variable that varies: `descriptor` is the class that has it in itself.
    Variable = 10,
}

/// An entry of a cell.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    pub kind: Kind,
    pub index: i32,
    pub version: u32,
    pub check: u32,
    /// The class attribute; may be null.
    pub descriptor: *mut PyObject,
}

/// Entries a site may write, or fail to find, in its life: about as many as calls of the general functions cost what writing them does.
const FILL_LIMIT: u32 = 64;

impl Shape {
    /// # Safety
    /// The entry was written by [`Shape::write`].
    #[inline]
    pub(crate) unsafe fn read(cell: *const AttributeCell, entry: usize) -> Shape {
        // SAFETY: the caller's contract; the low byte is a kind.
        unsafe {
            let cell = &*cell;
            let access = cell.accesses[entry];
            Shape {
                kind: std::mem::transmute::<u8, Kind>(access as u8),
                index: access >> 8,
                version: cell.versions[entry],
                check: cell.checks[entry],
                descriptor: cell.descriptors[entry].cast(),
            }
        }
    }

    /// Writes the entry over one that it replaces, else over an empty one, else over the next in turn.
    fn write(self, cell: &mut AttributeCell) {
        let replaces = |&i: &usize| {
            cell.versions[i] == self.version
                && cell.accesses[i] as u8 == self.kind as u8
                && (!matches!(self.kind, Kind::Class | Kind::Variable) || cell.descriptors[i] == self.descriptor.cast())
                && (self.kind != Kind::Module || cell.accesses[i] >> 8 == self.index)
        };
        let entry = (0..ATTRIBUTE_SHAPES)
            .find(replaces)
            .or_else(|| (0..ATTRIBUTE_SHAPES).find(|&i| cell.versions[i] == 0))
            .unwrap_or(cell.fills as usize % ATTRIBUTE_SHAPES);
        cell.versions[entry] = self.version;
        cell.accesses[entry] = self.kind as i32 | self.index << 8;
        cell.checks[entry] = self.check;
        cell.descriptors[entry] = self.descriptor.cast();
        cell.fills += 1;
        if self.version.max(self.check) >= FIRST {
            // The class will stay so: the entries it had before, while it changed, don't count.
            cell.fills = cell.fills.min(ATTRIBUTE_SHAPES as u32 - 1);
        }
    }
}

/// Whether loads from instances of the class go by the general rule.
pub(crate) unsafe fn loads_generically(class: *mut PyTypeObject) -> bool {
    // SAFETY: a live type.
    unsafe {
        (*class)
            .tp_getattro
            .is_some_and(|f| ptr::fn_addr_eq(f, pyo3_ffi::PyObject_GenericGetAttr as pyo3_ffi::getattrofunc))
    }
}

/// Whether stores to instances of the class go by the general rule.
pub(crate) unsafe fn stores_generically(class: *mut PyTypeObject) -> bool {
    // SAFETY: a live type.
    unsafe {
        (*class)
            .tp_setattro
            .is_some_and(|f| ptr::fn_addr_eq(f, pyo3_ffi::PyObject_GenericSetAttr as pyo3_ffi::setattrofunc))
    }
}

/// Whether a site may still learn.
///
/// # Safety
/// A site's own cell.
pub(super) unsafe fn has_room(cell: *const AttributeCell) -> bool {
    // SAFETY: the caller's.
    unsafe { (*cell).fills < FILL_LIMIT }
}

/// Notes a load that no entry answered, and writes an entry for the next one if there is a way to have it.
#[cold]
pub(super) unsafe fn learn_load(owner: *mut PyObject, name: *mut PyObject, cell: *mut AttributeCell) {
    // SAFETY: machine code passes live objects and the site's own cell; nothing here runs Python code.
    unsafe {
        let cell = &mut *cell;
        cell.misses = cell.misses.saturating_add(1);
        if cell.fills >= FILL_LIMIT || !is_exact(name, &raw mut PyUnicode_Type) {
            return;
        }
        let class = TypeObject::of(owner);
        if !class.has(type_object::READY) {
            return;
        }
        let shape = if loads_generically(class.as_ptr()) {
            load_shape(owner, class, name)
        } else if fallback::comes_last(class.as_ptr()) {
            load_shape(owner, class, name).filter(|shape| {
                fallback::is_never_asked(shape) || fallback::asks_function_behind(shape, class.as_ptr())
            })
        } else if class.has(type_object::TYPE_SUBCLASS) {
            class_shape(owner.cast(), class, name)
        } else if is_exact(owner, &raw mut PyModule_Type) {
            module_shape(owner, class, name)
        } else {
            None
        };
        match shape {
            Some(shape) => shape.write(cell),
            // Looking was in vain, and costs as much as writing.
            None => cell.fills += 1,
        }
    }
}

/// Notes a store that no entry answered, and writes an entry for the next one if there is a way to have it.
#[cold]
pub(super) unsafe fn learn_store(owner: *mut PyObject, name: *mut PyObject, cell: *mut AttributeCell) {
    // SAFETY: as in `learn_load`.
    unsafe {
        let cell = &mut *cell;
        cell.misses = cell.misses.saturating_add(1);
        if cell.fills >= FILL_LIMIT || !is_exact(name, &raw mut PyUnicode_Type) {
            return;
        }
        let class = TypeObject::of(owner);
        let usable = class.has(type_object::READY) && stores_generically(class.as_ptr());
        match usable.then(|| store_shape(owner, class, name)).flatten() {
            Some(shape) => shape.write(cell),
            None => cell.fills += 1,
        }
    }
}

/// The fixed part of the version of a class, which is given one if it has none.
pub(super) unsafe fn version_of(class: TypeObject) -> Option<u32> {
    if class.version_tag() == 0 && !class.assign_version_tag() {
        return None;
    }
    Some(fixed(class.version_tag())).filter(|&version| version != 0)
}

/// The fixed part of the version of a class and what the class has under a name (or null), good while that is. `None` for a variable that varies, too.
pub(super) unsafe fn look_up(class: TypeObject, name: *mut PyObject) -> Option<(u32, *mut PyObject)> {
    // SAFETY: live objects; the GIL is held, so nothing changes in between.
    unsafe {
        let version = version_of(class)?;
        let found = symbols::_PyType_Lookup(class.as_ptr(), name);
        (fixed(class.version_tag()) == version && !varies(version, name)).then_some((version, found))
    }
}

/// `tp_descr_get` and `tp_descr_set` of an object's class are there.
pub(super) unsafe fn descriptor_slots(found: *mut PyObject) -> (bool, bool) {
    if found.is_null() {
        return (false, false);
    }
    // SAFETY: a live object.
    unsafe {
        let class: *mut PyTypeObject = get(found, object::OB_TYPE);
        ((*class).tp_descr_get.is_some(), (*class).tp_descr_set.is_some())
    }
}

/// An offset that an entry has room for.
pub(super) fn fits(offset: isize) -> Option<i32> {
    (-(1 << 20)..1 << 20).contains(&offset).then_some(offset as i32)
}
