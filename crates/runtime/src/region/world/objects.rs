//! What the optimizer asks of the running program: objects, by their addresses.

use super::Live;
use crate::helpers::globals;
use crate::helpers::text::ascii;
use crate::native::raw::get;
use crate::native::shim;
use crate::region::kinds::{
    class_of, has_known_dict_iterators, has_known_enumerations, has_known_zips, has_string_keys, object_of,
};
use crate::region::{kinds, samples};
use pyo3_ffi::{PyObject, PyTypeObject};
use whipsnake_bytecode::Instr;
use whipsnake_cpython::layout::{dict_iterator, enumeration, object, unicode, zip};
use whipsnake_cpython::live::Tuple;
use whipsnake_ir::Global;
use whipsnake_ops::consumers::Consumer;
use whipsnake_optimizer::{Number, Objects};

impl Objects for Live {
    fn characters(&self, string: u64) -> Option<[u64; 2]> {
        let string = self.live(string).filter(|&string| class_of(string) == Some(Global::StrType))?;
        let mut bits = [0; 2];
        // SAFETY: a live string.
        for &character in unsafe { ascii(string)? } {
            bits[usize::from(character >> 6)] |= 1 << (character & 63);
        }
        Some(bits)
    }

    fn enumerated(&self, object: u64) -> Option<Global> {
        let object = self.live(object).filter(|&object| class_of(object) == Some(Global::EnumerateType))?;
        // SAFETY: a live object of that type.
        let inner = has_known_enumerations().then(|| unsafe { get::<*mut PyObject>(object, enumeration::EN_SIT) })?;
        if inner.is_null() { None } else { class_of(inner) }
    }

    fn dict_iterator(&self, object: u64) -> Option<(Global, bool)> {
        const CLASSES: [Global; 3] =
            [Global::DictItemIteratorType, Global::DictKeyIteratorType, Global::DictValueIteratorType];
        let object = self.live(object)?;
        let class = class_of(object).filter(|class| CLASSES.contains(class) && has_known_dict_iterators())?;
        // SAFETY: a live object of that type.
        let owner: *mut PyObject = unsafe { get(object, dict_iterator::DI_DICT) };
        Some((class, has_string_keys(owner)?))
    }

    fn has_string_keys(&self, object: u64) -> Option<bool> {
        has_string_keys(self.live(object)?)
    }

    fn zipped(&self, object: u64) -> Option<Vec<Global>> {
        let object = self.live(object).filter(|&object| class_of(object) == Some(Global::ZipType))?;
        if !has_known_zips() {
            return None;
        }
        // SAFETY: a live object of that type, which has a tuple of iterators unless it is being made or has ended.
        let iterators = unsafe { Tuple::new(get(object, zip::ITTUPLE))? };
        let inside: Vec<_> = (0..iterators.len()).filter_map(|index| iterators.item(index)).collect();
        if inside.iter().enumerate().any(|(index, it)| inside[..index].contains(it)) {
            return None;
        }
        inside.into_iter().map(class_of).collect()
    }

    fn class(&self, object: u64) -> Option<Global> {
        class_of(self.live(object)?)
    }

    fn attribute(&self, owner: u64, instr: &Instr) -> Option<u64> {
        self.found(samples::attribute(self.live(owner)?, self.name(instr.oparg >> 1)?))
    }

    fn item(&self, container: u64, index: i64) -> Option<u64> {
        self.found(samples::item(self.live(container)?, index))
    }

    fn index(&self, object: u64) -> Option<i64> {
        match object_of(self.live(object)?).number {
            Number::Int(index) => Some(index),
            _ => None,
        }
    }

    fn array(&self, object: u64) -> Option<(u8, u64)> {
        samples::array(self.live(object)?)
    }

    fn names(&self, tuple: u64) -> Option<Vec<u64>> {
        let names = samples::names(self.live(tuple)?)?;
        for &name in &names {
            self.alive.note(name);
        }
        Some(names)
    }

    fn same_text(&self, one: u64, other: u64) -> Option<bool> {
        let texts = [self.live(one)?, self.live(other)?];
        // SAFETY: live strings, which are compared without running code.
        texts
            .iter()
            .all(|&text| class_of(text) == Some(Global::StrType))
            .then(|| unsafe { pyo3_ffi::PyUnicode_Compare(texts[0], texts[1]) == 0 })
    }

    fn is_wide_text(&self, object: u64) -> bool {
        let text = self.live(object).filter(|&object| class_of(object) == Some(Global::StrType));
        // SAFETY: a live string.
        text.is_some_and(|text| unsafe { get::<u32>(text, unicode::STATE) } & unicode::ASCII_MASK == 0)
    }

    fn named_object(&self, address: u64) -> Option<Global> {
        kinds::named(address)
    }

    fn math_function(&self, address: u64) -> Option<whipsnake_ops::MathFunction> {
        // SAFETY: a live object.
        unsafe { crate::region::c_functions::math(self.live(address)?) }
    }

    fn known_function(&self, address: u64) -> Option<whipsnake_ops::KnownFunction> {
        // SAFETY: a live object.
        unsafe { crate::region::c_functions::known(self.live(address)?) }
    }

    fn consumer(&self, address: u64) -> Option<(Consumer, u64)> {
        // SAFETY: a live object; the GIL is held.
        unsafe {
            let consumer = crate::region::c_functions::consumer_at(self.live(address)?)?;
            Some((consumer, shim::consumer_code()?.instructions() as u64))
        }
    }

    fn is_stop_iteration(&self, address: u64) -> bool {
        // SAFETY: a class that is never freed.
        unsafe { pyo3_ffi::PyExc_StopIteration as u64 == address }
    }

    fn address(&self, name: Global) -> Option<u64> {
        // SAFETY: the GIL is held.
        let address = Some(unsafe { globals::address(name) } as u64);
        // Not all of them are objects.
        if matches!(name, Global::None | Global::True | Global::False) { self.found(address) } else { address }
    }

    fn class_of(&self, object: u64) -> Option<u64> {
        // SAFETY: a live object.
        let class: *mut PyTypeObject = unsafe { get(self.live(object)?, object::OB_TYPE) };
        self.found(Some(class as u64))
    }
}
