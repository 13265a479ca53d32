//! What attribute sites learn: the meaning of the entries of an [`AttributeCell`], and how a site comes to have them.
//!
//! An entry says how an attribute of the instances of one class is found. It relies on
//! - the fixed part of the class's version: while it is the same, looking the name up in the class and its bases gives the same object, which is
//!   alive (CPython's own method cache and inline caches rely on this too);
//! - what is asked of the instance at each use: whether its values are still inside, how many keys instances share, its dict.
//!
//! Classes with their own `__getattribute__` or `__setattr__` are left to the general functions, as are misses that come too often. Those with
//! `__getattr__` have only entries for what is found without asking it (`fallback.rs`).

use super::class_variables::{holder, varies};
use super::fallback;
use crate::native::raw::{get, is_exact};
use crate::region::is_own;
use pyo3_ffi::{PyMemberDescr_Type, PyModule_Type, PyObject, PyType_Type, PyTypeObject, PyUnicode_Type};
use std::ffi::CStr;
use std::ptr;
use whipsnake_cpython::class_version::{FIRST, fixed};
use whipsnake_cpython::layout::{descriptor, field_of_tuples, member_def, module, object, tuple, type_object, unicode};
use whipsnake_cpython::live::{Dict, InlineValues, KeysKind, TypeObject, managed_dict, symbols};
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
unsafe fn version_of(class: TypeObject) -> Option<u32> {
    if class.version_tag() == 0 && !class.assign_version_tag() {
        return None;
    }
    Some(fixed(class.version_tag())).filter(|&version| version != 0)
}

/// The fixed part of the version of a class and what the class has under a name (or null), good while that is. `None` for a variable that varies, too.
unsafe fn look_up(class: TypeObject, name: *mut PyObject) -> Option<(u32, *mut PyObject)> {
    // SAFETY: live objects; the GIL is held, so nothing changes in between.
    unsafe {
        let version = version_of(class)?;
        let found = symbols::_PyType_Lookup(class.as_ptr(), name);
        (fixed(class.version_tag()) == version && !varies(version, name)).then_some((version, found))
    }
}

/// `tp_descr_get` and `tp_descr_set` of an object's class are there.
unsafe fn descriptor_slots(found: *mut PyObject) -> (bool, bool) {
    if found.is_null() {
        return (false, false);
    }
    // SAFETY: a live object.
    unsafe {
        let class: *mut PyTypeObject = get(found, object::OB_TYPE);
        ((*class).tp_descr_get.is_some(), (*class).tp_descr_set.is_some())
    }
}

/// How an attribute is found that is not there, as far as that can be told of all instances: as an entry without a class attribute.
pub(super) unsafe fn absent_shape(owner: *mut PyObject, class: TypeObject, name: *mut PyObject) -> Option<Shape> {
    // SAFETY: as in `learn_load`.
    unsafe {
        let (version, found) = look_up(class, name)?;
        let shape = Shape { kind: Kind::NoDict, index: 0, version, check: 0, descriptor: found };
        if !found.is_null() {
            return None;
        }
        if InlineValues::of(owner).is_some_and(|values| values.is_valid()) {
            return match shared_key(class, name) {
                SharedKey::Absent(keys) => Some(Shape { kind: Kind::Keys, check: keys, ..shape }),
                _ => None,
            };
        }
        (!class.has(type_object::MANAGED_DICT) && class.dictoffset() == 0).then_some(shape)
    }
}

pub(super) unsafe fn load_shape(owner: *mut PyObject, class: TypeObject, name: *mut PyObject) -> Option<Shape> {
    // SAFETY: as in `learn_load`.
    unsafe {
        let (version, found) = look_up(class, name)?;
        let shape = Shape { kind: Kind::NoDict, index: 0, version, check: 0, descriptor: found };
        if descriptor_slots(found) == (true, true) {
            return Some(match object_slot(found, class, false) {
                Some(offset) => Shape { kind: Kind::Slot, index: offset, ..shape },
                None => match item_of_tuple(found, class) {
                    Some(offset) => Shape { kind: Kind::Item, index: offset, ..shape },
                    None => Shape { kind: Kind::Data, ..shape },
                },
            });
        }
        instance_part(owner, class, name, shape)
    }
}

/// How loads or stores find an attribute of a class's instances that have their values inside, or no dict.
///
/// # Safety
/// Live objects, the GIL held.
pub(crate) unsafe fn shape_of_instances(class: TypeObject, name: *mut PyObject, stores: bool) -> Option<Shape> {
    // SAFETY: the caller's.
    unsafe {
        let is_general = if stores { stores_generically(class.as_ptr()) } else { loads_generically(class.as_ptr()) };
        if !class.has(type_object::READY) || !is_general {
            return None;
        }
        let (version, found) = look_up(class, name)?;
        let shape = Shape { kind: Kind::NoDict, index: 0, version, check: 0, descriptor: found };
        let (gets, sets) = descriptor_slots(found);
        if sets && (gets || stores) {
            return object_slot(found, class, stores).map(|index| Shape { kind: Kind::Slot, index, ..shape });
        }
        let of_class = !stores && !found.is_null();
        if class.has(type_object::INLINE_VALUES) {
            return match shared_key(class, name) {
                SharedKey::Number(index) => Some(Shape { kind: Kind::Value, index: index as i32, ..shape }),
                SharedKey::Absent(keys) if of_class => Some(Shape { kind: Kind::Keys, check: keys, ..shape }),
                _ => None,
            };
        }
        (of_class && !class.has(type_object::MANAGED_DICT) && class.dictoffset() == 0).then_some(shape)
    }
}

/// The offset of the object that a member descriptor stands for.
unsafe fn object_slot(found: *mut PyObject, class: TypeObject, store: bool) -> Option<i32> {
    // SAFETY: the descriptor is alive; its fields are read only after the type check.
    unsafe {
        if !is_exact(found, &raw mut PyMemberDescr_Type) {
            return None;
        }
        let of: *mut PyTypeObject = get(found, descriptor::D_TYPE);
        let member: *const u8 = get(found, descriptor::D_MEMBER);
        let offset: isize = get(member, member_def::OFFSET);
        let allowed = if store { 0 } else { member_def::READONLY };
        let plain = get::<i32>(member, member_def::TYPE) == member_def::OBJECT_EX
            && get::<i32>(member, member_def::FLAGS) & !allowed == 0
            && pyo3_ffi::PyType_IsSubtype(class.as_ptr(), of) != 0;
        fits(offset).filter(|_| plain)
    }
}

/// The offset of the item that a field of a named tuple stands for.
unsafe fn item_of_tuple(found: *mut PyObject, class: TypeObject) -> Option<i32> {
    // SAFETY: the descriptor is alive; its fields are read only after the type check.
    unsafe {
        if !class.has(type_object::TUPLE_SUBCLASS) || !is_field_of_tuples(get(found, object::OB_TYPE)) {
            return None;
        }
        let index: isize = get(found, field_of_tuples::INDEX);
        fits(index.checked_mul(8)?.checked_add(tuple::OB_ITEM as isize)?).filter(|_| index >= 0)
    }
}

/// Whether a class is `collections._tuplegetter`, of which `namedtuple` makes its fields. It is found by its name, and by its code being the interpreter's own.
unsafe fn is_field_of_tuples(class: *mut PyTypeObject) -> bool {
    // SAFETY: the caller's: a live class, whose name is a C string.
    unsafe {
        (*class).tp_basicsize == field_of_tuples::SIZEOF as isize
            && CStr::from_ptr((*class).tp_name) == c"collections._tuplegetter"
            && is_own(class)
    }
}

/// An offset that an entry has room for.
fn fits(offset: isize) -> Option<i32> {
    (-(1 << 20)..1 << 20).contains(&offset).then_some(offset as i32)
}

/// How the instance's own attributes come in, where the class has no data descriptor of the name.
unsafe fn instance_part(owner: *mut PyObject, class: TypeObject, name: *mut PyObject, shape: Shape) -> Option<Shape> {
    // SAFETY: as in `learn_load`; layouts are read as the class's flags say.
    unsafe {
        if InlineValues::of(owner).is_some_and(|values| values.is_valid()) {
            return match shared_key(class, name) {
                SharedKey::Number(index) => Some(Shape { kind: Kind::Value, index: index as i32, ..shape }),
                SharedKey::Absent(keys) if !shape.descriptor.is_null() => {
                    Some(Shape { kind: Kind::Keys, check: keys, ..shape })
                }
                _ => None,
            };
        }
        if class.has(type_object::MANAGED_DICT) {
            let elsewhere = class.has(type_object::INLINE_VALUES);
            if elsewhere && managed_dict(owner).is_null() {
                return None;
            }
            return Some(Shape {
                kind: Kind::Dict,
                index: object::MANAGED_DICT_OFFSET,
                check: elsewhere.into(),
                ..shape
            });
        }
        match class.dictoffset() {
            0 if shape.descriptor.is_null() => None,
            0 => Some(shape),
            // Negative: counted from the end of an object of variable size.
            offset if offset > 0 => Some(Shape { kind: Kind::Dict, index: fits(offset)?, ..shape }),
            _ => None,
        }
    }
}

/// Where a name is in the keys that the instances of a class share.
pub(crate) enum SharedKey {
    /// It is key number…
    Number(usize),
    /// It is not there, among so many keys. Keys are only ever added.
    Absent(u32),
    /// There are none, or telling would take more.
    Unknown,
}

pub(crate) unsafe fn shared_key(class: TypeObject, name: *mut PyObject) -> SharedKey {
    let Some(keys) = class.cached_keys() else { return SharedKey::Unknown };
    let count = keys.nentries();
    // SAFETY: keys of shared tables are strings.
    let hash = |string: *mut PyObject| unsafe { get::<isize>(string, unicode::HASH) };
    for index in 0..count {
        let Some((key, _)) = keys.entry(index) else { return SharedKey::Unknown };
        if key == name {
            return SharedKey::Number(index);
        }
        // The same text in another object: possible if somebody wrote to `__dict__`.
        if key.is_null() || hash(key) == hash(name) {
            return SharedKey::Unknown;
        }
    }
    SharedKey::Absent(count as u32)
}

/// For an attribute of a class, found in the class itself or its bases.
unsafe fn class_shape(owner: *mut PyTypeObject, metaclass: TypeObject, name: *mut PyObject) -> Option<Shape> {
    // SAFETY: as in `learn_load`; `owner` is a type.
    unsafe { class_or_absent_shape(owner, metaclass, name) }.filter(|shape| !shape.descriptor.is_null())
}

/// As [`class_shape`]; where neither the class nor its metaclass has the name, the descriptor is null.
///
/// # Safety
/// Live objects, the GIL held; `owner` is a type.
pub(super) unsafe fn class_or_absent_shape(
    owner: *mut PyTypeObject,
    metaclass: TypeObject,
    name: *mut PyObject,
) -> Option<Shape> {
    // SAFETY: the caller's.
    unsafe {
        let general = PyType_Type.tp_getattro;
        let loads = (*metaclass.as_ptr()).tp_getattro;
        if !loads.zip(general).is_some_and(|(f, g)| ptr::fn_addr_eq(f, g)) {
            return None;
        }
        let (version, in_metaclass) = look_up(metaclass, name)?;
        if let (true, true) = descriptor_slots(in_metaclass) {
            // It comes before what the class has itself.
            return Some(Shape { kind: Kind::Data, index: 0, version, check: 0, descriptor: in_metaclass });
        }
        let class = TypeObject::new(owner)?;
        let varying = version_of(class).filter(|&check| in_metaclass.is_null() && varies(check, name));
        if let Some(check) = varying {
            let descriptor = holder(owner, name)?.cast();
            return Some(Shape { kind: Kind::Variable, index: 0, version, check, descriptor });
        }
        let (check, found) = look_up(class, name)?;
        let usable = in_metaclass.is_null() || !found.is_null() && never_precedes(in_metaclass);
        let stays = usable && fixed(metaclass.version_tag()) == version;
        stays.then_some(Shape { kind: Kind::Class, index: 0, version, check, descriptor: found })
    }
}

/// Whether what a metaclass has under a name, which is no data descriptor now, never comes before what its classes have: a class of Python's may become one.
unsafe fn never_precedes(in_metaclass: *mut PyObject) -> bool {
    // SAFETY: a live object.
    unsafe { TypeObject::of(in_metaclass) }.has(type_object::IMMUTABLETYPE)
}

/// For a variable of a module, where no attribute of modules hides it.
unsafe fn module_shape(owner: *mut PyObject, class: TypeObject, name: *mut PyObject) -> Option<Shape> {
    // SAFETY: as in `learn_load`; `owner` is a module.
    unsafe {
        let (version, found) = look_up(class, name)?;
        let index = find_entry(get(owner, module::MD_DICT), name)?;
        let index = fits(index as isize)?;
        found.is_null().then_some(Shape { kind: Kind::Module, index, version, check: 0, descriptor: found })
    }
}

/// The number of the entry that has this very name, in an exact dict that has only strings as keys.
pub(super) unsafe fn find_entry(namespace: *mut PyObject, name: *mut PyObject) -> Option<usize> {
    // SAFETY: the caller passes an exact dict.
    let keys = unsafe { Dict::new_unchecked(namespace) }.keys();
    if keys.kind() != KeysKind::Unicode {
        return None;
    }
    (0..keys.nentries()).find(|&i| keys.entry(i).is_some_and(|(key, _)| key == name))
}

unsafe fn store_shape(owner: *mut PyObject, class: TypeObject, name: *mut PyObject) -> Option<Shape> {
    // SAFETY: as in `learn_store`.
    unsafe {
        let (version, found) = look_up(class, name)?;
        let shape = Shape { kind: Kind::Data, index: 0, version, check: 0, descriptor: found };
        if descriptor_slots(found).1 {
            return Some(match object_slot(found, class, true) {
                Some(offset) => Shape { kind: Kind::Slot, index: offset, ..shape },
                None => shape,
            });
        }
        let shape = instance_part(owner, class, name, shape)?;
        match shape.kind {
            // With a dict that shares the values, both have to be told.
            Kind::Value if managed_dict(owner).is_null() => Some(shape),
            Kind::Value => Some(Shape { kind: Kind::Dict, index: object::MANAGED_DICT_OFFSET, check: 1, ..shape }),
            Kind::Dict => Some(shape),
            _ => None,
        }
    }
}
