//! What was seen at an access to an attribute: by the interpreter, in its inline cache, and by compiled code, in the site's cell.

use super::alive::Alive;
use crate::helpers::pointers::CodeSource;
use crate::helpers::shapes::{Kind, Shape};
use crate::native::raw::{get, is_exact};
use pyo3_ffi::{PyObject, PyTypeObject};
use whipsnake_bytecode::Instr;
use whipsnake_cpython::layout::{dict_values, object, type_object};
use whipsnake_cpython::opcode as op;
use whipsnake_ir::abi::{ATTRIBUTE_SHAPES, AttributeCell};
use whipsnake_optimizer::{Access, AttributeShape, Own};

/// How the classes that were seen have the attribute. Empty if there were more than a site remembers, or if one of them has it in a way that is
/// not listed.
pub(super) fn seen(
    source: &CodeSource,
    cell: Option<&AttributeCell>,
    alive: &Alive,
    instr: &Instr,
) -> Vec<AttributeShape> {
    let is_method = instr.base == op::LOAD_ATTR && instr.oparg & 1 != 0;
    let mut found: Vec<AttributeShape> = interpreted(source, instr).into_iter().collect();
    if let Some(cell) = cell {
        if cell.fills as usize > ATTRIBUTE_SHAPES {
            return vec![];
        }
        for index in (0..ATTRIBUTE_SHAPES).filter(|&index| cell.versions[index] != 0) {
            if found.iter().any(|shape| shape.version == cell.versions[index]) || !alive.has_class(cell.versions[index])
            {
                continue;
            }
            // SAFETY: the entry was written, and a class has that version; the GIL is held.
            match unsafe { learnt(Shape::read(cell, index)) } {
                Some(shape) => found.push(shape),
                None => return vec![],
            }
        }
    }
    found.retain(|shape| alive.has_class(shape.version));
    let usable = |shape: &AttributeShape| match shape.access {
        Access::Method { function, .. } => {
            alive.note_cached(function, shape.version);
            // SAFETY: the class has it as long as it has that version.
            unsafe { if is_method { is_function(function) } else { instr.base == op::LOAD_ATTR && is_plain(function) } }
        }
        _ => !is_method,
    };
    if found.iter().all(usable) { found } else { vec![] }
}

/// What the interpreter has specialised the instruction for.
fn interpreted(source: &CodeSource, instr: &Instr) -> Option<AttributeShape> {
    const KEYS_VERSION: u8 = 4;
    const PLACE: u8 = 4;
    const ATTRIBUTE: u8 = 6;
    let version = source.type_version(instr);
    let place = || i32::from(source.cache16(instr, PLACE));
    let in_class = |own| Access::Method { function: source.cache64(instr, ATTRIBUTE), own };
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
unsafe fn learnt(shape: Shape) -> Option<AttributeShape> {
    let in_class = |own| Access::Method { function: shape.descriptor as u64, own };
    // SAFETY: the caller's: the class attribute is alive, or null.
    let access = unsafe {
        match shape.kind {
            Kind::Value if shape.descriptor.is_null() || !may_take_precedence(shape.descriptor) => {
                Access::Value(crate::helpers::attributes::value_offset(shape.index))
            }
            Kind::Slot => Access::Slot(shape.index),
            Kind::Keys if !shape.descriptor.is_null() => in_class(Own::KeyCount(shape.check)),
            Kind::NoDict if !shape.descriptor.is_null() => in_class(Own::None),
            _ => return None,
        }
    };
    Some(AttributeShape { version: shape.version, access })
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
