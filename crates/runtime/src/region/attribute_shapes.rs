//! What was seen at an access to an attribute: by the interpreter, in its inline cache, and by compiled code, in the site's cell.

use super::alive::Alive;
use crate::helpers::class_variables::fixed_version;
use crate::helpers::instance_shapes::{SharedKey, shape_of_instances, shared_key};
use crate::helpers::pointers::CodeSource;
use crate::helpers::shapes::{Kind, Shape};
use crate::native::raw::{get, is_exact};
use pyo3_ffi::{PyObject, PyTypeObject};
use whipsnake_bytecode::Instr;
use whipsnake_cpython::class_version;
use whipsnake_cpython::layout::{dict_values, method_wrapper, object, type_object};
use whipsnake_cpython::live::{TypeObject, symbols};
use whipsnake_cpython::opcode as op;
use whipsnake_ir::abi::{ATTRIBUTE_SHAPES, AttributeCell};
use whipsnake_optimizer::{Access, AttributeShape, Binding, ClassAttribute, Own};

/// How the classes that were seen have the attribute. Empty if there were more than a site remembers, or if one of them has it in a way that is
/// not listed.
pub(super) fn seen(
    source: &CodeSource,
    cell: Option<&AttributeCell>,
    alive: &Alive,
    instr: &Instr,
    name: Option<*mut PyObject>,
) -> Vec<AttributeShape> {
    let mut found: Vec<AttributeShape> = interpreted(source, instr).into_iter().collect();
    if let Some(cell) = cell {
        if cell.fills as usize > ATTRIBUTE_SHAPES {
            return vec![];
        }
        for index in (0..ATTRIBUTE_SHAPES).filter(|&index| alive.has_class(cell.versions[index])) {
            // SAFETY: the entry was written, and a class has that version; the GIL is held.
            let shape = unsafe { Shape::read(cell, index) };
            let before = found.iter().position(|other| other.version == shape.version);
            let hinted = instr.opcode == op::LOAD_ATTR_WITH_HINT && shape.version == source.type_version(instr);
            if before.is_some() && shape.kind != Kind::Dict {
                continue;
            }
            // The interpreter met an instance with a dict, compiled code one without.
            if hinted && shape.kind == Kind::Value {
                let access = Access::Anywhere(crate::helpers::attributes::value_offset(shape.index));
                found.push(AttributeShape { version: shape.version, access });
                continue;
            }
            // SAFETY: as above.
            let Some(learnt) = (unsafe { learnt(shape, name, alive) }) else { return vec![] };
            match before {
                Some(before) if matches!(found[before].access, Access::Method { .. }) => found[before] = learnt,
                Some(before) if matches!(learnt.access, Access::Anywhere(_)) => found[before] = learnt,
                Some(_) => {}
                None => found.push(learnt),
            }
        }
    }
    found.retain(|shape| alive.has_class(shape.version));
    if found.iter_mut().all(|shape| is_usable(shape, instr, alive)) { found } else { vec![] }
}

/// How instances of the class with that version have an attribute, as far as the class tells: if they have their values inside, or no dict.
pub(super) fn of_instances(version: u32, instr: &Instr, name: *mut PyObject, alive: &Alive) -> Option<AttributeShape> {
    let class = alive.class_with(version)? as *mut PyTypeObject;
    // SAFETY: a live class; the GIL is held.
    unsafe {
        let shape = shape_of_instances(TypeObject::new(class)?, name, instr.base == op::STORE_ATTR)?;
        let mut found = learnt(shape, Some(name), alive).filter(|found| found.version == version)?;
        if let Access::Value(offset) = found.access
            && instr.opcode == op::LOAD_ATTR_WITH_HINT
        {
            // The interpreter met instances with dicts.
            found.access = Access::Anywhere(offset);
        }
        is_usable(&mut found, instr, alive).then_some(found)
    }
}

/// Whether an access can rely on that. The function in a wrapper is put in the wrapper's place.
fn is_usable(shape: &mut AttributeShape, instr: &Instr, alive: &Alive) -> bool {
    let is_method = instr.base == op::LOAD_ATTR && instr.oparg & 1 != 0;
    let (function, binding) = match &mut shape.access {
        Access::Method { function, binding, .. } => (function, binding),
        Access::Anywhere(_) => return !is_method && instr.base == op::LOAD_ATTR,
        Access::Item(_) => return !is_method && instr.base == op::LOAD_ATTR,
        Access::Value(_) | Access::Slot(_) => return !is_method,
    };
    // SAFETY: the class has it as long as it has that version.
    unsafe {
        if is_method && let Some((wrapped, bound)) = unwrapped(*function, alive.class_with(shape.version).unwrap_or(0))
        {
            alive.note(*function);
            (*function, *binding) = (wrapped, bound);
        }
        alive.note_cached(*function, shape.version);
        if is_method { is_function(*function) } else { instr.base == op::LOAD_ATTR && is_plain(*function) }
    }
}

/// What a load of a function from a class gives, that at an address, or else the one that compiled code has seen.
pub(super) fn of_class(
    class: Option<u64>,
    name: *mut PyObject,
    cell: Option<&AttributeCell>,
    alive: &Alive,
) -> Option<ClassAttribute> {
    // SAFETY: live types, which are looked at without running code; the GIL is held.
    unsafe {
        let class = class.or_else(|| only_class(cell?, alive)).filter(|&class| alive.has(class))?;
        let type_of = |object: u64| get::<*mut PyTypeObject>(object as *mut PyObject, object::OB_TYPE);
        let metaclass = type_of(class);
        let loads = |class: *mut PyTypeObject| (*class).tp_getattro.map(|f| f as usize);
        if pyo3_ffi::PyType_Check(class as *mut PyObject) == 0
            || loads(metaclass) != loads(&raw mut pyo3_ffi::PyType_Type)
            || !symbols::_PyType_Lookup(metaclass, name).is_null()
        {
            return None;
        }
        let found = symbols::_PyType_Lookup(class as *mut PyTypeObject, name);
        if found.is_null() {
            return None;
        }
        alive.note(found as u64);
        let (function, binding) = unwrapped(found as u64, class)?;
        alive.note(function);
        let version = |class: u64| fixed_version(class as *mut PyTypeObject);
        let found = ClassAttribute { metaclass: version(metaclass as u64), version: version(class), function, binding };
        (found.metaclass != 0 && found.version != 0 && is_function(function)).then_some(found)
    }
}

/// The class that an access in compiled code has had as its owner, if it was one only.
unsafe fn only_class(cell: &AttributeCell, alive: &Alive) -> Option<u64> {
    let mut seen = (0..ATTRIBUTE_SHAPES).filter(|&index| cell.versions[index] != 0);
    let (first, None) = (seen.next()?, seen.next()) else { return None };
    // SAFETY: the entry was written.
    let shape = unsafe { Shape::read(cell, first) };
    (shape.kind == Kind::Class).then(|| alive.class_with(shape.check)).flatten()
}

/// The function in a `classmethod` or `staticmethod`, and what it is called with if it is loaded from that class or its instances.
unsafe fn unwrapped(attribute: u64, class: u64) -> Option<(u64, Binding)> {
    let wrapper = attribute as *mut PyObject;
    // SAFETY: a live object; the attribute that is asked for is read in C.
    unsafe {
        let binding = if is_exact(wrapper, &raw mut symbols::PyClassMethod_Type) {
            Binding::Class { class, wrapper: attribute }
        } else if is_exact(wrapper, &raw mut symbols::PyStaticMethod_Type) {
            Binding::Nothing { wrapper: attribute }
        } else {
            return None;
        };
        let function = pyo3_ffi::PyObject_GetAttrString(wrapper, c"__func__".as_ptr());
        if function.is_null() {
            pyo3_ffi::PyErr_Clear();
            return None;
        }
        pyo3_ffi::Py_DECREF(function);
        // No header tells where it is.
        let found = get::<*mut PyObject>(wrapper, method_wrapper::CALLABLE);
        (found == function && class != 0).then_some((function as u64, binding))
    }
}

/// What the interpreter has specialised the instruction for.
fn interpreted(source: &CodeSource, instr: &Instr) -> Option<AttributeShape> {
    const KEYS_VERSION: u8 = 4;
    const PLACE: u8 = 4;
    const ATTRIBUTE: u8 = 6;
    let version = source.type_version(instr);
    if version >= class_version::FIRST {
        // What it has may be a variable that has varied since.
        return None;
    }
    let place = || i32::from(source.cache16(instr, PLACE));
    let in_class = |own| Access::Method { function: source.cache64(instr, ATTRIBUTE), own, binding: Binding::Instance };
    let keys = || Own::KeysVersion(source.cache32(instr, KEYS_VERSION));
    let access = match instr.opcode {
        op::LOAD_ATTR_INSTANCE_VALUE | op::STORE_ATTR_INSTANCE_VALUE => {
            Access::Value(8 * place() + object::INLINE_VALUES_OFFSET + dict_values::VALUES)
        }
        op::LOAD_ATTR_SLOT | op::STORE_ATTR_SLOT => Access::Slot(place()),
        op::LOAD_ATTR_METHOD_WITH_VALUES | op::LOAD_ATTR_NONDESCRIPTOR_WITH_VALUES => in_class(keys()),
        op::LOAD_ATTR_METHOD_NO_DICT | op::LOAD_ATTR_NONDESCRIPTOR_NO_DICT => in_class(Own::None),
        _ => return None,
    };
    Some(AttributeShape { version, access })
}

/// What compiled code has learnt.
unsafe fn learnt(shape: Shape, name: Option<*mut PyObject>, alive: &Alive) -> Option<AttributeShape> {
    let in_class = |own| Access::Method { function: shape.descriptor as u64, own, binding: Binding::Instance };
    // SAFETY: the caller's: the class attribute is alive, or null.
    let access = unsafe {
        match shape.kind {
            Kind::Value if shape.descriptor.is_null() || !may_take_precedence(shape.descriptor) => {
                Access::Value(crate::helpers::attributes::value_offset(shape.index))
            }
            Kind::Slot => Access::Slot(shape.index),
            Kind::Item => Access::Item(shape.index),
            Kind::Keys if !shape.descriptor.is_null() => in_class(Own::KeyCount(shape.check)),
            Kind::NoDict if !shape.descriptor.is_null() => in_class(Own::None),
            Kind::Dict if shape.descriptor.is_null() && shape.index == object::MANAGED_DICT_OFFSET => {
                Access::Anywhere(inside(shape, name?, alive)?)
            }
            Kind::Dict if !shape.descriptor.is_null() => in_class(in_dict(shape, name?, alive)?),
            _ => return None,
        }
    };
    Some(AttributeShape { version: shape.version, access })
}

/// Where instances that have their values inside have one that others have in their dict; 0 if the class does not tell of one.
unsafe fn inside(shape: Shape, name: *mut PyObject, alive: &Alive) -> Option<i32> {
    if shape.check == 0 {
        return None;
    }
    let class = alive.class_with(shape.version)? as *mut PyTypeObject;
    // SAFETY: as in `in_dict`.
    match unsafe { shared_key(TypeObject::new(class)?, name) } {
        SharedKey::Number(index) => Some(crate::helpers::attributes::value_offset(index as i32)),
        SharedKey::Absent(_) => Some(0),
        SharedKey::Unknown => None,
    }
}

/// What tells that an instance with a dict has no such attribute itself.
unsafe fn in_dict(shape: Shape, name: *mut PyObject, alive: &Alive) -> Option<Own> {
    let keys = match shape.check {
        0 => None,
        _ => {
            let class = alive.class_with(shape.version)? as *mut PyTypeObject;
            // SAFETY: a live class, which has that version as long as nothing else runs.
            let SharedKey::Absent(count) = (unsafe { shared_key(TypeObject::new(class)?, name) }) else { return None };
            Some(count)
        }
    };
    alive.note(name as u64);
    Some(Own::Dict { offset: shape.index, name: name as u64, keys })
}

/// Whether a class attribute is a data descriptor, or can become one.
unsafe fn may_take_precedence(attribute: *mut PyObject) -> bool {
    // SAFETY: a live object.
    unsafe {
        let class: *mut PyTypeObject = get(attribute, object::OB_TYPE);
        (*class).tp_descr_set.is_some() || !is_immutable(class)
    }
}

unsafe fn is_immutable(class: *mut PyTypeObject) -> bool {
    // SAFETY: a live type.
    unsafe { get::<u64>(class, type_object::TP_FLAGS) & type_object::IMMUTABLETYPE != 0 }
}

unsafe fn is_function(attribute: u64) -> bool {
    // SAFETY: a live object.
    unsafe { is_exact(attribute as *mut PyObject, &raw mut pyo3_ffi::PyFunction_Type) }
}

/// Whether a class attribute is what a load of it gives, and stays so.
unsafe fn is_plain(attribute: u64) -> bool {
    // SAFETY: a live object.
    unsafe {
        let class: *mut PyTypeObject = get(attribute as *mut PyObject, object::OB_TYPE);
        (*class).tp_descr_get.is_none() && is_immutable(class)
    }
}
